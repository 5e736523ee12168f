"""HTTP/2 by curl, nginx, nghttp2's tools, node, python-h2 and hypercorn: both ends, cleartext, joined in the middle."""
import json
import os
import subprocess

from harness import PYTHON, body_of, free_port, header, is_listening, wait_until
from pairs import PairTest, node_peer, python_peer

# Talks before and after a line on its standard input: every path of old/ is in the HPACK tables when the capture joins.
LONG_LIVED = """if True:
    import h2.connection, h2.events, socket, ssl, sys
    port, certificate = int(sys.argv[1]), sys.argv[2]
    context = ssl.create_default_context(cafile=certificate)
    context.set_alpn_protocols(["h2"])
    tls = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
    connection = h2.connection.H2Connection()
    connection.initiate_connection()
    def get(path):
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, [(":method", "GET"), (":path", path), (":scheme", "https"),
                                         (":authority", "localhost"), ("x-who", "long-lived")], end_stream=True)
        tls.sendall(connection.data_to_send())
        while not any(isinstance(e, h2.events.StreamEnded) for e in connection.receive_data(tls.recv(65536))):
            tls.sendall(connection.data_to_send())
    for i in range(5):
        get(f"/old/{i}")
    print("ready")
    sys.stdin.readline()
    for i in range(5):
        get(f"/old/{i}")
        get(f"/new/{i}")
    for i in range(5):
        get(f"/new/{i}")
    print("done")
    """


class HttpTwoTest(PairTest):
    def nginx_http2(self, locations='location / { return 200 "hello from nginx\\n"; }'):
        return self.nginx(locations, listen="ssl http2")

    def curl_http2(self, url, *arguments):
        return self.curl(url, "--http2", *arguments)

    def packets_of(self, name="packets.pcapng"):
        self.packets = os.path.join(self.folder, name)
        self.trace = os.path.join(self.folder, "events.trace")
        return "-w", self.packets, "-o", f"trace:{self.trace}", "-o", "text"

    def test_clients_that_leave_before_the_stream_ends(self):
        """curl leaves when Content-Length is satisfied, or nothing can come: HEAD, 204, 304."""
        with open(os.path.join(self.folder, "some.bin"), "wb") as file:
            file.write(bytes(50_000))
        nginx, port = self.nginx_http2(f"root {self.folder}; if_modified_since before; location = /nothing {{ return 204; }}")
        url = f"https://localhost:{port}"
        with self.capture("-p", nginx.pid, "-c", "curl") as capture:
            for _ in range(3):
                self.curl_http2(f"{url}/some.bin", "-o", os.devnull)
                self.curl_http2(f"{url}/some.bin", "-I")
                self.curl_http2(f"{url}/nothing")
                self.curl_http2(f"{url}/some.bin", "-H", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT")
            capture.wait_for(24)
        expected = [("GET", 200, 50_000), ("HEAD", 200, 0), ("GET", 204, 0), ("GET", 304, 0)] * 3
        for side in self.sides(capture):
            self.assertEqual([(t["request"]["method"], t["response"]["status"], t["response"]["body"]["size"]) for t in side],
                             expected)
            self.assertEqual([t["integrity"] for t in side if not t["integrity"]["complete"]], [])
            self.assertEqual({t["protocol"] for t in side}, {"h2"})

    def test_curl_and_nginx(self):
        content = os.urandom(3_000_000)
        document = json.dumps({"items": list(range(500))}).encode()
        for name, body in (("big.bin", content), ("data.json", document)):
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(body)
        nginx, port = self.nginx_http2(
            f"root {self.folder}; gzip on; gzip_types application/octet-stream; default_type application/octet-stream;"
            'location /form { dav_methods PUT; } location = /nothing { return 204; }')
        url = f"https://localhost:{port}"
        saved = os.path.join(self.folder, "bodies")
        har = os.path.join(self.folder, "out.har")
        with self.capture("-p", nginx.pid, "-c", "curl", "--save-bodies", saved, "-v",
                          outputs=(*self.packets_of(), "-o", f"har:{har}")) as capture:
            got = self.curl_http2(f"{url}/big.bin")
            self.curl_http2(f"{url}/data.json", "--compressed")
            self.curl_http2(f"{url}/form", "-X", "PUT", "-d", "name=a+b&city=K%C3%B6ln")
            self.curl_http2(f"{url}/nothing", "-I")
            self.curl_http2(f"{url}/upload", "--data-binary", f"@{self.folder}/big.bin", "-o", os.devnull)
            capture.wait_for(10)
        self.assertEqual(got, content)
        self.assertEqual(capture.summary["losses"], [])
        for side in self.sides(capture):
            self.assertEqual([(t["request"]["method"], t["request"]["target"]) for t in side],
                             [("GET", "/big.bin"), ("GET", "/data.json"), ("PUT", "/form"), ("HEAD", "/nothing"),
                              ("POST", "/upload")])
            big, packed, form, head, upload = side
            self.assertEqual({t["protocol"] for t in side}, {"h2"})
            self.assertEqual([t["integrity"].get("reason") for t in side[:4]], [None] * 4)
            self.assertEqual((big["response"]["body"]["size"], big["response"]["body"]["captured"]), (3_000_000, 65536))
            self.assertEqual(packed["response"]["body"]["decoded"], {"state": "decoded", "text": document.decode()})
            self.assertEqual(body_of(form["request"]), b"name=a+b&city=K%C3%B6ln")
            self.assertEqual((head["response"]["status"], head["response"]["body"]["size"]), (204, 0))
            self.assertEqual(upload["request"]["headers"][0]["name"], "user-agent")
            for transaction, body in ((big, content), (packed, document)):
                name = transaction["response"]["body"]["saved"]
                with open(os.path.join(saved, name), "rb") as file:
                    self.assertTrue(file.read() == body, name)
        self.assertEqual(os.stat(saved).st_mode & 0o7777, 0o700)
        self.assertIn("[saved as ", capture.stdout)
        with open(har, encoding="utf-8") as file:
            entries = json.load(file)["log"]["entries"]
        self.assertEqual(len(entries), 10)
        self.assertEqual([e["response"]["content"]["text"] for e in entries if e["request"]["url"] == f"{url}/data.json"],
                         [document.decode()] * 2)
        if tshark := self.tshark():
            self.assertEqual(len(tshark.streams("http2")), 5)
            rows = tshark.fields("http2.headers.path", "http2.headers.method", "http2.headers.path")
            self.assertEqual(rows, [["GET", "/big.bin"], ["GET", "/data.json"], ["PUT", "/form"], ["HEAD", "/nothing"],
                                    ["POST", "/upload"]])
            stream = tshark.streams('http2.headers.path == "/form"')[0]
            self.assertIn("name=a+b&city=K%C3%B6ln", tshark.run("-q", "-z", f"follow,http2,ascii,{stream},1"))

    def test_nghttp_tools(self):
        self.need("nghttp", "nghttpd")
        cert, key = self.certificate
        with open(os.path.join(self.folder, "index.html"), "w", encoding="utf-8") as file:
            file.write("<p>hello</p>")
        port = free_port()
        server = self.spawn("nghttpd", "-d", self.folder, "--trailer", "x-after: all", "--echo-upload",
                            "-p", "/=/cert.pem", port, key, cert)
        wait_until(lambda: is_listening(port), "nghttpd")
        with self.capture("-p", server.pid, "-c", "nghttp") as capture:
            subprocess.run(["nghttp", "-n", "-y", "-H", "x-test: yes", f"https://127.0.0.1:{port}/"], check=True,
                           capture_output=True, timeout=60)
            capture.wait_for(4)
        for side in self.sides(capture):
            by_target = {t["request"]["target"]: t for t in side}
            self.assertEqual(sorted(by_target), ["/", "/cert.pem"])
            page, pushed = by_target["/"], by_target["/cert.pem"]
            self.assertEqual(body_of(page["response"]), b"<p>hello</p>")
            self.assertEqual(page["response"]["trailers"], [{"name": "x-after", "value": "all"}])
            self.assertEqual((pushed["stream"]["pushed"], pushed["stream"]["id"]), (True, 2))
            self.assertTrue(page["integrity"]["complete"] and pushed["integrity"]["complete"])

    def test_h2load_count(self):
        """100 streams at once on each of 10 connections: nothing is lost, every request has its answer."""
        self.need("h2load")
        nginx, port = self.nginx_http2('location / { return 200 "tiny\\n"; }')
        with self.capture("-p", nginx.pid) as capture:
            out = subprocess.run(["h2load", "-n", "10000", "-c", "10", "-m", "100", f"https://127.0.0.1:{port}/x"],
                                 check=True, capture_output=True, text=True, timeout=60).stdout
            self.assertIn("10000 succeeded, 0 failed", out)
            capture.wait_for(10000)
        self.assertEqual(len(capture.transactions), 10000)
        self.assertTrue(all(t["response"]["status"] == 200 and t["integrity"]["complete"] for t in capture.transactions))
        self.assertEqual(capture.summary["losses"], [])
        self.assertEqual(capture.summary["missing_bytes"], 0)
        self.assertEqual(len({(t["connection"]["id"], t["stream"]["id"]) for t in capture.transactions}), 10000)

    def test_node_like_a_browser(self):
        capture = self.converse(node_peer("node_http2.js"), expect=9)
        for side in self.sides(capture):
            http = {t["request"]["target"]: t for t in side if "request" in t}
            self.assertEqual(http["/page"]["response"]["status"], 200)
            self.assertTrue(http["/style.css"]["stream"]["pushed"])
            self.assertEqual(http["/data.json"]["response"]["body"]["decoded"]["text"], '{"items":[1,2,3],"more":false}')
            self.assertEqual(http["/missing"]["response"]["status"], 404)
            self.assertEqual((http["/reset"]["stream"]["reset"], http["/reset"]["stream"]["reset_by"]),
                             ("ENHANCE_YOUR_CALM", "server"))
            upload = http["/upload"]
            self.assertEqual(upload["request"]["body"]["size"], 20_000)
            self.assertEqual([i["status"] for i in upload["informational"]], [103])
            self.assertEqual(upload["response"]["trailers"], [{"name": "x-size", "value": "20000"}])
            chat = http["/chat"]
            self.assertEqual((chat["request"]["method"], chat["stream"]["protocol"]), ("CONNECT", "websocket"))
            messages = [(t["message"]["from"], t["message"]["type"], body_of(t["message"])) for t in side if "message" in t]
            self.assertEqual(messages, [("client", "text", b"hello from node"), ("server", "text", b"welcome")])
        self.check_replay(capture)
        shown = subprocess.run([os.environ["SSLSNIFF"], "-r", self.trace, "-vv"], capture_output=True, text=True).stdout
        self.assertIn("<p>grüße</p>", shown)  # from ISO-8859-1
        if tshark := self.tshark():
            paths = ",".join(row[0] for row in tshark.fields("http2.headers.path", "http2.headers.path")).split(",")
            self.assertEqual(sorted(paths), ["/chat", "/data.json", "/missing", "/page", "/reset", "/style.css", "/upload"])

    def test_joins_a_busy_connection(self):
        if subprocess.run([PYTHON, "-c", "import h2"], capture_output=True).returncode != 0:
            self.skipTest("python3-h2 is not installed")
        nginx, port = self.nginx_http2('location /old { return 200 "old\\n"; } location /new { return 404 "new\\n"; }')
        client = self.python(LONG_LIVED, port, self.certificate[0])
        self.assertEqual(client.stdout.readline(), "ready\n")
        with self.capture("-p", nginx.pid, "-p", client.pid, outputs=self.packets_of()) as capture:
            self.go(client)
            capture.wait_for(30)
        for side in self.sides(capture):
            self.assertEqual([t["request"]["method"] for t in side], ["GET"] * 15)
            self.assertEqual([t["response"]["status"] for t in side], [200, 404] * 5 + [404] * 5)
            self.assertEqual([t["response"]["body"]["size"] for t in side], [4] * 15)
            # Never a wrong path: those that passed before are not known, the new ones are, also by reference.
            self.assertEqual([t["request"]["target"] for t in side],
                             [target for i in range(5) for target in ("<unknown>", f"/new/{i}")] +
                             [f"/new/{i}" for i in range(5)])
            self.assertEqual({header(t["request"], "x-who") for t in side}, {None})
            self.assertIn("before the capture began", side[0]["integrity"]["reason"])
        self.check_replay(capture)
        if tshark := self.tshark():
            # Wireshark's own decoder knows as much as there is: the methods, and paths from their first literal on.
            real = "http2.streamid != 0"
            self.assertEqual(len(tshark.fields(f"{real} and http2.headers.method", "http2.headers.method")), 15)
            self.assertEqual(len(tshark.fields(f"{real} and http2.headers.status", "http2.headers.status")), 15)

    def hypercorn(self, *arguments):
        if subprocess.run([PYTHON, "-c", "import hypercorn"], capture_output=True).returncode != 0:
            self.skipTest("python3-hypercorn is not installed")
        server = self.spawn(*python_peer("hypercorn_app.py"), *arguments, stdout=subprocess.PIPE, text=True)
        port = int(server.stdout.readline())
        wait_until(lambda: is_listening(port), "hypercorn")
        return server, port

    def test_events_of_hypercorn(self):
        server, port = self.hypercorn("serve", *self.certificate)
        with self.capture("-p", server.pid, "-c", "curl", outputs=("-o", "text")) as capture:
            for path, version in (("events", "--http2"), ("events/gzip", "--http2"), ("events/gzip", "--http1.1")):
                self.curl(f"https://localhost:{port}/{path}", version, "--compressed")
            capture.wait_for(24)
        for side in self.sides(capture):
            for number in range(3):
                *events, exchange = side[4 * number:4 * number + 4]
                self.assertEqual([(e["message"]["type"], e["message"]["id"], body_of(e["message"])) for e in events],
                                 [("tick", str(i), f"number {i}".encode()) for i in range(3)])
                self.assertTrue(all(e["message"]["url"] == exchange["request"]["url"] for e in events))
                self.assertEqual([e["message"].get("stream") for e in events], [exchange.get("stream", {}).get("id")] * 3)
                # As they come: the server waits between them.
                times = [e["time"] for e in events]
                self.assertEqual(times, sorted(set(times)))
                self.assertTrue(exchange["integrity"]["complete"])
        self.assertIn("← tick id=2 number 2", capture.stdout)

    def test_cleartext_by_upgrade_and_prior_knowledge(self):
        server, port = self.hypercorn("plain")
        url = f"http://127.0.0.1:{port}"
        with self.capture("-p", server.pid, "-c", "curl", outputs=self.packets_of()) as capture:
            if "cleartext" in capture.stderr:
                self.skipTest(capture.stderr)
            self.curl(f"{url}/upgraded", "--http2")
            self.curl(f"{url}/known", "--http2-prior-knowledge", "-d", "body")
            capture.wait_for(6)
        for side in self.sides(capture):
            upgrade, answer, known = side
            self.assertEqual((upgrade["protocol"], upgrade["response"]["status"]), ("http/1.1", 101))
            self.assertEqual((answer["protocol"], answer["stream"]["id"]), ("h2", 1))
            self.assertEqual(body_of(answer["response"]), b"hypercorn says /upgraded after 0")
            self.assertEqual(answer["time"], upgrade["time"])
            self.assertEqual((known["protocol"], known["request"]["method"]), ("h2", "POST"))
            self.assertEqual(body_of(known["response"]), b"hypercorn says /known after 4")
            self.assertTrue(all(t["connection"]["carrier"] == "cleartext" and t["integrity"]["complete"] for t in side))
        self.check_replay(capture)
        if tshark := self.tshark():
            rows = tshark.fields("http2.headers.path", "http2.headers.method", "http2.headers.path")
            self.assertIn(["POST", "/known"], rows)

    def test_httpx_client(self):
        if subprocess.run([PYTHON, "-c", "import httpx, h2"], capture_output=True).returncode != 0:
            self.skipTest("python3-httpx is not installed")
        _, port = self.nginx_http2()
        client = self.python(
            """if True:
            import httpx, sys
            with httpx.Client(http2=True, verify=sys.argv[2]) as client:
                sys.stdin.readline()
                for i in range(3):
                    answer = client.post(f"https://localhost:{sys.argv[1]}/{i}", json={"number": i})
                    assert answer.http_version == "HTTP/2" and answer.text == "hello from nginx\\n"
            print("done")
            """, port, self.certificate[0])
        with self.capture("-p", client.pid) as capture:
            self.go(client)
            capture.wait_for(3)
        self.assertEqual([(t["protocol"], t["request"]["target"], json.loads(body_of(t["request"])))
                          for t in capture.transactions], [("h2", f"/{i}", {"number": i}) for i in range(3)])
        self.assertEqual(len({t["connection"]["id"] for t in capture.transactions}), 1)
