"""Writes recordings in the form of docs/trace_format.md, as a stream: nothing but one buffer is held."""

TIME = "2026-01-31T12:00:01Z"  # times need not rise, so that equal events are equal lines
BUFFER = 1 << 20


def escaped(payload):
    return payload.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")


class Trace:
    def __init__(self, out, chunk=60_000):
        """`out`: a binary file. `chunk`: bytes of payload in one event, as many as a busy peer sends in one."""
        self.out = out
        self.chunk = chunk
        self.lines = []
        self.held = 0
        self.write(b"sslsniff-trace 1.0\n")
        self.write(f'process {TIME} seen 4242@813 comm="peer" exe="/usr/bin/peer" uid=1000\n'.encode())

    def write(self, text):
        self.lines.append(text)
        self.held += len(text)
        if self.held >= BUFFER:
            self.flush()

    def flush(self):
        self.out.write(b"".join(self.lines))
        self.lines = []
        self.held = 0

    def open(self, number=1, carrier="tls", port=443, transport="tcp", bound=True):
        """`bound`: its socket is known."""
        name = f"4242.{number}@813/{number:#x}"
        self.write(f"open {TIME} {name} {carrier}\n".encode())
        if bound:
            self.write(f"peer {TIME} {name} client {transport} local=10.0.0.5:51234 remote=10.0.0.9:{port} by=nested\n".encode())
        return Connection(self, name)


class Connection:
    def __init__(self, trace, name):
        self.trace = trace
        self.headers = {side: f"data {TIME} {name} {side}\n|".encode() for side in ("sent", "received")}
        self.gaps = {side: f"gap {TIME} {name} {side}".encode() for side in ("sent", "received")}
        self.end = f"close {TIME} {name} freed\n".encode()

    def event(self, side, payload):
        return self.headers[side] + escaped(payload) + b"\n"

    def sent(self, payload):
        self.trace.write(self.event("sent", payload))

    def received(self, payload):
        self.trace.write(self.event("received", payload))

    def repeat(self, side, payload, count, chunk=None):
        """`payload` that often, as many at a time as fit into `chunk` bytes."""
        many = min(count, max(1, (chunk or self.trace.chunk) // len(payload)))
        event = self.event(side, payload * many)
        for _ in range(count // many):
            self.trace.write(event)
        if count % many:
            self.trace.write(self.event(side, payload * (count % many)))

    def stream(self, side, payloads):
        """Payloads that differ, as many at a time as fit."""
        held, size = [], 0
        for payload in payloads:
            held.append(payload)
            size += len(payload)
            if size >= self.trace.chunk:
                self.trace.write(self.event(side, b"".join(held)))
                held, size = [], 0
        if held:
            self.trace.write(self.event(side, b"".join(held)))

    def gap(self, side, size=None):
        self.trace.write(self.gaps[side] + (f" size={size}\n".encode() if size else b"\n"))

    def close(self):
        self.trace.write(self.end)
