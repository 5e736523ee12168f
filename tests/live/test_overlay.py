"""TLS libraries on overlayfs: a chmod of a file of the image copies it up. Old processes go on with the file below, new ones
map the copy, and device and inode number are the same for both."""
import os
import shutil
import subprocess

from harness import PYTHON, LiveTest, wait_until
from test_containers import TALKER
from test_unnamed_programs import build_client

LIBRARIES = "/usr/lib/x86_64-linux-gnu"


class OverlayTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.layers = os.path.join(self.folder, "layers")
        os.mkdir(self.layers)
        self.mount("-t", "tmpfs", "none", self.layers)
        lower, upper, work, self.root = (os.path.join(self.layers, name) for name in ("lower", "upper", "work", "root"))
        for folder in (lower, upper, work, self.root):
            os.mkdir(folder)
        for name in ("libssl.so.3", "libcrypto.so.3"):
            shutil.copy(os.path.join(LIBRARIES, name), lower)
        self.mount("-t", "overlay", "none", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", self.root)
        self.library = os.path.join(self.root, "libssl.so.3")
        _, port = self.nginx()
        self.port = port
        # Named so that captures by name find nobody else's.
        self.python_of_its_own = os.path.join(self.folder, f"python{os.getpid()}")
        os.symlink(PYTHON, self.python_of_its_own)
        self.by_name = ("-c", os.path.basename(self.python_of_its_own))
        self.url = f"https://localhost:{port}"

    def mount(self, *arguments):
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f"no overlay can be mounted: {done.stderr.strip()}")
        # Programs may still run from it: taken away when they have ended.
        self.addCleanup(subprocess.run, ["umount", "--lazy", arguments[-1]], check=True)

    def talker(self):
        process = self.spawn(self.python_of_its_own, "-u", "-c", TALKER, env={**os.environ, "LD_LIBRARY_PATH": self.root},
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        return process

    def ask(self, talker, target):
        talker.stdin.write(f"{self.url}/{target}\n")
        talker.stdin.flush()
        self.assertEqual(talker.stdout.readline(), "done\n")

    def test_copied_up_during_the_capture(self):
        old = self.talker()
        before = os.stat(self.library)
        with self.capture(*self.by_name) as capture:
            self.ask(old, "old-before")
            os.chmod(self.library, 0o755)
            after = os.stat(self.library)
            self.assertEqual((before.st_dev, before.st_ino), (after.st_dev, after.st_ino))
            self.ask(old, "old-after")
            new = self.talker()
            wait_until(lambda: "now also capturing" in capture.stderr, "the copy to be probed")
            for n in range(3):
                self.ask(new, f"new-{n}")
            capture.wait_for(5)
        self.assert_targets(capture, "old-before", "old-after", "new-0", "new-1", "new-2")

    def test_copied_up_before_the_capture(self):
        old = self.talker()
        self.ask(old, "earlier")
        os.utime(self.library)  # touch
        new = self.talker()
        with self.capture("-p", old.pid, "-p", new.pid) as capture:
            self.ask(old, "old")
            self.ask(new, "new")
            capture.wait_for(2)
        self.assert_targets(capture, "old", "new")
        self.assertNotIn("capturing nothing", capture.stderr)

    def test_changed_twice_is_probed_once(self):
        """The copy stays one file however often it is changed: nothing is seen twice."""
        os.chmod(self.library, 0o755)
        process = self.talker()
        with self.capture(*self.by_name) as capture:
            self.ask(process, "one")
            os.chmod(self.library, 0o700)
            self.ask(self.talker(), "two")
            self.ask(process, "three")
            capture.wait_for(3)
        self.assert_targets(capture, "one", "two", "three")

    def test_fresh_copies(self):
        """A library that nobody has used before, found by LD_LIBRARY_PATH, in a program that the command starts. It is probed
        when the program is executed; what a program does before that is done is told."""
        program = build_client(self, "-lssl", "-lcrypto")
        script = ('mkdir $1 && cp $2/libssl.so.3 $2/libcrypto.so.3 $1 && LD_LIBRARY_PATH=$1 exec "$3" "$4" "$5" "" "$6"')
        for n, wait in enumerate((1_000_000, 0)):
            capture = self.capture(command=["sh", "-c", script, "sh", f"{self.folder}/copy{n}", LIBRARIES, program,
                                            self.port, f"fresh{n}", wait])
            self.check(capture, [f"fresh{n}-{i}" for i in range(3)], wait)

    def test_root_of_its_own(self):
        """The command enters a mount namespace in which other files have the names of the system's."""
        self.need("unshare", "chroot")
        program = build_client(self, "-lssl", "-lcrypto")
        for n, wait in enumerate((1_000_000, 0)):
            root = os.path.join(self.layers, f"system{n}")
            folders = [os.path.join(self.layers, f"{name}{n}") for name in ("up", "down")]
            for folder in (root, *folders):
                os.mkdir(folder)
            script = ('mount -t overlay none -o lowerdir=/,upperdir=$1,workdir=$2 $3 || exit 77; '
                      # Written anew, so that it is a file that nobody knows.
                      'mkdir $3/new && cp $4/libssl.so.3 $3/new/ && rm $3$4/libssl.so.3 && mv $3/new/libssl.so.3 $3$4/ && '
                      'cp $5 $3/new/program && exec chroot $3 /new/program $6 $7 "" $8')
            capture = self.capture(command=["unshare", "--mount", "sh", "-c", script, "sh", *folders, root, LIBRARIES, program,
                                            self.port, f"root{n}", wait])
            self.check(capture, [f"root{n}-{i}" for i in range(3)], wait)
            # Of a program that does not wait nobody may know any longer which file it saw.
            suffix = r" as process \d+ sees it" if wait else ""
            self.assertRegex(capture.stderr, "now also capturing OpenSSL .*" + suffix)

    def check(self, capture, targets, wait):
        capture.start().finish()
        if capture.status == 77:
            self.skipTest("no overlay of / can be mounted")
        self.assertEqual(capture.status, 0, capture.stderr)
        if wait or capture.transactions:
            self.assert_targets(capture, *targets)
        else:
            self.assertIn("OpenSSL 3", capture.stderr.split("not decoded: ")[1])
            self.assertIn("probed too late", capture.stderr)

    def assert_targets(self, capture, *targets):
        self.assertEqual(sorted(t["request"]["target"] for t in capture.transactions), sorted(f"/{t}" for t in targets),
                         capture.stderr)
        for transaction in capture.transactions:
            self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
