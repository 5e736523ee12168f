"""What the kernel does not run of the capture programs is counted as lost."""
import json
import os
import pathlib
import re
import subprocess
import time

import harness
from harness import LiveTest, wait_until

# Each of many threads waits in recv, then each gets one byte.
SERVER = """
import os, socket, sys, threading
count = int(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0), backlog=count)
input()
def serve(connection):
    while connection.recv(100):
        pass
clients = []
for _ in range(count):
    clients.append(socket.create_connection(listener.getsockname()))
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
print("waiting")
input()
for client in clients:
    client.send(b"x")
print("sent")
input()
"""


class MissedTest(LiveTest):
    WAITING = 100

    def need_kprobes_that_count(self):
        doctor = subprocess.run([harness.SSLSNIFF, "doctor", "-o", "json"], capture_output=True, check=False)
        features = {f["name"]: f["present"] for f in json.loads(doctor.stdout)["kernel"]["features"]}
        version = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))
        if not features["kprobes"]:
            self.skipTest("this kernel has no kprobes")
        if version < (6, 7):
            self.skipTest("before Linux 6.7 it is not told what kprobes miss")
        forced = " ".join(harness.BACKENDS)
        if "tracepoint" in forced or "fentry" in forced:
            self.skipTest("another way to socket events is forced")

    def test_more_calls_wait_than_kretprobes_hold(self):
        self.need_kprobes_that_count()
        server = self.python(SERVER, self.WAITING)

        def step(answer):
            server.stdin.write("\n")
            server.stdin.flush()
            self.assertEqual(server.stdout.readline().strip(), answer)
            time.sleep(2)  # until the threads are in recv again

        with self.capture("-p", server.pid, "--cleartext-only", "--backend=kprobe") as capture:
            step("waiting")
            step("sent")
            wait_until(lambda: b"missed" in pathlib.Path(capture.json_path).read_bytes(), "the losses to be told")
        missed = [loss["events"] for loss in capture.summary["losses"] if loss["cause"] == "missed"]
        received = capture.summary["bytes_received"]
        self.assertEqual(len(missed), 1, capture.summary)
        # Every thread's first recv either had room or is counted.
        self.assertLess(received, self.WAITING)
        self.assertGreaterEqual(received + missed[0], self.WAITING)
        self.assertRegex(capture.stderr, r"\d+ runs of capture programs missed")
