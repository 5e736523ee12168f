"""pgbench against a PostgreSQL of its own, with and without a capture of it: for tools/bench/unknown."""
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time

SECONDS = 6
CLIENTS = 8


class Cluster:
    """PostgreSQL on loopback in a folder of its own, run as its user."""

    def __init__(self, folder):
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not binaries:
            raise SystemExit("--pgbench needs the package postgresql")
        self.binaries, self.user = binaries[-1], pwd.getpwnam("postgres")
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        self.folder = folder / "postgresql"
        self.folder.mkdir()
        folder.chmod(0o755)
        os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.call("initdb", "-D", self.folder / "db", "-A", "trust", "--no-sync")
        self.server = subprocess.Popen(self.command("postgres", "-D", self.folder / "db", "-p", self.port, "-k", self.folder, "-c",
                                                    "fsync=off", "-c", "listen_addresses=127.0.0.1"),
                                       **self.as_user(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if subprocess.run(self.command("pg_isready", "-q", *self.place()), check=False).returncode == 0:
                break
            time.sleep(0.1)
        self.call("pgbench", *self.place(), "-i", "-q", "-s", 5, "postgres")

    def place(self):
        return "-h", "127.0.0.1", "-p", self.port

    def command(self, name, *arguments):
        return [f"{self.binaries}/{name}", *map(str, arguments)]

    def as_user(self):
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "cwd": "/"}

    def call(self, *words):
        return subprocess.run(self.command(*words), **self.as_user(), check=True, capture_output=True, text=True).stdout

    def transactions(self):
        """Per second."""
        out = self.call("pgbench", *self.place(), "-S", "-n", "-c", CLIENTS, "-T", SECONDS, "postgres")
        return float(re.search(r"tps = ([\d.]+)", out)[1])

    def stop(self):
        self.server.send_signal(signal.SIGINT)
        self.server.wait(30)
        shutil.rmtree(self.folder)


def captured(program, cluster, folder):
    """Transactions per second, seconds from SIGINT to the end, and the capture's last line."""
    output, messages = folder / "capture.json", folder / "messages"
    with open(messages, "w", encoding="utf-8") as file:
        capture = subprocess.Popen([program, "-o", f"json:{output}", "-p", str(cluster.server.pid)], stderr=file, stdout=file)
    time.sleep(2)
    rate = cluster.transactions()
    begin = time.monotonic()
    capture.send_signal(signal.SIGINT)
    capture.wait(600)
    ended = time.monotonic() - begin
    output.unlink(missing_ok=True)
    return rate, ended, messages.read_text().strip().splitlines()[-1]


def compare(programs, rounds, folder):
    """Rounds without and with each program's capture take turns."""
    cluster = Cluster(folder)
    try:
        cluster.transactions()
        ratios = {program: [] for program in programs}
        for number in range(rounds):
            for program in programs:
                before = cluster.transactions()
                rate, ended, last = captured(str(program), cluster, folder)
                alone = (before + cluster.transactions()) / 2
                ratios[program].append(rate / alone)
                print(f"round {number + 1}, {program}: {alone:.0f} transactions/s, captured {rate:.0f} ({rate / alone:.3f}), "
                      f"ended {ended:.2f} s after SIGINT, {last}", flush=True)
        for program in programs:
            print(f"{program}: median {statistics.median(ratios[program]):.3f} of the transactions")
    finally:
        cluster.stop()
