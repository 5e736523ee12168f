"""-w of real programs, as an untouched tshark sees it, and read back with -r."""
import json
import os
import signal
import subprocess

from harness import SSLSNIFF, LiveTest, free_port, wait_until

HTTP2_LOCATIONS = """listen 127.0.0.1:{port} ssl http2;
    location / {{ return 200 "hello from nginx\\n"; }}
    location /big {{ root {folder}; }}"""


class WiresharkTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.need("tshark", "capinfos")
        self.home = os.path.join(self.folder, "home")  # default preferences
        os.mkdir(self.home)

    def tshark(self, path, *arguments):
        done = subprocess.run(["tshark", "-r", path, *arguments], capture_output=True, text=True, errors="replace", timeout=120,
                              env=dict(os.environ, HOME=self.home, LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fields(self, path, display_filter, *names):
        arguments = [part for name in names for part in ("-e", name)]
        out = self.tshark(path, "-Y", display_filter, "-T", "fields", "-E", "separator=|", *arguments)
        return out.splitlines()

    def check_well_formed(self, path):
        self.assertEqual(self.fields(path, "_ws.malformed or _ws.expert.severity == error", "frame.number", "_ws.expert.message"), [])
        subprocess.run(["capinfos", path], check=True, capture_output=True)

    def read_back(self, path):
        """Transactions, in an order that does not depend on when they were finished."""
        done = subprocess.run([SSLSNIFF, "-r", path, "-o", "json"], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.sorted(map(json.loads, done.stdout.splitlines()))

    @staticmethod
    def sorted(objects):
        texts = (json.dumps(o, sort_keys=True) for o in objects if o["type"] == "transaction")
        return sorted(texts, key=lambda text: (json.loads(text)["time"], text))

    def nginx_with_http2(self, workers=1):
        http2 = free_port()
        os.mkdir(f"{self.folder}/big")
        with open(f"{self.folder}/big/file", "wb") as file:
            file.write(os.urandom(200_000))
        os.chmod(self.folder, 0o755)
        nginx, port = self.nginx(HTTP2_LOCATIONS.format(port=http2, folder=self.folder), workers)
        return nginx, port, http2

    def test_both_ends_of_nginx_and_curl(self):
        path = os.path.join(self.folder, "out.pcapng")
        nginx, port, http2 = self.nginx_with_http2(workers=3)
        with self.capture("-p", nginx.pid, "-c", "curl", "--tls-only", f"tcp port {port} or tcp port {http2}",
                          outputs=("-w", path)) as capture:
            for i in range(3):
                self.curl(f"https://localhost:{port}/one{i}")
                self.curl(f"https://[::1]:{port}/six{i}")
            self.curl(f"https://localhost:{port}/keep[1-5]")
            self.curl(f"https://localhost:{port}/big/file", "-o", "/dev/null")
            self.curl(f"https://localhost:{http2}/two[1-5]", "--http2")
            self.curl(f"https://localhost:{http2}/big/file", "--http2", "-o", "/dev/null")
            capture.wait_for(2 * 18)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        # Each message once, although both ends were captured.
        wanted = [f"/{name}{i}" for name in ("one", "six") for i in range(3)] + [f"/keep{i}" for i in range(1, 6)] + ["/big/file"]
        self.assertEqual(sorted(self.fields(path, "http.request", "http.request.uri")), sorted(wanted))
        self.assertEqual(self.fields(path, "http.response", "http.response.code"), ["200"] * len(wanted))
        self.assertEqual(sorted(self.fields(path, "http2.headers.method", "http2.headers.path")),
                         sorted([f"/two{i}" for i in range(1, 6)] + ["/big/file"]))
        self.check_well_formed(path)
        six = self.fields(path, "ipv6 and http.request.uri contains \"/six\"", "tcp.stream")  # localhost may be ::1 too
        self.assertEqual(len(set(six)), 3)
        # Both processes are told of, and reading gives what the live capture gave.
        comments = "\n".join(self.fields(path, "frame.comment contains \"the other end\"", "frame.comment"))
        self.assertIn("nginx", self.tshark(path, "-T", "fields", "-e", "frame.interface_name") + comments)
        self.assertEqual(len(capture.transactions), 36)
        self.assertEqual(self.read_back(path), self.sorted(capture.objects))

    def test_packets_appear_while_it_runs(self):
        nginx, port = self.nginx()
        capture = self.spawn(SSLSNIFF, "-p", nginx.pid, "-w", "-", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        reader = self.spawn("tshark", "-l", "-i", "-", "-Y", "http", stdin=capture.stdout, stdout=subprocess.PIPE,
                            env=dict(os.environ, HOME=self.home))
        self.assertIn(b"capturing", capture.stderr.readline())
        for path in (b"/first", b"/second"):
            self.curl(f"https://localhost:{port}{path.decode()}")
            self.assertIn(b"GET " + path, reader.stdout.readline())  # blocks for ever if it is kept back
            self.assertIn(b"200 OK", reader.stdout.readline())

    def test_what_is_left_when_it_is_killed(self):
        path = os.path.join(self.folder, "out.pcapng")
        nginx, port, _ = self.nginx_with_http2()
        capture = self.capture("-p", nginx.pid, outputs=("-w", path)).start()
        self.curl(f"https://localhost:{port}/before[1-20]")
        capture.wait_for(20)
        wait_until(lambda: len(self.fields(path, "http.request", "frame.number")) == 20, "20 requests in the file")
        capture.process.send_signal(signal.SIGKILL)
        capture.process.wait()
        subprocess.run(["capinfos", path], check=True, capture_output=True)
        self.assertEqual(len(self.read_back(path)), 20)

    def test_full_disk(self):
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True).returncode != 0:
            self.skipTest("cannot mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        path = os.path.join(disk, "out.pcapng")
        nginx, port, _ = self.nginx_with_http2()
        capture = self.capture("-p", nginx.pid, outputs=("-w", path)).start()
        self.curl(f"https://localhost:{port}/big/file?[1-3]", "-o", "/dev/null")
        capture.process.wait(60)
        capture.finish()
        self.assertEqual(capture.status, 1)
        self.assertIn("No space left on device", capture.stderr)
        done = subprocess.run([SSLSNIFF, "-r", path, "-o", "json"], capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertIn('"/big/file?1"', done.stdout)

    def test_every_file_of_a_row_stands_alone(self):
        path = os.path.join(self.folder, "row.pcapng")
        nginx, _, http2 = self.nginx_with_http2()
        with self.capture("-p", nginx.pid, "-C", "1", outputs=("-w", path)) as capture:
            self.curl(f"https://localhost:{http2}/big/file?[1-20]", "--http2", "-o", "/dev/null")
            capture.wait_for(20)
        files = [path + (str(i) if i else "") for i in range(5)]
        self.assertGreaterEqual(sum(map(os.path.exists, files)), 4)
        requests = []
        for file in filter(os.path.exists, files):
            self.check_well_formed(file)
            real = "http2.headers.method and not frame.comment contains \"not traffic\""  # streams that are open begin each file
            requests += self.fields(file, real, "http2.headers.authority", "http2.headers.path")
        self.assertEqual(requests, [f"localhost:{http2}|/big/file?{i}" for i in range(1, 21)])
        # Read alone a later file knows the fields that the first one brought.
        later = [json.loads(line) for line in self.read_back(path + "2")]
        agents = [h["value"] for t in later if "request" in t for h in t["request"]["headers"] if h["name"] == "user-agent"]
        self.assertGreaterEqual(len(agents), 2)
        self.assertTrue(all(agent.startswith("curl/") for agent in agents), agents)
