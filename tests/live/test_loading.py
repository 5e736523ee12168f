"""The kernel accepts the capture programs for every selection, with all that is left out of them for it."""
from harness import LiveTest


class LoadingTest(LiveTest):
    def test_every_selection_is_accepted(self):
        target = self.spawn("sleep", 600)
        for arguments in (("-a", "--tls-only"), ("-c", "nobody-here", "--cleartext-only"), ("-u", "nobody", "--snaplen", 100),
                          ("-p", target.pid, "--tls-only", "--no-children"), ("-p", target.pid, "-c", "nobody-here")):
            with self.subTest(arguments=arguments):
                with self.capture(*arguments) as capture:
                    pass
                self.assertEqual(capture.status, 0, capture.stderr)
                self.assertNotIn("cannot be attached", capture.stderr)
