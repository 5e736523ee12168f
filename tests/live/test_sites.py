"""Which places of a library are probed, and when."""
import contextlib
import http.client
import json
import pathlib
import ssl
import subprocess
import textwrap
import time

from harness import SSLSNIFF, LiveTest, attacher_of


class SitesTest(LiveTest):
    def keep_alive_client(self, port):
        """Connects, and returns a function that makes one more request on the same connection."""
        context = ssl.create_default_context(cafile=self.certificate[0])
        connection = http.client.HTTPSConnection("localhost", port, context=context)
        self.addCleanup(connection.close)

        def ask(path="/"):
            connection.request("GET", path)
            response = connection.getresponse()
            self.assertEqual(response.status, 200)
            return response.read()
        ask()
        return ask

    @staticmethod
    def runs_of(capture):
        """How often each program of the capture ran, by name, since statistics were switched on."""
        own = set()
        for info in pathlib.Path(f"/proc/{attacher_of(capture.process.pid)}/fdinfo").iterdir():
            with contextlib.suppress(FileNotFoundError):
                own |= {int(line.split()[1]) for line in info.read_text().splitlines() if line.startswith("prog_id:")}
        output = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=True).stdout
        return {program["name"]: program.get("run_cnt", 0) for program in json.loads(output) if program["id"] in own}

    def statistics(self):
        """Switches the kernel's run statistics on for the test."""
        path = "/proc/sys/kernel/bpf_stats_enabled"
        before = open(path).read()
        self.addCleanup(lambda: open(path, "w").write(before))
        open(path, "w").write("1")

    def settle(self, capture, ask):
        """Many calls, until the probes on calls are gone. How many transactions that took."""
        count, deadline = 0, time.monotonic() + 60
        while time.monotonic() < deadline:
            seen = self.runs_of(capture)["tls_entry"]
            for _ in range(500):
                ask()
            count += 500
            if self.runs_of(capture)["tls_entry"] - seen < 500:
                return count
        self.fail("the probes on calls stay")

    def test_settled_connections_cost_a_probe_for_each_record(self):
        """Calls are probed as long as a socket is to be learnt, then only the places that every record passes."""
        self.need("bpftool")
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid) as capture:
            ask = self.keep_alive_client(port)
            capture.wait_for(1)
            self.statistics()
            ask()
            if not self.runs_of(capture).get("tls_record"):
                self.skipTest("this OpenSSL has no record sites")
            settled = self.settle(capture, ask)
            before = self.runs_of(capture)
            for _ in range(50):
                ask()
            capture.wait_for(52 + settled)
            after = self.runs_of(capture)
        self.assertGreaterEqual(after["tls_record"] - before["tls_record"], 100)
        self.assertLess(after["tls_return"] - before["tls_return"], 50, (before, after))
        self.assertTrue(all(t["connection"]["correlation"] == "nested" for t in capture.transactions))

    def test_calls_are_probed_again_for_a_connection_without_a_socket(self):
        """A connection that was joined in mid-life, after the capture had settled on another."""
        self.need("bpftool")
        nginx, port = self.nginx()
        ask, other = self.keep_alive_client(port), self.keep_alive_client(port)
        with self.capture("-p", nginx.pid) as capture:
            self.statistics()
            other()
            if not self.runs_of(capture).get("tls_record"):
                self.skipTest("this OpenSSL has no record sites")
            settled = 1 + self.settle(capture, other)
            for count in range(settled + 1, settled + 61):
                ask()
                capture.wait_for(count)
                last = capture.seen_so_far()[-1]["connection"]
                if last["correlation"] == "nested":
                    break
                time.sleep(0.2)  # attaching takes its time on a busy machine
        self.assertEqual(len(capture.transactions), count)
        self.assertEqual(last["correlation"], "nested")
        self.assertEqual(last["local"]["port"], port)

    def test_big_bodies_are_whole_record_by_record(self):
        """Many records for each call, in both directions, and a call that is repeated until its records are sent."""
        code = """
            import hashlib, socket, ssl, sys, threading
            certificate, key, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(certificate, key)
            listener = socket.create_server(("127.0.0.1", 0))
            body = bytes(range(256)) * (size // 256)
            def serve():
                with server.wrap_socket(listener.accept()[0], server_side=True) as peer:
                    head = b""
                    while b"\\r\\n\\r\\n" not in head:
                        head += peer.recv(65536)
                    got = head.split(b"\\r\\n\\r\\n", 1)[1]
                    while len(got) < size:
                        got += peer.recv(1 << 20)
                    peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % size + got)
            thread = threading.Thread(target=serve)
            thread.start()
            client = ssl.create_default_context(cafile=certificate)
            with client.wrap_socket(socket.create_connection(listener.getsockname()), server_hostname="localhost") as us:
                us.sendall(b"POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n" % size + body)
                while us.recv(1 << 20):
                    pass
            thread.join()
        """
        size = 8 << 20

        with self.capture("--max-body", 32 << 20, command=["python3", "-c", textwrap.dedent(code), *self.certificate, size]) as capture:
            capture.process.wait(120)
        self.assertEqual(len(capture.transactions), 2)
        for transaction in capture.transactions:
            self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
            self.assertEqual(transaction["request"]["body"]["size"], size)
            self.assertEqual(transaction["response"]["body"]["size"], size)
        self.assertEqual(capture.summary["missing_bytes"], 0)

    def test_doctor_shows_where_calls_begin_and_end(self):
        output = subprocess.run([SSLSNIFF, "doctor", "-o", "json"], capture_output=True, text=True).stdout
        libraries = json.loads(output)["libraries"]
        openssl = [library for library in libraries if library["path"].endswith("libssl.so.3")]
        if not openssl:
            nginx, _ = self.nginx()
            output = subprocess.run([SSLSNIFF, "doctor", "-p", str(nginx.pid), "--duration", "1", "-o", "json"], capture_output=True,
                                    text=True).stdout
            openssl = [library for library in json.loads(output)["libraries"] if library["path"].endswith("libssl.so.3")]
        functions = {function["symbol"]: function for function in openssl[0]["functions"]}
        for name in "SSL_read", "SSL_write", "SSL_do_handshake":
            self.assertIn("instruction", functions[name]["entry"])
            self.assertTrue(functions[name]["returns"], name)
        self.assertFalse(functions["SSL_read"]["entry"]["single_stepped"])
