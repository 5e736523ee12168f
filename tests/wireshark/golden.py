#!/usr/bin/env python3
"""Compares the small files of pcapng_scenarios byte by byte with those in tests/golden/pcapng.

usage: golden.py SCENARIOS_PROGRAM FOLDER [--update]; an update keeps the set of files."""
import pathlib
import subprocess
import sys
import tempfile

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
update = "--update" in sys.argv
status = 0
with tempfile.TemporaryDirectory() as work:
    subprocess.run([program, work], check=True)
    for golden in sorted(folder.glob("*.pcapng")):
        fresh = (pathlib.Path(work) / golden.name).read_bytes()
        if update:
            golden.write_bytes(fresh)
        elif fresh != golden.read_bytes():
            at = next((i for i, (a, b) in enumerate(zip(fresh, golden.read_bytes())) if a != b), "the end")
            print(f"{golden.name} differs at byte {at}: {program} DIR; cmp DIR/{golden.name} {golden}")
            status = 1
sys.exit(status)
