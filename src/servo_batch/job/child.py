"""A child process that the driver forks for one task: to guard the job, to keep what it prints, to search that.

Two pipes connect them. The driver holds the writing end of *control*; when it is closed, the driver has no more use for
the child, or was killed. What the child has to say it writes to *report*, as lines of JSON.
"""

import fcntl
import json
import math
import os
import select
import signal
import time
import traceback
from contextlib import suppress
from typing import Any, Callable, Dict, Iterable, Set

from servo_batch.job.cancel import SIGNALS

MAX_POLL_SECONDS = 86400.0  # poll(2) takes milliseconds as an int; who waits looks at the clock and waits again
BLOCKED = SIGNALS + (signal.SIGCHLD,)


class Child:
    """A child, as the driver has it: close ``control`` when it is to end, and ``reap`` it.

    ``told`` is what ``receive`` has received, by its keys; ``is_gone`` tells that there will be no more. ``began`` is
    when its task did, by the monotonic clock.
    """

    def __init__(self, task: Callable[[int, int], None]) -> None:
        """Fork a child that does ``task(control, report)``, with the signals in ``BLOCKED`` blocked, and exits.

        Raises ``OSError`` where there can be no further process or descriptor.
        """
        self.began = time.monotonic()
        self.told: Dict[str, Any] = {}
        self.is_gone = False
        self._unread = bytearray()
        child_control, self.control = os.pipe()
        self.report, child_report = os.pipe()
        # In its first moments the child has the driver's handlers. A signal waits until it has its own.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                try:
                    os.close(self.control)
                    task(child_control, child_report)
                except BaseException:
                    tell(child_report, {"broken": traceback.format_exc()})
                finally:
                    os._exit(0)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(child_control)
        os.close(child_report)

    def receive(self) -> None:
        """Take what the child has told since; wait where there is nothing yet."""
        data = os.read(self.report, 65536)
        self.is_gone = not data
        self._unread += data
        if b"\n" in data:  # a value may be as long as all that the job printed
            *lines, self._unread = self._unread.split(b"\n")
            for line in lines:
                self.told.update(json.loads(line.decode()))

    def reap(self) -> int:
        """Let go of the pipe, wait for the child's end and return its status, as ``os.waitpid`` does.

        Raises RuntimeError where a bug of ours ended it.
        """
        os.close(self.report)
        status = os.waitpid(self.pid, 0)[1]
        if "broken" in self.told:
            raise RuntimeError("a process of ours failed:\n" + self.told["broken"])
        return status


def tell(report: int, message: Dict[str, Any]) -> None:
    """Write ``message`` to the driver, if it is there."""
    with suppress(BrokenPipeError):
        os.write(report, json.dumps(message).encode() + b"\n")


def wait_for(
    readable: Iterable[int], seconds: float = math.inf, writable: Iterable[int] = (), ends: Iterable[int] = ()
) -> Dict[int, int]:
    """Return what poll(2) tells of the descriptors, by these, after ``seconds`` at the latest.

    All are waited for to be at their end, the first and the second also to be readable or writable.
    """
    # Not select(2), which knows only the first 1024 descriptors.
    poll = select.poll()
    for descriptors, events in ((ends, 0), (readable, select.POLLIN), (writable, select.POLLOUT)):
        for descriptor in descriptors:
            poll.register(descriptor, events)
    return dict(poll.poll(max(0.0, min(seconds, MAX_POLL_SECONDS)) * 1000))


def detach(kept: Set[int]) -> None:
    """Give this process a session of its own, and nothing open but ``kept``, so that nobody waits for it.

    stdin, stdout and stderr become /dev/null.
    """
    os.setsid()
    try:
        descriptors = set(map(int, os.listdir("/dev/fd")))
    except OSError:
        descriptors = set(range(1024))  # not up to the limit, which in a container can be a thousand million
    for descriptor in descriptors - kept:
        with suppress(OSError):  # the one that listed the folder
            os.close(descriptor)
    while os.open(os.devnull, os.O_RDWR) < 2:  # each is the lowest that is free
        pass


def die_with_the_driver(control: int) -> None:
    """Have the kernel kill this process when ``control`` is closed, whatever it is at.

    With O_ASYNC the kernel sends SIGIO when the state of a pipe changes, whose default action ends a process, says
    signal(7). macOS ignores SIGIO by default: there a child goes on to its end.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGIO])
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(control, fcntl.F_SETFL, getattr(os, "O_ASYNC", 0o20000))  # PyPy 3.9 lacks the name
    if wait_for([control], 0):  # it was closed before
        os._exit(0)
