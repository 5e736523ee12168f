"""Fibers that share a thread and leave it to each other inside of TLS calls: each exchange of each fiber is seen."""
import os
import unittest.mock

from tls_programs import Program, TlsProgramsTest


class HarmlessFibersTest(TlsProgramsTest):
    def fibers(self, *arguments):
        return (self.build("fibers"), self.server(), *arguments)

    def test_two_fibers_on_rising_stacks(self):
        capture = self.check(*self.fibers(2, 15, "rising", 1, 0))
        self.assertEqual(len(capture.transactions), 30)

    def test_two_fibers_on_falling_stacks(self):
        capture = self.check(*self.fibers(2, 15, "falling", 1, 0))
        self.assertEqual(len(capture.transactions), 30)

    def test_many_fibers_on_rising_stacks(self):
        self.check(*self.fibers(16, 4, "rising", 1, 0))

    def test_many_fibers_on_falling_stacks(self):
        self.check(*self.fibers(16, 4, "falling", 1, 0))

    def test_fibers_that_change_threads(self):
        """They enter a TLS call on one thread and leave it on another."""
        self.check(*self.fibers(12, 5, "rising", 3, 0))

    def test_fibers_that_never_come_back(self):
        """Thousands, left inside of SSL_read; others use their stacks after them."""
        self.check(*self.fibers(6, 5, "falling", 1, 2000))

    def test_command_of_fibers(self):
        """From the first byte."""
        with unittest.mock.patch.dict(os.environ, self.environment):
            capture = self.capture(command=self.fibers(6, 5, "rising", 1, 0)).start()
        capture.finish()
        program = Program(None)
        program.understand(capture.stdout)
        self.assertEqual(len(program.answered), 30, capture.stderr)
        self.assert_all_seen(capture, program)
