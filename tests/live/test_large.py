"""Bodies of 100 MiB, compared by hash: one enormous SSL_write, and a download in many calls."""
from harness import LiveTest, body_of, sha256

SIZE = 100 << 20

UPLOAD = """if True:
    import random, socket, ssl, sys
    port, certificate, size = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    body = random.Random(1).randbytes(size)
    context = ssl.create_default_context(cafile=certificate)
    sys.stdin.readline()
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost") as tls:
        tls.sendall(f"POST /up HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n"
                    f"Content-Length: {size}\\r\\n\\r\\n".encode())
        tls.sendall(body)  # a single SSL_write
        while tls.recv(65536):
            pass
    print("done")
    """

SINK = """if True:
    import hashlib, socket, ssl, sys
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1])
    with context.wrap_socket(listener.accept()[0], server_side=True) as tls:
        data, head = b"", b""
        while b"\\r\\n\\r\\n" not in head:
            head += tls.recv(65536)
        head, _, data = head.partition(b"\\r\\n\\r\\n")
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        digest, got = hashlib.sha256(data), len(data)
        while got < length:
            data = tls.recv(65536)
            digest.update(data)
            got += len(data)
        answer = digest.hexdigest().encode()
        tls.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n" % len(answer) + answer)
    """


class LargeTest(LiveTest):
    LIMITS = ("--max-body", "128M", "-B", "256M")

    def check(self, message, digest):
        self.assertEqual(message["body"]["size"], SIZE)
        self.assertEqual(message["body"]["captured"], SIZE)
        self.assertEqual(sha256(body_of(message)), digest)

    def test_upload_by_one_write(self):
        server = self.python(SINK, *self.certificate)
        port = int(server.stdout.readline())
        client = self.python(UPLOAD, port, self.certificate[0], SIZE)
        with self.capture("-p", client.pid, *self.LIMITS) as capture:
            client.stdin.write("\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), "done\n")
            client.wait()
            capture.wait_for(1)
        (transaction,) = capture.transactions
        digest = body_of(transaction["response"]).decode()  # as the server received it
        self.check(transaction["request"], digest)
        self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])

    def test_download(self):
        content = bytes(range(256)) * 4099
        content = (content * (SIZE // len(content) + 1))[:SIZE]
        with open(f"{self.folder}/big", "wb") as file:
            file.write(content)
        nginx, port = self.nginx(f"location / {{ root {self.folder}; }}")
        with self.capture("-p", nginx.pid, *self.LIMITS) as capture:
            body = self.curl(f"https://localhost:{port}/big")
            capture.wait_for(1)
        self.assertEqual(sha256(body), sha256(content))
        (transaction,) = capture.transactions
        self.check(transaction["response"], sha256(content))
        self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])

    def test_bodies_are_bounded(self):
        """By default a large body costs little: its size is right, its beginning is kept."""
        with open(f"{self.folder}/big", "wb") as file:
            file.truncate(SIZE)
        nginx, port = self.nginx(f"location / {{ root {self.folder}; }}")
        with self.capture("-p", nginx.pid, "-B", "256M") as capture:
            self.curl(f"https://localhost:{port}/big", "-o", "/dev/null")
            capture.wait_for(1)
        (transaction,) = capture.transactions
        body = transaction["response"]["body"]
        self.assertEqual((body["size"], body["captured"], body["truncated"]), (SIZE, 65536, True))
        self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
