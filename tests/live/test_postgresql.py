"""Real PostgreSQL servers and clients under capture: each conversation equals what the client knows of it."""
import collections
import glob
import os
import pwd
import shutil
import signal
import subprocess
import time
import unittest

from harness import PYTHON, LiveTest, free_port, wait_until

PASSWORD = "open sesame"


class PostgresqlTest(LiveTest):
    def server(self, *options):
        """A running PostgreSQL with TLS and SCRAM: (process, port)."""
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not binaries:
            self.skipTest("postgresql is not installed")
        self.binaries, user = binaries[-1], pwd.getpwnam("postgres")
        self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "cwd": "/"}
        os.chmod(self.folder, 0o755)
        place = os.path.join(self.folder, "postgresql")
        os.mkdir(place)
        for number, name in enumerate(("cert.pem", "key.pem")):
            shutil.copy(self.certificate[number], os.path.join(place, name))
            os.chmod(os.path.join(place, name), 0o600)
        with open(os.path.join(place, "password"), "w", encoding="ascii") as file:
            file.write(PASSWORD)
        for path in (place, *glob.glob(place + "/*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        subprocess.run([self.binaries + "/initdb", "-D", place + "/db", "-A", "scram-sha-256", "-U", "postgres", "--no-sync",
                        "--pwfile", place + "/password", "--no-locale", "-E", "UTF8"], check=True, capture_output=True,
                       **self.as_user)
        self.port = free_port()
        settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "unix_socket_directories": place, "ssl": "on",
                    "ssl_cert_file": place + "/cert.pem", "ssl_key_file": place + "/key.pem", "wal_level": "logical",
                    "max_wal_senders": "4", **dict(options)}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = self.spawn(self.binaries + "/postgres", "-D", place + "/db", "-p", self.port, *arguments, **self.as_user)
        self.addCleanup(lambda: server.poll() is None and server.send_signal(signal.SIGINT))
        self.environment = {"PATH": os.environ["PATH"], "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres",
                            "PGDATABASE": "postgres", "PGPASSWORD": PASSWORD, "PGSSLMODE": "disable", "HOME": self.folder}
        wait_until(lambda: self.psql("-c", "SELECT 1", check=False).returncode == 0, "PostgreSQL")
        return server

    def psql(self, *arguments, check=True, tls=False, **options):
        return subprocess.run(["psql", "-X", "-A", "-t", *arguments], check=check, capture_output=True, text=True, timeout=60,
                              env=self.environment | ({"PGSSLMODE": "require"} if tls else {}), **options)

    def run_python(self, module, code, tls=False):
        """Its output. SKIPPED without the module."""
        if subprocess.run([PYTHON, "-c", "import " + module], capture_output=True).returncode != 0:
            self.skipTest(f"python3-{module} is not installed")
        environment = self.environment | ({"PGSSLMODE": "require"} if tls else {})
        return subprocess.run([PYTHON, "-c", code], check=True, stdout=subprocess.PIPE, text=True, timeout=60, env=environment).stdout

    @staticmethod
    def asked(capture, role="server", **more):
        """Transactions with a statement, in order."""
        return [t for t in capture.transactions if t["connection"]["role"] == role and "statement" in t.get("request", {})
                and all(t[key] == value for key, value in more.items())]

    @staticmethod
    def statements(capture, role="server"):
        return [t["request"]["statement"] for t in PostgresqlTest.asked(capture, role)]

    def assert_complete(self, capture):
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "postgresql")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])
        with open(capture.json_path, encoding="utf-8") as file:
            self.assertNotIn(PASSWORD, file.read())

    SCRIPT = ["CREATE TABLE t (id int PRIMARY KEY, name text)", "INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, 'c')",
              "SELECT id, name FROM t ORDER BY id", "SELECT nothing", "BEGIN", "UPDATE t SET name = 'x' WHERE id > 1", "COMMIT",
              "INSERT INTO t VALUES (1, 'twice')", "DO $$BEGIN RAISE NOTICE 'careful'; END$$", "SELECT 1 WHERE false",
              "DROP TABLE t"]

    def check_script(self, capture, role):
        seen = self.asked(capture, role)
        self.assertEqual([t["request"]["statement"].rstrip(";") for t in seen], self.SCRIPT)
        answers = [t["response"] for t in seen]
        self.assertEqual([a.get("command_tag") for a in answers],
                         ["CREATE TABLE", "INSERT 0 3", "SELECT 3", None, "BEGIN", "UPDATE 2", "COMMIT", None, "DO", "SELECT 0",
                          "DROP TABLE"])
        self.assertEqual(answers[2]["rows"], [[1, "a"], [2, None], [3, "c"]])
        self.assertEqual(answers[2]["columns"], [{"name": "id", "type": "int4"}, {"name": "name", "type": "text"}])
        self.assertEqual([a["error"]["code"] for a in answers if "error" in a], ["42703", "23505"])
        self.assertEqual(answers[7]["error"]["constraint"], "t_pkey")
        self.assertEqual([a["transaction_status"] for a in answers[4:7]], ["in_transaction", "in_transaction", "idle"])
        self.assertEqual(answers[8]["notices"][0]["message"], "careful")
        self.assertEqual(answers[9]["row_count"], 0)

    def test_psql(self):
        server = self.server()
        with self.capture("-p", server.pid, "-c", "psql", outputs=("-o", "text")) as capture:
            self.psql("-v", "VERBOSITY=sqlstate", input=";\n".join(self.SCRIPT) + ";\n")
            capture.wait_for(2 * (len(self.SCRIPT) + 1))
        for role in "client", "server":
            self.check_script(capture, role)
            (startup,) = [t for t in capture.transactions if t["kind"] == "startup" and t["connection"]["role"] == role]
            self.assertEqual(startup["request"]["user"], "postgres")
            self.assertEqual(startup["request"]["authentication"], "SCRAM-SHA-256")
        self.assertIn("postgresql  SELECT id, name FROM t ORDER BY id; → 3 rows", capture.stdout)
        self.assertIn("(in transaction)", capture.stdout)
        self.assert_complete(capture)

    def test_tls(self):
        """SSLRequest in cleartext, and all else in the TLS that follows on the same socket."""
        server = self.server()
        with self.capture("-p", server.pid, "-c", "psql") as capture:
            self.psql(input=";\n".join(self.SCRIPT) + ";\n", tls=True)
            capture.wait_for(2 * (len(self.SCRIPT) + 2))
        for role in "client", "server":
            self.check_script(capture, role)
            (asked,) = [t for t in capture.transactions if t["kind"] == "encryption" and t["connection"]["role"] == role]
            self.assertEqual(asked["connection"]["carrier"], "cleartext")
            self.assertTrue(asked["response"]["encryption"])
            (startup,) = [t for t in capture.transactions if t["kind"] == "startup" and t["connection"]["role"] == role]
            self.assertEqual(startup["connection"]["carrier"], "tls")
            self.assertEqual(startup["connection"]["continues"], asked["connection"]["id"])
        self.assert_complete(capture)

    def test_passwords_are_hidden(self):
        server = self.server()
        for options, shown in ((), False), (("--show-secrets",), True):
            with self.capture("-p", server.pid, *options, outputs=("-o", "text", "-v")) as capture:
                self.psql("-c", "ALTER USER postgres PASSWORD 'open sesame'")
                capture.wait_for(2)
            with open(capture.json_path, encoding="utf-8") as file:
                self.assertEqual(PASSWORD in file.read() + capture.stdout, shown)

    def test_psycopg2(self):
        server = self.server()
        with self.capture("-p", server.pid) as capture:
            self.run_python("psycopg2", """
import psycopg2
connection = psycopg2.connect("")
cursor = connection.cursor()
cursor.execute("SELECT %s, %s", (1, "it's"))
cursor.execute("SELECT generate_series(1, 1000)")
assert len(cursor.fetchall()) == 1000
connection.commit()
""")
            capture.wait_for(5)
        self.assertEqual(self.statements(capture),
                         ["BEGIN", "SELECT 1, 'it''s'", "SELECT generate_series(1, 1000)", "COMMIT"])
        big = self.asked(capture)[2]["response"]
        self.assertEqual((big["row_count"], big["rows"][-1]), (1000, [10]))
        self.assert_complete(capture)

    def test_psycopg(self):
        """It picks integers of the least size, in binary or text, and prepares at the sixth run."""
        server = self.server()
        with self.capture("-p", server.pid) as capture:
            self.run_python("psycopg", """
import psycopg, datetime, decimal, uuid
with psycopg.connect("", autocommit=True) as connection:
    for number in range(8):
        connection.execute("SELECT %s::int4 + 1", (number,)).fetchall()
    cursor = connection.cursor(binary=True)
    cursor.execute("SELECT %b, %b, %b, %b, %b", (70000, 1.5, True, "text", [1, 2]))
    print(cursor.fetchone())
    connection.execute("CREATE TABLE t (i int)")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s)", [(1,), (2,), (3,)])
    with connection.cursor().copy("COPY t FROM STDIN") as copy:
        for number in range(100):
            copy.write_row((number,))
""")
            wait_until(lambda: any("COPY" in t.get("request", {}).get("statement", "") for t in capture.seen_so_far()), "COPY")
        runs = [t for t in self.asked(capture, kind="execute") if t["request"]["statement"] == "SELECT $1::int4 + 1"]
        self.assertEqual([t["request"]["parameters"] for t in runs], [[n] for n in range(8)])
        self.assertEqual([t["response"]["rows"] for t in runs], [[[n + 1]] for n in range(8)])
        self.assertEqual(sum(bool(t["request"].get("statement_name")) for t in runs), 3)
        (typed,) = [t for t in self.asked(capture) if "$5" in t["request"]["statement"]]
        self.assertEqual(typed["request"]["parameters"], [70000, 1.5, True, "text", "{1,2}"])
        self.assertEqual(typed["response"]["rows"], [[70000, 1.5, True, "text", "{1,2}"]])
        many = [t for t in self.asked(capture) if t["request"]["statement"] == "INSERT INTO t VALUES ($1)"]
        self.assertEqual([t["request"]["parameters"] for t in many if t["kind"] == "execute"], [[1], [2], [3]])
        (copy,) = [t for t in self.asked(capture) if t["request"]["statement"] == "COPY t FROM STDIN"]
        self.assertEqual(copy["response"]["command_tag"], "COPY 100")
        self.assertEqual(copy["response"]["copy"]["body"]["size"], len("".join(f"{n}\n" for n in range(100))))
        self.assert_complete(capture)

    def test_asyncpg(self):
        """Binary parameters by the types that the server names; statements are prepared behind a Flush."""
        server = self.server()
        with self.capture("-p", server.pid) as capture:
            self.run_python("asyncpg", """
import asyncio, asyncpg, datetime, decimal, uuid
async def main():
    connection = await asyncpg.connect(ssl=False)
    for number in range(3):
        await connection.fetch("SELECT $1::int8, $2::numeric, $3::timestamptz, $4::uuid, $5::bytea, $6::float8", number,
                               decimal.Decimal("-12.340"), datetime.datetime(2026, 1, 31, 12, 0, 1, 500000, datetime.timezone.utc),
                               uuid.UUID(int=17), b"\\0\\1", 0.25)
    async with connection.transaction():
        await connection.execute("CREATE TABLE t (i int)")
        await connection.executemany("INSERT INTO t VALUES ($1)", [(1,), (2,)])
    try:
        await connection.fetch("SELECT nothing")
    except asyncpg.UndefinedColumnError:
        pass
    await connection.close()
asyncio.run(main())
""")
            wait_until(lambda: any("nothing" in t.get("request", {}).get("statement", "") for t in capture.seen_so_far()), "errors")
        runs = [t for t in self.asked(capture, kind="execute") if "uuid" in t["request"]["statement"]]
        expected = [-1, "-12.340", "2026-01-31 12:00:01.5+00", "00000000-0000-0000-0000-000000000011", "\\x0001", 0.25]
        for number, run in enumerate(runs):
            expected[0] = number
            self.assertEqual(run["request"]["parameters"], expected)
            self.assertEqual(run["response"]["rows"], [expected])
        self.assertEqual(len(runs), 3)
        inserts = [t for t in self.asked(capture, kind="execute") if "INSERT" in t["request"]["statement"]]
        self.assertEqual([t["request"]["parameters"] for t in inserts], [[1], [2]])
        (failed,) = [t for t in self.asked(capture) if t["request"]["statement"] == "SELECT nothing"]
        self.assertEqual(failed["response"]["error"]["code"], "42703")
        self.assert_complete(capture)

    def test_listen_cancel_and_termination(self):
        server = self.server()
        with self.capture("-p", server.pid) as capture:
            self.run_python("psycopg2", """
import psycopg2, psycopg2.extensions, select, threading, time
listener = psycopg2.connect("")
listener.autocommit = True
listener.cursor().execute("LISTEN news")
other = psycopg2.connect("")
other.autocommit = True
other.cursor().execute("NOTIFY news, 'hello'")
select.select([listener], [], [], 30)
listener.poll()
assert [n.payload for n in listener.notifies] == ["hello"]
timer = threading.Timer(0.5, other.cancel)
timer.start()
try:
    other.cursor().execute("SELECT pg_sleep(60)")
except psycopg2.extensions.QueryCanceledError as error:
    assert error.pgcode == "57014"
timer.join()
other.cursor().execute(f"SELECT pg_terminate_backend({listener.info.backend_pid})")
select.select([listener], [], [], 30)
""")
            wait_until(lambda: any(t["kind"] == "error" for t in capture.seen_so_far()), "the end of the session")
        (told,) = [t for t in capture.transactions if t["kind"] == "notification"]
        self.assertEqual((told["response"]["channel"], told["response"]["payload"]), ("news", "hello"))
        (cancel,) = [t for t in capture.transactions if t["kind"] == "cancel"]
        self.assertTrue(cancel["integrity"]["complete"])
        (slept,) = [t for t in self.asked(capture) if "pg_sleep" in t["request"]["statement"]]
        self.assertEqual(slept["response"]["error"]["code"], "57014")
        self.assertGreaterEqual(slept["duration_us"], 400_000)
        (ended,) = [t for t in capture.transactions if t["kind"] == "error"]
        self.assertEqual(ended["response"]["error"]["code"], "57P01")
        self.assert_complete(capture)

    def test_replication(self):
        server = self.server()
        with self.capture("-p", server.pid) as capture:
            folder = os.path.join(self.folder, "wal")
            os.mkdir(folder)
            receiver = self.spawn(self.binaries + "/pg_receivewal", "-D", folder, env=self.environment)
            wait_until(lambda: any("START_REPLICATION" in t.get("request", {}).get("statement", "") for t in capture.seen_so_far()),
                       "START_REPLICATION")
            self.psql("-c", "CREATE TABLE t AS SELECT generate_series(1, 1000)")
            time.sleep(0.5)
            self.end(receiver)
            wait_until(lambda: any(t["kind"] == "replication" for t in capture.seen_so_far()), "the end of the stream")
        (stream,) = [t for t in capture.transactions if t["kind"] == "replication"]
        self.assertEqual(stream["response"]["copy"]["direction"], "both")
        self.assertGreater(stream["response"]["copy"]["body"]["size"], 1000)
        self.assertIn("IDENTIFY_SYSTEM", self.statements(capture))

    def test_pgbench(self):
        """Eight connections at full speed: each transaction is there, however statements are sent."""
        self.need("pgbench")
        server = self.server()
        bench = lambda *words: subprocess.run(["pgbench", *words, "postgres"], check=True, capture_output=True, env=self.environment)
        bench("-i", "-q", "-s", "1")
        for mode in "simple", "extended", "prepared":
            with self.capture("-p", server.pid) as capture:
                bench("-n", "-S", "-c", "8", "-t", "500", "-M", mode)
                wait_until(lambda: len(capture.seen_so_far("connection")) >= 8, "the end of connections")
            selects = [t for t in self.asked(capture) if t["request"]["operation"] == "SELECT" and t["kind"] != "prepare" and
                       "abalance" in t["request"]["statement"]]
            self.assertEqual(len(selects), 8 * 500, mode)
            self.assertEqual({t["response"]["row_count"] for t in selects}, {1})
            if mode != "simple":
                self.assertEqual({t["request"]["parameter_count"] for t in selects}, {1})
            self.assert_complete(capture)

    def test_joined_midstream(self):
        """Statements prepared before are unknown, all else is there from the first whole exchange on."""
        server = self.server()
        client = self.python("""
import psycopg, sys
connection = psycopg.connect("", autocommit=True, prepare_threshold=0)
connection.execute("SELECT %s::text", ("before",))
print("ready", flush=True)
for line in sys.stdin:
    connection.execute("SELECT %s::text", (line.strip(),))
    connection.execute("SELECT 2", prepare=False)
    print("done", flush=True)
""", env=self.environment)
        if client.stdout.readline() != "ready\n":
            self.skipTest("python3-psycopg is not installed")
        with self.capture("-p", server.pid) as capture:
            for number in range(3):
                client.stdin.write(f"n{number}\n")
                client.stdin.flush()
                client.stdout.readline()
                time.sleep(1.1)  # silence with nothing outstanding restores certainty
            capture.wait_for(6)
        self.assertEqual([(t["request"]["statement"], t["request"].get("parameters", [])) for t in capture.transactions[:4]],
                         [("<unknown>", ["n0"]), ("SELECT 2", []), ("<unknown>", ["n1"]), ("SELECT 2", [])])
        self.assertFalse(capture.transactions[0]["integrity"]["complete"])
        self.assertTrue(capture.transactions[-1]["integrity"]["complete"])

    def test_wireshark(self):
        """An untouched tshark dissects the file, on any port, and finds the same statements."""
        self.need("tshark")
        server = self.server()
        for tls in False, True:
            path = os.path.join(self.folder, f"tls{tls}.pcapng")
            with self.capture("-p", server.pid, "-w", path) as capture:
                self.psql(input=";\n".join(self.SCRIPT) + ";\n", tls=tls)
                capture.wait_for(len(self.SCRIPT) + 1)
            found = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "pgsql.query"], check=True, capture_output=True,
                                   text=True).stdout.split("\n")
            found = collections.Counter(line.rstrip(";") for line in found if line)
            self.assertEqual(found, collections.Counter(self.SCRIPT), f"tls: {tls}")


if __name__ == "__main__":
    unittest.main()
