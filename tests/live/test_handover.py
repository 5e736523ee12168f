"""Sockets that turn from cleartext into TLS, and back: CONNECT proxies, STARTTLS, PostgreSQL. Each part has a record of its own, the
later one names the one before, and no byte is called lost that was not."""
import os
import subprocess

from harness import header
from uncaptured import UncapturedTest

# Mail as far as this needs it: cleartext, TLS after STARTTLS and, when the client says CCC there, cleartext again. Arguments:
# sync or async, certificate, key. Says its port; ends by the end of stdin.
MAIL_SERVER = r"""if True:
    import asyncio, socket, ssl, sys, threading
    kind, cert, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    def serve(connection):
        with connection:
            connection.sendall(b"220 ready\r\n")
            file = connection.makefile("rb", buffering=0)
            while True:
                line = file.readline()
                if not line or line == b"QUIT\r\n":
                    return
                connection.sendall(b"250-hello\r\n250 STARTTLS\r\n" if line.startswith(b"EHLO") else b"220 go on\r\n")
                if line == b"STARTTLS\r\n":
                    connection = context.wrap_socket(connection, server_side=True)
                    file = connection.makefile("rb", buffering=0)
                if line == b"CCC\r\n":
                    connection = connection.unwrap()
                    file = connection.makefile("rb", buffering=0)
    async def serve_later(reader, writer):
        writer.write(b"220 ready\r\n")
        while True:
            line = await reader.readline()
            if not line or line == b"QUIT\r\n":
                return writer.close()
            writer.write(b"250-hello\r\n250 STARTTLS\r\n" if line.startswith(b"EHLO") else b"220 go on\r\n")
            await writer.drain()
            if line == b"STARTTLS\r\n":
                loop, protocol = asyncio.get_running_loop(), writer.transport.get_protocol()
                transport = await loop.start_tls(writer.transport, protocol, context, server_side=True)
                reader._transport = writer._transport = transport
    async def main():
        server = await asyncio.start_server(serve_later, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    if kind == "async":
        asyncio.run(main())
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1])
        def accept():
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        sys.stdin.read()
"""

# Arguments: port, how many lines to say inside TLS, and whether to go back to cleartext. Waits for a line on stdin.
MAIL_CLIENT = r"""if True:
    import socket, ssl, sys
    port, lines, back = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "back"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    sys.stdin.readline()
    connection = socket.create_connection(("127.0.0.1", port))
    def say(line):
        connection.sendall(line)
        return connection.recv(1000)
    assert connection.recv(1000) == b"220 ready\r\n"
    assert say(b"EHLO clear\r\n") == b"250-hello\r\n250 STARTTLS\r\n"
    assert say(b"STARTTLS\r\n") == b"220 go on\r\n"
    connection = context.wrap_socket(connection, server_hostname="mail.example")
    for i in range(lines):
        say(b"EHLO inside\r\n")
    if back:
        assert say(b"CCC\r\n") == b"220 go on\r\n"
        connection = connection.unwrap()
        assert say(b"NOOP\r\n") == b"220 go on\r\n"
    connection.sendall(b"QUIT\r\n")
    connection.recv(1000)
    connection.close()
"""

# Forwards what follows CONNECT HOST:PORT. Arguments: certificate and key, when it is asked over TLS. Says its port; ends by the end of
# stdin.
PROXY = r"""if True:
    import contextlib, socket, ssl, sys, threading
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if sys.argv[1:]:
        context.load_cert_chain(*sys.argv[1:])
    print(listener.getsockname()[1])
    def forward(source, target):
        with contextlib.suppress(OSError):
            while bytes := source.recv(65536):
                target.sendall(bytes)
            target.shutdown(socket.SHUT_WR)
    def serve(client):
        if sys.argv[1:]:
            client = context.wrap_socket(client, server_side=True)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(65536)
        host, port = head.split()[1].decode().rsplit(":", 1)
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        back = threading.Thread(target=forward, args=(server, client), daemon=True)
        back.start()
        forward(client, server)
        back.join()
        client.close()
        server.close()
    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
"""
PROXY_ANSWER = len(b"HTTP/1.1 200 Connected\r\n\r\n")

# What a client of PostgreSQL and its server do until TLS begins, and some bytes inside. Arguments: certificate, key.
POSTGRES = r"""if True:
    import socket, ssl, sys, threading
    listener = socket.create_server(("127.0.0.1", 0))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*sys.argv[1:])
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    sys.stdin.readline()
    def serve():
        connection = listener.accept()[0]
        assert connection.recv(8) == bytes.fromhex("0000000804d2162f")
        connection.sendall(b"S")
        connection = server.wrap_socket(connection, server_side=True)
        connection.sendall(connection.recv(100))
        connection.recv(100)
        connection.close()
    thread = threading.Thread(target=serve)
    thread.start()
    connection = socket.create_connection(listener.getsockname())
    connection.sendall(bytes.fromhex("0000000804d2162f"))
    assert connection.recv(1) == b"S"
    connection = client.wrap_socket(connection)
    connection.sendall(b"\0\0\0\x09\0\3\0\0\0")
    connection.recv(100)
    connection.close()
    thread.join()
"""

NODE_CLIENT = """
const http = require('http'), tls = require('tls'), fs = require('fs');
const [proxy, port, cert] = process.argv.slice(2);
process.stdin.once('data', () => {
    const ask = http.request({port: proxy, host: '127.0.0.1', method: 'CONNECT', path: `127.0.0.1:${port}`});
    ask.on('connect', (answer, socket) => {
        const secure = tls.connect({socket, ca: fs.readFileSync(cert), servername: 'localhost'}, () =>
            secure.write('GET /node HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n'));
        secure.on('data', () => {}).on('end', () => process.stdin.destroy());
    });
    ask.end();
});
"""

# The same mail without the way back, by node. Arguments: certificate, key.
NODE_MAIL_SERVER = """
const net = require('net'), tls = require('tls'), fs = require('fs');
const [cert, key] = process.argv.slice(2).map((name) => fs.readFileSync(name));
const answer = (line) => line.startsWith('EHLO') ? '250-hello\\r\\n250 STARTTLS\\r\\n' : '220 go on\\r\\n';
const lines = (socket, take) => socket.on('data', (data) => String(data).split('\\r\\n').slice(0, -1).forEach(take));
const server = net.createServer((clear) => {
    clear.write('220 ready\\r\\n');
    lines(clear, (line) => clear.write(answer(line), () => {
        if (line !== 'STARTTLS') return;
        clear.removeAllListeners('data');
        const secure = new tls.TLSSocket(clear, {isServer: true, cert, key});
        lines(secure, (inside) => inside === 'QUIT' ? secure.end() : secure.write(answer(inside)));
    }));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


class HandoverTest(UncapturedTest):
    def mail_server(self, kind):
        if kind == "node":
            script = os.path.join(self.folder, "server.js")
            with open(script, "w", encoding="utf-8") as file:
                file.write(NODE_MAIL_SERVER)
            server = self.spawn("node", script, *self.certificate, stdout=subprocess.PIPE, text=True)
        else:
            server = self.python(MAIL_SERVER, kind, *self.certificate)
        return server, int(server.stdout.readline())

    def proxy(self, *certificate):
        proxy = self.python(PROXY, *certificate)
        return proxy, int(proxy.stdout.readline())

    def assert_nothing_lost(self, capture):
        losses = [loss for loss in capture.summary["losses"] if loss["cause"] != "missed"]
        self.assertEqual((losses, capture.summary["missing_bytes"]), ([], 0))

    def parts(self, capture, pid, port=None):
        """The records of the process's only TCP connection, with `port` at one end, as they followed each other."""
        records = [r for r in capture.of_type("connection") if r["process"]["pid"] == pid and r["connection"]["transport"] == "tcp" and
                   (port is None or port in (r["connection"]["local"]["port"], r["connection"]["remote"]["port"]))]
        connections = [r["connection"] for r in records]
        self.assertEqual(len({c.get("socket_cookie") for c in connections}), 1, connections)
        self.assertNotIn("continues", connections[0])
        for former, later in zip(connections, connections[1:]):
            self.assertEqual(later.get("continues"), former["id"])
            self.assertNotIn("joined_midstream", later)
        return records

    @staticmethod
    def outline(records):
        return [(r["connection"]["carrier"], r["sent"]["bytes"], r["received"]["bytes"]) for r in records]

    def mail(self, kind, lines, back=False):
        """Records of both ends, told by bytes sent and received."""
        server, port = self.mail_server(kind)
        client = self.python(MAIL_CLIENT, port, lines, "back" if back else "")
        with self.capture("-p", server.pid, "-p", client.pid) as capture:
            client.stdin.write("\n")
            client.stdin.flush()
            self.assertEqual(client.wait(60), 0)
        self.assert_nothing_lost(capture)
        said, answered = len("EHLO clear\r\nSTARTTLS\r\n"), len("220 ready\r\n250-hello\r\n250 STARTTLS\r\n220 go on\r\n")
        inside = lines * len("EHLO inside\r\n") + len("CCC\r\n" if back else "QUIT\r\n")
        answers = lines * len("250-hello\r\n250 STARTTLS\r\n") + (len("220 go on\r\n") if back else 0)
        expected = [("cleartext", said, answered), ("tls", inside, answers)]
        if back:
            expected.append(("cleartext", len("NOOP\r\nQUIT\r\n"), len("220 go on\r\n")))
        at_client, at_server = self.parts(capture, client.pid), self.parts(capture, server.pid)
        self.assertEqual(self.outline(at_client), expected)
        self.assertEqual(self.outline(at_server), [(carrier, received, sent) for carrier, sent, received in expected])
        for records in (at_client, at_server):
            self.assertEqual(records[0]["reason"], "tls_began")
            self.assertEqual(records[1]["connection"]["tls"]["sni"], "mail.example")
        return at_client, at_server

    def test_starttls(self):
        self.mail("sync", 3)

    def test_starttls_of_asyncio(self):
        self.mail("async", 3)

    def test_starttls_of_node(self):
        self.need("node")
        self.mail("node", 3)

    def test_cleartext_again(self):
        for records in self.mail("sync", 2, back=True):
            self.assertEqual(records[1]["reason"], "shutdown")

    def test_much_inside(self):
        self.mail("sync", 2000)

    def test_postgresql(self):
        program = self.python(POSTGRES, *self.certificate)
        with self.capture("-p", program.pid) as capture:
            program.stdin.write("\n")
            program.stdin.flush()
            self.assertEqual(program.wait(60), 0)
        self.assert_nothing_lost(capture)
        records = capture.of_type("connection")
        clear, tls = ([r for r in records if r["connection"]["carrier"] == carrier] for carrier in ("cleartext", "tls"))
        self.assertEqual(sorted((r["reason"], r["sent"]["bytes"], r["received"]["bytes"]) for r in clear),
                         [("tls_began", 1, 8), ("tls_began", 8, 1)])
        self.assertEqual([(r["sent"]["bytes"], r["received"]["bytes"]) for r in tls], [(9, 9)] * 2)
        self.assertEqual({r["connection"]["continues"] for r in tls}, {r["connection"]["id"] for r in clear})

    def test_curl_through_a_proxy(self):
        self.need("curl")
        nginx, port = self.nginx()
        _, proxy_port = self.proxy()
        self.assertIsNone(nginx.poll())
        with self.capture("-c", "curl") as capture:
            self.curl(f"https://localhost:{port}/behind", "-x", f"http://127.0.0.1:{proxy_port}")
        self.assert_nothing_lost(capture)
        connect, get = capture.transactions
        self.assertEqual((connect["request"]["method"], get["request"]["target"]), ("CONNECT", "/behind"))
        self.assertEqual(get["connection"]["continues"], connect["connection"]["id"])
        tunnel = {"via": "CONNECT", "target": f"localhost:{port}"}
        self.assertEqual((connect["connection"]["tunnel"], get["connection"]["tunnel"]), (tunnel, tunnel))
        clear, tls = self.parts(capture, get["process"]["pid"], proxy_port)
        self.assertEqual((clear["reason"], clear["received"]["bytes"]), ("tls_began", PROXY_ANSWER))
        self.assertEqual(header(connect["request"], "Host"), f"localhost:{port}")
        self.assertEqual(tls["connection"]["tls"]["sni"], "localhost")

    def test_curl_through_a_proxy_over_tls(self):
        """TLS inside TLS: there is no cleartext that could end."""
        self.need("curl")
        _, port = self.nginx()
        _, proxy_port = self.proxy(*self.certificate)
        with self.capture("-c", "curl") as capture:
            self.curl(f"https://localhost:{port}/within", "-x", f"https://localhost:{proxy_port}", "--proxy-cacert", self.certificate[0])
        self.assert_nothing_lost(capture)
        self.assertEqual({r["connection"]["carrier"] for r in capture.of_type("connection") if r["connection"]["transport"] == "tcp"},
                         {"tls"})
        self.assertEqual([t["request"]["method"] for t in capture.transactions], ["CONNECT", "GET"])

    def test_the_proxy_itself(self):
        """Its process has no TLS: what it forwards is named, and shown to nobody as cleartext."""
        self.need("curl")
        _, port = self.nginx()
        proxy, proxy_port = self.proxy()
        with self.capture("-p", proxy.pid) as capture:
            self.curl(f"https://localhost:{port}/behind", "-x", f"http://127.0.0.1:{proxy_port}")
        self.assert_nothing_lost(capture)
        clear, tls = self.parts(capture, proxy.pid, proxy_port)
        self.assertEqual((clear["reason"], clear["sent"]["bytes"]), ("tls_began", PROXY_ANSWER))
        self.assertEqual(tls["connection"]["tls"]["sni"], "localhost")
        self.assertIn("not_decoded", tls["connection"]["tls"])

    def test_library_without_probes(self):
        """TLS of a program that is not probed, behind CONNECT."""
        _, port = self.nginx()
        _, proxy_port = self.proxy()
        client = self.uncaptured_client()
        with self.capture("-c", "uncaptured") as capture:
            subprocess.run([client, str(port), str(proxy_port)], check=True, timeout=60)
        self.assert_nothing_lost(capture)
        (pid,) = {r["process"]["pid"] for r in capture.of_type("connection")}
        clear, tls = self.parts(capture, pid, proxy_port)
        self.assertEqual((clear["reason"], clear["received"]["bytes"]), ("tls_began", PROXY_ANSWER))
        self.assertEqual(tls["connection"]["tls"]["sni"], self.SNI)
        self.assertIn("not_decoded", tls["connection"]["tls"])

    def test_node_through_a_proxy(self):
        self.need("node")
        _, port = self.nginx()
        _, proxy_port = self.proxy()
        script = os.path.join(self.folder, "client.js")
        with open(script, "w", encoding="utf-8") as file:
            file.write(NODE_CLIENT)
        client = self.spawn("node", script, proxy_port, port, self.certificate[0], stdin=subprocess.PIPE, text=True)
        with self.capture("-p", client.pid) as capture:
            client.stdin.write("go\n")
            client.stdin.flush()
            self.assertEqual(client.wait(60), 0)
        self.assert_nothing_lost(capture)
        clear, tls = self.parts(capture, client.pid, proxy_port)
        self.assertEqual((clear["reason"], clear["received"]["bytes"]), ("tls_began", PROXY_ANSWER))
        self.assertEqual(tls["connection"]["correlation"], "ciphertext")
        (get,) = [t for t in capture.transactions if t["request"]["method"] == "GET"]
        self.assertEqual(get["request"]["target"], "/node")
