"""What the live tests share: sslsniff under test, certificates, servers and clients, all on loopback."""
import base64
import collections
import contextlib
import hashlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

SSLSNIFF = os.environ.get("SSLSNIFF", "build/dev/sslsniff")
# Names for --backend, to test a way into the kernel that is not its best.
BACKENDS = [f"--backend={name}" for name in os.environ.get("SSLSNIFF_BACKENDS", "").split()]
# Options for every capture, to run all tests with them: --threads=4.
OPTIONS = os.environ.get("SSLSNIFF_OPTIONS", "").split()
PYTHON = "/usr/bin/python3"  # Debian's: its ssl module uses the system's libssl
# Generous: a loaded machine must not fail a test. Nothing waits this long when all is well.
PATIENCE = 60 * float(os.environ.get("SSLSNIFF_TEST_PATIENCE", 1))  # seconds; emulated machines are slow


def cleartext_backend():
    """The way into the kernel for cleartext, as --backend or `sslsniff doctor` names it."""
    forced = {"tracepoint", "fentry", "kprobe"} & set(os.environ.get("SSLSNIFF_BACKENDS", "").split())
    if forced:
        return forced.pop()
    doctor = subprocess.run([SSLSNIFF, "doctor", "-o", "json"], capture_output=True, check=False)
    backends = json.loads(doctor.stdout)["kernel"]["backends"]
    return next(b["backend"] for b in backends if b["purpose"] == "cleartext")


def wait_until(condition, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.01)


def free_port(family=socket.AF_INET):
    with socket.socket(family) as s:
        s.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        return s.getsockname()[1]


def is_listening(port, host="127.0.0.1"):
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def name_of(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        return file.read().rstrip("\n")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return list(map(int, children.read().split()))


def attacher_of(pid):
    """The process of a capture that holds the probes; `pid` is the one that reads."""
    return next(child for child in children_of(pid) if name_of(child) == "sslsniff-attach")


def command_of(pid):
    """What sslsniff runs under `--`."""
    return next(child for child in children_of(pid) if child != attacher_of(pid))


def status_of_thread(pid, thread):
    """Of /proc, by name."""
    with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


class Capture:
    """sslsniff with -o json to a file. Use as `with Capture("-p", pid) as capture:`; what was captured is there
    after the block, which ends it by SIGINT. `prefix`: a command that runs sslsniff as its only child (nsenter)."""

    def __init__(self, *arguments, folder, outputs=(), command=None, end=signal.SIGINT, prefix=()):
        self.json_path = os.path.join(folder, f"out{len(os.listdir(folder))}.jsonl")
        self.stderr_path = self.json_path + ".stderr"
        self.stdout_path = self.json_path + ".stdout"
        self.has_prefix = bool(prefix)
        self.arguments = [*prefix, SSLSNIFF, *BACKENDS, *OPTIONS, "-o", f"json:{self.json_path}", *outputs, *map(str, arguments)]
        if command:
            self.arguments += ["--", *map(str, command)]
        self.is_command = bool(command)
        self.end = end
        self.status = None
        self.objects = []

    def start(self):
        with open(self.stderr_path, "wb") as stderr, open(self.stdout_path, "wb") as stdout:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        if not self.is_command:
            wait_until(lambda: "capturing" in self.stderr or self.process.poll() is not None, "sslsniff to be armed")
            if self.process.poll() is not None:
                raise AssertionError(f"sslsniff ended with {self.process.returncode}: {self.stderr}")
        return self

    def finish(self, end=None):
        if self.process.poll() is None and not self.is_command:
            self.send_signal(end or self.end)
        try:
            self.status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"sslsniff did not end: {self.stderr}")
        self.objects = [json.loads(line) for line in self.json_lines()]
        return self

    def json_lines(self):
        """Those that are whole, of all files of the row (-C, -G divide it)."""
        for number in itertools.count():
            path = self.json_path + (str(number) if number else "")
            if not os.path.exists(path):
                return
            with open(path, encoding="utf-8") as file:
                # The line being written just now is left for the next time.
                yield from itertools.takewhile(lambda line: line.endswith("\n"), file)

    def send_signal(self, number):
        if self.has_prefix:
            os.kill(children_of(self.process.pid)[0], number)
        else:
            self.process.send_signal(number)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.finish()
        elif self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def stderr(self):
        with open(self.stderr_path, encoding="utf-8") as file:
            return file.read()

    @property
    def stdout(self):
        with open(self.stdout_path, encoding="utf-8") as file:
            return file.read()

    def of_type(self, kind):
        return [o for o in self.objects if o["type"] == kind]

    def connections(self, **wanted):
        """Records of connections whose "connection" has all of these values."""
        return [c for c in self.of_type("connection")
                if all(c["connection"].get(key) == value for key, value in wanted.items())]

    @property
    def transactions(self):
        return self.of_type("transaction")

    @property
    def summary(self):
        (summary,) = self.of_type("summary")
        return summary

    @property
    def missed(self):
        """Runs of capture programs that the kernel passed over, as the summary tells."""
        return missed_runs(self.summary["losses"])

    def seen_so_far(self, kind="transaction"):
        """Transactions in the file now, while the capture runs."""
        return [o for o in map(json.loads, self.json_lines()) if o["type"] == kind]

    def wait_for(self, count, or_missed=False):
        """`or_missed`: not for what the kernel passed over. Only when all that makes transactions has ended."""
        def to_come():
            missed = missed_runs(self.seen_so_far("loss")) if or_missed else 0
            return count - missed - len(self.seen_so_far())
        wait_until(lambda: to_come() <= 0,
                   f"{count} transactions; there are {len(self.seen_so_far())}; stderr: {self.stderr}")


def missed_runs(losses):
    return sum(loss["events"] for loss in losses if loss["cause"] == "missed")


def body_of(message):
    """The captured bytes of a request or response."""
    body = message["body"]
    return base64.b64decode(body["base64"]) if "base64" in body else body.get("text", "").encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def header(message, name):
    values = [h["value"] for h in message["headers"] if h["name"].lower() == name.lower()]
    return values[0] if values else None


class LiveTest(unittest.TestCase):
    """A temporary folder with a certificate; processes started here are ended by the test's end."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        version = subprocess.run([SSLSNIFF, "--version"], capture_output=True, text=True)
        if "without live capture" in version.stdout:
            self.skipTest("built without live capture")
        self.folder = tempfile.mkdtemp(prefix="sslsniff-live-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def assert_seen(self, capture, seen, expected):
        """The same in any order, but for as many as the kernel passed over programs (docs/kernels.md)."""
        seen, expected = collections.Counter(seen), collections.Counter(expected)
        self.assertFalse(seen - expected)
        self.assertLessEqual((expected - seen).total(), capture.missed, expected - seen)

    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")

    @property
    def certificate(self):
        """Paths of a certificate for localhost and of its key."""
        cert, key = (os.path.join(self.folder, name) for name in ("cert.pem", "key.pem"))
        if not os.path.exists(cert):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1", "-keyout", key, "-out", cert],
                check=True, capture_output=True)
        return cert, key

    def capture(self, *arguments, **options):
        return Capture(*arguments, folder=self.folder, **options)

    def spawn(self, *command, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        process = subprocess.Popen([str(c) for c in command], **options)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def python(self, code, *arguments, **options):
        """Debian's python running `code`; its standard input and output are pipes, in text."""
        options.setdefault("stdin", subprocess.PIPE)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", None)
        return self.spawn(PYTHON, "-u", "-c", code, *arguments, text=True, **options)

    def nginx(self, locations='location / { return 200 "hello from nginx\\n"; }', workers=1,
              listen="ssl", environment=None):
        """A running nginx: (process of the master, port). It listens on 127.0.0.1 and ::1."""
        self.need("nginx")
        cert, key = self.certificate
        port = free_port()
        os.chmod(self.folder, 0o755)
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"""
                daemon off; worker_processes {workers}; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;
                user root;
                events {{ worker_connections 512; }}
                http {{
                    access_log off; client_max_body_size 0; client_body_temp_path {self.folder}/body;
                    proxy_temp_path {self.folder}/proxy; fastcgi_temp_path {self.folder}/fastcgi;
                    uwsgi_temp_path {self.folder}/uwsgi; scgi_temp_path {self.folder}/scgi;
                    keepalive_requests 100000; keepalive_timeout 60;
                    server {{
                        listen 127.0.0.1:{port} {listen}; listen [::1]:{port} {listen}; server_name localhost;
                        ssl_certificate {cert}; ssl_certificate_key {key};
                        {locations}
                    }}
                }}""")
        process = self.spawn("nginx", "-p", self.folder, "-c", config, "-e", f"{self.folder}/nginx.log",
                             env=environment)
        wait_until(lambda: is_listening(port), "nginx")
        return process, port

    def get_many(self, count, *arguments):
        """A captured client that GETs /0, /1 ... from nginx over one connection; `arguments` are sslsniff's."""
        _, port = self.nginx('keepalive_requests 100000; location / { return 200 "x"; }')
        client = ("import http.client, ssl, sys\n"
                  "c = http.client.HTTPSConnection('localhost', int(sys.argv[1]), context=ssl._create_unverified_context())\n"
                  "for i in range(int(sys.argv[2])):\n"
                  "    c.request('GET', f'/{i}'); c.getresponse().read()\n")
        done = subprocess.run([SSLSNIFF, *arguments, "--", PYTHON, "-c", client, str(port), str(count)], capture_output=True,
                              text=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stderr)

    def curl(self, url, *arguments):
        """The output of curl, which must succeed."""
        self.need("curl")
        return subprocess.run(["curl", "-sS", "--http1.1", "--cacert", self.certificate[0], *map(str, arguments), url],
                              check=True, stdout=subprocess.PIPE, timeout=PATIENCE).stdout


@contextlib.contextmanager
def in_background(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(PATIENCE)
