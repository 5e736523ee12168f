"""A client and a server of one JavaScript runtime: the server answers each request with what it was sent."""
import os
import subprocess

from harness import LiveTest, body_of


class EchoPairTest(LiveTest):
    """What is derived from it starts both, and knows their TLS."""
    LIBRARY = None  # a regular expression
    # How sockets were found; None: in any way.
    CORRELATION = None

    def write_script(self, text):
        path = os.path.join(self.folder, f"script{len(os.listdir(self.folder))}.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def spawn_script(self, *command, **options):
        return self.spawn(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)

    def exchange(self, client, *requests):
        """The client sends for each line, a target and a size, so many bytes, and says "done"."""
        for target, size in requests:
            client.stdin.write(f"{target} {size}\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), "done\n")

    def check(self, capture, requests, port):
        """All that was said, once at each end, and the peers; over how many connections is the runtime's affair."""
        self.assertEqual(capture.summary["losses"], [])
        connections = {}
        for role in ("client", "server"):
            seen = sorted((t for t in capture.transactions if t["connection"]["role"] == role),
                          key=lambda t: int(t["request"]["target"][1:]))
            self.assertEqual([t["request"]["target"] for t in seen], [target for target, _ in requests])
            for transaction, (_, size) in zip(seen, requests):
                self.assertEqual(body_of(transaction["request"]), b"x" * size)
                self.assertEqual(body_of(transaction["response"]), b"x" * size)
                self.assertRegex(transaction["connection"]["tls"]["library"], self.LIBRARY)
                if self.CORRELATION:
                    self.assertEqual(transaction["connection"]["correlation"], self.CORRELATION)
            connections[role] = [t["connection"] for t in seen]
        for client, server in zip(connections["client"], connections["server"]):
            self.assertEqual(client["remote"]["port"], port)
            self.assertEqual(server["local"], client["remote"])
            self.assertEqual(server["remote"], client["local"])

    def converse_under_capture(self, server, port, client, early, late):
        """The later requests under capture."""
        self.assertEqual(client.stdout.readline(), "ready\n")
        self.exchange(client, *early)
        with self.capture("-p", server.pid, "-p", client.pid, "--max-body", 1 << 21) as capture:
            self.exchange(client, *late)
            capture.wait_for(2 * len(late))
        self.check(capture, late, port)
