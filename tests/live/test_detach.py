"""Nothing of a capture stays behind, however it ends."""
import os
import signal
import subprocess
import time

from harness import LiveTest, wait_until


class DetachTest(LiveTest):
    @staticmethod
    def bpf_objects():
        """Ids of all BPF programs, maps and links of the host."""
        found = set()
        for kind in ("prog", "map", "link"):
            output = subprocess.run(["bpftool", kind, "list"], capture_output=True, text=True).stdout
            found |= {(kind, line.split(":")[0]) for line in output.splitlines() if line[:1].isdigit()}
        return found

    @staticmethod
    def uprobe_events():
        path = "/sys/kernel/tracing/uprobe_events"
        return open(path).read() if os.path.exists(path) else ""

    def check(self, end):
        self.need("bpftool")
        nginx, port = self.nginx()
        objects, events = self.bpf_objects(), self.uprobe_events()
        capture = self.capture("-p", nginx.pid).start()
        self.curl(f"https://localhost:{port}/")
        capture.wait_for(1)
        self.assertGreater(len(self.bpf_objects() - objects), 0)
        end(capture)
        wait_until(lambda: self.bpf_objects() <= objects, "the kernel to let go of everything")
        self.assertEqual(self.uprobe_events(), events)
        # The target goes on as if nothing had been.
        self.assertEqual(self.curl(f"https://localhost:{port}/"), b"hello from nginx\n")
        self.assertIsNone(nginx.poll())
        with self.capture("-p", nginx.pid) as again:
            self.curl(f"https://localhost:{port}/")
            again.wait_for(1)

    def test_after_an_orderly_end(self):
        self.check(lambda capture: capture.finish())

    def test_after_being_killed(self):
        def kill(capture):
            capture.process.send_signal(signal.SIGKILL)
            capture.process.wait(60)
        self.check(kill)

    def test_target_survives_attaching_and_detaching_under_load(self):
        nginx, port = self.nginx()
        load = self.spawn("sh", "-c", f"while curl -sS --cacert {self.certificate[0]} -o /dev/null "
                                      f"'https://localhost:{port}/[1-50]'; do :; done")
        for _ in range(5):
            with self.capture("-p", nginx.pid) as capture:
                capture.wait_for(20)
            self.assertEqual(capture.status, 0)
            time.sleep(0.05)
        self.assertIsNone(load.poll())
        self.assertIsNone(nginx.poll())
