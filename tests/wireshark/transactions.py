#!/usr/bin/python3
"""Redis and DNS in captures that tcpdump makes of real servers: the transactions of `sslsniff -r` equal what tshark makes of
the same file, on default preferences. And back: the pcapng that sslsniff writes of it says the same to tshark.

usage: transactions.py SSLSNIFF; needs root for a network of its own; exits 77 when something is missing."""
import base64
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SSLSNIFF = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
WORK = tempfile.mkdtemp(prefix="sslsniff-transactions.")
# Default preferences: an empty home.
ENVIRONMENT = {"HOME": os.path.join(WORK, "home"), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


def run(*command, **options):
    return subprocess.run([str(c) for c in command], env=ENVIRONMENT, capture_output=True, check=True, timeout=60, **options)


def wait_until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def is_listening(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def tshark(path, display_filter, *fields):
    """One list for each packet: of each field all its values."""
    arguments = [part for field in fields for part in ("-e", field)]
    out = run("tshark", "-r", path, "-Y", display_filter, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=\x1f",
              *arguments).stdout.decode(errors="replace")
    return [[value.split("\x1f") if value else [] for value in line.split("\t")] for line in out.splitlines()]


def sslsniff(path, *options):
    out = run(SSLSNIFF, "-r", path, "-o", "json", *options).stdout.decode()
    return [t for t in map(json.loads, out.splitlines()) if t["type"] == "transaction"]


class Transactions(unittest.TestCase):
    def start(self, *command):
        process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
        process.wait()

    def recorded(self, name, act):
        """The capture file of what passes on loopback during act()."""
        path = os.path.join(WORK, f"{name}.pcap")
        tcpdump = self.start("tcpdump", "-i", "lo", "-U", "-B", 32768, "-s", 0, "-w", path)
        wait_until(lambda: os.path.exists(path) and os.path.getsize(path) >= 24, "tcpdump")
        act()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:  # what is behind it was written
            end.sendto(b"the end of the capture", ("127.0.0.1", 9))
        wait_until(lambda: b"the end of the capture" in pathlib.Path(path).read_bytes(), "the end of the capture")
        self.end(tcpdump)
        return path

    def test_redis(self):
        self.start("redis-server", "--port", 6379, "--bind", "127.0.0.1", "--save", "", "--dir", WORK)
        wait_until(lambda: is_listening(6379), "redis-server")

        def act():
            self.ask(b"SET greeting hello", b"GET greeting", b"GET nothing", b"INCR greeting", b"MULTI", b"INCR n", b"INCR n",
                     b"EXEC", b"RPUSH list a b c", b"LRANGE list 0 -1", b"SET binary \0\xff\r\n", b"GET binary", b"PING",
                     b"HSET h f v", b"HGETALL h", b"NONSENSE")
            run("redis-benchmark", "-n", 2000, "-P", 16, "-c", 4, "-q", "-t", "set,get,incr,lpush")

        path = self.recorded("redis", act)
        ours = [t for t in sslsniff(path, "--max-body", "10M") if t["protocol"] == "redis"]
        self.assertGreater(len(ours), 8000)
        self.assertTrue(all(t["integrity"]["complete"] for t in ours))
        self.compare_redis(path, ours)
        back = os.path.join(WORK, "redis.back.pcapng")
        run(SSLSNIFF, "-r", path, "-w", back)
        self.compare_redis(back, ours)

    @staticmethod
    def ask(*commands):
        """All at once, from one client."""
        with socket.create_connection(("127.0.0.1", 6379)) as client:
            for command in commands:
                words = command.split(b" ")
                client.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass

    def compare_redis(self, path, ours):
        sent = tshark(path, "resp and tcp.dstport == 6379", "resp.array.length", "resp.bulk_string.value")
        lengths = [int(n) for packet in sent for n in packet[0]]
        words = [bytes.fromhex(value) for packet in sent for value in packet[1]]
        commands = []
        for length in lengths:
            commands.append(tuple(words[:length]))
            words = words[length:]
        mine = [tuple(word if isinstance(word, bytes) else word.encode() for word in self.words_of(t["request"])) for t in ours]
        self.assertEqual(sorted(mine, key=str), sorted(((c[0].upper(), *c[1:]) for c in commands), key=str))
        received = tshark(path, "resp and tcp.srcport == 6379", "resp.string", "resp.error", "resp.integer")
        for column, kind in enumerate(("simple_string", "error", "integer")):
            theirs = sorted(value for packet in received for value in packet[column])
            self.assertEqual(sorted(self.values_of(ours, kind)), theirs, kind)

    @staticmethod
    def words_of(request):
        yield request["command"]
        for arg in request["args"]:
            yield base64.b64decode(arg["base64"]) if isinstance(arg, dict) else arg

    def values_of(self, transactions, kind):
        """All simple strings, errors or integers in replies, as text."""
        for transaction in transactions:
            response = transaction["response"]
            if response["type"] == kind:
                yield response["error"]["message"] if kind == "error" else str(response["value"])
            elif response["type"] == "array" and kind == "integer":
                yield from self.integers_in(response["value"])

    def integers_in(self, value):
        for element in value:
            if isinstance(element, list):
                yield from self.integers_in(element)
            elif isinstance(element, int):
                yield str(element)

    def test_dns(self):
        self.start("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--listen-address=127.0.0.1", "--bind-interfaces",
                   "--no-resolv", "--no-hosts", "--pid-file=", "--address=/a.test/10.1.2.3", "--host-record=six.test,fd00::1",
                   "--cname=alias.test,six.test", "--mx-host=mail.test,mx.test,5", "--local=/none.test/",
                   *(f"--txt-record=big.test,{'x' * 250}{n}" for n in range(6)))
        wait_until(lambda: is_listening(53), "dnsmasq")

        def act():
            for words in (("a.test",), ("a.test", "AAAA"), ("alias.test", "AAAA"), ("mail.test", "MX"), ("no.none.test",),
                          ("elsewhere.example",), ("big.test", "TXT", "+noedns", "+bufsize=512"), ("a.test", "+tcp"),
                          ("-x", "10.1.2.3"), ("big.test", "TXT", "+bufsize=4096")):
                subprocess.run(["dig", "@127.0.0.1", "+tries=1", *words], check=False, capture_output=True)

        path = self.recorded("dns", act)
        ours = [t for t in sslsniff(path) if t["protocol"] == "dns"]
        self.assertGreaterEqual(len(ours), 11)
        self.compare_dns(path, ours)
        back = os.path.join(WORK, "dns.back.pcapng")
        run(SSLSNIFF, "-r", path, "-w", back)
        self.compare_dns(back, ours)
        self.assertTrue(tshark(back, "udp and dns", "dns.id"), "UDP is written as UDP")

    def compare_dns(self, path, ours):
        theirs = []
        for packet in tshark(path, "dns.flags.response == 1", "dns.id", "dns.qry.name", "dns.qry.type", "dns.flags.rcode",
                             "dns.flags.truncated", "dns.count.answers", "dns.a", "dns.aaaa", "dns.cname", "dns.mx.mail_exchange",
                             "dns.txt"):
            (number,), (name,), (kind,), (rcode,), (cut,), (count,) = packet[:6]
            theirs.append((int(number, 16), name, int(kind), int(rcode), cut in ("1", "True"), int(count),
                           sorted(value for values in packet[6:] for value in values)))
        kinds = {"A": 1, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
        codes = {"NOERROR": 0, "NXDOMAIN": 3, "REFUSED": 5}
        mine = [(t["request"]["id"], t["request"]["name"], kinds[t["request"]["type"]], codes[t["response"]["rcode"]],
                 t["response"]["truncated"], t["response"]["answer_count"],
                 sorted(self.as_tshark(record) for record in t["response"]["answers"] if record["type"] in kinds))
                for t in ours]
        self.assertEqual(sorted(mine), sorted(theirs))

    @staticmethod
    def as_tshark(record):
        if record["type"] == "MX":
            return record["data"].split()[1]
        return record["data"].strip('"') if record["type"] == "TXT" else record["data"]


def main():
    missing = [p for p in ("tshark", "tcpdump", "redis-server", "redis-benchmark", "dnsmasq", "dig", "unshare", "ip")
               if not shutil.which(p)]
    if missing or os.geteuid() != 0:
        print("SKIPPED: " + (f"{missing[0]} is not installed" if missing else "needs root"))
        return 77
    if "SSLSNIFF_OWN_NETWORK" not in os.environ:
        command = ["unshare", "--net", sys.executable, *sys.argv]
        return subprocess.run(command, env={**os.environ, "SSLSNIFF_OWN_NETWORK": "1"}, check=False).returncode
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    try:
        result = unittest.main(argv=[sys.argv[0]], exit=False, verbosity=2).result
    finally:
        os.environ.get("KEEP") or shutil.rmtree(WORK, ignore_errors=True)
    return 0 if result.wasSuccessful() else 1


sys.exit(main())
