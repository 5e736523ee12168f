"""sslsniff with the capabilities that README names and no others, as another user than root."""
import json
import os
import shutil
import subprocess

from harness import PYTHON, SSLSNIFF, LiveTest, PATIENCE, body_of

NOBODY = 65534
ESSENTIAL = ("bpf", "perfmon")
OPTIONAL = ("sys_ptrace", "dac_read_search", "checkpoint_restore", "net_admin", "syslog")
NUMBERS = {"bpf": 39, "perfmon": 38, "checkpoint_restore": 40}  # newer than the names that some setpriv know

# Asks a UDP server without connect(): through one socket, for $2 answers of the server at port $1. Every second answer
# is read without asking who sent it.
ASKER = """if True:
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for n in range(int(sys.argv[2])):
            s.sendto(b"question %d" % n, ("127.0.0.1", int(sys.argv[1])))
            s.recvfrom(100) if n % 2 else s.recv(100)
"""
ECHO = """if True:
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        print(s.getsockname()[1], flush=True)
        while True:
            bytes, peer = s.recvfrom(65536)
            s.sendto(bytes, peer)
"""


class CapabilitiesTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.need("setpriv")
        self.program = os.path.join(self.folder, "sslsniff")
        shutil.copy(SSLSNIFF, self.program)

    @staticmethod
    def with_capabilities(*names):
        words = [f"+cap_{NUMBERS[name]}" if name in NUMBERS else f"+{name}" for name in names]
        some = ",".join(["-all", *words])
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", f"--bounding-set={some}",
                f"--inh-caps={some}", f"--ambient-caps={some}"]

    def as_nobody(self, names, *arguments, **options):
        return self.run_by(self.with_capabilities(*names), *arguments, **options)

    def run_by(self, prefix, *arguments, **options):
        os.chmod(self.folder, 0o777)  # for the output
        capture = self.capture(*arguments, **options)
        capture.arguments = [*prefix, self.program, *capture.arguments[1:]]
        return capture

    def doctor(self, names):
        result = subprocess.run([*self.with_capabilities(*names), self.program, "doctor", "-o", "json"],
                                capture_output=True, text=True, timeout=PATIENCE)
        return json.loads(result.stdout)

    def assert_captures_others(self, capture, url):
        with capture:
            self.curl(f"{url}/other")
            capture.wait_for(1)
        (transaction,) = capture.transactions
        self.assertEqual(transaction["request"]["target"], "/other")
        self.assertEqual(body_of(transaction["response"]), b"hello from nginx\n")
        self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
        self.assertTrue(transaction["process"]["exe"].endswith("/nginx"), transaction["process"])
        self.assertNotIn("CAP_", capture.stderr)

    def test_named_set(self):
        """Another user's process, its executable, and the senders of datagrams."""
        nginx, port = self.nginx()
        everything = (*ESSENTIAL, *OPTIONAL)
        self.assert_captures_others(self.as_nobody(everything, "-p", nginx.pid), f"https://localhost:{port}")
        diagnosis = self.doctor(everything)
        self.assertTrue(diagnosis["works"], diagnosis["obstacles"])
        self.assertEqual(diagnosis["kernel"]["missing_capabilities"], [])

    def test_least_set(self):
        """Enough for one's own programs; of UDP sockets with one peer nothing is missing either."""
        _, port = self.nginx()
        cert = self.certificate[0]
        capture = self.as_nobody(ESSENTIAL, command=["curl", "-sS", "--cacert", cert, f"https://localhost:{port}/own"])
        capture.start().finish()
        self.assertEqual(capture.status, 0, capture.stderr)
        self.assertEqual([t["request"]["target"] for t in capture.transactions], ["/own"], capture.stderr)
        echo = self.python(ECHO)
        udp = int(echo.stdout.readline())
        capture = self.as_nobody(ESSENTIAL, command=[PYTHON, "-c", ASKER, udp, 10])
        capture.start().finish()
        (connection,) = capture.of_type("connection")
        self.assertEqual(connection["connection"]["remote"], {"address": "127.0.0.1", "port": udp})
        self.assertEqual(connection["sent"]["bytes"], 100)
        self.assertEqual(connection["received"]["bytes"], 100)

    def test_doctor_tells_what_each_costs(self):
        everything = (*ESSENTIAL, *OPTIONAL)
        for missing in everything:
            with self.subTest(missing=missing):
                diagnosis = self.doctor([name for name in everything if name != missing])
                name = f"CAP_{missing.upper()}"
                self.assertEqual(diagnosis["works"], missing in OPTIONAL, diagnosis)
                if name in diagnosis["kernel"]["missing_capabilities"]:
                    self.assertTrue(any(note.startswith(f"Without {name}, ") for note in diagnosis["notes"]), diagnosis)
                else:  # of no use with this kernel and its settings
                    self.assertIn(missing, ("net_admin", "syslog"))
                if missing in ESSENTIAL:
                    self.assertIn(name, " ".join(diagnosis["obstacles"]))

    def test_file_capabilities(self):
        """setcap makes the process undumpable, so that parts of its own /proc belong to root."""
        self.need("setcap")
        names = ",".join(f"cap_{name}" for name in (*ESSENTIAL, *OPTIONAL))
        done = subprocess.run(["setcap", f"{names}+ep", self.program], capture_output=True, text=True)
        if done.returncode != 0 or os.statvfs(self.folder).f_flag & os.ST_NOSUID:
            self.skipTest(f"no file capabilities in {self.folder}: {done.stderr}")
        nginx, port = self.nginx()
        nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.assert_captures_others(self.run_by(nobody, "-p", nginx.pid), f"https://localhost:{port}")
        # The program that is run gets none of them.
        capture = self.run_by(nobody, command=["grep", "CapEff", "/proc/self/status"])
        capture.start().finish()
        self.assertRegex(capture.stdout, r"^CapEff:\s+0{16}\n$")
