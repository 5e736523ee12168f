"""rustls: deno, which is stripped, at both ends; workerd, which has symbols, as a client."""
import os
import subprocess
import urllib.request

from echo_pair import EchoPairTest
from harness import PATIENCE
from npm import program

DENO = ("@deno/linux-x64-glibc@2.9.6", "deno")
OLD_DENO = ("@deno/linux-x64-glibc@2.0.0", "deno")  # rustls 0.23.11
WORKERD = ("@cloudflare/workerd-linux-64@1.20261117.1", "bin/workerd")
BIG = 300_000  # many records, both ways

# Answers each request with what it was sent; says its port. Arguments: certificate, key.
SERVER = """
const [cert, key] = Deno.args.map(name => Deno.readTextFileSync(name));
Deno.serve({port: 0, hostname: "127.0.0.1", cert, key, onListen: ({port}) => console.log(port)},
    async request => new Response(await request.text()));
"""
# For each line on stdin, a target and a size, sends so many bytes to a server that echoes them; says "done".
CLIENT = """
const decoder = new TextDecoder();
console.log("ready");
let rest = "";
for await (const piece of Deno.stdin.readable) {
    rest += decoder.decode(piece);
    for (let end = rest.indexOf("\\n"); end >= 0; end = rest.indexOf("\\n")) {
        const [target, size] = rest.slice(0, end).split(" ");
        rest = rest.slice(end + 1);
        const url = `https://localhost:${Deno.args[0]}${target}`;
        const response = await fetch(url, {method: "POST", body: "x".repeat(Number(size))});
        await response.text();
        console.log("done");
    }
}
"""
# GETs /0-0, /0-1 ... over connections that follow each other. Argument: port.
RAW_CLIENT = """
for (let c = 0; c < 4; ++c) {
    const connection = await Deno.connectTls({hostname: "localhost", port: Number(Deno.args[0])});
    const buffer = new Uint8Array(1000);
    for (let i = 0; i < 3; ++i) {
        await connection.write(new TextEncoder().encode(`GET /${c}-${i} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n`));
        let answer = "";
        while (!answer.endsWith("nginx\\n"))
            answer += new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer)));
    }
    connection.close();
}
"""
WORKER = """
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [
    (name = "main", worker = (modules = [(name = "worker", esModule = embed "worker.js")], compatibilityDate = "2024-01-01",
                              globalOutbound = "net")),
    (name = "net", network = (allow = ["private"], tlsOptions = (trustedCertificates = [embed "ca.pem"])))],
sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);
"""


class RustlsTest(EchoPairTest):
    LIBRARY = r"^rustls 0\.23\.\d+$"
    CORRELATION = "ciphertext"

    def deno(self, text, *arguments, package=DENO):
        return [program(self, *package), "run", "-A", "--no-check", "--unsafely-ignore-certificate-errors=localhost",
                self.write_script(text), *map(str, arguments)]

    def start(self, text, *arguments):
        environment = os.environ | {"NO_COLOR": "1", "DENO_DIR": self.folder, "DENO_NO_UPDATE_CHECK": "1"}
        return self.spawn_script(*self.deno(text, *arguments), stderr=subprocess.DEVNULL, env=environment)

    def converse(self, early, late):
        server = self.start(SERVER, *self.certificate)
        port = int(server.stdout.readline())
        self.converse_under_capture(server, port, self.start(CLIENT, port), early, late)

    def test_deno_from_the_beginning(self):
        self.converse([], [("/0", 10), ("/1", BIG), ("/2", 0), ("/3", 20_000)])

    def test_deno_joined_in_mid_life(self):
        self.converse([("/0", 10), ("/1", BIG)], [(f"/{n}", 1000 * n) for n in range(2, 12)])

    def test_deno_outlives_captures(self):
        """Probes come and go in the midst of its calls."""
        server = self.start(SERVER, *self.certificate)
        client = self.start(CLIENT, int(server.stdout.readline()))
        self.assertEqual(client.stdout.readline(), "ready\n")
        for _ in range(8):
            client.stdin.write(f"/0 {BIG}\n" * 20)
            client.stdin.flush()
            with self.capture("-p", server.pid, "-p", client.pid, "--duration", "0.1s") as capture:
                capture.process.wait(PATIENCE)
            self.assertEqual(capture.status, 0, capture.stderr)
            self.assertEqual([client.stdout.readline() for _ in range(20)], ["done\n"] * 20)
        self.assertEqual((server.poll(), client.poll()), (None, None))

    def test_connections_behind_each_other(self):
        """Memory of one connection serves the next one's keys."""
        _, port = self.nginx()
        with self.capture("--tls-only", command=self.deno(RAW_CLIENT, port)) as capture:
            capture.process.wait(PATIENCE)
        self.assertEqual(capture.status, 0, capture.stderr)
        self.assertEqual(capture.summary["losses"], [])
        self.assertEqual([t["request"]["target"] for t in capture.transactions], [f"/{c}-{i}" for c in range(4) for i in range(3)])
        self.assertTrue(all(t["integrity"]["complete"] and not t["integrity"]["joined_midstream"] for t in capture.transactions))
        self.assertEqual(len({t["connection"]["id"] for t in capture.transactions}), 4)
        ends = {(t["connection"]["local"]["port"], t["connection"]["remote"]["port"]) for t in capture.transactions}
        self.assertEqual((len(ends), {remote for _, remote in ends}), (4, {port}))

    def test_workerd(self):
        _, port = self.nginx()
        for name, text in (("worker.capnp", WORKER),
                           ("worker.js", f'export default {{ fetch() {{ return fetch("https://localhost:{port}/from-a-worker"); }} }};'),
                           ("ca.pem", open(self.certificate[0], encoding="utf-8").read())):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        reading, writing = os.pipe()
        worker = self.spawn(program(self, *WORKERD), "serve", f"--control-fd={writing}", os.path.join(self.folder, "worker.capnp"),
                            pass_fds=(writing,), stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as control:
            own_port = int(control.readline().split('"port":')[1].split("}")[0].split(",")[0])
        url = f"http://127.0.0.1:{own_port}/"
        with self.capture("-p", worker.pid, "--tls-only") as capture:
            for _ in range(3):
                with urllib.request.urlopen(url, timeout=PATIENCE) as response:
                    self.assertEqual(response.status, 200)
            capture.wait_for(3)
        for transaction in capture.transactions:
            self.assertEqual(transaction["request"]["target"], "/from-a-worker")
            self.assertEqual(transaction["connection"]["remote"]["port"], port)

    def test_older_rustls_is_named(self):
        _, port = self.nginx()
        command = self.deno(RAW_CLIENT, port, package=OLD_DENO)
        capture = self.capture(command=command).start().finish()
        self.assertEqual(capture.status, 0, capture.stderr)
        self.assertIn("rustls 0.23.11", capture.stderr)
        self.assertNotIn("capturing rustls", capture.stderr)
        self.assertEqual([t for t in capture.transactions if t["connection"]["carrier"] == "tls"], [])
