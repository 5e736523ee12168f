"""abi_check_test.py LIBRARY CC: tools/check_abi finds what would break programs."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIBRARY, COMPILER = sys.argv[1:3]
FILES = ("tools/check_abi", "src/api/sslsniff.h", "tests/library/abi.txt")


class AbiCheck(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sslsniff-abi-"))
        self.addCleanup(shutil.rmtree, self.root)
        for name in FILES:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)

    def check(self, *arguments):
        done = subprocess.run([self.root / "tools/check_abi", *arguments, LIBRARY, COMPILER], capture_output=True, text=True)
        return done.returncode, done.stdout

    def edit(self, name, old, new):
        path = self.root / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def test_unchanged(self):
        self.assertEqual(self.check()[0], 0)

    def test_a_symbol_that_is_gone(self):
        self.edit("tests/library/abi.txt", "symbol sslsniff_poll@@", "symbol sslsniff_peek@@SSLSNIFF_0.1\nsymbol sslsniff_poll@@")
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("-symbol sslsniff_peek@@SSLSNIFF_0.1", said)

    def test_a_symbol_that_is_new(self):
        self.edit("tests/library/abi.txt", "symbol sslsniff_poll@@SSLSNIFF_0.1\n", "")
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("+symbol sslsniff_poll@@SSLSNIFF_0.1", said)

    def test_members_that_moved(self):
        self.edit("src/api/sslsniff.h", "    uint32_t kind;\n", "    uint32_t unheard_of;\n    uint32_t kind;\n")
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("+  sslsniff_event.kind: at 12, 4 bytes", said)

    def test_a_constant_with_another_value(self):
        self.edit("src/api/sslsniff.h", "SSLSNIFF_ERROR_INPUT = -6", "SSLSNIFF_ERROR_INPUT = -60")
        self.assertIn("-constant SSLSNIFF_ERROR_INPUT: -6\n", self.check()[1])

    def test_a_function_that_takes_something_else(self):
        self.edit("src/api/sslsniff.h", "int timeout_ms", "long timeout_ms")
        self.assertEqual(self.check()[0], 1)

    def test_writes_the_list(self):
        self.edit("src/api/sslsniff.h", "SSLSNIFF_ERROR_INPUT = -6", "SSLSNIFF_ERROR_INPUT = -60")
        self.assertEqual(self.check("--write")[0], 0)
        self.assertEqual(self.check()[0], 0)


unittest.main(argv=sys.argv[:1], verbosity=2)
