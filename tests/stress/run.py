#!/usr/bin/env python3
"""Stress: what a capture must survive on a busy host, and that its counts of losses are true.

  run.py --sslsniff BINARY [--short] [--only NAME]

load       64 connections at full load for 60 s: no crash, memory flat, the server unaffected
attach     200 times attached and detached under load: nothing stays behind
killed     the target is killed with SIGKILL under load: the capture ends by itself, cleanly
churn      10,000 connections opened and closed: maps are bounded, every request is seen
overflow   a ring of 256 KiB is made to overflow: octets captured + octets reported missing = octets the client received

--short does less of each, for regular test runs: 5 s, 5 times, 500 connections, 40 transfers.
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

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools/bench"))
import bench_server  # noqa: E402
import readiness  # noqa: E402


class Failure(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failure(text)


class Capture:
    """sslsniff on one process, armed when the constructor returns."""

    def __init__(self, binary, pid, *arguments):
        self.process = readiness.start([binary, "-p", pid, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        check(self.process.poll() is None, f"did not start: {self.process.stderr.read() if self.process.poll() is not None else ''}")

    def memory(self):
        """Resident MiB, without the ring buffer's pages."""
        return int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096 / 2**20

    def stop(self, send=signal.SIGINT):
        if send:
            self.process.send_signal(send)
        summary = self.process.stderr.read()
        status = self.process.wait(60)
        check(status == 0, f"exit status {status}: {summary}")
        return summary


def links():
    """Ids of the BPF links that exist on this host."""
    listed = subprocess.run(["bpftool", "link", "list", "-j"], capture_output=True, text=True, check=True,
                            env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}).stdout
    return {link["id"] for link in json.loads(listed or "[]")}


@contextlib.contextmanager
def wrk(server, size, seconds, connections=64):
    process = subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", server.url(size)], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_load(options, server):
    capture = Capture(options.sslsniff, server.worker, "-o", "json:/dev/null")  # a disk would be the limit
    seconds = 5 if options.short else 60
    with wrk(server, 16384, seconds) as load:
        time.sleep(seconds * 0.3)
        early = capture.memory()
        time.sleep(seconds * 0.6)
        late = capture.memory()
        output = load.communicate()[0]
    time.sleep(0.5)
    summary = capture.stop()
    check(late < early * 1.2 + 20, f"memory grew from {early:.0f} to {late:.0f} MiB")
    check("Non-2xx" not in output, output)
    requests = int(re.search(r"(\d+) requests in", output)[1])
    return f"{requests} requests, {early:.0f} -> {late:.0f} MiB; {summary.strip().splitlines()[-1]}"


def test_attach(options, server):
    times = 5 if options.short else 200
    ours = set()
    with wrk(server, 200, 3600):
        for _ in range(times):
            before = links()
            capture = Capture(options.sslsniff, server.worker, "-q")
            ours |= links() - before
            capture.stop()
    deadline = time.monotonic() + 10  # the kernel frees them later
    while ours & links() and time.monotonic() < deadline:
        time.sleep(0.2)
    left = ours & links()
    check(ours, "bpftool shows no links")
    check(not left, f"{len(left)} of {len(ours)} links left behind")
    check(pathlib.Path(f"/proc/{server.worker}").exists(), "the server died")
    return f"{times} times attached and detached, {len(ours)} links made, none left"


def test_killed(options, server):
    program = subprocess.Popen(["openssl", "s_server", "-quiet", "-www", "-accept", str(port := bench_server.free_port()), "-cert",
                                server.folder / "cert.pem", "-key", server.folder / "key.pem"], stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    capture = Capture(options.sslsniff, program.pid, "-q")
    load = subprocess.Popen(["wrk", "-t1", "-c4", "-d10s", f"https://127.0.0.1:{port}/"], stdout=subprocess.DEVNULL)
    time.sleep(1)
    program.kill()
    program.wait()
    summary = capture.stop(send=None)
    load.kill()
    load.wait()
    check("transactions" in summary or "transaction" in summary, summary)
    return "the capture ended by itself"


def test_churn(options, server):
    capture = Capture(options.sslsniff, server.worker, "-o", f"json:{server.folder}/churn.jsonl", "-q")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    early, count = 0, 500 if options.short else 10_000
    for number in range(count):
        with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port))) as tls:
            tls.sendall(b"GET /200 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while tls.recv(4096):
                pass
        if number == count // 5:
            early = capture.memory()
    late = capture.memory()
    time.sleep(0.5)
    capture.stop()
    seen = (server.folder / "churn.jsonl").read_bytes().count(b'"type":"transaction"')
    check(seen == count, f"{seen} of {count} requests were seen")
    check(late < early * 1.2 + 20, f"memory grew from {early:.0f} to {late:.0f} MiB")
    return f"{count} connections, {early:.0f} -> {late:.0f} MiB"


def test_overflow(options, server):
    """The server's plaintext as the client gets it is the truth."""
    output = server.folder / "overflow.jsonl"
    capture = Capture(options.sslsniff, server.worker, "-o", f"json:{output}", "--buffer-size", "256K")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    received, count = 0, 40 if options.short else 200
    with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port))) as tls:
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
    time.sleep(1)
    summary = capture.stop()
    records = [json.loads(line) for line in output.read_text().splitlines()]
    ours = [r for r in records if r["type"] == "connection" and r["connection"]["remote"]["port"] == own_port]
    check(len(ours) == 1, f"{len(ours)} connection records")
    sent = ours[0]["sent"]
    check(sent["bytes"] == received, f"reported {sent['bytes']} octets, the client received {received}")
    check(sent["missing"] > 0, "nothing was lost: the ring did not overflow")
    lost = sum(loss["bytes"] for r in records if r["type"] == "summary" for loss in r["losses"] if loss["cause"] == "ring_full")
    check(lost == sum(r[way]["missing"] for r in records if r["type"] == "connection" for way in ("sent", "received")),
          f"{lost} octets counted as lost, other than the connections say")
    return f"{received} octets, {sent['missing']} of them reported missing; {summary.strip().splitlines()[-1]}"


TESTS = {"load": test_load, "attach": test_attach, "killed": test_killed, "churn": test_churn, "overflow": test_overflow}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sslsniff", required=True)
    parser.add_argument("--short", action="store_true", help="less of each")
    parser.add_argument("--only", choices=TESTS)
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
