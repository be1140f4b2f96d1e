"""The signals that the agent heeds, and how they are kept until it can."""

import contextlib
import signal
from typing import Iterator

# SIGTERM and SIGINT end the agent now; SIGUSR1 and SIGHUP once the current operation is done.
STOP = (signal.SIGTERM, signal.SIGINT)
FINISH = (signal.SIGUSR1, signal.SIGHUP)
HANDLED = STOP + FINISH + (signal.SIGCHLD,)


def hold() -> None:
    """Let signals that come from now on wait until ``release``, in this life of the process or, after exec, the next.

    While the agent starts, a signal would otherwise end it without a word; as process 1 it would even get lost.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let signals wait for so long; a thread that is started meanwhile never takes one.

    The system gives a signal to any thread that lets it through, also while ``hold`` keeps it from this one: just
    before an exec it would be lost with the thread.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def release() -> None:
    """Let the handlers have the signals that were held, and those to come."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
