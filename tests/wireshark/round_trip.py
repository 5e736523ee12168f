#!/usr/bin/env python3
"""Replays every fixture directly and by way of a pcapng file: transactions, connections, losses and summary must be the same.

usage: round_trip.py SSLSNIFF FIXTURES"""
import json
import pathlib
import subprocess
import sys
import tempfile

program, fixtures = sys.argv[1], pathlib.Path(sys.argv[2])


def told(recording):
    """All lines, but for when the capture began, which no packet says, and for the process at the other end: in a file of packets,
    one end of a connection may be over before the other one is there."""
    done = subprocess.run([program, "-r", str(recording), "-o", "json"], capture_output=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        line.get("connection", {}).pop("other_end", None)
        line.pop("caused_by", None)  # threads, and whether their calls wait, are not in the file
        if line["type"] == "summary":
            del line["time"], line["duration_us"]
            line["losses"].sort(key=lambda loss: loss["cause"])
    return sorted(lines, key=lambda line: (line["type"], line.get("time", ""), json.dumps(line, sort_keys=True)))


failures = 0
with tempfile.TemporaryDirectory() as work:
    traces = sorted(fixtures.rglob("*.trace"))
    for trace in traces:
        packets = pathlib.Path(work) / (trace.stem + ".pcapng")
        subprocess.run([program, "-q", "-r", str(trace), "-w", str(packets)], capture_output=True, check=True)
        before, after = told(trace), told(packets)
        if before != after:
            failures += 1
            print(f"{trace.stem}: {len(before)} lines before, {len(after)} after")
            for a, b in zip(before, after):
                if a != b:
                    print("  before:", json.dumps(a)[:1500])
                    print("  after: ", json.dumps(b)[:1500])
                    break
print(f"{len(traces) - failures} of {len(traces)} fixtures give the same by way of pcapng")
sys.exit(failures != 0 or not traces)
