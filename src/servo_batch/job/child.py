"""A child process that the driver forks for one task: to guard the job, or to search what it printed.

Two pipes connect them. The driver holds the writing end of *control* and writes nothing: when it is closed, the driver
wants the child to stop, or the driver was killed. What the child has to say it writes to *report*, as lines of JSON.
"""

import json
import os
import select
import signal
from contextlib import suppress
from typing import Any, Callable, Dict, List, Optional, Set

from servo_batch.job.cancel import SIGNALS, Cancellation, Cancelled
from servo_batch.protocol import STDOUT, failed

MAX_POLL_SECONDS = 86400.0  # poll(2) takes milliseconds as an int; who waits looks at the clock and waits again
BLOCKED = SIGNALS + (signal.SIGCHLD,)


class Child:
    """A child, as the driver has it: close ``control`` to have it stop, and ``reap`` it in the end."""

    def __init__(self, task: Callable[[int, int, Set[Any]], None]) -> None:
        """Fork a child that does ``task(control, report, mask)``, with the signals in ``BLOCKED`` blocked, and exits.

        ``mask`` has the signals that the driver has blocked. Raises ``OSError`` where there can be no further process
        or descriptor.
        """
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
                    task(child_control, child_report, mask)
                finally:
                    os._exit(0)
        except OSError:
            os.close(self.control)
            os.close(self.report)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(child_control)
            os.close(child_report)

    def wait(self, seconds: float, cancellation: Cancellation, consequence: str) -> bool:
        """Return whether there is something to receive, after ``seconds`` at the latest.

        Raises ``ServoError`` (cancelled) that ends with ``consequence`` once a signal has come, or nobody reads stdout.
        """
        if cancellation.signum is not None:
            raise Cancelled(cancellation.signum, consequence)
        poll = select.poll()
        poll.register(STDOUT, 0)  # POLLERR and POLLHUP come without being asked for: nobody reads it any more
        poll.register(self.report, select.POLLIN)
        poll.register(cancellation.fileno(), select.POLLIN)
        milliseconds = max(0.0, min(seconds, MAX_POLL_SECONDS) * 1000)
        ready = dict(poll.poll(milliseconds))
        if ready.get(STDOUT, 0) & select.POLLNVAL:  # macOS cannot poll a terminal
            poll.unregister(STDOUT)
            ready = dict(poll.poll(milliseconds))
        if cancellation.fileno() in ready:
            os.read(cancellation.fileno(), 4096)  # recorded by now, or a signal of another kind
        if ready.get(STDOUT, 0) & (select.POLLERR | select.POLLHUP):
            raise failed("cancelled", "stdout was closed, so nobody waits for an answer; " + consequence)
        return self.report in ready

    def receive(self) -> Optional[List[Dict[str, Any]]]:
        """Return what the child has told since, None once it is gone."""
        data = os.read(self.report, 65536)
        self._unread += data
        if not data:
            return None
        if b"\n" not in data:  # a value may be as long as all that the job printed
            return []
        *lines, self._unread = self._unread.split(b"\n")
        return [json.loads(line.decode()) for line in lines]

    def reap(self) -> int:
        """Let go of the pipes, wait for the child's end and return its status, as ``os.waitpid`` does."""
        os.close(self.report)
        return os.waitpid(self.pid, 0)[1]


def tell(report: int, message: Dict[str, Any]) -> None:
    """Write ``message`` to the driver, if it is there."""
    with suppress(BrokenPipeError):
        os.write(report, json.dumps(message).encode() + b"\n")
