"""The guard: a small process between the driver and the job, which outlives the driver just long enough to stop it.

It is a child of the driver (see child.py). When its *control* is closed, because the driver wants the job to stop or
because the driver was killed, it stops the job. What it reports is one of:

- ``{"started": T, "pid": N}``: T is the monotonic clock's time directly before the job's process was made;
- ``{"errno": N, "error": TEXT}``: the job could not start;
- ``{"ended": SECONDS, "status": N}``: the job took so long and ended by itself, N is its exit status or minus a signal;
- ``{"stopped": [[PID, NAME], …]}``: the job was stopped, but for these processes; null where nobody can tell;
- ``{"broken": TRACEBACK}``: a bug of ours.

It has a session of its own, sleeps until something happens, and has nothing open but its pipes.
"""

import os
import select
import signal
import subprocess
import time
import traceback
from contextlib import suppress
from typing import Any, Iterable, List, Optional, Sequence, Set

from servo_batch.job import descendants
from servo_batch.job.child import BLOCKED, MAX_POLL_SECONDS, Child, tell


def start(args: Sequence[str], stdout: int, stderr: int, grace_seconds: float) -> Child:
    """Fork a guard that runs ``args`` with the two descriptors as its output; raise ``OSError`` where none can be."""
    return Child(lambda control, report, mask: _guard(args, stdout, stderr, control, report, grace_seconds, mask))


def _guard(
    args: Sequence[str], stdout: int, stderr: int, control: int, report: int, grace_seconds: float, mask: Set[Any]
) -> None:
    try:
        os.setsid()
        _close_all_but({stdout, stderr, control, report})
        wakeup = _wake_up_on_signals(mask)
        can_follow = descendants.become_subreaper() and descendants.visible()
        began = time.monotonic()
        try:
            # UTF-8 whatever the locale: in the C locale Python 3.6 could not encode the text itself.
            job = subprocess.Popen(
                [arg.encode("utf-8", "surrogateescape") for arg in args],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                close_fds=True,
            )
        except (OSError, ValueError) as error:  # ValueError: an argument that has a NUL character
            tell(report, {"errno": getattr(error, "errno", None), "error": str(error)})
            return
        os.close(stdout)
        os.close(stderr)
        tell(report, {"started": began, "pid": job.pid})
        status = _wait_for_end(job.pid, wakeup, control)
        if status is not None:
            tell(report, {"ended": time.monotonic() - began, "status": status})
            return

        def wait(seconds: float) -> None:
            _wait_for([wakeup], seconds)
            _drain(wakeup)

        if can_follow:
            tell(report, {"stopped": descendants.stop(grace_seconds, wait)})
        else:
            descendants.stop_group(job.pid, grace_seconds, wait)
            tell(report, {"stopped": None})
    except BaseException:
        tell(report, {"broken": traceback.format_exc()})


def _close_all_but(kept: Set[int]) -> None:
    """Let go of every descriptor but ``kept``, so that nobody waits for the guard; stdin and so on become /dev/null."""
    os.close(0)  # so that there is one for the list, however few there may be
    for descriptor in _open_descriptors():
        if descriptor not in kept:
            with suppress(OSError):  # the one that listed the folder
                os.close(descriptor)
    while os.open(os.devnull, os.O_RDWR) < 2:  # each is the lowest that is free
        pass


def _open_descriptors() -> Iterable[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return [int(name) for name in os.listdir(folder)]
    return range(1024)  # not up to the limit, which in a container can be a thousand million


def _wake_up_on_signals(mask: Set[Any]) -> int:
    """Set up the signals; return a descriptor that becomes readable when a child ends.

    The handlers do nothing, but handlers they are: what ends the driver must not end the guard, and what is ignored
    would be ignored by the job as well.
    """
    wakeup, writable = os.pipe()
    os.set_blocking(wakeup, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable)
    for signum in BLOCKED:
        if signum == signal.SIGCHLD or signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, lambda _signum, _frame: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask - {signal.SIGCHLD})
    return wakeup


def _wait_for_end(job: int, wakeup: int, control: int) -> Optional[int]:
    """Return the exit status, or minus the signal, with which the job ended; None when it is to be stopped."""
    pause = None
    while True:
        readable = _wait_for([wakeup, control], pause)
        _drain(wakeup)
        ended = descendants.reap()  # orphans that came to the guard are among them
        if job in ended:
            status = ended[job]
            return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if control in readable:
            return None
        pause = 0 if len(ended) == descendants.MAX_REAPED else None


def _wait_for(descriptors: Sequence[int], seconds: Optional[float] = None) -> List[int]:
    # Not select(2), which knows only the first 1024 descriptors.
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return [
        descriptor for descriptor, _ in poll.poll(None if seconds is None else min(seconds, MAX_POLL_SECONDS) * 1000)
    ]


def _drain(wakeup: int) -> None:
    with suppress(BlockingIOError):
        os.read(wakeup, 4096)
