"""Real Kafka clients (librdkafka, kafka-python) against librdkafka's mock brokers under capture."""
import os
import socket
import ssl
import struct
import subprocess
import threading

from harness import PYTHON, LiveTest, wait_until


class KafkaTest(LiveTest):
    def brokers(self, count=1, topics=("orders",)):
        """Mock brokers: (process, "HOST:PORT,...")."""
        self.need("kcat")
        if subprocess.run([PYTHON, "-c", "import ctypes; ctypes.CDLL('librdkafka.so.1')"], capture_output=True).returncode != 0:
            self.skipTest("needs librdkafka-dev")
        process = self.spawn(PYTHON, os.path.join(os.path.dirname(__file__), "peers", "kafka_mock.py"), count, *topics,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return process, process.stdout.readline().decode().strip()

    def need_module(self, module, package):
        if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode != 0:
            self.skipTest(f"needs {package}")

    @staticmethod
    def kcat(brokers, *options, stdin=None):
        return subprocess.run(["kcat", "-b", brokers, *map(str, options)], input=stdin, check=True, capture_output=True,
                              text=True, timeout=120).stdout

    @staticmethod
    def of(capture, api, role="client"):
        return [t for t in capture.transactions if t.get("request", {}).get("api") == api and t["connection"]["role"] == role]

    @staticmethod
    def values(transaction, side, topics, partitions):
        """The values of the records that a Produce or Fetch shows."""
        return [record["value"]["text"] for topic in transaction[side]["fields"][topics] for partition in topic[partitions]
                for record in partition["records"].get("first", [])]

    def assert_answered(self, capture):
        """All but what was under way when the client closed its connection."""
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "kafka")
            reason = transaction["integrity"].get("reason", "")
            self.assertIn(reason, ("", "no response"), transaction)
        self.assertEqual(capture.summary["losses"], [])

    def test_produce_and_consume(self):
        """By both sides, with every compression; what is shown is what kcat sent and got."""
        process, brokers = self.brokers()
        lines = [f"line {number}" for number in range(8)]
        codecs = ("none", "gzip", "snappy", "lz4", "zstd")
        with self.capture("-p", process.pid, "-c", "kcat", outputs=("-o", "text")) as capture:
            for codec in codecs:
                self.kcat(brokers, "-P", "-t", "orders", "-z", codec, stdin="\n".join(lines) + "\n")
            got = self.kcat(brokers, "-C", "-t", "orders", "-e", "-q").splitlines()
            wait_until(lambda: any(t["request"].get("api") == "Fetch" for t in capture.seen_so_far() if "request" in t), "Fetch")
        self.assertEqual(got, lines * len(codecs))
        for role in "client", "server":
            produced = self.of(capture, "Produce", role)
            self.assertEqual(sum(t["request"]["record_count"] for t in produced), len(lines) * len(codecs))
            shown = [value for t in produced for value in self.values(t, "request", "topic_data", "partition_data")]
            self.assertEqual(shown, lines * len(codecs))
            self.assertEqual({t["request"]["topics"][0] for t in produced}, {"orders"})
            self.assertEqual([t["response"]["fields"]["responses"][0]["partition_responses"][0]["base_offset"] for t in produced],
                             [index * len(lines) for index in range(len(codecs))])
            fetched = [t for t in self.of(capture, "Fetch", role) if "response" in t]
            self.assertEqual(sum(t["response"]["record_count"] for t in fetched), len(got))
        self.assert_answered(capture)
        self.assertIn("Produce v7 orders[0] 8 records → offset 0", capture.stdout)

    def test_groups(self):
        """JoinGroup waits for seconds, which is no timeout."""
        process, brokers = self.brokers()
        self.kcat(brokers, "-P", "-t", "orders", stdin="one\ntwo\n")
        with self.capture("-p", process.pid) as capture:
            got = self.kcat(brokers, "-G", "workers", "-e", "-q", "-X", "auto.offset.reset=earliest", "orders").splitlines()
        self.assertEqual(got, ["one", "two"])
        apis = {t["request"]["api"] for t in capture.transactions}
        self.assertLessEqual({"FindCoordinator", "JoinGroup", "SyncGroup", "Heartbeat", "OffsetFetch", "Fetch", "LeaveGroup"}, apis)
        for transaction in self.of(capture, "JoinGroup", "server"):
            self.assertEqual(transaction["request"]["group_id"], "workers")
        self.assert_answered(capture)

    def test_no_answer_wanted(self):
        process, brokers = self.brokers()
        with self.capture("-p", process.pid) as capture:
            self.kcat(brokers, "-P", "-t", "orders", "-X", "acks=0", stdin="one\n")
            wait_until(lambda: any(t["request"]["api"] == "Produce" for t in capture.seen_so_far()), "Produce")
        (produce,) = self.of(capture, "Produce", "server")
        self.assertTrue(produce["integrity"]["complete"])
        self.assertNotIn("response", produce)
        self.assert_answered(capture)

    def test_transactions(self):
        self.need_module("confluent_kafka", "python3-confluent-kafka")
        process, brokers = self.brokers()
        script = ("import sys, confluent_kafka as k\n"
                  "p = k.Producer({'bootstrap.servers': sys.argv[1], 'transactional.id': 'tx'})\n"
                  "p.init_transactions(60); p.begin_transaction(); p.produce('orders', b'v', b'k'); p.commit_transaction(60)\n")
        with self.capture("-p", process.pid) as capture:
            subprocess.run([PYTHON, "-c", script, brokers], check=True, timeout=120)
            wait_until(lambda: any(t["request"]["api"] == "EndTxn" for t in capture.seen_so_far()), "EndTxn")
        for api in "InitProducerId", "AddPartitionsToTxn", "Produce", "EndTxn":
            self.assertEqual({t["request"].get("transactional_id") for t in self.of(capture, api, "server")}, {"tx"}, api)
        (end,) = self.of(capture, "EndTxn", "server")
        self.assertTrue(end["request"]["fields"]["committed"])
        self.assert_answered(capture)

    def test_python(self):
        """kafka-python reads as much as there is, and asks for ApiVersions v0."""
        self.need_module("kafka", "python3-kafka")
        process, brokers = self.brokers(3, ("orders", "bills"))
        script = ("import sys, kafka\n"
                  "p = kafka.KafkaProducer(bootstrap_servers=sys.argv[1], api_version=(2, 0))\n"
                  "[p.send(t, b'v%d' % i, headers=[('h', b'x')]).get(60) for i, t in enumerate(('orders', 'bills') * 5)]\n"
                  "p.close()\n"
                  "c = kafka.KafkaConsumer('orders', bootstrap_servers=sys.argv[1], auto_offset_reset='earliest',\n"
                  "                        api_version=(2, 0), consumer_timeout_ms=3000)\n"
                  "print(sum(1 for _ in c)); c.close()\n")
        with self.capture("-p", process.pid) as capture:
            run = subprocess.run([PYTHON, "-c", script, brokers], check=True, capture_output=True, text=True, timeout=120)
        self.assertEqual(run.stdout.split(), ["5"])
        produced = self.of(capture, "Produce", "server")
        values = [value for t in produced for value in self.values(t, "request", "topic_data", "partition_data")]
        self.assertEqual(values, [f"v{number}" for number in range(10)])
        self.assertEqual(sum(t["response"]["record_count"] for t in self.of(capture, "Fetch", "server") if "response" in t), 5)
        self.assert_answered(capture)

    def test_joined_midstream(self):
        """A client that waits for each answer: its next requests are shown."""
        self.need_module("kafka", "python3-kafka")
        process, brokers = self.brokers()
        client = self.python("import sys, kafka\n"
                             "p = kafka.KafkaProducer(bootstrap_servers=sys.argv[1], api_version=(2, 0))\n"
                             "for line in sys.stdin:\n"
                             "    print(p.send('orders', line.strip().encode()).get(60).offset)\n", brokers)

        def produce(line):
            client.stdin.write(line + "\n")
            client.stdin.flush()
            return client.stdout.readline().strip()
        self.assertEqual(produce("before"), "0")
        with self.capture("-p", process.pid) as capture:
            self.assertEqual([produce(f"after {number}") for number in range(3)], ["1", "2", "3"])
            wait_until(lambda: sum(t.get("request", {}).get("api") == "Produce" for t in capture.seen_so_far()) == 3, "Produce")
        produced = self.of(capture, "Produce", "server")
        self.assertEqual([self.values(t, "request", "topic_data", "partition_data") for t in produced],
                         [[f"after {number}"] for number in range(3)])
        self.assertTrue(all(t["integrity"]["complete"] for t in produced), produced)

    def test_tls(self):
        """Behind a relay that speaks TLS to the clients, and names itself as the broker."""
        _, brokers = self.brokers()
        host, port = brokers.split(":")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        listener = socket.create_server(("127.0.0.1", 0))
        own = listener.getsockname()[1]

        def relay(client):
            with context.wrap_socket(client, server_side=True) as inside, socket.create_connection((host, int(port))) as broker:
                def back():
                    while data := broker.recv(65536):
                        inside.sendall(data.replace(struct.pack(">i", int(port)), struct.pack(">i", own)))
                threading.Thread(target=back, daemon=True).start()
                while data := inside.recv(65536):
                    broker.sendall(data)

        def accept():
            while True:
                try:
                    client = listener.accept()[0]
                except OSError:
                    return
                threading.Thread(target=relay, args=(client,), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        self.addCleanup(listener.close)
        options = ("-X", "security.protocol=ssl", "-X", f"ssl.ca.location={self.certificate[0]}",
                   "-X", "enable.ssl.certificate.verification=false")
        with self.capture("-c", "kcat") as capture:
            self.kcat(f"127.0.0.1:{own}", "-P", "-t", "orders", *options, stdin="secret\n")
        (produce,) = self.of(capture, "Produce")
        self.assertEqual(produce["connection"]["carrier"], "tls")
        self.assertEqual(self.values(produce, "request", "topic_data", "partition_data"), ["secret"])
        self.assertTrue(produce["integrity"]["complete"])
