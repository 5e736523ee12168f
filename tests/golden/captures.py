#!/usr/bin/env python3
"""Reads every capture file of other programs in tests/fixtures/captures and compares what matters of it with the file beside it.

usage: captures.py SSLSNIFF FOLDER [--update]"""
import json
import pathlib
import subprocess
import sys

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])


def line(record):
    connection = record["connection"]
    tls = connection.get("tls", {})
    parts = [record["type"], record.get("protocol", "-"), connection["local"]["port"], connection["remote"]["port"]]
    parts += [f"{name}={tls[name]}" for name in ("version", "cipher", "sni", "alpn", "not_decoded") if name in tls]
    if record["type"] == "transaction":
        request, response = record.get("request", {}), record.get("response", {})
        if "method" in request:
            parts += [request["method"], request["url"], response["status"], response["body"]["size"]]
        else:
            parts += [record.get("kind", ""), request.get("statement", "")]
        parts += [record["integrity"]["complete"]]
    else:
        parts += [f"{way} {record[way]['bytes']} missing {record[way]['missing']}" for way in ("sent", "received")]
        parts += [record["reason"], f"connected in {connection['connect_us']} us" if "connect_us" in connection else ""]
        parts += [f"continues {connection['continues']}"] if "continues" in connection else []
        parts += ["first bytes shown" for way in ("sent", "received") if "first_bytes" in record[way]]
    return " ".join(str(part) for part in parts if part != "") + "\n"


def read(path):
    done = subprocess.run([program, "-r", path, "-o", "json"], capture_output=True, text=True, check=True)
    records = map(json.loads, done.stdout.splitlines())
    return "".join(line(record) for record in records if record["type"] in ("transaction", "connection")) + done.stderr


captures = sorted(folder.glob("*.pcap*"))
status = not captures
for capture in captures:
    golden = capture.with_suffix(".txt")
    found = read(capture)
    if "--update" in sys.argv:
        golden.write_text(found, encoding="utf-8")
    elif found != golden.read_text(encoding="utf-8"):
        print(f"{capture.name} gives\n{found}")
        status = 1
sys.exit(status)
