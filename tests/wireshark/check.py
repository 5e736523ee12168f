#!/usr/bin/env python3
"""Looks at the files of pcapng_scenarios with tshark, tcpdump and capinfos on default preferences.

usage: check.py SCENARIOS_PROGRAM [--suite NAME]; exits 77 when tshark is missing."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from wireshark_programs import environment

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else ""
WORK = pathlib.Path(tempfile.mkdtemp(prefix="sslsniff-wireshark."))
ENVIRONMENT = environment(WORK, "tshark", "capinfos", "tcpdump")

# Header sections of streams that began before the file, or before a loss, are made up.
REAL = 'not frame.comment contains "not traffic"'


def run(*command):
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, errors="replace", check=False)
    return done.returncode, done.stdout, done.stderr


def tshark(name, *arguments):
    code, out, err = run("tshark", "-r", str(WORK / f"{name}.pcapng"), *arguments)
    assert code == 0, err
    return out


def tshark_version():
    words = run("tshark", "--version")[1].split()
    return tuple(int(part) for part in words[2].rstrip(".").split(".")[:2])


def fields(name, display_filter, *names):
    arguments = [part for field in names for part in ("-e", field)]
    out = tshark(name, "-Y", display_filter, "-T", "fields", "-E", "separator=|", *arguments)
    return [line.split("|") if len(names) > 1 else line for line in out.splitlines()]


def text(size):
    """The body the scenarios use."""
    lines = []
    length = 0
    while length < size:
        lines.append(f"line {len(lines)} of a long body\n")
        length += len(lines[-1])
    return "".join(lines)[:size].encode()


class Pcapng(unittest.TestCase):
    def requests(self, name):
        return fields(name, "http.request", "http.request.uri")

    def test_every_file_is_readable_and_well_formed(self):
        for path in sorted(WORK.glob("*.pcapng")):
            name = path.stem
            with self.subTest(name):
                self.assertEqual(run("capinfos", str(path))[0], 0)
                self.assertEqual(fields(name, "_ws.malformed", "frame.number"), [])
                self.assertEqual(fields(name, "_ws.expert.severity == error", "frame.number"), [])
                if name not in ("gaps", "midstream", "http2_gaps", "failures"):  # a hole and an RST are worth one
                    # Since 4.4, a login behind TLS makes the dissector of MySQL doubt the commands.
                    self.assertEqual(fields(name, "_ws.expert.severity == warning and not mysql", "frame.number"), [])
                bad = "ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0"
                if name not in ("huge", "processes"):
                    out = tshark(name, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
                                 "-o", "udp.check_checksum:TRUE", "-Y", bad)
                    self.assertEqual(out, "")
                # Markers are a second link type, which libpcap refuses; all other files are plain Ethernet.
                code, _, err = run("tcpdump", "-nr", str(path), "-w", "/dev/null")
                self.assertEqual(code == 0, not name.endswith("_marked"), err)

    def test_nothing_but_traffic_is_shown(self):
        """What there is to say goes with packets that are there anyway."""
        for path in sorted(WORK.glob("*.pcapng")):
            with self.subTest(path.stem):
                bad = "tcp.analysis.duplicate_ack or (udp and udp.length == 8)"
                self.assertEqual(fields(path.stem, bad, "frame.number"), [])

    def test_connections_that_never_came_about(self):
        flags = fields("failures", "tcp", "tcp.dstport", "tcp.flags", "tcp.ack")
        self.assertEqual(flags, [["81", "0x0002", "0"], ["50001", "0x0014", "1"],  # SYN, RST and ACK
                                 ["82", "0x0002", "0"],  # nobody answered
                                 ["83", "0x0002", "0"], ["50003", "0x0012", "1"], ["83", "0x0010", "1"],
                                 ["83", "0x0011", "1"], ["50003", "0x0011", "2"], ["83", "0x0010", "2"]])
        self.assertEqual(fields("failures", "tcp.connection.rst", "tcp.stream"), ["0"])

    def test_sockets_bound_to_no_address(self):
        """Of each datagram there is one row, on the address that its other end has."""
        rows = fields("unbound", "udp", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "dns.qry.name")
        there = ["127.0.0.1", "40000", "127.0.0.53", "53", "example.com"]
        back = ["127.0.0.53", "53", "127.0.0.1", "40000", "example.com"]
        self.assertEqual(rows[:4], [there, back] * 2)
        self.assertEqual(rows[4], ["10.0.0.7", "40001", "10.0.0.53", "53", "example.com"])
        self.assertEqual(rows[5], ["192.0.2.1", "40002", "10.0.0.99", "53", "example.com"])
        self.assertEqual(len(rows), 6)

    def test_http1_is_dissected(self):
        self.assertEqual(fields("http1", "http.request", "http.request.method", "http.request.uri"),
                         [["GET", "/index.html"], ["GET", "/chunked.txt"], ["GET", "/packed.txt"],
                          ["GET", "/big.txt"], ["POST", "/upload"]])
        self.assertEqual(fields("http1", "http.response", "http.response.code"), ["200"] * 4 + ["201"])
        self.assertEqual(fields("http1", "http.request", "http.request.full_uri")[0],
                         "https://example.com/index.html")
        self.assertEqual(fields("http1", "tls.handshake.extensions_server_name",
                                "tls.handshake.extensions_server_name"), ["example.com"])

    def test_objects_equal_the_originals(self):
        folder = WORK / "objects"
        tshark("http1", "--export-objects", f"http,{folder}", "-q")
        objects = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.assertEqual(objects["index.html"], b"hello")
        self.assertEqual(objects["chunked.txt"], text(5000))
        self.assertEqual(objects["packed.txt"], text(30000))
        self.assertEqual(objects["big.txt"], text(102400))
        self.assertEqual(objects["upload"], text(102400))

    def test_follow_stream(self):
        out = tshark("http1", "-q", "-z", "follow,tls,ascii,0")
        self.assertIn("Node 0: 10.0.0.5:51234", out)
        self.assertIn("GET /chunked.txt HTTP/1.1", out)
        self.assertIn("hello", out)

    def test_process_and_comments(self):
        interfaces = set(fields("http1", "http", "frame.interface_name"))
        self.assertEqual(interfaces, {"curl[4242]"})
        comment = tshark("http1", "-Y", "tcp.flags.syn == 1 and tcp.flags.ack == 0", "-T", "fields", "-e",
                         "frame.comment")
        for part in ("connection 4242.1", "OpenSSL 3.0.17", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "nested",
                     "/usr/bin/curl"):
            self.assertIn(part, comment)
        outbound = fields("http1", "http.request", "frame.packet_flags_direction")
        self.assertEqual(set(outbound), {"0x00000002"})
        self.assertEqual(len(set(fields("processes", "http.request", "frame.interface_name"))), 2000)

    def test_every_interface_has_statistics(self):
        for name in ("http1", "gaps", "both_ends"):
            out = run("capinfos", "-M", str(WORK / f"{name}.pcapng"))[1]
            self.assertEqual(out.count("Number of stat entries = 1"), out.count("Interface #"), out)
            self.assertIn("SYNTHETIC", out)

    def test_ipv6(self):
        self.assertEqual(fields("ipv6", "http.request", "ipv6.src", "tcp.dstport", "http.request.uri"),
                         [["2001:db8::10", "8443", "/six"]])

    def test_both_ends_appear_once(self):
        self.assertEqual(self.requests("both_ends"), ["/1", "/2", "/3"])
        self.assertEqual(fields("both_ends", "tcp.analysis.flags", "frame.number"), [])

    def test_reused_addresses(self):
        self.assertEqual(self.requests("reuse"), ["/reuse1", "/reuse2", "/reuse3"])
        self.assertEqual(fields("reuse", "http.response", "tcp.stream"), ["0", "1", "2"])

    def test_gaps(self):
        self.assertEqual(self.requests("gaps"), ["/known", "/unknown", "/after", "/plain", "/plain-after"])
        answers = fields("gaps", "http.response", "http.content_length", "frame.comment")
        self.assertEqual(answers[0][0], "50000")
        self.assertEqual(sum(int(n) for n in fields("gaps", "frame.comment contains \"gap\" and tls",
                                                    "frame.drop_count") if n), 30000)
        self.assertEqual(len(fields("gaps", "http.response", "frame.number")), 3)

    def test_joined_midstream(self):
        self.assertEqual(self.requests("midstream"), ["/mid"])
        self.assertEqual(fields("midstream", "http.response", "http.response.code"), ["200"])

    def test_unknown_peer(self):
        self.assertEqual(fields("unknown_peer", "http.request", "ip.src", "http.request.uri"),
                         [["192.0.2.1", "/unknown"], ["192.0.2.1", "/late"], ["10.0.0.5", "/held"]])
        comments = "".join(fields("unknown_peer", "frame.comment", "frame.comment"))
        self.assertIn("made up", comments)
        self.assertIn("93.184.216.34:443", comments)

    def test_http2(self):
        self.assertEqual(fields("http2", "http2.headers.method", "http2.headers.method", "http2.headers.path"),
                         [["GET", "/"]] * 3)
        self.assertEqual(fields("http2", "http2.headers.status", "http2.headers.status"), ["200"] * 3)

    def test_http2_in_every_file(self):
        files = sorted(WORK.glob("http2_rotated.pcapng*"))
        self.assertGreaterEqual(len(files), 4)
        requests = []
        for path in files:
            with self.subTest(path.name):
                code, out, _ = run("tshark", "-r", str(path), "-Y", f"http2.headers.method and {REAL}", "-T", "fields", "-E",
                                   "separator=|", "-e", "http2.streamid", "-e", "http2.headers.authority", "-e", "http2.header.value")
                self.assertEqual(code, 0)
                requests += out.splitlines()
                self.assertEqual(run("tshark", "-r", str(path), "-Y", "_ws.malformed or _ws.expert.severity >= warning")[1], "")
        requests.sort(key=lambda line: int(line.partition("|")[0]))
        self.assertEqual(requests, [f"{stream}|example.com|GET,https,/,example.com,secret" for stream in (1, 3, 5, 7, 9, 11)])

    def test_http2_goes_on_after_gaps(self):
        requests = fields("http2_gaps", f"http2.headers.method and {REAL}", "http2.streamid", "http2.headers.authority")
        self.assertEqual(requests, [[str(stream), "example.com"] for stream in (1, 3, 5, 7)])
        answers = fields("http2_gaps", f"http2.headers.status and {REAL}", "http2.streamid", "http2.header.value")
        self.assertEqual([values for _, values in answers], ["200,nginx", "200,nginx", "200", "200,not captured"])

    def test_ports_of_other_protocols(self):
        uris = ["/p5432", "/p9092", "/p8009", "/p11211", "/p8080"]
        for name, ports in (("hijacked", ["443"] * 4 + ["8080"]), ("hijacked_marked", [uri[2:] for uri in uris])):
            self.assertEqual(fields(name, "http.request", "http.request.uri", "tcp.dstport"),
                             [list(row) for row in zip(uris, ports)])
            self.assertEqual(len(fields(name, "http.response", "frame.number")), 5)
        # Nothing but the five requests is counted.
        tree = [line.split()[:-1] for line in tshark("hijacked", "-q", "-z", "http,tree").splitlines()]
        counts = {" ".join(words[:2]): words for words in tree if len(words) > 2}
        self.assertEqual(counts["GET 5"][1], "5")
        self.assertFalse(any("CONNECT" in " ".join(words) or "sslsniff" in " ".join(words) for words in tree), tree)

    def test_redis(self):
        for name, count, ports in (("redis", 2, {"6379"}), ("redis_moved", 4, {"6379"}), ("redis_marked", 4, {"6380", "12000"})):
            self.assertEqual(len(fields(name, "resp", "frame.number")), count)
            self.assertEqual(set(fields(name, "resp and resp.array.length", "tcp.dstport")), ports)

    def test_dns(self):
        self.assertEqual(fields("dns", "dns", "dns.qry.name"), ["example.com"] * 2)

    def test_cleartext_that_becomes_tls(self):
        """What is inside is dissected, in the stream that the cleartext began, on the true addresses."""
        # tshark calls commands by their first four letters.
        for display, stream, want in (("pgsql.query", "tcp.port == 5432", ["select 1"]),
                                      ("mysql.query", "tcp.port == 3306", ["select 2"]),
                                      ("http.request.uri", "tcp.port == 3128", ["example.com:443", "/inside"]),
                                      ("smtp.req.command", "tcp.port == 25", ["EHLO", "STAR", "EHLO", "MAIL"]),
                                      ("smtp.req.command", "tcp.port == 587", ["STAR", "EHLO"])):
            # Since 4.4, responses have the URI of their request.
            asked = f"{display} and {stream} and not http.response"
            self.assertEqual(fields("handover", asked, display), want)
            self.assertEqual(len(set(fields("handover", stream, "tcp.stream"))), 1, stream)
        self.assertEqual(set(fields("handover", "tcp", "ip.dst")), {"10.0.0.5", "10.0.0.9", "10.0.0.8"})
        if tshark_version() < (4, 4):  # later ones take the login behind TLS for a command
            self.assertIn("someone", fields("handover", "mysql.user", "mysql.user"))
        self.assertEqual(len(fields("handover", "frame.comment contains \"tls_began\"", "frame.number")), 5)

    def test_64_mib_body(self):
        self.assertEqual(self.requests("huge"), ["/huge", "/after-huge"])
        self.assertEqual(fields("huge", "http.response", "http.content_length"), [str(64 << 20), "2"])


if __name__ == "__main__":
    try:
        subprocess.run([PROGRAM, str(WORK)], check=True)
        outcome = unittest.main(argv=sys.argv[:1] + sys.argv[2:], exit=False)
        sys.exit(not outcome.result.wasSuccessful())
    finally:
        shutil.rmtree(WORK)
