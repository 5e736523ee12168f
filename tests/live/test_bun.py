"""bun: a program of 100 MB with a BoringSSL without symbols, of which link-time optimisation has left no BIO_read()."""
from echo_pair import EchoPairTest
from npm import program

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


class BunTest(EchoPairTest):
    LIBRARY = r"^BoringSSL"

    def converse(self, version, early, late):
        bun = program(self, f"@oven/bun-linux-x64@{version}", "bin/bun")
        server = self.spawn_script(bun, self.write_script(SERVER), *self.certificate)
        port = int(server.stdout.readline())
        client = self.spawn_script(bun, self.write_script(CLIENT), port, self.certificate[0])
        self.converse_under_capture(server, port, client, early, late)

    def test_bun_from_the_beginning(self):
        for version in (OLD, NEW):
            with self.subTest(version):
                self.converse(version, [], [("/0", 10), ("/1", 1_000_000), ("/2", 0), ("/3", 20_000)])

    def test_bun_joined_in_mid_life(self):
        for version in (OLD, NEW):
            with self.subTest(version):
                self.converse(version, [("/0", 10), ("/1", 100_000)], [(f"/{n}", 1000 * n) for n in range(2, 12)])
