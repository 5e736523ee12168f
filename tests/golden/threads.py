#!/usr/bin/env python3
"""Reads all recordings with 1, 2 and 4 threads and fails unless all outputs are the same. usage: threads.py SSLSNIFF FOLDER"""
import itertools
import pathlib
import subprocess
import sys
import tempfile

RUNS = [["-vv", "-o", "json:json", "-o", "har:har", "-o", "html:html", "-o", "text:text"],
        ["-x", "-o", "text:text", "-o", "stat:stat", "-C", "1", "-o", "json:json"],
        ["--connections", "-o", "json:json", "-o", "text:text"],
        ["-n", "3", "--no-bodies", "-o", "json"]]


def outputs(program, fixture, arguments, threads):
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run([program, "-r", fixture, *arguments, "--threads", str(threads)], cwd=folder, capture_output=True, check=False)
        files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
        return result.returncode, result.stdout, result.stderr, files


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    fixtures = sorted(folder.glob("*.trace"))
    different = []
    for fixture, arguments in itertools.product(fixtures, RUNS):
        expected = outputs(program, fixture, arguments, 1)
        for threads in (2, 4):
            if outputs(program, fixture, arguments, threads) != expected:
                different.append(f"{fixture.name}, {threads} threads: {' '.join(arguments)}")
    print("\n".join(different) or f"{len(fixtures)} recordings give the same with any number of threads")
    return 1 if different or not fixtures else 0


if __name__ == "__main__":
    sys.exit(main())
