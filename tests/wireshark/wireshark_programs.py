"""Which tshark the tests of this folder run: the installed one or, with `--suite NAME` as the last arguments, that of a Debian suite,
which tools/fetch-wireshark unpacks beside it."""
import os
import pathlib
import shutil
import subprocess
import sys

FETCH = pathlib.Path(__file__).resolve().parents[2] / "tools" / "fetch-wireshark"


def skip(folder, reason):
    shutil.rmtree(folder)
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def environment(folder, *programs):
    """That of a user without preferences, with a home in `folder`. Ends the test when a program is missing."""
    path = os.environ["PATH"]
    if sys.argv[-2:-1] == ["--suite"]:
        suite = sys.argv.pop()
        sys.argv.pop()
        done = subprocess.run([FETCH, suite], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            skip(folder, done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"no tshark of {suite}")
        path = done.stdout.strip() + os.pathsep + path
    for program in programs:
        if not shutil.which(program, path=path):
            skip(folder, f"{program} is not installed")
    home = folder / "home"
    home.mkdir()
    return {"HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"}
