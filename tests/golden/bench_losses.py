#!/usr/bin/env python3
"""The benchmarks understand every wording of the summary's losses: a miss would print no loss where there was one."""
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools/bench"))
import losses  # noqa: E402


class BenchLosses(unittest.TestCase):
    def lost(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(text)
            file.flush()
            return losses.lost_events(pathlib.Path(file.name))

    def test_fixtures(self):
        self.assertEqual(losses.lost_events(ROOT / "tests/fixtures/http1_chunked.txt"), 0)
        self.assertEqual(losses.lost_events(ROOT / "tests/fixtures/losses.txt"), 12)

    def test_wordings(self):
        self.assertEqual(self.lost("1 event lost: x\n7 runs of capture programs missed: x\n"), 8)
        self.assertEqual(self.lost("21 events, 1 byte lost: ring buffer full\n"), 21)

    def test_without_a_summary(self):
        with self.assertRaises(RuntimeError):
            self.lost("sslsniff: capturing OpenSSL\n")


if __name__ == "__main__":
    unittest.main()
