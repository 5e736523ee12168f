"""service_test.py: what systemd and logrotate say of the files that are installed for them, and whether docs/service.md tells
of them what they say."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parent.parent.parent
UNIT = ROOT / "packaging/systemd/sslsniff.service"
LOGROTATE = ROOT / "packaging/logrotate/sslsniff"
# The worst that `systemd-analyze security` may say: 10 is without any protection.
EXPOSURE = 3.2  # a quarter of a point of it is CAP_SYS_ADMIN, for the kernels of Debian: docs/kernels.md


class Service(unittest.TestCase):
    def need(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")

    def unit(self, folder, text):
        path = pathlib.Path(folder) / "sslsniff.service"
        path.write_text(text)
        return path

    def verify(self, text):
        with tempfile.TemporaryDirectory() as folder:
            # As if it were installed: the program is there, the manual page is.
            text = text.replace("/usr/bin/sslsniff", "/bin/true").replace("man:sslsniff(1)", "man:systemd(1)")
            text = re.sub(r"file:\S+", "", text)
            return subprocess.run(["systemd-analyze", "verify", "--man=no", self.unit(folder, text)],
                                  capture_output=True, text=True)

    def test_systemd_reads_the_unit(self):
        self.need("systemd-analyze")
        result = self.verify(UNIT.read_text())
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))
        self.assertIn("Unknown key", self.verify(UNIT.read_text().replace("UMask", "UMusk")).stderr)

    def test_exposure(self):
        self.need("systemd-analyze")
        security = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={int(EXPOSURE * 10)}"]
        result = subprocess.run([*security, UNIT], capture_output=True, text=True)
        if "--offline" in result.stderr:
            self.skipTest("systemd-analyze is too old to look at a file")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with tempfile.TemporaryDirectory() as folder:
            open_unit = self.unit(folder, UNIT.read_text().replace("CapabilityBoundingSet", "#").replace("User=", "#"))
            self.assertNotEqual(subprocess.run([*security, open_unit], capture_output=True).returncode, 0)

    def test_logrotate_renames_and_calls(self):
        self.need("logrotate")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            log = folder / "sslsniff.jsonl"
            log.write_text("{}\n")
            text = LOGROTATE.read_text().replace("/var/log/sslsniff", name)
            text = re.sub(r"su sslsniff sslsniff", "", text)
            text = re.sub(r"(?s)(postrotate\n).*?(    endscript)", rf"\1touch {name}/called\n\2", text)
            config = folder / "config"
            config.write_text(text)
            os.chmod(config, 0o644)
            for day in range(16):
                log.write_text("{}\n")
                result = subprocess.run(["logrotate", "-f", "-s", folder / "state", config], capture_output=True, text=True)
                self.assertEqual((result.returncode, result.stderr), (0, ""), day)
                self.assertTrue((folder / "called").exists())
            self.assertFalse(log.exists(), "sslsniff itself creates it")
            kept = sorted(path.name for path in folder.glob("sslsniff.jsonl*"))
            self.assertEqual(len(kept), 14, kept)
            self.assertIn("sslsniff.jsonl.2.gz", kept)

    def test_docs_name_the_capabilities(self):
        sets = re.findall(r"^(?:Ambient\w+|Capability\w+)=(.*)$", UNIT.read_text(), re.MULTILINE)
        self.assertEqual(len(sets), 2)
        self.assertEqual(sets[0], sets[1])
        capabilities = sets[0].split()
        self.assertEqual(len(capabilities), 8)
        for text in (ROOT / "README.md").read_text(), (ROOT / "docs/service.md").read_text():
            self.assertIn("eight capabilities", text)
        for capability in capabilities:
            self.assertIn(capability, (ROOT / "README.md").read_text())


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    for _, reason in program.result.skipped:
        print(f"SKIPPED: {reason}")
    sys.exit(77 if program.result.skipped else 0)
