#!/usr/bin/env python3
"""Includes of this repository run one way (tools/check_includes), and the check sees where they do not."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parent.parent.parent
CMAKE = """sslsniff_module(base DEPENDS fmt::fmt)
sslsniff_module(model DEPENDS base)
sslsniff_module(protocols DEPENDS model)
sslsniff_module(app DEPENDS protocols)
"""


def check(root):
    return subprocess.run([ROOT / "tools/check_includes", root], capture_output=True, text=True, check=False)


class Includes(unittest.TestCase):
    def check_tree(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "CMakeLists.txt").write_text(CMAKE)
            for name in {included for includes in files.values() for included in includes} | set(files):
                path = root / "src" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(f'#include "{included}"\n' for included in files.get(name, [])))
            return check(root)

    def test_this_repository(self):
        result = check(ROOT)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_what_is_allowed(self):
        result = self.check_tree({"app/a.cpp": ["base/b.h", "protocols/p.h"], "protocols/p.h": ["model/m.h"]})
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_an_include_that_is_not_allowed(self):
        result = self.check_tree({"model/m.h": ["protocols/p.h"]})
        self.assertEqual(result.returncode, 1)
        self.assertIn("src/model/m.h includes protocols/p.h", result.stdout)

    def test_a_circle_of_folders(self):
        result = self.check_tree(
            {"protocols/a/a.h": ["protocols/b/b.h"], "protocols/b/b.h": ["protocols/c/c.h"],
             "protocols/c/c.cpp": ["protocols/a/other.h"]})
        self.assertEqual(result.returncode, 1)
        self.assertIn("src/protocols/c/c.cpp includes protocols/a/other.h", result.stdout)

    def test_tables_name_what_they_list(self):
        table = {"protocols/table.cpp": ["protocols/a/a.h"], "protocols/a/a.h": ["protocols/protocol.h"]}
        self.assertEqual(self.check_tree(table).returncode, 0)
        self.assertEqual(self.check_tree(table | {"protocols/protocol.h": ["protocols/a/b.h"]}).returncode, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
