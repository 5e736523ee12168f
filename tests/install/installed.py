#!/usr/bin/python3
"""installed.py ROOT: starts the service of a package that is installed in the folder ROOT, a small Debian with curl, openssl and
logrotate, and captures curl: by the unit's own command line, user and capabilities, and by a systemd that is booted there by
systemd-nspawn, with the whole unit. Needs root. Exit 1 when something is wrong; what cannot be tried is said as SKIPPED."""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

PATIENCE = 60  # seconds; nothing waits this long when all is well
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
LOG = "/var/log/sslsniff/sslsniff.jsonl"
# Answers on port $1; asks it for each of the other arguments.
TALK = r"""
cd /tmp && port=$1 && shift
[ -e cert.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null
openssl s_server -quiet -accept 127.0.0.1:$port -cert cert.pem -key key.pem -www >/dev/null 2>&1 &
server=$!
for n in 1 2 3 4 5 6 7 8 9; do
    curl -s --cacert cert.pem https://localhost:$port/ready -o /dev/null && break
    sleep 0.5
done
for path; do
    curl -sS --cacert cert.pem "https://localhost:$port/$path" -o /dev/null || exit 1
done
kill $server
"""
MOUNTS = ("mount --bind {root} {root} && mount -t proc proc {root}/proc && mount -t sysfs sysfs {root}/sys && "
          "(mount -t tracefs tracefs {root}/sys/kernel/tracing || true) && exec chroot {root} \"$@\"")
NSPAWN = ("umount -l /sys/fs/cgroup/* 2>/dev/null; umount -l /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup && "
          "exec systemd-nspawn -q --boot --register=no --keep-unit --directory={root} --machine=sslsniff-installed --capability=all "
          "--system-call-filter='bpf perf_event_open' --link-journal=no --console=pipe")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < deadline, f"waited in vain for {what}")
        time.sleep(0.1)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def unshared(script, *command, **options):
    return subprocess.Popen(["unshare", "--mount", "--propagation", "private", "bash", "-c", script, "bash", *command],
                            stdin=subprocess.DEVNULL, env={"PATH": PATH, "LANG": "C.UTF-8"}, **options)


def unit(root):
    for path in ("lib/systemd/system", "usr/lib/systemd/system"):
        with contextlib.suppress(FileNotFoundError), open(f"{root}/{path}/sslsniff.service", encoding="ascii") as file:
            return dict(line.rstrip().split("=", 1) for line in file if re.match(r"\w+=", line))
    raise AssertionError("there is no unit")


def targets(root, comm="curl"):
    """What was asked for, by the logs in order of time."""
    found = []
    for name in sorted(glob.glob(root + LOG + "*"), reverse=True):
        with open(name, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line) if line.endswith("\n") else {"type": "cut"}
                if entry["type"] == "transaction" and entry["process"]["comm"] == comm:
                    check(entry["integrity"]["complete"], entry)
                    found.append(entry["request"]["target"])
    return [target for target in found if target != "/ready"]


def by_its_command_line(root):
    """As the user of the unit and with its capabilities, but without the rest of its protection."""
    settings = unit(root)
    names = [name.removeprefix("CAP_").lower() for name in settings["AmbientCapabilities"].split()]
    numbers = {"bpf": "cap_39", "perfmon": "cap_38", "checkpoint_restore": "cap_40"}
    some = ",".join(["-all", *(f"+{numbers.get(name, name)}" for name in names)])
    folder = f"{root}/var/log/sslsniff"
    os.makedirs(folder, exist_ok=True)
    user = re.search(r"^sslsniff:x:(\d+):(\d+):", open(f"{root}/etc/passwd", encoding="utf-8").read(), re.MULTILINE)
    os.chown(folder, int(user.group(1)), int(user.group(2)))
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(f"\0sslsniff-installed-{os.getpid()}")
    notify.settimeout(PATIENCE)
    command = ["setpriv", "--reuid=sslsniff", "--regid=sslsniff", "--clear-groups", f"--bounding-set={some}",
               f"--inh-caps={some}", f"--ambient-caps={some}", "--no-new-privs",
               "env", f"NOTIFY_SOCKET=@sslsniff-installed-{os.getpid()}", *settings["ExecStart"].split()]
    service = unshared(MOUNTS.format(root=root), *command, stderr=subprocess.PIPE, text=True)
    try:
        check(notify.recv(4096) == b"READY=1", "the service is not ready")
        talk = unshared(MOUNTS.format(root=root), "sh", "-c", TALK, "sh", str(free_port()), "one", "two")
        check(talk.wait(PATIENCE) == 0, "curl failed")
        wait_until(lambda: targets(root) == ["/one", "/two"], f"what curl said; there is {targets(root)}")
    finally:
        service.send_signal(signal.SIGTERM)
        _, said = service.communicate(timeout=PATIENCE)
    check(service.returncode == 0 and "0 events lost" in said and "CAP_" not in said, said)
    shutil.rmtree(folder)
    print("by its command line: ok")


class Booted:
    """A systemd in `root`, and what runs there."""

    def __init__(self, root):
        self.nspawn = unshared(NSPAWN.format(root=root), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.leader = None

        def booted():
            if self.nspawn.poll() is not None:
                raise OSError(self.nspawn.stdout.read().decode(errors="replace").strip())
            with open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children", encoding="ascii") as file:
                children = file.read().split()
            self.leader = children[0] if children else None
            return self.leader and self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")
        try:
            wait_until(booted, "systemd to boot")
        except BaseException:
            self.close()
            raise

    def run(self, *command):
        return subprocess.run(["nsenter", "-t", self.leader, "-m", "-p", "-n", "-u", "-i", "-C", "--root", "--wd", "env", "-i",
                               f"PATH={PATH}", *map(str, command)], capture_output=True, text=True, timeout=2 * PATIENCE)

    def succeed(self, *command):
        done = self.run(*command)
        check(done.returncode == 0, f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def close(self):
        if self.nspawn.poll() is None:
            self.nspawn.terminate()  # an orderly shutdown; a second one kills
            try:
                self.nspawn.wait(30)
            except subprocess.TimeoutExpired:
                self.nspawn.terminate()
                self.nspawn.wait(30)


def by_systemd(root):
    if not shutil.which("systemd-nspawn"):
        print("SKIPPED by systemd: systemd-nspawn is not installed")
        return
    try:
        system = Booted(root)
    except OSError as error:
        print(f"SKIPPED by systemd: systemd-nspawn cannot boot here: {error}")
        return
    try:
        check(system.run("systemctl", "is-active", "sslsniff").stdout.strip() == "inactive", "a package starts no capture")
        system.succeed("systemctl", "start", "sslsniff")
        system.succeed("sh", "-c", TALK, "sh", free_port(), "one")
        wait_until(lambda: targets(root) == ["/one"], f"what curl said; there is {targets(root)}")
        system.succeed("logrotate", "-f", "/etc/logrotate.d/sslsniff")
        wait_until(lambda: os.path.exists(root + LOG) and os.path.exists(root + LOG + ".1"), "the log to be rotated")
        system.succeed("sh", "-c", TALK, "sh", free_port(), "two")
        wait_until(lambda: targets(root) == ["/one", "/two"], f"what curl said; there is {targets(root)}")
        system.succeed("systemctl", "restart", "sslsniff")
        system.succeed("sh", "-c", TALK, "sh", free_port(), "three")
        wait_until(lambda: targets(root) == ["/one", "/two", "/three"], f"what curl said; there is {targets(root)}")
        status = system.succeed("systemctl", "show", "sslsniff", "-p", "User", "-p", "StatusText", "-p", "NRestarts")
        check("User=sslsniff" in status and "NRestarts=0" in status, status)
        mode = os.stat(root + LOG).st_mode & 0o777
        check(mode == 0o600, f"the log has mode {mode:o}")
        system.succeed("systemctl", "stop", "sslsniff")
        said = system.succeed("journalctl", "-u", "sslsniff", "--no-pager", "-o", "cat")
        check("0 events lost" in said and "CAP_" not in said and "rror" not in said, said)
        print("by systemd: ok")
    finally:
        system.close()


def main():
    root = os.path.abspath(sys.argv[1])
    by_its_command_line(root)
    by_systemd(root)


main()
