"""sslsniff inside a PID namespace, as in a container: process ids mean those of its own namespace, for targets, filters
and output alike, and what runs outside is never taken for something inside."""
import contextlib
import json
import os
import subprocess

from harness import PYTHON, SSLSNIFF, LiveTest, PATIENCE, body_of, wait_until

# Fetches the URLs that it is given, one a line. Says its process id first.
TALKER = """if True:
    import os, ssl, sys, urllib.request
    context = ssl._create_unverified_context()
    print(os.getpid(), flush=True)
    for url in sys.stdin:
        with urllib.request.urlopen(url.strip(), context=context if url.startswith("https") else None) as answer:
            answer.read()
        print("done", flush=True)
"""
# The same as process $1 of this PID namespace (pid_namespaces(7): ns_last_pid).
AS_PROCESS = 'echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid && { "$2" -u -c "$3" <&3 & wait; }'

ASYNC_CLIENT = """if True:
    import asyncio, ssl, sys
    async def fetch(port):
        for n in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=ssl._create_unverified_context())
            writer.write(b"GET /async%d HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n" % n)
            await reader.read()
            writer.close()
            await asyncio.sleep(0.5)
    asyncio.run(fetch(int(sys.argv[1])))
"""


class ContainersTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.need("unshare", "nsenter")
        init = self.spawn("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sleep", "1000")
        children = f"/proc/{init.pid}/task/{init.pid}/children"
        self.first = None

        def started():
            with open(children, encoding="ascii") as file:
                self.first = (file.read().split() or [None])[0]
            if not self.first:
                return False
            with open(f"/proc/{self.first}/comm", encoding="ascii") as file:
                return file.read() == "sleep\n"
        wait_until(started, "the PID namespace")
        self.enter = ["nsenter", "--target", self.first, "--pid", "--mount", "--wd=" + os.getcwd()]

    def inside(self, *arguments, **options):
        """A capture by a sslsniff in the namespace."""
        return self.capture(*arguments, prefix=self.enter, **options)

    def run_inside(self, *command):
        return subprocess.run([*self.enter, *map(str, command)], capture_output=True, text=True, timeout=PATIENCE)

    def talker(self, number=None, prefix=()):
        """(process, its process id in its own PID namespace), which is `number` in ours."""
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": None, "text": True}
        if number is None:
            process = self.spawn(*prefix, PYTHON, "-u", "-c", TALKER, **options)
        else:
            process = self.spawn(*self.enter, "sh", "-c", 'exec 3<&0; ' + AS_PROCESS, "sh", number, PYTHON, TALKER, **options)
        own = int(process.stdout.readline())
        self.assertEqual(own, number or own)
        return process, own

    def ask(self, talker, *urls):
        for url in urls:
            talker.stdin.write(f"{url}\n")
            talker.stdin.flush()
            self.assertEqual(talker.stdout.readline(), "done\n")

    def servers(self):
        """Beginnings of URLs: over TLS and without."""
        _, tls = self.nginx()
        _, clear = self.nginx(listen="")
        return f"https://localhost:{tls}", f"http://127.0.0.1:{clear}"

    def assert_targets(self, capture, *targets):
        self.assertEqual(sorted(t["request"]["target"] for t in capture.transactions), sorted(targets), capture.stderr)
        for transaction in capture.transactions:
            self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
            self.assertEqual(body_of(transaction["response"]), b"hello from nginx\n")

    def processes(self, capture):
        return {(t["process"]["pid"], t["process"]["comm"]) for t in capture.transactions}

    def test_command(self):
        urls = self.servers()
        capture = self.inside(command=["sh", "-c", f"curl -k {urls[0]}/tls; curl {urls[1]}/clear; echo $$ >{self.folder}/pid"])
        capture.start().finish()
        self.assertEqual(capture.status, 0)
        self.assert_targets(capture, "/tls", "/clear")
        with open(f"{self.folder}/pid", encoding="ascii") as file:
            shell = int(file.read())
        self.assertEqual(self.processes(capture), {(shell + 1, "curl"), (shell + 2, "curl")})
        for transaction in capture.transactions:
            self.assertEqual(transaction["process"]["exe"], "/usr/bin/curl")
            self.assertIn("port", transaction["connection"]["remote"])

    def test_process_with_a_namesake_outside(self):
        """The host has a process of that number too: nothing of it is shown."""
        urls = self.servers()
        outside, number = self.talker()
        inside, _ = self.talker(number)
        with self.inside("-p", number) as capture:
            for process, name in ((outside, "out"), (inside, "in")):
                self.ask(process, *[f"{url}/{name}{kind}" for url, kind in zip(urls, ("1", "2"))])
            capture.wait_for(2)
        self.assert_targets(capture, "/in1", "/in2")
        self.assertEqual(self.processes(capture), {(number, "python3")})

    def test_everything_and_names(self):
        """-a and -c mean the processes of the namespace, of namespaces inside of it too."""
        urls = self.servers()
        outside, _ = self.talker()
        inside, number = self.talker(prefix=self.enter)
        nested, _ = self.talker(prefix=[*self.enter, "unshare", "--pid", "--fork", "--mount-proc", "--kill-child"])
        for arguments in (("-a",), ("-c", "python3"), ("-u", "root")):
            with self.subTest(arguments=arguments):
                with self.inside(*arguments) as capture:
                    for process, name in ((outside, "out"), (inside, "in"), (nested, "nested")):
                        self.ask(process, *[f"{url}/{name}{kind}" for url, kind in zip(urls, ("1", "2"))])
                    capture.wait_for(4)
                self.assert_targets(capture, "/in1", "/in2", "/nested1", "/nested2")
                by_target = {t["request"]["target"]: t["process"]["pid"] for t in capture.transactions}
                self.assertEqual(by_target["/in1"], number)
                shown = self.run_inside("cat", f"/proc/{by_target['/nested1']}/comm").stdout
                self.assertEqual(shown, "python3\n")
                self.assertNotEqual(by_target["/nested1"], number)
                self.assertIn("Only processes of sslsniff's own PID namespace are captured", capture.stderr)

    def test_children_and_exit(self):
        """Forked later, in a namespace of their own; what is open when the process ends is closed with it."""
        urls = self.servers()
        shell = self.spawn(*self.enter, "sh", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        shell.stdin.write("echo $$\n")
        shell.stdin.flush()
        number = int(shell.stdout.readline())
        hold = "import socket,ssl,os;s=ssl._create_unverified_context().wrap_socket(socket.create_connection(('127.0.0.1',%d)));" \
               "s.send(b'GET /held HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n');s.recv(4096);os._exit(0)" % int(urls[0].rsplit(":", 1)[1])
        with self.inside("-p", number, "--connections") as capture:
            shell.stdin.write(f"curl -sk {urls[0]}/child; unshare --pid --fork curl -s {urls[1]}/nested; "
                              f"{PYTHON} -c \"{hold}\"; echo; echo end\n")
            shell.stdin.flush()
            said = []
            while said[-1:] != ["end\n"]:
                said.append(shell.stdout.readline())
            self.assertEqual(said.count("hello from nginx\n"), 2, said)
            wait_until(lambda: len(capture.seen_so_far("connection")) >= 3, "connections of three children")
        children = [(c["process"]["comm"], c["connection"]["carrier"]) for c in capture.of_type("connection")]
        self.assertEqual(sorted(children), [("curl", "cleartext"), ("curl", "tls"), ("python3", "tls")])
        self.assertIn(("python3", "process_exit"),
                      {(c["process"]["comm"], c["reason"]) for c in capture.of_type("connection")})

    def test_memory_bios(self):
        """Probes on BIO_read and BIO_write, and the ciphertext, are asked for by process id."""
        _, port = self.nginx()
        capture = self.inside(command=[PYTHON, "-c", ASYNC_CLIENT, port])
        capture.start().finish()
        self.assertEqual(capture.status, 0)
        self.assert_targets(capture, "/async0", "/async1", "/async2")
        for transaction in capture.transactions:
            self.assertEqual(transaction["connection"].get("remote"), {"address": "127.0.0.1", "port": port})
            self.assertEqual(transaction["connection"]["correlation"], "ciphertext")

    def test_ids(self):
        """Of processes that run already in sslsniff's own container, and of containers with names for ids."""
        tree = os.path.join(self.folder, "cgroups")
        os.mkdir(tree)
        if subprocess.run(["mount", "-t", "cgroup2", "none", tree], capture_output=True).returncode != 0:
            self.skipTest("no cgroups")
        self.addCleanup(subprocess.run, ["umount", tree], check=True)
        urls = self.servers()
        hexadecimal = "0123456789abcdef" * 4
        for name, expected in ((f"sslsniff-test-{hexadecimal}.scope", hexadecimal), ("lxc.payload.web-1", "web-1")):
            with self.subTest(name=name):
                cgroup = os.path.join(tree, name)
                os.mkdir(cgroup)
                self.addCleanup(lambda gone=cgroup: wait_until(lambda: self.remove(gone), "the cgroup to be empty"))
                # From here on all of them see their own cgroup as "/".
                inside = ["sh", "-c", f'echo $$ >{cgroup}/cgroup.procs && exec unshare --cgroup "$@"', "sh"]
                talker, number = self.talker(prefix=inside)
                capture = self.capture("-p", number, prefix=[*inside, "unshare", "--fork", "--kill-child"])
                capture.start()
                self.ask(talker, *[f"{url}/x" for url in urls])
                capture.wait_for(2)
                for transaction in capture.seen_so_far():
                    self.assertEqual(transaction["process"].get("container_id"), expected)
                    self.assertIn("python3", transaction["process"]["exe"])
                capture.finish()
                self.end(talker)

    @staticmethod
    def remove(folder):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
        return not os.path.exists(folder)

    def test_list_and_doctor(self):
        urls = self.servers()
        talker, number = self.talker(prefix=self.enter)
        outside, outer_number = self.talker()
        self.ask(talker, urls[0] + "/before")
        self.ask(outside, urls[0] + "/before")
        listed = self.run_inside(SSLSNIFF, "list", "-o", "json")
        users = {p["pid"]: p["comm"] for line in listed.stdout.splitlines() for p in json.loads(line).get("processes", [])}
        self.assertEqual(users.get(number), "python3")
        self.assertNotIn(outer_number, users)
        doctor = self.run_inside(SSLSNIFF, "doctor", "-p", number, "--duration", "0", "-o", "json")
        diagnosis = json.loads(doctor.stdout)
        self.assertTrue(diagnosis["works"], diagnosis["obstacles"])
        self.assertEqual(doctor.returncode, 0)
        self.assertTrue(any("PID namespace" in note for note in diagnosis["notes"]), diagnosis["notes"])
        missing = self.run_inside(SSLSNIFF, "-p", outer_number)
        self.assertEqual(missing.returncode, 1)
        self.assertIn(f"no process {outer_number}", missing.stderr)

    def test_foreign_proc_is_refused(self):
        """Without a proc file system of its own namespace: one sentence that says what to do."""
        for command in (["-a"], ["-p", "1"], ["--", "true"]):
            with self.subTest(command=command):
                result = subprocess.run(["unshare", "--pid", "--fork", SSLSNIFF, *command], capture_output=True, text=True,
                                        timeout=PATIENCE)
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stderr, r"^sslsniff: /proc shows .* \(mount -t proc proc /proc,.*\n$")
                self.assertEqual(result.stderr.count("\n"), 1)
        doctor = subprocess.run(["unshare", "--pid", "--fork", SSLSNIFF, "doctor", "-o", "json"], capture_output=True,
                                text=True, timeout=PATIENCE)
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("mount -t proc proc /proc", " ".join(json.loads(doctor.stdout)["obstacles"]))

    def test_user_namespace_is_refused(self):
        """Its capabilities are none to BPF, though it has them all."""
        command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", SSLSNIFF]
        result = subprocess.run([*command, "-a"], capture_output=True, text=True, timeout=PATIENCE)
        if "unshare failed" in result.stderr:
            self.skipTest("no user namespaces here")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"^sslsniff: .*user namespace.*\n$")
        self.assertEqual(result.stderr.count("\n"), 1)
        doctor = subprocess.run([*command, "doctor", "-o", "json"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertFalse(json.loads(doctor.stdout)["works"])
