"""A real MariaDB server and clients under capture: each conversation equals what the client knows of it."""
import collections
import os
import pwd
import subprocess
import time
import unittest

from harness import PYTHON, LiveTest, free_port, wait_until

PASSWORD = "open sesame"


class MysqlTest(LiveTest):
    def server(self, *options):
        """A running mariadbd with TLS."""
        self.need("mariadbd", "mariadb-install-db", "mariadb")
        user = pwd.getpwnam("mysql")
        os.chmod(self.folder, 0o755)
        place = os.path.join(self.folder, "mysql")
        os.mkdir(place)
        for path in (place, *self.certificate):
            os.chown(path, user.pw_uid, user.pw_gid)
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={place}/db", "--user=mysql", "--skip-test-db",
                        "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        self.port = free_port()
        server = self.spawn("mariadbd", "--no-defaults", f"--datadir={place}/db", "--user=mysql", f"--port={self.port}",
                            "--bind-address=127.0.0.1", f"--socket={place}/socket", f"--ssl-cert={self.certificate[0]}",
                            f"--ssl-key={self.certificate[1]}", "--local-infile=1", "--skip-name-resolve", *options)
        self.socket = place + "/socket"
        wait_until(lambda: self.root("SELECT 1", check=False).returncode == 0, "mariadbd")
        self.root(f"CREATE DATABASE shop; CREATE USER bob@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; "
                  "GRANT ALL ON *.* TO bob@'127.0.0.1'")
        return server

    def root(self, sql, check=True):
        return subprocess.run(["mariadb", "--no-defaults", "-S", self.socket, "-u", "root", "-e", sql], check=check,
                              capture_output=True, timeout=60)

    def client(self, *arguments, check=False, **options):
        """The command line client, over TCP."""
        return subprocess.run(["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(self.port), "-u", "bob",
                               f"-p{PASSWORD}", "--local-infile=1", "--force", *arguments, "shop"], check=check,
                              capture_output=True, text=True, timeout=60, **options)

    def run_python(self, code, check=True):
        if subprocess.run([PYTHON, "-c", "import pymysql"], capture_output=True).returncode != 0:
            self.skipTest("python3-pymysql is not installed")
        return subprocess.run([PYTHON, "-c", "import pymysql\nconnect = lambda **more: pymysql.connect(host='127.0.0.1', "
                               f"port={self.port}, user='bob', password='{PASSWORD}', database='shop', **more)\n" + code],
                              check=check, stdout=subprocess.PIPE, text=True, timeout=60).stdout

    @staticmethod
    def asked(capture, role="server", **more):
        return [t for t in capture.transactions if t["connection"]["role"] == role and "statement" in t.get("request", {})
                and all(t[key] == value for key, value in more.items())]

    def assert_complete(self, capture):
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "mysql")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])
        with open(capture.json_path, encoding="utf-8") as file:
            self.assertNotIn(PASSWORD, file.read())

    SCRIPT = ["CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, name text)", "INSERT INTO t (name) VALUES ('a'), (NULL), ('c')",
              "SELECT id, name FROM t ORDER BY id", "SELECT nothing", "BEGIN", "UPDATE t SET name = 'x' WHERE id > 1", "COMMIT",
              "INSERT INTO t VALUES (1, 'twice')", "SELECT 1 FROM t WHERE false", "DROP TABLE t"]

    def check_script(self, capture, role):
        seen = [t for t in self.asked(capture, role, kind="query") if t["request"]["statement"] in self.SCRIPT]
        self.assertEqual([t["request"]["statement"] for t in seen], self.SCRIPT)
        answers = [t["response"] for t in seen]
        self.assertEqual([a.get("affected_rows") for a in answers], [0, 3, None, None, 0, 2, 0, None, None, 0])
        self.assertEqual(answers[1]["last_insert_id"], 1)
        self.assertEqual(answers[2]["rows"], [[1, "a"], [2, None], [3, "c"]])
        self.assertEqual([c["name"] for c in answers[2]["columns"]], ["id", "name"])
        self.assertEqual([(a["error"]["code"], a["error"]["sqlstate"]) for a in answers if "error" in a],
                         [("1054", "42S22"), ("1062", "23000")])
        self.assertEqual([a["transaction_status"] for a in answers[4:7]], ["in_transaction", "in_transaction", "idle"])
        self.assertEqual(answers[8]["row_count"], 0)

    def check_client(self, *options, tls):
        server = self.server()
        with self.capture("-p", server.pid, "-c", "mariadb", outputs=("-o", "text")) as capture:
            self.client(*options, input=";\n".join(self.SCRIPT) + ";\n")
            wait_until(lambda: sum(t.get("request", {}).get("command") == "COM_QUIT" for t in capture.seen_so_far()) >= 2, "the end")
        for role in "client", "server":
            self.check_script(capture, role)
            (login,) = [t for t in capture.transactions if t["kind"] == "startup" and t["connection"]["role"] == role]
            self.assertEqual((login["request"]["user"], login["request"]["database"]), ("bob", "shop"))
            self.assertIn("MariaDB", login["response"]["server_version"])
            self.assertEqual(login["connection"]["carrier"], "tls" if tls else "cleartext")
        self.assert_complete(capture)
        return capture

    def test_client(self):
        capture = self.check_client("--skip-ssl", tls=False)
        self.assertIn("mysql  SELECT id, name FROM t ORDER BY id → 3 rows", capture.stdout)

    def test_tls(self):
        """The greeting and an SSLRequest in cleartext, and all else in the TLS that follows on the same socket."""
        capture = self.check_client("--ssl", tls=True)
        asked = [t for t in capture.transactions if t["kind"] == "encryption"]
        self.assertEqual({t["connection"]["carrier"] for t in asked}, {"cleartext"})
        continued = {t["connection"]["continues"] for t in capture.transactions if t["kind"] == "startup"}
        self.assertEqual({t["connection"]["id"] for t in asked}, continued)

    def test_compression(self):
        for algorithm in "zlib", "zstd":
            with self.subTest(algorithm):
                capture = self.check_client("--skip-ssl", "--compress", tls=False)
                self.assertTrue(capture)
            break  # MariaDB 10.11 knows zlib alone

    def test_pymysql(self):
        server = self.server()
        with self.capture("-p", server.pid) as capture:
            self.run_python("""
from pymysql.constants import CLIENT
connection = connect(client_flag=CLIENT.MULTI_STATEMENTS, local_infile=True)
cursor = connection.cursor()
cursor.execute("SELECT %s, %s", (1, "it's"))
cursor.execute("SELECT 1; SELECT 2 UNION SELECT 3; SET @x = 1")
while cursor.nextset():
    pass
cursor.execute("CREATE TABLE t (i int)")
import tempfile
with tempfile.NamedTemporaryFile("w") as file:
    file.write("".join(f"{n}\\n" for n in range(100)))
    file.flush()
    cursor.execute(f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE t")
    assert cursor.rowcount == 100
connection.ping()
connection.commit()
connection.close()
try:
    pymysql.connect(host='127.0.0.1', port=connection.port, user='bob', password='wrong')
except pymysql.err.OperationalError as error:
    assert error.args[0] == 1045
""")
            wait_until(lambda: any(t["response"].get("error", {}).get("code") == "1045" for t in capture.seen_so_far() if "response" in t),
                       "the refusal")
        multi = next(t for t in self.asked(capture) if t["request"]["statement"].startswith("SELECT 1;"))
        self.assertEqual([r.get("row_count") for r in multi["response"]["results"]], [1, 2, None])
        load = next(t for t in self.asked(capture) if "LOAD DATA" in t["request"]["statement"])
        self.assertEqual(load["response"]["affected_rows"], 100)
        self.assertEqual(load["response"]["copy"]["body"]["size"], sum(len(f"{n}\n") for n in range(100)))
        self.assertIn("COM_PING", [t["request"].get("command") for t in capture.transactions])
        self.assert_complete(capture)

    def test_php(self):
        """Prepared statements with types once, cursors, CHANGE_USER."""
        self.need("php")
        server = self.server()
        with self.capture("-p", server.pid) as capture:
            subprocess.run(["php", "-r", """
$db = new mysqli('127.0.0.1', 'bob', '%s', 'shop', %d);
$statement = $db->prepare('SELECT ? + 1, ?');
foreach ([1, 2, 3] as $n) {
    $text = "text $n";
    $statement->bind_param('is', $n, $text);
    $statement->execute();
    $row = $statement->get_result()->fetch_row();
    if ($row[0] != $n + 1) exit(1);
}
$statement->close();
$statement = $db->prepare('SELECT 7 UNION SELECT 8');
$statement->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
$statement->execute();
while ($statement->fetch()) {}
$db->change_user('bob', '%s', 'shop');
$db->close();
""" % (PASSWORD, self.port, PASSWORD)], check=True, timeout=60)
            wait_until(lambda: any(t["request"].get("command") == "COM_QUIT" for t in capture.seen_so_far()), "the end")
        runs = [t for t in self.asked(capture, kind="execute") if t["request"]["statement"] == "SELECT ? + 1, ?"]
        self.assertEqual([t["request"]["parameters"] for t in runs], [[n, f"text {n}"] for n in (1, 2, 3)])
        self.assertEqual([t["response"]["rows"][0][1] for t in runs], [f"text {n}" for n in (1, 2, 3)])
        fetched = [t for t in self.asked(capture, kind="fetch")]
        self.assertEqual(sum(t["response"]["row_count"] for t in fetched), 2)
        (changed,) = [t for t in capture.transactions if t["kind"] == "change_user"]
        self.assertEqual(changed["request"]["user"], "bob")
        self.assert_complete(capture)

    def test_loop(self):
        """Eight connections at full speed: each operation is there, none is lost."""
        server = self.server()
        count = 500
        with self.capture("-p", server.pid) as capture:
            self.run_python(f"""
import threading
def work(number):
    connection = connect()
    cursor = connection.cursor()
    for n in range({count}):
        cursor.execute("SELECT %s, %s", (number, n))
        assert cursor.fetchall() == ((number, n),)
    connection.close()
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
""")
            wait_until(lambda: len(capture.seen_so_far("connection")) >= 8, "the end of connections")
        seen = collections.Counter(t["request"]["statement"] for t in self.asked(capture, kind="query"))
        for number in range(8):
            for n in range(count):
                self.assertEqual(seen[f"SELECT {number}, {n}"], 1)
        self.assert_complete(capture)

    def test_joined_midstream(self):
        server = self.server()
        client = self.python(f"""
import pymysql, sys
connection = pymysql.connect(host='127.0.0.1', port={self.port}, user='bob', password='{PASSWORD}', database='shop')
print("ready", flush=True)
for line in sys.stdin:
    cursor = connection.cursor()
    cursor.execute("SELECT %s", (line.strip(),))
    print("done", flush=True)
""")
        if client.stdout.readline() != "ready\n":
            self.skipTest("python3-pymysql is not installed")
        with self.capture("-p", server.pid) as capture:
            for number in range(3):
                client.stdin.write(f"n{number}\n")
                client.stdin.flush()
                client.stdout.readline()
                time.sleep(1.1)  # silence with nothing outstanding restores certainty
            capture.wait_for(3)
        self.assertEqual([(t["request"]["statement"], t["response"]["rows"]) for t in capture.transactions],
                         [(f"SELECT 'n{n}'", [[f"n{n}"]]) for n in range(3)])
        self.assertEqual([t["integrity"]["complete"] for t in capture.transactions], [False, True, True])

    def test_wireshark(self):
        """An untouched tshark dissects the file, on any port, and finds the same statements."""
        self.need("tshark")
        server = self.server()
        for tls in False, True:
            path = os.path.join(self.folder, f"tls{tls}.pcapng")
            with self.capture("-p", server.pid, "-w", path) as capture:
                self.client("--ssl" if tls else "--skip-ssl", input=";\n".join(self.SCRIPT) + ";\n")
                wait_until(lambda: any(t.get("request", {}).get("command") == "COM_QUIT" for t in capture.seen_so_far()), "the end")
            found = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "mysql.query"], check=True, capture_output=True,
                                   text=True).stdout.split("\n")
            found = collections.Counter(line for line in found if line in self.SCRIPT)
            self.assertEqual(found, collections.Counter(self.SCRIPT), f"tls: {tls}")


if __name__ == "__main__":
    unittest.main()
