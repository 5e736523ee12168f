#!/usr/bin/env python3
"""Ground truth for the reported sockets: programs whose plaintext names its own connection run under capture, and every
chunk of the recorded trace is judged. Prints a table; exit 1 when a chunk is wrong or too few are right.

  run.py --sslsniff BINARY [--only TEXT] [--midlife | --first] [-- further sslsniff arguments]

Exit 77, with the reason behind "SKIPPED:", when nothing could be run.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import time

import capture_trace
import judge
import servers
from workloads import WORKLOADS

# Names for --backend, as in tests/live.
BACKENDS = [f"--backend={name}" for name in os.environ.get("SSLSNIFF_BACKENDS", "").split()]
LEAST_RIGHT = {"first": 99.9, "midlife": 99.5}  # percent of all programs, on a machine with little else to do


def start_capture(binary, extra, output):
    """Returns when the probes are armed."""
    process = subprocess.Popen([binary, *BACKENDS, "-a", "--tls-only", "-o", f"trace:{output}", *extra], stderr=subprocess.PIPE, text=True)
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "capturing" in line:
            return process
    raise RuntimeError("sslsniff did not start: " + "".join(lines))


def stop_capture(process):
    process.send_signal(signal.SIGINT)
    summary = process.stderr.read()
    process.wait(60)
    return summary


def run_one(workload, phase, options):
    with servers.Lab() as lab:
        output = lab.folder / "capture.trace"
        port = servers.free_port()
        workload.serve(lab, port)
        if phase == "midlife":
            end = lab.folder / "end"
            clients = workload.drive(lab, port, end)
            time.sleep(1.5 * options.slow)
            capture = start_capture(options.sslsniff, options.extra, output)
            time.sleep(options.seconds)
            end.touch()
        else:
            capture = start_capture(options.sslsniff, options.extra, output)
            clients = workload.drive(lab, port, None)
        failed = [client for client in clients if client.wait(120 * options.slow)]
        time.sleep(0.5 * options.slow)
        summary = stop_capture(capture)
        if failed:
            raise RuntimeError("client failed: " + (lab.folder / "log").read_text()[-500:])
        counts, wrong = judge.judge(capture_trace.read_trace(output), servers.USED_PORTS)
        if options.keep:
            pathlib.Path(options.keep).write_bytes(output.read_bytes())
    return counts, wrong, summary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sslsniff", help="the program under test")
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    parser.add_argument("--first", action="store_true", help="only captures that start before the programs")
    parser.add_argument("--midlife", action="store_true", help="only captures that join running programs")
    parser.add_argument("--seconds", type=float, default=3, help="how long mid-life captures watch")
    parser.add_argument("--slow", type=float, default=1, help="factor on waiting times, for emulated machines")
    parser.add_argument("--least", type=float, help="percent that must be right, in sum; else as docs/kernels.md promises")
    parser.add_argument("--keep", help="keep the last trace in this file")
    parser.add_argument("--list", action="store_true", help="print phase and name of each test, and do nothing else")
    parser.add_argument("extra", nargs="*", help="further arguments for sslsniff")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{phase} {workload.name}" for phase in LEAST_RIGHT for workload in WORKLOADS
                        if workload.midlife or phase == "first"))
        return
    if os.geteuid() != 0:
        print("SKIPPED: live capture needs root")
        sys.exit(77)
    phases = [p for p in ("first", "midlife") if getattr(options, p)] or ["first", "midlife"]
    total = {phase: judge.Count() for phase in phases}
    bad, ran, reason = False, False, f"no workload is called {options.only}"
    print(f"{'program':<36} {'start':<8} {'chunks':>7} {'right':>7} {'unknown':>7} {'wrong':>6}  right %")
    for phase in phases:
        for workload in WORKLOADS:
            if options.only not in workload.name or (phase == "midlife" and not workload.midlife):
                continue
            try:
                counts, wrong, _ = run_one(workload, phase, options)
            except servers.Missing as missing:
                print(f"{workload.name:<36} {phase:<8} SKIPPED: {missing}")
                reason = missing
                continue
            ran = True
            count = judge.Count()
            for comm, one in counts.items():
                if workload.comms is None or comm in workload.comms:
                    count.add(one)
            print(f"{workload.name:<36} {phase:<8} {count.judged:>7} {count.right:>7} {count.unknown:>7} {count.wrong:>6}  {count.share:.2f}",
                  flush=True)
            judged = [one for one in wrong if workload.comms is None or one[0] in workload.comms]
            for comm, name, ends, tag in judged[:5]:
                print(f"    wrong: {comm} {name} reported {ends}, is {tag}")
            bad |= count.wrong > 0 or count.judged == 0
            total[phase].add(count)
    if not ran:
        print(f"SKIPPED: {reason}")
        sys.exit(77)
    for phase, count in total.items():
        print(f"{'all':<36} {phase:<8} {count.judged:>7} {count.right:>7} {count.unknown:>7} {count.wrong:>6}  {count.share:.2f}")
        bad |= count.share < (LEAST_RIGHT[phase] if options.least is None else options.least)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
