"""sslsniff among the interfaces of tshark, as Wireshark uses it."""
import os
import subprocess
import tempfile

from harness import PATIENCE, SSLSNIFF, LiveTest, wait_until


class ExtcapTest(LiveTest):
    """tshark looks for capture programs in a folder of its user; root's is ignored, so that it runs as itself does."""
    def setUp(self):
        super().setUp()
        self.need("tshark")
        folders = subprocess.run(["tshark", "-G", "folders"], capture_output=True, text=True).stdout
        folder = next((line.split("\t")[-1] for line in folders.splitlines() if line.startswith("Global Extcap path")), None)
        folder = folder or next(line.split("\t")[-1] for line in folders.splitlines() if line.startswith("Extcap path"))
        link = os.path.join(folder.split(":")[0], "sslsniff")
        if os.path.lexists(link):
            self.skipTest(f"{link} is there already")
        os.symlink(os.path.abspath(SSLSNIFF), link)
        self.addCleanup(os.unlink, link)
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "LC_ALL": "C.UTF-8"}

    def tshark(self, *arguments):
        return subprocess.run(["tshark", *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE * 4,
                              env=self.environment)

    def extcap(self, *arguments, status=0):
        done = subprocess.run([SSLSNIFF, "--extcap-interface", "sslsniff", *arguments], capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def test_listed(self):
        listed = self.tshark("-D")
        self.assertRegex(listed.stdout, r"(?m)^\d+\. sslsniff \(What processes say over TLS\)$")
        self.assertNotIn("ARG sentence", listed.stderr)
        self.assertNotIn("VALUE sentence", listed.stderr)
        self.assertIn("RAW", self.tshark("-L", "-i", "sslsniff").stdout)

    def test_processes_to_choose_from(self):
        nginx, _ = self.nginx()
        self.assertRegex(self.extcap("--extcap-config", "--extcap-reload-option", "process"),
                         rf"(?m)^value {{arg=0}}{{value={nginx.pid}}}{{display=nginx\[{nginx.pid}\] with libssl\.so\.\S+}}$")

    def test_filters_are_checked(self):
        self.assertEqual(self.extcap("--extcap-capture-filter", "tcp port 443"), "")
        self.assertIn("syntax error", self.extcap("--extcap-capture-filter", "port port", status=1))

    def test_capture_of_a_command(self):
        _, port = self.nginx('location / { return 200 "hello"; }')
        _, other = self.nginx('location / { return 200 "other"; }')
        done = self.tshark(
            "-i", "sslsniff", "-f", f"tcp port {port}", "-o",
            f"extcap.sslsniff.run:sleep 1; curl -sk https://localhost:{port}/a https://localhost:{other}/b; sleep 1",
            "-a", f"duration:{PATIENCE // 3}", "-Y", "http", "-T", "fields", "-e", "http.request.uri", "-e", "http.response.code")
        self.assertEqual(done.stdout.split(), ["/a", "200"], done.stderr)
        self.assertNotIn("sslsniff:", done.stderr)

    def test_capture_of_a_process_until_it_is_enough(self):
        nginx, port = self.nginx()
        with open(os.path.join(self.folder, "out"), "w+") as out:
            tshark = self.spawn("tshark", "-l", "-i", "sslsniff", "-o", f"extcap.sslsniff.pid:{nginx.pid}", "-c", "8",
                                "-T", "fields", "-e", "tcp.port", stdout=out, env=self.environment)

            def ask():
                self.curl(f"https://localhost:{port}/")
                return tshark.poll() is not None
            wait_until(ask, "tshark to have enough")
            out.seek(0)
            self.assertEqual({str(port) in line.split(",") for line in out.read().split()}, {True})

    def test_without_privileges(self):
        fifo = tempfile.mktemp(prefix="sslsniff-")  # in a folder that everybody may write to; nothing is created
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", SSLSNIFF, "--capture", "--extcap-interface", "sslsniff",
                               "--fifo", fifo], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^sslsniff: Live capture needs .*: run sslsniff as root, for instance with sudo\.\n$")
