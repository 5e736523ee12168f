"""Runs programs and tells what they cost. For each line of standard input, whose words are separated by tabs:

    STDIN STDOUT STDERR PROGRAM ARG...

the program is run with these files, and a line is written: seconds of CPU, KiB of its peak memory, its exit status.

A process of its own, of little memory (`python3 -I -S`), because the kernel counts what a process holds before exec as a part of the
program's peak: the writers of floods hold more than the program under test.
"""
import os
import signal
import sys


def run(stdin, stdout, stderr, command):
    os.dup2(os.open(stdin, os.O_RDONLY), 0)
    os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    os.dup2(os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    os.closerange(3, 20)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # which Python ignores
    os.execv(command[0], command)


for line in sys.stdin:
    files_and_command = line.rstrip("\n").split("\t")
    child = os.fork()
    if child == 0:
        try:
            run(*files_and_command[:3], files_and_command[3:])
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status), flush=True)
