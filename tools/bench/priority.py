"""Measuring on a machine that others use too."""
import os
import pathlib

HELP = "run before everything else on this machine (nice -20, in a session of its own)"


def raise_own():
    """Of this process and all that it starts. With autogroups the kernel shares the CPUs between sessions first."""
    if os.getpid() != os.getsid(0):
        if os.getpid() == os.getpgid(0) and os.fork():
            _, status = os.wait()
            os._exit(os.waitstatus_to_exitcode(status))
        os.setsid()
    autogroup = pathlib.Path("/proc/self/autogroup")
    if autogroup.exists():
        autogroup.write_text("-20")
    os.setpriority(os.PRIO_PROCESS, 0, -20)
