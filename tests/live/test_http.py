"""nginx and curl: who talks to whom, seen from either end and from both."""
import json

from harness import LiveTest, body_of, header


class HttpTest(LiveTest):
    def fetch(self, url, *arguments):
        """The body and curl's own port."""
        output = self.curl(url, "-w", "\\n%{local_port}", *arguments)
        body, _, port = output.rpartition(b"\n")
        return body, int(port)

    def check_server_side(self, transaction, server_port, client_port, host, address):
        self.assertEqual(transaction["protocol"], "http/1.1")
        self.assertEqual(transaction["process"]["comm"], "nginx")
        connection = transaction["connection"]
        self.assertEqual(connection["role"], "server")
        self.assertEqual(connection["local"], {"address": address, "port": server_port})
        self.assertEqual(connection["remote"], {"address": address, "port": client_port})
        self.assertIn(connection["correlation"], ("nested", "cached"))
        self.assertTrue(connection["tls"]["library"].startswith("OpenSSL "), connection["tls"])
        self.assertEqual(transaction["request"]["url"], f"https://{host}:{server_port}/x?y=1")
        self.assertEqual(transaction["response"]["status"], 200)
        self.assertEqual(body_of(transaction["response"]), b"hello from nginx\n")
        self.assertEqual(transaction["integrity"]["complete"], True)

    def test_server_side(self):
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid) as capture:
            body, client_port = self.fetch(f"https://localhost:{port}/x?y=1", "-4", "-H", "X-Test: a value")
            capture.wait_for(1)
        self.assertEqual(body, b"hello from nginx\n")
        (transaction,) = capture.transactions
        self.check_server_side(transaction, port, client_port, "localhost", "127.0.0.1")
        self.assertEqual(header(transaction["request"], "x-test"), "a value")
        self.assertEqual(capture.status, 0)
        self.assertEqual(capture.summary["transactions"], 1)

    def test_ipv6(self):
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid) as capture:
            _, client_port = self.fetch(f"https://[::1]:{port}/x?y=1", "-6")
            capture.wait_for(1)
        (transaction,) = capture.transactions
        self.check_server_side(transaction, port, client_port, "[::1]", "::1")

    def test_client_side(self):
        _, port = self.nginx()
        with self.capture("-c", "curl") as capture:
            _, client_port = self.fetch(f"https://localhost:{port}/x", "-4")
            capture.wait_for(1)
        (transaction,) = capture.transactions
        self.assertEqual(transaction["process"]["comm"], "curl")
        connection = transaction["connection"]
        self.assertEqual(connection["role"], "client")
        self.assertEqual(connection["local"], {"address": "127.0.0.1", "port": client_port})
        self.assertEqual(connection["remote"], {"address": "127.0.0.1", "port": port})
        self.assertEqual(body_of(transaction["response"]), b"hello from nginx\n")
        self.assertTrue(transaction["integrity"]["complete"])

    def test_both_ends_at_once(self):
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid, "-c", "curl") as capture:
            self.fetch(f"https://localhost:{port}/x", "-4")
            capture.wait_for(2)
        by_role = {t["connection"]["role"]: t for t in capture.transactions}
        self.assertEqual(sorted(by_role), ["client", "server"])
        client, server = by_role["client"], by_role["server"]
        self.assertEqual(client["connection"]["local"], server["connection"]["remote"])
        self.assertEqual(client["connection"]["remote"], server["connection"]["local"])
        self.assertNotEqual(client["connection"]["id"], server["connection"]["id"])
        for end, other in (client, server), (server, client):
            process = other["process"]
            self.assertEqual(end["connection"]["other_end"],
                             {"id": other["connection"]["id"], "pid": process["pid"], "comm": process["comm"]})
        for part in ("request", "response"):
            self.assertEqual(client[part], server[part])

    def test_keep_alive(self):
        nginx, port = self.nginx()
        url = f"https://localhost:{port}/"
        with self.capture("-p", nginx.pid) as capture:
            self.curl(url + "[1-5]")
            capture.wait_for(5)
        self.assertEqual([t["request"]["target"] for t in capture.transactions], ["/1", "/2", "/3", "/4", "/5"])
        self.assertEqual(len({t["connection"]["id"] for t in capture.transactions}), 1)

    def test_methods_and_bodies(self):
        nginx, port = self.nginx('location / { return 204; } location /up { dav_methods PUT; root /nowhere; }'
                                 'location /big { return 200 "0123456789"; }')
        with self.capture("-p", nginx.pid) as capture:
            self.curl(f"https://localhost:{port}/big", "-I")
            self.curl(f"https://localhost:{port}/", "--data-binary", "some body")
            self.curl(f"https://localhost:{port}/", "-X", "DELETE")
            capture.wait_for(3)
        head, post, delete = capture.transactions
        self.assertEqual((head["request"]["method"], head["response"]["body"]["size"]), ("HEAD", 0))
        self.assertEqual((post["request"]["method"], body_of(post["request"])), ("POST", b"some body"))
        self.assertEqual((delete["request"]["method"], delete["response"]["status"]), ("DELETE", 204))

    def test_thousand_short_connections_have_the_right_peer(self):
        """Every request carries the client's own port; SSL objects and sockets are reused all the time."""
        nginx, port = self.nginx('location / { return 200 "$remote_port"; }', workers=2)
        client = self.python(
            """if True:
            import json, socket, ssl, sys
            port, certificate, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
            context = ssl.create_default_context(cafile=certificate)
            ports = []
            sys.stdin.readline()
            for i in range(count):
                with socket.create_connection(("127.0.0.1", port)) as plain:
                    own = plain.getsockname()[1]
                    with context.wrap_socket(plain, server_hostname="localhost") as tls:
                        tls.sendall(f"GET /{own} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n".encode())
                        while tls.recv(65536):
                            pass
                ports.append(own)
            print(json.dumps(ports))
            """, port, self.certificate[0], 1000)
        with self.capture("-p", nginx.pid, "-p", client.pid) as capture:
            client.stdin.write("\n")
            client.stdin.flush()
            ports = json.loads(client.stdout.readline())
            client.wait()
            capture.wait_for(2000)
        self.assertEqual(len(capture.transactions), 2000)
        for role, own_end in (("client", "local"), ("server", "remote")):
            seen = [t for t in capture.transactions if t["connection"]["role"] == role]
            self.assertEqual(len(seen), 1000)
            for transaction in seen:
                named = int(transaction["request"]["target"].lstrip("/"))
                self.assertEqual(transaction["connection"][own_end]["port"], named)
                self.assertEqual(body_of(transaction["response"]), str(named).encode())
                self.assertTrue(transaction["integrity"]["complete"])
            self.assertEqual(sorted(int(t["request"]["target"][1:]) for t in seen), sorted(ports))
            self.assertEqual(len({t["connection"]["id"] for t in seen}), 1000)
