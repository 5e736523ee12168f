"""TLS that no probe covers is named, not decoded; TLS that probes cover is never shown as cleartext, whenever the capture joins."""
import os
import shutil
import subprocess
import time

from harness import PYTHON, LiveTest

# A client with OpenSSL inside and without symbols. Arguments: port.
STATIC_CLIENT = r"""
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
	SSL *ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
	const unsigned char alpn[] = "\x08http/1.1";
	char answer[4096];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (void *)&address, sizeof(address)))
		return 1;
	SSL_set_fd(ssl, fd);
	SSL_set_tlsext_host_name(ssl, "static.example");
	SSL_set_alpn_protos(ssl, alpn, 9);
	if (SSL_connect(ssl) != 1 || SSL_write(ssl, "GET / HTTP/1.0\r\n\r\n", 18) != 18)
		return 2;
	while (SSL_read(ssl, answer, sizeof(answer)) > 0)
		;
	return 0;
}
"""

GO_CLIENT = """package main
import ("crypto/tls"; "io"; "net/http"; "os")
func main() {
	client := http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig:
		&tls.Config{InsecureSkipVerify: true, ServerName: "go.example"}}}
	response, err := client.Get(os.Args[1])
	if err != nil { panic(err) }
	io.Copy(io.Discard, response.Body)
}
"""

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


class ForeignTlsTest(LiveTest):
    def assert_named(self, capture, port, sni, alpn=None):
        (record,) = capture.of_type("connection")
        connection, tls = record["connection"], record["connection"]["tls"]
        self.assertEqual((connection["carrier"], connection["role"], connection["remote"]["port"]), ("tls", "client", port))
        self.assertEqual(tls["sni"], sni)
        self.assertTrue(tls["version"].startswith("TLSv1."), tls)
        self.assertTrue(tls["cipher"].startswith("TLS_"), tls)
        self.assertIn("not_decoded", tls)
        if alpn:
            self.assertEqual(tls["offered_alpn"], alpn)
        self.assertGreater(connection["connect_us"], 0)
        self.assertIn("not decoded", capture.stdout)
        self.assertIn(sni, capture.stdout)
        self.assertEqual(capture.transactions, [])

    def test_stripped_static_openssl(self):
        archive = "/usr/lib/x86_64-linux-gnu/libssl.a"
        if not shutil.which("cc") or not os.path.exists(archive):
            self.skipTest("no C compiler, or no static libssl")
        nginx, port = self.nginx()
        source, program = (os.path.join(self.folder, name) for name in ("client.c", "client"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(STATIC_CLIENT)
        private = subprocess.run(["pkg-config", "--static", "--libs-only-l", "libcrypto"], check=True, capture_output=True, text=True)
        libraries = [word for word in private.stdout.split() if word != "-lcrypto"]
        subprocess.run(["cc", "-O1", "-s", "-o", program, source, archive, archive.replace("ssl.a", "crypto.a"), *libraries],
                       check=True)
        self.assertIsNone(nginx.poll())
        with self.capture("-c", "client", outputs=("-o", "text")) as capture:
            subprocess.run([program, str(port)], check=True)
        self.assert_named(capture, port, "static.example", ["http/1.1"])

    def test_go(self):
        self.need("go")
        _, port = self.nginx()
        with open(os.path.join(self.folder, "client.go"), "w", encoding="utf-8") as file:
            file.write(GO_CLIENT)
        program = os.path.join(self.folder, "goclient")
        subprocess.run(["go", "build", "-o", program, "client.go"], cwd=self.folder, check=True, timeout=120,
                       env={**os.environ, "GOFLAGS": "-mod=mod", "GOCACHE": os.path.join(self.folder, "cache"), "GO111MODULE": "off"})
        with self.capture("-c", "goclient", outputs=("-o", "text")) as capture:
            subprocess.run([program, f"https://127.0.0.1:{port}/"], check=True)
        self.assert_named(capture, port, "go.example", ["h2", "http/1.1"])

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
