"""Real memcached with pymemcache, memjs, libmemcached's tools and clients of a few lines: each conversation equals what the client knows."""
import json
import os
import socket
import ssl
import subprocess

from harness import PYTHON, LiveTest, free_port, is_listening, wait_until
from npm import node_path
from pairs import Tshark

PYMEMCACHE = """
import json, sys
from pymemcache.client.base import Client
c = Client(("127.0.0.1", int(sys.argv[1])))
known = {}
c.set("a", "x" * 5000, noreply=False)
c.set("quiet", "1")
c.set_many({"m1": "1", "m2": "2"}, noreply=False)
known["got"] = {k: v.decode() for k, v in c.get_many(["m1", "m2", "none"]).items()}
known["a"] = len(c.get("a"))
known["none"] = c.get("none")
known["added"] = c.add("a", "y", noreply=False)
c.set("n", "5", noreply=False)
known["counts"] = [c.incr("n", 3), c.decr("n", 1), c.incr("none", 1)]
value, cas = c.gets("n")
known["cas"] = [c.cas("n", "9", cas), c.cas("n", "8", cas)]
known["touched"] = c.touch("n", 100, noreply=False)
known["deleted"] = [c.delete("n", noreply=False), c.delete("n", noreply=False)]
try:
    c.incr("a", 1)
except Exception as error:
    known["error"] = error.args[0].decode()
known["version"] = c.version().decode()
known["stats"] = len(c.stats())
c.quit()
print(json.dumps(known))
"""

MEMJS = """
const memjs = require("memjs");
(async () => {
  const client = memjs.Client.create(`127.0.0.1:${process.argv[1]}`, {retries: 0});
  const known = {};
  await client.set("js", "value of js", {expires: 60});
  known.get = (await client.get("js")).value.toString();
  known.none = (await client.get("none")).value;
  known.count = (await client.increment("count", 2, {initial: 10})).value;
  known.count2 = (await client.increment("count", 2, {initial: 10})).value;
  known.deleted = await client.delete("js");
  client.quit();
  console.log(JSON.stringify(known));
})();
"""


class MemcachedTest(LiveTest):
    def server(self, *options):
        """A running memcached: (process, port)."""
        self.need("memcached")
        port = free_port()
        process = self.spawn("memcached", "-u", "root", "-l", "127.0.0.1", "-p", port, "-U", 0, *options)
        wait_until(lambda: is_listening(port), "memcached")
        return process, port

    def asked(self, capture, command, key=None):
        return [t for t in capture.transactions if t.get("request", {}).get("command") == command
                and key in (None, t["request"].get("key"), *t["request"].get("keys", [])) and t["connection"]["role"] == "server"]

    def wait_for(self, capture, command, key=None):
        def is_there():
            return any(t.get("request", {}).get("command") == command and key in (None, t["request"].get("key"))
                       for t in capture.seen_so_far())
        wait_until(is_there, command)

    def check_complete(self, capture):
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "memcached")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])

    def test_text(self):
        if subprocess.run([PYTHON, "-c", "import pymemcache"], capture_output=True).returncode != 0:
            self.skipTest("needs python3-pymemcache")
        server, port = self.server()
        path = os.path.join(self.folder, "out.pcapng")
        with self.capture("-p", server.pid, outputs=("-o", "text", "-w", path)) as capture:
            known = json.loads(subprocess.run([PYTHON, "-c", PYMEMCACHE, str(port)], check=True, stdout=subprocess.PIPE, text=True,
                                              timeout=60).stdout)
            self.wait_for(capture, "quit")
        (many,) = [t for t in self.asked(capture, "get") if t["request"]["key_count"] == 3]
        self.assertEqual({item["key"]: item["data"]["text"] for item in many["response"]["items"]}, known["got"])
        (a,) = self.asked(capture, "get", "a")
        self.assertEqual(a["response"]["items"][0]["data"]["size"], known["a"])
        self.assertEqual([t["response"]["hits"] for t in self.asked(capture, "get", "none")], [2, 0])
        (quiet,) = self.asked(capture, "set", "quiet")
        self.assertTrue(quiet["request"]["noreply"])
        self.assertEqual([t["response"].get("result") for t in self.asked(capture, "incr")], [known["counts"][0], known["counts"][2], None])
        self.assertEqual([t["response"]["reply"] for t in self.asked(capture, "cas")], ["STORED", "EXISTS"])
        self.assertEqual([t["response"]["reply"] for t in self.asked(capture, "delete")], ["DELETED", "NOT_FOUND"])
        self.assertIn(known["error"], self.asked(capture, "incr", "a")[0]["response"]["error"])
        (version,) = self.asked(capture, "version")
        self.assertEqual(version["response"]["version"], known["version"])
        (stats,) = self.asked(capture, "stats")
        self.assertEqual(stats["response"]["stat_count"], known["stats"])
        self.check_complete(capture)
        self.assertIn("memcached  get none → miss", capture.stdout)
        self.need("tshark")
        keys = [row[0] for row in Tshark(path, self.folder).fields("memcache.key", "memcache.key")]
        self.assertIn("quiet", keys)

    def test_binary(self):
        modules = node_path(self, "memjs@1.3.2")
        server, port = self.server()
        with self.capture("-p", server.pid) as capture:
            known = json.loads(subprocess.run(["node", "-e", MEMJS, str(port)], check=True, stdout=subprocess.PIPE, text=True, timeout=60,
                                              env={**os.environ, "NODE_PATH": modules}).stdout)
            self.wait_for(capture, "delete")
        (got, none) = self.asked(capture, "get", "js") + self.asked(capture, "get", "none")
        self.assertEqual([got["response"]["data"]["text"], none["response"]["reply"]], [known["get"], "Key not found"])
        self.assertEqual([t["response"]["result"] for t in self.asked(capture, "incr")], [known["count"], known["count2"]])
        self.assertEqual({t["encoding"] for t in capture.transactions}, {"binary"})
        self.assertEqual(len(self.asked(capture, "delete")), 1)
        self.assertEqual(capture.summary["losses"], [])

    def test_libmemcached(self):
        """Quiet gets of many keys, ended by a noop."""
        self.need("memccp", "memccat")
        server, port = self.server()
        path = os.path.join(self.folder, "item")
        with open(path, "w", encoding="ascii") as file:
            file.write("an item")
        for option in ((), ("--binary",)):
            with self.capture("-p", server.pid) as capture:
                subprocess.run(["memccp", f"--servers=127.0.0.1:{port}", *option, path], check=True, timeout=60)
                out = subprocess.run(["memccat", f"--servers=127.0.0.1:{port}", *option, "item"], check=True, stdout=subprocess.PIPE,
                                     timeout=60).stdout
                self.wait_for(capture, "get")
            self.assertEqual(out, b"an item\n")
            self.assertEqual([t["request"]["data"]["text"] for t in self.asked(capture, "set", "item")], ["an item"])
            self.assertEqual({t["encoding"] for t in capture.transactions}, {"binary" if option else "text"})

    def talk(self, connection, *pairs):
        for said, end in pairs:
            connection.sendall(said)
            heard = b""
            while end and not heard.endswith(end):
                more = connection.recv(65536)
                assert more, heard
                heard += more

    META = ((b"ms k 3 T60\r\nabc\r\n", b"HD\r\n"), (b"mg k v\r\nmg none v\r\n", b"EN\r\n"),
            (b"mg none v q O1\r\nmg k v q O2\r\nmd k q O3\r\nmn\r\n", b"MN\r\n"))

    def check_meta(self, capture):
        self.assertEqual([(t["request"]["key"], t.get("response", {}).get("reply")) for t in self.asked(capture, "mg")],
                         [("k", "VA"), ("none", "EN"), ("none", None), ("k", "VA")])
        self.check_complete(capture)

    def test_meta(self):
        server, port = self.server()
        with self.capture("-p", server.pid) as capture, socket.create_connection(("127.0.0.1", port), 30) as connection:
            self.talk(connection, *self.META)
            self.wait_for(capture, "mn")
        self.check_meta(capture)

    def test_tls(self):
        if b"--enable-ssl" not in subprocess.run(["memcached", "-h"], capture_output=True).stdout:
            self.skipTest("memcached has no TLS")
        server, port = self.server("-Z", "-o", f"ssl_chain_cert={self.certificate[0]},ssl_key={self.certificate[1]}")
        context = ssl.create_default_context(cafile=self.certificate[0])
        with self.capture("-p", server.pid) as capture, socket.create_connection(("127.0.0.1", port), 30) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as connection:
            self.talk(connection, *self.META)
            self.wait_for(capture, "mn")
        self.assertEqual({t["connection"]["carrier"] for t in capture.transactions}, {"tls"})
        self.check_meta(capture)

    def test_joined_midstream(self):
        """What is stored is RESP: nothing else may claim it."""
        server, port = self.server()
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            self.talk(connection, (b"set before 0 0 1\r\nx\r\n", b"STORED\r\n"))
            with self.capture("-p", server.pid) as capture:
                for number in range(4):
                    self.talk(connection, (b"set k%d 0 0 9\r\n$3\r\nbob\r\n\r\n" % number, b"STORED\r\n"), (b"get k%d\r\n" % number, b"END\r\n"))
                wait_until(lambda: len(capture.seen_so_far()) >= 8, "transactions")
        self.assertEqual({t["protocol"] for t in capture.transactions}, {"memcached"})
        self.assertEqual([t["request"]["key"] for t in self.asked(capture, "set")], [f"k{n}" for n in range(4)])
