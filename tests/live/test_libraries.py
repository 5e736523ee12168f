"""TLS libraries that are not OpenSSL: the same HTTP client and server over each (programs/peer.h)."""
import os
import subprocess

from harness import PATIENCE, PYTHON, LiveTest, body_of, wait_until
from npm import node_path
from tls_programs import library_path

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS, PEERS = (os.path.join(HERE, name) for name in ("programs", "peers"))
BIG = 300_000  # many records, both ways


def expected_body(number, size):
    """What peer.c sends with request `number`."""
    return bytes(ord("a") + (i + i // 26 + number) % 26 for i in range(size))


class PeersTest(LiveTest):
    """A server and clients of one program."""
    ENDS_SEEN = 2  # of a connection that both say close_notify on, while its sockets stay open

    def build(self, name, header, *libraries):
        if not os.path.exists(os.path.join("/usr/include", header)):
            self.skipTest(f"/usr/include/{header} is not installed")
        self.need("gcc")
        self.program = os.path.join(self.folder, name)
        sources = [os.path.join(PROGRAMS, source) for source in (f"{name}.c", "peer.c")]
        subprocess.run(["gcc", "-O1", "-Wall", "-Wextra", "-Werror", *sources, "-o", self.program, *libraries], check=True)

    def serve(self, *options):
        self.options = options
        self.server = self.spawn(self.program, "serve", *self.certificate, *options, stdout=subprocess.PIPE, text=True)
        self.port = int(self.server.stdout.readline())

    def call(self):
        """A client that waits for exchange()."""
        return self.spawn(self.program, "call", self.port, self.certificate[0], *self.options, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=None, text=True)

    def exchange(self, client, *sizes):
        client.stdin.write(" ".join(map(str, sizes)) + "\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), "done\n")

    def converse(self, *options):
        """Exchanges of one connection under capture, from its beginning to its end: the capture."""
        self.sizes = (3, BIG, 0)
        self.serve(*options)
        client = self.call()
        with self.capture("-p", self.server.pid, "-p", client.pid, "--max-body", 1 << 20) as capture:
            self.exchange(client, *self.sizes[:2])
            self.exchange(client, *self.sizes[2:])
            client.stdin.close()
            self.assertEqual(client.wait(PATIENCE), 0)
            capture.wait_for(2 * len(self.sizes), or_missed=True)
            wait_until(lambda: len(capture.seen_so_far("connection")) >= self.ENDS_SEEN, "the ends of the connection")
        return capture

    def check_payload(self, capture, sizes, first=0):
        """Each exchange once at each end, with all its bytes, but for what the kernel passed over and counted (docs/kernels.md)."""
        self.assertEqual([loss for loss in capture.summary["losses"] if loss["cause"] != "missed"], [])
        expected = {f"/{number}": expected_body(number, size) for number, size in enumerate(sizes, first)}
        missing = 0
        for role in ("client", "server"):
            whole = [t for t in capture.transactions if t["connection"]["role"] == role and t["integrity"]["complete"]]
            missing += len(sizes) - len(whole)
            for transaction in whole:
                body = expected.get(transaction["request"]["target"])
                self.assertEqual(body_of(transaction["request"]), body)
                self.assertEqual(body_of(transaction["response"]), body)
            targets = [t["request"]["target"] for t in whole]
            self.assertEqual(targets, [target for target in expected if target in targets])
        self.assertLessEqual(missing, capture.missed, capture.transactions)

    def check_peers(self, capture, correlation):
        """Both ends of one connection."""
        connections = {t["connection"]["id"]: t["connection"] for t in capture.transactions}
        ends = {c["role"]: c for c in connections.values()}
        self.assertEqual((len(connections), sorted(ends)), (2, ["client", "server"]))
        self.assertEqual(ends["client"]["remote"], {"address": "127.0.0.1", "port": self.port})
        self.assertEqual(ends["server"]["local"], ends["client"]["remote"])
        self.assertEqual(ends["server"]["remote"], ends["client"]["local"])
        self.assertEqual({c["correlation"] for c in ends.values()}, {correlation})

    def check_tls(self, capture, library, version, cipher, alpn="http/1.1"):
        self.assertEqual(len(capture.of_type("connection")), 2)
        for record in capture.of_type("connection"):
            tls = record["connection"]["tls"]
            self.assertRegex(tls["library"], library)
            self.assertEqual((tls["version"], tls.get("alpn")), (version, alpn))
            # What is written to memory is seen once a call has shown that it is: behind the ClientHello.
            if "memory" not in self.options or record["connection"]["role"] == "server":
                self.assertEqual(tls["sni"], "localhost")
            self.assertRegex(tls["cipher"], cipher)
            self.assertGreater(tls["handshake_us"], 0)
            self.assertNotIn("handshake_failed", tls)
            if self.ENDS_SEEN == 2:
                self.assertEqual(record["reason"], "shutdown", record)

    def check_all(self, capture, library, version, cipher, correlation="nested"):
        self.check_payload(capture, self.sizes)
        self.check_peers(capture, correlation)
        self.check_tls(capture, library, version, cipher)

    def check_joined(self, *options):
        """A connection that was there before the capture. What a call gives that waited already is not seen (README.md)."""
        self.serve(*options)
        client = self.call()
        self.exchange(client, 5)
        with self.capture("-p", self.server.pid, "-p", client.pid, "--max-body", 1 << 20) as capture:
            self.exchange(client, 7, BIG, 9)
            capture.wait_for(6)
        self.assertEqual([t["response"]["status"] for t in capture.transactions], [200] * 6)
        self.check_peers(capture, "nested")
        later = [t for t in capture.transactions if t.get("request", {}).get("target") in ("/2", "/3")]
        capture.objects = [o for o in capture.objects if o["type"] != "transaction" or o in later]
        self.check_payload(capture, (BIG, 9), first=2)


class GnuTlsTest(PeersTest):
    LIBRARY = r"^GnuTLS 3\.\d+\.\d+$"

    def setUp(self):
        super().setUp()
        self.build("gnutls", "gnutls/gnutls.h", "-lgnutls")

    def test_gnutls_client_and_server(self):
        self.check_all(self.converse(), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_gnutls_tls_1_2(self):
        self.check_all(self.converse("tls1.2"), self.LIBRARY, "TLSv1.2", "^TLS_ECDHE_RSA_")

    def test_gnutls_without_blocking(self):
        self.check_all(self.converse("nonblocking"), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_gnutls_corked(self):
        """What is kept until the session is uncorked is shown once."""
        self.check_all(self.converse("cork"), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_gnutls_packets(self):
        """Reads that give out memory of the library, as GLib's do."""
        self.check_all(self.converse("packets"), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_gnutls_joined_in_mid_life(self):
        self.check_joined()

    def test_wget(self):
        self.need("wget")
        nginx, port = self.nginx()
        with self.capture("-c", "wget") as capture:
            wget = ["wget", "-q", "-O", os.devnull, f"--ca-certificate={self.certificate[0]}", f"https://localhost:{port}/"]
            for _ in range(5):
                subprocess.run(wget, check=True)
            capture.wait_for(5)
        self.assertEqual({(t["request"]["target"], t["response"]["status"], t["integrity"]["complete"], t["connection"]["tls"]["sni"],
                           t["connection"]["remote"]["port"]) for t in capture.transactions}, {("/", 200, True, "localhost", port)})
        self.assertEqual(capture.summary["losses"], [])


class WolfSslTest(PeersTest):
    LIBRARY = r"^wolfSSL 5\.\d+\.\d+$"

    def setUp(self):
        super().setUp()
        self.build("wolfssl", "wolfssl/ssl.h", "-lwolfssl")

    def test_wolfssl_client_and_server(self):
        self.check_all(self.converse(), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_wolfssl_tls_1_2(self):
        self.check_all(self.converse("tls1.2"), self.LIBRARY, "TLSv1.2", "^TLS_ECDHE_RSA_")

    def test_wolfssl_without_blocking(self):
        self.check_all(self.converse("nonblocking", "peek"), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_wolfssl_handshakes_by_reads_and_writes(self):
        capture = self.converse("implicit")
        self.check_payload(capture, self.sizes)
        self.check_peers(capture, "nested")

    def test_wolfssl_with_memory(self):
        self.check_all(self.converse("memory"), self.LIBRARY, "TLSv1.3", "^TLS_AES_", "ciphertext")

    def test_wolfssl_joined_in_mid_life(self):
        self.check_joined()


class NssTest(PeersTest):
    LIBRARY = r"^NSS 3\.\d+(\.\d+)?$"

    def setUp(self):
        super().setUp()
        self.build("nss", "nss/ssl.h", "-I/usr/include/nspr", "-I/usr/include/nss", "-lssl3", "-lnss3", "-lnssutil3", "-lnspr4")

    def test_nss_client_and_server(self):
        self.check_all(self.converse(), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_nss_tls_1_2(self):
        self.check_all(self.converse("tls1.2"), self.LIBRARY, "TLSv1.2", "^TLS_ECDHE_RSA_")

    def test_nss_without_blocking(self):
        self.check_all(self.converse("nonblocking", "peek"), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_nss_below_another_layer(self):
        """As in Firefox: handshakes are given a descriptor that is not that of the TLS layer."""
        self.check_all(self.converse("layered"), self.LIBRARY, "TLSv1.3", "^TLS_AES_")

    def test_nss_handshakes_by_reads_and_writes(self):
        capture = self.converse("implicit")
        self.check_payload(capture, self.sizes)
        self.check_peers(capture, "nested")

    def test_nss_joined_in_mid_life(self):
        self.check_joined()

    def test_curl_with_nss(self):
        """A curl that brings NSS instead of OpenSSL."""
        library = library_path("libcurl-nss.so.4")
        if not library:
            self.skipTest("libcurl3-nss is not installed")
        _, port = self.nginx()
        with self.capture(command=[PYTHON, os.path.join(PEERS, "libcurl.py"), library, f"https://localhost:{port}/"]) as capture:
            capture.process.wait(PATIENCE)
        (transaction,) = capture.transactions
        self.assertEqual(body_of(transaction["response"]), b"hello from nginx\n")
        self.assertEqual(transaction["connection"]["remote"]["port"], port)
        self.assertRegex(transaction["connection"]["tls"]["library"], self.LIBRARY)
        self.assertEqual(transaction["connection"]["tls"]["alpn"], "http/1.1")


class SeveralInOneProcessTest(LiveTest):
    def converse(self, *options):
        """curl with three TLS libraries, and Python's ssl, in one process at once: the capture, libraries by target."""
        names = {"openssl": ("libcurl.so.4", "OpenSSL"), "gnutls": ("libcurl-gnutls.so.4", "GnuTLS"), "nss": ("libcurl-nss.so.4", "NSS")}
        names = {path: (library_path(file), name) for path, (file, name) in names.items() if library_path(file)}
        if len(names) < 2:
            self.skipTest("fewer than two of libcurl4, libcurl3-gnutls and libcurl3-nss are installed")
        _, self.port = self.nginx()
        code = """
import runpy, sys, threading
script, url, *libraries = sys.argv[1:]
import urllib.request, ssl
urllib.request.urlopen(url + "python", context=ssl._create_unverified_context()).read()
for library in libraries:
    path, file = library.split("=")
    sys.argv = [script, file, url + path]
    try:
        runpy.run_path(script)
    except SystemExit as ended:
        assert not ended.code, (library, ended.code)
"""
        url = f"https://localhost:{self.port}/"
        command = [PYTHON, "-c", code, os.path.join(PEERS, "libcurl.py"), url, *(f"{path}={file}" for path, (file, _) in names.items())]
        with self.capture(*options, command=command) as capture:
            capture.process.wait(PATIENCE)
        self.assertEqual(capture.status, 0, capture.stderr)
        return capture, {"/python": "OpenSSL"} | {f"/{path}": name for path, (_, name) in names.items()}

    def test_each_connection_names_its_own_library(self):
        capture, expected = self.converse()
        seen = {t["request"]["target"]: t["connection"] for t in capture.transactions}
        self.assertEqual({target: c["tls"]["library"].split()[0] for target, c in seen.items()}, expected)
        self.assertEqual({c["remote"]["port"] for c in seen.values()}, {self.port})
        self.assertEqual(len({(c["process"]["pid"] if "process" in c else None) for c in seen.values()}), 1)


    def test_what_was_not_chosen_is_named(self):
        capture, expected = self.converse("--tls", "gnutls,nss")
        chosen = {target for target, name in expected.items() if name != "OpenSSL"}
        self.assertEqual({t["request"]["target"] for t in capture.transactions}, chosen)
        self.assertNotIn("capturing OpenSSL", capture.stderr)
        others = [c["connection"]["tls"] for c in capture.of_type("connection") if "not_decoded" in c["connection"]["tls"]]
        self.assertEqual(len(others), len(expected) - len(chosen), capture.stderr)
        for tls in others:
            self.assertRegex(tls["not_decoded"], "^OpenSSL [0-9.]+: left out by --tls$")


class StaticOpenSslTest(PeersTest):
    """OpenSSL inside of a program without symbols: its functions are found by the errors that they report."""
    LIBRARY = r"^OpenSSL( 3\.\S+)?$"  # few programs contain the version
    ENDS_SEEN = 1  # SSL_shutdown() leaves by a table of functions that is not found

    def setUp(self):
        super().setUp()
        archive = "/usr/lib/x86_64-linux-gnu/libssl.a"
        if not os.path.exists(archive):
            self.skipTest("no static libssl")
        private = subprocess.run(["pkg-config", "--static", "--libs-only-l", "libcrypto"], check=True, capture_output=True, text=True)
        self.build("openssl", "openssl/ssl.h", "-s", archive, archive.replace("ssl.a", "crypto.a"),
                   *(word for word in private.stdout.split() if word != "-lcrypto"))

    def check_unnamed(self, capture, version, cipher):
        """ALPN is seen where it is not encrypted: SSL_get0_alpn_selected() reports no errors, so it is not found."""
        self.check_payload(capture, self.sizes)
        self.check_peers(capture, "nested")
        self.check_tls(capture, self.LIBRARY, version, cipher, "http/1.1" if version == "TLSv1.2" else None)

    def test_static_openssl_client_and_server(self):
        self.check_unnamed(self.converse(), "TLSv1.3", "^TLS_AES_")

    def test_static_openssl_tls_1_2(self):
        self.check_unnamed(self.converse("tls1.2"), "TLSv1.2", "^TLS_ECDHE_RSA_")

    def test_static_openssl_without_blocking(self):
        self.check_unnamed(self.converse("nonblocking", "peek"), "TLSv1.3", "^TLS_AES_")

    def test_static_openssl_handshakes_by_reads_and_writes(self):
        capture = self.converse("implicit")
        self.check_payload(capture, self.sizes)
        self.check_peers(capture, "nested")

    def test_static_openssl_with_memory(self):
        capture = self.converse("memory")
        self.check_payload(capture, self.sizes)
        self.check_peers(capture, "ciphertext")

    def test_static_openssl_joined_in_mid_life(self):
        self.check_joined()


class MbedTlsTest(PeersTest):
    LIBRARY = r"^Mbed TLS [23]\.\d+\.\d+$"

    def setUp(self):
        super().setUp()
        self.build("mbedtls", "mbedtls/ssl.h", "-lmbedtls", "-lmbedx509", "-lmbedcrypto")

    def test_mbedtls_client_and_server(self):
        self.check_all(self.converse(), self.LIBRARY, "TLSv1.2", "^TLS_ECDHE_RSA_")

    def test_mbedtls_handshakes_by_steps(self):
        self.check_all(self.converse("nonblocking"), self.LIBRARY, "TLSv1.2", "^TLS_ECDHE_RSA_")

    def test_mbedtls_handshakes_by_reads_and_writes(self):
        capture = self.converse("implicit")
        self.check_payload(capture, self.sizes)
        self.check_peers(capture, "nested")

    def test_mbedtls_joined_in_mid_life(self):
        self.check_joined()


# GETs /0 ... over one connection by the AWS Common Runtime. Arguments: port, certificate authority.
S2N_CLIENT = """
const http = require("aws-crt/dist/native/http"), io = require("aws-crt/dist/native/io");
const [port, ca] = process.argv.slice(1);
function main() {
    const options = new io.TlsContextOptions();
    options.override_default_trust_store_from_path(undefined, ca);
    const tls = new io.TlsConnectionOptions(new io.ClientTlsContext(options), "localhost");
    const socket = new io.SocketOptions(io.SocketType.STREAM, io.SocketDomain.IPV4, 5000);
    const connection = new http.HttpClientConnection(new io.ClientBootstrap(), "localhost", Number(port), socket, tls);
    const get = target => new Promise((done, failed) => {
        const stream = connection.request(new http.HttpRequest("GET", target, new http.HttpHeaders([["host", "localhost"]])));
        let bytes = 0;
        stream.on("data", data => bytes += data.byteLength);
        stream.on("end", () => done(bytes));
        stream.on("error", failed);
        stream.on("response", () => {});
        stream.activate();
    });
    connection.on("connect", async () => {
        for (const target of ["/0", "/big", "/1"]) console.log(await get(target));
        connection.close();
    });
    connection.on("error", error => { console.error(String(error)); process.exit(1); });
    connection.on("close", () => process.exit(0));
}
// The library is mapped by now: what is said before its probes are there would be told as "probed too late".
setTimeout(main, 1000);
"""


class S2nTest(LiveTest):
    def test_s2n_client(self):
        """aws-crt, whose event loop moves the bytes between s2n and the socket."""
        modules = node_path(self, "aws-crt@1.33.2")
        big = expected_body(0, BIG)
        with open(os.path.join(self.folder, "big"), "wb") as file:
            file.write(big)
        _, port = self.nginx(f'location / {{ return 200 "hello from nginx\\n"; }} location /big {{ alias {self.folder}/big; }}')
        command = ["node", "-e", S2N_CLIENT, port, self.certificate[0]]
        with self.capture("--max-body", 1 << 20, command=["env", f"NODE_PATH={modules}", *command]) as capture:
            capture.process.wait(PATIENCE)
        self.assertEqual(capture.status, 0, capture.stderr)
        self.assertEqual(capture.summary["losses"], [])
        self.assertEqual([(t["request"]["target"], body_of(t["response"])) for t in capture.transactions],
                         [("/0", b"hello from nginx\n"), ("/big", big), ("/1", b"hello from nginx\n")])
        for transaction in capture.transactions:
            self.assertEqual(transaction["connection"]["tls"]["library"], "s2n-tls")
            self.assertEqual(transaction["connection"]["tls"]["sni"], "localhost")
            self.assertEqual((transaction["connection"]["role"], transaction["connection"]["remote"]["port"]), ("client", port))
