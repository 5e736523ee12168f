"""libsslsniff: the examples of docs/examples in C, Rust and Python, live, and what the library leaves behind."""
import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import threading

from harness import PATIENCE, PYTHON, SSLSNIFF, LiveTest, free_port, is_listening, wait_until

BUILD = os.path.dirname(os.path.abspath(SSLSNIFF))
LIBRARY = os.path.join(BUILD, "libsslsniff.so.0")
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "examples")
ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": BUILD, "SSLSNIFF_LIBRARY": LIBRARY, "PYTHONDONTWRITEBYTECODE": "1"}


def without_what_differs(transaction):
    """Of two captures of the same: what must be equal. Before Linux 5.12 sockets have numbers that each capture gives."""
    parts = {key: transaction[key] for key in ("protocol", "process", "request", "response", "integrity")}
    connection = transaction["connection"]
    return {**parts, "connection": {**connection, "id": None, "socket_cookie": None, "tls": {**connection["tls"], "handshake_us": None}}}


class LibraryTest(LiveTest):
    def setUp(self):
        super().setUp()
        if not os.path.exists(LIBRARY):
            self.skipTest("libsslsniff is not built")
        self.watchers = 0

    def command(self, language):
        if language == "c":
            return [os.path.join(BUILD, "tests/library/watch")]
        if language == "python":
            return [PYTHON, os.path.join(EXAMPLES, "watch.py")]
        self.need("rustc")
        program = os.path.join(self.folder, "watch")
        subprocess.run(["rustc", "--edition", "2021", os.path.join(EXAMPLES, "watch.rs"), "-L", BUILD, "-o", program], check=True)
        return [program]

    @contextlib.contextmanager
    def watch(self, language, *arguments):
        """A function that returns the lines which an example has written so far, all of them behind the block."""
        self.watchers += 1
        paths = [os.path.join(self.folder, f"watch{self.watchers}.{name}") for name in ("out", "err")]

        def read(path):
            with open(path, encoding="utf-8") as file:
                return file.read()
        with open(paths[0], "wb") as out, open(paths[1], "wb") as err:
            process = self.spawn(*self.command(language), *arguments, stdout=out, stderr=err, env=ENVIRONMENT)
        wait_until(lambda: "capturing" in read(paths[1]) or process.poll() is not None, "the example to be armed")
        self.assertIsNone(process.poll(), read(paths[1]))
        yield lambda: read(paths[0]).splitlines()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), 0, read(paths[1]))
        self.assertIn(" 0 events lost", read(paths[1]))

    def check_like_the_program(self, language):
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid) as capture, self.watch(language, f"pid={nginx.pid}") as lines:
            for path in ("one", "two", "three"):
                self.curl(f"https://localhost:{port}/{path}")
            capture.wait_for(3)
            wait_until(lambda: sum('"transaction"' in line for line in lines()) == 3, "the example")
        told = [json.loads(line) for line in lines()]
        seen = [t for t in told if t["type"] == "transaction"]
        self.assertEqual(list(map(without_what_differs, seen)), list(map(without_what_differs, capture.transactions)))
        self.assertEqual(told[-1]["type"], "summary")

    def test_c(self):
        self.check_like_the_program("c")

    def test_rust(self):
        self.check_like_the_program("rust")

    def test_python(self):
        self.check_like_the_program("python")

    def test_against_s_server(self):
        """OpenSSL's own server, and what it says of itself."""
        self.need("openssl")
        version = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split()[1]
        if tuple(map(int, version.split(".")[:2])) >= (3, 2):
            self.skipTest(f"what s_server of OpenSSL {version} writes passes no public function (README.md)")
        cert, key = self.certificate
        port = free_port()
        server = self.spawn("openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-cert", cert, "-key", key, "-www")
        wait_until(lambda: is_listening(port), "s_server")
        with self.watch("c", f"pid={server.pid}") as lines:
            page = self.curl(f"https://localhost:{port}/")
            wait_until(lambda: any('"transaction"' in line for line in lines()), "the example")
        (transaction,) = [t for t in map(json.loads, lines()) if t["type"] == "transaction"]
        self.assertEqual(transaction["response"]["body"]["size"], len(page))
        self.assertEqual(transaction["process"]["comm"], "openssl")

    def test_events(self):
        """Whole payloads at their positions, with process, thread and socket."""
        nginx, port = self.nginx()
        with self.watch("c", "--events", f"pid={nginx.pid}") as lines:
            self.curl(f"https://localhost:{port}/x", "-H", "X-Long: " + "y" * 3000)
            wait_until(lambda: any(" close " in line for line in lines()), "the connection to end")
        data = [line for line in lines() if " data nginx[" in line]
        row = re.compile(r" nginx\[(\d+)\] (\d+) \1\.\d+ 127\.0\.0\.1:(\d+) 127\.0\.0\.1:(\d+) socket (\d+) by (\w+) (\S+) (sent|received) "
                         r"(request|response) at (\d+) of (\d+) bytes thread (\d+) number (\d+) trace (\d+) ")
        ends = {"sent": 0, "received": 0}
        for line in data:
            pid, _, local, _, cookie, by, protocol, direction, kind, at, size, tid, _, _ = row.search(line).groups()
            self.assertEqual((int(local), pid, by), (port, tid, "nested"), line)
            self.assertIn(protocol, ("http/1", "http/1.1"))  # told by its first bytes, then by a whole request
            self.assertEqual(kind, "request" if direction == "received" else "response")
            self.assertNotEqual(int(cookie), 0)
            self.assertEqual(int(at), ends[direction])
            ends[direction] += int(size)
        self.assertGreater(ends["received"], 3000)
        self.assertGreater(ends["sent"], 100)

    def test_tcp_sequence_numbers(self):
        """Those of the packets that tcpdump sees, on both ends of a connection, from its first byte and from the middle."""
        self.need("tcpdump")
        server = self.python(
            "import socket, sys\n"
            "listener = socket.create_server(('127.0.0.1', 0)); print(listener.getsockname()[1], flush=True)\n"
            "connections = []\n"
            "for line in sys.stdin:\n"
            "    if line == 'accept\\n': connections.append(listener.accept()[0])\n"
            "    for c in connections:\n"
            "        if line == 'echo\\n': c.sendall(c.recv(65536) * 2)\n"
            "    print('done', flush=True)\n")
        client = self.python(
            "import socket, sys\n"
            "port = int(sys.argv[1]); connections = []\n"
            "for line in sys.stdin:\n"
            "    if line == 'connect\\n': connections.append(socket.create_connection(('127.0.0.1', port)))\n"
            "    for i, c in enumerate(connections):\n"
            "        if line.startswith('say'): c.sendall(b'%d %s' % (i, line.encode()))\n"
            "        if line == 'hear\\n': c.recv(65536)\n"
            "    print('done', flush=True)\n", server.stdout.readline().strip())
        port = client.args[-1]

        def tell(process, line):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), "done\n")

        def exchange():
            for _ in range(3):
                tell(client, "say " + "x" * 100)
                tell(server, "echo")
                tell(client, "hear")
        tell(client, "connect")
        tell(server, "accept")
        exchange()  # before the capture
        dump = self.spawn("tcpdump", "-i", "lo", "-n", "-S", "-tt", "-l", "--immediate-mode", f"tcp port {port} and greater 60",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("listening", "".join(itertools.takewhile(lambda line: "listening" not in line, dump.stderr)) + "listening")
        with self.watch("c", "--events", f"pid={server.pid}", f"pid={client.pid}") as lines:
            exchange()
            tell(client, "connect")
            tell(server, "accept")
            exchange()
            wait_until(lambda: sum(" data " in line for line in lines()) >= 36, f"36 messages; there are {len(lines())}")
        packets = set()
        too_late = threading.Timer(PATIENCE, dump.terminate)
        too_late.start()
        for line in dump.stdout:  # it may print them a little later
            if found := re.search(r"IP 127\.0\.0\.1\.(\d+) > 127\.0\.0\.1\.(\d+): .* seq (\d+):(\d+),", line):
                source, destination, first, last = map(int, found.groups())
                packets.add((source, destination, first, (last - first) % 2**32))
            if len(packets) == 18:
                break
        too_late.cancel()
        dump.terminate()
        self.assertGreaterEqual(len(packets), 18)
        told = []
        for line in lines():
            if found := re.search(r"127\.0\.0\.1:(\d+) 127\.0\.0\.1:(\d+) .* (sent|received) .* of (\d+) bytes .* tcp (\d+)$", line):
                local, remote, direction, size, number = found.groups()
                ends = (int(local), int(remote)) if direction == "sent" else (int(remote), int(local))
                told.append((*ends, int(number), int(size)))
        self.assertEqual(len(told), 36)
        self.assertEqual(set(told) - packets, set())

    def test_trace_through_a_proxy(self):
        """What nginx receives from a client and passes on has one number, what comes back another."""
        _, behind = self.nginx(listen="")
        proxy, port = self.nginx(f"location / {{ proxy_pass http://127.0.0.1:{behind}; }}")
        with self.watch("c", "--events", f"pid={proxy.pid}") as lines:
            self.curl(f"https://localhost:{port}/through")
            wait_until(lambda: sum(" data " in line for line in lines()) >= 4, "four messages")
        steps = []
        for line in lines():
            if found := re.search(r" data \S+ (\d+) .* (sent|received) (request|response) .* trace (\d+) ", line):
                steps.append(found.groups())
        request_in, request_out = steps[0], steps[1]
        self.assertEqual([s[1:3] for s in (request_in, request_out)], [("received", "request"), ("sent", "request")], steps)
        self.assertNotEqual(request_in[0], request_out[0], "two connections")
        self.assertEqual(request_in[3], request_out[3])
        response_in = next(s for s in steps if s[1:3] == ("received", "response"))
        response_out = next(s for s in steps if s[1:3] == ("sent", "response"))
        self.assertEqual(response_in[3], response_out[3])
        self.assertNotEqual(response_in[3], request_in[3])

    def test_stop_and_start_again(self):
        """Nothing is captured between stop and start, and nothing of the capture is left then."""
        nginx, port = self.nginx()
        program = self.python(
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "import json, os, sslsniff\n"
            "seen = []\n"
            "def take(line):\n"
            "    line = json.loads(line)\n"
            "    if line['type'] == 'transaction': seen.append(line['request']['target'])\n"
            "def links():\n"
            "    names = []\n"
            "    for fd in os.listdir('/proc/self/fd'):\n"
            "        try: names.append(os.readlink('/proc/self/fd/' + fd))\n"
            "        except OSError: pass\n"
            "    return sum('bpf' in n or 'perf_event' in n or 'pidfd' in n for n in names)\n"
            "capture = sslsniff.Capture(on_line=take, pid=int(sys.argv[2]))\n"
            "for line in sys.stdin:\n"
            "    word = line.split()[0]\n"
            "    if word == 'start': capture.start()\n"
            "    elif word == 'stop': capture.check(capture.library.sslsniff_stop(capture.raw))\n"
            "    elif word == 'poll':\n"
            "        while line.split()[1] not in seen: capture.poll(100)\n"
            "    print(json.dumps([seen, links(), capture.statistics().state]), flush=True)\n",
            EXAMPLES, nginx.pid, env=ENVIRONMENT)

        def tell(line):
            program.stdin.write(line + "\n")
            program.stdin.flush()
            answer = program.stdout.readline()
            self.assertTrue(answer, "the program ended")
            return json.loads(answer)
        url = f"https://localhost:{port}"
        _, before, _ = tell("nothing")
        _, running, state = tell("start")
        self.assertGreater(running, before)
        self.assertEqual(state, 1)
        self.curl(f"{url}/one")
        self.assertEqual(tell("poll /one")[0], ["/one"])
        self.curl(f"{url}/two")  # before the stop, but not polled for yet
        seen, stopped, state = tell("stop")
        self.assertEqual((seen, stopped, state), (["/one", "/two"], before, 2))
        self.curl(f"{url}/three")
        tell("start")
        self.curl(f"{url}/four")
        self.assertEqual(tell("poll /four")[0], ["/one", "/two", "/four"])

    def test_ends_with_its_processes(self):
        """As with -p: poll() says that the capture has ended."""
        sleeper = self.spawn("sleep", "1000")
        with open(os.path.join(self.folder, "err"), "wb") as err:
            watch = self.spawn(*self.command("c"), f"pid={sleeper.pid}", stderr=err, env=ENVIRONMENT)
        wait_until(lambda: os.path.getsize(os.path.join(self.folder, "err")) > 0, "the example to be armed")
        self.end(sleeper)
        self.assertEqual(watch.wait(PATIENCE), 0)

    def test_needs_privileges(self):
        watch = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", *self.command("c"), f"pid={os.getpid()}"],
                               env=ENVIRONMENT, capture_output=True, text=True)
        self.assertEqual(watch.returncode, 1)
        self.assertIn("SSLSNIFF_ERROR_PERMISSION", watch.stderr)
