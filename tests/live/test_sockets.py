"""Each way of moving bytes through a socket: seen once, in order, at the right place; what cannot be read is a gap."""
import os
import re
import shutil
import subprocess

from harness import LiveTest, free_port, wait_until

ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|.)")
NAMED = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\", b'"': b'"'}
HERE = os.path.dirname(os.path.abspath(__file__))


def unescape(match):
    word = match.group(1)
    return bytes([int(word[1:], 16)]) if word[:1] == b"x" and len(word) == 3 else NAMED[word]


def read_streams(path):
    """From a trace: {(connection, direction): [bytes of each event; a number for as many that are missing]}."""
    streams, payload = {}, None
    with open(path, "rb") as lines:
        for line in lines:
            if line.startswith(b"|"):
                payload[-1] += ESCAPE.sub(unescape, line[1:-1])
                continue
            words = line.decode(errors="replace").split()
            if words and words[0] in ("data", "gap"):
                payload = streams.setdefault((words[2], words[3]), [])
                size = next((int(w[5:]) for w in words if w.startswith("size=")), 0)
                payload.append(b"" if words[0] == "data" else size)
    return streams


class SocketsTest(LiveTest):
    def streams_of(self, process, *options):
        """What passes from the line on stdin until the process ends; and the capture."""
        trace = os.path.join(self.folder, "trace")
        with self.capture("-p", process.pid, "--cleartext-only", *options, outputs=("-o", f"trace:{trace}")) as capture:
            process.stdin.write("\n")
            process.stdin.flush()
            output = process.stdout.read()
            self.assertEqual(process.wait(), 0, output)
        if "unavailable" in output:
            self.skipTest("this kernel has no io_uring, or does not allow it")
        return read_streams(trace), capture

    def program(self, way, *flags):
        """socket_calls.c, about to do `way`."""
        if not shutil.which("cc"):
            self.skipTest("no C compiler")
        path = os.path.join(self.folder, "socket_calls")
        subprocess.run(["cc", "-Wall", "-O1", "-o", path, os.path.join(HERE, "socket_calls.c"), *flags], check=True)
        return self.spawn(path, way, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def by_direction(streams):
        return {direction: pieces for (_, direction), pieces in streams.items()}

    def test_sendmmsg_and_recvmmsg(self):
        streams, capture = self.streams_of(self.program("mmsg"))
        datagrams = [b"" if i == 7 else b"datagram %d" % i for i in range(20)]
        both = self.by_direction(streams)
        # an empty datagram has no bytes to show
        self.assertEqual(both["sent"], [d for d in datagrams if d])
        self.assertEqual(both["received"], [d for d in datagrams if d])
        self.assertEqual(capture.summary["losses"], [])

    def test_splice_is_a_known_gap(self):
        streams, capture = self.streams_of(self.program("splice"))
        both = self.by_direction(streams)
        self.assertEqual(both["sent"], [b"before", 7, b"after"])
        self.assertEqual(both["received"], [b"before", 7, b"after"])
        self.assertEqual([(l["cause"], l["bytes"]) for l in capture.summary["losses"]], [("no_buffer", 14)])

    def test_io_uring_is_a_known_gap(self):
        if not os.path.exists("/usr/include/liburing.h"):
            self.skipTest("liburing-dev is not installed")
        streams, capture = self.streams_of(self.program("uring", "-DWITH_URING", "-luring"))
        both = self.by_direction(streams)
        self.assertEqual(both["sent"], [b"before", 11, b"after"])
        self.assertEqual(both["received"], [b"before", 11, b"after"])
        self.assertEqual([(l["cause"], l["bytes"]) for l in capture.summary["losses"]], [("no_buffer", 22)])

    def test_dropped_bytes_are_a_known_gap(self):
        """recv(MSG_TRUNC) leaves in the buffer, or in pages never touched, what was there before."""
        process = self.python(
            """if True:
            import mmap, socket, sys
            sys.stdin.readline()
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            client.sendall(b"before" + b"dropped" + b"after")
            client.close()
            assert server.recv(6) == b"before"
            used, untouched = bytearray(b"an older request"), mmap.mmap(-1, 1 << 20)
            assert server.recv_into(used, 4, socket.MSG_TRUNC) == 4
            assert server.recv_into(memoryview(untouched)[65536:], 3, socket.MSG_TRUNC) == 3
            assert server.recv(100) == b"after" and server.recv(100) == b""
            server.close()
            """)
        streams, capture = self.streams_of(process)
        both = self.by_direction(streams)
        self.assertEqual(both["received"], [b"before", 4, 3, b"after"])
        self.assertEqual([(l["cause"], l["bytes"]) for l in capture.summary["losses"]], [("no_buffer", 7)])
        missing = {c["received"]["missing"] for c in capture.of_type("connection")}
        self.assertEqual(missing, {0, 7})

    def test_what_is_cut_off_is_counted_once(self):
        process = self.python(
            """if True:
            import socket, sys
            sys.stdin.readline()
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            for _ in range(3):
                client.sendall(b"x" * 100)
                assert server.recv(100, socket.MSG_WAITALL) == b"x" * 100
            client.close(); server.close()
            """)
        _, capture = self.streams_of(process, "-s", 40)
        self.assertEqual([(l["cause"], l["bytes"]) for l in capture.summary["losses"]], [("snaplen", 2 * 3 * 60)])
        self.assertEqual([c["sent"]["missing"] + c["received"]["missing"] for c in capture.of_type("connection")],
                         [180, 180])

    def test_end_that_was_read_is_no_byte(self):
        """Also when the connection is broken behind it, with and without bytes that nobody read."""
        process = self.python(
            """if True:
            import socket, struct, sys, time
            sys.stdin.readline()
            listener = socket.create_server(("127.0.0.1", 0))
            for unread in b"", b"nobody reads this":
                client = socket.create_connection(listener.getsockname())
                server, _ = listener.accept()
                client.sendall(b"hello" + unread)
                server.sendall(b"answer")
                assert server.recv(5) == b"hello"
                client.shutdown(socket.SHUT_WR)
                assert unread or server.recv(5) == b""
                server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                server.close()  # a reset
                assert client.recv(6) == b"answer"
                try:
                    client.recv(1)
                except ConnectionResetError:
                    pass
                client.close()
            """)
        streams, capture = self.streams_of(process)
        self.assertEqual(sorted(map(tuple, streams.values())),
                         [(b"answer",), (b"answer",), (b"answer",), (b"answer",), (b"hello",), (b"hello",), (b"hello",),
                          (b"hellonobody reads this",)])
        self.assertEqual(capture.summary["losses"], [])
        self.assertEqual({c["reason"] for c in capture.of_type("connection")}, {"reset"})

    def test_partial_sends_and_retries(self):
        """A non-blocking sender whose buffer is full most of the time, a slow reader that peeks before it reads."""
        process = self.python(
            """if True:
            import select, socket, sys
            sys.stdin.readline()
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)  # else the kernel may make room for all of it
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            content = b"".join(b"%07d\\n" % i for i in range(50000))
            left, taken, full = memoryview(content), b"", 0
            while len(taken) < len(content):
                # Never in recv while bytes wait for room: what was read may not be acknowledged yet.
                readable, writable, _ = select.select([server], [client] if left else [], [])
                try:
                    while writable and left:
                        left = left[client.send(left):]
                except BlockingIOError:
                    full += 1
                if readable:
                    server.recv(100, socket.MSG_PEEK)
                    taken += server.recv(10000)
            assert full > 2
            assert taken == content
            try:
                client.recv(1)
            except BlockingIOError:
                pass
            client.close(); server.close()
            """)
        streams, capture = self.streams_of(process)
        both = self.by_direction(streams)
        content = b"".join(b"%07d\n" % i for i in range(50000))
        self.assertEqual(b"".join(both["sent"]), content)
        self.assertEqual(b"".join(both["received"]), content)
        self.assertGreater(len(both["sent"]), 2)
        self.assertEqual(capture.summary["losses"], [])

    def test_zero_length_datagrams_keep_the_order(self):
        process = self.python(
            """if True:
            import socket, sys
            sys.stdin.readline()
            one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
            one.bind(("127.0.0.1", 0)); two.bind(("127.0.0.1", 0))
            for bytes in b"", b"first", b"", b"second":
                one.sendto(bytes, two.getsockname())
                assert two.recvfrom(100)[0] == bytes
            """)
        streams, _ = self.streams_of(process)
        self.assertEqual(sorted(streams.values()), [[b"first", b"second"]] * 2)

    def test_descriptors_that_travel(self):
        """Inherited by a program that is executed, and passed over a unix socket: the stream stays one."""
        process = self.python(
            """if True:
            import array, os, socket, subprocess, sys
            sys.stdin.readline()
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            client.sendall(b"from the parent,")
            subprocess.run(["/bin/sh", "-c", f"printf ' a program,' >&{client.fileno()}"], pass_fds=[client.fileno()])
            here, there = socket.socketpair()
            if os.fork() == 0:
                client.close()
                _, control, _, _ = there.recvmsg(1, socket.CMSG_SPACE(4))
                os.write(array.array("i", control[0][2][:4])[0], b" and who got it")
                os._exit(0)
            here.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [client.fileno()]))])
            os.wait()
            client.close()
            assert server.recv(100, socket.MSG_WAITALL) == b"from the parent, a program, and who got it"
            server.close()
            """)
        streams, capture = self.streams_of(process)
        whole = b"from the parent, a program, and who got it"
        self.assertEqual(sorted(b"".join(pieces) for pieces in streams.values()), [whole, whole])
        self.assertEqual(len(capture.of_type("connection")), 2)

    def test_accepted_before(self):
        """Both ends were open, and had carried bytes, when the capture began."""
        process = self.python(
            """if True:
            import socket, sys
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            client.sendall(b"unseen")
            server.recv(6)
            sys.stdin.readline()
            client.sendall(b"seen")
            server.recv(4)
            client.close(); server.close()
            """)
        streams, capture = self.streams_of(process)
        self.assertEqual(sorted(streams.values()), [[b"seen"], [b"seen"]])
        for record in capture.of_type("connection"):
            self.assertTrue(record["connection"]["joined_midstream"])

    def test_nc(self):
        """netcat at both ends, over TCP and UDP."""
        self.need("nc")
        for flags, transport in ((), "tcp"), (("-u",), "udp"):
            port = free_port()
            server = self.spawn("nc", *flags, "-l", "127.0.0.1", port, stdin=subprocess.PIPE)
            wait_until(lambda: self.is_bound(port, transport), "nc")
            trace = os.path.join(self.folder, f"trace.{transport}")
            with self.capture("-c", "nc", "--cleartext-only", outputs=("-o", f"trace:{trace}")) as capture:
                client = self.spawn("nc", *flags, "-N", "-w", 1, "127.0.0.1", port, stdin=subprocess.PIPE)
                client.stdin.write(b"a question\n")
                client.stdin.flush()
                wait_until(lambda: any(b"a question\n" in s for k, s in read_streams(trace).items()
                                       if k[1] == "received"), "the question")
                server.stdin.write(b"an answer\n")
                server.stdin.flush()
                wait_until(lambda: any(b"an answer\n" in s for k, s in read_streams(trace).items()
                                       if k[1] == "received"), "the answer")
                client.stdin.close()
                client.wait()
                self.end(server)
            self.assertEqual({c["connection"]["transport"] for c in capture.of_type("connection")}, {transport})
            self.assertEqual(sorted(len(s) for s in read_streams(trace).values()), [1, 1, 1, 1])

    @staticmethod
    def is_bound(port, transport):
        with open(f"/proc/net/{transport}", encoding="ascii") as table:
            return any(line.split()[1].endswith(f":{port:04X}") for line in table.readlines()[1:])
