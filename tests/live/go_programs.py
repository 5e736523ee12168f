"""go_programs.py SOURCE...: compiles programs of tests/live/programs as the tests want them, so that a machine that is slow has
only to run them."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

CACHE = "/var/tmp/sslsniff-go/cache"
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")


def build(source, folder, *flags):
    """The path of the program, in a folder that keeps it: it is compiled once. `source`: a path, or a name of SOURCES."""
    source = os.path.join(SOURCES, source)
    with open(source, "rb") as file:
        digest = hashlib.sha256(file.read() + " ".join(flags).encode()).hexdigest()[:16]
    program = os.path.join(folder, f"{os.path.basename(source)[:-3]}-{digest}")
    if not os.path.exists(program):
        os.makedirs(folder, exist_ok=True)
        environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOCACHE": CACHE}
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            fresh = os.path.join(scratch, "program")
            subprocess.run(["go", "build", *flags, "-o", fresh, source], check=True, env=environment)
            shutil.move(fresh, program)
    return program


if __name__ == "__main__":
    BUILT = os.path.join(os.path.dirname(os.path.abspath(os.environ["SSLSNIFF"])), "tests", "live", "programs")
    for name in sys.argv[1:]:
        build(name, BUILT)
