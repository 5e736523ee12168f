"""Programs whose file has no name any more, or never had one: copied into memory (memfd_create), or deleted while they run."""
import os
import subprocess

from harness import PYTHON, LiveTest

# GETs /TARGET-0 ... over one connection. Arguments: port, target, path of a file to delete first ("" for none), time to
# wait (us): a program that nobody has seen before has to be read before it can be probed.
CLIENT = r"""
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
    if (argc != 5 || (argv[3][0] && unlink(argv[3]) != 0))
        return 1;
    usleep(atoi(argv[4]));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr*)&address, sizeof(address)) != 0)
        return 2;
    SSL* ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
    SSL_set_fd(ssl, s);
    if (SSL_connect(ssl) != 1)
        return 3;
    for (int i = 0; i < 3; ++i) {
        char bytes[1000];
        int size = snprintf(bytes, sizeof(bytes), "GET /%s-%d HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[2], i);
        if (SSL_write(ssl, bytes, size) != size || SSL_read(ssl, bytes, sizeof(bytes)) <= 0)
            return 4;
    }
    return 0;
}
"""
IN_MEMORY = """if True:
    import os, sys
    program = os.memfd_create("program")
    with open(sys.argv[1], "rb") as file:
        os.write(program, file.read())
    if os.fork() == 0:
        os.execve(program, ["program", sys.argv[2], sys.argv[3], "", sys.argv[4]], os.environ)
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
DELETED = """if True:
    import os, shutil, sys
    shutil.copy(sys.argv[1], sys.argv[1] + "-copy")
    if os.fork() == 0:
        os.execv(sys.argv[1] + "-copy", ["program", sys.argv[2], sys.argv[3], sys.argv[1] + "-copy", sys.argv[4]])
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def build_client(test, *libraries):
    test.need("gcc")
    program = os.path.join(test.folder, "program")
    done = subprocess.run(["gcc", "-O1", "-Wall", "-x", "c", "-", "-o", program, *libraries], input=CLIENT, text=True,
                          capture_output=True)
    if done.returncode != 0:
        test.skipTest(f"the program cannot be built: {done.stderr.splitlines()[-1]}")
    return program


class UnnamedProgramsTest(LiveTest):
    def check(self, code, program, wait=0):
        _, port = self.nginx()
        for n in range(3):
            capture = self.capture(command=[PYTHON, "-c", code, program, port, f"run{n}", wait])
            capture.start().finish()
            self.assertEqual(capture.status, 0, capture.stderr)
            self.assertEqual([t["request"]["target"] for t in capture.transactions], [f"/run{n}-{i}" for i in range(3)],
                             capture.stderr)
            for transaction in capture.transactions:
                self.assertEqual(transaction["connection"]["remote"]["port"], port)

    def test_system_library(self):
        program = build_client(self, "-lssl", "-lcrypto")
        self.check(IN_MEMORY, program)
        self.check(DELETED, program)

    def with_library_inside(self):
        return build_client(self, "-l:libssl.a", "-l:libcrypto.a", "-ldl", "-lpthread")

    def test_library_inside(self):
        program = self.with_library_inside()
        self.check(IN_MEMORY, program, 700_000)
        self.check(DELETED, program, 700_000)

    def test_library_inside_at_once(self):
        """What comes before the program could be read is told of, if it is not captured."""
        _, port = self.nginx()
        program = self.with_library_inside()
        capture = self.capture("--connections", command=[PYTHON, "-c", IN_MEMORY, program, port, "x", 0])
        capture.start().finish()
        self.assertEqual(capture.status, 0, capture.stderr)
        self.assertNotIn("cannot be opened", capture.stderr)
        if not capture.transactions:
            (connection,) = [c for c in capture.of_type("connection") if c["connection"]["carrier"] == "tls"]
            self.assertEqual(connection["connection"]["tls"]["not_decoded"], "OpenSSL: probed too late")
