"""sslsniff stats: asks a capture that runs, stops it, starts it, sets its filters."""
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess

from harness import PATIENCE, SSLSNIFF, LiveTest, attacher_of, wait_until


class StatsTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.nginx_process, self.port = self.nginx()
        self.control = os.path.join(self.folder, "control")
        self.log = os.path.join(self.folder, "log")

    def start_capture(self, *arguments):
        process = self.spawn(SSLSNIFF, "-q", "-p", self.nginx_process.pid, "--control", self.control,
                             "-o", f"json:{self.log}", *arguments)
        wait_until(lambda: os.path.exists(self.control), "the control socket")
        wait_until(lambda: self.ask()["state"] == "capturing", "an answer")
        return process

    def stats(self, *words, fails=False):
        run = subprocess.run([SSLSNIFF, "stats", self.control, *words], capture_output=True, text=True, timeout=PATIENCE,
                             check=False)
        self.assertEqual(run.returncode != 0, fails, run.stderr)
        return run.stderr if fails else run.stdout

    def ask(self):
        return json.loads(self.stats("-o", "json"))

    def stop(self, capture):
        capture.send_signal(signal.SIGINT)
        self.assertEqual(capture.wait(PATIENCE), 0)

    def get(self, path):
        self.curl(f"https://localhost:{self.port}{path}")

    def shown(self):
        with open(self.log, encoding="utf-8") as lines:
            objects = list(map(json.loads, lines))
        return [o["request"]["target"] for o in objects if o["type"] == "transaction"]

    def test_says_how_it_is_going(self):
        capture = self.start_capture()
        mode = os.stat(self.control).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        for i in range(5):
            self.get(f"/{i}")
        wait_until(lambda: self.ask()["transactions"] == 5, "five transactions")
        status = self.ask()
        self.assertEqual(status["pid"], capture.pid)
        self.assertEqual(status["losses"], [])
        self.assertEqual(status["connections"]["total"], 5)
        self.assertGreater(status["bytes"]["sent"], 0)
        self.assertEqual([p["transactions"] for p in status["protocols"] if p["protocol"] == "http/1.1"], [5])
        self.assertEqual(status["buffer"]["size_bytes"], 64 << 20)
        maps = {m["name"]: m for m in status["maps"]}
        self.assertGreaterEqual(maps["processes"]["used"], 1)
        self.assertEqual(maps["connections"]["size"], 65536)
        self.assertTrue(any(name.startswith("nginx[") for name in status["processes"]), status["processes"])
        self.assertTrue(any("OpenSSL" in name for name in status["libraries"]), status["libraries"])
        wait_until(lambda: self.ask()["outputs"][0]["written_bytes"] > 1000, "bytes in the file")
        self.assertGreater(status["reader"]["cpu_us"], 0)
        wait_until(lambda: self.ask().get("attacher", {}).get("cpu_us", 0) > 0, "the attacher's use")
        page = self.stats()
        for line in (f"[{capture.pid}] on Linux", "5 shown", "http/1.1", "lost           nothing", "nginx["):
            self.assertIn(line, page)
        self.stop(capture)
        self.assertFalse(os.path.exists(self.control), "the socket goes with the capture")

    def test_stops_and_starts(self):
        capture = self.start_capture()
        self.get("/before")
        wait_until(lambda: self.shown() == ["/before"], "the first transaction")
        self.assertGreater(self.links(capture), 0)
        self.stats("stop")
        self.assertEqual(self.ask()["state"], "stopped")
        wait_until(lambda: self.links(capture) == 0, "every link to go")
        self.get("/unseen")
        self.stats("start")
        self.get("/after")
        wait_until(lambda: self.shown() == ["/before", "/after"], "the transaction behind the start")
        self.assertEqual(self.ask()["losses"], [])
        for i in range(3):
            self.stats("stop")
            self.stats("start")
            self.get(f"/{i}")
            wait_until(lambda i=i: self.shown()[-1] == f"/{i}", "what follows each start")
        self.stats("stop")
        self.stop(capture)
        self.assertEqual(self.shown(), ["/before", "/after", "/0", "/1", "/2"])

    @staticmethod
    def links(capture):
        """That the attacher holds."""
        folder = f"/proc/{attacher_of(capture.pid)}/fdinfo"
        found = 0
        for fd in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError), open(os.path.join(folder, fd), encoding="utf-8") as info:
                found += "link_type" in info.read()
        return found

    def test_sets_filters(self):
        capture = self.start_capture()
        self.stats("set", "where", 'request.target = "/wanted"')
        self.get("/other")
        self.get("/wanted")
        wait_until(lambda: self.shown() == ["/wanted"], "what passes the filter")
        status = self.ask()
        self.assertEqual((status["transactions"], status["filtered_from"]), (1, 2))
        self.assertIn(">>>", self.stats("set", "where", "status >>> 5", fails=True))
        self.stats("set", "where", "")
        self.stats("set", "filter", f"not port {self.port}")
        self.get("/filtered")
        self.stats("set", "filter", "")
        self.get("/last")
        wait_until(lambda: self.shown() == ["/wanted", "/last"], "what comes without filters")
        self.stop(capture)

    def test_answers_only_what_it_understands(self):
        capture = self.start_capture()

        def request(line):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(self.control)
                client.sendall(line)
                answer = b""
                while piece := client.recv(65536):
                    answer += piece
                return answer

        self.assertFalse(json.loads(request(b"dance\n"))["done"])
        self.assertFalse(json.loads(request(b"stop now\n"))["done"])
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            self.assertEqual(request(b"x" * 70_000), b"", "a request without an end")
        idle = [socket.socket(socket.AF_UNIX) for _ in range(10)]
        for client in idle:
            self.addCleanup(client.close)
            client.connect(self.control)
        self.assertEqual(json.loads(request(b"stats\n"))["state"], "capturing")
        nobody = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", SSLSNIFF, "stats", self.control],
                                capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertNotEqual(nobody.returncode, 0)
        self.stop(capture)

    def test_default_place(self):
        capture = self.spawn(SSLSNIFF, "-q", "-p", self.nginx_process.pid, "-o", f"json:{self.log}")
        place = f"/run/sslsniff/{capture.pid}.sock"
        wait_until(lambda: os.path.exists(place), "the control socket")
        wait_until(lambda: subprocess.run([SSLSNIFF, "stats", str(capture.pid)], capture_output=True,
                                          timeout=PATIENCE, check=False).returncode == 0, "an answer")
        os.kill(capture.pid, 9)
        wait_until(lambda: not os.path.exists(place), "the attacher takes the socket away")
        self.assertNotEqual(subprocess.run([SSLSNIFF, "stats", str(capture.pid)], capture_output=True,
                                           timeout=PATIENCE, check=False).returncode, 0)
