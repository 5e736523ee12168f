"""The kernel accepts the capture programs for every selection, with all that is left out of them for it. One test for each,
since a slow machine takes its time to verify them."""
from harness import LiveTest


class LoadingTest(LiveTest):
    def is_accepted(self, *arguments):
        with self.capture(*arguments) as capture:
            pass
        self.assertEqual(capture.status, 0, capture.stderr)
        self.assertNotIn("cannot be attached", capture.stderr)

    def target(self):
        return self.spawn("sleep", 600).pid

    def test_tls_of_everything(self):
        self.is_accepted("-a", "--tls-only")

    def test_cleartext_of_a_name(self):
        self.is_accepted("-c", "nobody-here", "--cleartext-only")

    def test_all_of_a_user_cut_short(self):
        self.is_accepted("-u", "nobody", "--snaplen", 100)

    def test_tls_of_a_process_without_children(self):
        self.is_accepted("-p", self.target(), "--tls-only", "--no-children")

    def test_a_process_and_a_name(self):
        self.is_accepted("-p", self.target(), "-c", "nobody-here")
