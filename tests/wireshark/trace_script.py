"""Traces of one connection, and the packets that sslsniff makes of them."""
import datetime
import subprocess


class Script:
    """A trace of one connection."""

    def __init__(self, pid, start="12:00:00", server="10.0.0.2:443", carrier="tls", opening="", role="client"):
        self.base = datetime.datetime.fromisoformat(f"2026-01-31T{start}")
        self.count = 0
        self.name = f"{pid}.1@{pid}/0xa0"
        self.lines = ["sslsniff-trace 1.0", f"process {self.time()} seen {pid}@{pid} comm=\"p{pid}\" exe=\"\" uid=0",
                      f"open {self.time()} {self.name} {carrier} {opening}".rstrip() + (" library=\"OpenSSL 3.0.17\"" if carrier == "tls" else ""),
                      f"peer {self.time()} {self.name} {role} tcp local=10.0.0.1:{40000 + pid} remote={server} by=nested"]

    def time(self):
        self.count += 1
        return (self.base + datetime.timedelta(milliseconds=self.count)).isoformat(timespec="microseconds") + "Z"

    def data(self, direction, text):
        """`text`: str of Latin-1, or bytes."""
        text = text.decode("latin-1") if isinstance(text, bytes) else text
        self.lines.append(f"data {self.time()} {self.name} {direction}")
        for part in text.splitlines(keepends=True) or [""]:
            escaped = "".join(c if " " <= c <= "~" and c != "\\" else f"\\x{ord(c):02x}" for c in part)
            self.lines.append("|" + escaped)

    def line(self, kind, rest):
        self.lines.append(f"{kind} {self.time()} {rest}")

    def packets(self, folder, program, name, *options):
        trace = folder / f"{name}.trace"
        trace.write_text("\n".join(self.lines) + "\n")
        out = folder / f"{name}.pcapng"
        subprocess.run([program, "-q", "-r", trace, "-w", out, *options], capture_output=True, check=True)
        return trace, out
