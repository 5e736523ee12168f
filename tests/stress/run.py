#!/usr/bin/env python3
"""Stress: what a capture must survive on a busy host, and that its counts of losses are true.

  run.py --sslsniff BINARY [--short] [--only NAME] [--times N] [--seconds N]

load       64 connections at full load for 60 s, 16 KiB answers: nothing lost, every request seen, memory flat, the server unaffected
bulk       the same with answers of 1 MiB, for 30 s
attach     200 times attached and detached under load: no program, map or link stays behind
killed     the target is killed by SIGKILL under load, 20 times: the capture ends by itself, cleanly, and leaves nothing
churn      10,000 connections opened and closed: every request is seen, memory flat, maps as empty as before
overflow   a ring of 256 KiB is made to overflow: bytes captured + bytes reported missing = bytes the client received

--short does less of each, for regular test runs: 5 s, 5 times, once, 500 connections, 40 transfers; and it does not insist on
zero loss under full load, because other tests' builds may want the processors at the same time.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools/bench"))
import bench_server  # noqa: E402
import bpf_objects  # noqa: E402
import readiness  # noqa: E402


# Names for --backend, to test a way into the kernel that is not its best.
BACKENDS = [f"--backend={name}" for name in os.environ.get("SSLSNIFF_BACKENDS", "").split()]


class Failure(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failure(text)


class Capture:
    """sslsniff on one process, armed when the constructor returns."""

    def __init__(self, binary, pid, *arguments):
        self.process = readiness.start([binary, "-p", pid, *BACKENDS, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        check(self.process.poll() is None, f"did not start: {self.process.stderr.read() if self.process.poll() is not None else ''}")

    def memory(self):
        """Resident MiB of its own: without files, and without the ring, whose pages are the kernel's."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) / 2**10

    def objects(self):
        return bpf_objects.held_by(self.process.pid)

    def map_entries(self):
        return bpf_objects.map_entries(self.process.pid)

    def stop(self, send=signal.SIGINT):
        """The summary of a capture that ends as it should."""
        if send:
            self.process.send_signal(send)
        try:
            summary = self.process.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure(f"did not end: {self.process.communicate()[1]}") from None
        check(self.process.returncode == 0, f"exit status {self.process.returncode}: {summary}")
        return summary


def check_memory(early, late):
    check(late <= early * 1.1 + 4, f"memory grew from {early:.1f} to {late:.1f} MiB")


def check_nothing_left(objects):
    check(any(kind == "link" for kind, _ in objects), "the capture held no links")
    left = bpf_objects.left_of(objects)
    check(not left, f"{len(left)} of {len(objects)} programs, maps and links left behind: {sorted(left)[:10]}")


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def answers(server):
    """Whether the server still serves."""
    with client_context().wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as tls:
        tls.sendall(b"GET /200 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return tls.recv(4096).startswith(b"HTTP/1.1 200")


@contextlib.contextmanager
def wrk(server, size, seconds, connections=64):
    # By default wrk calls an answer of a megabyte that takes 2 s an error, which a busy machine makes of many.
    process = subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", server.url(size)],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_load(options, server, size=16384, seconds=60):
    connections = 64
    capture = Capture(options.sslsniff, server.worker, "-o", "json:/dev/null")  # a disk would be the limit
    seconds = options.seconds or (5 if options.short else seconds)
    with wrk(server, size, seconds, connections) as load:
        time.sleep(seconds * 0.3)
        early = capture.memory()
        time.sleep(seconds * 0.6)
        late = capture.memory()
        output = load.communicate()[0]
    time.sleep(0.5)
    objects = capture.objects()
    summary = capture.stop()
    last = summary.strip().splitlines()[-1]
    requests = int(re.search(r"(\d+) requests in", output)[1])
    seen = int(re.search(r"^(\d+) transaction", summary, re.MULTILINE)[1])
    check("Non-2xx" not in output and "Socket errors" not in output, output)
    check_memory(early, late)
    check_nothing_left(objects)
    nothing_lost = last == "0 events lost"
    check(nothing_lost or options.short, f"lost under full load: {summary}")
    # wrk leaves amid its last requests, which the server answers
    check(requests <= seen <= requests + connections or not nothing_lost, f"{seen} transactions of {requests} requests seen")
    check(answers(server), "the server is gone")
    return f"{requests} requests in {seconds} s, {seen} transactions, {early:.1f} -> {late:.1f} MiB; {last}"


def test_bulk(options, server):
    return test_load(options, server, size=2**20, seconds=30)


def test_attach(options, server):
    times = options.times or (5 if options.short else 200)
    made = set()
    with wrk(server, 200, 3600) as load:
        for _ in range(times):
            capture = Capture(options.sslsniff, server.worker, "-q")
            made |= capture.objects()
            capture.stop()
        check(load.poll() is None, "the load ended")
    check_nothing_left(made)
    check(server.current_worker() == server.worker and answers(server), "the server died")
    links = sum(kind == "link" for kind, _ in made)
    return f"{times} times attached and detached, {links} links and {len(made) - links} programs and maps made, none left"


def test_killed(options, server):
    """nginx starts another worker each time."""
    times = options.times or (1 if options.short else 20)
    for _ in range(times):
        worker = server.current_worker()
        output = server.folder / "killed.jsonl"
        output.unlink(missing_ok=True)
        capture = Capture(options.sslsniff, worker, "-q", "-o", f"json:{output}")
        with wrk(server, 200, 60):
            deadline = time.monotonic() + 30
            while output.stat().st_size < 2**20:
                check(time.monotonic() < deadline, "the load does not come")
                time.sleep(0.05)
            objects = capture.objects()
            os.kill(worker, signal.SIGKILL)
            summary = capture.stop(send=None)
        check(int(re.search(r"^(\d+) transaction", summary, re.MULTILINE)[1]) > 0, summary)
        check_nothing_left(objects)
    return f"{times} times the capture ended by itself and left nothing"


def grown(before, after, count):
    """Maps that keep something of connections that are gone: {name: (before, after)}."""
    slack = max(16, count // 50)  # other processes of the host come and go
    return {name: (before.get(name, 0), entries) for name, entries in after.items() if entries > before.get(name, 0) + slack}


def test_churn(options, server):
    capture = Capture(options.sslsniff, server.worker, "-o", f"json:{server.folder}/churn.jsonl", "-q")
    context, count = client_context(), options.times or (500 if options.short else 10_000)
    before = capture.map_entries()
    for number in range(count):
        with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port))) as tls:
            tls.sendall(b"GET /200 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while tls.recv(4096):
                pass
        if number == count // 5:
            early = capture.memory()
    late = capture.memory()
    time.sleep(1)
    after = capture.map_entries()
    capture.stop()
    seen = (server.folder / "churn.jsonl").read_bytes().count(b'"type":"transaction"')
    check(seen == count, f"{seen} of {count} requests were seen")
    check_memory(early, late)
    check({"connections", "bound_sockets", "processes"} <= after.keys(), f"only the maps {sorted(after)} are shown")
    check(not grown(before, after, count), f"maps grew with the connections (before, after): {grown(before, after, count)}")
    kept = ", ".join(f"{name} {entries}" for name, entries in sorted(after.items()) if entries)
    return f"{count} connections, {early:.1f} -> {late:.1f} MiB; entries of maps: {kept or 'none'}"


def test_overflow(options, server):
    """The server's plaintext as the client gets it is the truth."""
    output = server.folder / "overflow.jsonl"
    capture = Capture(options.sslsniff, server.worker, "-o", f"json:{output}", "--buffer-size", "256K")
    received, count, early = 0, options.times or (40 if options.short else 200), 0
    with client_context().wrap_socket(socket.create_connection(("127.0.0.1", server.port))) as tls:
        own_port = tls.getsockname()[1]
        for number in range(count):
            last = number == count - 1
            tls.sendall(f"GET /1048576 HTTP/1.1\r\nHost: x\r\nConnection: {'close' if last else 'keep-alive'}\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += tls.recv(65536)
            received += len(head)
            left = 1048576 - len(head.partition(b"\r\n\r\n")[2])
            while left:
                more = len(tls.recv(65536))
                received += more
                left -= more
            if number == count // 5:
                early = capture.memory()
    time.sleep(1)
    late = capture.memory()
    summary = capture.stop()
    records = [json.loads(line) for line in output.read_text().splitlines()]
    ours = [r for r in records if r["type"] == "connection" and r["connection"]["remote"]["port"] == own_port]
    check(len(ours) == 1, f"{len(ours)} connection records")
    sent = ours[0]["sent"]
    check(sent["bytes"] == received, f"reported {sent['bytes']} bytes, the client received {received}")
    check(sent["missing"] > 0, "nothing was lost: the ring did not overflow")
    lost = sum(loss["bytes"] for r in records if r["type"] == "summary" for loss in r["losses"] if loss["cause"] == "ring_full")
    check(lost == sum(r[way]["missing"] for r in records if r["type"] == "connection" for way in ("sent", "received")),
          f"{lost} bytes counted as lost, other than the connections say")
    check_memory(early, late)
    return f"{received} bytes, {sent['missing']} of them reported missing; {summary.strip().splitlines()[-1]}"


TESTS = {"load": test_load, "bulk": test_bulk, "attach": test_attach, "killed": test_killed, "churn": test_churn,
         "overflow": test_overflow}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sslsniff", required=True)
    parser.add_argument("--short", action="store_true", help="less of each")
    parser.add_argument("--only", choices=TESTS)
    parser.add_argument("--times", type=int, help="repeat so often: attach, killed, churn, overflow")
    parser.add_argument("--seconds", type=int, help="length of load and bulk")
    options = parser.parse_args()
    path = os.environ["PATH"] + ":/usr/sbin"
    missing = [tool for tool in ("nginx", "wrk", "openssl", "bpftool") if not shutil.which(tool, path=path)]
    if missing or os.geteuid() != 0:
        print(f"SKIPPED: {'not installed: ' + ', '.join(missing) if missing else 'needs root'}")
        sys.exit(77)
    failed = 0
    for name, test in TESTS.items():
        if options.only and name != options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="sslsniff-stress-") as folder, \
                bench_server.Nginx(folder, [200, 16384, 1048576]) as server:
            try:
                print(f"{name:<10} ok: {test(options, server)}", flush=True)
            except Failure as failure:
                failed += 1
                print(f"{name:<10} FAILED: {failure}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
