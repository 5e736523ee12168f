"""Go's crypto/tls: the peers of test_libraries.py, and net/http."""
import subprocess

import go_programs
from harness import PATIENCE
from test_libraries import BIG, PeersTest
from tls_programs import built_programs

class GoTest(PeersTest):
    LIBRARY = r"^Go crypto/tls 1\.\d+(\.\d+)?$"

    def compile(self, source, *flags):
        self.need("go")
        return go_programs.build(source, built_programs(), *flags)

    def peers(self, *flags):
        self.program = self.compile("peer.go", *flags)

    def test_go_client_and_server(self):
        self.peers()
        self.check_all(self.converse(), self.LIBRARY, "TLSv1.3", "^TLS_AES_|^TLS_CHACHA")

    def test_go_tls_1_2(self):
        self.peers("-ldflags=-s -w")
        self.check_all(self.converse("tls1.2"), self.LIBRARY, "TLSv1.2", "^TLS_ECDHE_RSA_")

    def test_go_stacks_that_move(self):
        """In a program that can be loaded anywhere."""
        self.peers("-buildmode=pie")
        self.check_all(self.converse("stacks"), self.LIBRARY, "TLSv1.3", "^TLS_")

    def test_go_handshakes_by_reads_and_writes(self):
        self.peers("-buildmode=pie", "-ldflags=-linkmode=external -s")
        capture = self.converse("implicit")
        self.check_payload(capture, self.sizes)
        self.check_peers(capture, "nested")

    def test_go_without_a_socket(self):
        """The ciphertext passes through a pipe to other goroutines: no peer rather than a wrong one."""
        self.peers()
        self.sizes = (3, BIG, 0)
        self.serve("pipe")
        client = self.call()
        with self.capture("-p", self.server.pid, "-p", client.pid, "--max-body", 1 << 20) as capture:
            self.exchange(client, *self.sizes)
            client.stdin.close()
            self.assertEqual(client.wait(PATIENCE), 0)
            capture.wait_for(2 * len(self.sizes))
        self.check_payload(capture, self.sizes)
        for transaction in capture.transactions:
            self.assertNotIn("remote", transaction["connection"])

    def test_go_joined_in_mid_life(self):
        """Reads that wait when the capture begins are seen, too."""
        self.peers()
        self.serve()
        client = self.call()
        self.exchange(client, 5)
        with self.capture("-p", self.server.pid, "-p", client.pid, "--max-body", 1 << 20) as capture:
            self.exchange(client, 7, BIG, 9)
            capture.wait_for(6)
        self.check_payload(capture, (7, BIG, 9), first=1)
        self.check_peers(capture, "nested")

    def browse(self, protocol):
        program = self.compile("web.go")
        server = self.spawn(program, "serve", *self.certificate, stdout=subprocess.PIPE, text=True)
        port = int(server.stdout.readline())
        client = self.spawn(program, "call", port, protocol, stdin=subprocess.PIPE, text=True)
        with self.capture("-p", server.pid, "-p", client.pid) as capture:
            client.stdin.write("\n")
            client.stdin.close()
            self.assertEqual(client.wait(PATIENCE), 0)
            capture.wait_for(80)
        self.assertEqual(capture.summary["losses"], [])
        targets = [f"/{number}/{i}" for number in range(8) for i in range(5)]
        for role, end in (("client", "remote"), ("server", "local")):
            seen = [t for t in capture.transactions if t["connection"]["role"] == role]
            self.assertEqual(sorted(t.get("request", {}).get("target", "") for t in seen), targets, seen)
            self.assertEqual({t["connection"][end]["port"] for t in seen}, {port})
            self.assertEqual({(t.get("response", {}).get("status"), t["integrity"]["complete"], t["connection"]["tls"].get("alpn"))
                              for t in seen}, {(200, True, protocol if protocol == "h2" else None)}, seen)
        return capture

    def test_go_net_http(self):
        self.browse("http/1.1")

    def test_go_net_http_2(self):
        self.browse("h2")
