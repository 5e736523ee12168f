"""Timing programs that read a capture."""
import multiprocessing
import os
import subprocess
import sys
import time


def elsewhere(function, *arguments):
    """Calls it in another process: what this one has in memory would count as its children's peak."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


class Capture:
    """A file, and how many transactions are in it."""

    def __init__(self, path, transactions):
        self.path, self.transactions, self.size = str(path), transactions, os.path.getsize(path)
        subprocess.run(["cp", self.path, "/dev/null"], check=True)  # into the page cache: the disk is not what is measured
        print(f"{self.size / 1e6:.0f} MB, {self.transactions} transactions")

    def timed(self, name, *command):
        """Bytes per second of CPU time, and the peak of memory in MiB. In each of the programs one thread works, as there is one processor, so
        that this is the speed on an idle machine, also while others use this one."""
        start = time.monotonic()
        one = str(max(os.sched_getaffinity(0)))
        with subprocess.Popen(["taskset", "-c", one, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall, seconds, peak = time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit status {process.returncode}")
        print(f"{name:22} {wall:8.2f} s, CPU {seconds:8.2f} s {self.size / seconds / 1e6:8.1f} MB/s "
              f"{self.transactions / seconds:10.0f} transactions/s {peak:6.0f} MiB", flush=True)
        return self.size / seconds, peak
