"""How handshakes end, and why those that fail do, as their peers know it; and early data."""
import contextlib
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

from harness import LiveTest, free_port, is_listening, wait_until

# One handshake for each line on stdin: as a client of PORT, or what argv says more. Answers with what became of it.
CLIENT = """if True:
    import socket, ssl, sys
    def shake(port, verify):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", port)) as plain:
            try:
                context.wrap_socket(plain, server_hostname="asked.test").close()
                return "done"
            except OSError as error:
                return getattr(error, "reason", None) or type(error).__name__
    for line in sys.stdin:
        port, verify = line.split()
        print(shake(int(port), verify == "verify"), flush=True)
    """


class HandshakesTest(LiveTest):
    def shake(self, port, verify=False):
        """What a client under capture says of its handshake, and the connection's `tls` of the capture."""
        client = self.python(CLIENT)
        with self.capture("-p", client.pid, outputs=("-o", "text")) as capture:
            client.stdin.write(f"{port} {'verify' if verify else 'no'}\n")
            client.stdin.flush()
            said = client.stdout.readline().strip()
            wait_until(lambda: capture.seen_so_far("connection"), "the connection")
        (record,) = capture.of_type("connection")
        return said, record["connection"]["tls"], capture.stdout

    def listen(self, answer):
        """The port of a peer that answers a ClientHello by `answer`(connection)."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            connection = listener.accept()[0]
            self.assertEqual(connection.recv(1), b"\x16")
            connection.recv(10000)
            answer(connection)
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def check_failed(self, tls, text, why):
        self.assertTrue(tls["handshake_failed"], tls)
        self.assertEqual(tls["handshake_error"], why)
        self.assertIn(f"handshake failed: {why}  asked.test", text)

    def test_alert_received(self):
        said, tls, text = self.shake(self.listen(lambda peer: peer.sendall(b"\x15\x03\x03\x00\x02\x02\x46")))
        self.assertEqual(said, "TLSV1_ALERT_PROTOCOL_VERSION")
        self.check_failed(tls, text, "alert received: protocol_version")

    def test_certificate_refused(self):
        _, port = self.nginx()
        said, tls, text = self.shake(port, verify=True)
        self.assertEqual(said, "CERTIFICATE_VERIFY_FAILED")
        self.check_failed(tls, text, "alert sent: unknown_ca")

    def test_closed_by_peer(self):
        said, tls, text = self.shake(self.listen(lambda peer: None))
        self.assertNotEqual(said, "done")
        self.check_failed(tls, text, "closed by peer")

    def test_reset_by_peer(self):
        def reset(peer):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        said, tls, text = self.shake(self.listen(reset))
        self.assertEqual(said, "ConnectionResetError")
        self.check_failed(tls, text, "reset by peer")

    def test_not_finished(self):
        """The client has a limit of time, and the peer says nothing."""
        client = self.python(CLIENT.replace('("127.0.0.1", port))', '("127.0.0.1", port), timeout=0.1)'))
        port = self.listen(lambda peer: peer.recv(10000))
        with self.capture("-p", client.pid, outputs=("-o", "text")) as capture:
            client.stdin.write(f"{port} no\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline().strip(), "TimeoutError")
            wait_until(lambda: capture.seen_so_far("connection"), "the connection")
        tls = capture.of_type("connection")[0]["connection"]["tls"]
        self.assertNotIn("handshake_failed", tls)
        self.assertEqual(tls["handshake_error"], "not finished")
        self.assertIn("handshake not finished  asked.test", capture.stdout)

    def test_done_without_payload(self):
        """Neither a handshake by a call of its own, nor one that reads and writes made, before anything is said."""
        _, port = self.nginx()
        said, tls, text = self.shake(port)
        self.assertEqual((said, text), ("done", ""))
        self.assertEqual([k for k in tls if k.startswith("handshake_")], ["handshake_us"])
        with self.capture(outputs=("-o", f"text:{self.folder}/text"),
                          command=("openssl", "s_client", "-connect", f"127.0.0.1:{port}")) as capture:
            pass
        (record,) = capture.of_type("connection")
        self.assertNotIn("handshake_failed", record["connection"]["tls"])
        self.assertNotIn("handshake_error", record["connection"]["tls"])
        self.assertIn("version", record["connection"]["tls"])

    def test_object_that_is_never_used(self):
        client = self.python(
            """if True:
            import ssl, sys
            sys.stdin.readline()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            for _ in range(3):
                unused = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="unused.test")
                try:
                    unused.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                del unused
            """)
        with self.capture("-p", client.pid, outputs=("-o", "text")) as capture:
            client.stdin.write("\n")
            client.stdin.close()
            self.assertEqual(client.wait(), 0)
        self.assertEqual(capture.stdout, "")
        for record in capture.of_type("connection"):
            self.assertNotIn("handshake_error", record["connection"]["tls"])

    def serve_once(self, talk):
        """What a server under capture says of its handshake with `talk`(plain socket), and the connection's `tls`."""
        server = self.python(
            """if True:
            import socket, ssl, sys
            listener = socket.create_server(("127.0.0.1", 0))
            print(listener.getsockname()[1], flush=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[1], sys.argv[2])
            plain, _ = listener.accept()
            try:
                context.wrap_socket(plain, server_side=True)
            except ssl.SSLError as error:
                print(error.reason, flush=True)
            plain.close()
            sys.stdin.readline()
            """, *self.certificate)
        port = int(server.stdout.readline())
        with self.capture("-p", server.pid, "--tls-only") as capture:
            with socket.create_connection(("127.0.0.1", port)) as plain:
                talk(plain)
                said = server.stdout.readline().strip()
            wait_until(lambda: capture.seen_so_far("connection"), "the connection")
        (record,) = capture.of_type("connection")
        return said, record["connection"]["tls"]

    def test_server_whose_certificate_is_refused(self):
        def refuse(plain):
            with self.assertRaises(ssl.SSLError):
                ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")

        said, tls = self.serve_once(refuse)
        self.assertEqual(said, "TLSV1_ALERT_UNKNOWN_CA")
        self.assertEqual((tls["handshake_failed"], tls["handshake_error"]), (True, "alert received: unknown_ca"))

    def test_client_without_tls(self):
        said, tls = self.serve_once(lambda plain: plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        self.assertEqual(said, "HTTP_REQUEST")
        self.assertEqual((tls["handshake_failed"], tls["handshake_error"]),
                         (True, "stopped at what the peer sent: no TLS, or an encrypted alert"))

    @contextlib.contextmanager
    def delayed(self, port):
        """Another port for `port`, whose answers are late: (port, seconds)."""
        delay, listener = 0.05, socket.create_server(("127.0.0.1", 0))

        def carry(source, sink, wait):
            with contextlib.suppress(OSError):
                while chunk := source.recv(65536):
                    time.sleep(wait)
                    sink.sendall(chunk)
                sink.shutdown(socket.SHUT_WR)

        def serve():
            with contextlib.suppress(OSError):
                client, server = listener.accept()[0], socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=carry, args=(client, server, 0), daemon=True).start()
                carry(server, client, delay)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1], delay
        finally:
            listener.close()

    def test_early_data(self):
        """A client that sends before the ServerHello: version, cipher and time are those of the whole handshake."""
        self.need("openssl")
        port, session, request = free_port(), f"{self.folder}/session", f"{self.folder}/request"
        cert, key = self.certificate
        self.spawn("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", cert, "-key", key, "-early_data",
                   "-no_anti_replay", stdin=subprocess.PIPE)
        client = ("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof")
        wait_until(lambda: is_listening(port), "s_server")
        first = self.spawn(*client, "-sess_out", session, stdin=subprocess.PIPE)
        wait_until(lambda: os.path.exists(session) and os.path.getsize(session), "a session")
        self.end(first)
        with open(request, "wb") as file:
            file.write(b"GET /early HTTP/1.0\r\n\r\n")
        with self.delayed(port) as (slow, delay):
            with self.capture(command=("openssl", "s_client", "-connect", f"127.0.0.1:{slow}", "-sess_in",
                                       session, "-early_data", request)) as capture:
                pass
        self.assertRegex(capture.stdout, "Early data was accepted")
        (record,) = capture.of_type("connection")
        tls = record["connection"]["tls"]
        self.assertEqual((tls["version"], tls["cipher"]), ("TLSv1.3", "TLS_AES_256_GCM_SHA384"))
        self.assertEqual(record["sent"]["bytes"], len(b"GET /early HTTP/1.0\r\n\r\n"))
        self.assertNotIn("handshake_error", tls)
        self.assertGreaterEqual(tls["handshake_us"], delay * 1e6)
