"""The program under test, fed through a pipe: floods need no room on disk."""
import dataclasses
import fcntl
import json
import os
import pathlib
import subprocess
import sys

from recording import Trace


class Failure(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failure(text)


@dataclasses.dataclass
class Run:
    cpu: float  # seconds
    peak: int  # KiB
    messages: str  # on stderr
    size: int  # bytes of the recording


class Counter:
    """A file, and how much was written to it."""

    def __init__(self, out):
        self.out = out
        self.size = 0

    def write(self, text):
        self.size += len(text)
        self.out.write(text)


class Sslsniff:
    def __init__(self, binary, folder):
        self.binary = str(pathlib.Path(binary).resolve())
        self.folder = pathlib.Path(folder)
        self.input = self.folder / "input"
        os.mkfifo(self.input)
        self.starter = subprocess.Popen([sys.executable, "-I", "-S", pathlib.Path(__file__).parent / "measure.py"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.empty = {}

    def close(self):
        self.starter.communicate()

    def run(self, write, arguments, stdout=os.devnull):
        """With the recording that `write` puts into a Trace."""
        messages = self.folder / "messages"
        command = [self.input, stdout, messages, self.binary, "-r", "-", *arguments]
        self.starter.stdin.write("\t".join(map(str, command)) + "\n")
        self.starter.stdin.flush()
        size = 0
        try:
            with self.input.open("wb", buffering=0) as out:
                fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, 1 << 20)
                counter = Counter(out)
                trace = Trace(counter)
                write(trace)
                trace.flush()
                size = counter.size
        except BrokenPipeError:
            pass  # it ended early: its status tells
        cpu, peak, status = self.starter.stdout.readline().split()
        text = messages.read_text(errors="replace")
        check(status == "0", f"exit status {status}: {text}")
        return Run(float(cpu), int(peak), text, size)

    def overhead(self, arguments):
        """Of reading nothing: mostly the start of the program."""
        key = tuple(arguments)
        if key not in self.empty:
            self.empty[key] = min((self.run(lambda trace: None, arguments) for _ in range(3)), key=lambda run: run.cpu)
        return self.empty[key]

    def lines(self, write, arguments=()):
        """Of JSON output."""
        path = self.folder / "lines.jsonl"
        self.run(write, ["-o", "json", *arguments], path)
        with path.open("rb") as lines:
            return [json.loads(line) for line in lines]

    def arguments_of(self, output):
        return {"quiet": ["-q"], "json": ["-o", "json"], "text": ["-v", "-o", f"text:{self.folder / 'out.txt'}"], "bodies": ["-vv"],
                "pcapng": ["-w", "-"], "html": ["-o", "html"]}[output]
