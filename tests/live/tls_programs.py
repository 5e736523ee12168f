"""Runs the programs of tests/live/programs with and without capture: each must end as without, and what it did be seen."""
import collections
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import harness
from harness import LiveTest, body_of

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "programs")
COMMON = [os.path.join(SOURCES, name) for name in ("program.h", "program.c")]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
COMPILERS = {"c": "gcc", "cpp": "g++", "cr": "crystal"}

# What a program says it did: its connection's port (0 where it cannot know it) and the target of the request.
Deed = collections.namedtuple("Deed", "port target")


def library_path(name):
    """The file of the system's library, by the dynamic linker's list; None without it."""
    listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    return next((line.split(" => ")[1] for line in listing.splitlines() if line.split()[:1] == [name]), None)


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def source_of(name):
    return next(os.path.join(SOURCES, file) for file in sorted(os.listdir(SOURCES)) if file.split(".")[0] == name)


def kind_of(source):
    return source.rsplit(".", 1)[1]


def built_programs():
    return os.path.join(os.path.dirname(harness.SSLSNIFF), "tests", "live", "programs")


def built_path(source, folder):
    """Where it is built: another place when the sources are others."""
    sources = [source] if kind_of(source) == "cr" else [source, *COMMON]
    digest = hashlib.sha256(b"".join(map(contents, sources))).hexdigest()[:16]
    return os.path.join(folder, f"{os.path.basename(source).split('.')[0]}-{digest}")


def compile_program(source, libraries, path, scratch):
    """Appears at `path` when it is done. Returns a CompletedProcess with what the compiler said."""
    kind = kind_of(source)
    fresh = os.path.join(scratch, "program")
    if kind == "cr":
        command = [COMPILERS[kind], "build", "--no-color", source, "-o", fresh]
    else:
        common = os.path.join(scratch, "program.o")
        subprocess.run(["gcc", "-O1", *WARNINGS, "-c", COMMON[1], "-o", common], check=True)
        standard = ["-std=c++20"] if kind == "cpp" else []
        command = [COMPILERS[kind], "-O1", "-g", *standard, *WARNINGS, source, common, "-o", fresh, "-lssl", "-lcrypto",
                   "-lpthread", *libraries]
    environment = {**os.environ, "CRYSTAL_CACHE_DIR": os.path.join(os.path.dirname(path), "crystal.cache")}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        shutil.copy(fresh, path + ".new")
        os.rename(path + ".new", path)
    return done


class Program:
    """A program that runs or has run. `deeds()` ends it; `answered` and `unanswered` are Deeds by what it said."""

    def __init__(self, process):
        self.process = process
        self.answered, self.unanswered = [], []

    @property
    def pid(self):
        return self.process.pid

    def begin(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def wait(self):
        """Its exit status; what it said about itself is known then."""
        output, self.errors = self.process.communicate(timeout=harness.PATIENCE)
        self.understand(output)
        return self.process.returncode

    def understand(self, output):
        for line in output.splitlines():
            what, *deed = line.split()
            if what in ("exchange", "request"):
                (self.answered if what == "exchange" else self.unanswered).append(Deed(int(deed[0]), deed[1]))


class TlsProgramsTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.environment = {**os.environ, "LD_LIBRARY_PATH": self.own_library()}

    def own_library(self):
        """A folder with copies of libssl and libcrypto: files in which no other capture of this host has probes."""
        folder = os.path.join(self.folder, "lib")
        os.mkdir(folder)
        for name in ("libssl.so.3", "libcrypto.so.3"):
            path = library_path(name)
            if not path:
                self.skipTest(f"there is no {name}")
            shutil.copy(path, folder)
        return folder

    def build(self, name, *libraries):
        """Builds tests/live/programs/NAME beside sslsniff, unless it was built from the same sources before."""
        source = source_of(name)
        built = built_programs()
        try:
            os.makedirs(built, exist_ok=True)
            self.assertTrue(os.access(built, os.W_OK))
        except (OSError, AssertionError):
            built = self.folder
        path = built_path(source, built)
        if os.path.exists(path):
            return path
        self.need(COMPILERS[kind_of(source)])
        if kind_of(source) != "cr" and not os.path.exists("/usr/include/openssl/ssl.h"):
            self.skipTest("libssl-dev is not installed")
        done = compile_program(source, libraries, path, self.folder)
        self.assertEqual(done.returncode, 0, done.stdout)
        return path

    def server(self, delay=0.01):
        """Port of a running peers/https_server.py."""
        server = self.spawn(harness.PYTHON, "-B", os.path.join(HERE, "peers", "https_server.py"), *self.certificate,
                            delay, stdout=subprocess.PIPE, text=True)
        return int(server.stdout.readline())

    def start(self, *command):
        """A Program that is about to begin."""
        program = Program(self.spawn(*command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True))
        self.assertEqual(program.process.stdout.readline(), "ready\n")
        return program

    def run_alone(self, *command):
        """Without capture: what fails here is no fault of a capture."""
        program = self.start(*command)
        program.begin()
        self.assertEqual(program.wait(), 0, program.errors)
        return program

    def assert_all_seen(self, capture, *programs):
        """Everything that the programs did, and nothing else, of connections that are known."""
        self.assertEqual(capture.status, 0, capture.stderr)
        # Linux 7 passes over programs of tasks that were preempted in one (docs/kernels.md): a second one does their work, as
        # what follows shows.
        self.assertEqual([loss for loss in capture.summary["losses"] if loss["cause"] != "missed"], [], capture.stderr)
        answered = collections.Counter(deed for program in programs for deed in program.answered)
        unanswered = collections.Counter(deed for program in programs for deed in program.unanswered)
        ports_known = any(deed.port for deed in answered)
        seen = {True: collections.Counter(), False: collections.Counter()}
        for transaction in capture.transactions:
            port = transaction["connection"].get("local", {}).get("port")
            self.assertIn("request", transaction)
            deed = Deed(port if ports_known else 0, transaction["request"]["target"])
            response = transaction.get("response")
            seen[response is not None][deed] += 1
            if response:
                self.assertTrue(transaction["integrity"]["complete"], transaction)
                self.assertRegex(body_of(response).decode(), rf"^answer to {deed.target}; \d+ bytes; end$")
        self.assertEqual(seen[True], answered)
        self.assertEqual(seen[False], unanswered)

    def check(self, *command, options=()):
        """The program must end under capture as it does without, and all that it did be seen."""
        alone = self.run_alone(*command)
        program = self.start(*command)
        with self.capture("-p", program.pid, *options) as capture:
            program.begin()
            self.assertEqual(program.wait(), 0, program.errors)
            capture.process.wait(harness.PATIENCE)
        self.assertEqual([d.target for d in sorted(alone.answered, key=lambda d: d.target)],
                         [d.target for d in sorted(program.answered, key=lambda d: d.target)])
        self.assert_all_seen(capture, program)
        return capture


def main():
    """tls_programs.py NAME...: builds programs that need no more than libssl, for tests that run where compiling is slow."""
    os.makedirs(built_programs(), exist_ok=True)
    for source in map(source_of, sys.argv[1:]):
        path = built_path(source, built_programs())
        if os.path.exists(path):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            done = compile_program(source, (), path, scratch)
        if done.returncode != 0:
            sys.exit(done.stdout)


if __name__ == "__main__":
    main()
