"""Files, pipes and terminals that sslsniff writes to, and the signals that end or steer it: nothing makes it deaf."""
import fcntl
import json
import os
import pty
import resource
import signal
import stat
import subprocess
import termios

from harness import PATIENCE, SSLSNIFF, LiveTest, wait_until

STRANGER = 12345  # a uid without an account


class OutputsTest(LiveTest):
    def sslsniff(self, *arguments, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.run([SSLSNIFF, *map(str, arguments)], text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              check=False, **options)

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, text="old\n", mode=0o600):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def objects(self, name):
        return [json.loads(line) for line in self.read(name).splitlines()]

    def trace(self, transactions=3, name="in.trace"):
        """A recording of so many HTTP transactions."""
        if os.path.exists(self.path(name)):
            return self.path(name)
        nginx, port = self.nginx(f'location / {{ return 200 "{"x" * 1000}"; }}')
        with self.capture("-p", nginx.pid, outputs=("-o", f"trace:{self.path(name)}")) as capture:
            self.curl(f"https://localhost:{port}/[1-{transactions}]")
            capture.wait_for(transactions)
        return self.path(name)

    # What stderr is

    def test_stderr_that_cannot_be_written(self):
        """Neither a full nor a closed one, nor one that nobody reads, keeps the command from running."""
        reader, writer = os.pipe()
        os.close(reader)
        full = os.open("/dev/full", os.O_WRONLY)
        self.addCleanup(os.close, full)
        self.addCleanup(os.close, writer)
        for name, descriptor in (("full", full), ("gone", writer), ("closed", None)):
            with self.subTest(name):
                out = self.path(f"{name}.jsonl")
                command = [SSLSNIFF, "-o", f"json:{out}", "--", "sh", "-c", f"echo ran > {self.path(name)}; exit 7"]
                if descriptor is None:
                    command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
                result = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=descriptor, timeout=PATIENCE)
                self.assertEqual(result.returncode, 7)
                self.assertEqual(self.read(name), "ran\n")
                self.assertEqual([o["type"] for o in self.objects(f"{name}.jsonl")][-1], "summary")

    def test_stderr_that_nobody_reads(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 65536)
        except BlockingIOError:
            os.set_blocking(writer, True)
        sleeper = self.spawn("sleep", "1000")
        process = self.spawn(SSLSNIFF, "-p", sleeper.pid, "-o", f"json:{self.path('out')}", stderr=writer)
        os.close(writer)
        wait_until(lambda: os.path.exists(self.path("out")), "the capture")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual(self.objects("out")[-1]["type"], "summary")

    def test_closed_stdout_is_told(self):
        result = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", SSLSNIFF, "-r", self.trace(1)], text=True,
                                capture_output=True, timeout=PATIENCE)
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot write standard output: Bad file descriptor", result.stderr)

    def test_help_that_cannot_be_written(self):
        for arguments in (("--help",), ("--version",), ("list", "--help"), ("doctor", "--help"), ("list",)):
            with self.subTest(arguments), open("/dev/full", "w") as full:
                result = self.sslsniff(*arguments, stdout=full)
                self.assertEqual(result.returncode, 1)
                self.assertIn("No space left on device", result.stderr)

    # Readers that take nothing

    def stalled(self, *arguments):
        """sslsniff whose stdout is a pipe that is full."""
        trace = self.trace(20)
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        process = self.spawn(SSLSNIFF, "-r", trace, "-vv", *arguments, stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        wait_until(lambda: self.waiting(reader) >= 4096, "a full pipe")
        return process

    @staticmethod
    def waiting(descriptor):
        return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4), "little")

    def test_stalled_reader(self):
        for end in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            with self.subTest(end):
                process = self.stalled("-o", "text", "-o", f"json:{self.path('beside')}")
                process.send_signal(end)
                self.assertEqual(process.wait(PATIENCE), 1)
                self.assertRegex(process.stderr.read().decode(),
                                 r"standard output: its reader takes nothing \(4096 bytes written, [0-9]+ bytes not\)")
                # Another output is none the worse for it.
                self.assertEqual(self.objects("beside")[-1]["type"], "summary")

    def test_second_interrupt_ends_at_once(self):
        process = self.stalled()
        process.send_signal(signal.SIGINT)
        self.assertRaises(subprocess.TimeoutExpired, process.wait, 0.1)
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(PATIENCE), (-signal.SIGINT, 1))  # 1: it was faster

    def test_fifo_without_a_reader(self):
        os.mkfifo(self.path("fifo"))
        sleeper = self.spawn("sleep", "1000")
        for target in (("-p", sleeper.pid), ("-r", self.trace(1))):
            with self.subTest(target):
                process = self.spawn(SSLSNIFF, *target, "-o", f"json:{self.path('fifo')}", stderr=subprocess.PIPE)
                self.assertRaises(subprocess.TimeoutExpired, process.wait, 0.5)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(PATIENCE), 1)
                self.assertIn("nobody opened the FIFO", process.stderr.read().decode())

    def test_fifo_with_a_late_reader(self):
        os.mkfifo(self.path("fifo"))
        process = self.spawn(SSLSNIFF, "-r", self.trace(2), "-o", f"json:{self.path('fifo')}")
        self.assertRaises(subprocess.TimeoutExpired, process.wait, 0.3)
        kinds = [o["type"] for o in self.objects("fifo")]
        self.assertEqual(kinds.count("transaction"), 2)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_input_that_stalls(self):
        """Also within the first bytes, and within a packet or line."""
        for size in (0, 2, 30, 500):
            with self.subTest(size):
                process = self.spawn(SSLSNIFF, "-r", "-", "-o", f"json:{self.path('out')}", stdin=subprocess.PIPE)
                with open(self.trace(1), "rb") as trace:
                    process.stdin.write(trace.read()[:size])
                process.stdin.flush()
                self.assertRaises(subprocess.TimeoutExpired, process.wait, 0.3)
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)

    # Signals

    def test_signals_that_end_in_order(self):
        nginx, port = self.nginx()
        for end in (signal.SIGQUIT, signal.SIGUSR2, signal.SIGALRM):
            capture = self.capture("-p", nginx.pid, end=end)
            with capture:
                self.curl(f"https://localhost:{port}/")
                capture.wait_for(1)
            self.assertEqual(capture.status, 0)
            self.assertEqual(capture.summary["transactions"], 1)

    def test_totals_on_request(self):
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid) as capture:
            self.curl(f"https://localhost:{port}/[1-3]")
            capture.wait_for(3)
            capture.process.send_signal(signal.SIGUSR1)
            wait_until(lambda: "3 transactions" in capture.stderr, "the totals")
            self.assertIn("0 events lost", capture.stderr)
            self.curl(f"https://localhost:{port}/4")
            capture.wait_for(4)
        self.assertEqual(capture.summary["transactions"], 4)

    def test_log_rotation(self):
        """SIGHUP, after the files were renamed: every format goes on in a new file that can be read by itself."""
        nginx, port = self.nginx()
        formats = ("text", "trace", "pcapng", "har", "html")
        outputs = [word for kind in formats for word in ("-o", f"{kind}:{self.path(kind)}")]
        with self.capture("-p", nginx.pid, outputs=outputs) as capture:
            self.curl(f"https://localhost:{port}/before")
            capture.wait_for(1)
            capture.process.send_signal(signal.SIGHUP)  # nothing was renamed: nothing happens
            for kind in formats:
                os.rename(self.path(kind), self.path(f"{kind}.1"))
            os.rename(capture.json_path, self.path("json.1"))
            capture.process.send_signal(signal.SIGHUP)
            wait_until(lambda: os.path.exists(self.path("har")), "new files")
            self.curl(f"https://localhost:{port}/after")
            capture.wait_for(1)
        self.assertEqual(capture.status, 0)
        (before,) = [o for o in self.objects("json.1") if o["type"] == "transaction"]
        (after,) = capture.transactions
        self.assertEqual((before["request"]["target"], after["request"]["target"]), ("/before", "/after"))
        for kind in ("text", "har", "html"):
            self.assertIn("/before", self.read(f"{kind}.1"))
            self.assertNotIn("/before", self.read(kind))
            self.assertIn("/after", self.read(kind))
        for name, count in (("har.1", 1), ("har", 1)):
            self.assertEqual(len(json.loads(self.read(name))["log"]["entries"]), count)
        self.assertIn('{"continues":true}', self.read("html.1"))
        for name in ("html.1", "html"):
            self.assertTrue(self.read(name).startswith("<!DOCTYPE html>") and self.read(name).endswith("</html>\n"))
        for kind in ("trace", "pcapng"):
            for name, target in ((f"{kind}.1", "/before"), (kind, "/after")):
                result = self.sslsniff("-r", self.path(name), "-o", "json")
                self.assertEqual(result.returncode, 0, result.stderr)
                shown = [json.loads(line) for line in result.stdout.splitlines()]
                self.assertEqual([o["request"]["target"] for o in shown if o["type"] == "transaction"], [target])
                self.assertEqual(shown[-1]["missing_bytes"], 0)

    def test_hangup_of_the_terminal(self):
        """With SIGHUP or without, as for a process in the background: the capture ends with everything written."""
        nginx, port = self.nginx()
        for is_leader in (True, False):
            with self.subTest(is_leader=is_leader):
                out = self.path(f"leader-{is_leader}")
                master, slave = pty.openpty()

                def prepare():
                    os.setsid()
                    if is_leader:
                        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
                process = self.spawn(SSLSNIFF, "-p", nginx.pid, "-o", f"json:{out}", stdin=slave, stdout=slave,
                                     stderr=slave, preexec_fn=prepare)
                os.close(slave)
                shown = b""
                while b"capturing" not in shown:
                    shown += os.read(master, 4096)
                self.curl(f"https://localhost:{port}/last")
                os.close(master)
                self.assertEqual(process.wait(PATIENCE), 0)
                with open(out, encoding="utf-8") as lines:
                    kinds = [json.loads(line)["type"] for line in lines]
                self.assertEqual((kinds.count("transaction"), kinds[-1]), (1, "summary"))

    # Files

    def test_a_failed_start_changes_nothing(self):
        old = self.put("old")
        wrong = self.put("wrong", "nothing that was ever recorded\n")
        newer = self.put("newer", "sslsniff-trace 99.0\n")
        starts = [("-p", 0x3ffffff0), ("-r", "/no/such/file"), ("-r", wrong), ("-r", newer), ("-u", "no-such-user"),
                  ("-r", self.trace(1), "-o", "har:/no/such/folder/x"), ("-r", self.path("old"))]
        for start in starts:
            with self.subTest(start):
                for output in ("json", "pcapng", "trace", "text"):
                    result = self.sslsniff(*start, "-o", f"{output}:{old}", "--save-bodies", self.path("bodies"))
                    self.assertEqual(result.returncode, 1, result.stderr)
                    self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                    self.assertEqual(self.read("old"), "old\n")
                self.assertFalse(os.path.exists(self.path("bodies")))
                result = self.sslsniff(*start, "-o", f"json:{self.path('new')}")
                self.assertFalse(os.path.exists(self.path("new")))

    def test_a_start_without_capabilities_changes_nothing(self):
        self.need("setpriv")
        old = self.put("old")
        result = subprocess.run(
            ["setpriv", "--bounding-set=-all", "--inh-caps=-all", SSLSNIFF, "-a", "-o", f"json:{old}", "-o",
             f"text:{self.path('new')}"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(result.returncode, 1)
        self.assertIn("CAP_BPF", result.stderr)
        self.assertEqual(self.read("old"), "old\n")
        self.assertFalse(os.path.exists(self.path("new")))

    def test_input_is_no_output(self):
        trace = self.trace(1)
        before = self.read("in.trace")
        os.symlink("in.trace", self.path("link"))
        os.link(trace, self.path("hard"))
        for name in ("in.trace", "link", "hard", "./in.trace"):
            for output in (("-o", f"json:{self.path(name)}"), ("-w", self.path(name))):
                result = self.sslsniff("-r", trace, *output)
                self.assertEqual(result.returncode, 1)
                self.assertIn("it is also the input", result.stderr)
        with open(trace, "rb") as stdin:
            result = subprocess.run([SSLSNIFF, "-r", "-", "-o", f"json:{trace}"], stdin=stdin, capture_output=True)
            self.assertEqual(result.returncode, 1)
        with open(trace, "ab") as stdout:
            self.assertEqual(self.sslsniff("-r", trace, stdout=stdout).returncode, 1)
        self.assertEqual(self.read("in.trace"), before)

    def test_files_are_private(self):
        trace = self.trace(1)
        open_to_all = self.put("open", mode=0o666)
        with open(open_to_all, encoding="utf-8") as eavesdropper:
            self.assertEqual(self.sslsniff("-r", trace, "-o", f"json:{open_to_all}").returncode, 0)
            self.assertEqual(eavesdropper.read(), "old\n")
        self.assertEqual(stat.S_IMODE(os.stat(open_to_all).st_mode), 0o600)
        foreign = self.put("foreign", mode=0o666)
        os.chown(foreign, STRANGER, STRANGER)
        result = self.sslsniff("-r", trace, "-o", f"json:{foreign}")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"belongs to another user (uid {STRANGER})", result.stderr)
        self.assertEqual(self.read("foreign"), "old\n")

    def test_files_belong_to_the_caller_of_sudo(self):
        trace = self.trace(1)
        environment = {**os.environ, "SUDO_UID": str(STRANGER), "SUDO_GID": str(STRANGER + 1)}
        result = self.sslsniff("-r", trace, "-vv", "-o", f"json:{self.path('out')}", "-w", self.path("out.pcapng"),
                               "--save-bodies", self.path("bodies"), env=environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        (body,) = os.listdir(self.path("bodies"))
        for name in ("out", "out.pcapng", "bodies", f"bodies/{body}"):
            status = os.stat(self.path(name))
            self.assertEqual((status.st_uid, status.st_gid), (STRANGER, STRANGER + 1), name)

    def test_rotation_of_every_format(self):
        """By size: all are there, in files that hold not much more than a megabyte; a ring keeps the last ones."""
        trace = self.trace(1500)
        for kind in ("json", "trace"):
            with self.subTest(kind):
                result = self.sslsniff("-r", trace, "-C", 1, "-o", f"{kind}:{self.path(kind)}")
                self.assertEqual(result.returncode, 0, result.stderr)
                names = sorted(name for name in os.listdir(self.folder) if name.rstrip("0123456789") == kind)
                self.assertGreater(len(names), 1)
                targets = []
                for name in names:
                    self.assertLess(os.stat(self.path(name)).st_size, 1_100_000)
                    objects = self.objects(name) if kind == "json" else [
                        json.loads(line) for line in self.sslsniff("-r", self.path(name), "-o", "json").stdout.splitlines()]
                    # A trace is divided between events, so that a request may be in one file, its response in the next.
                    targets += [o["request"]["target"] for o in objects if o["type"] == "transaction" and "request" in o]
                self.assertEqual(targets, [f"/{i}" for i in range(1, 1501)])
        self.assertEqual(self.sslsniff("-r", trace, "-C", 1, "-W", 2, "-o", f"json:{self.path('ring')}").returncode, 0)
        names = [name for name in os.listdir(self.folder) if name.startswith("ring")]
        self.assertEqual(sorted(names), ["ring0", "ring1"])
        result = self.sslsniff("-r", trace, "-G", "1ms", "-W", 2, "-o", f"text:{self.path('few')}")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLess(self.read("few").count("\n"), 1500)

    # Limits

    def test_few_open_files(self):
        def limit(count):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
        sleeper = self.spawn("sleep", "1000")
        for count in (4, 5, 7, 40):
            with self.subTest(count):
                result = self.sslsniff("-p", sleeper.pid, preexec_fn=limit(count))
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stderr, rf"limit is {count}: raise it with ulimit -n")
                self.assertEqual(result.stderr.count("\n"), 1)

    def test_the_command_keeps_its_limits(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 5000))
        result = self.sslsniff("-q", "--", "sh", "-c", "ulimit -Sn", preexec_fn=limit)
        self.assertEqual(result.stdout, "300\n", result.stderr)

    def test_names_are_printable(self):
        for arguments in (("-r", "/no/\x1b[31mx"), ("-r", "/etc/passwd", "-o", "json:/no/\x1b[31m/x"),
                          ("-a", "-o", "json:/no/\x1b[31m/x"), ("-a", "--proto", "\x1b[31m"),
                          ("-a", "--save-bodies", "/no/\x1b[31m/x")):
            with self.subTest(arguments):
                result = self.sslsniff(*arguments)
                self.assertNotEqual(result.returncode, 0)
                self.assertNotIn("\x1b", result.stderr)
