"""Limits, outputs, ends: what the command line promises."""
import json
import os
import resource
import signal
import subprocess
import time

from harness import SSLSNIFF, LiveTest, wait_until


class OptionsTest(LiveTest):
    def sslsniff(self, *arguments, **options):
        options.setdefault("timeout", 60)
        return subprocess.run([SSLSNIFF, *map(str, arguments)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, **options)

    def test_interrupt_flushes_and_summarises(self):
        nginx, port = self.nginx()
        for end in (signal.SIGINT, signal.SIGTERM):
            capture = self.capture("-p", nginx.pid, outputs=("-o", "text"), end=end)
            with capture:
                self.curl(f"https://localhost:{port}/")
                capture.wait_for(1)
            self.assertEqual(capture.status, 0)
            self.assertEqual(capture.summary["transactions"], 1)
            self.assertIn("1 transaction", capture.stderr)
            self.assertEqual(capture.stdout.count("\n"), 1, capture.stdout)

    def test_text_appears_at_once(self):
        nginx, port = self.nginx()
        process = self.spawn(SSLSNIFF, "-p", nginx.pid, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn(b"capturing", process.stderr.readline())
        for path in ("first", "second"):
            self.curl(f"https://localhost:{port}/{path}")
            line = process.stdout.readline()  # blocks for ever if it is kept back
            self.assertIn(f"/{path}".encode(), line)
            self.assertNotIn(b"\x1b", line)

    def test_count(self):
        nginx, port = self.nginx()
        capture = self.capture("-p", nginx.pid, "-n", 3)
        capture.start()
        self.curl(f"https://localhost:{port}/[1-20]")
        capture.process.wait(60)
        capture.finish()
        self.assertEqual(capture.status, 0)
        self.assertEqual([t["request"]["target"] for t in capture.transactions], ["/1", "/2", "/3"])
        self.assertEqual(capture.summary["transactions"], 3)

    def test_duration(self):
        nginx, _ = self.nginx()
        capture = self.capture("-p", nginx.pid, "--duration", "300ms").start()
        capture.process.wait(60)  # by itself
        capture.finish()
        self.assertEqual(capture.status, 0)
        self.assertEqual(capture.summary["transactions"], 0)

    def test_ends_with_its_last_process(self):
        first, second = (self.python("input(); import ssl") for _ in range(2))
        capture = self.capture("-p", first.pid, "-p", second.pid).start()
        first.communicate("\n")
        time.sleep(0.2)
        self.assertIsNone(capture.process.poll())
        second.communicate("\n")
        capture.process.wait(60)
        capture.finish()
        self.assertEqual(capture.status, 0)
        capture.summary

    def test_snaplen(self):
        nginx, port = self.nginx(f'location / {{ return 200 "{"x" * 1000}"; }}')
        with self.capture("-p", nginx.pid, "-s", 600) as capture:
            self.curl(f"https://localhost:{port}/")
            capture.wait_for(1)
        (transaction,) = capture.transactions
        self.assertEqual(transaction["response"]["status"], 200)
        self.assertFalse(transaction["integrity"]["complete"])
        self.assertGreater(transaction["integrity"]["missing_bytes"], 0)
        self.assertEqual(transaction["response"]["body"]["size"], 1000)
        self.assertLess(transaction["response"]["body"]["captured"], 1000)

    def test_several_outputs_and_replay(self):
        """A replayed trace gives the same text, JSON and trace, byte for byte."""
        nginx, port = self.nginx()
        names = {kind: f"{self.folder}/live.{kind}" for kind in ("text", "trace")}
        with self.capture("-p", nginx.pid, "-vv",
                          outputs=[w for k, f in names.items() for w in ("-o", f"{k}:{f}")]) as capture:
            self.curl(f"https://localhost:{port}/[1-3]", "--data-binary", "\x01\x1b[31mbytes\u00fc")
            self.curl(f"https://localhost:{port}/end")
            capture.wait_for(4)
        for path in (*names.values(), capture.json_path):
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        replay = self.sslsniff("-r", names["trace"], "-vv", "-o", f"text:{self.folder}/again.text",
                               "-o", f"json:{self.folder}/again.json", "-o", f"trace:{self.folder}/again.trace")
        self.assertEqual(replay.returncode, 0, replay.stderr)
        with open(names["trace"]) as trace:
            self.assertRegex(trace.read(), rf'\ncapture kernel="{os.uname().release}" tool="sslsniff \S+" clock_offset=\d+\n')
        for live, again in ((names["text"], "again.text"), (capture.json_path, "again.json"),
                            (names["trace"], "again.trace")):
            with open(live, "rb") as a, open(f"{self.folder}/{again}", "rb") as b:
                self.assertEqual(a.read(), b.read())

    def test_children(self):
        """nginx's workers are children of its master: there from before, and left out by --no-children."""
        nginx, port = self.nginx(workers=2)
        with self.capture("-p", nginx.pid, "--no-children") as capture:
            self.curl(f"https://localhost:{port}/")
            time.sleep(0.3)
        self.assertEqual(capture.transactions, [])

    def test_user_and_whole_host(self):
        nginx, port = self.nginx()
        for arguments in (("-a",), ("-u", "root"), ("-u", "0")):
            with self.capture(*arguments) as capture:
                self.curl(f"https://localhost:{port}/marker")
                wait_until(lambda: self.markers(capture.seen_so_far()) >= 2, "both ends")
            self.assertEqual(capture.status, 0)
        with self.capture("-u", "nobody") as capture:
            self.curl(f"https://localhost:{port}/marker")
            time.sleep(0.3)
        self.assertEqual(self.markers(capture.transactions), 0)

    @staticmethod
    def markers(transactions):
        """Others of the host are seen, too."""
        return sum(t.get("request", {}).get("target") == "/marker" for t in transactions)

    def test_closed_reader_ends_quietly(self):
        nginx, port = self.nginx()
        process = self.spawn(SSLSNIFF, "-p", nginx.pid, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn(b"capturing", process.stderr.readline())
        self.curl(f"https://localhost:{port}/")
        self.assertIn(b"GET", process.stdout.readline())
        process.stdout.close()
        self.curl(f"https://localhost:{port}/[1-3]")
        self.assertEqual(process.wait(60), 0)
        self.assertNotIn(b"error", process.stderr.read().lower())

    def test_full_disk(self):
        nginx, port = self.nginx()
        capture = self.capture("-p", nginx.pid, outputs=("-o", "trace:/dev/full")).start()
        self.curl(f"https://localhost:{port}/")
        capture.process.wait(60)
        capture.finish()
        self.assertEqual(capture.status, 1)
        self.assertRegex(capture.stderr, r"sslsniff: .*/dev/full.*No space left on device")
        self.assertRegex(capture.stderr, r"0 bytes")

    def test_file_size_limit(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        nginx, port = self.nginx()
        path = f"{self.folder}/limited"
        process = self.spawn(SSLSNIFF, "-p", nginx.pid, "-o", f"trace:{path}", stderr=subprocess.PIPE, preexec_fn=limit)
        self.assertIn(b"capturing", process.stderr.readline())
        self.curl(f"https://localhost:{port}/[1-100]")
        self.assertEqual(process.wait(60), 1)
        error = process.stderr.read().decode()
        self.assertIn(path, error)
        self.assertIn("4096 bytes", error)

    def test_messages(self):
        """Each is one line, says what is wrong, and comes with the right status."""
        for arguments, status, words in (
                ((), 2, "nothing to capture"),
                (("-p", "x"), 2, "'x' is not a process id"),
                (("-a", "-o", "text", "-o", "json"), 2, "stdout"),
                (("-p", 0x3ffffff0), 1, "no process"),
                (("-u", "no-such-user"), 1, "no-such-user"),
                (("-r", "/no/such/file"), 1, "/no/such/file"),
                (("-r", "/etc/passwd"), 1, "/etc/passwd"),
                (("-a", "-o", "json:/no/such/folder/x"), 1, "/no/such/folder/x")):
            with self.subTest(arguments=arguments):
                result = self.sslsniff(*arguments)
                self.assertEqual(result.returncode, status, result.stderr)
                self.assertTrue(result.stderr.startswith("sslsniff: "), result.stderr)
                self.assertIn(words, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertEqual(result.stdout, "")

    def test_missing_capabilities_are_named(self):
        self.need("setpriv")
        result = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", SSLSNIFF, "-a"],
            capture_output=True, text=True, timeout=60)
        if "Permission denied" in result.stderr and "setpriv" in result.stderr:
            self.skipTest("the build folder is not readable for others")
        self.assertEqual(result.returncode, 1)
        self.assertIn("CAP_BPF", result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_broken_trace_names_the_line(self):
        path = f"{self.folder}/broken.trace"
        with open(path, "w", encoding="utf-8") as file:
            file.write("sslsniff-trace 1.0\nnonsense here\n")
        result = self.sslsniff("-r", path)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"sslsniff: .*broken.trace.*line 2")

    def test_process_without_tls(self):
        sleeper = self.spawn("sleep", "1000")
        with self.capture("-p", sleeper.pid) as capture:
            pass
        self.assertEqual(capture.status, 0)
        self.assertRegex(capture.stderr, r"sleep.*no TLS library")

    def test_list_and_doctor(self):
        nginx, _ = self.nginx()
        listed = self.sslsniff("list", "-o", "json")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        libraries = [o for o in map(json.loads, listed.stdout.splitlines()) if o["type"] == "library"]
        self.assertIn(nginx.pid, [p["pid"] for l in libraries for p in l["processes"]])
        doctor = self.sslsniff("doctor", "-v", "-p", nginx.pid)
        self.assertEqual(doctor.returncode, 0, doctor.stdout)
        self.assertIn("SSL_read", doctor.stdout)
        self.assertEqual(self.sslsniff("doctor", "--nonsense").returncode, 2)

    def test_doctor_watches_traffic(self):
        nginx, port = self.nginx()
        doctor = self.spawn(SSLSNIFF, "doctor", "-p", nginx.pid, "--duration", "2s", "-o", "json",
                            stdout=subprocess.PIPE)
        while doctor.poll() is None:
            self.curl(f"https://127.0.0.1:{port}/")
        report = json.loads(doctor.stdout.read())
        self.assertEqual(doctor.returncode, 0)
        (process,) = report["traffic"]["processes"]
        self.assertEqual(process["comm"], "nginx")
        self.assertGreater(process["reads"], 0)
        self.assertEqual(process["bound_calls"], process["reads"] + process["writes"])
        self.assertEqual(report["traffic"]["lost_events"], 0)
