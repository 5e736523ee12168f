#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""lines.py: reads what `sslsniff -o json` writes (docs/json.md) from standard input, and prints the slowest transactions of each
protocol, and what was lost.

    sslsniff -p 4242 -n 1000 -o json | python3 lines.py
"""
import collections
import heapq
import json
import sys

SLOWEST = 3


def name_of(transaction):
    """What was asked for, in one word or two; protocols have fields of their own."""
    request = transaction.get("request", {})
    for field in ("url", "statement", "query", "command", "name", "topic", "operation"):
        if isinstance(request.get(field), str):
            method = request.get("method", "")
            return f"{method} {request[field]}".strip() if field == "url" else request[field]
    return "?"


def printable(text):
    return "".join(c if c.isprintable() else "?" for c in text)


def main():
    slowest = collections.defaultdict(list)
    count = collections.Counter()
    losses = []
    for line in sys.stdin:
        entry = json.loads(line)
        # Fields are only ever added: who does not know a type or field leaves it.
        if entry["type"] == "transaction":
            protocol = entry["protocol"]
            count[protocol] += 1
            if "duration_us" in entry:
                row = (entry["duration_us"], count[protocol], entry.get("process", {}).get("comm", "?"), name_of(entry))
                (heapq.heappush if len(slowest[protocol]) < SLOWEST else heapq.heappushpop)(slowest[protocol], row)
        elif entry["type"] == "loss":
            losses.append(entry)
    for protocol in sorted(count):
        print(f"{protocol}: {count[protocol]}")
        for duration, _, comm, name in sorted(slowest[protocol], reverse=True):
            print(f"  {duration / 1000:10.3f} ms  {printable(comm)}  {printable(name)}")
    for loss in losses:
        print(f"lost: {loss['events']} events, {loss['bytes']} bytes ({loss['cause']})")


main()
