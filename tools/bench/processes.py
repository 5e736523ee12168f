"""What a program takes that consists of a process and its children, as a capture does (docs/security.md)."""
import pathlib
import re


def with_children(pid):
    yield pid
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from with_children(int(child))


def cpu_seconds(pid):
    """Of all threads."""
    return sum(int((task / "schedstat").read_text().split()[0]) for process in with_children(pid)
               for task in pathlib.Path(f"/proc/{process}/task").iterdir()) / 1e9


def peak_memory(pid):
    """MiB; what processes share counts for each."""
    return sum(int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process}/status").read_text())[1])
               for process in with_children(pid)) / 1024
