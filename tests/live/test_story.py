"""tools/story: one sslsniff on a service that asks PostgreSQL and Redis, resolves a name, calls an HTTPS API, tells Kafka and answers HTTP."""
import json
import os
import re
import shutil
import subprocess

from harness import BACKENDS, PYTHON, SSLSNIFF, LiveTest

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "story", "run")

# Of the first order, whose rate comes from the API, and of the second, whose rate Redis remembers; as they end. How the Kafka client
# finds its broker is left out: it asks for Metadata once or twice.
INSERT = "INSERT INTO orders (item, total) VALUES ('{}', {}) RETURNING id"
STORY = [("postgresql", "shop"), ("postgresql", "SELECT price FROM items WHERE name = 'tea'"), ("redis", "GET rate:EUR"),
         ("dns", "api.rates.test"), ("dns", "api.rates.test"), ("http/1.1", "/v1/rates?currency=EUR"), ("redis", "SET rate:EUR 1.0842 EX 60"),
         ("postgresql", INSERT.format("tea", 3.79)), ("kafka", "Produce orders 1"), ("http/1.1", "/orders"),
         ("postgresql", "SELECT price FROM items WHERE name = 'coffee'"), ("redis", "GET rate:EUR"),
         ("postgresql", INSERT.format("coffee", 4.55)), ("kafka", "Produce orders 1"), ("http/1.1", "/orders")]


class StoryTest(LiveTest):
    @staticmethod
    def told(transaction):
        request = transaction["request"]
        if transaction["protocol"] == "redis":
            return "redis", " ".join([request["command"], *request["args"]])
        if transaction["protocol"] == "postgresql":
            return "postgresql", request.get("statement") or request["user"]
        if transaction["protocol"] == "kafka":
            return "kafka", " ".join(map(str, [request["api"], *request.get("topics", []), request.get("record_count")]))
        return transaction["protocol"], request.get("name") or request["target"]

    @staticmethod
    def is_preparation(transaction):
        return transaction["protocol"] == "kafka" and transaction["request"]["api"] in ("ApiVersions", "Metadata")

    def test_is_told_in_order(self):
        self.need("dnsmasq", "nginx", "redis-server", "curl", "openssl", "ip")
        if subprocess.run([PYTHON, "-c", "import confluent_kafka, psycopg2"], capture_output=True, check=False).returncode != 0:
            self.skipTest("needs python3-confluent-kafka and python3-psycopg2")
        packets = os.path.join(self.folder, "story.pcapng")
        records = os.path.join(self.folder, "story.jsonl")
        done = subprocess.run([RUN, SSLSNIFF, *BACKENDS, "-o", "text", "-o", f"json:{records}", "-w", packets], check=False,
                              capture_output=True, text=True, timeout=170)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(records, encoding="utf-8") as lines:
            everything = [t for t in map(json.loads, lines) if t["type"] == "transaction"]
        transactions = [t for t in everything if not self.is_preparation(t)]
        self.assertEqual([self.told(t) for t in transactions], STORY, done.stdout)
        self.assertEqual([t["connection"]["carrier"] for t in transactions],
                         ["tls" if told[1].startswith("/v1") else "cleartext" for told in STORY])
        self.assertEqual({t["process"]["comm"] for t in transactions}, {"python3"})
        self.assertTrue(all(t["integrity"]["complete"] for t in everything))
        self.assertEqual(transactions[5]["connection"]["remote"], {"address": "10.9.0.2", "port": 443})
        self.assertEqual(transactions[5]["connection"]["remote_name"], "api.rates.test")
        self.assertIn("0 events lost", done.stderr)

        rows = [line for line in done.stdout.splitlines() if re.match(r"\d\d:\d\d", line)]
        self.assertEqual(len(rows), len(everything), done.stdout)
        for (protocol, what), row in zip(STORY, [row for row, t in zip(rows, everything) if not self.is_preparation(t)]):
            self.assertIn(what if protocol != "kafka" else "Produce v7 orders[0] 1 record → offset ", row)
        self.assertIn("A api.rates.test → 10.9.0.2", done.stdout)
        if shutil.which("tshark"):
            self.check_packets(packets)

    def check_packets(self, packets):
        def fields(display_filter, field):
            return subprocess.run(["tshark", "-r", packets, "-Y", display_filter, "-T", "fields", "-e", field], check=True,
                                  capture_output=True, text=True, env={**os.environ, "HOME": self.folder}).stdout.split()
        self.assertEqual(fields("http.request", "http.request.uri"), ["/orders", "/v1/rates?currency=EUR", "/orders"])
        self.assertEqual(fields("http.request and tls", "http.request.uri"), ["/v1/rates?currency=EUR"])
        self.assertEqual(fields("udp and dns.flags.response == 1", "dns.qry.name"), ["api.rates.test"] * 2)
        self.assertEqual(len(fields("pgsql.query", "frame.number")), 4)
        self.assertEqual(fields("kafka.message_value", "kafka.topic_name"), ["orders"] * 2)
        self.assertEqual(len(fields("resp and tcp.dstport == 6379", "frame.number")), 3)
