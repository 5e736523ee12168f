"""Packages of npm for tests: fetched by tools/fetch-npm, not installed."""
import os
import pathlib
import subprocess

FETCH = pathlib.Path(__file__).resolve().parents[2] / "tools" / "fetch-npm"


def program(test, package, path):
    """The program at `path` of a package, "NAME@VERSION"; the test is SKIPPED where it cannot be had."""
    done = subprocess.run([FETCH, package, path], capture_output=True, text=True)
    if done.returncode == 3:
        test.skipTest(done.stderr.strip())
    test.assertEqual(done.returncode, 0, done.stderr)
    return done.stdout.strip()


def node_path(test, *packages):
    """A folder for NODE_PATH with these packages, each "NAME@VERSION"; the test is SKIPPED where they cannot be had."""
    test.need("node")
    folder = os.path.join(test.folder, "node_modules")
    os.makedirs(folder, exist_ok=True)
    for package in packages:
        done = subprocess.run([FETCH, package, "package.json"], capture_output=True, text=True, timeout=400)
        if done.returncode != 0:
            test.skipTest(done.stderr.strip() or f"cannot fetch {package}")
        place = os.path.join(folder, package.rpartition("@")[0])
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not os.path.islink(place):
            os.symlink(os.path.dirname(done.stdout.strip()), place)
    return folder
