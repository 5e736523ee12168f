"""tools/story: one sslsniff on a service that resolves a name, calls an HTTPS API, asks Redis and answers HTTP."""
import json
import os
import re
import shutil
import subprocess

from harness import BACKENDS, SSLSNIFF, LiveTest

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "story", "run")

# Of the first answer, which comes from the API, and of the second, which Redis remembers; as they end.
STORY = [("redis", "GET rate:EUR"), ("dns", "api.rates.test"), ("dns", "api.rates.test"), ("http/1.1", "/v1/rates?currency=EUR"),
         ("redis", "SET rate:EUR 1.0842 EX 60"), ("http/1.1", "/rate/EUR"), ("redis", "GET rate:EUR"), ("http/1.1", "/rate/EUR")]


class StoryTest(LiveTest):
    @staticmethod
    def told(transaction):
        request = transaction["request"]
        if transaction["protocol"] == "redis":
            return "redis", " ".join([request["command"], *request["args"]])
        return transaction["protocol"], request.get("name") or request["target"]

    def test_is_told_in_order(self):
        self.need("dnsmasq", "nginx", "redis-server", "curl", "openssl", "ip")
        packets = os.path.join(self.folder, "story.pcapng")
        records = os.path.join(self.folder, "story.jsonl")
        done = subprocess.run([RUN, SSLSNIFF, *BACKENDS, "-o", "text", "-o", f"json:{records}", "-w", packets], check=False,
                              capture_output=True, text=True, timeout=170)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(records, encoding="utf-8") as lines:
            transactions = [t for t in map(json.loads, lines) if t["type"] == "transaction"]
        self.assertEqual([self.told(t) for t in transactions], STORY, done.stdout)
        self.assertEqual([t["connection"]["carrier"] for t in transactions],
                         ["tls" if told[1].startswith("/v1") else "cleartext" for told in STORY])
        self.assertEqual({t["process"]["comm"] for t in transactions}, {"python3"})
        self.assertTrue(all(t["integrity"]["complete"] for t in transactions))
        self.assertEqual(transactions[3]["connection"]["remote"], {"address": "10.9.0.2", "port": 443})
        self.assertEqual(transactions[3]["connection"]["remote_name"], "api.rates.test")
        self.assertIn("0 events lost", done.stderr)

        rows = [line for line in done.stdout.splitlines() if re.match(r"\d\d:\d\d", line)]
        self.assertEqual(len(rows), len(STORY), done.stdout)
        for row, (_, what) in zip(rows, STORY):
            self.assertIn(what, row)
        self.assertIn("A api.rates.test → 10.9.0.2", done.stdout)
        if shutil.which("tshark"):
            self.check_packets(packets)

    def check_packets(self, packets):
        def fields(display_filter, field):
            return subprocess.run(["tshark", "-r", packets, "-Y", display_filter, "-T", "fields", "-e", field], check=True,
                                  capture_output=True, text=True, env={**os.environ, "HOME": self.folder}).stdout.split()
        self.assertEqual(fields("http.request", "http.request.uri"), ["/rate/EUR", "/v1/rates?currency=EUR", "/rate/EUR"])
        self.assertEqual(fields("http.request and tls", "http.request.uri"), ["/v1/rates?currency=EUR"])
        self.assertEqual(fields("udp and dns.flags.response == 1", "dns.qry.name"), ["api.rates.test"] * 2)
        self.assertEqual(len(fields("resp and tcp.dstport == 6379", "frame.number")), 3)
