"""The one place where the agent waits: for signals, children, pipes and exchanges, without polling."""

import contextlib
import os
import selectors
import signal
import time
from typing import Dict, List, Optional, Set

from servo_batch.agent import signals
from servo_batch.agent.signals import FINISH, HANDLED, STOP

# A wait is cut into pieces: an absurd time from outside must not overflow the kernel's.
MAX_WAIT_SECONDS = 3600.0
# What an exchange writes to the wake-up pipe when it ends; the numbers of signals start at 1.
_WAKE = b"\0"


class Events:
    """Signals, ended children and readable pipes; ``wait`` collects them, the attributes tell.

    Children are reaped by ``wait`` alone, whoever's they are: process 1 of a container inherits every orphan.
    """

    def __init__(self) -> None:
        self.signals: List[int] = []
        self.stopped_at: Optional[float] = None  # on the monotonic clock, when the first of STOP came
        self._exits: Dict[int, int] = {}
        self._children: Set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        os.set_blocking(self._wake_writer, False)
        self.watch(self._wake_reader)
        signal.set_wakeup_fd(self._wake_writer)
        for number in HANDLED:
            # Any handler makes Python write the number to the wake-up pipe, which is all that is wanted.
            signal.signal(number, lambda number, frame: None)
        signals.release()

    @property
    def stopping(self) -> bool:
        """Whether SIGTERM or SIGINT came."""
        return any(number in STOP for number in self.signals)

    @property
    def hurried(self) -> bool:
        """Whether SIGTERM or SIGINT came more than once: somebody does not want to wait."""
        return sum(number in STOP for number in self.signals) > 1

    @property
    def leaving(self) -> bool:
        """Whether any signal asked the agent to end or to start again."""
        return bool(self.signals)

    @property
    def restarting(self) -> bool:
        """Whether SIGHUP, and nothing else, asked for it."""
        return bool(self.signals) and all(number == signal.SIGHUP for number in self.signals)

    def hold(self) -> None:
        """Let signals that come from now on wait for the handlers of the next life; those that came are noted."""
        signals.hold()
        self.wait(time.monotonic())

    def watch(self, descriptor: int) -> None:
        """Let ``wait`` return when ``descriptor`` can be read."""
        self._selector.register(descriptor, selectors.EVENT_READ)

    def unwatch(self, descriptor: int) -> None:
        """Undo ``watch``."""
        self._selector.unregister(descriptor)

    def adopt(self, child: int) -> None:
        """Keep the exit status of the process ``child`` for ``exit_status``."""
        self._children.add(child)

    def exit_status(self, child: int) -> Optional[int]:
        """Return what waitpid(2) said of the adopted ``child``, or None while it runs; once it ended, it is let go."""
        status = self._exits.pop(child, None)
        if status is not None:
            self._children.discard(child)
        return status

    def wake(self) -> None:
        """End a ``wait``; the one method that another thread may call."""
        # A full pipe ends the wait anyhow.
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_writer, _WAKE)

    def wait(self, until: Optional[float] = None) -> List[int]:
        """Wait for any event, at most until the monotonic clock shows ``until``; return the readable descriptors.

        It may return early and empty-handed: callers look at what they waited for and wait again.
        """
        seconds = MAX_WAIT_SECONDS if until is None else min(max(until - time.monotonic(), 0), MAX_WAIT_SECONDS)
        ready = [key.fd for key, _ in self._selector.select(seconds)]
        if self._wake_reader in ready:
            ready.remove(self._wake_reader)
            self.signals.extend(number for number in os.read(self._wake_reader, 65536) if number in STOP + FINISH)
            if self.stopped_at is None and self.stopping:
                self.stopped_at = time.monotonic()
        self._reap()
        return ready

    def _reap(self) -> None:
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if child == 0:
                return
            if child in self._children:
                self._exits[child] = status
