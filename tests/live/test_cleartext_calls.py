"""The system calls by which bytes pass: every one of them, datagrams, enormous writes, sendfile, calls begun before."""
import contextlib
import http.client
import os
import signal
import socket
import time

from harness import LiveTest, body_of, cleartext_backend

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


class CleartextCallsTest(LiveTest):
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
        remotes = {c["connection"]["remote"]["port"] for c in capture.connections(transport="udp")}
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
        ends = capture.connections(transport="tcp")
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
        (connection,) = capture.connections(transport="udp")
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
        client, server = sorted(capture.connections(transport="tcp"), key=lambda c: -c["sent"]["bytes"])
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
