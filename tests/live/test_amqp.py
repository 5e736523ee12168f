"""Real RabbitMQ with pika, amqplib and amqp-tools under capture: each conversation equals what the client knows of it."""
import json
import os
import subprocess

from harness import PYTHON, LiveTest, free_port, is_listening, wait_until
from npm import node_path
from pairs import Tshark

# Publishes with confirms, consumes with and without acknowledgement, gets, calls and provokes an error. Prints what it knows.
PIKA = """
import json, ssl, sys, pika
port, authority = int(sys.argv[1]), sys.argv[2]
tls = pika.SSLOptions(ssl.create_default_context(cafile=authority), "localhost") if authority else None
known = {}
connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port, ssl_options=tls))
channel = connection.channel()
channel.queue_declare("jobs")
channel.exchange_declare("logs", "topic")
channel.queue_bind("jobs", "logs", "a.*")
channel.confirm_delivery()
bodies = ["", "one", "two " * 50000]
for number, body in enumerate(bodies):
    channel.basic_publish("logs", "a.%d" % number, body, pika.BasicProperties(content_type="text/plain", headers={"n": number}))
try:
    channel.basic_publish("logs", "nowhere", "lost", mandatory=True)
except pika.exceptions.UnroutableError as error:
    known["returned"] = error.messages[0].method.reply_code
known["delivered"] = []
for method, properties, body in channel.consume("jobs"):
    known["delivered"].append([method.delivery_tag, method.routing_key, body.decode()])
    if method.delivery_tag == 2:
        channel.basic_reject(2, requeue=False)
    else:
        channel.basic_ack(method.delivery_tag)
    if method.delivery_tag == 3:
        break
channel.cancel()
known["empty"] = channel.basic_get("jobs")[0] is None
def serve(ch, method, properties, body):
    ch.basic_publish("", properties.reply_to, str(eval(body)), pika.BasicProperties(correlation_id=properties.correlation_id))
    ch.basic_ack(method.delivery_tag)
server = connection.channel()
server.queue_declare("sums")
server.basic_consume("sums", serve)
answers = []
client = connection.channel()
client.basic_consume("amq.rabbitmq.reply-to", lambda ch, m, p, body: answers.append((p.correlation_id, body.decode())), auto_ack=True)
client.basic_publish("", "sums", "6*7", pika.BasicProperties(reply_to="amq.rabbitmq.reply-to", correlation_id="call-1"))
while not answers:
    connection.process_data_events(1)
known["answer"] = answers[0]
try:
    connection.channel().queue_declare("nosuch", passive=True)
except pika.exceptions.ChannelClosedByBroker as error:
    known["error"] = error.reply_code
connection.close()
print(json.dumps(known))
"""

# Many channels of one connection at once, so that their contents come within each other.
AMQPLIB = """
const amqp = require("amqplib");
(async () => {
  const connection = await amqp.connect(`amqp://127.0.0.1:${process.argv[1]}`, {frameMax: 8192});
  const received = [];
  await Promise.all([...Array(5).keys()].map(async n => {
    const channel = await connection.createConfirmChannel();
    const {queue} = await channel.assertQueue("", {exclusive: true});
    const got = new Promise(resolve => channel.consume(queue, m => {
      received.push([queue, m.content.toString()]);
      channel.ack(m);
      if (m.properties.type === "last") resolve();
    }));
    for (let i = 0; i < 10; ++i)
      channel.sendToQueue(queue, Buffer.from(`${n}.${i} `.repeat(4000)), {type: i == 9 ? "last" : "more"});
    await channel.waitForConfirms();
    await got;
    await channel.close();
  }));
  await connection.close();
  console.log(JSON.stringify(received));
})();
"""


class AmqpTest(LiveTest):
    def broker(self):
        """A running RabbitMQ: (process, port, port for TLS)."""
        program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
        self.need("epmd", program)
        cert, key = self.certificate
        port, tls_port, epmd_port = free_port(), free_port(), free_port()
        config = os.path.join(self.folder, "rabbitmq.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"listeners.tcp.1 = 127.0.0.1:{port}\nlisteners.ssl.1 = 127.0.0.1:{tls_port}\n"
                       f"ssl_options.certfile = {cert}\nssl_options.keyfile = {key}\nssl_options.verify = verify_none\n")
        with open(os.path.join(self.folder, "enabled_plugins"), "w", encoding="ascii") as file:
            file.write("[].")
        environment = {
            "PATH": os.environ["PATH"], "HOME": self.folder, "LC_ALL": "C.UTF-8", "ERL_EPMD_PORT": str(epmd_port),
            "RABBITMQ_NODENAME": "live@localhost", "RABBITMQ_DIST_PORT": str(free_port()), "RABBITMQ_CONFIG_FILE": config,
            "RABBITMQ_MNESIA_BASE": os.path.join(self.folder, "mnesia"), "RABBITMQ_LOG_BASE": os.path.join(self.folder, "log"),
            "RABBITMQ_PID_FILE": os.path.join(self.folder, "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": os.path.join(self.folder, "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"}
        self.spawn("epmd", "-port", epmd_port, "-address", "127.0.0.1")
        wait_until(lambda: is_listening(epmd_port), "epmd")
        self.spawn(program, env=environment)  # a shell, which ends its child
        wait_until(lambda: is_listening(port) and is_listening(tls_port), "RabbitMQ")
        with open(environment["RABBITMQ_PID_FILE"], encoding="ascii") as file:
            return int(file.read()), port, tls_port

    def python_module(self, module):
        if subprocess.run([PYTHON, "-c", "import " + module], capture_output=True).returncode != 0:
            self.skipTest(f"python3-{module} is not installed")

    def pika(self, port, authority=""):
        self.python_module("pika")
        return json.loads(subprocess.run([PYTHON, "-c", PIKA, str(port), authority], check=True, stdout=subprocess.PIPE, text=True,
                                         timeout=120).stdout)

    @staticmethod
    def of(capture, method, side="request"):
        return [t for t in capture.transactions if t.get(side, {}).get("method") == method]

    def check_pika(self, capture, known):
        """What one end of the conversation above was."""
        published = [t for t in self.of(capture, "basic.publish") if t["request"]["exchange"] == "logs"]
        self.assertEqual([t["request"]["routing_key"] for t in published], ["a.0", "a.1", "a.2", "nowhere"])
        self.assertEqual([t["response"]["method"] for t in published], ["basic.ack"] * 4)
        self.assertTrue(published[3]["returned"])
        self.assertEqual(published[1]["request"]["properties"]["headers"], [{"name": "n", "value": 1}])
        (returned,) = self.of(capture, "basic.return", "response")
        self.assertEqual(returned["response"]["reply_code"], known["returned"])
        delivered = [t for t in self.of(capture, "basic.deliver", "response") if t["response"]["exchange"] == "logs"]
        self.assertEqual([[t["response"]["delivery_tag"], t["response"]["routing_key"], t["response"]["payload"].get("text", "")]
                          for t in delivered if t["response"]["payload"]["size"] < 1000],
                         [row for row in known["delivered"] if len(row[2]) < 1000])
        self.assertEqual([t["response"]["payload"]["size"] for t in delivered], [len(row[2]) for row in known["delivered"]])
        self.assertEqual([t["request"]["method"] for t in delivered], ["basic.ack", "basic.reject", "basic.ack"])
        self.assertEqual([t["response"]["method"] for t in self.of(capture, "basic.get")], ["basic.get-empty"])
        (call,) = [t for t in self.of(capture, "basic.publish") if t["request"]["routing_key"] == "sums"]
        self.assertEqual([call["response"]["properties"]["correlation_id"], call["response"]["payload"]["text"]], known["answer"])
        (reply,) = [t for t in self.of(capture, "basic.publish") if "in_reply_to" in t]
        self.assertEqual(reply["request"]["payload"]["text"], "42")
        (failed,) = [t for t in self.of(capture, "queue.declare") if t["request"]["queue"] == "nosuch"]
        self.assertEqual(failed["response"]["reply_code"], known["error"])
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "amqp")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])

    def test_server(self):
        server, port, _ = self.broker()
        path = os.path.join(self.folder, "out.pcapng")
        with self.capture("-p", server, outputs=("-o", "text", "-v", "-w", path)) as capture:
            known = self.pika(port)
            wait_until(lambda: any(t.get("request", {}).get("method") == "connection.close" for t in capture.seen_so_far()), "the end")
        self.assertTrue(known["empty"])
        self.check_pika(capture, known)
        (login,) = self.of(capture, "connection.start-ok")
        self.assertEqual(login["request"]["response"], "***")
        self.assertIn("connection.start-ok PLAIN as guest → connection.tune", capture.stdout)
        self.assertIn("queue.declare nosuch → channel.close 404 NOT_FOUND", capture.stdout)
        self.need("tshark")
        rows = Tshark(path, self.folder).fields("amqp.method.class == 60 && amqp.method.method == 40", "amqp.method.arguments.routing_key")
        keys = [key for row in rows for key in row[0].split(",")]
        self.assertEqual(keys[:4], ["a.0", "a.1", "a.2", "nowhere"])

    def test_client_with_tls(self):
        """RabbitMQ's TLS is Erlang's own; the client's is OpenSSL's."""
        _, _, port = self.broker()
        with self.capture("-c", "python3") as capture:
            known = self.pika(port, self.certificate[0])
            wait_until(lambda: any(t.get("request", {}).get("method") == "connection.close" for t in capture.seen_so_far()), "the end")
        self.assertEqual({t["connection"]["carrier"] for t in capture.transactions}, {"tls"})
        self.check_pika(capture, known)

    def test_contents_within_each_other(self):
        modules = node_path(self, "amqplib@2.3.1")
        server, port, _ = self.broker()
        with self.capture("-p", server, "--max-body", 100000) as capture:
            out = subprocess.run(["node", "-e", AMQPLIB, str(port)], check=True, stdout=subprocess.PIPE, text=True, timeout=120,
                                 env={**os.environ, "NODE_PATH": modules}).stdout
            wait_until(lambda: any(t.get("request", {}).get("method") == "connection.close" for t in capture.seen_so_far()), "the end")
        received = sorted(map(tuple, json.loads(out)))
        delivered = self.of(capture, "basic.deliver", "response")
        self.assertEqual(sorted((t["response"]["routing_key"], t["response"]["payload"]["text"]) for t in delivered), received)
        published = self.of(capture, "basic.publish")
        self.assertEqual(sorted((t["request"]["routing_key"], t["request"]["payload"]["text"]) for t in published), received)
        self.assertEqual({t["response"]["method"] for t in published}, {"basic.ack"})
        self.assertEqual({t["request"]["method"] for t in delivered}, {"basic.ack"})
        self.assertTrue(all(t["integrity"]["complete"] for t in capture.transactions))

    def test_joined_midstream(self):
        self.python_module("pika")
        server, port, _ = self.broker()
        client = self.python("import sys, pika\n"
                             "connection = pika.BlockingConnection(pika.ConnectionParameters('127.0.0.1', int(sys.argv[1])))\n"
                             "channel = connection.channel(); channel.queue_declare('q')\n"
                             "channel.basic_consume('q', lambda ch, m, p, body: (ch.basic_ack(m.delivery_tag), print(body.decode())))\n"
                             "print('ready')\n"
                             "for line in sys.stdin:\n"
                             "    channel.basic_publish('', 'q', line.strip())\n"
                             "    connection.process_data_events(1)\n", port)
        self.assertEqual(client.stdout.readline(), "ready\n")
        with self.capture("-p", server) as capture:
            for number in range(4):
                client.stdin.write(f"message {number}\n")
                client.stdin.flush()
                self.assertEqual(client.stdout.readline(), f"message {number}\n")
            wait_until(lambda: sum(t.get("request", {}).get("method") == "basic.ack" for t in capture.seen_so_far()) >= 4, "messages")
        texts = [f"message {number}" for number in range(4)]
        self.assertEqual([t["request"]["payload"]["text"] for t in self.of(capture, "basic.publish")], texts)
        delivered = self.of(capture, "basic.deliver", "response")
        self.assertEqual([t["response"]["payload"]["text"] for t in delivered], texts)
        self.assertEqual([t.get("request", {}).get("method") for t in delivered][1:], ["basic.ack"] * 3)

    def test_amqp_tools(self):
        """Method, header and body by three calls each."""
        self.need("amqp-publish", "amqp-get", "amqp-declare-queue")
        server, port, _ = self.broker()
        url = f"--url=amqp://127.0.0.1:{port}"
        with self.capture("-p", server) as capture:
            subprocess.run(["amqp-declare-queue", url, "-q", "tools"], check=True, capture_output=True, timeout=60)
            subprocess.run(["amqp-publish", url, "-r", "tools", "-b", "a body"], check=True, timeout=60)
            out = subprocess.run(["amqp-get", url, "-q", "tools"], check=True, capture_output=True, timeout=60).stdout
            wait_until(lambda: sum(t.get("request", {}).get("method") == "connection.close" for t in capture.seen_so_far()) >= 3, "the end")
        self.assertEqual(out, b"a body")
        (published,) = self.of(capture, "basic.publish")
        (got,) = self.of(capture, "basic.get")
        self.assertEqual([published["request"]["payload"]["text"], got["response"]["payload"]["text"]], ["a body", "a body"])
