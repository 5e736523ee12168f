"""Real DNS servers and clients under capture: over UDP, TCP, TLS (DoT) and HTTPS (DoH)."""
import base64
import os
import socket
import subprocess

from harness import PYTHON, LiveTest, free_port, is_listening, wait_until

# One query for a name over TLS, as stub resolvers do: length, message. Arguments: port, certificate, name.
DOT_CLIENT = """if True:
    import socket, ssl, struct, sys
    context = ssl.create_default_context(cafile=sys.argv[2])
    labels = b"".join(bytes([len(l)]) + l.encode() for l in sys.argv[3].split("."))
    query = b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + labels + b"\\0\\0\\1\\0\\1"
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as tcp:
        with context.wrap_socket(tcp, server_hostname="localhost") as tls:
            tls.sendall(struct.pack("!H", len(query)) + query)
            size = struct.unpack("!H", tls.recv(2))[0]
            while size:
                size -= len(tls.recv(size))
"""

# DoH over HTTP/1.1. Arguments: port, certificate, key, port of the DNS server.
DOH_SERVER = """if True:
    import base64, http.server, socket, ssl, sys, urllib.parse
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def answer(self, query):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
                resolver.connect(("127.0.0.1", int(sys.argv[4])))
                resolver.send(query)
                message = resolver.recv(65535)
            self.send_response(200)
            self.send_header("Content-Type", "application/dns-message")
            self.send_header("Content-Length", str(len(message)))
            self.end_headers()
            self.wfile.write(message)
        def do_POST(self):
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))
        def do_GET(self):
            dns = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)["dns"][0]
            self.answer(base64.urlsafe_b64decode(dns + "=" * (-len(dns) % 4)))
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
"""


# Asks each server (ports) for two names at a time, by one socket, and reads the answers in several ways. Says what it asked.
ASKING = """if True:
    import os, socket, sys
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sys.stdin.readline()
    number = 0
    for read in (s.recv, lambda size: os.read(s.fileno(), size), lambda size: s.recvmsg(size)):
        for _ in range(2):
            for port in sys.argv[1:]:
                number += 1
                labels = b"".join(bytes([len(l)]) + l.encode() for l in ("n%d" % number, "a", "test"))
                s.sendto(number.to_bytes(2, "big") + b"\\1\\0\\0\\1" + bytes(6) + labels + b"\\0\\0\\1\\0\\1", ("127.0.0.1", int(port)))
                print("n%d.a.test:%s" % (number, port))
            for _ in sys.argv[1:]:
                read(1000)
"""


def query_for(name, kind=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\0\0\1\0\0\1\0\0\0\0\0\0" + labels + bytes([0, 0, kind, 0, 1])


class DnsTest(LiveTest):
    def dnsmasq(self):
        self.need("dnsmasq", "dig")
        port = free_port()
        options = [f"--txt-record=big.test,{'x' * 250}{number}" for number in range(6)]
        process = self.spawn("dnsmasq", "--keep-in-foreground", f"--port={port}", "--listen-address=127.0.0.1",
                             "--bind-interfaces", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=",
                             "--address=/a.test/10.1.2.3", "--mx-host=mail.test,mx.test,5", "--local=/none.test/",
                             "--cname=alias.test,a.test", "--host-record=a.test,10.1.2.3,fd00::1",
                             "--srv-host=_s._tcp.test,host.test,99,1,2", "--caa-record=ca.test,0,issue,ca.example", *options)
        wait_until(lambda: is_listening(port), "dnsmasq")
        return process, port

    def unbound(self, upstream=9):
        """A resolver that knows a.test, over TLS and HTTPS too: (process, port, DoT port, DoH port). It asks `upstream`
        about names in broken."""
        self.need("unbound")
        cert, key = self.certificate
        port, tls, https = free_port(), free_port(), free_port()
        config = os.path.join(self.folder, "unbound.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"""
                server:
                  interface: 127.0.0.1@{port}
                  interface: 127.0.0.1@{tls}
                  interface: 127.0.0.1@{https}
                  tls-port: {tls}
                  https-port: {https}
                  tls-service-pem: "{cert}"
                  tls-service-key: "{key}"
                  do-daemonize: no
                  username: ""
                  chroot: ""
                  directory: "{self.folder}"
                  pidfile: ""
                  use-syslog: no
                  logfile: ""
                  do-not-query-localhost: no
                  module-config: "iterator"
                  local-zone: "test." static
                  local-data: "a.test. A 10.1.2.3"
                forward-zone:
                  name: "broken."
                  forward-addr: 127.0.0.1@{upstream}
                remote-control:
                  control-enable: no
                """)
        process = self.spawn("unbound", "-d", "-c", config)
        wait_until(lambda: is_listening(tls) and is_listening(https), "unbound")
        return process, port, tls, https

    @staticmethod
    def dig(port, *words):
        return subprocess.run(["dig", "-p", str(port), "@127.0.0.1", "+tries=1", *words], capture_output=True, text=True)

    def asked(self, capture, role, **wanted):
        return [t for t in capture.transactions if t["protocol"] == "dns" and t["connection"]["role"] == role and
                all(t["request"].get(key) == value for key, value in wanted.items())]

    def test_kinds_of_records(self):
        server, port = self.dnsmasq()
        expected = {"a.test A": "10.1.2.3", "a.test AAAA": "fd00::1", "mail.test MX": "5 mx.test", "alias.test A": "a.test",
                    "_s._tcp.test SRV": "1 2 99 host.test", "ca.test CAA": '0 issue "ca.example"',
                    "3.2.1.10.in-addr.arpa PTR": "a.test"}
        with self.capture("-p", server.pid) as capture:
            for question in expected:
                self.dig(port, *question.split())
            capture.wait_for(len(expected))
        seen = {f"{t['request']['name']} {t['request']['type']}": t["response"]["answers"][0]["data"]
                for t in capture.transactions}
        self.assertEqual(seen, expected)

    def test_failures(self):
        _, upstream = self.dnsmasq()  # refuses what it does not know
        server, port, *_ = self.unbound(upstream)
        with self.capture("-p", server.pid, "-c", "dig") as capture:
            self.dig(port, "no.test")
            self.dig(port, "x.broken", "+time=20")
            wait_until(lambda: len([t for t in capture.seen_so_far() if t["process"]["comm"] == "dig"]) >= 2, "both answers")
        for role in "client", "server":
            (absent,) = self.asked(capture, role, name="no.test")
            self.assertEqual(absent["response"]["rcode"], "NXDOMAIN")
            (failed,) = [t for t in self.asked(capture, role, name="x.broken") if t["response"]["rcode"] == "SERVFAIL"]
            self.assertGreater(failed["duration_us"], 0)

    def test_sockets_that_do_not_ask_who_answers(self):
        """One that is not connected, and read without an address: with one server, and with several of them in turn. Both
        wait for two answers at once, so that the last one asked is not who answers."""
        ports = [self.dnsmasq()[1] for _ in range(2)]
        for servers in (ports[:1], ports):
            with self.subTest(servers=len(servers)):
                client = self.python(ASKING, *servers)
                with self.capture("-p", client.pid) as capture:
                    client.stdin.write("\n")
                    client.stdin.flush()
                    names = client.stdout.read().split()
                    self.assertEqual(client.wait(), 0)
                    capture.wait_for(len(names))
                self.assertEqual(sorted(f"{t['request']['name']}:{t['connection']['remote']['port']}" for t in capture.transactions),
                                 sorted(names))
                for transaction in capture.transactions:
                    self.assertEqual([a["data"] for a in transaction["response"]["answers"]], ["10.1.2.3"])
                    self.assertTrue(transaction["integrity"]["complete"], transaction["integrity"])
                self.assertEqual(sorted(c["connection"]["remote"]["port"] for c in capture.of_type("connection")), sorted(servers))

    def test_unknown_addresses_are_left_out(self):
        """Of datagrams of several senders that nobody asked for."""
        receiver = self.python("""if True:
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("127.0.0.1", 0))
            print(s.getsockname()[1], flush=True)
            sys.stdin.readline()
            for _ in range(2):
                s.sendto(b"hello", s.recvfrom(100)[1])
            s.recv(100)
            """)
        port = int(receiver.stdout.readline())
        with self.capture("-p", receiver.pid) as capture:
            receiver.stdin.write("\n")
            receiver.stdin.flush()
            for _ in range(3):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.sendto(b"who is it", ("127.0.0.1", port))
            self.assertEqual(receiver.wait(), 0)
        remotes = [c["connection"].get("remote") for c in capture.of_type("connection")]
        self.assertEqual(len(remotes), 3)
        self.assertEqual(sum(remote is None for remote in remotes), 1, remotes)

    def test_truncated_then_over_tcp(self):
        server, port = self.dnsmasq()
        with self.capture("-p", server.pid, "-c", "dig") as capture:
            self.dig(port, "big.test", "TXT", "+noedns", "+bufsize=512")
            capture.wait_for(4)
        for role in "client", "server":
            first, second = self.asked(capture, role, name="big.test")
            self.assertEqual(first["connection"]["transport"], "udp")
            self.assertTrue(first["response"]["truncated"])
            self.assertEqual(second["connection"]["transport"], "tcp")
            self.assertTrue(second["request"]["retried_over_tcp"])
            self.assertEqual(len(second["response"]["answers"]), 6)

    def test_nobody_answers(self):
        """The query is told when the time of the events says that nobody will answer, not only at the end."""
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with self.capture("-c", "dig") as capture:
            self.dig(port, "nobody.test", "+time=1")
            capture.wait_for(1)
        (transaction,) = capture.transactions
        self.assertEqual(transaction["request"]["name"], "nobody.test")
        self.assertNotIn("response", transaction)
        self.assertNotIn("duration_us", transaction)
        self.assertFalse(transaction["integrity"]["complete"])

    def test_over_tls(self):
        server, _, port, _ = self.unbound()
        client = self.python("if True:\n    import sys; sys.stdin.readline()\n" + DOT_CLIENT.replace("if True:\n", "", 1), port,
                             self.certificate[0], "a.test")
        with self.capture("-p", server.pid, "-p", client.pid) as capture:
            client.stdin.write("\n")
            client.stdin.flush()
            self.assertEqual(client.wait(), 0)
            capture.wait_for(2)
        for role in "client", "server":
            (transaction,) = self.asked(capture, role)
            self.assertEqual(transaction["connection"]["carrier"], "tls")
            self.assertEqual(transaction["request"]["name"], "a.test")
            self.assertEqual(transaction["response"]["answers"][0]["data"], "10.1.2.3")

    def test_over_https(self):
        """POST by curl's own resolver and GET, over HTTP/2."""
        server, _, _, port = self.unbound()
        cert = self.certificate[0]
        with self.capture("-p", server.pid, "-c", "curl") as capture:
            subprocess.run(["curl", "-sk", "--noproxy", "*", "-m", "2", "--doh-url", f"https://localhost:{port}/dns-query", "--doh-insecure",
                            "http://a.test:1/"], check=False)
            dns = base64.urlsafe_b64encode(query_for("a.test")).rstrip(b"=").decode()
            subprocess.run(["curl", "-s", "--noproxy", "*", "--cacert", cert, "-o", os.devnull, f"https://localhost:{port}/dns-query?dns={dns}"],
                           check=True)
            wait_until(lambda: sum("over_https" in t for t in capture.seen_so_far()) >= 6, "DNS over HTTPS")
        self.check_https(capture, "h2")

    def test_over_https_1(self):
        """The same over HTTP/1.1, from a small server of our own."""
        _, dns_port = self.dnsmasq()
        port = free_port()
        server = self.spawn(PYTHON, "-c", DOH_SERVER, port, *self.certificate, dns_port)
        wait_until(lambda: is_listening(port), "the DoH server")
        with self.capture("-p", server.pid, "-c", "curl") as capture:
            subprocess.run(["curl", "-sk", "--noproxy", "*", "-m", "2", "--doh-url", f"https://localhost:{port}/dns-query", "--doh-insecure",
                            "http://a.test:1/"], check=False)
            dns = base64.urlsafe_b64encode(query_for("a.test")).rstrip(b"=").decode()
            subprocess.run(["curl", "-s", "--noproxy", "*", "--cacert", self.certificate[0], "-o", os.devnull,
                            f"https://localhost:{port}/dns-query?dns={dns}"], check=True)
            wait_until(lambda: sum("over_https" in t for t in capture.seen_so_far()) >= 6, "DNS over HTTPS")
        self.check_https(capture, "http/1.1")

    def check_https(self, capture, protocol):
        for role in "client", "server":
            carried = [t for t in self.asked(capture, role) if "over_https" in t]
            self.assertEqual(sorted(t["request"]["type"] for t in carried), ["A", "A", "AAAA"])
            self.assertTrue(all(t["request"]["name"] == "a.test" for t in carried))
            self.assertEqual({t["response"]["answers"][0]["data"] for t in carried if t["request"]["type"] == "A"},
                             {"10.1.2.3"})
            methods = sorted(t["request"]["method"] for t in capture.transactions
                             if t["protocol"] == protocol and t["connection"]["role"] == role and
                             t["connection"]["carrier"] == "tls")
            self.assertEqual(methods, ["GET", "POST", "POST"])

    def test_multicast(self):
        """mDNS: a question to the group, and the answer that a neighbour gives the group."""
        process = self.python(
            """if True:
            import socket, struct, sys
            GROUP = ("224.0.0.251", 5353)
            def member():
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("", 5353))
                loopback = socket.inet_aton("127.0.0.1")
                s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP[0]) + loopback)
                s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
                s.settimeout(10)
                return s
            name = b"\\5_http\\4_tcp\\5local\\0"
            asker, neighbour = member(), member()
            sys.stdin.readline()
            asker.sendto(struct.pack("!6H", 0, 0, 1, 0, 0, 0) + name + struct.pack("!2H", 12, 1), GROUP)
            assert neighbour.recv(9000)[-4:] == struct.pack("!2H", 12, 1)
            data = b"\\7printer" + struct.pack("!H", 0xC00C)
            neighbour.sendto(struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + name +
                             struct.pack("!2HIH", 12, 1, 4500, len(data)) + data, GROUP)
            while not asker.recv(9000).endswith(data):
                pass
            print("done")
            """)
        with self.capture("-p", process.pid, outputs=("-o", "text")) as capture:
            process.stdin.write("\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), "done\n")
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "dns")
            self.assertTrue(transaction["multicast"])
            self.assertEqual(transaction["connection"]["transport"], "udp")
        questions = [t["request"] for t in capture.transactions if "request" in t]
        answers = [t["response"] for t in capture.transactions if "response" in t]
        self.assertTrue(questions and answers, capture.transactions)
        self.assertEqual({(q["name"], q["type"]) for q in questions}, {("_http._tcp.local", "PTR")})
        self.assertEqual({a["answers"][0]["data"] for a in answers}, {"printer._http._tcp.local"})
