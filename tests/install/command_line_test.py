"""command_line_test.py SSLSNIFF: what bash, zsh and fish themselves offer with the scripts of `sslsniff completion`, and
whether scdoc and man read the manual page."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SSLSNIFF = ""
PATIENCE = 60  # seconds; nothing waits this long when all is well

# Completes "$@" as a terminal would: "=" and ":" divide words (COMP_WORDBREAKS).
BASH = r"""
compopt() { :; }
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_sslsniff
printf '%s\n' "${COMPREPLY[@]}"
"""


class Shells(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sslsniff-completion-")
        self.addCleanup(shutil.rmtree, self.folder)
        open(os.path.join(self.folder, "out.jsonl"), "w", encoding="ascii").close()
        os.mkdir(os.path.join(self.folder, "bodies"))

    def script(self, shell, name):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            subprocess.run([SSLSNIFF, "completion", shell], stdout=file, check=True)
        return path

    def check(self, offered):
        """`offered(words)`: what the shell offers for the last of these words."""
        main = offered(["sslsniff", "-"])
        for option in ("-p", "--pid", "--max-memory", "--redact"):
            self.assertIn(option, main)
        self.assertEqual(offered(["sslsniff", "--save-"]), ["--save-bodies"])
        commands = {"doctor", "list", "completion", "config", "manual"}
        self.assertEqual(set(offered(["sslsniff", ""])) & commands, commands)
        self.assertEqual(offered(["sslsniff", "--color", "a"]), ["always", "auto"])
        self.assertIn(str(os.getpid()), offered(["sslsniff", "-p", str(os.getpid())]))
        self.assertIn("root", offered(["sslsniff", "-u", "roo"]))
        self.assertIn("json", offered(["sslsniff", "-o", "js"])[0])
        self.assertEqual(offered(["sslsniff", "-r", "out"]), ["out.jsonl"])
        self.assertEqual([word.rstrip("/") for word in offered(["sslsniff", "--save-bodies", "b"])], ["bodies"])
        self.assertEqual(offered(["sslsniff", "completion", ""]), ["bash", "fish", "zsh"])
        self.assertEqual(offered(["sslsniff", "doctor", "--du"]), ["--duration"])
        self.assertEqual(offered(["sslsniff", "list", "--du"]), [])
        self.assertEqual(offered(["sslsniff", "list", "-o", ""]), ["json", "text"])

    def need(self, shell):
        if not shutil.which(shell):
            self.skipTest(f"{shell} is not installed")

    def test_bash(self):
        script = self.script("bash", "sslsniff.bash")

        def offered(words):
            result = subprocess.run(["bash", "--norc", "-c", BASH, "bash", script, *words], cwd=self.folder,
                                    capture_output=True, text=True, check=True)
            self.assertEqual(result.stderr, "")
            return sorted(result.stdout.split())

        self.check(offered)
        self.assertEqual(offered(["sslsniff", "--color", "=", "n"]), ["never"])
        self.assertEqual(offered(["sslsniff", "--color", "="]), ["always", "auto", "never"])
        self.assertEqual(offered(["sslsniff", "-o", "json", ":", "ou"]), ["out.jsonl"])
        self.assertIn("ls", offered(["sslsniff", "-v", "--", "ls"]))

    def test_fish(self):
        self.need("fish")
        script = self.script("fish", "sslsniff.fish")

        def offered(words):
            line = " ".join(w or "" for w in words)
            result = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"],
                                    cwd=self.folder, env={**os.environ, "HOME": self.folder},
                                    capture_output=True, text=True, check=True)
            self.assertEqual(result.stderr, "")
            return sorted(line.split("\t")[0] for line in result.stdout.splitlines())

        self.check(offered)
        self.assertEqual(offered(["sslsniff", "--color=n"]), ["--color=never"])
        self.assertEqual(offered(["sslsniff", "-o", "json:ou"]), ["json:out.jsonl"])

    def test_zsh(self):
        self.need("zsh")
        functions = os.path.join(self.folder, "functions")
        os.mkdir(functions)
        self.script("zsh", "functions/_sslsniff")
        zsh = Zsh(functions, self.folder)
        self.addCleanup(zsh.close)

        self.check(zsh.offered)
        self.assertEqual(zsh.offered(["sslsniff", "--color=n"]), ["never"])
        self.assertEqual(zsh.offered(["sslsniff", "-o", "json:ou"]), ["out.jsonl"])


class Manual(unittest.TestCase):
    def test_is_a_page_with_every_option(self):
        for program in ("scdoc", "man"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")
        source = subprocess.run([SSLSNIFF, "manual"], capture_output=True, check=True).stdout
        page = subprocess.run(["scdoc"], input=source, capture_output=True, check=True).stdout
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MANROFFSEQ": "", "MAN_KEEP_FORMATTING": ""}
        read = subprocess.run(["man", "--warnings", "-l", "-"], input=page, capture_output=True, env=environment,
                              check=True)
        self.assertEqual(read.stderr, b"")
        text = re.sub("\x1b\\[[0-9;]*m|.\b", "", read.stdout.decode())
        options = subprocess.run([SSLSNIFF, "--help"], capture_output=True, text=True, check=True).stdout
        names = set(re.findall(r"^  (?:-.,)?(--[a-z-]+)", options, re.MULTILINE))
        self.assertGreater(len(names), 35)
        for name in names:
            self.assertRegex(text, rf"(?m)^ +(-., )?{name}( |$)")
        self.assertIn("sslsniff -v -- curl https://example.com", text)


class Zsh:
    """A zsh at a terminal, with its own completion system; it prints what it would offer, between marks."""

    # compadd is what every completion ends in.
    SETUP = r"""
PROMPT=; RPROMPT=; setopt no_beep
fpath=(%s $fpath); autoload -Uz compinit; compinit -D -u
zmodload zsh/complist zsh/zutil
compadd() {
    # -O, -A and -D only fill arrays.
    if (( ! ${@[(I)-[OAD]]} )); then
        local -a matches
        builtin compadd -O matches "$@"
        print -rl -- $matches >> $OFFERED
    fi
    builtin compadd "$@"
}
finished() { print done >> $OFFERED; compstate[list]=; compstate[insert]=; }
complete-and-tell() { comppostfuncs=(finished); zle list-choices; zle kill-buffer }
zle -N complete-and-tell; bindkey '^X' complete-and-tell
print READY > $OFFERED
"""

    def __init__(self, functions, folder):
        self.path = os.path.join(folder, "offered")
        setup = os.path.join(folder, "setup.zsh")
        with open(setup, "w", encoding="utf-8") as file:
            file.write(self.SETUP % functions)
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update(OFFERED=self.path, TERM="dumb", HOME=folder, ZDOTDIR=folder)
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.type(f"source {setup}\r")
        self.wait("READY")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait(self, word):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            while select.select([self.terminal], [], [], 0.02)[0]:
                os.read(self.terminal, 65536)
            if os.path.exists(self.path):
                with open(self.path, encoding="utf-8") as file:
                    lines = file.read().splitlines()
                if lines and lines[-1] == word:
                    return lines[:-1]
        raise AssertionError("zsh does not answer")

    def offered(self, words):
        os.truncate(self.path, 0)
        self.type(" ".join(words) + "\x18")
        return sorted({re.sub("=$", "", line) for line in self.wait("done")} - {""})

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


if __name__ == "__main__":
    SSLSNIFF = os.path.abspath(sys.argv.pop(1))
    program = unittest.main(exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    for _, reason in program.result.skipped:
        print(f"SKIPPED: {reason}")
    sys.exit(77 if program.result.skipped else 0)
