"""Real nats-server with the npm client and clients of a few lines under capture: each conversation equals what the client knows of it."""
import json
import os
import socket
import ssl
import subprocess

from harness import LiveTest, free_port, is_listening, wait_until
from npm import node_path

PACKAGES = ("nats@2.29.3", "nkeys.js@1.1.0", "tweetnacl@1.0.3")
# Requests and replies from both ends, headers, JetStream; prints what it knows.
CLIENT = """
const {connect, headers, StringCodec, AckPolicy} = require("nats");
const [port, ca] = process.argv.slice(1);
(async () => {
  const text = StringCodec(), known = {};
  const nc = await connect({servers: `127.0.0.1:${port}`, user: "bob", pass: "open sesame", reconnect: false,
                            ...(ca ? {tls: {caFile: ca}} : {})});
  const got = [];
  const sub = nc.subscribe("orders.*", {queue: "workers"});
  const reading = (async () => { for await (const m of sub) got.push([m.subject, text.decode(m.data)]); })();
  nc.subscribe("sums", {callback: (error, m) => m.respond(text.encode(String(eval(text.decode(m.data)))))});
  const h = headers();
  h.set("Trace", "abc");
  nc.publish("orders.new", text.encode("with headers"), {headers: h});
  nc.publish("orders.big", text.encode("PING\\r\\n".repeat(20000)));
  known.sums = [];
  for (const sum of ["1+1", "6*7"]) known.sums.push(text.decode((await nc.request("sums", text.encode(sum))).data));
  try { await nc.request("nobody", text.encode("?")); } catch (error) { known.error = error.code; }
  const manager = await nc.jetstreamManager();
  await manager.streams.add({name: "EVENTS", subjects: ["events.*"], storage: "memory"});
  await manager.consumers.add("EVENTS", {durable_name: "worker", ack_policy: AckPolicy.Explicit});
  const js = nc.jetstream();
  known.sequences = [];
  for (let i = 0; i < 3; ++i) known.sequences.push((await js.publish("events.a", text.encode(`event ${i}`))).seq);
  const consumer = await js.consumers.get("EVENTS", "worker");
  known.events = [];
  for await (const m of await consumer.fetch({max_messages: 3, expires: 5000})) {
    known.events.push(text.decode(m.data));
    m.seq === 3 ? m.nak() : m.ack();
  }
  await manager.streams.info("NOSUCH").catch(error => known.nosuch = error.api_error.code);
  await nc.flush();
  await nc.drain();
  await reading;
  known.got = got.map(([subject, data]) => [subject, data.length]);
  console.log(JSON.stringify(known));
})();
"""


class NatsTest(LiveTest):
    def server(self, *lines):
        """A running nats-server with JetStream: (process, port)."""
        self.need("nats-server")
        port = free_port()
        config = os.path.join(self.folder, "nats.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join([f"listen: 127.0.0.1:{port}", 'authorization { user: bob, password: "open sesame" }',
                                  f'jetstream {{ store_dir: "{self.folder}/store" }}', *lines, ""]))
        process = self.spawn("nats-server", "-c", config)
        wait_until(lambda: is_listening(port), "nats-server")
        return process, port

    def tls(self):
        cert, key = self.certificate
        return f'tls {{ cert_file: "{cert}", key_file: "{key}" }}'

    def run_client(self, port, authority=""):
        environment = {**os.environ, "NODE_PATH": node_path(self, *PACKAGES)}
        return json.loads(subprocess.run(["node", "-e", CLIENT, str(port), *([authority] if authority else [])], check=True,
                                         stdout=subprocess.PIPE, text=True, timeout=120, env=environment).stdout)

    @staticmethod
    def asked(capture, subject):
        return [t for t in capture.transactions if t.get("request", {}).get("subject") == subject]

    def check(self, capture, known):
        """One end of the conversation above."""
        sums = [t for t in self.asked(capture, "sums") if t["request"]["operation"] in ("PUB", "HPUB")]
        self.assertEqual([t["response"]["payload"]["text"] for t in sums], known["sums"])
        (nobody,) = self.asked(capture, "nobody")
        self.assertEqual(str(nobody["response"]["status"]), known["error"])
        (new,) = [t for t in self.asked(capture, "orders.new")]
        self.assertIn({"name": "Trace", "value": "abc"}, new["request"]["headers"])
        delivered = [t for t in capture.transactions if t.get("response", {}).get("subject", "").startswith("orders.")]
        self.assertEqual([[t["response"]["subject"], t["response"]["payload"]["size"]] for t in delivered], known["got"])
        published = self.asked(capture, "events.a")
        self.assertEqual([t["response"]["jetstream"]["stream_sequence"] for t in published], known["sequences"])
        events = [t for t in capture.transactions if t.get("response", {}).get("subject") == "events.a"]
        self.assertEqual([t["response"]["payload"]["text"] for t in events][:3], known["events"])
        self.assertEqual([t["response"]["jetstream"]["stream_sequence"] for t in events][:3], [1, 2, 3])
        self.assertEqual([t["request"]["payload"]["text"][:4] for t in events][:3], ["+ACK", "+ACK", "-NAK"])
        (nosuch,) = self.asked(capture, "$JS.API.STREAM.INFO.NOSUCH")
        self.assertEqual(nosuch["response"]["jetstream"]["error_code"], known["nosuch"])
        (connect,) = [t for t in capture.transactions if t.get("request", {}).get("operation") == "CONNECT"]
        self.assertEqual([connect["request"]["options"][name] for name in ("user", "pass")], ["bob", "***"])
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "nats")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])

    def wait_for_end(self, capture):
        wait_until(lambda: any("NOSUCH" in t.get("request", {}).get("subject", "") for t in capture.seen_so_far()), "the last request")

    def test_cleartext(self):
        server, port = self.server()
        with self.capture("-p", server.pid, "--max-body", 200000, outputs=("-o", "text", "-v")) as capture:
            known = self.run_client(port)
            self.wait_for_end(capture)
        self.check(capture, known)
        self.assertIn("PUB nobody → HMSG", capture.stdout)
        self.assertNotIn("sesame", capture.stdout)

    def test_tls_behind_info(self):
        """INFO in the clear, all else within TLS: from the client's end (OpenSSL in node) and the server's (Go)."""
        server, port = self.server(self.tls())
        with self.capture("-p", server.pid) as capture:
            known = self.run_client(port, self.certificate[0])
            self.wait_for_end(capture)
        self.assertEqual([t["connection"]["carrier"] for t in capture.transactions if t.get("response", {}).get("operation") == "INFO"][:1],
                         ["cleartext"])
        self.assertEqual({t["connection"]["carrier"] for t in capture.transactions if "request" in t}, {"tls"})
        self.check(capture, known)
        modules = f"NODE_PATH={node_path(self, *PACKAGES)}"
        with self.capture(command=("env", modules, "node", "-e", CLIENT, port, self.certificate[0])) as capture:
            pass
        self.assertEqual({t["connection"]["carrier"] for t in capture.transactions if "request" in t}, {"tls"})
        self.assertTrue(self.asked(capture, "$JS.API.STREAM.INFO.NOSUCH"))

    def talk(self, port, *lines, tls=False):
        """A client of a few lines: a socket that said them and heard the answer to PING."""
        connection = socket.create_connection(("127.0.0.1", port), 30)
        self.addCleanup(connection.close)
        heard = b""
        while not heard.endswith(b"\r\n"):
            heard += connection.recv(4096)
        if tls:
            connection = ssl.create_default_context(cafile=self.certificate[0]).wrap_socket(connection, server_hostname="localhost")
        connection.sendall(b"".join(lines) + b"PING\r\n")
        self.hear(connection, b"PONG\r\n")
        return connection

    @staticmethod
    def hear(connection, end):
        heard = b""
        while end not in heard:
            more = connection.recv(65536)
            assert more, heard
            heard += more
        return heard

    CONNECT = b'CONNECT {"verbose":%s,"user":"bob","pass":"open sesame","headers":true}\r\n'

    def test_verbose(self):
        server, port = self.server()
        with self.capture("-p", server.pid) as capture:
            connection = self.talk(port, self.CONNECT % b"true", b"SUB a 1\r\n", b"PUB a 2\r\nhi\r\n", b"UNSUB 1\r\n")
            connection.sendall(b"PUB a..b 1\r\nx\r\nnonsense\r\n")
            self.hear(connection, b"Unknown Protocol")
            capture.wait_for(7)
        pairs = [(t["request"]["operation"], t["response"]["operation"]) for t in capture.transactions if "request" in t and "response" in t]
        for operation in ("CONNECT", "SUB", "PUB", "UNSUB"):
            self.assertIn((operation, "+OK"), pairs)
        self.assertIn(("PING", "PONG"), pairs)

    def test_refused(self):
        server, port = self.server()
        with self.capture("-p", server.pid) as capture:
            with self.assertRaises(AssertionError):
                self.talk(port, b'CONNECT {"verbose":false,"user":"bob","pass":"wrong sesame"}\r\n')
            capture.wait_for(2)
        (refused,) = [t for t in capture.transactions if t.get("request", {}).get("operation") == "CONNECT"]
        self.assertEqual(refused["response"]["error"], "Authorization Violation")

    def test_joined_midstream(self):
        server, port = self.server()
        subscriber = self.talk(port, self.CONNECT % b"false", b"SUB news.> 1\r\n")
        publisher = self.talk(port, self.CONNECT % b"false")
        with self.capture("-p", server.pid) as capture:
            for number in range(5):
                publisher.sendall(b"PUB news.%d 6\r\ntext %d\r\nPING\r\n" % (number, number))
                self.hear(publisher, b"PONG\r\n")
                self.hear(subscriber, b"text %d\r\n" % number)
            wait_until(lambda: sum(t["protocol"] == "nats" and "subject" in str(t) for t in capture.seen_so_far()) >= 10, "messages")
        texts = [f"text {number}" for number in range(5)]
        for side in ("request", "response"):
            self.assertEqual([t[side]["payload"]["text"] for t in capture.transactions if "payload" in t.get(side, {})], texts)
