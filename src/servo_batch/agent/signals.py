"""The signals that the agent heeds, and how they are kept until it can."""

import signal

# SIGTERM and SIGINT end the agent now; SIGUSR1 and SIGHUP once the current operation is done.
STOP = (signal.SIGTERM, signal.SIGINT)
FINISH = (signal.SIGUSR1, signal.SIGHUP)
HANDLED = STOP + FINISH + (signal.SIGCHLD,)


def hold() -> None:
    """Let signals that come from now on wait until ``release``, in this life of the process or, after exec, the next.

    While the agent starts, a signal would otherwise end it without a word; as process 1 it would even get lost.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)


def release() -> None:
    """Let the handlers have the signals that were held, and those to come."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
