"""`sslsniff -- COMMAND`: captured from its first byte; its exit status is ours; its streams are its own."""
import os
import signal
import subprocess

from harness import SSLSNIFF, LiveTest, body_of, children_of, name_of, wait_until


class CommandTest(LiveTest):
    def run_command(self, *command, arguments=(), **options):
        options.setdefault("timeout", 60)
        return subprocess.run([SSLSNIFF, "-o", f"json:{self.folder}/run.jsonl", *arguments, "--", *command],
                              capture_output=True, **options)

    def test_first_byte(self):
        _, port = self.nginx()
        for _ in range(5):
            capture = self.capture(command=["curl", "-sS", "--http1.1", "--cacert", self.certificate[0],
                                            f"https://localhost:{port}/first"])
            capture.start().finish()
            self.assertEqual(capture.status, 0, capture.stderr)
            self.assertEqual(capture.stdout, "hello from nginx\n")
            (transaction,) = capture.transactions
            self.assertEqual(transaction["request"]["target"], "/first")
            self.assertEqual(body_of(transaction["response"]), b"hello from nginx\n")
            self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
            self.assertFalse(transaction["integrity"].get("joined_midstream", False))
            self.assertEqual(transaction["process"]["comm"], "curl")

    def test_children_of_a_shell(self):
        _, port = self.nginx()
        url = f"https://localhost:{port}"
        capture = self.capture(command=["sh", "-c", f"curl -sS --cacert $0 {url}/a; curl -sS --cacert $0 {url}/b; exit 3",
                                        self.certificate[0]])
        capture.start().finish()
        self.assertEqual(capture.status, 3)
        self.assertEqual([t["request"]["target"] for t in capture.transactions], ["/a", "/b"])

    def test_what_goes_to_the_background_is_told(self):
        """As nginx does when it is started by default: the command ends, its child goes on."""
        daemon = "sleep 1000 >/dev/null 2>&1 </dev/null & echo $!"
        result = self.run_command("sh", "-c", daemon)
        child = int(result.stdout)
        self.addCleanup(os.kill, child, signal.SIGKILL)
        self.assertEqual(result.returncode, 0)
        self.assertIn(f"sh has ended; what it started still runs in the background and is no longer captured: sleep[{child}]; capture it with -p PID"
                      .encode(), result.stderr)
        self.assertNotIn(b"still runs", self.run_command("sh", "-c", "sleep 0.1").stderr)
        self.assertNotIn(b"still runs", self.run_command("sh", "-c", "sleep 0.1 & wait").stderr)

    def test_exit_statuses(self):
        self.assertEqual(self.run_command("true").returncode, 0)
        self.assertEqual(self.run_command("sh", "-c", "exit 42").returncode, 42)
        self.assertEqual(self.run_command("sh", "-c", "kill -TERM $$").returncode, 128 + signal.SIGTERM)

    def test_commands_that_cannot_run(self):
        missing = self.run_command("/no/such/command")
        self.assertEqual(missing.returncode, 127)
        self.assertIn(b"sslsniff: cannot run /no/such/command: No such file or directory", missing.stderr)
        folder = self.run_command("/tmp")
        self.assertEqual(folder.returncode, 126)
        self.assertIn(b"sslsniff: cannot run /tmp: Permission denied", folder.stderr)

    def test_streams_are_its_own(self):
        result = self.run_command("sh", "-c", "cat; echo to stderr >&2", input=b"through")
        self.assertEqual(result.stdout, b"through")
        self.assertIn(b"to stderr\n", result.stderr)

    def test_interrupt_reaches_the_command(self):
        """Ctrl-C goes to the process group; sslsniff waits for the command and then gives its summary."""
        log = open(f"{self.folder}/stderr", "w+b")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [SSLSNIFF, "--", "sh", "-c", "trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.1; done"],
            stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        self.addCleanup(self.end, process)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        os.killpg(process.pid, signal.SIGINT)
        self.assertIn(b"interrupted\n", process.stdout.read())
        self.assertEqual(process.wait(60), 7)
        log.seek(0)
        self.assertIn(b"0 transactions", log.read())

    def test_terminate_is_forwarded(self):
        process = self.spawn(SSLSNIFF, "-q", "--", "sleep", "1000")
        wait_until(lambda: any(name_of(child) == "sleep" for child in children_of(process.pid)), "the command to run")
        process.terminate()
        self.assertEqual(process.wait(60), 128 + signal.SIGTERM)
