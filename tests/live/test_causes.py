"""Which request caused a call: servers that ask another one for each path that they are asked for, so that the path tells the
truth, and nothing in the requests does. What is claimed must be right, always; how much is claimed depends on the program.

SSLSNIFF_CAUSE_PAIRS: pairs for each program and each number of clients, 150 if it is not set. 1,200 make 21,600 in all."""
import collections
import http.client
import itertools
import os
import subprocess
import threading

import go_programs
from harness import PYTHON, LiveTest, free_port, is_listening, wait_until

PAIRS = int(os.environ.get("SSLSNIFF_CAUSE_PAIRS", 150))
PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")


class Verdicts:
    """`right`: a call names the request that caused it. `none`: it names nothing. `by`: what was claimed, and how."""

    def __init__(self, transactions):
        self.by = collections.Counter()
        self.right = self.none = self.by_itself = 0
        self.wrong = []
        calls = [t for t in transactions if t["connection"]["role"] == "client"]
        requests = {t["id"]: t for t in transactions if t["connection"]["role"] == "server"}
        self.calls = len(calls)
        for call in calls:
            self.judge(call, requests)

    def judge(self, call, requests):
        target, cause = call["request"]["target"], call.get("caused_by")
        if target.startswith("/by-itself/"):
            self.by_itself += 1
        if not cause:
            self.none += 1
            return
        self.by[cause["confidence"]] += 1
        request = requests.get(cause["id"])
        if request and request["request"]["target"] == target:
            self.right += 1
        else:
            self.wrong.append((target, cause, request and request["request"]["target"]))

    def __str__(self):
        by = ", ".join(f"{count} by {how}" for how, count in sorted(self.by.items())) or "nothing claimed"
        return f"{self.calls} calls: right {self.right}, none {self.none}, wrong {len(self.wrong)} ({by})"


class CausesTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.need("nginx")
        self.numbers = itertools.count(1)

    def ask_all(self, port, clients, pairs, extra_header=None):
        """That many clients, each one request after the other on a connection of its own."""
        failures = []

        def run(paths):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                for path in paths:
                    connection.request("GET", path, headers=extra_header(path) if extra_header else {})
                    answer = connection.getresponse()
                    if answer.status != 200 or answer.read() != b"x":
                        raise AssertionError(f"{path}: {answer.status}")
                connection.close()
            except Exception as error:
                failures.append(error)

        paths = [f"/{next(self.numbers)}" for _ in range(pairs)]
        threads = [threading.Thread(target=run, args=(paths[i::clients],)) for i in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def relay(self, command, clients, pairs=PAIRS, extra_header=None):
        """The verdicts on a server that begins while it is captured. `command`: makes its command line of two ports."""
        _, upstream = self.nginx('keepalive_requests 1000000; location / { return 200 "x"; }', listen="")
        port = free_port()
        gate = self.spawn("sh", "-c", 'read _; exec "$@"', "sh", *command(port, upstream), stdin=subprocess.PIPE)
        with self.capture("-p", gate.pid) as capture:
            gate.stdin.write(b"\n")
            gate.stdin.close()
            wait_until(lambda: is_listening(port), command.__name__)
            self.ask_all(port, clients, pairs, extra_header)
            capture.wait_for(2 * pairs)
        verdicts = Verdicts(capture.transactions)
        print(f"{self.id().rpartition('.')[2]}, {clients} clients: {verdicts}")
        self.assertEqual(verdicts.wrong, [])
        self.assertEqual(verdicts.calls - verdicts.by_itself, pairs)
        return verdicts

    def python_program(self, name, *arguments):
        def python(port, upstream):
            return PYTHON, os.path.join(PEERS, name), port, upstream, *arguments
        return python

    def node_program(self, *arguments):
        self.need("node")

        def node(port, upstream):
            return "node", os.path.join(PEERS, "relay.js"), port, upstream, *arguments
        return node

    def go_program(self):
        self.need("go")
        program = go_programs.build("relay.go", os.path.join(self.folder, "go"))

        def go(port, upstream):
            return program, port, upstream
        return go

    def nginx_proxy(self, workers):
        def nginx(port, upstream):
            path = os.path.join(self.folder, "proxy.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"""
                    daemon off; worker_processes {workers}; pid {self.folder}/proxy.pid; user root;
                    error_log {self.folder}/proxy.log;
                    events {{ worker_connections 512; }}
                    http {{
                        access_log off; keepalive_requests 1000000;
                        client_body_temp_path {self.folder}/b2; proxy_temp_path {self.folder}/p2;
                        fastcgi_temp_path {self.folder}/f2; uwsgi_temp_path {self.folder}/u2; scgi_temp_path {self.folder}/s2;
                        upstream behind {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
                        server {{
                            listen 127.0.0.1:{port};
                            location / {{
                                proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";
                            }}
                        }}
                    }}""")
            return "nginx", "-p", self.folder, "-c", path, "-e", f"{self.folder}/proxy.log"
        return nginx

    def haproxy_proxy(self, threads):
        self.need("haproxy")

        def haproxy(port, upstream):
            path = os.path.join(self.folder, "haproxy.cfg")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"""
global
    nbthread {threads}
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:{port}
    default_backend behind
backend behind
    http-reuse safe
    server one 127.0.0.1:{upstream}
""")
            return "haproxy", "-db", "-f", path
        return haproxy

    def check_all(self, command, sure):
        """1, 8 and 32 clients at once. `sure`: how many of them at most leave no call without its cause."""
        for clients in (1, 8, 32):
            verdicts = self.relay(command, clients)
            if clients <= sure:
                self.assertEqual(verdicts.none, 0)

    def test_python_threads(self):
        self.check_all(self.python_program("relay_threads.py"), 32)

    def test_python_pool(self):
        verdicts = self.relay(self.python_program("relay_threads.py", "pool"), 8)
        self.assertEqual(verdicts.right, 0, "the threads that make the calls have read nothing")

    def test_python_asyncio(self):
        self.check_all(self.python_program("relay_asyncio.py"), 1)

    def test_python_asyncio_restless(self):
        for clients in (1, 8):
            verdicts = self.relay(self.python_program("relay_asyncio.py", "restless"), clients)
            self.assertGreater(verdicts.by_itself, 0)

    def test_node(self):
        self.check_all(self.node_program(), 1)

    def test_node_restless(self):
        for clients in (1, 8):
            verdicts = self.relay(self.node_program("restless"), clients)
            self.assertGreater(verdicts.by_itself, 0)

    def test_go(self):
        self.check_all(self.go_program(), 0)

    def test_nginx(self):
        self.check_all(self.nginx_proxy(1), 1)

    def test_nginx_workers(self):
        self.check_all(self.nginx_proxy(4), 1)

    def test_haproxy(self):
        self.check_all(self.haproxy_proxy(1), 1)

    def test_haproxy_threads(self):
        self.check_all(self.haproxy_proxy(4), 0)

    def test_headers_that_are_passed_on(self):
        """What nginx passes on by itself tells which request it was, with any number of clients."""
        for name, value, confidence in (
                ("traceparent", lambda number: f"00-{number:032x}-00f067aa0ba902b7-01", "traceparent"),
                ("b3", lambda number: f"{number:032x}-00f067aa0ba902b7-1", "header"),
                ("X-B3-TraceId", lambda number: f"{number:016x}", "header"),
                ("X-Request-Id", lambda number: f"id {number}", "header")):
            verdicts = self.relay(self.nginx_proxy(1), 32,
                                  extra_header=lambda path, name=name, value=value: {name: value(int(path[1:]))})
            self.assertEqual(verdicts.by, {confidence: PAIRS}, name)

    def test_a_server_that_is_older_than_the_capture(self):
        """Threads that wait are believed at once; event loops may be busy with something that nobody has seen."""
        _, upstream = self.nginx('keepalive_requests 1000000; location / { return 200 "x"; }', listen="")
        for command, how in ((self.python_program("relay_threads.py"), {"thread": 20}), (self.node_program(), {})):
            port = free_port()
            server = self.spawn(*command(port, upstream))
            wait_until(lambda: is_listening(port), command.__name__)
            with self.capture("-p", server.pid) as capture:
                self.ask_all(port, 1, 20)
                capture.wait_for(40)
            verdicts = Verdicts(capture.transactions)
            self.assertEqual(verdicts.wrong, [])
            self.assertEqual(verdicts.by, how)

    def test_replay_tells_the_same(self):
        trace = os.path.join(self.folder, "causes.trace")
        _, upstream = self.nginx('location / { return 200 "x"; }', listen="")
        port = free_port()
        command = self.python_program("relay_threads.py")(port, upstream)
        gate = self.spawn("sh", "-c", 'read _; exec "$@"', "sh", *command, stdin=subprocess.PIPE)
        with self.capture("-p", gate.pid, outputs=["-o", f"trace:{trace}"]) as capture:
            gate.stdin.write(b"\n")
            gate.stdin.close()
            wait_until(lambda: is_listening(port), "the relay")
            self.ask_all(port, 4, 40)
            capture.wait_for(80)
        self.assertEqual(Verdicts(capture.transactions).by, {"thread": 40})
        replayed = subprocess.run([os.environ["SSLSNIFF"], "-r", trace, "-q", "-o", "json:-"], capture_output=True, text=True,
                                  check=True).stdout.splitlines()
        with open(capture.json_path, encoding="utf-8") as file:
            self.assertEqual(file.read().splitlines(), replayed)
