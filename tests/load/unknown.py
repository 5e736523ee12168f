#!/usr/bin/env python3
"""tests/load/unknown.py SSLSNIFF: traffic that nobody understands costs time by its length, and about what is understood costs."""
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/bench"))
import foreign_traffic as traffic  # noqa: E402

PROGRAM = sys.argv.pop(1)
LEAST = 0.1  # s of CPU that tell
TRIES = 3
REQUEST = b"GET /users?id=17 HTTP/1.1\r\nHost: shop.example\r\nAccept: application/json\r\n\r\n"
RESPONSE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n{"id":17,"name":"alice"}'


def run(path):
    """User CPU seconds."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execv(PROGRAM, [PROGRAM, "-r", str(path), "-q"])
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise RuntimeError(f"{PROGRAM} failed")
    return usage.ru_utime


class Unknown(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "input.trace"
        traffic.write_trace(self.path, traffic.queries()[:1], 1)
        self.start = min(run(self.path) for _ in range(TRIES))

    def used(self, messages, count, midstream=False):
        """CPU of the cheapest of some runs, and how many messages they had."""
        number, _ = traffic.write_trace(self.path, messages, count, midstream)
        return max(1e-6, min(run(self.path) - self.start for _ in range(TRIES))), number

    def telling(self, messages, midstream=False):
        count, used, number = 2000, 0.0, 0
        while used < LEAST:
            count *= 2
            used, number = self.used(messages, count, midstream)
        return used, number

    def check_linear(self, name, messages, midstream=False):
        with self.subTest(name, midstream=midstream):
            once, number = self.telling(messages, midstream)
            four, _ = self.used(messages, 4 * number, midstream)
            self.assertLess(four / once, 6, f"CPU of {number} and four times as many messages")

    def test_linear(self):
        foreign = traffic.fixtures()
        self.check_linear("queries", traffic.queries())
        self.check_linear("queries", traffic.queries(), midstream=True)
        for name in ("diameter", "modbus", "zookeeper", "beanstalkd"):
            self.check_linear(name, foreign[name], midstream=name == "diameter")
        self.check_linear("lines", traffic.bulk()["lines"])

    def test_about_what_is_understood_costs(self):
        # Detectors that look at everything again and again cost hundreds of times as much; a busy machine makes a few percent.
        used, number = self.telling([("sent", REQUEST), ("received", RESPONSE)])
        known = used / number
        foreign = traffic.fixtures()
        for name in ("diameter", "modbus", "zookeeper", "bolt", "tds", "beanstalkd", "nntp"):
            with self.subTest(name):
                used, number = self.telling(foreign[name])
                self.assertLess(used / number, 2 * known, "CPU for a message, and twice that for one of HTTP")


if __name__ == "__main__":
    unittest.main()
