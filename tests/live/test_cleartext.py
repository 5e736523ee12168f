"""What passes without TLS: HTTP, Redis, DNS, raw bytes over TCP and UDP, at either end."""
import os
import socket
import subprocess

from harness import PYTHON, body_of, free_port, is_listening, wait_until
from uncaptured import UncapturedTest


class CleartextTest(UncapturedTest):
    def http_server(self):
        """Python's own: (process, port)."""
        port = free_port()
        server = self.spawn(PYTHON, "-m", "http.server", "--bind", "127.0.0.1", "--directory", self.folder, port)
        wait_until(lambda: is_listening(port), "http.server")
        return server, port

    def redis(self):
        self.need("redis-server", "redis-cli")
        port = free_port()
        server = self.spawn("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", self.folder)
        wait_until(lambda: is_listening(port), "redis-server")
        return server, port

    def test_http_at_both_ends(self):
        server, port = self.http_server()
        content = os.urandom(3_000_000)
        with open(os.path.join(self.folder, "file"), "wb") as file:
            file.write(content)
        with self.capture("-p", server.pid, "-c", "curl", "--max-body", "4M") as capture:
            own = subprocess.run(["curl", "-sS", "-o", os.devnull, "-w", "%{local_port}", f"http://127.0.0.1:{port}/file"],
                                 check=True, capture_output=True, text=True).stdout
            capture.wait_for(2)
        by_role = {t["connection"]["role"]: t for t in capture.transactions}
        self.assertEqual(sorted(by_role), ["client", "server"])
        for transaction in by_role.values():
            self.assertEqual(transaction["connection"]["carrier"], "cleartext")
            self.assertEqual(transaction["connection"]["transport"], "tcp")
            self.assertEqual(transaction["connection"]["correlation"], "socket")
            self.assertEqual(transaction["request"]["url"], f"http://127.0.0.1:{port}/file")
            self.assertEqual(body_of(transaction["response"]), content)
            self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
        self.assertEqual(by_role["client"]["connection"]["local"], {"address": "127.0.0.1", "port": int(own)})
        self.assertEqual(by_role["server"]["connection"]["remote"], {"address": "127.0.0.1", "port": int(own)})
        self.assertEqual(capture.summary["missing_bytes"], 0)

    def test_tls_only_leaves_it_out(self):
        server, port = self.http_server()
        with self.capture("-p", server.pid, "--tls-only") as capture:
            subprocess.run(["curl", "-sS", "-o", os.devnull, f"http://127.0.0.1:{port}/"], check=True)
        self.assertEqual(capture.of_type("connection"), [])

    def test_cleartext_only_leaves_tls_out(self):
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid, "-c", "curl", "--cleartext-only") as capture:
            self.curl(f"https://localhost:{port}/x")
        self.assertEqual(capture.transactions, [])
        self.assertEqual(capture.of_type("connection"), [])

    def test_tls_is_not_shown_twice(self):
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid, "-c", "curl") as capture:
            self.curl(f"https://localhost:{port}/x")
            capture.wait_for(2)
        self.assertEqual(len(capture.connections(carrier="tls")), 2)
        # curl asks nobody for the address of localhost
        self.assertEqual(capture.connections(carrier="cleartext"), [])

    def fetch_by_memory_bio(self, count):
        """A capture of python asyncio, whose TLS library touches no socket."""
        _, port = self.nginx()
        client = self.python(
            """if True:
            import asyncio, ssl, sys
            async def fetch(port, certificate, count):
                context = ssl.create_default_context(cafile=certificate)
                for number in range(count):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
                    writer.write(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
                    await reader.read()
                    writer.close()
            sys.stdin.readline()
            asyncio.run(fetch(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
            """, port, self.certificate[0], count)
        with self.capture("-p", client.pid) as capture:
            client.stdin.write("\n")
            client.stdin.flush()
            client.wait()
            capture.wait_for(count)
        return capture

    def test_memory_bio_is_not_shown_twice(self):
        capture = self.fetch_by_memory_bio(1)
        self.assertEqual(len(capture.of_type("connection")), 1, capture.of_type("connection"))

    def test_memory_bio_hellos_are_read(self):
        """The socket is known by the ClientHello already; the ServerHello that follows is read all the same."""
        connections = self.fetch_by_memory_bio(20).connections(carrier="tls")
        self.assertEqual(len(connections), 20)
        for record in connections:
            tls = record["connection"]["tls"]
            self.assertEqual((record["connection"]["correlation"], tls.get("sni")), ("ciphertext", "localhost"), record)
            self.assertTrue(tls.get("version", "").startswith("TLSv1."), record)
            self.assertTrue(tls.get("cipher", "").startswith("TLS_"), record)

    def test_uncovered_tls_is_named(self):
        _, port = self.nginx()
        client = self.uncaptured_client()
        with self.capture("-c", "uncaptured") as capture:
            subprocess.run([client, str(port)], check=True)
        (connection,) = capture.connections(carrier="tls")
        tls = connection["connection"]["tls"]
        self.assertEqual(tls["sni"], self.SNI)
        self.assertTrue(tls["version"].startswith("TLSv1."), tls)
        self.assertTrue(tls["cipher"].startswith("TLS_"), tls)
        self.assertIn("not_decoded", tls)
        self.assertEqual(connection["connection"]["remote"]["port"], port)
        self.assertEqual(connection["connection"]["role"], "client")

    def test_redis_commands_are_all_counted(self):
        self.need("redis-benchmark")
        server, port = self.redis()
        with self.capture("-p", server.pid) as capture:
            subprocess.run(["redis-benchmark", "-p", str(port), "-P", "16", "-n", "48000", "-c", "8", "-q", "-t", "set"],
                           check=True, capture_output=True)
            subprocess.run(["redis-cli", "-p", str(port), "get", "nothing"], check=True, capture_output=True)
            capture.wait_for(48001)
        commands = [t["request"]["command"] for t in capture.transactions]
        self.assertEqual(commands.count("SET"), 48000)
        self.assertTrue(all(t["integrity"]["complete"] for t in capture.transactions))
        self.assertEqual(capture.summary["losses"], [])

    def test_dns_over_udp_at_both_ends(self):
        self.need("dnsmasq", "dig")
        port = free_port(socket.AF_INET)
        server = self.spawn("dnsmasq", "--keep-in-foreground", f"--port={port}", "--listen-address=127.0.0.1,::1",
                            "--bind-interfaces", "--no-resolv", "--no-hosts", "--address=/test/10.1.2.3",
                            f"--pid-file={self.folder}/pid")
        wait_until(lambda: is_listening(port), "dnsmasq")
        with self.capture("-p", server.pid, "-c", "dig") as capture:
            for host in ("127.0.0.1", "::1"):
                for name in ("one.test", "two.test"):
                    subprocess.run(["dig", "+short", "-p", str(port), f"@{host}", name], check=True,
                                   capture_output=True)
            capture.wait_for(8, or_missed=True)
        whole = [t for t in capture.transactions if "request" in t and "response" in t]
        self.assert_seen(capture,
                         [(t["process"]["comm"], t["connection"]["remote"]["address"], t["request"]["name"]) for t in whole],
                         [(comm, host, name) for comm in ("dig", "dnsmasq")
                          for host in ("127.0.0.1", "::1") for name in ("one.test", "two.test")])
        self.assertLessEqual(len(capture.transactions) - len(whole), capture.missed, capture.transactions)
        for transaction in whole:
            self.assertEqual(transaction["protocol"], "dns")
            self.assertEqual(transaction["connection"]["transport"], "udp")
            self.assertEqual(transaction["response"]["answers"][0]["data"], "10.1.2.3")
            self.assertTrue(transaction["integrity"]["complete"])

    def test_open_before_the_capture(self):
        server, port = self.redis()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"PING\r\n")
            self.assertEqual(client.recv(100), b"+PONG\r\n")
            with self.capture("-p", server.pid) as capture:
                client.sendall(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n")
                self.assertEqual(client.recv(100), b"$-1\r\n")
                capture.wait_for(1)
        (transaction,) = capture.transactions
        self.assertEqual(transaction["request"]["args"], ["a"])

    def test_connect_that_fails(self):
        port = free_port()
        with self.capture("-c", "curl") as capture:
            subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/"], check=False)
        (connection,) = capture.of_type("connection")
        self.assertEqual(connection["connection"]["remote"], {"address": "127.0.0.1", "port": port})
        self.assertEqual(connection["reason"], "refused")
