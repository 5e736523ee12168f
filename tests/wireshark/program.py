#!/usr/bin/env python3
"""What tshark, on default preferences, makes of the files that sslsniff itself writes: of protocols that show late, and of HTTP/2
that began before the file.

usage: program.py SSLSNIFF; exits 77 when tshark is missing."""
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

from trace_script import Script

SSLSNIFF = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
WORK = pathlib.Path(tempfile.mkdtemp(prefix="sslsniff-program."))
ENVIRONMENT = {"HOME": str(WORK / "home"), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\0\0\x01\0\x01"
ANSWER = b"\x12\x34\x81\x80" + QUERY[4:]


def fields(path, display_filter, *names):
    arguments = [part for name in names for part in ("-e", name)]
    out = subprocess.run(["tshark", "-r", path, "-Y", display_filter, "-T", "fields", "-E", "separator=|", *arguments],
                         env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
    return [line.split("|") for line in out.splitlines()]


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


if __name__ == "__main__":
    if not shutil.which("tshark"):
        print("SKIPPED: tshark is not installed")
        sys.exit(77)
    os.mkdir(WORK / "home")
    try:
        outcome = unittest.main(argv=sys.argv[:1] + sys.argv[2:], exit=False)
        sys.exit(not outcome.result.wasSuccessful())
    finally:
        os.environ.get("KEEP") or shutil.rmtree(WORK)
