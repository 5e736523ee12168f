"""examples_test.py c|rust|python SSLSNIFF LIBRARY WATCH: what docs/examples/watch.* prints of recordings is what sslsniff -o json
prints, and of events the same in each language; WATCH is watch.c. Exit 77, after "SKIPPED: reason", without the language."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES, FIXTURES = ROOT / "docs/examples", ROOT / "tests/fixtures"
LANGUAGE, SSLSNIFF, LIBRARY, WATCH = sys.argv[1:5]
RECORDINGS = sorted([*FIXTURES.glob("*.trace"), *FIXTURES.glob("captures/*.pcap*")])
ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(LIBRARY), "SSLSNIFF_LIBRARY": LIBRARY, "PYTHONDONTWRITEBYTECODE": "1"}


def build(folder):
    """The command of the example."""
    if LANGUAGE == "c":
        return [WATCH]
    if LANGUAGE == "python":
        return ["/usr/bin/python3", EXAMPLES / "watch.py"]
    program = os.path.join(folder, "watch")
    subprocess.run(["rustc", "--edition", "2021", "-O", "-D", "warnings", EXAMPLES / "watch.rs", "-L", os.path.dirname(LIBRARY), "-o",
                    program], check=True)
    return [program]


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="sslsniff-examples-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.command = build(folder)

    def run_program(self, command, *arguments):
        return subprocess.run([*command, *arguments], capture_output=True, env=ENVIRONMENT, stdin=subprocess.DEVNULL, timeout=60)

    def test_lines_are_those_of_the_program(self):
        self.assertGreater(len(RECORDINGS), 40)
        for recording in RECORDINGS:
            with self.subTest(recording.name):
                done = self.run_program(self.command, f"read={recording}")
                expected = self.run_program([SSLSNIFF], "--config", os.devnull, "-r", recording, "-o", "json")
                self.assertEqual(done.returncode, expected.returncode, done.stderr)
                self.assertTrue(done.stdout)
                self.assertEqual(done.stdout, expected.stdout)

    def test_events(self):
        for recording in RECORDINGS:
            with self.subTest(recording.name):
                done = self.run_program(self.command, "--events", f"read={recording}")
                lines = done.stdout.decode().splitlines()
                if recording.suffix == ".trace":
                    bytes_told = sum(int(n) for n in re.findall(r" data .* of (\d+) bytes thread ", done.stdout.decode()))
                    written = re.findall(r"(?m)^data .* size=(\d+)", recording.read_text(errors="replace"))
                    data = re.findall(r"(?m)^data ", recording.read_text(errors="replace"))
                    self.assertEqual(sum(" data " in line for line in lines), len(data))
                    if len(written) == len(data):
                        self.assertEqual(bytes_told, sum(map(int, written)))
                expected = self.run_program([WATCH], "--events", f"read={recording}")
                self.assertEqual(done.stdout.decode().splitlines(), expected.stdout.decode().splitlines())
                self.assertEqual(done.stderr, expected.stderr, "statistics and notices, too")

    def test_options_and_errors(self):
        trace = FIXTURES / "http1_keep_alive.trace"
        done = self.run_program(self.command, f"read={trace}", "where=status == 404", "no-bodies")
        expected = self.run_program([SSLSNIFF], "--config", os.devnull, "-r", trace, "--where", "status == 404", "--no-bodies", "-o", "json")
        self.assertEqual(done.stdout, expected.stdout)
        for options, reason in ((("nonsense=1",), b"SSLSNIFF_ERROR_USAGE: there is no option 'nonsense'"),
                                (("read=/nonexistent",), b"SSLSNIFF_ERROR_NOT_FOUND: cannot open /nonexistent")):
            done = self.run_program(self.command, *options)
            self.assertEqual(done.returncode, 1)
            self.assertIn(reason, done.stderr)

    @unittest.skipUnless(LANGUAGE == "python", "is Python")
    def test_lines_py(self):
        trace = FIXTURES / "recorded_kafka.trace"
        json = self.run_program([SSLSNIFF], "--config", os.devnull, "-r", trace, "-o", "json").stdout
        done = subprocess.run(["/usr/bin/python3", EXAMPLES / "lines.py"], input=json, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        transactions = json.count(b'"type":"transaction"')
        self.assertGreater(transactions, 3)
        self.assertIn(f"kafka: {transactions}\n".encode(), done.stdout)


if LANGUAGE == "rust" and not shutil.which("rustc"):
    print("SKIPPED: rustc is not installed")
    sys.exit(77)
unittest.main(argv=sys.argv[:1], verbosity=2)
