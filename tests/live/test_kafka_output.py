"""-o kafka: what the brokers have is what the JSON file has, whatever happens to the brokers."""
import json
import os
import subprocess

from harness import PYTHON, SSLSNIFF, LiveTest, wait_until


class KafkaOutputTest(LiveTest):
    def brokers(self):
        self.need("kcat")
        if subprocess.run([PYTHON, "-c", "import ctypes; ctypes.CDLL('librdkafka.so.1')"], capture_output=True).returncode != 0:
            self.skipTest("needs librdkafka1")
        self.mock = self.spawn(PYTHON, os.path.join(os.path.dirname(__file__), "peers", "kafka_mock.py"), 1, "audit",
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return self.mock.stdout.readline().strip()

    def turn(self, state):
        self.mock.stdin.write(f"{state}\n")
        self.mock.stdin.flush()
        self.assertEqual(self.mock.stdout.readline(), f"{state}\n")

    def records(self, brokers):
        """(key, value) of all, in order."""
        out = subprocess.run(["kcat", "-b", brokers, "-C", "-t", "audit", "-e", "-q", "-K", "|"], check=True, capture_output=True,
                             text=True, timeout=120).stdout
        return [line.split("|", 1) for line in out.splitlines()]

    def check_equal(self, brokers, path):
        with open(path) as file:
            lines = file.read().splitlines()
        records = self.records(brokers)
        self.assertEqual([value for _, value in records], lines)
        for key, value in records:
            self.assertEqual(key, json.loads(value).get("connection", {}).get("id", ""))
        return lines

    def test_twenty_thousand_records(self):
        brokers = self.brokers()
        path = os.path.join(self.folder, "all.jsonl")
        self.get_many(20000, "-o", f"kafka:{brokers}/audit", "-o", f"json:{path}")
        lines = [json.loads(line) for line in self.check_equal(brokers, path)]
        self.assertEqual([line["request"]["target"] for line in lines if line["type"] == "transaction"],
                         [f"/{i}" for i in range(20000)])

    def test_brokers_that_go_and_come_back(self):
        brokers = self.brokers()
        nginx, port = self.nginx()
        path = os.path.join(self.folder, "all.jsonl")
        with self.capture("-p", nginx.pid, outputs=("-o", f"kafka:{brokers}/audit", "-o", f"json:{path}")) as capture:
            self.curl(f"https://localhost:{port}/before")
            wait_until(lambda: self.records(brokers), "the first record")
            self.turn("down")
            self.curl(f"https://localhost:{port}/meanwhile")
            wait_until(lambda: "records wait" in capture.stderr, "that it says so")
            self.turn("up")
            wait_until(lambda: len(self.records(brokers)) >= 2, "what waited")
            self.curl(f"https://localhost:{port}/after")
        self.assertEqual(capture.status, 0, capture.stderr)
        self.check_equal(brokers, path)

    def test_nobody_there(self):
        trace = os.path.join(os.path.dirname(__file__), "..", "fixtures", "http1_bodies.trace")
        done = subprocess.run([SSLSNIFF, "-r", trace, "-o", "kafka:127.0.0.1:1/audit"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"sslsniff: 7 of 7 records were not delivered to kafka:127\.0\.0\.1:1/audit: .*Connection refused")
