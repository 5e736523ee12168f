"""The two processes of a capture: what each holds, and what becomes of the one when the other ends."""
import glob
import os
import pwd
import signal
import stat
import subprocess

from harness import PATIENCE, SSLSNIFF, LiveTest, attacher_of, wait_until

STRANGER = 12345  # a uid without an account


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def reader_uid():
    try:
        return pwd.getpwnam("sslsniff").pw_uid
    except KeyError:
        return 65534


def is_running(pid):
    return os.path.exists(f"/proc/{pid}") and status_of(pid)["State"][0] != "Z"


class SeparationTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.server, self.port = self.nginx(f'location / {{ return 200 "{"x" * 3500}"; }}')

    def request(self, count=1):
        self.curl(f"https://localhost:{self.port}/[1-{count}]")

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def test_what_each_process_holds(self):
        with self.capture("-p", self.server.pid) as capture:
            reader = status_of(capture.process.pid)
            attacher = status_of(attacher_of(capture.process.pid))
            self.request()
            capture.wait_for(1)
        self.assert_holds_nothing(reader)
        self.assertEqual(attacher["NoNewPrivs"], "1")
        self.assertEqual(int(attacher["CapBnd"], 16), 0)
        kept = int(attacher["CapEff"], 16)
        for wanted in (0, 1, 2, 3, 12, 19, 24, 34, 38, 39, 40):  # those of docs/security.md
            kept &= ~(1 << wanted)
        with open("/proc/sys/kernel/perf_event_paranoid", encoding="ascii") as level:
            restricted = int(level.read()) > 2
        before_6_6 = tuple(map(int, os.uname().release.split(".")[:2])) < (6, 6)
        if restricted or before_6_6 or "--backend=perf" in capture.arguments:
            kept &= ~(1 << 21)
        self.assertEqual(kept, 0, f"{kept:#x}")

    def test_the_user_can_be_chosen_but_is_not_root(self):
        with self.capture("-p", self.server.pid, "-Z", str(STRANGER)) as capture:
            self.assertEqual(set(status_of(capture.process.pid)["Uid"].split()), {str(STRANGER)})
        refused = subprocess.run([SSLSNIFF, "-p", str(self.server.pid), "-Z", "root"], capture_output=True, text=True,
                                 timeout=PATIENCE)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("does not run as root", refused.stderr)

    def test_a_killed_reader_takes_the_probes_along(self):
        capture = self.capture("-p", self.server.pid).start()
        attacher = attacher_of(capture.process.pid)
        self.request()
        capture.process.kill()
        capture.process.wait()
        wait_until(lambda: not is_running(attacher), "the attacher to end")
        self.request()

    def test_a_killed_attacher_loses_nothing_that_was_captured(self):
        capture = self.capture("-p", self.server.pid).start()
        self.request(50)
        os.kill(attacher_of(capture.process.pid), signal.SIGKILL)
        capture.status = capture.process.wait(PATIENCE)
        capture.finish()
        self.assertEqual(capture.status, 1)
        self.assertIn("was killed by signal 9", capture.stderr)
        self.assertEqual(len(capture.transactions), 50)
        self.assertEqual(capture.summary["transactions"], 50)
        self.request()

    def test_files_are_made_where_the_reader_may_not(self):
        """Rotation, reopening and bodies, in folders of root that nobody else may enter, for whoever called sudo."""
        os.chmod(self.folder, 0o700)
        os.environ.update(SUDO_UID=str(STRANGER), SUDO_GID=str(STRANGER))
        self.addCleanup(lambda: [os.environ.pop(name) for name in ("SUDO_UID", "SUDO_GID")])
        text = os.path.join(self.folder, "text")
        bodies = os.path.join(self.folder, "bodies")
        with self.capture("-p", self.server.pid, "-C", "1", "-W", "3", "--save-bodies", bodies,
                          outputs=("-o", f"text:{text}")) as capture:
            self.request(500)
            wait_until(lambda: len(glob.glob(f"{bodies}/*.txt")) + len(glob.glob(f"{bodies}/[!.]*")) >= 500, "the bodies")
            files = [*glob.glob(f"{text}*"), *glob.glob(f"{capture.json_path}[0-9]"), *glob.glob(f"{bodies}/[!.]*")]
            self.assertGreater(len(glob.glob(f"{capture.json_path}[0-9]")), 1)
            for file in files:
                found = os.stat(file)
                self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (STRANGER, 0o600), file)
            current = max(glob.glob(f"{text}[0-9]"), key=os.path.getmtime)
            os.rename(current, current + ".old")
            capture.send_signal(signal.SIGHUP)
            wait_until(lambda: os.path.exists(current), "the new file")
            self.assertEqual(os.stat(current).st_uid, STRANGER)

    def test_signals_reach_a_command_of_another_user(self):
        if not os.path.exists("/usr/bin/setpriv"):
            self.skipTest("setpriv is missing")
        script = "trap 'echo got it; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
        capture = self.capture(command=("setpriv", f"--reuid={STRANGER}", "--clear-groups", "sh", "-c", script)).start()
        wait_until(lambda: "ready" in capture.stdout, "the command")
        capture.process.send_signal(signal.SIGTERM)
        self.assertEqual(capture.process.wait(PATIENCE), 3)
        self.assertIn("got it", capture.stdout)

    def recorded(self, count):
        trace = os.path.join(self.folder, "in.trace")
        with self.capture("-p", self.server.pid, outputs=("-o", f"trace:{trace}")) as capture:
            self.request(count)
            capture.wait_for(count)
        return trace

    def assert_holds_nothing(self, status):
        self.assertEqual(set(status["Uid"].split()), {str(reader_uid())})
        self.assertEqual(status["Groups"].split(), [])
        for kind in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[kind], 16), 0, kind)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_reading_holds_nothing(self):
        """While a recording is read from a pipe; what only root may read is opened before."""
        trace = self.recorded(3)
        os.chmod(self.folder, 0o700)
        with open(trace, "rb") as file:
            content = file.read()
        out = os.path.join(self.folder, "read")
        process = self.spawn(SSLSNIFF, "-r", "-", "-o", f"json:{out}", stdin=subprocess.PIPE)
        process.stdin.write(content[:-200])
        process.stdin.flush()
        wait_until(lambda: status_of(process.pid)["Seccomp"] == "2", "the sandbox")
        self.assert_holds_nothing(status_of(process.pid))
        process.stdin.write(content[-200:])
        process.stdin.close()
        self.assertEqual(process.wait(PATIENCE), 0)
        whole = os.path.join(self.folder, "whole")
        subprocess.run([SSLSNIFF, "-r", trace, "-o", f"json:{whole}"], check=True, timeout=PATIENCE, stderr=subprocess.DEVNULL)
        self.assertEqual(self.read("read"), self.read("whole"))
        self.assertEqual(self.read("whole").count('"type":"transaction"'), 3)

    def test_reading_makes_files_too(self):
        trace = self.recorded(500)
        os.chmod(self.folder, 0o700)
        out = os.path.join(self.folder, "read")
        bodies = os.path.join(self.folder, "bodies")
        subprocess.run([SSLSNIFF, "-r", trace, "-o", f"json:{out}", "-C", "1", "--save-bodies", bodies], check=True,
                       timeout=PATIENCE, stderr=subprocess.DEVNULL)
        self.assertGreater(len(glob.glob(f"{out}*")), 1)
        lines = sum(open(file, encoding="utf-8").read().count('"type":"transaction"') for file in glob.glob(f"{out}*"))
        self.assertEqual(lines, 500)
        self.assertEqual(len(os.listdir(bodies)), 500)
