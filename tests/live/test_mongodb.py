"""A real MongoDB client (PyMongo) against a small server of ours (peers/mongodb_server.py) under capture."""
import os
import subprocess

from harness import PYTHON, LiveTest, wait_until

CLIENT = """
import sys, pymongo
client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), **eval(sys.argv[2]))
users = client.shop.users
users.insert_many([{"_id": n, "name": "n%d" % n, "even": n % 2 == 0} for n in range(7)])
try:
    users.insert_one({"_id": 3})
except pymongo.errors.DuplicateKeyError as error:
    print(error.code)
print(len(list(users.find())), len(list(users.find({"even": True}))))
try:
    client.shop.command("nosuch")
except pymongo.errors.OperationFailure as error:
    print(error.code)
client.shop.command("createUser", "bob", pwd="open sesame")
users.with_options(write_concern=pymongo.WriteConcern(w=0)).insert_one({"_id": 100})
client.admin.command("ping")
client.close()
"""


class MongodbTest(LiveTest):
    def server(self, *options):
        """(process, port)"""
        if subprocess.run([PYTHON, "-c", "import pymongo"], capture_output=True).returncode != 0:
            self.skipTest("needs python3-pymongo")
        process = self.spawn(PYTHON, os.path.join(os.path.dirname(__file__), "peers", "mongodb_server.py"), *options,
                             stdout=subprocess.PIPE)
        return process, int(process.stdout.readline())

    def run_client(self, port, **options):
        return subprocess.run([PYTHON, "-c", CLIENT, str(port), repr(options)], check=True, capture_output=True, text=True,
                              timeout=120).stdout.split()

    @staticmethod
    def of(capture, command, role="server"):
        return [t for t in capture.transactions if t.get("request", {}).get("command") == command and t["connection"]["role"] == role]

    def check(self, capture, role="server"):
        """What the client did and was told."""
        inserts = self.of(capture, "insert", role)
        self.assertEqual([t["request"]["sequence"]["count"] for t in inserts], [7, 1, 1])
        self.assertEqual([d["name"] for d in inserts[0]["request"]["sequence"]["documents"]], [f"n{n}" for n in range(7)])
        self.assertEqual(inserts[1]["response"]["error"],
                         {"code": "DuplicateKey", "number": 11000, "message": "E11000 duplicate key error", "write_errors": 1})
        self.assertNotIn("response", inserts[2])
        found = self.of(capture, "find", role) + self.of(capture, "getMore", role)
        self.assertEqual(sum(t["response"]["document_count"] for t in found), 11)
        self.assertEqual({(t["request"]["database"], t["request"]["collection"]) for t in found}, {("shop", "users")})
        (nosuch,) = self.of(capture, "nosuch", role)
        self.assertEqual(nosuch["response"]["error"]["code"], "CommandNotFound")
        (user,) = self.of(capture, "createUser", role)
        self.assertEqual(user["request"]["document"]["pwd"], "***")
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "mongodb")
            # The client's monitor may be asking when it closes.
            self.assertIn(transaction["integrity"].get("reason", ""), ("", "no response"), transaction)
        self.assertEqual(capture.summary["losses"], [])

    def test_commands(self):
        process, port = self.server()
        with self.capture("-p", process.pid, outputs=("-o", "text", "-vv")) as capture:
            self.assertEqual(self.run_client(port), ["11000", "7", "4", "59"])
            wait_until(lambda: any(t.get("request", {}).get("command") == "ping" for t in capture.seen_so_far()), "ping")
        self.check(capture)
        self.assertIn("find shop.users {even: true} → 2 documents, more to get", capture.stdout)
        self.assertNotIn("sesame", capture.stdout)

    def test_compressed(self):
        for compressor, module, package in (("zlib", "zlib", "python3"), ("snappy", "snappy", "python3-snappy"),
                                            ("zstd", "zstandard", "python3-zstandard")):
            if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode != 0:
                self.skipTest(f"needs {package}")
            process, port = self.server(compressor)
            with self.capture("-p", process.pid) as capture:
                self.assertEqual(self.run_client(port, compressors=compressor), ["11000", "7", "4", "59"])
                wait_until(lambda: any(t.get("request", {}).get("command") == "ping" for t in capture.seen_so_far()), "ping")
            self.check(capture)
            self.assertEqual({t["request"].get("compressor") for t in self.of(capture, "find")}, {compressor})

    def test_tls(self):
        process, port = self.server("--tls", *self.certificate)
        with self.capture("-p", process.pid, "-c", "python3") as capture:
            self.run_client(port, tls=True, tlsCAFile=self.certificate[0])
            wait_until(lambda: any(t.get("request", {}).get("command") == "ping" for t in capture.seen_so_far()), "ping")
        self.assertEqual({t["connection"]["carrier"] for t in capture.transactions}, {"tls"})
        self.check(capture)

    def test_joined_midstream(self):
        process, port = self.server()
        client = self.python("import sys, pymongo\n"
                             "c = pymongo.MongoClient('127.0.0.1', int(sys.argv[1]), heartbeatFrequencyMS=600000)\n"
                             "for line in sys.stdin:\n"
                             "    c.shop.users.insert_one({'_id': line.strip()}); print('done')\n", port)
        client.stdin.write("before\n")
        client.stdin.flush()
        client.stdout.readline()
        with self.capture("-p", process.pid) as capture:
            for number in range(3):
                client.stdin.write(f"after {number}\n")
                client.stdin.flush()
                client.stdout.readline()
            capture.wait_for(3)
        inserts = self.of(capture, "insert")
        self.assertEqual([t["request"]["sequence"]["documents"] for t in inserts], [[{"_id": f"after {n}"}] for n in range(3)])
        self.assertTrue(all(t["integrity"]["complete"] for t in inserts), inserts)
