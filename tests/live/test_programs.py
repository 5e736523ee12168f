"""Programs of other kinds: Python's blocking ssl, openssl's own tools, TLS inside TLS, SSL_peek."""
import subprocess

from harness import LiveTest, body_of, free_port, is_listening, wait_until

PYTHON_SERVER = """if True:
    import http.server, ssl, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_GET(self):
            body = b"python says " + self.path.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *_):
            pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1])
    server.serve_forever()
    """

# Waits for a line before it does anything, so that a capture can be armed first.
PYTHON_CLIENT = """if True:
    import http.client, ssl, sys, threading
    port, certificate, connections, requests = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    context = ssl.create_default_context(cafile=certificate)
    def talk(name):
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
        for i in range(requests):
            connection.request("GET", f"/{name}/{connection.sock.getsockname()[1] if connection.sock else 0}/{i}")
            assert connection.getresponse().read().startswith(b"python says /")
        connection.close()
    sys.stdin.readline()
    finished = []
    def thread(name):
        for i in range(connections):
            talk(f"{name}{i}")
        finished.append(name)
    threads = [threading.Thread(target=thread, args=(name,)) for name in sys.argv[5].split(",")]
    [t.start() for t in threads]
    [t.join() for t in threads]
    print("done" if len(finished) == len(threads) else "failed")
    """


class ProgramsTest(LiveTest):
    def python_server(self):
        server = self.python(PYTHON_SERVER, *self.certificate)
        return server, int(server.stdout.readline())

    def python_client(self, port, connections, requests, threads):
        return self.python(PYTHON_CLIENT, port, self.certificate[0], connections, requests, threads)

    @staticmethod
    def go(client):
        client.stdin.write("\n")
        client.stdin.flush()
        assert client.stdout.readline() == "done\n"
        client.wait()

    def test_python_client_and_server(self):
        server, port = self.python_server()
        client = self.python_client(port, 1, 3, "a")
        with self.capture("-p", server.pid, "-p", client.pid) as capture:
            self.go(client)
            capture.wait_for(6)
        self.assertEqual(len(capture.transactions), 6)
        for role in ("client", "server"):
            seen = [t for t in capture.transactions if t["connection"]["role"] == role]
            self.assertEqual(len(seen), 3)
            for transaction in seen:
                self.assertEqual(body_of(transaction["response"]),
                                 b"python says " + transaction["request"]["target"].encode())
                self.assertTrue(transaction["integrity"]["complete"])

    def test_two_threads_two_connections_each(self):
        server, port = self.python_server()
        client = self.python_client(port, 2, 25, "left,right")
        with self.capture("-p", server.pid, "-p", client.pid) as capture:
            self.go(client)
            capture.wait_for(200)
        self.assertEqual(len(capture.transactions), 200)
        for role, own_end in (("client", "local"), ("server", "remote")):
            seen = [t for t in capture.transactions if t["connection"]["role"] == role]
            names = {}
            for transaction in seen:
                _, name, named_port, number = transaction["request"]["target"].split("/")
                names.setdefault(name, []).append((transaction["connection"]["id"], int(number)))
                if named_port != "0":
                    self.assertEqual(transaction["connection"][own_end]["port"], int(named_port))
                self.assertEqual(body_of(transaction["response"]).decode(),
                                 "python says " + transaction["request"]["target"])
            self.assertEqual(sorted(names), ["left0", "left1", "right0", "right1"])
            for entries in names.values():
                self.assertEqual([number for _, number in entries], list(range(25)))
                self.assertEqual(len({connection for connection, _ in entries}), 1)
            self.assertEqual(len({entries[0][0] for entries in names.values()}), 4)

    def test_openssl_s_server_and_s_client(self):
        """The server reads and writes through a BIO (BIO_f_ssl), which passes no public function, nor does its handshake."""
        cert, key = self.certificate
        port = free_port()
        server = self.spawn("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", cert, "-key", key, "-www")
        wait_until(lambda: is_listening(port), "s_server")
        with self.capture("-p", server.pid, "-c", "openssl") as capture:
            subprocess.run(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}"],
                           input=b"GET /status HTTP/1.0\r\n\r\n", capture_output=True, timeout=60)
            capture.wait_for(2)
        by_role = {t["connection"]["role"]: t for t in capture.transactions}
        self.assertEqual(sorted(by_role), ["client", "server"])
        for transaction in by_role.values():
            self.assertEqual(transaction["request"]["target"], "/status")
            self.assertEqual(transaction["response"]["status"], 200)
            self.assertIn(b"s_server", body_of(transaction["response"]))
            self.assertEqual(transaction["process"]["comm"], "openssl")
            self.assertTrue(transaction["process"]["exe"].endswith("/openssl"))
            self.assertFalse(transaction["integrity"]["joined_midstream"])
            self.assertIn(port, [transaction["connection"][end]["port"] for end in ("local", "remote")])
            self.assertEqual(transaction["connection"]["tls"]["version"], "TLSv1.3")
            self.assertIn("handshake_us", transaction["connection"]["tls"])
        for record in capture.of_type("connection"):
            self.assertNotIn("not_decoded", record["connection"]["tls"])

    def test_unknown_protocol_is_a_connection(self):
        cert, key = self.certificate
        port = free_port()
        server = self.spawn("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", cert, "-key", key, "-quiet",
                            stdin=subprocess.PIPE)
        wait_until(lambda: is_listening(port), "s_server")
        with self.capture("-p", server.pid) as capture:
            subprocess.run(["openssl", "s_client", "-quiet", "-no_ign_eof", "-connect", f"127.0.0.1:{port}"],
                           input=b"\x00\x01 no protocol at all\n", capture_output=True, timeout=60)
        self.assertEqual(capture.transactions, [])
        spoken = [c for c in capture.of_type("connection") if c["received"]["bytes"]]
        self.assertEqual(len(spoken), 1)
        self.assertEqual(spoken[0]["received"]["bytes"], len(b"\x00\x01 no protocol at all\n"))

    def test_tls_inside_tls(self):
        """curl to an HTTPS server through an HTTPS proxy: two TLS sessions over one socket."""
        _, port = self.nginx()
        proxy = self.python(
            """if True:
            import socket, ssl, sys, threading
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[1], sys.argv[2])
            listener = socket.create_server(("127.0.0.1", 0))
            print(listener.getsockname()[1])
            client = context.wrap_socket(listener.accept()[0], server_side=True)
            head = b""
            while b"\\r\\n\\r\\n" not in head:
                head += client.recv(4096)
            host, port = head.split()[1].decode().rsplit(":", 1)
            server = socket.create_connection((host, int(port)))
            client.sendall(b"HTTP/1.1 200 Connection established\\r\\n\\r\\n")
            def up():
                while data := client.recv(4096):
                    server.sendall(data)
                server.shutdown(socket.SHUT_WR)
            threading.Thread(target=up, daemon=True).start()
            while data := server.recv(4096):
                client.sendall(data)
            client.close()
            """, *self.certificate)
        proxy_port = int(proxy.stdout.readline())
        with self.capture("-c", "curl") as capture:
            output = self.curl(f"https://127.0.0.1:{port}/inner", "-x", f"https://127.0.0.1:{proxy_port}",
                               "--proxy-cacert", self.certificate[0])
            self.assertEqual(output, b"hello from nginx\n")
            capture.wait_for(2)
        methods = {t["request"]["method"]: t for t in capture.transactions}
        self.assertEqual(sorted(methods), ["CONNECT", "GET"])
        self.assertEqual(methods["GET"]["request"]["target"], "/inner")
        self.assertEqual(body_of(methods["GET"]["response"]), b"hello from nginx\n")
        for transaction in methods.values():
            self.assertEqual(transaction["connection"]["remote"], {"address": "127.0.0.1", "port": proxy_port})
        self.assertEqual(methods["GET"]["connection"]["local"], methods["CONNECT"]["connection"]["local"])
        self.assertNotEqual(methods["GET"]["connection"]["id"], methods["CONNECT"]["connection"]["id"])

    def test_peek_does_not_duplicate(self):
        """A client by ctypes that looks at every answer with SSL_peek before it reads it."""
        server, port = self.python_server()
        client = self.python(
            """if True:
            import ctypes, ctypes.util, socket, sys
            library = ctypes.CDLL(ctypes.util.find_library("ssl"))
            for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
                getattr(library, name).restype = ctypes.c_void_p
            p = ctypes.c_void_p
            context = p(library.SSL_CTX_new(p(library.TLS_client_method())))
            plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            tls = p(library.SSL_new(context))
            assert library.SSL_set_fd(tls, plain.fileno()) == 1
            sys.stdin.readline()
            assert library.SSL_connect(tls) == 1
            buffer, done = ctypes.create_string_buffer(65536), ctypes.c_size_t()
            for i in range(3):
                request = f"GET /{i} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode()
                assert library.SSL_write(tls, request, len(request)) == len(request)
                end, received = f"python says /{i}".encode(), b""
                while not received.endswith(end):
                    assert library.SSL_peek(tls, buffer, 65536) > 0
                    assert library.SSL_peek_ex(tls, buffer, 7, ctypes.byref(done)) == 1
                    n = library.SSL_read(tls, buffer, 10)
                    assert n > 0
                    received += buffer.raw[:n]
            library.SSL_shutdown(tls)
            library.SSL_free(tls)
            print("done")
            """, port)
        with self.capture("-p", client.pid) as capture:
            self.go(client)
            capture.wait_for(3)
        self.assertEqual([body_of(t["response"]) for t in capture.transactions],
                         [f"python says /{i}".encode() for i in range(3)])
        for transaction in capture.transactions:
            self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
            self.assertIn(transaction["connection"]["correlation"], ("nested", "cached", "fd"))
