"""Real Cassandra drivers (DataStax's for Python and node) against a small server of ours (peers/cassandra_server.py) under capture."""
import json
import os
import subprocess

from harness import PYTHON, LiveTest, wait_until
from npm import node_path
from pairs import Tshark

# Prints what it knows. Arguments: port, protocol version, compression, password, a certificate's authority.
DRIVER = """
import json, logging, ssl, sys
from cassandra.cluster import Cluster, ExecutionProfile, EXEC_PROFILE_DEFAULT
from cassandra.auth import PlainTextAuthProvider
from cassandra.policies import WhiteListRoundRobinPolicy
from cassandra.query import BatchStatement
from cassandra import InvalidRequest
logging.disable(logging.CRITICAL)
port, version, compression, password, authority = sys.argv[1:6]
options = {"ssl_context": ssl.create_default_context(cafile=authority), "ssl_options": {"server_hostname": "localhost"}} if authority else {}
if password:
    options["auth_provider"] = PlainTextAuthProvider("bob", password)
cluster = Cluster(["127.0.0.1"], port=int(port), protocol_version=int(version), compression=compression or False,
                  schema_metadata_enabled=False, token_metadata_enabled=False,
                  execution_profiles={EXEC_PROFILE_DEFAULT: ExecutionProfile(WhiteListRoundRobinPolicy(["127.0.0.1"]))}, **options)
known = {}
try:
    session = cluster.connect()
except Exception as error:
    print(json.dumps({"refused": str(error)}))
    sys.exit()
session.execute("CREATE TABLE shop.users (id int PRIMARY KEY, name varchar)")
insert = session.prepare("INSERT INTO shop.users (id, name) VALUES (?, ?)")
for future in [session.execute_async(insert, (n, "user %d" % n)) for n in range(20)]:
    future.result()
batch = BatchStatement()
batch.add(insert, (100, "in a batch"))
batch.add(insert, (101, "x" * 200000))
session.execute(batch)
known["rows"] = len(list(session.execute("SELECT id, name FROM shop.users")))
select = session.prepare("SELECT id, name FROM shop.users WHERE id = ?")
known["found"] = [list(row) for row in session.execute(select, (7,))]
known["large"] = len(session.execute(select, (101,)).one().name)
try:
    session.execute("SELECT * FROM nosuch")
except InvalidRequest as error:
    known["error"] = str(error)
cluster.shutdown()
print(json.dumps(known))
"""

NODE = """
const cassandra = require("cassandra-driver");
const client = new cassandra.Client({contactPoints: [`127.0.0.1:${process.argv[1]}`], localDataCenter: "dc1", isMetadataSyncEnabled: false,
                                     socketOptions: {readTimeout: 0}});
(async () => {
  await client.connect();
  for (let i = 0; i < 5; ++i)
    await client.execute("INSERT INTO shop.users (id, name) VALUES (?, ?)", [i, `node ${i}`], {prepare: true});
  const result = await client.execute("SELECT id, name FROM shop.users");
  console.log(JSON.stringify(result.rows.map(row => [row.id, row.name])));
  await client.shutdown();
})();
"""


class CqlTest(LiveTest):
    def server(self, *options):
        """(process, port)"""
        for module, package in (("cassandra", "python3-cassandra"), ("lz4.block", "python3-lz4"), ("snappy", "python3-snappy")):
            if subprocess.run([PYTHON, "-c", "import " + module], capture_output=True).returncode != 0:
                self.skipTest(f"needs {package}")
        process = self.spawn(PYTHON, os.path.join(os.path.dirname(__file__), "peers", "cassandra_server.py"), *options,
                             stdout=subprocess.PIPE)
        return process, int(process.stdout.readline())

    @staticmethod
    def run_driver(port, version=4, compression="", password="", authority=""):
        return json.loads(subprocess.run([PYTHON, "-c", DRIVER, str(port), str(version), compression, password, authority], check=True,
                                         stdout=subprocess.PIPE, text=True, timeout=120).stdout)

    @staticmethod
    def of(capture, kind, word="", role="server"):
        return [t for t in capture.transactions if t.get("kind") == kind and t["connection"]["role"] == role
                and word in t["request"].get("statement", "")]

    def check(self, capture, known, role="server"):
        executed = self.of(capture, "execute", "INSERT", role)
        self.assertEqual(sorted(t["request"]["parameters"] for t in executed), sorted([n, f"user {n}"] for n in range(20)))
        (batch,) = self.of(capture, "batch", role=role)
        self.assertEqual([batch["request"]["statement_count"], batch["request"]["parameters"][:2]], [2, [100, "in a batch"]])
        (rows,) = self.of(capture, "query", "SELECT id, name FROM shop.users", role)
        self.assertEqual(rows["response"]["row_count"], known["rows"])
        found = self.of(capture, "execute", "SELECT", role)
        self.assertEqual([t["response"]["rows"] for t in found][0], known["found"])
        (nosuch,) = self.of(capture, "query", "nosuch", role)
        self.assertEqual(nosuch["response"]["error"]["code"], "INVALID")
        self.assertIn(nosuch["response"]["error"]["message"], known["error"])
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "cql")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])

    def converse(self, version, compression, **options):
        process, port = self.server()
        with self.capture("-p", process.pid, "--max-body", 300000, **options) as capture:
            known = self.run_driver(port, version, compression)
            wait_until(lambda: any("nosuch" in t.get("request", {}).get("statement", "") for t in capture.seen_so_far()), "the last query")
        self.assertEqual(known["large"], 200000)
        self.check(capture, known)
        return capture

    def test_versions_3_and_4(self):
        self.converse(3, "")
        capture = self.converse(4, "", outputs=("-o", "text"))
        self.assertIn("cql  SELECT id, name FROM shop.users → 22 rows", capture.stdout)

    def test_compressed(self):
        for compression in ("lz4", "snappy"):
            self.converse(4, compression)

    def test_segments_of_version_5(self):
        """Rows of 200 KB take several segments."""
        for compression in ("", "lz4"):
            capture = self.converse(5, compression)
            self.assertEqual({t["request"]["protocol_version"] for t in self.of(capture, "execute")}, {"5"})

    def test_tls_and_login(self):
        process, port = self.server("--auth", "--tls", *self.certificate)
        path = os.path.join(self.folder, "out.pcapng")
        with self.capture("-p", process.pid, "--max-body", 300000, outputs=("-w", path)) as capture:
            known = self.run_driver(port, 4, "", "open sesame", self.certificate[0])
            wait_until(lambda: any("nosuch" in t.get("request", {}).get("statement", "") for t in capture.seen_so_far()), "the last query")
        self.assertEqual({t["connection"]["carrier"] for t in capture.transactions}, {"tls"})
        self.check(capture, known)
        logins = self.of(capture, "authentication")
        self.assertEqual({(t["request"]["password"], t["response"]["opcode"]) for t in logins}, {("***", "AUTH_SUCCESS")})
        self.need("tshark")
        statements = [row[0] for row in Tshark(path, self.folder).fields("cql.opcode == 7", "cql.string")]
        self.assertTrue(any("SELECT id, name FROM shop.users" in statement for statement in statements), statements)

    def test_refused(self):
        process, port = self.server("--auth")
        with self.capture("-p", process.pid) as capture:
            self.assertIn("refused", self.run_driver(port, 4, "", "wrong"))
            wait_until(lambda: any("password" in t.get("request", {}) for t in capture.seen_so_far()), "the login")
        self.assertEqual({t["response"]["error"]["code"] for t in self.of(capture, "authentication")}, {"AUTH_ERROR"})

    def test_node(self):
        """It tries a version that the server does not know first."""
        modules = node_path(self, "cassandra-driver@4.10.0", "long@5.2.5", "adm-zip@0.6.1")
        process, port = self.server()
        with self.capture("-p", process.pid) as capture:
            out = subprocess.run(["node", "-e", NODE, str(port)], check=True, stdout=subprocess.PIPE, text=True, timeout=120,
                                 env={**os.environ, "NODE_PATH": modules}).stdout
            wait_until(lambda: any("SELECT id" in t.get("request", {}).get("statement", "") for t in capture.seen_so_far()), "the query")
        (rows,) = self.of(capture, "query", "SELECT id, name FROM shop.users")
        self.assertEqual(rows["response"]["rows"], json.loads(out))
        self.assertEqual([t["request"]["parameters"] for t in self.of(capture, "execute", "INSERT")], [[n, f"node {n}"] for n in range(5)])
        self.assertIn("PROTOCOL_ERROR", {t["response"].get("error", {}).get("code") for t in capture.transactions})

    def test_joined_midstream(self):
        process, port = self.server()
        for version in (4, 5):
            client = self.python("import sys; from cassandra.cluster import Cluster\n"
                                 "c = Cluster(['127.0.0.1'], port=int(sys.argv[1]), protocol_version=int(sys.argv[2]), compression=False,\n"
                                 "            schema_metadata_enabled=False, token_metadata_enabled=False)\n"
                                 "s = c.connect(); p = s.prepare('INSERT INTO shop.users (id, name) VALUES (?, ?)')\n"
                                 "print('ready')\n"
                                 "for line in sys.stdin:\n"
                                 "    s.execute(p, (int(line), 'x')); s.execute('SELECT id, name FROM shop.users'); print('done')\n",
                                 port, version)
            self.assertEqual(client.stdout.readline(), "ready\n")
            with self.capture("-p", process.pid) as capture:
                for number in range(3):
                    client.stdin.write(f"{number}\n")
                    client.stdin.flush()
                    self.assertEqual(client.stdout.readline(), "done\n")
                wait_until(lambda: len(capture.seen_so_far()) >= 6, "transactions")
            self.assertEqual([t["request"]["statement"] for t in self.of(capture, "execute")], ["<unknown>"] * 3)
            self.assertEqual([t["response"]["row_count"] for t in self.of(capture, "query")][-1], 3)
