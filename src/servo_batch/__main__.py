"""What the built file and ``python3 -m servo_batch`` run: the verbs, under a Python that can.

This file and the two that lead to it are in words that also Python 2 reads, so that it can say what it lacks.
"""

import os
import sys

INTERRUPTED = 128 + 2  # SIGINT has this number on every system; the module signal costs start-up time


def start():  # type: () -> None
    """Run what the command line says, and end the process with its exit status."""
    if sys.version_info < (3, 6):  # noqa: UP036 - whoever has an older one is to be told
        sys.exit("servo-batch needs Python 3.6 or newer, but this is %d.%d: run it by python3" % sys.version_info[:2])
    _prefer_own_modules()
    try:
        from servo_batch.cli import main

        exit_status = main()
    except KeyboardInterrupt:
        exit_status = INTERRUPTED
    except ModuleNotFoundError as error:
        sys.exit(
            "servo-batch needs all of Python's standard library, but %s; on Debian, python3 has it, not python3-minimal"
            % error
        )
    try:
        sys.stderr.flush()  # of a traceback; answers go past Python's buffers
    except (AttributeError, OSError, ValueError):
        pass  # closed, by us or by whoever reads it
    if exit_status == INTERRUPTED and os.isatty(1):
        _die_of_sigint()
    # All is written, and nothing is left to clean up: taking the interpreter apart would only cost time.
    os._exit(exit_status)


def _die_of_sigint():  # type: () -> None
    """End as one who never heard of Ctrl-C: only then does a shell's loop around this call end too (bash, zsh)."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    os.kill(os.getpid(), signal.SIGINT)


def _prefer_own_modules():  # type: () -> None
    """Look last where $PYTHONPATH says: a json.py of the job's must not take the place of Python's own."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        here = os.getcwd()
    except OSError:  # it is gone
        here = ""
    for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        folder = os.path.normpath(os.path.join(here, folder))  # an empty one is the working directory
        if folder in sys.path and folder != root:
            sys.path.remove(folder)
            sys.path.append(folder)


if __name__ == "__main__":
    start()
