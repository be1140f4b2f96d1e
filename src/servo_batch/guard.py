"""The guard: a small process between the driver and the job that outlives the driver just long enough to stop the job.

The driver holds the writing end of a pipe, *control*, and writes nothing. When it is closed, because the driver wants the
job to stop or because the driver was killed, the guard stops the job. What the guard has to say it writes to the pipe
*report*, as lines of JSON, each of them one of:

- ``{"started": T, "pid": N}``: the moment of the monotonic clock directly before the job's process was made, in seconds;
- ``{"errno": N, "error": TEXT}``: the job could not start;
- ``{"ended": SECONDS, "status": N}``: the job ended by itself after so many seconds, with an exit status or minus a signal;
- ``{"stopped": [[PID, NAME], …]}``: it was stopped but for these, which could not be;
- ``{"broken": TRACEBACK}``: a bug of ours.

It has a session of its own, sleeps until something happens, and has nothing open but its pipes.
"""

import json
import os
import select
import signal
import subprocess
import time
import traceback
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set

from servo_batch import cancel, descendants

BLOCKED = cancel.SIGNALS + (signal.SIGCHLD,)


class Guard(NamedTuple):
    """A guard, as its driver has it: close ``control`` to stop the job."""

    pid: int
    control: int
    report: int


def start(args: Sequence[str], stdout: int, stderr: int, grace_seconds: float) -> Guard:
    """Fork a guard that runs ``args`` with the two descriptors as its output.

    Raises ``OSError`` where there can be no further process or descriptor.
    """
    guard_control, control = os.pipe()
    report, guard_report = os.pipe()
    # In the first moments of its life the guard has the driver's handlers; a signal must not come before it changed them.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)
    try:
        pid = os.fork()
        if pid == 0:
            try:
                _guard(args, stdout, stderr, guard_control, guard_report, grace_seconds, mask)
            finally:
                os._exit(0)
    except OSError:
        os.close(control)
        os.close(report)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(guard_control)
        os.close(guard_report)
    return Guard(pid, control, report)


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
            job = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True, close_fds=True
            )
        except (OSError, ValueError) as error:  # ValueError: an argument that has a NUL character
            _tell(report, {"errno": getattr(error, "errno", None), "error": str(error)})
            return
        os.close(stdout)
        os.close(stderr)
        _tell(report, {"started": began, "pid": job.pid})
        status = _wait_for_end(job.pid, wakeup, control)
        if status is not None:
            _tell(report, {"ended": time.monotonic() - began, "status": status})
            return

        def wait(seconds: float) -> None:
            _wait_for([wakeup], seconds)
            _drain(wakeup)

        if can_follow:
            alive = descendants.stop(grace_seconds, wait)
        else:
            alive = descendants.stop_group(job.pid, grace_seconds, wait)
        _tell(report, {"stopped": [[process.pid, process.name] for process in alive]})
    except BaseException:
        _tell(report, {"broken": traceback.format_exc()})


def _close_all_but(kept: Set[int]) -> None:
    """Let go of every descriptor but ``kept``, so that nobody waits for the guard; stdin and so on become /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard, inheritable=False)
    # Not by counting: in a container the limit of descriptors can be a thousand million.
    for name in os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"):
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:  # the one that listed the folder
                pass


def _wake_up_on_signals(mask: Set[Any]) -> int:
    """Set up the signals; return a descriptor that becomes readable when a child ends.

    The handlers do nothing, but they are handlers: what is ignored would be ignored by the job as well, and what ends the
    driver must not end the guard.
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
    """Return the job's exit status, or minus the signal that killed it, once it ended; None when it is to be stopped."""
    while True:
        readable = _wait_for([wakeup, control])
        _drain(wakeup)
        pid = -1
        while pid:  # orphans that came to the guard are reaped too
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == job:
                return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if control in readable:
            return None


def _wait_for(descriptors: Sequence[int], seconds: Optional[float] = None) -> List[int]:
    # Not select(2), which knows only the first 1024 descriptors.
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return [descriptor for descriptor, _ in poll.poll(None if seconds is None else seconds * 1000)]


def _drain(wakeup: int) -> None:
    try:
        os.read(wakeup, 4096)
    except BlockingIOError:
        pass


def _tell(report: int, message: Dict[str, Any]) -> None:
    try:
        os.write(report, json.dumps(message).encode() + b"\n")
    except BrokenPipeError:  # the driver is dead
        pass
