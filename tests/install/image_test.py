"""image_test.py: an image by packaging/Containerfile, run as docs/containers.md and the manifest for Kubernetes have it. Needs
the tarball of tools/package, podman, and a base image, which it makes of this system's own files."""
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).parent.parent.parent
PATIENCE = 60  # seconds
CAPABILITIES = "BPF PERFMON SYS_PTRACE DAC_READ_SEARCH CHECKPOINT_RESTORE NET_ADMIN SYSLOG SYS_ADMIN".split()


def run(*command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600, **options)


class Manifest(unittest.TestCase):
    """Without a parser of YAML: a line each."""

    def test_asks_for_what_is_tested(self):
        text = (ROOT / "packaging/kubernetes/sslsniff.yaml").read_text()
        for line in ("hostPID: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false", "privileged: false", "type: Unconfined",
                     'drop: ["ALL"]', "add: [" + ", ".join(f'"{name}"' for name in CAPABILITIES) + "]"):
            self.assertRegex(text, rf"(?m)^ +{re.escape(line)}$")
        unit = (ROOT / "packaging/systemd/sslsniff.service").read_text()
        self.assertIn("CapabilityBoundingSet=" + " ".join(f"CAP_{name}" for name in CAPABILITIES), unit)
        version = re.search(r"project\(sslsniff VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertIn(f"image: sslsniff:{version}\n", text)

    def test_its_options_are_known(self):
        text = (ROOT / "packaging/kubernetes/sslsniff.yaml").read_text()
        config = re.search(r"(?s)sslsniff\.toml: \|\n(.*?)\n---", text).group(1)
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write("\n".join(line.strip() for line in config.splitlines() if "=" in line))
            file.flush()
            # A recording replaces the target.
            result = run(SSLSNIFF, "--config", file.name, "-r", "/dev/null")
        self.assertNotIn("line", result.stderr)
        self.assertNotEqual(result.returncode, 2, result.stderr)


class Image(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        for program in ("podman", "curl", "openssl"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")
        tarballs = glob.glob(str(ROOT / "build/packages/sslsniff-*-linux-*.tar.xz"))
        if not tarballs:
            self.skipTest("there is no tarball: run tools/package tarball")
        self.folder = tempfile.mkdtemp(prefix="sslsniff-image-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.context = os.path.join(self.folder, "context")
        os.mkdir(self.context)
        shutil.copy(tarballs[0], self.context)
        self.runtime = ["--runtime", "runc"] if shutil.which("runc") else []
        self.podman = ["podman", "--root", f"{self.folder}/storage", "--runroot", f"{self.folder}/run",
                       "--storage-driver", "vfs", *self.runtime]

    def make(self):
        """The image; its base is glibc, a shell and mv of this system."""
        base = os.path.join(self.folder, "base")
        programs = ["/bin/sh", "/bin/mv"]
        files = set(programs)
        for program in programs:
            files |= set(re.findall(r"(/\S+) \(0x", run("ldd", program).stdout))
        files |= set(glob.glob("/lib/*/libc.so.6") + glob.glob("/lib/*/libm.so.6") + glob.glob("/lib64/ld-linux*"))
        for name in files:
            os.makedirs(base + os.path.dirname(name), exist_ok=True)
            shutil.copy(os.path.realpath(name), base + name)
        for folder in ("tmp", "proc", "sys", "dev", "etc", "run"):
            os.makedirs(os.path.join(base, folder), exist_ok=True)
        tar = os.path.join(self.folder, "base.tar")
        subprocess.run(["tar", "-C", base, "-cf", tar, "."], check=True)
        imported = run(*self.podman, "import", tar, "localhost/base:1")
        if imported.returncode != 0:
            self.skipTest(f"podman cannot make an image here: {imported.stderr.strip().splitlines()[-1]}")
        built = run(*self.podman, "build", "--isolation=chroot", "--network=host", "--build-arg", "BASE=localhost/base:1",
                    "-f", ROOT / "packaging/Containerfile", "-t", "sslsniff:test", self.context)
        if built.returncode != 0:
            self.fail(built.stdout + built.stderr)

    def container(self, *arguments):
        return [*self.podman, "run", "--rm", "--pid=host", "--network=host", "--read-only", "--cap-drop=all",
                f"--cap-add={','.join(CAPABILITIES).lower()}", "--security-opt", "seccomp=unconfined",
                "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "sslsniff:test", *arguments]

    def test_captures_the_host(self):
        self.make()
        works = run(*self.container("--version"))
        if works.returncode != 0:
            self.skipTest(f"podman cannot start a container here: {works.stderr.strip().splitlines()[-1]}")
        cert, key = f"{self.folder}/cert.pem", f"{self.folder}/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        server = subprocess.Popen(["openssl", "s_server", "-quiet", "-WWW", "-accept", "127.0.0.1:0", "-cert", cert,
                                   "-key", key], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  stdin=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.addCleanup(server.stdout.close)
        port = self.port_of(server.pid)
        with open(f"{self.folder}/err", "wb") as errors:
            capture = subprocess.Popen(self.container("-p", str(server.pid), "-o", "json", "-n", "1"),
                                       stdout=subprocess.PIPE, stderr=errors, text=True)
        self.addCleanup(capture.kill)
        deadline = time.monotonic() + PATIENCE
        while "capturing" not in pathlib.Path(f"{self.folder}/err").read_text():
            self.assertIsNone(capture.poll(), pathlib.Path(f"{self.folder}/err").read_text())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        run("curl", "-sS", "--cacert", cert, f"https://localhost:{port}/cert.pem")
        with capture:
            out, _ = capture.communicate(timeout=PATIENCE)
        said = pathlib.Path(f"{self.folder}/err").read_text()
        self.assertEqual(capture.returncode, 0, said)
        (transaction,) = [o for o in map(json.loads, out.splitlines()) if o["type"] == "transaction"]
        self.assertEqual(transaction["request"]["target"], "/cert.pem")
        self.assertEqual(transaction["process"]["pid"], server.pid, "the number that it has on the host")
        self.assertEqual(transaction["response"]["status"], 200)
        self.assertNotIn("CAP_", said)

    def port_of(self, pid):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = re.findall(rf"127\.0\.0\.1:(\d+) .*pid={pid},", run("ss", "-ltnp").stdout)
            if found:
                return found[0]
            time.sleep(0.05)
        raise AssertionError("the server does not listen")


if __name__ == "__main__":
    SSLSNIFF = os.path.abspath(sys.argv.pop(1))
    program = unittest.main(exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    for _, reason in program.result.skipped:
        print(f"SKIPPED: {reason}")
    sys.exit(77 if program.result.skipped else 0)
