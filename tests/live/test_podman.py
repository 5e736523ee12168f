"""sslsniff in a container of podman, --privileged, without the host's PID namespace, as README has it."""
import json
import os
import resource
import shutil
import subprocess

from harness import PATIENCE, PYTHON, SSLSNIFF, LiveTest

ASK = ("import ssl, sys, time, urllib.request as r\n"
       "context = ssl._create_unverified_context()\n"
       "time.sleep(float(sys.argv[2]))\n"
       "r.urlopen(sys.argv[1], context=context).read()")


class PodmanTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.need("podman")
        self.root = self.overlay()
        works = self.container("true")
        if works.returncode != 0:
            self.skipTest(f"podman cannot start a container here: {works.stderr.strip().splitlines()[-1]}")

    def overlay(self):
        """The host's files as the container's own, changes apart."""
        folders = {name: os.path.join(self.folder, name) for name in ("upper", "work", "root")}
        for folder in folders.values():
            os.mkdir(folder)
        tmpfs = os.path.join(self.folder, "upper")
        mounts = [["mount", "-t", "tmpfs", "none", tmpfs]]
        upper, work = os.path.join(tmpfs, "files"), os.path.join(tmpfs, "work")
        mounts.append(["mount", "-t", "overlay", "none", "-o", f"lowerdir=/,upperdir={upper},workdir={work}", folders["root"]])
        for command in mounts:
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                self.skipTest(f"no overlay of / can be mounted: {done.stderr.strip()}")
            self.addCleanup(subprocess.run, ["umount", command[-1]], check=True)
            if command[-1] == tmpfs:
                os.mkdir(upper)
                os.mkdir(work)
        return folders["root"]

    def container(self, *command):
        limits = {name: resource.getrlimit(number)[0] for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC))}
        runtime = ["--runtime", "runc"] if shutil.which("runc") else []  # crun refuses hosts with both kinds of cgroups
        shared = [f"--volume={folder}:{folder}" for folder in (os.path.dirname(SSLSNIFF), self.folder)]
        return subprocess.run(["podman", *runtime, "run", "--rm", "--privileged", "--network=host", *shared,
                               *[f"--ulimit={name}={min(limit, 1024)}:{min(limit, 1024)}" for name, limit in limits.items()],
                               "--rootfs", self.root, *map(str, command)],
                              capture_output=True, text=True, timeout=PATIENCE)

    def captured(self, script):
        """(transactions, what it said) of a capture in the container: `script` runs it, $1 is sslsniff with its output."""
        path = os.path.join(self.folder, "out.jsonl")
        done = self.container("sh", "-c", script, "sh", SSLSNIFF, f"json:{path}")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding="utf-8") as lines:
            objects = [json.loads(line) for line in lines]
        return [o for o in objects if o["type"] == "transaction"], done.stderr

    def test_privileged_container(self):
        _, port = self.nginx()
        url = f"https://localhost:{port}"
        ask = f"{PYTHON} -c '{ASK}' {url}"
        for script, target in (
                (f'"$1" -o "$2" -- {ask}/command 0', "/command"),
                (f'{ask}/process 2 & "$1" -o "$2" -p $! && wait', "/process"),
                (f'{ask}/everything 2 & "$1" -o "$2" -a -n 1 && wait', "/everything")):
            with self.subTest(target=target):
                transactions, said = self.captured(script)
                self.assertEqual([t["request"]["target"] for t in transactions], [target], said)
                (transaction,) = transactions
                self.assertTrue(transaction["integrity"]["complete"])
                self.assertLess(transaction["process"]["pid"], 1000)  # of the container's own
                self.assertEqual(transaction["connection"]["remote"]["port"], port)
