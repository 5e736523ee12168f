"""A TLS connection is bound to the socket that carries its records, whatever else is used inside its calls."""
import collections
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time

from harness import BACKENDS, PYTHON, LiveTest, free_port, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
EXCHANGES = 6
REQUESTS = 2  # of each connection


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def is_bound(port):
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(line.split()[1].endswith(f":{port:04X}") for line in table.readlines()[1:])


class Store:
    """What is asked: answers each request of each connection, over TLS if it has a context."""

    def __init__(self, context=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.context = context
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                plain = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.answer, args=(plain,), daemon=True).start()

    def answer(self, plain):
        connection = self.context.wrap_socket(plain, server_side=True) if self.context else plain
        with connection, connection.makefile("rb") as requests:
            while line := requests.readline():
                while requests.readline() not in (b"\r\n", b""):
                    pass
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfound")
                if b"HTTP/1.0" in line:
                    return

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class WhoseSocketTest(LiveTest):
    def converse(self, loop, way):
        """With peers/asking_server.py: (capture, {target: port of its client}, ports that asked the store)."""
        context = None
        if way == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
        store = Store(context)
        self.addCleanup(store.close)
        # Under another name: nobody can foresee that it has memory BIOs.
        program = shutil.copy(PYTHON, os.path.join(self.folder, "program"))
        self.server = self.spawn(program, "-u", os.path.join(HERE, "peers", "asking_server.py"), *self.certificate, loop,
                                 way, store.port, stdout=open(os.path.join(self.folder, "said"), "w+"))
        said = lambda: open(os.path.join(self.folder, "said"), encoding="ascii").read().split("\n")
        wait_until(lambda: len(said()) > 1, "the server")
        ports, looked_up = {}, 0
        if way != "helper":
            looked_up = EXCHANGES + (EXCHANGES * REQUESTS if way == "pool" else 0)
        with self.capture("-p", self.server.pid) as capture:
            for i in range(EXCHANGES):
                with socket.create_connection(("127.0.0.1", int(said()[0]))) as plain:
                    with client_context().wrap_socket(plain, server_hostname=f"name{i}.test") as connection:
                        ports[f"/{i}"] = connection.getsockname()[1]
                        for _ in range(REQUESTS):
                            connection.sendall(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % i)
                            data = b""
                            while not data.endswith(b"\r\n\r\n/%d" % i):
                                data += connection.recv(1000)
            capture.wait_for(EXCHANGES * REQUESTS + looked_up)
        return capture, ports, [int(line.split()[1]) for line in said()[1:] if line]

    def check(self, loop, way):
        capture, ports, asked = self.converse(loop, way)
        served = [t for t in capture.transactions if t["connection"]["role"] == "server"]
        self.assertEqual(
            collections.Counter((t["request"]["target"], t["connection"]["remote"]["port"]) for t in served),
            collections.Counter({(target, port): REQUESTS for target, port in ports.items()}))
        # The name that a client asks for is the server's, not the client's.
        named = {(t["request"]["target"], t["connection"]["tls"].get("sni")) for t in served}
        expected_names = {(f"/{i}", f"name{i}.test") for i in range(EXCHANGES)}
        if loop == "asyncio":  # of the first one the hello may have passed before the probes of BIOs came
            named -= {("/0", None)}
            expected_names -= {("/0", "name0.test")} - named
        self.assertEqual(named, expected_names)
        self.assertEqual([t["connection"] for t in served if "remote_name" in t["connection"]], [])
        self.assertEqual({t["connection"]["correlation"] for t in served},
                         {"nested" if loop == "blocking" else "ciphertext"})
        looked_up = [t for t in capture.transactions if t["connection"]["role"] != "server"]
        self.assertEqual({t["connection"]["carrier"] for t in looked_up}, {"tls" if way == "https" else "cleartext"} - (
            {"cleartext"} if way == "helper" else set()))
        self.assertEqual({t["connection"]["local"]["port"] for t in looked_up}, set(asked))
        names = collections.Counter(t["request"]["target"] for t in looked_up)
        expected = {f"/name{i}.test": 1 for i in range(EXCHANGES)} if way != "helper" else {}
        if way == "pool":
            expected |= {f"/later/{i}": REQUESTS for i in range(EXCHANGES)}
        self.assertEqual(names, collections.Counter(expected))
        transports = {c["connection"].get("transport") for c in capture.of_type("connection")}
        self.assertEqual(transports, {"tcp"})
        self.assertEqual(capture.summary["losses"], [])
        return served

    def test_connections_used_in_a_callback(self):
        self.check("blocking", "tcp")

    def test_connections_used_in_a_callback_of_a_memory_bio(self):
        self.check("asyncio", "tcp")

    def test_pooled_connection_used_in_callbacks(self):
        self.check("blocking", "pool")

    def test_pooled_connection_used_in_callbacks_of_memory_bios(self):
        self.check("asyncio", "pool")

    def test_tls_used_in_a_callback(self):
        self.check("blocking", "https")

    def test_tls_used_in_a_callback_of_a_memory_bio(self):
        self.check("asyncio", "https")

    def test_helper_asked_in_a_callback_of_a_memory_bio(self):
        if "--backend=perf" in BACKENDS:
            self.skipTest("probes attached one by one come later than the first of these short connections")
        self.check("asyncio", "helper")

    def test_datagrams(self):
        """DTLS at both ends, one of whose sockets is not connected: bound, shown once, and no ciphertext."""
        self.need("openssl")
        port = free_port()
        cert, key = self.certificate
        server = self.spawn("openssl", "s_server", "-dtls", "-accept", f"127.0.0.1:{port}", "-cert", cert, "-key", key,
                            "-quiet", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        wait_until(lambda: is_bound(port), "s_server")
        with self.capture("-c", "openssl") as capture:
            client = self.spawn("openssl", "s_client", "-dtls", "-connect", f"127.0.0.1:{port}", "-quiet",
                                "-servername", "dtls.test", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            time.sleep(3)  # probes that nothing needs are gone by then
            client.stdin.write(b"hello over dtls\n")
            client.stdin.flush()
            self.assertEqual(server.stdout.readline(), b"hello over dtls\n")
            server.stdin.write(b"answer over dtls\n")
            server.stdin.flush()
            self.assertEqual(client.stdout.readline(), b"answer over dtls\n")
            self.end(client)
            self.end(server)
            wait_until(lambda: len(capture.seen_so_far("connection")) >= 2, "both ends")
        ends = capture.of_type("connection")
        self.assertEqual({e["connection"]["carrier"] for e in ends}, {"tls"}, ends)
        self.assertEqual(sorted((e["sent"]["bytes"], e["received"]["bytes"]) for e in ends), [(16, 17), (17, 16)])
        self.assertEqual({e["connection"]["transport"] for e in ends}, {"udp"})
        told = [e["connection"]["tls"] for e in ends]
        self.assertEqual([(tls["version"], tls["sni"]) for tls in told], [("DTLSv1.2", "dtls.test")] * 2)
        self.assertEqual(len({tls["cipher"] for tls in told}), 1)
        one, other = (e["connection"] for e in ends)
        self.assertEqual((one["local"], one["remote"]), (other["remote"], other["local"]))
        self.assertIn(port, (one["local"]["port"], one["remote"]["port"]))
        self.assertEqual(capture.summary["losses"], [])
