"""sslsniff as a service: what a service manager hears, and what its signals do."""
import contextlib
import json
import os
import signal
import socket
import time

from harness import PATIENCE, SSLSNIFF, LiveTest, wait_until


class ServiceTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(os.path.join(self.folder, "notify"))
        self.heard = []

    def service(self, *arguments, watchdog=None):
        environment = {**os.environ, "NOTIFY_SOCKET": os.path.join(self.folder, "notify")}
        if watchdog:
            environment["WATCHDOG_USEC"] = str(watchdog)
        process = self.spawn(SSLSNIFF, *arguments, env=environment)
        self.hear("READY=1")
        return process

    def hear(self, message):
        """Everything up to this message."""
        self.socket.settimeout(PATIENCE)
        while True:
            self.heard.append(self.socket.recv(4096).decode().split("\n"))
            if message in self.heard[-1]:
                return self.heard

    def json(self, name):
        with contextlib.suppress(FileNotFoundError), open(os.path.join(self.folder, name), encoding="utf-8") as lines:
            return [o for o in map(json.loads, lines) if o["type"] == "transaction"]
        return []

    def test_lives_reloads_and_stops(self):
        nginx, port = self.nginx()
        log = os.path.join(self.folder, "log")
        process = self.service("-q", "-p", nginx.pid, "-o", f"json:{log}", watchdog=200_000)
        self.curl(f"https://localhost:{port}/1")
        wait_until(lambda: len(self.json("log")) == 1, "the first transaction")
        self.hear("WATCHDOG=1")
        self.hear("WATCHDOG=1")
        os.rename(log, log + ".1")
        process.send_signal(signal.SIGHUP)
        self.hear("READY=1")
        reloading = next(message for message in self.heard if message[0] == "RELOADING=1")
        since, now = int(reloading[1].removeprefix("MONOTONIC_USEC=")) / 1e6, time.monotonic()
        self.assertLess(abs(now - since), PATIENCE)
        self.curl(f"https://localhost:{port}/2")
        wait_until(lambda: len(self.json("log")) == 1, "a transaction in the new file")
        process.send_signal(signal.SIGTERM)
        self.hear("STOPPING=1")
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual([t["request"]["target"] for t in self.json("log.1") + self.json("log")], ["/1", "/2"])
        status = next(m[0] for m in self.heard if m[0].startswith("STATUS="))
        self.assertRegex(status, r"^STATUS=\d+ transactions?, .* events lost$")

    def test_a_reload_without_files_is_no_end(self):
        nginx, _ = self.nginx()
        process = self.service("-p", nginx.pid)
        for _ in range(2):
            process.send_signal(signal.SIGHUP)
            self.hear("READY=1")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_the_watchdog_hears_of_a_capture_whose_reader_stalls(self):
        nginx, port = self.nginx(f'location / {{ return 200 "{"x" * 1000}"; }}')
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        process = self.service("-q", "-p", nginx.pid, "-o", f"json:{fifo}", watchdog=200_000)
        self.curl(f"https://localhost:{port}/[1-400]")  # more than a pipe holds
        for _ in range(8):
            self.hear("WATCHDOG=1")
        self.assertIsNone(process.poll())

    def test_goes_on_in_its_log(self):
        nginx, port = self.nginx()
        log = os.path.join(self.folder, "log")
        for n in (1, 2):
            process = self.service("-q", "-p", nginx.pid, "--append", "-o", f"json:{log}")
            self.curl(f"https://localhost:{port}/{n}")
            wait_until(lambda n=n: len(self.json("log")) == n, "the transaction")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual([t["request"]["target"] for t in self.json("log")], ["/1", "/2"])
