"""-o otlp: what a collector decodes is what the JSON file has, whatever happens to the collector."""
import base64
import glob
import json
import os
import signal
import socket
import subprocess
import time

from harness import SSLSNIFF, LiveTest, free_port, wait_until
from npm import node_path

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "fixtures")
# The generated messages, and what they need.
MESSAGES = ("@opentelemetry/otlp-proto-exporter-base@0.51.1", "protobufjs@7.6.6", "long@5.3.2", "@protobufjs/aspromise@1.1.2",
            "@protobufjs/base64@1.1.2", "@protobufjs/eventemitter@1.1.1", "@protobufjs/float@1.0.2", "@protobufjs/pool@1.1.0",
            "@protobufjs/utf8@1.1.1")


def value_of(value):
    """Of a message AnyValue."""
    if "intValue" in value:
        return int(value["intValue"])
    if "arrayValue" in value:
        return [value_of(item) for item in value["arrayValue"]["values"]]
    return next(iter(value.values()))


def attributes(message):
    return {item["key"]: value_of(item["value"]) for item in message.get("attributes", [])}


def hexadecimal(text):
    return base64.b64decode(text).hex()


class Collector:
    """A running peers/otlp_collector.js; what it took is in a file that a next one may go on with."""

    def __init__(self, test, name="taken.jsonl", certificate=()):
        self.path = os.path.join(test.folder, name)
        self.stderr_path = self.path + ".stderr"
        environment = os.environ | {"NODE_PATH": node_path(test, *MESSAGES)}
        with open(self.stderr_path, "wb") as stderr:
            self.process = test.spawn("node", os.path.join(os.path.dirname(__file__), "peers", "otlp_collector.js"), self.path, *certificate,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment)
        self.port = int(self.process.stdout.readline())
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"

    def turn(self, mode):
        self.process.stdin.write(f"{mode}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == f"{mode}\n"

    def asked(self, mode):
        """How many requests came while it did so."""
        with open(self.stderr_path, encoding="utf-8") as file:
            return sum(line.startswith(mode + " ") for line in file)

    def requests(self, path="/v1/traces"):
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="utf-8") as file:
            return [r for r in map(json.loads, file) if r["path"] == path]

    def spans(self):
        """Each with its "resource", the attributes of both as objects."""
        return [span | {"attributes": attributes(span), "resource": attributes(group["resource"])}
                for request in self.requests() for group in request["body"]["resourceSpans"]
                for scope in group["scopeSpans"] for span in scope["spans"]]


class OtlpTest(LiveTest):
    def replay(self, name, *options):
        return subprocess.run([SSLSNIFF, "-r", os.path.join(FIXTURES, name), *options], capture_output=True, text=True, timeout=120)

    def check_like_json(self, spans, path):
        with open(path, encoding="utf-8") as file:
            lines = [o for o in map(json.loads, file) if o["type"] == "transaction"]
        self.assertEqual(len(spans), len(lines))
        # Those of one process are together.
        for span, line in zip(sorted(spans, key=lambda s: s["attributes"]["sslsniff.connection.id"]),
                              sorted(lines, key=lambda o: o["connection"]["id"])):
            self.assertEqual(span["attributes"]["sslsniff.connection.id"], line["connection"]["id"])
            self.assertEqual(span["attributes"]["sslsniff.protocol"], line["protocol"])
            self.assertEqual(len(hexadecimal(span["traceId"])), 32)
            self.assertEqual(len(hexadecimal(span["spanId"])), 16)
            self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))
        return lines

    def test_all_fixtures(self):
        collector = Collector(self)
        path = os.path.join(self.folder, "all.jsonl")
        total = 0
        for trace in sorted(glob.glob(os.path.join(FIXTURES, "*.trace"))):
            open(collector.path, "w", encoding="utf-8").close()
            done = self.replay(os.path.basename(trace), "-o", f"otlp:{collector.url}", "-o", f"json:{path}")
            self.assertEqual(done.returncode, 0, f"{trace}: {done.stderr}")
            spans = [s for s in collector.spans() if s["name"] != "sslsniff loss"]
            total += len(self.check_like_json(spans, path))
        self.assertGreater(total, 400)

    def test_live_with_parent(self):
        collector = Collector(self)
        nginx, port = self.nginx('location /fail { return 503; } location / { return 200 "x"; }')
        path = os.path.join(self.folder, "all.jsonl")
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        with self.capture("-c", "nginx", "-c", "curl", outputs=("-o", f"otlp:{collector.url}", "-o", f"json:{path}", "--otlp",
                                                                "header.X-Tenant=blue", "--otlp",
                                                                "resource.deployment.environment.name=test")) as capture:
            self.curl(f"https://localhost:{port}/a?api_key=hunter2", "-H", f"traceparent: {parent}", "-H", "tracestate: vendor=1")
            subprocess.run(["curl", "-s", "--http1.1", "--cacert", self.certificate[0], f"https://localhost:{port}/fail"], check=True,
                           stdout=subprocess.DEVNULL)
            wait_until(lambda: len(collector.spans()) >= 4, "four spans while it goes on")
        self.assertEqual(capture.status, 0, capture.stderr)
        spans = collector.spans()
        self.check_like_json(spans, path)
        client, server = (next(s for s in spans if s["kind"] == kind and "parentSpanId" in s and s["parentSpanId"]) for kind in (3, 2))
        for span in client, server:
            self.assertEqual(span["name"], "GET")
            self.assertEqual(hexadecimal(span["traceId"]), "0af7651916cd43dd8448eb211c80319c")
            self.assertEqual(hexadecimal(span["parentSpanId"]), "b7ad6b7169203331")
            self.assertEqual(span["traceState"], "vendor=1")
            self.assertEqual(span["resource"]["deployment.environment.name"], "test")
            self.assertEqual(span["resource"]["host.name"], socket.gethostname())
        self.assertNotEqual(client["spanId"], server["spanId"])
        self.assertEqual(client["resource"]["service.name"], "curl")
        self.assertEqual(server["resource"]["service.name"], "nginx")
        self.assertRegex(client["attributes"]["url.full"], rf"^https://localhost:{port}/a\?api_key=<redacted")
        self.assertEqual(server["attributes"]["url.path"], "/a")
        self.assertNotIn("hunter2", json.dumps(spans))
        failed = [s for s in spans if s["attributes"].get("http.response.status_code") == 503]
        self.assertEqual([s["status"]["code"] for s in failed], [2, 2])
        self.assertEqual([s["attributes"]["error.type"] for s in failed], ["503", "503"])
        self.assertEqual(collector.requests()[0]["headers"]["x-tenant"], "blue")

    def test_metrics(self):
        collector = Collector(self)
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid, outputs=("-o", f"otlp:{collector.url}", "--otlp", "metrics=1")):
            for _ in range(3):
                self.curl(f"https://localhost:{port}/")
            wait_until(lambda: collector.requests("/v1/metrics"), "metrics")
        last = collector.requests("/v1/metrics")[-1]["body"]["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
        metrics = {metric["name"]: metric for metric in last}
        (point,) = metrics["sslsniff.transactions"]["sum"]["dataPoints"]
        self.assertEqual(int(point["asInt"]), 3)
        self.assertEqual(attributes(point), {"sslsniff.protocol": "http/1.1", "process.command": "nginx", "sslsniff.role": "server",
                                             "sslsniff.outcome": "ok"})
        (point,) = metrics["sslsniff.transaction.duration"]["histogram"]["dataPoints"]
        self.assertEqual(int(point["count"]), 3)
        self.assertEqual(sum(map(int, point["bucketCounts"])), 3)
        self.assertEqual(len(point["bucketCounts"]), len(point["explicitBounds"]) + 1)

    def check_outage(self, mode, said, again=True):
        """The collector fails once or twice; what it did not take, it gets afterwards."""
        collector = Collector(self)
        nginx, port = self.nginx()
        path = os.path.join(self.folder, "all.jsonl")
        with self.capture("-p", nginx.pid, outputs=("-o", f"otlp:{collector.url}", "-o", f"json:{path}")) as capture:
            self.curl(f"https://localhost:{port}/before")
            wait_until(collector.spans, "the first span")
            collector.turn(mode)
            self.curl(f"https://localhost:{port}/meanwhile")
            wait_until(lambda: said in capture.stderr, f"that it says '{said}'")
            collector.turn("ok")
            self.curl(f"https://localhost:{port}/after")
            wait_until(lambda: any(s["attributes"]["url.path"] == "/after" for s in collector.spans()), "the last span")
        paths = [s["attributes"]["url.path"] for s in collector.spans()]
        if again:
            self.assertEqual(paths, ["/before", "/meanwhile", "/after"])
            self.assertEqual(capture.status, 0, capture.stderr)
        return capture, paths

    def test_unavailable(self):
        self.check_outage("unavailable", "the collector answered 503: draining (1 spans and points wait, 0 were lost so far)")

    def test_reset(self):
        self.check_outage("reset", "(1 spans and points wait, 0 were lost so far)")

    def test_garbage(self):
        self.check_outage("garbage", "(1 spans and points wait, 0 were lost so far)")

    def test_endless_answer(self):
        self.check_outage("endless", "the collector took it, but its answer is not whole: more than 64 KiB of it")

    def test_stalled_collector_does_not_hold_up_the_capture(self):
        collector = Collector(self)
        nginx, port = self.nginx()
        with self.capture("-p", nginx.pid, outputs=("-o", f"otlp:{collector.url}")) as capture:
            collector.turn("stall")
            for i in range(20):
                self.curl(f"https://localhost:{port}/{i}")
            capture.wait_for(20)
            wait_until(lambda: collector.asked("stall"), "a request that is not answered")
            began = time.monotonic()
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(capture.status, 1)
        self.assertRegex(capture.stderr, r"20 of 20 spans and points were not delivered to otlp:http://127\.0\.0\.1:\d+")

    def test_refused(self):
        capture, paths = self.check_outage("refuse", "the collector answered 400: no such tenant (0 spans and points wait, 1 were lost so far)",
                                           again=False)
        self.assertEqual(paths, ["/before", "/after"])
        self.assertEqual(capture.status, 1)
        self.assertIn("1 of 3 spans and points were not delivered", capture.stderr)

    def test_partial_success(self):
        collector = Collector(self)
        collector.turn("partial")
        done = self.replay("http1_keep_alive.trace", "-o", f"otlp:{collector.url}")
        self.assertEqual(done.returncode, 1)
        count = len(collector.spans())
        self.assertIn(f"1 of {count} spans and points were not delivered to otlp:{collector.url}: the collector rejected 1 of it: "
                      "one is too old", done.stderr)

    def test_nobody_there(self):
        done = self.replay("http1_bodies.trace", "-o", f"otlp:http://127.0.0.1:{free_port()}")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"spans and points were not delivered to otlp:http://127\.0\.0\.1:\d+: Failed to connect")

    def test_certificates(self):
        certificate, key = self.certificate
        collector = Collector(self, certificate=(certificate, key))
        refused = self.replay("http1_bodies.trace", "-o", f"otlp:{collector.url}")
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, "not delivered to otlp:https://.*certificate")
        self.assertEqual(collector.spans(), [])
        taken = self.replay("http1_bodies.trace", "-o", f"otlp:{collector.url}", "--otlp", f"ca={certificate}")
        self.assertEqual(taken.returncode, 0, taken.stderr)
        self.assertTrue(collector.spans())
        missing = self.replay("http1_bodies.trace", "-o", f"otlp:{collector.url}", "--otlp", "ca=/nonexistent")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("--otlp ca=/nonexistent: there is no file that can be read", missing.stderr)

    def test_spool_survives_a_kill(self):
        nginx, port = self.nginx()
        spool = os.path.join(self.folder, "spool")
        collector = Collector(self)
        collector.turn("unavailable")
        options = ("-o", f"otlp:{collector.url}", "--spool", spool)
        with self.capture("-p", nginx.pid, outputs=options, end=signal.SIGKILL) as capture:
            for i in range(5):
                self.curl(f"https://localhost:{port}/{i}")
            wait_until(lambda: sum(int(name.split(".")[2]) for name in os.listdir(spool) if ".traces." in name) == 5, "five spans in the spool")
        self.assertEqual(capture.status, -signal.SIGKILL)
        self.assertEqual(os.stat(spool).st_mode & 0o777, 0o700)
        collector.turn("ok")
        with self.capture("-p", nginx.pid, outputs=options) as capture:
            self.curl(f"https://localhost:{port}/5")
            wait_until(lambda: len(collector.spans()) >= 6, "all spans")
        self.assertEqual(capture.status, 0, capture.stderr)
        self.assertIn("5 spans and points of an earlier run", capture.stderr)
        self.assertEqual([s["attributes"]["url.path"] for s in collector.spans()], [f"/{i}" for i in range(6)])
        self.assertEqual(os.listdir(spool), [])

    def test_what_stays_in_the_spool_is_told(self):
        spool = os.path.join(self.folder, "spool")
        done = self.replay("http1_bodies.trace", "-o", f"otlp:http://127.0.0.1:{free_port()}", "--spool", spool)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"\d+ spans and points were not sent yet: they are in .*spool for the next run")
        self.assertTrue(os.listdir(spool))

    def test_twenty_thousand_spans(self):
        collector = Collector(self)
        self.get_many(20000, "-o", f"otlp:{collector.url}")
        self.assertEqual([s["attributes"]["url.full"].rpartition("/")[2] for s in collector.spans()], [str(i) for i in range(20000)])
