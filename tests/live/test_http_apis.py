"""What is said inside HTTP, by the vendors' own clients: model APIs, MCP, GraphQL, Elasticsearch, ClickHouse and S3."""
import os
import subprocess

from harness import LiveTest
from pairs import PEERS

PACKAGES = ("openai@7.59.0", "@anthropic-ai/sdk@1.14.0", "@modelcontextprotocol/sdk@1.32.2", "@elastic/elasticsearch@9.5.1",
            "@clickhouse/client@1.23.1", "@aws-sdk/client-s3@3.1175.0", "graphql-request@7.4.0", "graphql@16.15.0")
FOLDER = "/var/tmp/sslsniff-npm/http_apis"


class HttpApisTest(LiveTest):
    def packages(self):
        self.need("npm")
        os.makedirs(FOLDER, exist_ok=True)
        if not os.path.exists(f"{FOLDER}/complete"):
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix", FOLDER,
                                   *PACKAGES], capture_output=True, text=True)
            if done.returncode != 0:
                self.skipTest(f"npm's packages cannot be had here: {done.stderr.strip()[:200]}")
            with open(f"{FOLDER}/complete", "w"):
                pass
        return FOLDER

    def test_vendors_clients(self):
        command = ["env", f"NODE_EXTRA_CA_CERTS={self.certificate[0]}", "node", os.path.join(PEERS, "http_apis.mjs"), self.packages(),
                   *self.certificate]
        capture = self.capture(command=command)
        capture.start().finish()
        self.assertEqual(capture.status, 0, capture.stderr)
        for role in ("client", "server"):
            calls = [t for t in capture.transactions if t["connection"]["role"] == role and t["protocol"] == "http/1.1"]
            self.check(calls)

    def check(self, calls):
        def of(api):
            return [t[api] for t in calls if api in t]

        models = of("gen_ai")
        for call in models:
            if call.get("streamed") and "error_type" not in call:
                self.assertGreater(call.pop("time_to_first_token_us"), 0)
        openai = {"api": "openai", "operation": "chat", "request_model": "model-a", "response_model": "model-a", "input_tokens": 9,
                  "output_tokens": 4}
        anthropic = {"api": "anthropic", "operation": "chat", "request_model": "model-c", "response_model": "model-c",
                     "response_id": "msg-1", "input_tokens": 7}
        self.assertEqual(models, [
            {**openai, "response_id": "chat-1", "streamed": False, "finish_reason": "tool_calls", "tool_calls": 1, "tools": "weather"},
            {**openai, "response_id": "chat-2", "streamed": True, "finish_reason": "stop"},
            {"api": "openai", "operation": "embeddings", "request_model": "model-b", "streamed": False,
             "error_type": "rate_limit_exceeded", "error_message": "slow down"},
            {**anthropic, "streamed": False, "output_tokens": 5, "finish_reason": "end_turn"},
            {**anthropic, "streamed": True, "output_tokens": 6, "finish_reason": "max_tokens"}])

        rpc = {c["method"]: c for c in of("jsonrpc")}
        self.assertEqual(list(rpc)[0], "initialize")
        self.assertTrue(rpc["notifications/initialized"]["notification"])
        self.assertEqual(rpc["tools/call"]["target"], "search")
        self.assertEqual(rpc["tools/call"]["mcp_session"], "session-1")
        self.assertTrue(rpc["tools/call"]["tool_failed"])

        self.assertEqual(of("graphql"), [{"kind": "mutation", "operation": "Buy", "errors": 1, "error_code": "FORBIDDEN",
                                          "error_message": "not yours", "partial": False}])
        self.assertEqual(of("elasticsearch"), [{"operation": "search", "index": "shop", "took_ms": 2, "hits": 3},
                                               {"operation": "bulk", "took_ms": 1, "items": 2, "failed_items": 0}])
        (query,) = of("clickhouse")
        self.assertTrue(query.pop("query").startswith("SELECT name FROM parts"))
        self.assertEqual(query, {"operation": "SELECT", "database": "stock", "query_id": "q-1", "read_rows": 10, "written_rows": 0,
                                 "result_rows": 2})
        put, get = of("s3")
        self.assertEqual(put, {"operation": "PutObject", "bucket": "bucket", "key": "key.txt", "request_id": "r1"})
        self.assertEqual(get, {"operation": "GetObject", "bucket": "bucket", "key": "key.txt", "error_code": "NoSuchKey",
                               "error_message": "gone"})

