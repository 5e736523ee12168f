#!/usr/bin/env python3
"""What other tools make of our pcapng files is read back as what it is: cut packets are gaps, merged files are both captures,
shifted times shift everything.

usage: other_tools.py SSLSNIFF [--suite NAME]; exits 77 when editcap or mergecap is missing."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from trace_script import Script
from wireshark_programs import environment

SSLSNIFF = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
WORK = pathlib.Path(tempfile.mkdtemp(prefix="sslsniff-tools."))
ENVIRONMENT = environment(WORK, "editcap", "mergecap")
GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"  # 27 bytes
OK = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + "x" * 1000  # 1041
LARGE = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "y" * 100000
HEADERS = 14 + 20 + 20  # Ethernet, IPv4, TCP
RECORD = 5  # before the plaintext; 32 bytes follow it


def run(*command):
    return subprocess.run([str(part) for part in command], env=ENVIRONMENT, capture_output=True, check=True).stdout


def json_lines(path):
    return [json.loads(line) for line in run(SSLSNIFF, "-r", path, "-o", "json").splitlines()]


def of_type(lines, kind):
    return [line for line in lines if line["type"] == kind]


def exchange(pid, start="12:00:00"):
    script = Script(pid, start)
    script.data("sent", GET)
    script.data("received", OK)
    script.line("close", f"{script.name} shutdown")
    return script


class OtherTools(unittest.TestCase):
    def assert_same(self, one, other):
        """All but when the capture began, which no packet says."""
        for kind in ("transaction", "connection", "loss", "summary"):
            lines = [sorted(json.dumps(self.comparable(line)) for line in of_type(lines, kind)) for lines in (one, other)]
            self.assertEqual(lines[0], lines[1], kind)

    @staticmethod
    def comparable(line):
        if line["type"] != "summary":
            return line
        line["losses"].sort(key=lambda loss: loss["cause"])
        return {key: value for key, value in line.items() if key not in ("time", "duration_us")}

    def test_losses_and_gaps(self):
        script = Script(7)
        for _ in range(16):
            script.data("received", "x")
            script.line("gap", f"{script.name} received size=40000 cause=snaplen")
        script.line("gap", f"{script.name} received size=0 cause=fault")
        script.data("received", "x")
        script.line("gap", f"{script.name} sent size=3000000 cause=fault")
        script.line("loss", "map_full events=2")
        script.line("loss", "ring_full events=3 bytes=70000")
        trace, packets = script.packets(WORK, SSLSNIFF, "losses")
        lines = json_lines(packets)
        self.assert_same(json_lines(trace), lines)
        connection = of_type(lines, "connection")[0]
        self.assertEqual(connection["received"] | {"first_bytes": None},
                         {"bytes": 640017, "missing": 640000, "gaps": 17, "first_bytes": None})
        self.assertEqual(connection["sent"], {"bytes": 3000000, "missing": 3000000, "gaps": 1})
        losses = {loss["cause"]: (loss["events"], loss["bytes"]) for loss in of_type(lines, "summary")[0]["losses"]}
        self.assertEqual(losses, {"snaplen": (16, 640000), "fault": (2, 3000000), "map_full": (2, 0), "ring_full": (3, 70000)})

    def test_cut_packets_are_gaps(self):
        _, packets = exchange(7).packets(WORK, SSLSNIFF, "whole")
        for length in (300, HEADERS + RECORD, HEADERS):
            with self.subTest(length):
                cut = WORK / "cut.pcapng"
                run("editcap", "-s", length, packets, cut)
                summary = of_type(json_lines(cut), "summary")[0]
                kept = length - HEADERS - RECORD if length > HEADERS + RECORD else 0
                missing = len(OK) - kept + max(0, len(GET) - kept)
                self.assertEqual((summary["bytes_sent"], summary["bytes_received"]), (len(GET), len(OK)))
                self.assertEqual(summary["missing_bytes"], missing)
                self.assertEqual(summary["losses"], [{"cause": "snaplen", "events": 2 if kept == 0 else 1, "bytes": missing}])
        cut = WORK / "cut.pcapng"
        run("editcap", "-s", HEADERS - 10, packets, cut)
        done = subprocess.run([SSLSNIFF, "-r", cut], capture_output=True, text=True, check=False)
        self.assertIn("12 packets not read: their TCP headers are cut or damaged", done.stdout + done.stderr)

    def test_several_captures_in_one_file(self):
        one, two = exchange(7).packets(WORK, SSLSNIFF, "one")[1], exchange(8, "13:00:00").packets(WORK, SSLSNIFF, "two")[1]
        both = json_lines(one) + json_lines(two)
        (WORK / "cat.pcapng").write_bytes(one.read_bytes() + two.read_bytes())
        run("mergecap", "-w", WORK / "merged.pcapng", two, one)
        for name in ("cat", "merged"):
            with self.subTest(name):
                lines = json_lines(WORK / f"{name}.pcapng")
                for kind in ("transaction", "connection"):
                    self.assertEqual(of_type(lines, kind), of_type(both, kind))
                self.assertEqual(of_type(lines, "connection")[1]["process"]["comm"], "p8")

    def test_parts_of_one_capture(self):
        script = Script(7)
        for _ in range(30):
            script.data("sent", GET)
            script.data("received", LARGE)
        script.line("gap", f"{script.name} received size=40000 cause=snaplen")
        script.line("loss", "map_full events=2")
        script.line("close", f"{script.name} shutdown")
        trace, _ = script.packets(WORK, SSLSNIFF, "parts")
        run(SSLSNIFF, "-q", "-r", trace, "-w", WORK / "rotated.pcapng", "-C", "1")
        parts = sorted(WORK.glob("rotated.pcapng*"))
        self.assertGreater(len(parts), 2)
        (WORK / "cat.pcapng").write_bytes(b"".join(part.read_bytes() for part in parts))
        run("mergecap", "-w", WORK / "merged.pcapng", *parts)
        self.assert_same(json_lines(trace), json_lines(WORK / "cat.pcapng"))
        # mergecap keeps no statistics: what the capture lost beside the bytes of connections is not told.
        def without_losses(path):
            lines = [line for line in json_lines(path) if line["type"] != "loss"]
            lines[-1]["losses"] = [loss for loss in lines[-1]["losses"] if loss["cause"] != "map_full"]
            return lines
        self.assert_same(without_losses(trace), without_losses(WORK / "merged.pcapng"))

    def test_names_are_those_of_servers(self):
        """What a client asks for by SNI names the server's end, never the client's."""
        for role, name in (("client", "example.com"), ("server", None)):
            script = Script(7, role=role)
            script.line("tls", f"{script.name} {role} sni=\"example.com\"")
            script.data("sent" if role == "client" else "received", GET)
            script.line("close", f"{script.name} shutdown")
            recordings = script.packets(WORK, SSLSNIFF, f"named_{role}")
            for recording in recordings:
                for line in of_type(json_lines(recording), "connection"):
                    self.assertEqual(line["connection"].get("remote_name"), name, recording)

    def test_shifted_times(self):
        _, packets = exchange(7).packets(WORK, SSLSNIFF, "times")
        run("editcap", "-t", 3600, packets, WORK / "shifted.pcapng")
        before, after = json_lines(packets), json_lines(WORK / "shifted.pcapng")
        for line in before:
            line["time"] = line["time"].replace("T12:", "T13:")
        self.assertEqual(before, after)


if __name__ == "__main__":
    try:
        outcome = unittest.main(argv=sys.argv[:1] + sys.argv[2:], exit=False)
        sys.exit(not outcome.result.wasSuccessful())
    finally:
        shutil.rmtree(WORK)
