"""TLS that no probe covers is named, not decoded; TLS that probes cover is never shown as cleartext, whenever the capture joins."""
import os
import subprocess
import time

from harness import PYTHON
from uncaptured import UncapturedTest

# Keeps some connections open and downloads without end over others, by asyncio, whose TLS has no socket of its own.
# Arguments: port, certificate. Says "ready" when all are in mid-life; ends by the end of stdin.
ASYNCIO_CLIENT = """if True:
    import asyncio, ssl, sys
    context = ssl.create_default_context(cafile=sys.argv[2])
    async def request(reader, writer, path):
        writer.write(f"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode())
        return (await reader.readuntil(b"\\r\\n\\r\\n")).decode()
    async def open_one():
        return await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context, server_hostname="localhost")
    async def download(ready):
        reader, writer = await open_one()
        while True:
            head = await request(reader, writer, "/big")
            left = int(head.lower().split("content-length: ")[1].split()[0])
            ready.set()
            while left:
                left -= len(await reader.read(min(left, 100_000)))
                await asyncio.sleep(0.001)
    async def main():
        readies = [asyncio.Event() for _ in range(3)]
        tasks = [asyncio.ensure_future(download(r)) for r in readies]
        quiet = [await open_one() for _ in range(3)]
        for r in readies:
            await r.wait()
        print("ready")
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            for reader, writer in quiet:
                await request(reader, writer, "/")
                await reader.readexactly(6)
            print("done")
    asyncio.run(main())
"""

NODE_CLIENT = """
const https = require('https'), fs = require('fs');
const [port, cert] = process.argv.slice(2);
const options = {host: '127.0.0.1', port, ca: fs.readFileSync(cert), servername: 'localhost'};
const ask = (path, agent, then) => https.get({...options, path, agent}, r => { then(r); });
let ready = 0;
const download = agent => ask('/big', agent, r => {
    if (++ready === 3) console.log('ready');
    r.on('data', () => { r.pause(); setTimeout(() => r.resume(), 1); });
    r.on('end', () => download(agent));
});
for (let i = 0; i < 3; i++) download(new https.Agent({keepAlive: true, maxSockets: 1}));
const quiet = new https.Agent({keepAlive: true, maxSockets: 1});
ask('/', quiet, r => r.resume());
process.stdin.on('data', () => ask('/', quiet, r => { r.resume(); r.on('end', () => console.log('done')); }));
process.stdin.on('end', () => process.exit(0));
"""


JAVA_CLIENT = """public class Client {
    public static void main(String[] arguments) throws Exception {
        new java.net.URL(arguments[0]).openStream().readAllBytes();
    }
}
"""

# Takes one connection, passes it on, and says its own port.
FORWARDER = """if True:
    import select, socket, sys
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1])
    client = listener.accept()[0]
    server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    while True:
        for one in select.select([client, server], [], [])[0]:
            data = one.recv(65536)
            if not data:
                sys.exit()
            (server if one is client else client).sendall(data)
"""


# Two clients: one speaks TLS by a memory BIO and hands the ClientHello to writev in three buffers (0, 9 and all other
# bytes, as Erlang does), the other speaks QUIC version 1 (packets of RFC 9001 appendix A).
DIVIDING_CLIENT = """if True:
    import os, socket, ssl, sys
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="divided.example")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    print("ready")
    sys.stdin.readline()
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    os.writev(connection.fileno(), [b"", hello[:9], hello[9:]])
    connection.recv(65536)
"""

QUIC_CLIENT = """if True:
    import socket, sys
    client, server = [open(name, "rb").read() for name in sys.argv[1:3]]
    near, far = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    far.bind(("127.0.0.1", 0))
    near.connect(far.getsockname())
    print(far.getsockname()[1])
    sys.stdin.readline()
    near.send(client)
    address = far.recvfrom(2000)[1]
    far.sendto(server, address)
    near.recv(2000)
    near.send(b"\\x40 short header")
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.sendto(b"no QUIC", far.getsockname())
"""


class ForeignTlsTest(UncapturedTest):
    def assert_named(self, capture, port, sni, library, alpn=None, connect_time=True):
        """One connection, whose library (a regular expression) is told by JSON, text and the last words on stderr."""
        (record,) = capture.of_type("connection")
        connection, tls = record["connection"], record["connection"]["tls"]
        self.assertEqual((connection["carrier"], connection["role"], connection["remote"]["port"]), ("tls", "client", port))
        self.assertEqual(tls.get("sni"), sni)
        self.assertTrue(tls["version"].startswith("TLSv1."), tls)
        self.assertTrue(tls["cipher"].startswith("TLS_"), tls)
        self.assertRegex(tls["library"], f"^{library}$")
        self.assertEqual(tls["not_decoded"], f"{tls['library']}: not captured")
        self.assertIn(f"not decoded: {tls['library']}: not captured", capture.stdout)
        self.assertIn(f"1 TLS connection was not decoded: {record['process']['comm']} ({tls['not_decoded']})", capture.stderr)
        if alpn:
            self.assertEqual(tls["offered_alpn"], alpn)
        self.assertGreater(connection["connect_us"], 0)
        self.assertIn(sni or "", capture.stdout)
        self.assertEqual(capture.transactions, [])

    def test_stripped_static_openssl(self):
        _, port = self.nginx()
        program = self.uncaptured_client()
        with self.capture("-c", "uncaptured", outputs=("-o", "text")) as capture:
            subprocess.run([program, str(port)], check=True)
        self.assert_named(capture, port, self.SNI, self.LIBRARY, ["http/1.1"])

    def test_child_of_a_command(self):
        """A short one; --tls-only shows it, too, and nothing without TLS."""
        _, port = self.nginx()
        client = [self.uncaptured_client(), str(port)]
        # what it says to a port without TLS is not shown
        script = f'(exec 3<>/dev/tcp/127.0.0.1/{port}; printf "GET / HTTP/1.0\r\n\r\n" >&3; cat <&3 >/dev/null); "$@"'
        capture = self.capture("--tls-only", "-o", "text", command=["bash", "-c", script, "bash", *client]).start().finish()
        self.assertEqual(capture.status, 0, capture.stderr)
        self.assert_named(capture, port, self.SNI, self.LIBRARY, connect_time=False)
        self.assertNotIn("needs no TLS library", capture.stderr)

    def test_java(self):
        """Nothing native: the virtual machine stands for it."""
        self.need("java", "javac")
        _, port = self.nginx()
        with open(os.path.join(self.folder, "Client.java"), "w", encoding="utf-8") as file:
            file.write(JAVA_CLIENT)
        subprocess.run(["javac", "Client.java"], cwd=self.folder, check=True, timeout=120)
        trust = os.path.join(self.folder, "trust")
        subprocess.run(["keytool", "-importcert", "-noprompt", "-file", self.certificate[0], "-keystore", trust,
                        "-storepass", "secret"], check=True, capture_output=True)
        command = ["java", "-cp", self.folder, f"-Djavax.net.ssl.trustStore={trust}", "-Djavax.net.ssl.trustStorePassword=secret", "Client", f"https://localhost:{port}/"]
        capture = self.capture("-o", "text", command=command).start().finish()
        self.assertEqual(capture.status, 0, capture.stderr)
        # JSSE names no host without a dot
        self.assert_named(capture, port, None, r"Java TLS \(JSSE\)")
        self.assertNotIn("needs no TLS library", capture.stderr)

    def test_client_hello_in_pieces(self):
        """The client's library is captured, but not that process: so its socket is looked at as any other."""
        _, port = self.nginx()
        client = self.python(DIVIDING_CLIENT, port)
        self.assertEqual(client.stdout.readline(), "ready\n")
        with self.capture("-p", client.pid, outputs=("-o", "text")) as capture:
            client.stdin.write("\n")
            client.stdin.flush()
            client.wait()
        (record,) = capture.of_type("connection")
        self.assertEqual(record["connection"]["carrier"], "tls")
        self.assertEqual(record["connection"]["tls"]["sni"], "divided.example")
        self.assertTrue(record["connection"]["tls"]["cipher"].startswith("TLS_"), record)

    def quic(self, *options):
        fixtures = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "quic")
        client = self.python(QUIC_CLIENT, *(os.path.join(fixtures, f"rfc9001_{side}_initial.bin") for side in ("client", "server")))
        port = int(client.stdout.readline())
        with self.capture("-p", client.pid, *options, outputs=("-o", "text")) as capture:
            client.stdin.write("\n")
            client.stdin.flush()
            client.wait()
        return capture, port

    def check_quic(self, capture, port):
        by_role = {record["connection"]["role"]: record["connection"] for record in capture.of_type("connection")
                   if record["connection"]["carrier"] == "tls"}
        self.assertEqual(set(by_role), {"client", "server"})
        self.assertEqual(by_role["client"]["remote"]["port"], port)
        for connection in by_role.values():
            self.assertEqual(connection["transport"], "udp")
            tls = connection["tls"]
            self.assertEqual((tls["sni"], tls["offered_alpn"], tls["version"], tls["cipher"], tls["not_decoded"]),
                             ("example.com", ["alpn"], "TLSv1.3", "TLS_AES_128_GCM_SHA256", "QUIC"))
        self.assertIn("not decoded: QUIC  example.com", capture.stdout)

    def test_quic(self):
        capture, port = self.quic()
        self.check_quic(capture, port)
        self.assertIn("no QUIC", [c["sent"].get("first_bytes", {}).get("text") for c in capture.of_type("connection")])

    def test_quic_of_tls_only(self):
        capture, port = self.quic("--tls-only")
        self.check_quic(capture, port)
        self.assertEqual(len(capture.of_type("connection")), 2)

    def test_quic_of_cleartext_only(self):
        capture, _ = self.quic("--cleartext-only")
        self.assertEqual([c["connection"]["carrier"] for c in capture.of_type("connection")
                          if c["sent"]["bytes"]], ["cleartext"])

    def test_forwarded(self):
        """Who only passes on what others encrypt has no library."""
        _, port = self.nginx()
        forwarder = self.python(FORWARDER, port)
        own = int(forwarder.stdout.readline())
        with self.capture("-p", forwarder.pid, outputs=("-o", "text")) as capture:
            self.curl(f"https://localhost:{own}/")
            forwarder.wait()
        records = capture.of_type("connection")
        self.assertEqual(len(records), 2)
        for record in records:
            self.assertEqual(record["connection"]["tls"]["not_decoded"], "by no known TLS library, or forwarded")
            self.assertEqual(record["connection"]["tls"]["sni"], "localhost")
            self.assertNotIn("library", record["connection"]["tls"])

    def mid_life(self, command):
        """Captures from the middle of downloads on; nothing may be shown as cleartext, and the rest be understood."""
        big = os.path.join(self.folder, "big")
        with open(big, "wb") as file:
            file.write(os.urandom(20_000_000))
        _, port = self.nginx(f'location = /big {{ root {self.folder}; }} location / {{ return 200 "hello\\n"; }}')
        client = self.spawn(*command, port, self.certificate[0], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(client.stdout.readline(), "ready\n")
        with self.capture("-p", client.pid, "--max-body", "1k", outputs=("-o", "text")) as capture:
            time.sleep(1)
            client.stdin.write("\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), "done\n")
            client.stdin.close()
            client.wait()
        cleartext = [c for c in capture.of_type("connection") if c["connection"]["carrier"] == "cleartext"]
        self.assertEqual(cleartext, [])
        self.assertNotIn("cleartext", capture.stdout)
        self.assertTrue(any(t.get("request", {}).get("target") == "/" for t in capture.transactions))

    def test_asyncio_in_mid_life(self):
        self.mid_life([PYTHON, "-u", "-c", ASYNCIO_CLIENT])

    def test_node_in_mid_life(self):
        self.need("node")
        script = os.path.join(self.folder, "client.js")
        with open(script, "w", encoding="utf-8") as file:
            file.write(NODE_CLIENT)
        self.mid_life(["node", script])

    def beside(self, own):
        """A process whose own TLS is captured carries another's, as with a second library: it is named, not left out."""
        _, port = self.nginx()
        process = self.python(
            """if True:
            import asyncio, socket, ssl, sys, threading
            port = int(sys.argv[1])
            context = ssl._create_unverified_context()
            listener = socket.create_server(("127.0.0.1", 0))
            sys.stdin.readline()
            request = b"GET /own HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n"
            def by_socket():
                with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="own.test") as own:
                    own.sendall(request)
                    while own.recv(10000):
                        pass
            async def by_memory():
                reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="own.test")
                writer.write(request)
                await reader.read()
                writer.close()
            own = by_socket if sys.argv[2] == "socket" else lambda: asyncio.run(by_memory())
            own()
            print(listener.getsockname()[1], flush=True)
            client, server = listener.accept()[0], socket.create_connection(("127.0.0.1", port))
            def carry(source, sink):
                while bytes := source.recv(65536):
                    sink.sendall(bytes)
                sink.shutdown(socket.SHUT_WR)
            thread = threading.Thread(target=carry, args=(client, server))
            thread.start()
            carry(server, client)
            thread.join()
            client.close(); server.close()
            own()
            """, port, own)
        with self.capture("-p", process.pid) as capture:
            process.stdin.write("\n")
            process.stdin.flush()
            relay = int(process.stdout.readline())
            self.assertEqual(self.curl(f"https://localhost:{relay}/carried", "--resolve", f"localhost:{relay}:127.0.0.1"),
                             b"hello from nginx\n")
            self.assertEqual(process.wait(), 0)
        self.assertEqual([t["request"]["target"] for t in capture.transactions], ["/own", "/own"])
        undecoded = [c["connection"] for c in capture.of_type("connection") if "not_decoded" in c["connection"]["tls"]]
        self.assertEqual(sorted((c["role"], c["tls"]["sni"]) for c in undecoded),
                         [("client", "localhost"), ("server", "localhost")])
        self.assertEqual(len(capture.of_type("connection")), 4)

    def test_beside_tls_that_is_decoded(self):
        self.beside("socket")

    def test_beside_tls_of_memory_bios(self):
        self.beside("memory")
