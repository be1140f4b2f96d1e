"""Processes and what /proc says of them, and waiting for something to happen."""

import contextlib
import os
import signal
import time


def find_processes(marker):
    """Return the pids of the processes that have ``marker`` in one of their arguments and have not ended."""
    return [pid for pid in _pids() if marker.encode() in _told(pid, "cmdline")]


def children(pid, zombies=False):
    """Return the pids of a process's children; ``zombies``: also of those that have ended and are not reaped."""
    found = {child: stat(child) for child in _pids()}
    return [child for child, told in found.items() if told[1:2] == [str(pid)] and (zombies or told[0] != "Z")]


def stat(pid):
    """Return what /proc/PID/stat says after the name: state, parent, group, session, …; nothing if it has ended."""
    return _told(pid, "stat").decode("utf-8", "replace").rpartition(")")[2].split()


def _pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _told(pid, name):
    try:
        with open("/proc/%d/%s" % (pid, name), "rb") as stream:
            return stream.read()
    except OSError:  # it ended
        return b""


def kill(*pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_until(condition):
    """Return what ``condition()`` returns once that is true."""
    while True:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
