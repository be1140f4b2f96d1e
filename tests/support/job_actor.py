"""A job that hides: ``job_actor.py FIFO ROLE MARKER``.

Writes a line to FIFO once it is where it hides. MARKER is there to be found in the process list: all of its processes
have it in their arguments. None lives longer than LIFE_SECONDS, whatever happens to the test.
"""

import os
import signal
import sys
import time

LIFE_SECONDS = 60
FORKS = 100
CHAINS = 12


def main(fifo, role, _marker):
    signal.alarm(LIFE_SECONDS)
    ROLES[role](lambda: tell(fifo))


def tell(fifo):
    descriptor = os.open(fifo, os.O_WRONLY)
    os.write(descriptor, b"%d\n" % os.getpid())
    os.close(descriptor)


def fork():
    """Fork; a child does not inherit the alarm, so set it again."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(LIFE_SECONDS)
    return pid


def live():
    while True:
        signal.pause()


def plain(tell):
    tell()
    live()


def daemonize(live_on):
    if fork() == 0:
        os.setsid()
        if fork() == 0:
            live_on()
        os._exit(0)
    os.wait()
    live()


def daemon(_tell):
    """A daemon with nothing of the job's environment."""
    argv = [sys.executable, "-IS", __file__, sys.argv[1], "plain", sys.argv[3]]
    daemonize(lambda: os.execve(argv[0], argv, {}))


def deaf(tell):
    """A child and a daemon without files that ignore SIGTERM."""

    def live_on():
        tell()
        os.closerange(0, 100)
        live()

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if fork() == 0:
        daemonize(live_on)
    live()


def stopped(tell):
    pid = fork()
    if pid == 0:
        os.setsid()
        os.kill(os.getpid(), signal.SIGSTOP)
        live()
    os.waitpid(pid, os.WUNTRACED)
    tell()
    live()


def chains(tell):
    """Processes that are other ones all the time: each forks, moves to a session of its own, and ends.

    There are many of them, which are faster than whoever looks at one after the other.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end = time.monotonic() + LIFE_SECONDS
    for number in range(CHAINS):
        if fork() == 0:
            while time.monotonic() < end:
                if os.fork():
                    os._exit(0)
                if number % 2:
                    os.setsid()
                if number == CHAINS - 1 and tell:
                    tell = tell()
            os._exit(0)
    live()


def bomb(tell):
    """Processes that fork for as long as there are tokens for it, in the job's own group."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tokens, more_tokens = os.pipe()
    os.write(more_tokens, b"." * FORKS)
    os.close(more_tokens)
    tell()
    while os.read(tokens, 1):
        fork()
    live()


ROLES = {role.__name__: role for role in (plain, daemon, deaf, stopped, chains, bomb)}

if __name__ == "__main__":
    main(*sys.argv[1:])
