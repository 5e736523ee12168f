"""The matrix of programs, as lines and as a document."""
import json
import pathlib
import subprocess

from table import NAMED

NPM = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "npm" / "node_modules"

HEAD = """# Which programs are captured
Made by `tests/coverage/run --write docs/coverage.md`: each program has a real exchange over TLS with a peer that knows every byte. *Whole* means
that all bytes of all its connections were shown, in both directions, and no others; *peers* are those connections whose socket was reported, all of
them right. The machine: Debian 12, Linux {kernel}, amd64.

| program | role | version | library | captured | peers | note |
|---|---|---|---|---|---|---|
"""


def version_of(package):
    if package.startswith("npm:"):
        manifest = NPM / package[4:] / "package.json"
        return json.loads(manifest.read_text())["version"] if manifest.exists() else "?"
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return found.stdout.split(":")[-1] if found.returncode == 0 else "?"


class Row:
    """What became of one program: a verdict, a failure of the exchange itself, or skipped."""

    def __init__(self, program, verdict=None, failure="", skipped=""):
        self.program, self.verdict, self.failure, self.skipped = program, verdict, failure, skipped

    @property
    def is_good(self):
        if self.skipped:
            return True
        if not self.verdict:
            return False
        return self.verdict.is_named if self.program.expected == NAMED else self.verdict.is_complete

    def captured(self):
        v = self.verdict
        if v.whole + v.part == 0:
            return "named: " + "; ".join(sorted(v.named)) if v.named else "nothing"
        return f"whole {v.whole}/{v.connections}" + (f", part {v.part}" if v.part else "")

    def peers(self):
        v = self.verdict
        return f"{v.right}/{v.connections}" + (f", unknown {v.unknown}" if v.unknown else "") + (f", WRONG {v.wrong}" if v.wrong else "")

    def line(self):
        role = "client" if self.program.is_client else "server"
        name = f"{self.program.name} ({role})"
        if self.skipped:
            return f"SKIPPED  {name}: {self.skipped}"
        if not self.verdict:
            return f"FAILED   {name}: {self.failure}"
        libraries = ", ".join(sorted(self.verdict.libraries)) or "-"
        return f"{'ok      ' if self.is_good else 'NOT GOOD'} {name}: {libraries}; {self.captured()}; peers {self.peers()}"

    def table_row(self):
        role = "client" if self.program.is_client else "server"
        libraries = ", ".join(sorted(self.verdict.libraries)) or "–"
        return (f"| {self.program.name} | {role} | {version_of(self.program.package)} | {libraries} | {self.captured()} | {self.peers()} "
                f"| {self.program.note} |\n")


def summary(rows):
    ran = [r for r in rows if r.verdict]
    return (f"{len(ran)} programs: {sum(r.verdict.is_complete for r in ran)} whole, {sum(r.is_good for r in ran)} as expected, "
            f"{sum(r.verdict.wrong for r in ran)} wrong; {sum(bool(r.failure) for r in rows)} failed, {sum(bool(r.skipped) for r in rows)} skipped")


def document(rows):
    kernel = pathlib.Path("/proc/sys/kernel/osrelease").read_text().strip()
    ran = [r for r in rows if r.verdict]
    return HEAD.format(kernel=kernel) + "".join(r.table_row() for r in ran) + f"\n{summary(ran)}.\n"
