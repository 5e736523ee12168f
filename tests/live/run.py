"""run.py SSLSNIFF MODULE.CLASS.METHOD: runs one live test. Exit 77, after "SKIPPED: reason", when it cannot run."""
import os
import signal
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main():
    # A shell without job control starts what runs in the background with these ignored, and so would all children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.environ["SSLSNIFF"] = os.path.abspath(sys.argv[1])
    suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[2])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if not result.wasSuccessful() or result.testsRun == 0:
        return 1
    for _, reason in result.skipped:
        print(f"SKIPPED: {reason}")
        return 77
    return 0


sys.exit(main())
