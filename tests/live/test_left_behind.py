"""SSL objects that a process makes and never frees: when it ends, the room that they took is free again."""
import os
import signal
import subprocess
import time

from harness import LiveTest, PATIENCE, wait_until

# Makes $1 SSL objects. For each line "leave" a child that uses them all, as if for a handshake to come, and ends without
# freeing any: to the capture they are new ones each time. Other lines are commands, for children too.
LEAVER = r"""
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int count = atoi(argv[1]), status;
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    SSL **objects = calloc(count, sizeof(*objects));
    char line[4096];
    for (int i = 0; i < count; i++)
        if (!(objects[i] = SSL_new(context)))
            return 1;
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        if (!strcmp(line, "leave\n")) {
            if (!fork()) {
                for (int i = 0; i < count; i++)
                    SSL_set_connect_state(objects[i]);
                _exit(0);
            }
            wait(&status);
        } else {
            status = system(line);
        }
        printf("%d\n", status);
        fflush(stdout);
    }
    return 0;
}
"""
OBJECTS = 8_000  # the map has room for 65,536


class LeftBehindTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.need("cc", "curl")
        source, program = f"{self.folder}/leaver.c", f"{self.folder}/leaver"
        with open(source, "w", encoding="utf-8") as file:
            file.write(LEAVER)
        built = subprocess.run(["cc", "-O1", "-o", program, source, "-lssl", "-lcrypto"], capture_output=True, text=True)
        if built.returncode:
            self.skipTest(f"libssl-dev is not installed: {built.stderr[:200]}")
        self.leaver = self.spawn(program, OBJECTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(self.leaver.stdout.readline(), "ready\n")
        _, self.port = self.nginx()

    def run_line(self, line):
        self.leaver.stdin.write(f"{line}\n")
        self.leaver.stdin.flush()
        self.assertEqual(self.leaver.stdout.readline(), "0\n")

    def request(self, target, *arguments):
        self.run_line(" ".join(["curl -sSk -o /dev/null", *arguments, f"https://localhost:{self.port}{target}"]))

    @staticmethod
    def seen(capture, target):
        return [t for t in capture.seen_so_far() if t["request"]["target"] == target]

    def losses(self, capture, cause):
        return sum(loss["events"] for loss in capture.summary["losses"] if loss["cause"] == cause)

    def test_many_processes(self):
        """More than the map has room for, one process after the other."""
        with self.capture("-p", self.leaver.pid, "--tls-only") as capture:
            for number in range(10):
                self.run_line("leave")
                time.sleep(0.1)  # the reader looks every 250 ms
                self.request(f"/between{number}")
                wait_until(lambda: self.seen(capture, f"/between{number}"), "the reader", PATIENCE)
            self.request("/after")
            wait_until(lambda: self.seen(capture, "/after"), "what came after them", PATIENCE)
        self.assertEqual(self.losses(capture, "map_full"), 0, capture.summary)

    def test_while_the_ring_is_full(self):
        """The reader does not hear of the exits."""
        with open(f"{self.folder}/file", "wb") as file:
            file.write(os.urandom(1 << 20))
        with self.capture("-p", self.leaver.pid, "--tls-only", "-B", "64K") as capture:
            self.request("/before")  # from the first child on, all children are probed
            wait_until(lambda: self.seen(capture, "/before"), "the first child", PATIENCE)
            capture.process.send_signal(signal.SIGSTOP)
            try:
                self.request("/fills", "--data-binary", f"@{self.folder}/file")
                for _ in range(7):
                    self.run_line("leave")
            finally:
                capture.process.send_signal(signal.SIGCONT)
            self.request("/between")
            wait_until(lambda: self.seen(capture, "/between"), "the reader", PATIENCE)
            for _ in range(2):
                self.run_line("leave")
            self.request("/after")
            wait_until(lambda: self.seen(capture, "/after"), "what came after them", PATIENCE)
        self.assertGreater(self.losses(capture, "ring_full"), 0)
        self.assertEqual(self.losses(capture, "map_full"), 0, capture.summary)
