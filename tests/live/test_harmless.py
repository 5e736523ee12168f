"""A capture leaves programs as they are that are left, interrupted, duplicated or watched in the midst of TLS calls."""
import os

import harness
from harness import wait_until
from tls_programs import TlsProgramsTest


class HarmlessTest(TlsProgramsTest):
    def test_exceptions_through_tls_calls(self):
        self.check(self.build("exceptions"), self.server(), 20)

    def test_threads_cancelled_in_tls_calls(self):
        self.check(self.build("cancellation"), self.server(), 18)

    def test_longjmp_out_of_tls_calls(self):
        self.check(self.build("signals"), self.server(), 10, "jump")

    def test_longjmp_from_another_stack(self):
        self.check(self.build("signals"), self.server(), 10, "jump", "altstack")

    def test_exchange_in_a_signal_handler(self):
        self.check(self.build("signals"), self.server(), 10, "other")

    def test_exchange_in_a_signal_handler_on_another_stack(self):
        self.check(self.build("signals"), self.server(), 10, "other", "altstack")

    def test_write_in_a_signal_handler(self):
        """To the connection that is being read."""
        self.check(self.build("signals"), self.server(), 10, "same")

    def test_write_in_a_signal_handler_on_another_stack(self):
        self.check(self.build("signals"), self.server(), 10, "same", "altstack")

    def test_seccomp_filter(self):
        if not os.path.exists("/usr/include/seccomp.h"):
            self.skipTest("libseccomp-dev is not installed")
        self.check(self.build("sandbox", "-lseccomp"), self.server(), 10, "filter")

    def test_seccomp_strict_mode(self):
        if not os.path.exists("/usr/include/seccomp.h"):
            self.skipTest("libseccomp-dev is not installed")
        self.check(self.build("sandbox", "-lseccomp"), self.server(), 10, "strict")

    def test_children_amid_tls(self):
        """By vfork, with and without execve, and by fork inside of SSL_read."""
        command = (self.build("children"), self.server(), 10)
        self.run_alone(*command)
        program = self.start(*command)
        with self.capture("-p", program.pid) as capture:
            program.begin()
            self.assertEqual(program.wait(), 0, program.errors)
            capture.process.wait(harness.PATIENCE)
        # What the copies read that fork made inside of SSL_read is theirs: nobody asked for it there.
        capture.objects = [o for o in capture.objects if not self.is_response_of_a_copy(o, program.pid)]
        self.assert_all_seen(capture, program)

    @staticmethod
    def is_response_of_a_copy(line, parent):
        return line["type"] == "transaction" and line["process"]["pid"] != parent and not line.get("request")

    def debugger(self, program, commands):
        """gdb attached to the program, which runs."""
        self.need("gdb")
        script, log = (os.path.join(self.folder, name) for name in ("gdb.script", "gdb.log"))
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"set debuginfod enabled off\n{commands}\nshell echo attached\ncontinue\n")
        with open(log, "wb") as output:
            gdb = self.spawn("gdb", "-nx", "-batch", "-p", program.pid, "-x", script, stdout=output, stderr=output)

        def attached():
            with open(log, encoding="utf-8", errors="replace") as text:
                return "attached\n" in text.read() and self.tracer_of(program) == gdb.pid
        wait_until(attached, "gdb")
        return gdb, log

    @staticmethod
    def tracer_of(program):
        with open(f"/proc/{program.pid}/status", encoding="utf-8") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("TracerPid:"))

    def check_debugged(self, commands="", *, before_the_capture):
        program = self.start(self.build("client"), self.server(), 5, 10, "debugged")
        if before_the_capture:
            gdb, log = self.debugger(program, commands)
        with self.capture("-p", program.pid) as capture:
            if not before_the_capture:
                gdb, log = self.debugger(program, commands)
            program.begin()
            self.assertEqual(program.wait(), 0, program.errors)
            self.assertEqual(gdb.wait(harness.PATIENCE), 0)
            capture.process.wait(harness.PATIENCE)
        with open(log, encoding="utf-8", errors="replace") as text:
            said = text.read()
        self.assertIn("exited normally", said)
        self.assertNotIn("SIGTRAP", said)
        self.assertEqual(len(program.answered), 50)
        self.assert_all_seen(capture, program)
        return said

    def test_debugger_attached_before(self):
        self.check_debugged(before_the_capture=True)

    def test_debugger_attached_while_it_is_captured(self):
        self.check_debugged(before_the_capture=False)

    def test_debugger_that_stops_at_each_exchange(self):
        said = self.check_debugged("break one_exchange\ncommands\nsilent\necho stopped\\n\nbacktrace\ncontinue\nend",
                                   before_the_capture=False)
        self.assertEqual(said.count("stopped\n"), 50)
