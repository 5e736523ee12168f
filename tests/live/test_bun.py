"""bun: a program of 100 MB with a BoringSSL without symbols, of which link-time optimisation has left no BIO_read()."""
import os
import pathlib
import subprocess

from harness import LiveTest, body_of

FETCH = pathlib.Path(__file__).resolve().parents[2] / "tools" / "fetch-npm"
OLD, NEW = "1.1.45", "1.4.5"  # the older one sends from within SSL_write, the newer one behind it

# Answers each request with what it was sent; says its port. Arguments: certificate, key.
SERVER = """
const [cert, key] = process.argv.slice(2).map(name => Bun.file(name));
const server = Bun.serve({port: 0, hostname: "127.0.0.1", tls: {cert, key},
    async fetch(request) { return new Response(await request.text()); }});
console.log(server.port);
"""
# For each line on stdin, a target and a size, sends so many bytes to a server that echoes them; says "done".
CLIENT = """
const https = require("https"), readline = require("readline");
const [port, ca] = [process.argv[2], require("fs").readFileSync(process.argv[3])];
const agent = new https.Agent({keepAlive: true, maxSockets: 1});
readline.createInterface({input: process.stdin}).on("line", line => {
    const [path, size] = line.split(" ");
    https.request({host: "localhost", port, path, agent, ca, method: "POST"}, response => {
        response.resume();
        response.on("end", () => console.log("done"));
    }).end("x".repeat(Number(size)));
}).on("close", () => process.exit(0));
console.log("ready");
"""


class BunTest(LiveTest):
    def bun(self, version):
        done = subprocess.run([FETCH, f"@oven/bun-linux-x64@{version}", "bin/bun"], capture_output=True, text=True)
        if done.returncode == 3:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def run_script(self, bun, text, *arguments):
        path = os.path.join(self.folder, f"script{len(os.listdir(self.folder))}.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return self.spawn(bun, path, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, text=True)

    def exchange(self, client, *requests):
        for target, size in requests:
            client.stdin.write(f"{target} {size}\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), "done\n")

    def check(self, capture, requests, port):
        """All that was said, once at each end, and the peers; over how many connections is bun's affair."""
        self.assertEqual(capture.summary["losses"], [])
        connections = {}
        for role in ("client", "server"):
            seen = sorted((t for t in capture.transactions if t["connection"]["role"] == role),
                          key=lambda t: int(t["request"]["target"][1:]))
            self.assertEqual([t["request"]["target"] for t in seen], [target for target, _ in requests])
            for transaction, (_, size) in zip(seen, requests):
                self.assertEqual(body_of(transaction["request"]), b"x" * size)
                self.assertEqual(body_of(transaction["response"]), b"x" * size)
                self.assertTrue(transaction["connection"]["tls"]["library"].startswith("BoringSSL"))
            connections[role] = [t["connection"] for t in seen]
        for client, server in zip(connections["client"], connections["server"]):
            self.assertEqual(client["remote"]["port"], port)
            self.assertEqual(server["local"], client["remote"])
            self.assertEqual(server["remote"], client["local"])

    def converse(self, version, early, late):
        """Client and server, the later requests under capture."""
        bun = self.bun(version)
        server = self.run_script(bun, SERVER, *self.certificate)
        port = int(server.stdout.readline())
        client = self.run_script(bun, CLIENT, port, self.certificate[0])
        self.assertEqual(client.stdout.readline(), "ready\n")
        self.exchange(client, *early)
        with self.capture("-p", server.pid, "-p", client.pid, "--max-body", 1 << 21) as capture:
            self.exchange(client, *late)
            capture.wait_for(2 * len(late))
        self.check(capture, late, port)

    def test_bun_from_the_beginning(self):
        for version in (OLD, NEW):
            with self.subTest(version):
                self.converse(version, [], [("/0", 10), ("/1", 1_000_000), ("/2", 0), ("/3", 20_000)])

    def test_bun_joined_in_mid_life(self):
        for version in (OLD, NEW):
            with self.subTest(version):
                self.converse(version, [("/0", 10), ("/1", 100_000)], [(f"/{n}", 1000 * n) for n in range(2, 12)])
