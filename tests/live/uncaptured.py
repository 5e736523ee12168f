"""A client whose TLS library has no probes."""
import os
import shutil
import subprocess

from harness import LiveTest

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs", "uncaptured.c")


class UncapturedTest(LiveTest):
    SNI = "static.example"
    LIBRARY = r"OpenSSL( 3\.\S+)?"

    def uncaptured_client(self):
        """The program, named "uncaptured". Its OpenSSL says nowhere in which source file an error was found (as with
        no-filenames), so that its functions cannot be told from each other. Arguments: port of the server, port of a proxy if there is one."""
        archive = "/usr/lib/x86_64-linux-gnu/libssl.a"
        if not shutil.which("cc") or not os.path.exists(archive):
            self.skipTest("no C compiler, or no static libssl")
        program = os.path.join(self.folder, "uncaptured")
        private = subprocess.run(["pkg-config", "--static", "--libs-only-l", "libcrypto"], check=True, capture_output=True, text=True)
        libraries = [word for word in private.stdout.split() if word != "-lcrypto"]
        subprocess.run(["cc", "-O1", "-s", "-o", program, SOURCE, archive, archive.replace("ssl.a", "crypto.a"), *libraries],
                       check=True)
        with open(program, "rb") as file:
            code = file.read()
        self.assertIn(b"ssl/ssl_lib.c\0", code)
        with open(program, "wb") as file:
            file.write(code.replace(b"ssl/ssl_lib.c\0", bytes(len(b"ssl/ssl_lib.c\0"))))
        return program
