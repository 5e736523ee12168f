"""Programs whose TLS library reads and writes memory (python asyncio): peer, names and version of each connection."""
import os
import subprocess
import time

from harness import PYTHON, Capture, LiveTest, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
STREAMS = os.path.join(HERE, "peers", "asyncio_streams.py")


def what_is_known(transaction):
    """(role, target, port of the client, SNI, name of the remote end, whether there is a version)."""
    connection = transaction["connection"]
    end = connection.get("local" if connection["role"] == "client" else "remote", {})
    tls = connection["tls"]
    return (connection["role"], transaction["request"]["target"], end.get("port"), tls.get("sni"),
            connection.get("remote_name"), "version" in tls and "cipher" in tls)


class MemoryBiosTest(LiveTest):
    def expected(self, said):
        """Of both ends, by what the client said: TARGET PORT."""
        for target, port in map(str.split, said.splitlines()):
            name = f"name{target.strip('/')}.test"
            yield "client", target, int(port), name, name, True
            yield "server", target, int(port), name, None, True

    def check(self, transactions, said, roles=("client", "server")):
        expected = [e for e in self.expected(said) if e[0] in roles]
        self.assertEqual(sorted(map(what_is_known, transactions), key=str), sorted(expected, key=str))

    def replay(self, path):
        replay = Capture("-r", path, folder=self.folder)
        replay.is_command = True  # ends by itself
        return replay.start().finish().transactions

    def test_short_connections_of_a_command(self):
        trace, packets = (os.path.join(self.folder, name) for name in ("events.trace", "packets.pcapng"))
        with self.capture(outputs=("-o", f"trace:{trace}", "-w", packets),
                          command=(PYTHON, STREAMS, "both", *self.certificate, 300, 15)) as capture:
            pass
        self.assertEqual(capture.summary["losses"], [])
        self.assertEqual([c for c in capture.of_type("connection") if "not_decoded" in c["connection"].get("tls", {})], [])
        self.check(capture.transactions, capture.stdout)
        self.check(self.replay(trace), capture.stdout)
        self.check(self.replay(packets), capture.stdout)

    def test_clients_that_are_not_captured(self):
        """They call so much that the probes for everybody go, in the midst of the server's connections."""
        ports = os.path.join(self.folder, "port")
        server = f"exec {PYTHON} -u {STREAMS} serve {' '.join(map(str, self.certificate))} > {ports}"
        with self.capture(command=("/bin/sh", "-c", server)) as capture:
            wait_until(lambda: os.path.exists(ports) and open(ports).read().strip(), "the server")
            port = open(ports).read().strip()
            time.sleep(6)  # what is idle for five seconds, too, is there for the first connection
            said = subprocess.run([PYTHON, STREAMS, "calls", port, "400", "4"], capture_output=True, text=True, check=True).stdout
            wait_until(lambda: len(capture.seen_so_far()) == 400, "all transactions")
            subprocess.run(["pkill", "-P", str(capture.process.pid)], check=True)
        self.assertEqual(capture.summary["losses"], [])
        self.check(capture.transactions, said, ["server"])

    def test_commands_of_one_connection(self):
        """Each begins and ends with it: there is no time to look at it first."""
        server = self.spawn(PYTHON, "-u", STREAMS, "serve", *self.certificate, stdout=subprocess.PIPE, text=True)
        port = server.stdout.readline().strip()
        command = f"for i in $(seq 20); do {PYTHON} {STREAMS} call {port} $i || exit 1; done"
        with self.capture(command=("/bin/sh", "-c", command)) as capture:
            pass
        self.assertEqual(len(capture.stdout.splitlines()), 20)
        self.check(capture.transactions, capture.stdout, ["client"])
        self.assertEqual(len({t["process"]["pid"] for t in capture.transactions}), 20)
