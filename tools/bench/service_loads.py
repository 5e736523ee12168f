"""Databases and brokers on loopback, pinned to CPU 0, and clients that load them from CPU 1 and count what they did."""
import contextlib
import glob
import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess
import sys
import time

import bench_server

CLIENTS = 8
MOCK_BROKERS = pathlib.Path(__file__).parents[2] / "tests/live/peers/kafka_mock.py"


def run(*command, **options):
    return subprocess.run(["taskset", "-c", "1", *map(str, command)], capture_output=True, text=True, check=True, **options).stdout


def timed(*command):
    """What it prints, and seconds."""
    start = time.monotonic()
    out = run(*command)
    return out, time.monotonic() - start


class Service:
    """A process in a folder of its own that listens on a free port; `worker` is what to capture. Subclasses start it."""
    user = None  # None: ours

    def __init__(self, folder):
        self.folder, self.port = pathlib.Path(folder), bench_server.free_port()
        self.own = {}
        if self.user:
            owner = pwd.getpwnam(self.user)
            self.own = {"user": owner.pw_uid, "group": owner.pw_gid, "cwd": "/"}
            self.folder.chmod(0o755)
            self.folder = self.folder / "service"
            self.folder.mkdir()
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)

    def start(self, *command, **options):
        self.process = subprocess.Popen(["taskset", "-c", "0", *map(str, command)], stderr=subprocess.DEVNULL, **self.own,
                                        **{"stdout": subprocess.DEVNULL, **options})
        self.worker = self.process.pid

    def wait(self):
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        raise RuntimeError(f"{type(self).__name__} does not listen")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Postgresql(Service):
    user = "postgres"

    def __enter__(self):
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.pgbench = [f"{binaries}/pgbench", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        subprocess.run([f"{binaries}/initdb", "-D", self.folder / "db", "-A", "trust", "--no-sync"], **self.own, check=True, capture_output=True)
        self.start(f"{binaries}/postgres", "-D", self.folder / "db", "-p", self.port, "-k", self.folder, "-c", "fsync=off", "-c",
                   "listen_addresses=127.0.0.1")
        for _ in range(100):  # it listens before it lets anybody in
            if subprocess.run([f"{binaries}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode == 0:
                break
            time.sleep(0.1)
        run(*self.pgbench, "-i", "-q", "-s", 5, "postgres")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)  # without waiting for clients
        self.process.wait(60)


def pgbench(server, options):
    out = run(*server.pgbench, "-S", "-n", "-c", CLIENTS, "-t", options.requests // CLIENTS, "postgres")
    return int(re.search(r"actually processed: (\d+)", out)[1]), float(re.search(r"tps = ([\d.]+)", out)[1])


class Mariadb(Service):
    user = "mysql"

    def __enter__(self):
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.folder}/db", "--user=mysql", "--skip-test-db",
                        "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        self.start("mariadbd", "--no-defaults", f"--datadir={self.folder}/db", f"--port={self.port}", "--bind-address=127.0.0.1",
                   f"--socket={self.folder}/socket", "--skip-name-resolve")
        self.wait()
        run("mariadb", "--no-defaults", "-S", self.folder / "socket", "-u", "root", "-e",
            "CREATE DATABASE bench; USE bench; CREATE TABLE users (id int PRIMARY KEY, name text, note text); "
            "INSERT INTO users SELECT seq, CONCAT('user ', seq), 'please ring twice' FROM seq_1_to_10000; "
            "CREATE USER bench@'127.0.0.1'; GRANT ALL ON bench.* TO bench@'127.0.0.1'")
        return self


def mariadb_slap(server, options):
    out = run("mariadb-slap", "--no-defaults", "-h", "127.0.0.1", "-P", server.port, "-u", "bench", "--ssl=0", "--no-drop",
              "--create-schema=bench", f"--concurrency={CLIENTS}", f"--number-of-queries={options.requests}",
              "--query=SELECT id, name, note FROM users WHERE id = 4711")
    clients, queries = (int(re.search(rf"{words}: (\d+)", out)[1]) for words in ("clients running queries", "queries per client"))
    return clients * queries, clients * queries / float(re.search(r"Average number of seconds.*: ([\d.]+) seconds", out)[1])


class MockBroker(Service):
    """librdkafka's, which keeps 5 MiB of a partition."""

    def __enter__(self):
        self.start(sys.executable, MOCK_BROKERS, 1, "orders", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.kcat = ["kcat", "-b", self.process.stdout.readline().strip(), "-t", "orders"]
        self.lines = self.folder / "lines"
        return self

    def write_lines(self, count):
        self.lines.write_text("".join(f'{{"order": {number}, "item": "item {number % 500}", "note": "please ring twice"}}\n' for number in range(count)))


def produce(server, options):
    """A request for each record."""
    count = options.requests // 4
    server.write_lines(count)
    _, seconds = timed(*server.kcat, "-P", "-X", "batch.num.messages=1", "-X", "linger.ms=0", "-l", server.lines)
    return count, count / seconds


def consume(server, options):
    """Records, in batches of 10, again and again: what the broker keeps is read too fast to tell."""
    if not server.lines.exists():
        server.write_lines(40_000)
        run(*server.kcat, "-P", "-X", "batch.num.messages=10", "-l", server.lines)
    count = seconds = 0
    while count < options.requests:
        out, more = timed(*server.kcat, "-C", "-o", "beginning", "-e", "-q", "-X", "fetch.wait.max.ms=10")
        count, seconds = count + out.count("\n"), seconds + more
    return count, count / seconds


class Mosquitto(Service):
    def __enter__(self):
        self.lines = self.folder / "lines"
        self.start("mosquitto", "-p", self.port)
        self.wait()
        return self


def publish(server, options):
    count = options.requests // 4
    server.lines.write_text("".join(f"reading {number}\n" for number in range(count)))
    with open(server.lines, encoding="ascii") as lines:
        start = time.monotonic()
        run("mosquitto_pub", "-h", "127.0.0.1", "-p", server.port, "-t", "sensors/1", "-q", 1, "-l", stdin=lines)
        return count, count / (time.monotonic() - start)


class Memcached(Service):
    def __enter__(self):
        self.start("memcached", "-u", "root", "-l", "127.0.0.1", "-p", self.port, "-t", 1)
        self.wait()
        return self


def memcaslap(server, options):
    """Nine get for each set, values of 1 KiB."""
    out = run("memcaslap", "-s", f"127.0.0.1:{server.port}", "-T", 1, "-c", CLIENTS, "-x", options.requests)
    count, rate = re.search(r"Ops: (\d+) TPS: (\d+)", out).groups()
    return int(count), float(rate)
