"""Two peers of tests/live/peers under capture at once, and tshark's view of what was captured."""
import os
import subprocess

from harness import PATIENCE, PYTHON, SSLSNIFF, Capture, LiveTest, wait_until

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")


class Tshark:
    """tshark on default preferences: an empty home."""

    def __init__(self, path, folder):
        self.path = path
        self.environment = {"HOME": os.path.join(folder, "empty-home"), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        os.makedirs(self.environment["HOME"], exist_ok=True)

    def run(self, *arguments):
        return subprocess.run(["tshark", "-r", self.path, *arguments], env=self.environment, check=True, timeout=PATIENCE,
                              capture_output=True, text=True, errors="replace").stdout

    def fields(self, display_filter, *names):
        """One list of values for each packet; a value may be several, with commas."""
        arguments = [part for name in names for part in ("-e", name)]
        out = self.run("-Y", display_filter, "-T", "fields", "-E", "separator=|", *arguments)
        return [line.split("|") for line in out.splitlines()]

    def streams(self, display_filter):
        """The TCP streams with such packets."""
        return sorted({int(row[0]) for row in self.fields(display_filter, "tcp.stream")})


class PairTest(LiveTest):
    def serve(self, *command):
        """A server that prints its port: (process, port)."""
        self.need(command[0])
        server = self.spawn(*command, "serve", *self.certificate, stdout=subprocess.PIPE, text=True)
        line = server.stdout.readline()
        if not line:
            self.skipTest(f"{command[-1]} cannot run here")
        return server, int(line)

    def call(self, port, *command):
        """A client that waits for a line."""
        return self.spawn(*command, "call", port, self.certificate[0], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True)

    def go(self, client):
        client.stdin.write("\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), "done\n")
        client.wait(PATIENCE)

    def converse(self, command, *arguments, expect):
        """What `command` as server and as client say to each other: the capture. `expect`: transactions of one side."""
        server, port = self.serve(*command)
        client = self.call(port, *command)
        self.trace, self.packets = (os.path.join(self.folder, name) for name in ("events.trace", "packets.pcapng"))
        with self.capture("-p", server.pid, "-p", client.pid, *arguments,
                          outputs=("-o", "text", "-o", f"trace:{self.trace}", "-w", self.packets)) as capture:
            self.go(client)
            capture.wait_for(2 * expect)
        self.assertEqual(capture.summary["losses"], [])
        self.port = port
        return capture

    def sides(self, capture):
        """The transactions of client and server."""
        return [[t for t in capture.transactions if t["connection"]["role"] == role] for role in ("client", "server")]

    def check_replay(self, capture, *arguments):
        """The recording gives what was shown live."""
        replay = Capture("-r", self.trace, *arguments, folder=self.folder, command=None)
        replay.is_command = True  # ends by itself
        replay.start().finish()
        self.assertEqual(replay.status, 0, replay.stderr)
        self.assertEqual(replay.transactions, capture.transactions)

    def tshark(self):
        if subprocess.run(["which", "tshark"], capture_output=True).returncode != 0:
            return None
        tshark = Tshark(self.packets, self.folder)
        self.assertEqual(tshark.fields("_ws.malformed", "frame.number"), [])
        return tshark


def python_peer(name):
    return PYTHON, "-u", os.path.join(PEERS, name)


def node_peer(name):
    return "node", os.path.join(PEERS, name)


def sslsniff(*arguments):
    return subprocess.run([SSLSNIFF, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE, check=True)
