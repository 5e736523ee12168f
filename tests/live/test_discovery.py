"""Which libraries are found, and when: loaded later, replaced on disk, in other mount namespaces, in programs started later."""
import glob
import os
import shutil
import subprocess

from harness import LiveTest, body_of, wait_until

# Fetches a URL each time it reads a line; loads its TLS library only then.
LATE_CLIENT = """if True:
    import sys
    for line in sys.stdin:
        import ssl, urllib.request
        context = ssl.create_default_context(cafile=sys.argv[1])
        print(urllib.request.urlopen(line.strip(), context=context).read().decode().strip())
    """


def libraries():
    """The TLS libraries of this system: paths of libssl and libcrypto."""
    (libssl,) = glob.glob("/usr/lib/*-linux-gnu/libssl.so.3")
    return libssl, libssl.replace("libssl", "libcrypto")


class DiscoveryTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.server, self.port = self.nginx('location / { return 200 "$request_uri\\n"; }')

    def client(self, *wrapper, **environment):
        code = [*wrapper, "/usr/bin/python3", "-u", "-c", LATE_CLIENT, self.certificate[0]]
        return self.spawn(*code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **environment})

    def ask(self, client, path):
        client.stdin.write(f"https://127.0.0.1:{self.port}{path}\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline().strip(), path)

    def ask_until_seen(self, client, path, capture):
        """What a program says in the moment after it loaded a new library may be missed (docs/kernels.md)."""
        def seen():
            self.ask(client, path)
            return any(t["process"]["pid"] == client.pid and t.get("request", {}).get("target") == path
                       for t in capture.seen_so_far())
        wait_until(seen, f"{path} of {client.pid}")

    def targets(self, capture):
        """Of requests: there may be a response whose request was missed."""
        return [t["request"]["target"] for t in capture.transactions if "request" in t]

    def copy_of_libraries(self, name):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        for library in libraries():
            shutil.copy(library, folder)
        return folder

    def test_loaded_while_the_capture_runs(self):
        client = self.client()
        with self.capture("-p", client.pid) as capture:
            self.assertIn("no TLS library is loaded yet", capture.stderr)
            self.ask_until_seen(client, "/first", capture)
            self.ask(client, "/second")
            wait_until(lambda: "/second" in [t.get("request", {}).get("target") for t in capture.seen_so_far()], "/second")
        self.assertEqual(set(self.targets(capture)), {"/first", "/second"})
        self.assertRegex(capture.stderr, r"now also capturing OpenSSL 3\S+ \(/\S*/libssl.so.3\)")
        second = capture.transactions[-1]
        self.assertTrue(second["integrity"]["complete"])
        self.assertEqual(body_of(second["response"]).decode().strip(), "/second")

    def test_never_seen_library_of_a_program_started_later(self):
        folder = self.copy_of_libraries("late")
        with self.capture("-u", "root", f"tcp port {self.port}") as capture:
            client = self.client(LD_LIBRARY_PATH=folder)
            self.ask_until_seen(client, "/late", capture)
        self.assertIn(folder, capture.stderr)

    def test_replaced_on_disk(self):
        folder = self.copy_of_libraries("replaced")
        old = self.client(LD_LIBRARY_PATH=folder)
        self.ask(old, "/before")
        with self.capture("-u", "root", f"tcp port {self.port} and not src port {self.port}") as capture:
            self.ask(old, "/old")
            for library in libraries():  # as a package manager does: a new file takes the name
                path = os.path.join(folder, os.path.basename(library))
                shutil.copy(library, path + ".new")
                os.rename(path + ".new", path)
            new = self.client(LD_LIBRARY_PATH=folder)
            self.ask_until_seen(new, "/new", capture)
            self.ask_until_seen(old, "/old-again", capture)
        self.assertEqual(
            {(t["process"]["pid"], t["request"]["target"]) for t in capture.transactions
             if t["connection"]["role"] == "client" and "request" in t},
            {(old.pid, "/old"), (new.pid, "/new"), (old.pid, "/old-again")})

    def test_replaced_before_the_capture(self):
        folder = self.copy_of_libraries("deleted")
        client = self.client(LD_LIBRARY_PATH=folder)
        self.ask(client, "/before")
        shutil.rmtree(folder)
        with self.capture("-p", client.pid) as capture:
            self.ask(client, "/deleted")
            capture.wait_for(1)
        self.assertEqual(self.targets(capture), ["/deleted"])

    def test_other_mount_namespace(self):
        folder = os.path.join(self.folder, "inside")
        os.mkdir(folder)
        script = (f"mount -t tmpfs tmpfs {folder} && cp {' '.join(libraries())} {folder} && "
                  f'LD_LIBRARY_PATH={folder} exec "$@"')
        client = self.client("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh")
        self.ask(client, "/loaded")
        self.assertEqual(os.listdir(folder), [])  # nothing to see from here
        with self.capture("-p", client.pid) as capture:
            self.ask(client, "/inside")
            capture.wait_for(1)
        self.assertEqual(self.targets(capture), ["/inside"])
        self.assertIn(f"{folder}/libssl.so.3", capture.stderr)

    def test_overlays_of_one_file_are_probed_once(self):
        """Two containers of one image, and a program outside: three views of one libssl."""
        script = ("set -e; mount -t tmpfs tmpfs $0; mkdir $0/up $0/work $0/root; "
                  "mount -t overlay overlay -o lowerdir=/,upperdir=$0/up,workdir=$0/work $0/root; "
                  'mount -t proc proc $0/root/proc; exec chroot $0/root "$@"')
        clients = [self.client()]
        for name in ("one", "two"):
            folder = os.path.join(self.folder, name)
            os.mkdir(folder)
            clients.append(self.client("unshare", "--mount", "--propagation", "private", "sh", "-c", script, folder))
        if clients[1].poll() is not None:
            self.skipTest("overlayfs cannot be mounted here")
        for client in clients:
            self.ask(client, "/loaded")
        with self.capture(*[word for client in clients for word in ("-p", client.pid)]) as capture:
            for number, client in enumerate(clients):
                self.ask(client, f"/{number}")
            capture.wait_for(3)
        self.assertCountEqual(self.targets(capture), ["/0", "/1", "/2"])
        for transaction in capture.transactions:
            self.assertTrue(transaction["integrity"]["complete"])
            self.assertEqual(transaction["response"]["status"], 200)
