"""sslsniff top, in a terminal (tmux): what it shows, what keys do, and what it leaves behind."""
import json
import os
import shutil
import signal
import subprocess

from harness import SSLSNIFF, LiveTest, wait_until

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "fixtures")


class Terminal:
    """A shell in a terminal of its own."""

    def __init__(self, test, columns=120, rows=30):
        self.tmux = ["tmux", "-S", os.path.join(test.folder, f"tmux{columns}"), "-f", os.devnull]
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PS1": "$ "}
        subprocess.run([*self.tmux, "new-session", "-d", "-x", str(columns), "-y", str(rows), "sh"], check=True, env=environment)
        test.addCleanup(subprocess.run, [*self.tmux, "kill-server"], check=False, capture_output=True)

    def type(self, text):
        subprocess.run([*self.tmux, "send-keys", "-l", text], check=True)

    def press(self, *keys):
        subprocess.run([*self.tmux, "send-keys", *keys], check=True)

    def run(self, *command):
        self.type(" ".join(map(str, command)))
        self.press("Enter")

    def resize(self, columns, rows):
        subprocess.run([*self.tmux, "resize-window", "-x", str(columns), "-y", str(rows)], check=True)

    def screen(self):
        return subprocess.run([*self.tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout

    def await_text(self, text, there=True):
        try:
            wait_until(lambda: (text in self.screen()) == there, "the screen")
        except AssertionError:
            raise AssertionError(f"{text!r} is {'not ' if there else ''}there:\n{self.screen()}") from None
        return self.screen()


class TopTest(LiveTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("tmux"):
            self.skipTest("tmux is not installed")

    def test_from_a_service_to_a_header(self):
        nginx, port = self.nginx()
        terminal = Terminal(self)
        terminal.run(SSLSNIFF, "top", "-p", nginx.pid)
        terminal.await_text("q quit")
        for number in range(5):
            self.curl(f"https://localhost:{port}/users/{number}", "-H", "X-Mark: here")
        screen = terminal.await_text("GET /users/{n}")
        terminal.await_text("5 transactions")
        self.assertNotIn("capturing", screen)
        terminal.press("Enter")
        terminal.await_text("THE LATEST TRANSACTIONS")
        terminal.await_text("/users/4")
        terminal.press("Enter")
        screen = terminal.await_text("X-Mark: here")
        self.assertIn("/users/4", screen)
        terminal.press("s")
        terminal.await_text("save as: sslsniff.jsonl")
        terminal.press(*["BSpace"] * len("sslsniff.jsonl"))
        saved = os.path.join(self.folder, "saved.jsonl")
        terminal.type(saved)
        terminal.press("Enter")
        terminal.await_text("1 transaction saved")
        with open(saved, encoding="utf-8") as file:
            (transaction,) = map(json.loads, file)
        self.assertEqual(transaction["request"]["target"], "/users/4")
        self.assertEqual(os.stat(saved).st_mode & 0o777, 0o600)
        terminal.press("Left", "Left")
        terminal.resize(80, 24)
        terminal.await_text("GET /users/{n}")
        terminal.press("/")
        terminal.type("status >= 500")
        terminal.press("Enter")
        terminal.await_text("where status >= 500")
        terminal.await_text("0 transactions")
        terminal.press("q")
        # What was said meanwhile is said now, and the shell is there again.
        screen = terminal.await_text("5 transactions")
        self.assertIn("capturing OpenSSL", screen)
        self.assertNotIn("sslsniff top  ", screen)

    def test_files_stay_until_it_is_quit(self):
        terminal = Terminal(self)
        terminal.run(SSLSNIFF, "top", "-r", os.path.join(FIXTURES, "http1_keep_alive.trace"), "--by", "path")
        terminal.await_text("the capture has ended")
        terminal.press("w")
        terminal.await_text("since the beginning")
        terminal.press("?")
        terminal.await_text("docs/top.md")
        terminal.press("q")  # any key goes back
        terminal.await_text("since the beginning")
        terminal.press("q")
        terminal.await_text("0 events lost")

    def test_signals_end_it(self):
        terminal = Terminal(self)
        terminal.run("exec", SSLSNIFF, "top", "-a", ";")
        terminal.await_text("q quit")
        (pid,) = subprocess.run([*terminal.tmux, "display-message", "-p", "#{pane_pid}"], check=True, capture_output=True,
                                text=True).stdout.split()
        os.kill(int(pid), signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the end")

    def test_without_a_terminal_it_says_so(self):
        done = subprocess.run([SSLSNIFF, "top", "-a"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("top needs a terminal: sslsniff stat", done.stderr)
