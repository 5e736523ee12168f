#!/usr/bin/env python3
"""What tshark, on default preferences, makes of the files that sslsniff itself writes: of protocols that show late, and of HTTP/2
that began before the file.

usage: program.py SSLSNIFF [--suite NAME]; exits 77 when tshark is missing."""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

from trace_script import Script
from wireshark_programs import environment

SSLSNIFF = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
WORK = pathlib.Path(tempfile.mkdtemp(prefix="sslsniff-program."))
ENVIRONMENT = environment(WORK, "tshark")
QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\0\0\x01\0\x01"
ANSWER = b"\x12\x34\x81\x80" + QUERY[4:]


def fields(path, display_filter, *names):
    arguments = [part for name in names for part in ("-e", name)]
    out = subprocess.run(["tshark", "-r", path, "-Y", display_filter, "-T", "fields", "-E", "separator=|", *arguments],
                         env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
    flags = {"False": "0", "True": "1"}  # since 4.2
    return [[flags.get(value, value) for value in line.split("|")] for line in out.splitlines()]


class Named(unittest.TestCase):
    """The form of a TLS stream is not chosen from its first call alone."""

    def written(self, server, calls, **options):
        script = Script(7, server=server, **options)
        for direction, data in calls:
            script.data(direction, data)
        script.line("close", f"{script.name} shutdown")
        return script.packets(WORK, SSLSNIFF, self.id().rpartition(".")[2])[1]

    def test_dns_whose_length_is_read_by_itself(self):
        length = struct.pack(">H", len(QUERY))
        path = self.written("10.0.0.2:8530", [("received", length), ("received", QUERY), ("sent", length), ("sent", ANSWER)])
        self.assertEqual(fields(path, "dns", "dns.flags.response", "dns.qry.name"),
                         [["0", "example.com"], ["1", "example.com"]])

    def test_redis_whose_first_byte_is_read_by_itself(self):
        path = self.written("10.0.0.2:7000", [("sent", "*"), ("sent", "1\r\n$4\r\nPING\r\n"), ("received", "+PONG\r\n")])
        # The first row is the asterisk alone.
        self.assertEqual(fields(path, "resp", "resp.bulk_string.value", "resp.string")[1:], [["50494e47", ""], ["", "PONG"]])

    def test_inline_redis(self):
        path = self.written("10.0.0.2:7000", [("sent", "PING\r\n"), ("received", "+PONG\r\n")])
        self.assertIn(["PONG"], fields(path, "resp", "resp.string"))

    def test_what_the_client_alone_offered(self):
        script = Script(7, server="10.0.0.2:8530")
        script.line("tls", f"{script.name} client offered=\"dot\"")
        script.data("sent", struct.pack(">H", len(QUERY)))
        script.lines.append("# more than a second later")
        script.count += 3000
        script.data("sent", QUERY)
        script.line("close", f"{script.name} shutdown")
        path = script.packets(WORK, SSLSNIFF, "offered")[1]
        self.assertEqual(fields(path, "tls.handshake.type == 1", "tls.handshake.extensions_alpn_str"), [["dot"]])
        self.assertEqual(fields(path, "dns", "dns.qry.name"), [["example.com"]])


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload) << 8 | kind) + struct.pack(">BI", flags, stream) + payload


def literals(**named):
    """A header block that changes no table."""
    out = b""
    for name, value in named.items():
        name = name.replace("__", ":").replace("_", "-").encode()
        out += b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value.encode()
    return out


def message(payload):
    return b"\0" + struct.pack(">I", len(payload)) + payload


class InTheMiddle(unittest.TestCase):
    """Streams that go on in the next file of a row."""

    START = [("sent", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)), ("received", frame(4, 0, 0))]

    def divided(self, calls, server="10.0.0.2:8443"):
        """What is in the second file. The first one is full before the last calls."""
        script = Script(7, server=server)
        for direction, data in [*self.START, *calls[0]]:
            script.data(direction, data)
        other = Script(8)
        other.data("received", "x" * 1_100_000)
        script.lines += other.lines[1:]
        for direction, data in calls[1]:
            script.data(direction, data)
        script.line("close", f"{script.name} shutdown")
        name = self.id().rpartition(".")[2]
        script.packets(WORK, SSLSNIFF, name, "-C", "1")
        files = sorted(WORK.glob(f"{name}.pcapng*"))
        self.assertEqual(len(files), 2)
        self.assertEqual(fields(files[1], "_ws.malformed or (_ws.expert.severity >= warning and not protobuf)",
                                "frame.number"), [])  # the rest of a message begins within a field
        return files

    def test_grpc_stream(self):
        """Two messages each way, each cut by the end of the file or whole in the second one."""
        request = literals(__method="POST", __scheme="https", __path="/pkg.Service/Chat", __authority="a",
                           content_type="application/grpc")
        response = literals(__status="200", content_type="application/grpc")
        first, second = message(b"\x0a\x05first" * 10), message(b"\x0a\x06second")
        data = frame(0, 0, 1, first)
        _, later = self.divided(([("sent", frame(1, 4, 1, request)), ("received", frame(1, 4, 1, response)),
                                  ("sent", frame(0, 0, 1, first[:12])), ("received", data[:30])],
                                 [("received", data[30:]), ("sent", frame(0, 0, 1, first[12:])), ("received", frame(0, 0, 1, second)),
                                  ("sent", frame(0, 1, 1, second)),
                                  ("received", frame(1, 5, 1, literals(grpc_status="0")))]))
        rows = fields(later, "grpc", "tcp.dstport", "grpc.message_length")
        # The rest of the first message, with a length of its own, and the second one.
        rest_received, rest_sent = len(first) - (30 - 9), len(first) - 12
        self.assertEqual([row for row in rows if row[0] == "8443" and row[1]],
                         [["8443", str(rest_sent)], ["8443", str(len(second) - 5)]])
        self.assertEqual([row for row in rows if row[0] != "8443" and row[1]],
                         [["40007", str(rest_received)], ["40007", str(len(second) - 5)]])
        made_up = fields(later, "http2.headers.path", "http2.headers.path", "frame.comment")
        self.assertEqual([row[0] for row in made_up], ["/pkg.Service/Chat"])
        self.assertIn("not traffic", made_up[0][1])
        # To us nothing of it is a request.
        out = subprocess.run([SSLSNIFF, "-r", later, "-o", "json"], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("/pkg.Service/Chat", out)
        self.assertNotIn("made-up", out)
        self.assertEqual({json.loads(line).get("protocol") for line in out.splitlines() if '"transaction"' in line}, {"grpc"})

    def test_grpc_that_was_joined(self):
        """Who knows the port knows what streams carry whose beginning passed before the capture."""
        script = Script(7, server="10.0.0.2:8443", opening="midstream")
        for _ in range(3):
            script.data("sent", frame(0, 0, 1, message(b"\x0a\x05hello")))
            script.data("received", frame(0, 0, 1, message(b"\x0a\x06answer")))
        script.data("received", frame(1, 5, 1, literals(grpc_status="0")))
        script.line("close", f"{script.name} shutdown")
        trace, path = script.packets(WORK, SSLSNIFF, "joined", "--decode-as", "8443=grpc")
        self.assertEqual([row for row in fields(path, "grpc", "tcp.dstport", "grpc.message_length") if row[1]],
                         [["8443", "7"], ["40007", "8"]] * 3)
        for recording in (trace, path):
            out = subprocess.run([SSLSNIFF, "-r", recording, "--decode-as", "8443=grpc"], capture_output=True, text=True,
                                 check=True).stdout
            self.assertIn("grpc", out)
            self.assertNotIn("not-captured", out)

    def test_long_body(self):
        request = literals(__method="GET", __scheme="https", __path="/events", __authority="a")
        response = literals(__status="200", content_type="text/event-stream")
        _, later = self.divided(([("sent", frame(1, 5, 1, request)), ("received", frame(1, 4, 1, response))],
                                 [("received", frame(0, 1, 1, b"data: hello\n\n"))]))
        rows = fields(later, "http2.data.data", "http2.streamid", "http2.body.fragments", "http2.data.data")
        self.assertEqual(bytes.fromhex(rows[-1][2].replace(":", "")), b"data: hello\n\n")
        self.assertEqual([row[0] for row in fields(later, "http2.headers.status", "http2.headers.status")], ["200"])


if __name__ == "__main__":
    try:
        outcome = unittest.main(argv=sys.argv[:1] + sys.argv[2:], exit=False)
        sys.exit(not outcome.result.wasSuccessful())
    finally:
        os.environ.get("KEEP") or shutil.rmtree(WORK)
