#!/usr/bin/env python3
"""The script of the HTML report, outside of a browser: its modules by their own tests (output/html/*.test.mjs), that they can be one
script, and their types. usage: report_page_test.py SCRIPT. SKIPPED without node; the types without npm."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "src/output/html/page"
TESTS = sorted((ROOT / "tests/unit/output/html").glob("*.test.mjs"))
TYPESCRIPT = "typescript@5.9.3"
RULES = ["--noEmit", "--allowJs", "--checkJs", "--strict", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler",
         "--lib", "es2023,dom,dom.iterable"]
SCRIPT = ""


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


class ReportPage(unittest.TestCase):
    def test_modules_can_be_one_script(self):
        """In a module, two declarations of one name are an error, also of functions."""
        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(SCRIPT).read_text(encoding="utf-8")
            body = re.sub(r'^\(\(\) => \{\n"use strict";\n|\}\)\(\);\n$', "", text)
            self.assertLess(len(body), len(text) - 10)
            joined = pathlib.Path(folder) / "joined.mjs"
            joined.write_text(body, encoding="utf-8")
            done = run("node", "--check", joined)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_texts_never_become_markup(self):
        """There is no way from a text to markup or code but these."""
        ways = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|createContextualFragment|DOMParser|setHTML"
                          r"|\beval\b|new Function|javascript:|setAttribute\(\"(style|href|src)\"|\bhref:|\bsrc:")
        for path in sorted(PAGE.glob("*.mjs")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                self.assertIsNone(ways.search(line), f"{path.name}:{number}: {line}")

    def test_modules(self):
        self.assertTrue(TESTS)
        done = run("node", "--test", *TESTS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("\n# pass 0\n", done.stdout)

    def test_types(self):
        done = run(ROOT / "tools/fetch-npm", TYPESCRIPT, "lib/tsc.js")
        if done.returncode == 3:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        done = run("node", done.stdout.strip(), *RULES, *sorted(PAGE.glob("*.mjs")))
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    if not shutil.which("node"):
        print("SKIPPED: node is not installed")
        sys.exit(77)
    SCRIPT = sys.argv.pop(1)
    unittest.main(verbosity=2)
