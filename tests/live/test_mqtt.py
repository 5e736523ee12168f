"""Real mosquitto, mosquitto_pub and mosquitto_sub under capture."""
import os
import subprocess

from harness import LiveTest, free_port, is_listening, wait_until
from pairs import Tshark


class MqttTest(LiveTest):
    def server(self, tls=False, password=None):
        """A running mosquitto: (process, port)."""
        self.need("mosquitto", "mosquitto_pub", "mosquitto_sub")
        port = free_port()
        lines = [f"listener {port} 127.0.0.1", "persistence false"]
        if tls:
            lines += [f"certfile {self.certificate[0]}", f"keyfile {self.certificate[1]}"]
        if password:
            users = os.path.join(self.folder, "users")
            subprocess.run(["mosquitto_passwd", "-b", "-c", users, "alice", password], check=True, capture_output=True)
            lines += [f"password_file {users}"]
        else:
            lines += ["allow_anonymous true"]
        config = os.path.join(self.folder, "mosquitto.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join([*lines, "user root", ""]))
        process = self.spawn("mosquitto", "-c", config, stderr=subprocess.DEVNULL)
        wait_until(lambda: is_listening(port), "mosquitto")
        return process, port

    @staticmethod
    def run_client(program, port, *arguments):
        return subprocess.run([program, "-h", "127.0.0.1", "-p", str(port), *map(str, arguments)], capture_output=True, text=True,
                              timeout=60)

    def subscriber(self, capture, port, *arguments):
        process = self.spawn("mosquitto_sub", "-h", "127.0.0.1", "-p", port, *arguments, stdout=subprocess.PIPE, text=True)
        wait_until(lambda: any(t["packet"] == "SUBSCRIBE" for t in capture.seen_so_far()), "SUBSCRIBE")
        return process

    def of_packet(self, capture, packet, role="server"):
        return [t for t in capture.transactions if t["packet"] == packet and t["connection"]["role"] == role]

    def assert_complete(self, capture):
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "mqtt")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])

    def converse(self, server, port, *options, version="mqttv311", outputs=("-o", "text")):
        """Messages of each QoS from a publisher to a subscriber: the capture."""
        texts = ["zero", "one " * 1000, "two"]
        with self.capture("-p", server.pid, "-c", "mosquitto_pub", outputs=outputs) as capture:
            receiver = self.subscriber(capture, port, "-t", "sensors/#", "-q", 2, "-C", 3, "-V", version, *options)
            for qos, text in enumerate(texts):
                done = self.run_client("mosquitto_pub", port, "-t", f"sensors/{qos}", "-q", qos, "-m", text, "-V", version, *options)
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(receiver.communicate(timeout=60)[0].splitlines(), texts)
            wait_until(lambda: sum(t["packet"] == "DISCONNECT" for t in capture.seen_so_far()) >= 7, "the last message")
        published = [t for t in self.of_packet(capture, "PUBLISH") if "packet" in t.get("request", {})
                     and t["request"]["packet"] == "PUBLISH"]
        delivered = [t for t in self.of_packet(capture, "PUBLISH") if t.get("response", {}).get("packet") == "PUBLISH"]
        for packets, side, other in ((published, "request", "response"), (delivered, "response", "request")):
            self.assertEqual([(t["topic"], t[side]["qos"], t[side]["payload"]["text"]) for t in packets],
                             [(f"sensors/{qos}", qos, text) for qos, text in enumerate(texts)])
            self.assertEqual([t.get(other, {}).get("packet") for t in packets], [None, "PUBACK", "PUBCOMP"])
        self.assertEqual([t["topic"] for t in self.of_packet(capture, "PUBLISH", "client")], [f"sensors/{q}" for q in range(3)])
        (subscribed,) = self.of_packet(capture, "SUBSCRIBE")
        self.assertEqual(subscribed["request"]["filters"][0]["filter"], "sensors/#")
        self.assert_complete(capture)
        return capture

    def test_all_qos(self):
        server, port = self.server()
        path = os.path.join(self.folder, "out.pcapng")
        capture = self.converse(server, port, outputs=("-o", "text", "-w", path))
        self.assertIn("mqtt  PUBLISH sensors/1 QoS 1 → PUBACK", capture.stdout)
        self.assertEqual({t["version"] for t in capture.transactions}, {"3.1.1"})
        self.need("tshark")
        rows = Tshark(path, self.folder).fields("mqtt.msgtype == 3", "mqtt.topic", "mqtt.qos")
        self.assertEqual(sorted({row[0] for row in rows}), [f"sensors/{q}" for q in range(3)])

    def test_version_5(self):
        server, port = self.server()
        capture = self.converse(server, port, version="mqttv5")
        self.assertEqual({t["version"] for t in capture.transactions}, {"5.0"})

    def test_tls(self):
        server, port = self.server(tls=True)
        capture = self.converse(server, port, "--cafile", self.certificate[0], "--insecure")
        self.assertEqual({t["connection"]["carrier"] for t in capture.transactions}, {"tls"})

    def test_passwords_are_hidden(self):
        server, port = self.server(password="open sesame")
        with self.capture("-p", server.pid, outputs=("-o", "text", "-v")) as capture:
            for password, status in ("open sesame", 0), ("wrong sesame", 5):
                done = self.run_client("mosquitto_pub", port, "-t", "t", "-m", "x", "-u", "alice", "-P", password)
                self.assertEqual(done.returncode, status, done.stderr)
            wait_until(lambda: sum(t["packet"] == "CONNECT" for t in capture.seen_so_far()) >= 2, "CONNECT")
        self.assertEqual([(t["request"]["username"], t["request"]["password"], t["response"]["reason_code"])
                          for t in self.of_packet(capture, "CONNECT")], [("alice", "***", 0), ("alice", "***", 5)])
        with open(capture.json_path, encoding="utf-8") as file:
            self.assertNotIn("sesame", file.read() + capture.stdout)

    def test_joined_midstream(self):
        """What a subscriber gets that was connected long before."""
        server, port = self.server()
        receiver = self.spawn("mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-t", "t/#", "-q", 1, "-C", 3, stdout=subprocess.PIPE,
                              text=True)
        self.run_client("mosquitto_pub", port, "-t", "t/0", "-m", "0", "-q", 1, "-r")  # the subscription is there, or comes to it
        receiver.stdout.readline()
        def delivered():
            """Both sides may send these packets: which one did is not known before one tells."""
            return [(t["topic"], side["payload"]["text"]) for t in capture.seen_so_far() if t["packet"] == "PUBLISH"
                    for side in (t.get("request", {}), t.get("response", {}))
                    if side.get("packet") == "PUBLISH" and t["connection"].get("joined_midstream")]

        with self.capture("-p", server.pid) as capture:
            for number in (1, 2):
                self.run_client("mosquitto_pub", port, "-t", f"t/{number}", "-m", f"text {number}", "-q", 1)
            receiver.wait(60)
            wait_until(lambda: len(delivered()) >= 2, "messages")
        self.assertEqual(delivered(), [("t/1", "text 1"), ("t/2", "text 2")])
