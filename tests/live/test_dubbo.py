"""A real Dubbo client (dubbo2.js) against a small provider of ours (peers/dubbo_server.js) under capture."""
import json
import os
import subprocess

from harness import LiveTest, wait_until
from npm import node_path

# dubbo2.js and all that it needs.
PACKAGES = """
            any-promise@1.3.0 async@0.2.10 byte@1.4.1 copy-to@2.0.1 core-util-is@1.0.3 debug@3.1.0 dubbo2.js@2.3.9 escape-html@1.0.3
            extend-shallow@2.0.1 hessian.js@2.5.0 ip@1.1.5 is-class-hotfix@0.0.6 is-extendable@0.1.1 is-type-of@1.4.0 isstream@0.1.2
            js-to-java@2.4.0 koa-compose@4.0.0 long@3.2.0 minimist@1.2.8 mkdirp@0.5.6 ms@2.0.0 mz@2.7.0 node-zookeeper-client@0.2.2
            object-assign@4.1.1 thenify@3.3.1 thenify-all@1.6.0 underscore@1.4.4 unescape@1.0.1 utility@1.18.0""".split()

CLIENT = """
const {DirectlyDubbo, java} = require("dubbo2.js");
const dubbo = DirectlyDubbo.from({dubboAddress: `127.0.0.1:${process.argv[1]}`, dubboVersion: "2.0.0", dubboInvokeTimeout: 10});
const service = dubbo.proxyService({dubboInterface: "shop.Users", version: "1.0.0", methods: {
  sayHello: name => [java.String(name)],
  getUser: id => [java.combine("shop.Request", {id: id, name: "nodejs"})],
  nothing: () => [], fail: () => [], missing: () => []}});
(async () => {
  const known = {};
  known.hello = (await service.sayHello("nodé")).res;
  known.user = (await service.getUser(7)).res;
  known.nothing = (await service.nothing()).res;
  known.fail = String((await service.fail()).err);
  known.missing = String((await service.missing()).err);
  console.log(JSON.stringify(known));
  process.exit(0);
})();
"""


class DubboTest(LiveTest):
    def provider(self):
        """(process, port)"""
        self.environment = {**os.environ, "NODE_PATH": node_path(self, *PACKAGES)}
        process = self.spawn("node", os.path.join(os.path.dirname(__file__), "peers", "dubbo_server.js"), stdout=subprocess.PIPE,
                             env=self.environment)
        return process, int(process.stdout.readline())

    def run_client(self, port):
        return json.loads(subprocess.run(["node", "-e", CLIENT, str(port)], check=True, stdout=subprocess.PIPE, text=True, timeout=60,
                                         env=self.environment).stdout)

    def test_invocations(self):
        process, port = self.provider()
        with self.capture("-p", process.pid, outputs=("-o", "text", "-v")) as capture:
            known = self.run_client(port)
            wait_until(lambda: any(t.get("request", {}).get("method") == "missing" for t in capture.seen_so_far()), "the last one")
        calls = {t["request"]["method"]: t for t in capture.transactions if "method" in t["request"]}
        self.assertEqual(calls["sayHello"]["response"]["value"], known["hello"])
        self.assertEqual(calls["sayHello"]["request"]["arguments"], ["nodé"])
        user = calls["getUser"]["response"]["value"]
        self.assertEqual([user["class"], user["id"], user["tags"], user["nested"]["city"]],
                         ["shop.User", known["user"]["id"], known["user"]["tags"], known["user"]["nested"]["city"]])
        self.assertIsNone(calls["nothing"]["response"]["value"])
        exception = calls["fail"]["response"]["exception"]
        self.assertEqual(f"{exception['class']}: {exception['detailMessage']}", known["fail"])
        self.assertEqual(calls["missing"]["response"]["dubbo_status"], "SERVICE_NOT_FOUND")
        self.assertIn(calls["missing"]["response"]["error"], known["missing"])
        self.assertIn("dubbo  shop.Users.fail → java.lang.IllegalStateException: no way", capture.stdout)
        for transaction in capture.transactions:
            self.assertEqual(transaction["protocol"], "dubbo")
            self.assertTrue(transaction["integrity"]["complete"], transaction)
        self.assertEqual(capture.summary["losses"], [])

    def test_client(self):
        process, port = self.provider()
        with self.capture("-c", "node") as capture:
            self.run_client(port)
            wait_until(lambda: sum(t.get("request", {}).get("method") == "missing" for t in capture.seen_so_far()) >= 2, "both ends")
        ends = [[t["request"]["method"] for t in capture.transactions if t["connection"]["role"] == role and "method" in t["request"]]
                for role in ("client", "server")]
        self.assertEqual(sorted(ends[0]), sorted(ends[1]))
        self.assertNotEqual(process.pid, 0)
