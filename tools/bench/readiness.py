"""Starting sslsniff and knowing when its probes are in place: sd_notify(3), which works with every option."""
import os
import select
import socket
import subprocess
import time


class Timeout(Exception):
    pass


def start(command, patience=60, environment=None, **options):
    """The process, ready, or already ended: ask poll(). Raises Timeout, then the process is gone."""
    name = f"sslsniff-ready-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        environment = {**(environment or os.environ), "NOTIFY_SOCKET": "@" + name}
        process = subprocess.Popen(list(map(str, command)), env=environment, **options)
        ended = os.pidfd_open(process.pid)
        try:
            readable, _, _ = select.select([listener, ended], [], [], patience)
        finally:
            os.close(ended)
        if readable:
            return process
    process.kill()
    process.wait()
    raise Timeout(f"not ready in {patience} s: {' '.join(map(str, command))}")
