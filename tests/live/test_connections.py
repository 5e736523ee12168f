"""The life of connections: --connections and the records in JSON, whatever they carry."""
import socket
import subprocess

from harness import LiveTest, free_port

# Each line that is read names a way to treat a connection; its two ends are told.
PAIR = """if True:
    import socket, struct, sys, time
    listener = socket.create_server(("127.0.0.1", 0))
    for line in sys.stdin:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        if line == "data\\n":
            client.sendall(b"!" * 1000)
            server.recv(1000, socket.MSG_WAITALL)
            server.sendall(b"?" * 10)
            client.recv(10, socket.MSG_WAITALL)
            client.close()
            server.close()
        elif line == "nothing\\n":
            server.close()
            client.close()
        elif line == "reset\\n":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"!")
            server.recv(1)
            client.close()
            try:
                server.recv(1)
            except ConnectionResetError:
                pass
            server.close()
        print("done")
"""


class ConnectionsTest(LiveTest):
    def treat(self, way, *options):
        """Both records of a connection in a process of its own, the client's first; and sslsniff's stdout."""
        process = self.python(PAIR)
        with self.capture("-p", process.pid, "--connections", *options) as capture:
            process.stdin.write(way + "\n")
            process.stdin.flush()
            process.stdout.readline()
        records = sorted(capture.of_type("connection"), key=lambda c: c["connection"]["role"])
        self.assertEqual([c["connection"]["role"] for c in records], ["client", "server"], records)
        return *records, capture

    def test_both_ends_are_told(self):
        client, server, capture = self.treat("data")
        self.assertEqual(client["connection"]["local"], server["connection"]["remote"])
        self.assertEqual(client["connection"]["remote"], server["connection"]["local"])
        self.assertGreater(client["connection"]["connect_us"], 0)
        self.assertNotIn("connect_us", server["connection"])
        for record, sent, received in (client, 1000, 10), (server, 10, 1000):
            self.assertEqual((record["sent"]["bytes"], record["received"]["bytes"]), (sent, received))
            self.assertEqual(record["reason"], "socket_closed")
            self.assertNotIn("joined_midstream", record["connection"])
        self.assertEqual(capture.transactions, [])

    def test_nothing_passed(self):
        client, server, _ = self.treat("nothing")
        for record in client, server:
            self.assertEqual((record["sent"]["bytes"], record["received"]["bytes"]), (0, 0))
            self.assertEqual(record["reason"], "socket_closed")

    def test_reset(self):
        client, server, _ = self.treat("reset")
        self.assertEqual((client["reason"], server["reason"]), ("reset", "reset"))

    def test_refused(self):
        port = free_port()
        with self.capture("-c", "curl", outputs=("-o", "text")) as capture:
            subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/"], check=False)
        (connection,) = capture.of_type("connection")
        self.assertEqual(connection["connection"]["remote"], {"address": "127.0.0.1", "port": port})
        self.assertEqual(connection["reason"], "refused")
        self.assertIn(f"> 127.0.0.1:{port} tcp  connection refused", capture.stdout)

    def test_timed_out(self):
        """In a network of its own, in which a neighbour is known who takes nothing."""
        self.need("curl", "ip", "unshare")
        network = """set -e
            ip link add v0 type veth peer name v1
            ip address add 192.0.2.1/24 dev v0
            ip link set v0 up; ip link set v1 up
            ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0
            echo 1 >/proc/sys/net/ipv4/tcp_syn_retries"""
        if subprocess.run(["unshare", "--net", "sh", "-c", network], capture_output=True).returncode != 0:
            self.skipTest("no network namespaces with veth here")
        with self.capture("-c", "curl", "--connections", outputs=("-o", "text")) as capture:
            curl = subprocess.run(["unshare", "--net", "sh", "-c", network + "; exec curl -s http://192.0.2.2:81/"],
                                  check=False)
        self.assertNotEqual(curl.returncode, 0)
        (record,) = capture.of_type("connection")
        self.assertEqual(record["connection"]["remote"], {"address": "192.0.2.2", "port": 81})
        self.assertEqual(record["reason"], "timed_out")
        self.assertGreaterEqual(record["duration_us"], 1_000_000)
        self.assertNotIn("connect_us", record["connection"])
        self.assertIn("timed out", capture.stdout)

    def test_table(self):
        process = self.python(PAIR)
        with self.capture("-p", process.pid, "--connections", "-n", 4, outputs=("-o", "text")) as capture:
            for way in "data", "reset":
                process.stdin.write(way + "\n")
                process.stdin.flush()
                process.stdout.readline()
            capture.process.wait(60)  # by itself: four connections
        heading, *rows = capture.stdout.splitlines()
        self.assertEqual(heading.split(), ["OPENED", "PROCESS", "LOCAL", "REMOTE", "PROTOCOL", "SENT", "RECV", "CONNECT",
                                           "LASTED", "END", "NAME"])
        self.assertEqual(len(rows), 4, capture.stdout)
        words = next(row for row in rows if ">" in row and "closed" in row).split()
        self.assertEqual(words[1], f"python3[{process.pid}]")
        self.assertEqual(words[5:9], ["tcp", "?", "1.0k", "10"])
        self.assertEqual([row.split()[-1] for row in rows].count("reset"), 2, rows)

    def test_tls_has_the_time_of_connect(self):
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid, "-c", "curl", "--connections", outputs=("-o", "text")) as capture:
            self.curl(f"https://localhost:{port}/")
        client, server = sorted(capture.of_type("connection"), key=lambda c: c["connection"]["role"])
        self.assertGreater(client["connection"]["connect_us"], 0)
        self.assertEqual(client["connection"]["remote_name"], "localhost")
        self.assertEqual(client["protocol"], "http/1.1")
        self.assertNotIn("connect_us", server["connection"])
        self.assertEqual(len(capture.stdout.splitlines()), 3, capture.stdout)

    def test_name_from_dns(self):
        """A name that the process asked dnsmasq for labels the peer it connects to afterwards, unless --no-names."""
        self.need("dnsmasq")
        dns = free_port()
        server = self.spawn("dnsmasq", "--keep-in-foreground", f"--port={dns}", "--listen-address=127.0.0.1",
                            "--bind-interfaces", "--no-resolv", "--no-hosts", "--address=/peer.test/127.0.0.1",
                            f"--pid-file={self.folder}/pid")
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        client = self.python(
            """if True:
            import socket, sys
            query = b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\4peer\\4test\\0\\0\\1\\0\\1"
            for _ in sys.stdin:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
                    resolver.connect(("127.0.0.1", int(sys.argv[1])))
                    resolver.settimeout(10)
                    resolver.send(query)
                    address = socket.inet_ntoa(resolver.recv(512)[-4:])
                with socket.create_connection((address, int(sys.argv[2]))) as peer:
                    peer.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
                print("done")
            """, dns, listener.getsockname()[1])
        for options, name in ((), "peer.test"), (("--no-names",), None):
            with self.capture("-p", client.pid, *options) as capture:
                client.stdin.write("\n")
                client.stdin.flush()
                client.stdout.readline()
            (record,) = [c for c in capture.of_type("connection") if c["connection"]["transport"] == "tcp"]
            self.assertEqual(record["connection"].get("remote_name"), name)
        self.assertIsNone(server.poll())
