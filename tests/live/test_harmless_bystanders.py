"""Programs that are not captured, and use the library in which there are probes for another."""
import os

import harness
from tls_programs import TlsProgramsTest


class HarmlessBystandersTest(TlsProgramsTest):
    def check_beside(self, *commands):
        port = self.server()
        client = self.start(self.build("client"), port, 5, 20, "captured")
        with self.capture("-p", client.pid) as capture:
            bystanders = [self.start(program, port, *arguments) for program, *arguments in commands]
            for program in client, *bystanders:
                program.begin()
            for bystander in bystanders:
                self.assertEqual(bystander.wait(), 0, bystander.errors)
                self.assertGreater(len(bystander.answered), 0)
            self.assertEqual(client.wait(), 0, client.errors)
            capture.process.wait(harness.PATIENCE)
        self.assertEqual(len(client.answered), 100)
        self.assert_all_seen(capture, client)

    def test_with_fibers(self):
        fibers = self.build("fibers")
        self.check_beside((fibers, 6, 5, "rising", 1, 0), (fibers, 6, 5, "falling", 1, 500), (fibers, 6, 5, "rising", 3, 0))

    def test_that_leave_tls_calls(self):
        signals = self.build("signals")
        self.check_beside((self.build("exceptions"), 20), (self.build("cancellation"), 12), (signals, 10, "jump"),
                          (signals, 10, "other"), (self.build("children"), 5))

    def test_in_a_sandbox(self):
        if not os.path.exists("/usr/include/seccomp.h"):
            self.skipTest("libseccomp-dev is not installed")
        sandbox = self.build("sandbox", "-lseccomp")
        self.check_beside((sandbox, 20, "filter"), (sandbox, 20, "strict"))
