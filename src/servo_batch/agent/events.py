"""Where the agent waits: for signals, children, pipes and exchanges, without polling."""

import contextlib
import math
import os
import select
import signal
import time
from typing import Any, Callable, Dict, List, Sequence

# SIGTERM and SIGINT end the agent now; SIGUSR1 and SIGHUP once the current operation is done.
STOP = (signal.SIGTERM, signal.SIGINT)
FINISH = (signal.SIGUSR1, signal.SIGHUP)
# A wait is cut into pieces: an absurd time from outside must not overflow the kernel's.
MAX_WAIT_SECONDS = 3600.0


def leave_when_told(log: Callable[[str], None]) -> None:
    """Until there are ``Events``, let SIGTERM and SIGINT end the process at once, and the others wait.

    Nothing has been sent yet. Process 1 would not even hear of a signal that it does not handle.
    """

    def leave(number: int, frame: Any) -> None:
        log("told to stop before it began")
        os._exit(0)

    for number in STOP:
        signal.signal(number, leave)
    signal.pthread_sigmask(signal.SIG_SETMASK, FINISH)


class Events:
    """Signals, ended children and readable pipes; ``wait`` collects them, the attributes tell."""

    def __init__(self) -> None:
        self.signals: List[int] = []  # those that ask the agent to end or to start again
        self.stopped_at = math.inf  # when the agent was told to end now, on the monotonic clock
        self.hurried = False  # whether SIGTERM or SIGINT came again: somebody will not wait
        self.exits: Dict[int, int] = {}  # by process id, what waitpid(2) said in the last wait
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_writer, False)
        signal.set_wakeup_fd(self._wake_writer)
        for number in (*STOP, *FINISH, signal.SIGCHLD):
            # With any handler Python writes the number to the wake-up pipe.
            signal.signal(number, lambda number, frame: None)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def hold(self) -> None:
        """Collect what has come; what comes later waits for the next life of the process, after exec."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP + FINISH)
        self.wait(0)

    def stop(self) -> None:
        """Note that the agent ends now, as SIGTERM and SIGINT do."""
        self.stopped_at = min(self.stopped_at, time.monotonic())

    @property
    def restarting(self) -> bool:
        """Whether SIGHUP, and nothing else, asked for it."""
        return bool(self.signals) and all(number == signal.SIGHUP for number in self.signals)

    def wake(self) -> None:
        """End a ``wait``; the one method that another thread may call."""
        # A full pipe ends the wait anyhow. No signal, which Python writes there, has the number 0.
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_writer, b"\0")

    def wait(self, until: float = math.inf, pipes: Sequence[Any] = ()) -> List[Any]:
        """Wait for any event, at most until the monotonic clock shows ``until``.

        Return those of the ``pipes`` that can be read. It may return early and empty-handed.
        """
        seconds = min(max(until - time.monotonic(), 0), MAX_WAIT_SECONDS)
        ready = select.select([self._wake_reader, *pipes], [], [], seconds)[0]
        if self._wake_reader in ready:
            for number in os.read(self._wake_reader, 65536):
                if number in STOP + FINISH:
                    self.signals.append(number)
                if number in STOP:
                    self.hurried = self.stopped_at < math.inf
                    self.stop()
        self._reap()
        return [pipe for pipe in ready if pipe != self._wake_reader]

    def _reap(self) -> None:
        """Reap children, whoever's they are: process 1 of a container inherits every orphan."""
        self.exits = {}
        with contextlib.suppress(ChildProcessError):
            while True:
                child, status = os.waitpid(-1, os.WNOHANG)
                if child == 0:
                    return
                self.exits[child] = status
