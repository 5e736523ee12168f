"""Real redis-server, redis-cli and redis-benchmark under capture, seen from the server."""
import os
import socket
import subprocess
import time

from harness import LiveTest, free_port, is_listening, wait_until


class RedisTest(LiveTest):
    def server(self, *options, tls=False):
        """A running redis-server: (process, port)."""
        self.need("redis-server", "redis-cli")
        port = free_port()
        listen = ("--tls-port", port, "--port", 0, "--tls-cert-file", self.certificate[0], "--tls-key-file",
                  self.certificate[1], "--tls-auth-clients", "no") if tls else ("--port", port)
        process = self.spawn("redis-server", *listen, "--bind", "127.0.0.1", "--save", "", "--dir", self.folder,
                             "--dbfilename", f"{port}.rdb", *options)
        wait_until(lambda: is_listening(port), "redis-server")
        return process, port

    @staticmethod
    def cli(port, *words, stdin=None):
        return subprocess.run(["redis-cli", "-p", str(port), *map(str, words)], input=stdin, check=True,
                              capture_output=True, text=True, timeout=60).stdout

    def commands(self, capture):
        return [t["request"]["command"] for t in capture.transactions if "request" in t]

    def exchange(self, capture, command):
        """The only transaction of that command."""
        (found,) = [t for t in capture.transactions if t.get("request", {}).get("command") == command]
        return found

    def assert_complete(self, capture):
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "redis")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])

    def test_cli(self):
        server, port = self.server()
        with self.capture("-p", server.pid, "-c", "redis-cli", outputs=("-o", "text")) as capture:
            self.cli(port, stdin="SET greeting hello\nGET greeting\nLPUSH list a b c\nLRANGE list 0 -1\nINCR list\nGET nothing\n")
            capture.wait_for(12)
        for role in "client", "server":
            seen = [t for t in capture.transactions if t["connection"]["role"] == role and
                    t["request"]["command"] not in ("COMMAND", "HELLO")]
            self.assertEqual([(t["request"]["command"], t["response"].get("value")) for t in seen],
                             [("SET", "OK"), ("GET", "hello"), ("LPUSH", 3), ("LRANGE", ["c", "b", "a"]), ("INCR", None),
                              ("GET", None)])
            self.assertEqual(seen[1]["request"]["keys"], ["greeting"])
            self.assertEqual(seen[4]["response"]["error"]["code"], "WRONGTYPE")
        self.assertIn('redis  GET greeting → "hello"', capture.stdout)
        self.assert_complete(capture)

    def test_resp3_and_transactions(self):
        server, port = self.server()
        with self.capture("-p", server.pid) as capture:
            self.cli(port, "-3", stdin="HSET h a 1 b 2\nHGETALL h\nSADD s x\nSMEMBERS s\nZADD z 1.5 m\nZSCORE z m\nMULTI\nINCR n\n"
                                       "INCR n\nEXEC\nDEBUG PROTOCOL big\n")
            capture.wait_for(12)
        self.assertIn("HELLO", self.commands(capture))
        self.assertEqual(self.exchange(capture, "HGETALL")["response"]["type"], "map")
        self.assertEqual(self.exchange(capture, "HGETALL")["response"]["value"], [["a", "1"], ["b", "2"]])
        self.assertEqual(self.exchange(capture, "SMEMBERS")["response"]["type"], "set")
        self.assertEqual(self.exchange(capture, "ZSCORE")["response"]["value"], 1.5)
        self.assertEqual(self.exchange(capture, "EXEC")["response"]["value"], [1, 2])
        self.assert_complete(capture)

    def test_pub_sub(self):
        server, port = self.server()
        with self.capture("-p", server.pid) as capture:
            subscriber = self.spawn("redis-cli", "-p", port, "subscribe", "news", stdout=subprocess.PIPE)
            wait_until(lambda: self.cli(port, "PUBSUB", "NUMSUB", "news").split()[-1] == "1", "the subscription")
            for text in "one", "two":
                self.cli(port, "publish", "news", text)
            wait_until(lambda: sum(t["kind"] == "push" for t in capture.seen_so_far()) >= 2, "messages")
            self.end(subscriber)
        pushed = [t["response"]["value"] for t in capture.transactions if t["kind"] == "push"]
        self.assertEqual(pushed[-2:], [["message", "news", "one"], ["message", "news", "two"]])
        self.assertIn("SUBSCRIBE", self.commands(capture))

    def test_blocking_and_monitor(self):
        server, port = self.server()
        with self.capture("-p", server.pid) as capture:
            monitor = self.spawn("redis-cli", "-p", port, "monitor", stdout=subprocess.PIPE)
            monitor.stdout.readline()
            waiting = self.spawn("redis-cli", "-p", port, "blpop", "queue", 30)
            wait_until(lambda: "cmd=blpop" in self.cli(port, "client", "list"), "blpop")
            time.sleep(0.2)
            self.cli(port, "rpush", "queue", "job")
            waiting.wait(60)
            wait_until(lambda: any(t.get("request", {}).get("command") == "BLPOP" for t in capture.seen_so_far()), "blpop")
            self.end(monitor)
        blocked = self.exchange(capture, "BLPOP")
        self.assertEqual(blocked["response"]["value"], ["queue", "job"])
        self.assertGreaterEqual(blocked["duration_us"], 200_000)
        lines = [t for t in capture.transactions if t["kind"] == "monitor"]
        self.assertTrue(any("rpush" in str(line).lower() for line in lines), lines)

    def test_passwords_are_hidden(self):
        server, port = self.server("--requirepass", "open sesame")
        for options, shown in ((), "***"), (("--show-secrets",), "open sesame"):
            with self.capture("-p", server.pid, *options, outputs=("-o", "text", "-v")) as capture:
                subprocess.run(["redis-cli", "-p", str(port)], input='AUTH "open sesame"\nPING\nHELLO 2 AUTH default "open sesame"\n',
                               check=True, capture_output=True, text=True)
                wait_until(lambda: any(t["request"]["command"] == "HELLO" for t in capture.seen_so_far()), "HELLO")
            self.assertEqual(self.exchange(capture, "AUTH")["request"]["args"], [shown])
            with open(capture.json_path, encoding="utf-8") as file:
                everything = file.read() + capture.stdout
            self.assertEqual("sesame" in everything, bool(options), everything)

    def test_cluster_redirect(self):
        server, port = self.server("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port",
                                   free_port())
        # Slot 12182 (of "foo") belongs to another node, which was never met: made by hand.
        self.end(server)
        other = "0123456789abcdef0123456789abcdef01234567"
        with open(os.path.join(self.folder, "nodes.conf"), encoding="utf-8") as file:
            lines = [line for line in file if "myself" in line]
        with open(os.path.join(self.folder, "nodes.conf"), "w", encoding="utf-8") as file:
            file.write(lines[0].strip() + " 0-12000\n")
            file.write(f"{other} 127.0.0.1:7999@17999 master - 0 0 2 connected 12001-16383\n")
            file.write("vars currentEpoch 2 lastVoteEpoch 0\n")
        server, port = self.server("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port",
                                   free_port(), "--cluster-require-full-coverage", "no", "--cluster-node-timeout", "60000")
        wait_until(lambda: "MOVED" in subprocess.run(["redis-cli", "-p", str(port), "get", "foo"], capture_output=True,
                                                     text=True).stdout, "the cluster to be up")
        with self.capture("-p", server.pid, outputs=("-o", "text")) as capture:
            self.cli(port, "get", "foo")
            capture.wait_for(1)
        redirect = self.exchange(capture, "GET")["response"]["redirect"]
        self.assertEqual(redirect, {"kind": "MOVED", "slot": 12182, "endpoint": "127.0.0.1:7999"})

    def test_replication(self):
        master, port = self.server("--repl-diskless-sync-delay", 0)
        replica, replica_port = self.server()
        self.cli(port, "set", "old", "x" * 1000)
        with self.capture("-p", master.pid) as capture:
            self.cli(replica_port, "replicaof", "127.0.0.1", port)
            wait_until(lambda: "master_link_status:up" in self.cli(replica_port, "info", "replication"), "the replica")
            for number in range(20):
                self.cli(port, "set", f"key{number}", number)
            wait_until(lambda: self.cli(replica_port, "get", "key19").strip() == "19", "the last command")
            wait_until(lambda: sum(t["kind"] == "replicated" and t["request"]["command"] == "SET"
                                   for t in capture.seen_so_far()) >= 20, "the stream")
        (snapshot,) = [t["snapshot"] for t in capture.transactions if t["kind"] == "snapshot"]
        self.assertTrue(snapshot["finished"])
        self.assertGreater(snapshot["bytes"], 50)
        streamed = [t["request"]["args"] for t in capture.transactions
                    if t["kind"] == "replicated" and t["request"]["command"] == "SET"]
        self.assertEqual(streamed, [[f"key{n}", str(n)] for n in range(20)])
        self.assertEqual(replica.poll(), None)

    def test_tls(self):
        server, port = self.server(tls=True)
        with self.capture("-p", server.pid, "-c", "redis-cli") as capture:
            self.cli(port, "--tls", "--cacert", self.certificate[0], "set", "a", "b")
            capture.wait_for(2)
        self.assertEqual(sorted(t["connection"]["role"] for t in capture.transactions), ["client", "server"])
        for transaction in capture.transactions:
            self.assertEqual(transaction["connection"]["carrier"], "tls")
            self.assertEqual(transaction["response"]["value"], "OK")
        self.assertEqual([c for c in capture.of_type("connection") if c["connection"]["carrier"] == "cleartext"], [])

    def test_io_threads(self):
        """Sockets are read and written by several threads."""
        self.need("redis-benchmark")
        server, port = self.server("--io-threads", 3, "--io-threads-do-reads", "yes")
        with self.capture("-p", server.pid) as capture:
            subprocess.run(["redis-benchmark", "-p", str(port), "-P", "16", "-n", "16000", "-c", "20", "-q", "-t", "get"],
                           check=True, capture_output=True)
            capture.wait_for(16000)
        self.assertEqual(self.commands(capture).count("GET"), 16000)
        self.assert_complete(capture)

    def test_joined_amid_a_command(self):
        """Its reply goes to nobody: no pair that may be wrong is shown as complete."""
        server, port = self.server()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nhe")
            wait_until(lambda: "qbuf=" in self.cli(port, "client", "list"), "the server to read")
            with self.capture("-p", server.pid) as capture:
                client.sendall(b"llo\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n")
                answer = b""
                while not answer.endswith(b"hello\r\n"):
                    answer += client.recv(100)
                capture.wait_for(2)
        for transaction in capture.transactions:
            self.assertFalse(transaction["integrity"]["complete"], transaction)
        values = [t["response"]["value"] for t in capture.transactions]
        self.assertEqual(values, ["OK", "hello"])

    def test_decode_as(self):
        """No command of Redis that is known, and an error: this is not claimed, unless the port is said to be Redis's."""
        server, port = self.server()
        for options, expected in ((), []), (("--decode-as", f"{port}=redis"), ["NOSUCHCOMMAND"] * 2), (
                ("--decode-as", f"{port + 1}=redis"), []):
            with self.capture("-p", server.pid, *options) as capture:
                with socket.create_connection(("127.0.0.1", port)) as client:
                    for number in range(2):
                        client.sendall(b"NOSUCHCOMMAND %d\r\n" % number)
                        self.assertTrue(client.recv(1000).startswith(b"-ERR"))
            self.assertEqual(self.commands(capture), expected, options)
            (record,) = capture.of_type("connection")
            self.assertEqual(record.get("protocol"), "redis" if expected else None)
            self.assert_complete(capture)
            for transaction, number in zip(capture.transactions, "01"):
                self.assertEqual(transaction["request"]["args"], [number])
                self.assertEqual(transaction["response"]["error"]["code"], "ERR")
