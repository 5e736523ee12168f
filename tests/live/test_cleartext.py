"""What passes without TLS: HTTP, Redis, DNS, raw bytes over TCP and UDP, at either end."""
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time

from harness import PYTHON, body_of, cleartext_backend, free_port, is_listening, wait_until
from uncaptured import UncapturedTest

ECHO = """if True:
    import select, socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        print(s.getsockname()[1])
        while True:
            select.select([s], [], [])
            bytes, peer = s.recvfrom(65536)
            s.sendto(bytes, peer)
"""


class CleartextTest(UncapturedTest):
    def connections(self, capture, **wanted):
        return [c for c in capture.of_type("connection")
                if all(c["connection"].get(key) == value for key, value in wanted.items())]

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
        self.assertEqual(len(self.connections(capture, carrier="tls")), 2)
        # curl asks nobody for the address of localhost
        self.assertEqual(self.connections(capture, carrier="cleartext"), [])

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
        connections = self.connections(self.fetch_by_memory_bio(20), carrier="tls")
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
        (connection,) = self.connections(capture, carrier="tls")
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

    def test_each_datagram_is_one_event(self):
        """An echo server with two peers, unconnected and connected; one sends from several buffers."""
        server = self.python(ECHO)
        port = int(server.stdout.readline())
        trace = os.path.join(self.folder, "trace")
        sizes = [1, 2, 1500, 60000]
        with self.capture("-p", server.pid, "-p", os.getpid(), "--cleartext-only", outputs=("-o", f"trace:{trace}")) as capture:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, \
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
                two.connect(("127.0.0.1", port))
                for size in sizes:
                    one.sendto(b"a" * size, ("127.0.0.1", port))
                    self.assertEqual(len(one.recvfrom(65536)[0]), size)
                    two.sendmsg([b"b" * (size // 2), b"b" * (size - size // 2)])
                    self.assertEqual(len(two.recv(65536, socket.MSG_PEEK)), size)
                    self.assertEqual(len(two.recv(65536)), size)
                ports = {one.getsockname()[1], two.getsockname()[1]}
        found = {}
        with open(trace, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                words = line.split()
                if words and words[0] == "data":
                    size = int([w for w in words if w.startswith("size=")][0][5:])
                    found.setdefault((words[2], words[3]), []).append(size)
        # two peers, two ends, two directions
        self.assertEqual(len(found), 8, found)
        self.assert_seen(capture, [size for sequence in found.values() for size in sequence], 8 * sizes)
        for sequence in found.values():
            self.assertEqual(sequence, [size for size in sizes if size in sequence], found)
        remotes = {c["connection"]["remote"]["port"] for c in self.connections(capture, transport="udp")}
        self.assertEqual(remotes, ports | {port})

    def exchange(self, program, *arguments):
        """Runs `program` (a client and a server in one process), returns bytes by (local end, direction)."""
        self.trace = os.path.join(self.folder, "trace")
        process = self.python(program, *arguments)
        with self.capture("-p", process.pid, "--cleartext-only", outputs=("-o", f"trace:{self.trace}")) as capture:
            process.stdin.write("\n")
            process.stdin.flush()
            self.assertEqual(process.wait(), 0)
        return capture

    def payload(self, direction):
        """What the trace of exchange() says was sent or received, of all connections."""
        with open(self.trace, "rb") as lines:
            found, taking = [], False
            for line in lines:
                if line.startswith(b"|"):
                    found += [line[1:].rstrip(b"\n")] if taking else []
                else:
                    words = line.split()
                    taking = words[:1] == [b"data"] and words[3] == direction.encode()
        return b"".join(found)

    def test_every_system_call(self):
        """Each way of sending and receiving; the connection's totals tell whether all bytes were seen once."""
        capture = self.exchange(
            """if True:
            import os, socket, sys
            sys.stdin.readline()
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            def take(count):
                bytes = b""
                while len(bytes) < count:
                    bytes += server.recv(count - len(bytes))
                return bytes
            client.send(b"1" * 10); take(10)
            client.sendmsg([b"2" * 7, b"", b"3" * 13] + [b"x"] * 100); take(120)
            os.write(client.fileno(), b"4" * 30); server.recv(5, socket.MSG_PEEK); take(30)
            os.writev(client.fileno(), [b"5" * 20, b"6" * 20]); os.read(server.fileno(), 100)
            client.send(b"7" * 50); server.recvmsg_into([bytearray(20), bytearray(30)])
            client.send(b"8" * 60); os.readv(server.fileno(), [bytearray(1), bytearray(59)])
            duplicate = os.dup(client.fileno())
            os.write(duplicate, b"9" * 70); os.close(duplicate); take(70)
            if os.fork() == 0:
                client.sendall(b"0" * 5000000)
                os._exit(0)
            take(5000000)
            os.wait()
            server.sendall(b"reply"); client.recv(100)
            client.close(); server.close()
            """)
        ends = self.connections(capture, transport="tcp")
        self.assertEqual(len(ends), 2, ends)
        total = 10 + 120 + 30 + 40 + 50 + 60 + 70 + 5000000
        client, server = sorted(ends, key=lambda c: -c["sent"]["bytes"])
        self.assertEqual((client["sent"]["bytes"], client["received"]["bytes"]), (total, 5))
        self.assertEqual((server["received"]["bytes"], server["sent"]["bytes"]), (total, 5))
        self.assertEqual(client["connection"]["role"], "client")
        self.assertEqual(server["connection"]["role"], "server")
        for end in ends:
            self.assertEqual(end["sent"]["missing"] + end["received"]["missing"], 0)
            self.assertEqual(end["reason"], "socket_closed")

    def test_one_enormous_write(self):
        """More than one record, and one chunk of them, can hold: the bytes are whole and in order."""
        content = os.urandom(6_000_000)
        with open(os.path.join(self.folder, "content"), "wb") as file:
            file.write(content)
        client = self.python("""if True:
            import socket, sys, threading
            content = open(sys.argv[1], "rb").read()
            request = b"POST /all HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(content) + content
            listener = socket.create_server(("127.0.0.1", 0))
            def serve():
                left, (server, _) = len(request), listener.accept()
                while left:
                    left -= len(server.recv(1 << 20))
                server.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
            sys.stdin.readline()
            threading.Thread(target=serve).start()
            with socket.create_connection(listener.getsockname()) as client:
                client.sendall(request)
                client.recv(100)
            """, os.path.join(self.folder, "content"))
        with self.capture("-p", client.pid, "--max-body", "8M") as capture:
            client.stdin.write("\n")
            client.stdin.flush()
            client.wait()
            capture.wait_for(2)
        for transaction in capture.transactions:
            self.assertEqual(transaction["request"]["target"], "/all")
            self.assertTrue(body_of(transaction["request"]) == content, transaction["integrity"])

    def test_call_begun_before_the_capture(self):
        """A server that waits in recv when the capture joins: tracepoints see how it returns."""
        if "tracepoint" not in cleartext_backend():
            self.skipTest("without the socket tracepoints of Linux 6.3, calls that have begun before are not seen")
        server = self.python("""if True:
            import socket
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind(("127.0.0.1", 0))
                print(s.getsockname()[1])
                s.sendto(b"answer", s.recvfrom(100)[1])
            """)
        port = int(server.stdout.readline())
        with self.capture("-p", server.pid) as capture, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"question", ("127.0.0.1", port))
            client.recv(100)
            self.assertEqual(server.wait(), 0)
        (connection,) = self.connections(capture, transport="udp")
        self.assertEqual((connection["received"]["bytes"], connection["sent"]["bytes"]), (8, 6))

    def test_sendfile_and_splice(self):
        """With fentry or kprobes the bytes themselves, otherwise a gap of known size."""
        capture = self.exchange(
            """if True:
            import os, socket, sys
            sys.stdin.readline()
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            with open(sys.executable, "rb") as file:
                client.send(b"before")
                os.sendfile(client.fileno(), file.fileno(), 100, 10000)
                source, sink = os.pipe()
                os.write(sink, b"through a pipe")
                os.splice(source, client.fileno(), 14)
                client.send(b"after")
            client.shutdown(socket.SHUT_WR)
            while server.recv(65536):
                pass
            client.close(); server.close()
            """)
        client, server = sorted(self.connections(capture, transport="tcp"), key=lambda c: -c["sent"]["bytes"])
        self.assertEqual((server["received"]["bytes"], server["received"]["missing"]), (10025, 0))
        self.assertEqual(client["sent"]["bytes"], 10025)
        if cleartext_backend() != "tracepoint":
            self.assertEqual(client["sent"]["missing"], 0)
            self.assertEqual(self.payload("sent"), self.payload("received"))
        else:
            self.assertEqual(client["sent"]["missing"], 10014)
            (loss,) = [l for l in capture.summary["losses"] if l["cause"] == "no_buffer"]
            self.assertEqual(loss["bytes"], 10014)

    def test_bodies_by_sendfile_end_when_they_are_sent(self):
        """Each with its own duration, and the last one is told although the server ends right behind it."""
        size = 108_894
        with open(os.path.join(self.folder, "file"), "wb") as file:
            file.write(os.urandom(size))
        server, port = self.nginx("sendfile on; tcp_nopush on; location / { root %s; }" % self.folder, listen="")
        took, pause = [], 0.7
        with self.capture("-p", server.pid) as capture:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
                for _ in range(3):
                    begun = time.monotonic()
                    client.request("GET", "/file")
                    self.assertEqual(len(client.getresponse().read()), size)
                    took.append(time.monotonic() - begun)
                    time.sleep(pause)
                capture.wait_for(3)
                children = f"/proc/{server.pid}/task/{server.pid}/children"
                with open(children, encoding="ascii") as file:
                    os.kill(int(file.read()), signal.SIGKILL)
        self.assertEqual(len(capture.transactions), 3)
        for transaction, true in zip(capture.transactions, took):
            self.assertLess(transaction["duration_us"] / 1e6, true + pause / 2)
            if cleartext_backend() == "tracepoint":
                self.assertEqual(transaction["integrity"]["missing_bytes"], size)
                self.assertEqual(transaction["response"]["body"]["missing"], size)
            else:
                self.assertEqual(transaction["integrity"]["missing_bytes"], 0)

    def test_losses_of_others_are_not_counted(self):
        """Under a filter, only what the connections that pass it miss."""
        with open(os.path.join(self.folder, "file"), "wb") as file:
            file.write(os.urandom(50_000))
        other, other_port = self.nginx("sendfile on; location / { root %s; }" % self.folder, listen="")
        server, port = self.nginx(listen="")
        with self.capture("-p", server.pid, "-p", other.pid, f"tcp port {port}") as capture:
            for url in (f"http://127.0.0.1:{other_port}/file", f"http://127.0.0.1:{port}/"):
                self.curl(url)
            capture.wait_for(1)
        self.assertEqual([t["request"]["target"] for t in capture.transactions], ["/"])
        self.assertEqual(capture.summary["losses"], [])

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
