"""Several threads that render (--threads): what they may do, and that nothing is shown otherwise."""
import os
import signal
import subprocess

from harness import PATIENCE, SSLSNIFF, LiveTest, attacher_of, status_of_thread, wait_until


class ThreadsTest(LiveTest):
    def threads_of(self, pid):
        return [status_of_thread(pid, thread) for thread in os.listdir(f"/proc/{pid}/task")]

    def test_a_live_capture(self):
        """In order, each once, by threads of which none has more rights than another."""
        requests = 500
        server, port = self.nginx(f'location / {{ return 200 "{"x" * 3500}"; }}')
        text = os.path.join(self.folder, "text")
        with self.capture("-p", server.pid, "--threads", 4, outputs=("-o", f"text:{text}")) as capture:
            threads = self.threads_of(capture.process.pid)
            self.curl(f"https://localhost:{port}/[1-{requests}]")
            capture.wait_for(requests)
        self.assertEqual(len(threads), 4)
        for of_kernel in ("Uid", "Gid", "Groups", "CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"):
            self.assertEqual(len({thread[of_kernel] for thread in threads}), 1, of_kernel)
        self.assertEqual({int(thread["CapEff"], 16) for thread in threads}, {0})
        # Signals are for the thread with the loop, which reads them from a descriptor.
        self.assertEqual(sum(int(thread["SigBlk"], 16) & 1 << signal.SIGSEGV - 1 == 0 for thread in threads), 1)
        self.assertEqual([t["request"]["target"] for t in capture.transactions], [f"/{i}" for i in range(1, requests + 1)])
        self.assertTrue(all(t["integrity"]["complete"] for t in capture.transactions))
        with open(text, encoding="utf-8") as lines:
            self.assertEqual(sum(" GET " in line for line in lines), requests)

    def test_one_where_nothing_is_rendered(self):
        server, _ = self.nginx()
        with self.capture("-p", server.pid, "--threads", 1) as capture:
            self.assertEqual(len(self.threads_of(capture.process.pid)), 1)

    def test_a_recording_is_read_the_same(self):
        server, port = self.nginx(f'location / {{ return 200 "{"x" * 3500}"; }}')
        trace = os.path.join(self.folder, "in.trace")
        with self.capture("-p", server.pid, "--threads", 4, outputs=("-o", f"trace:{trace}")) as capture:
            self.curl(f"https://localhost:{port}/[1-300]")
            capture.wait_for(300)
        with open(capture.json_path, "rb") as file:
            expected = file.read()
        for threads in (1, 2, 4, 16):
            read = subprocess.run([SSLSNIFF, "-r", trace, "-o", "json", "--threads", str(threads)], capture_output=True, check=True,
                                  timeout=PATIENCE)
            self.assertEqual(read.stdout, expected)

    def test_the_attacher_has_none(self):
        server, _ = self.nginx()
        with self.capture("-p", server.pid, "--threads", 4) as capture:
            attacher = attacher_of(capture.process.pid)
            wait_until(lambda: len(os.listdir(f"/proc/{attacher}/task")) == 1, "one thread that attaches")
