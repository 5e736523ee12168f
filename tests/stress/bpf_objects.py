"""What a process holds of BPF, and what of it exists: by the kernel's ids, so that other captures on the host do not disturb."""
import json
import os
import pathlib
import subprocess
import time

KINDS = ("prog", "map", "link")
HASHES = ("hash", "lru_hash")  # of task storage nobody can list the entries: the kernel frees it with the thread


def bpftool(*arguments):
    path = os.environ["PATH"] + ":/usr/sbin"
    done = subprocess.run(["bpftool", "-j", *map(str, arguments)], capture_output=True, text=True, env={**os.environ, "PATH": path})
    return json.loads(done.stdout or "[]")


def descriptors_of(pid):
    """Of a capture's process, and of its child that holds the probes."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for process in (pid, *children):
        yield from pathlib.Path(f"/proc/{process}/fdinfo").iterdir()


def held_by(pid):
    """(kind, id) of everything that the capture has descriptors of; `pid` is the process that reads."""
    held = set()
    for descriptor in descriptors_of(pid):
        try:
            fields = dict(line.split(":", 1) for line in descriptor.read_text().splitlines() if ":" in line)
        except OSError:  # closed meanwhile
            continue
        # a link names its program too
        kind = next((kind for kind in ("link", "map", "prog") if f"{kind}_id" in fields), None)
        if kind:
            held.add((kind, int(fields[f"{kind}_id"])))
    return held


def existing():
    return {(kind, each["id"]) for kind in KINDS for each in bpftool(kind, "show")}


def left_of(objects, patience=15):
    """Which of these still exist. The kernel frees them a little later than they are let go."""
    deadline = time.monotonic() + patience
    while (left := objects & existing()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def map_entries(pid):
    """How many entries each hash of the process has now: {name: count}. The kernel cuts names at 15 characters."""
    counts = {}
    for kind, number in held_by(pid):
        if kind != "map":
            continue
        shown = bpftool("map", "show", "id", number)
        if shown.get("type") in HASHES:
            counts[shown["name"]] = len(bpftool("map", "dump", "id", number))
    return counts
