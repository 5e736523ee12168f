"""Who is probed and when: children from their first byte, and nobody whom it would cost anything without being captured."""
import glob
import os
import re
import shutil
import subprocess

from harness import PYTHON, SSLSNIFF, LiveTest, command_of, wait_until

PEERS = os.path.join(os.path.dirname(__file__), "peers")
TLS_CLIENT = """
import ctypes, os, socket, ssl, sys
def get(port, cert, path):
    context = ssl.create_default_context(cafile=cert)
    with socket.create_connection(("127.0.0.1", int(port))) as s, context.wrap_socket(s, server_hostname="localhost") as tls:
        tls.sendall(b"GET " + path.encode() + b" HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
        while tls.recv(65536):
            pass
print("ready", flush=True)
"""
# Makes thousands of TLS calls a second, within itself.
BUSY = """
import ssl, sys
def side(context, mine, other, **options):
    return context.wrap_bio(mine, other, **options)
a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
serving.load_cert_chain(*sys.argv[1:3])
asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
server, client = side(serving, a, b, server_side=True), side(asking, b, a)
for _ in range(3):
    for end in client, server:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            pass
print("ready", flush=True)
while True:
    client.write(b"ping")
    server.read()
"""


def breakpoints(pid):
    """Bytes of the process's libssl that differ from the file: where the kernel put breakpoints."""
    different = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r-xp ([0-9a-f]+) \S+ \d+ +(/.*libssl\.so\S*)", line)
            if found:
                start, end, offset = (int(number, 16) for number in found.groups()[:3])
                memory.seek(start)
                now = memory.read(end - start)
                with open(found[4], "rb") as file:
                    file.seek(offset)
                    as_built = file.read(end - start)
                different += sum(a != b for a, b in zip(now, as_built))
    return different


class BystandersTest(LiveTest):
    def setUp(self):
        super().setUp()
        if self.without_cookies():
            self.skipTest("probes of single processes need Linux 5.15")

    @staticmethod
    def without_cookies():
        return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) < (5, 15)

    @property
    def library(self):
        """Environment with a libssl that no other capture on this host has seen."""
        if not glob.glob(f"{self.folder}/libssl*"):
            for original in glob.glob("/usr/lib/*-linux-gnu/libssl.so.*"):
                shutil.copy(original, self.folder)
        return {**os.environ, "LD_LIBRARY_PATH": self.folder}

    def bystander(self, busy=True):
        code = BUSY if busy else "import ssl; print('ready', flush=True); input()"
        process = self.python(code, *self.certificate, env=self.library)
        self.assertEqual(process.stdout.readline(), "ready\n")
        self.assertEqual(breakpoints(process.pid), 0)
        return process

    def client(self, code, *arguments, before=""):
        """A python that waits for a line, and then runs `code` with get(port, cert, path)."""
        process = self.python(before + TLS_CLIENT + "input()\n" + code, *arguments, env=self.library)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def forking_server(self):
        server = self.spawn(PYTHON, os.path.join(PEERS, "forking_server.py"), *self.certificate,
                            stdout=subprocess.PIPE, env=self.library)
        return server, int(server.stdout.readline())

    def assert_paths(self, capture, paths):
        self.assertEqual(sorted(t["request"]["target"] for t in capture.transactions), sorted(paths), capture.stderr)
        for transaction in capture.transactions:
            self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])

    def test_only_the_captured_process_has_breakpoints(self):
        nginx, port = self.nginx(environment=self.library)
        url = f"https://localhost:{port}/"
        bystander = self.bystander()
        other = self.client("get(*sys.argv[1:])", port, self.certificate[0], "/x",
                            before="import ctypes; ctypes.CDLL(None).prctl(15, b'wanted')\n")
        for arguments in (("-p", nginx.pid), ("-p", other.pid, "--no-children"), ("-c", "wanted"), ("-c", "nobody-here"),
                          ("-u", "nobody")):
            with self.subTest(arguments=arguments), self.capture(*arguments) as capture:
                wait_until(lambda: breakpoints(bystander.pid) == 0, "probes of the captured processes alone")
                self.curl(url)
                self.assertEqual(breakpoints(bystander.pid), 0)
                if "wanted" in arguments or other.pid in arguments:
                    self.assertGreater(breakpoints(other.pid), 0)
                if nginx.pid in arguments:
                    capture.wait_for(1)
            self.assertEqual(capture.status, 0)
        self.assertEqual(breakpoints(other.pid), 0)
        with self.capture("-a"):
            self.assertGreater(breakpoints(bystander.pid), 0)
        self.assertEqual(breakpoints(bystander.pid), 0)

    def test_command_leaves_others_alone(self):
        bystander = self.bystander()
        quiet = self.bystander(busy=False)
        process = self.spawn(SSLSNIFF, "-q", "--", PYTHON, "-u", "-c", "import ssl; print('ready'); input()",
                             env=self.library, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        child = command_of(process.pid)
        wait_until(lambda: breakpoints(child) > 0, "the probes of a library that python loads by itself")
        for process_beside in bystander, quiet:
            wait_until(lambda: breakpoints(process_beside.pid) == 0, "probes of the command alone")
        process.communicate(b"\n")

    def test_fork_opens_to_everybody_and_calm_separates_again(self):
        _, port = self.nginx()
        bystander = self.bystander()
        target = self.client("child = os.fork()\nget(sys.argv[1], sys.argv[2], '/child' if not child else '/parent')\n"
                             "print('done', flush=True)\nos.read(0, 1)\n"
                             "get(sys.argv[1], sys.argv[2], '/again')\n"
                             "child and os.waitpid(child, 0)", port, self.certificate[0])
        with self.capture("-p", target.pid) as capture:
            wait_until(lambda: breakpoints(bystander.pid) == 0, "probes of single processes")
            target.stdin.write("\n")
            target.stdin.flush()
            target.stdout.readline()
            target.stdout.readline()
            wait_until(lambda: breakpoints(bystander.pid) > 0, "probes for everybody")
            wait_until(lambda: breakpoints(bystander.pid) == 0, "probes of single processes")
            self.assertGreater(breakpoints(target.pid), 0)
            target.stdin.write("..")  # one for each
            target.stdin.flush()
            capture.wait_for(3)
            target.wait(60)
        # The child's first request may have been sent before the probes came, its response after.
        targets = [t["request"]["target"] for t in capture.transactions if "request" in t]
        self.assertIn("/parent", targets)
        self.assertEqual(targets.count("/again"), 2)

    def test_server_that_forks_for_each_connection(self):
        server, port = self.forking_server()
        url = f"https://localhost:{port}"
        self.curl(f"{url}/before")  # it has forked: so it will again
        paths = [f"/{number}" for number in range(20)]
        with self.capture("-p", server.pid) as capture:
            for path in paths:
                self.assertEqual(self.curl(url + path), path.encode())
            capture.wait_for(len(paths))
        self.assert_paths(capture, paths)
        self.assertEqual(len({t["process"]["pid"] for t in capture.transactions}), len(paths))

    def test_quiet_bystanders_cost_nobody_a_first_child(self):
        """As long as others make few calls, all that comes is seen from its first byte."""
        server, port = self.forking_server()
        self.bystander(busy=False)
        paths = [f"/{number}" for number in range(5)]
        with self.capture("-p", server.pid) as capture:
            for path in paths:
                self.curl(f"https://localhost:{port}{path}")
            capture.wait_for(len(paths))
        self.assert_paths(capture, paths)
        for _ in range(3):
            with self.capture("-c", "curl") as capture:
                self.curl(f"https://localhost:{port}/first")
                capture.wait_for(1)
            self.assert_paths(capture, ["/first"])

    def test_first_fork_is_seen_or_told(self):
        """What a first child does within milliseconds may be missed where others are busy, but then there is a record of its
        connection."""
        server, port = self.forking_server()
        bystander = self.bystander()
        with self.capture("-p", server.pid) as capture:
            wait_until(lambda: breakpoints(bystander.pid) == 0, "probes of single processes")
            for number in range(5):
                self.curl(f"https://localhost:{port}/{number}")
            capture.wait_for(4)
        self.assertEqual(len({c["connection"]["remote"]["port"] for c in capture.of_type("connection")}), 5)

    def test_workers_that_were_forked_before(self):
        nginx, port = self.nginx(workers=2, environment=self.library)
        bystander = self.bystander()
        with self.capture("-p", nginx.pid) as capture:
            for number in range(8):
                self.curl(f"https://localhost:{port}/{number}")
            capture.wait_for(8)
            wait_until(lambda: breakpoints(bystander.pid) == 0, "probes of the captured processes alone")
        self.assert_paths(capture, [f"/{number}" for number in range(8)])

    def test_children_of_a_running_shell(self):
        _, port = self.nginx()
        shell = self.spawn("sh", stdin=subprocess.PIPE)
        shell.stdin.write(b"/bin/true\n")  # it has had a child: so it will again
        shell.stdin.flush()
        def faults_of_children():
            with open(f"/proc/{shell.pid}/stat", encoding="utf-8") as stat:
                return int(stat.read().split()[10])
        wait_until(faults_of_children, "the first child of the shell")
        with self.capture("-p", shell.pid) as capture:
            for number in range(3):
                shell.stdin.write(f"curl -sS -o /dev/null --http1.1 --cacert {self.certificate[0]} "
                                  f"https://localhost:{port}/{number}\n".encode())
            shell.stdin.close()
            shell.wait(60)
            capture.process.wait(60)  # by itself
        self.assertEqual(capture.status, 0)
        self.assert_paths(capture, ["/0", "/1", "/2"])

    def test_children_of_children(self):
        _, port = self.nginx()
        curl = f"curl -sS -o /dev/null --http1.1 --cacert {self.certificate[0]} https://localhost:{port}"
        capture = self.capture(command=["sh", "-c", f"sh -c '{curl}/a; sh -c \"{curl}/b; {curl}/c\"; true'; {curl}/d; true"])
        capture.start().finish()
        self.assertEqual(capture.status, 0)
        self.assert_paths(capture, ["/a", "/b", "/c", "/d"])

    def test_exec_by_another_thread(self):
        _, port = self.nginx()
        curl = ["curl", "-sS", "-o", "/dev/null", "--http1.1", "--cacert", self.certificate[0], f"https://localhost:{port}/exec"]
        target = self.client("import threading\nthreading.Thread(target=lambda: os.execvp('curl', sys.argv[1:])).start()", *curl)
        with self.capture("-p", target.pid) as capture:
            target.communicate("\n")
            capture.process.wait(60)
        self.assert_paths(capture, ["/exec"])

    def test_first_thread_ends(self):
        _, port = self.nginx()
        code = ("import threading, time\n"
                "def work():\n"
                "    time.sleep(0.5)\n"
                "    for number in range(3): get(sys.argv[1], sys.argv[2], f'/{number}')\n"
                "    os._exit(0)\n"
                "threading.Thread(target=work).start()\n"
                "ctypes.CDLL(None).pthread_exit(0)")
        target = self.client(code, port, self.certificate[0])
        with self.capture("-p", target.pid) as capture:
            target.communicate("\n")
            capture.process.wait(60)
        self.assert_paths(capture, ["/0", "/1", "/2"])

    def test_names_come_and_change(self):
        _, port = self.nginx()
        url, cert = f"https://localhost:{port}", self.certificate[0]
        renamed = self.client("ctypes.CDLL(None).prctl(15, b'wanted')\nfor number in range(20): get(*sys.argv[1:], f'/{number}')",
                              port, cert)
        with self.capture("-c", "curl", "-c", "wanted") as capture:
            for path in ("/a", "/b"):
                self.curl(url + path)
            renamed.communicate("\n")
            capture.wait_for(20)
        paths = [t["request"]["target"] for t in capture.transactions]
        self.assertEqual(paths[:2], ["/a", "/b"])
        self.assertIn("/19", paths)
        self.assertEqual({t["process"]["comm"] for t in capture.transactions}, {"curl", "wanted"})

    def test_users_come_and_change(self):
        self.need("setpriv")
        _, port = self.nginx()
        url, cert = f"https://localhost:{port}", self.certificate[0]
        os.chmod(cert, 0o644)
        changed = self.client("os.setuid(65534)\nfor number in range(20): get(*sys.argv[1:], f'/{number}')", port, cert)
        with self.capture("-u", "65534") as capture:
            self.curl(f"{url}/root")
            subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "curl", "-sS", "-o", "/dev/null", "--http1.1",
                            "--cacert", cert, f"{url}/nobody"], check=True, timeout=60)
            changed.communicate("\n")
            capture.wait_for(2)
        paths = [t["request"]["target"] for t in capture.transactions]
        self.assertEqual(paths[0], "/nobody")
        self.assertNotIn("/root", paths)
        self.assertIn("/19", paths)
