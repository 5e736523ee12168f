"""Goroutines whose stacks move all the time, while probes come and go: the runtime ends a program that finds anything wrong with
its stacks."""
import os
import re
import socket
import subprocess
import time

import go_programs
from harness import PATIENCE, SSLSNIFF, LiveTest, wait_until
from tls_programs import built_programs

ROUNDS = 50
GOROUTINES = os.path.join(os.path.dirname(go_programs.SOURCES), "..", "correlation", "programs", "goroutines.go")


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class HarmlessGoTest(LiveTest):
    def test_go_attached_and_detached_fifty_times(self):
        self.need("go")
        program = go_programs.build(GOROUTINES, built_programs())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        end = os.path.join(self.folder, "end")
        # every pointer into a stack that is not its own ends the program
        environment = {**os.environ, "GODEBUG": "invalidptr=1"}
        server = self.spawn(program, "server", port, *self.certificate, env=environment)
        wait_until(lambda: is_open(port), "the server")
        client = self.spawn(program, "client", port, 40, 0, end, env=environment)
        time.sleep(1)
        seen = 0
        for _ in range(ROUNDS):
            capture = subprocess.run([SSLSNIFF, "-q", "-p", str(server.pid), "-p", str(client.pid), "--tls-only", "--duration", "0.2s",
                                      "-o", "trace:" + os.path.join(self.folder, "trace")], capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(capture.returncode, 0, capture.stderr)
            seen += re.search("^[1-9][0-9]* bytes sent", capture.stderr, re.MULTILINE) is not None
            self.assertIsNone(server.poll())
            self.assertIsNone(client.poll())
            os.remove(os.path.join(self.folder, "trace"))
        with open(end, "w", encoding="utf-8"):
            pass
        self.assertEqual(client.wait(PATIENCE), 0)
        self.assertIsNone(server.poll())
        self.assertGreater(seen, ROUNDS // 2)
