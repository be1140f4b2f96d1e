"""The guard: a small process between the driver and the job, which outlives the driver just long enough to stop it.

It is a child of the driver (see child.py). The driver writes to its *control* to have the job stopped, and again when
it is to wait no longer; where the driver was killed, *control* is at its end, and the job is stopped. The guard reports

- ``{"started": [T, PID]}``: T is the monotonic clock's time directly before the job's process was made;
- ``{"outcome": [NAME, …]}``: what came of it, one of the types of outcomes.py with its fields. Where the job ended by
  itself, the guard then waits for the end of *control*, reports it again with what of the job is still running, and
  leaves that alone.

It has a session of its own, sleeps until something happens, and has nothing open but its pipes.
"""

import math
import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import Callable, Dict, List, Optional

from servo_batch.job import descendants
from servo_batch.job.cancel import catch
from servo_batch.job.child import BLOCKED, Child, detach, tell, wait_for
from servo_batch.job.outcomes import Ended, Lost, NotStarted, Outcome, Stopped
from servo_batch.job.types import Step

OUTCOMES: Dict[str, Callable[..., Outcome]] = {kind.__name__: kind for kind in (Ended, Stopped, Lost, NotStarted)}
# How long a process may take to end that has nothing more to do.
ENDING_SECONDS = 0.2


class Guard(Child):
    """The guard, as the driver has it."""

    def __init__(self, step: Step, stdout: int, stderr: int) -> None:
        """Fork a guard that runs ``step`` with the two descriptors as its output; raise ``OSError`` if none can be."""
        super().__init__(lambda control, report: _guard(step, stdout, stderr, control, report))

    @property
    def outcome(self) -> Optional[Outcome]:
        """What came of the job; None where that is not told yet."""
        name, *fields = self.told.get("outcome", [None])
        return OUTCOMES[name](*fields) if name else None

    def ask(self) -> None:
        """Ask for the end of the job; a second time, to wait for that no longer."""
        with suppress(BrokenPipeError):
            os.write(self.control, b".")

    def receive(self) -> None:
        """Take what it has told; where somebody killed it before all was told, kill the job's process group."""
        super().receive()
        self.began, pid = self.told.get("started", (self.began, 0))
        if self.is_gone and not self.outcome:
            if pid:
                descendants.send(os.killpg, pid, signal.SIGKILL)
            self.told["outcome"] = ["Lost", time.monotonic() - self.began]


def _tell(report: int, outcome: Outcome) -> None:
    tell(report, {"outcome": [type(outcome).__name__, *outcome]})


def _guard(step: Step, stdout: int, stderr: int, control: int, report: int) -> None:
    detach({stdout, stderr, control, report})
    # Handlers, though they do nothing: what ends the driver must not end the guard, and what the guard ignored, the job
    # would ignore as well.
    wakeup = catch(BLOCKED, lambda _signum, _frame: None)
    can_follow = descendants.become_subreaper()
    arguments = [_encoded(argument) for argument in step.arguments]
    environment = {**os.environb, **{_encoded(name): _encoded(text) for name, text in step.environment.items()}}
    folder = None if step.working_directory is None else _encoded(step.working_directory)
    began = time.monotonic()
    try:
        job = subprocess.Popen(
            arguments,
            env=environment,
            cwd=folder,
            stdin=0,  # the guard's, /dev/null
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    except OSError as error:
        _tell(report, NotStarted(error.errno or 0))
        return
    os.close(stdout)
    os.close(stderr)
    tell(report, {"started": [began, job.pid]})
    listened = [wakeup, control]
    status = _wait_for_end(job.pid, listened)
    seconds = time.monotonic() - began
    if status is not None:
        exit_status = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        ended = Ended(seconds, exit_status, descendants.used(), [])
        _tell(report, ended)
        while os.read(control, 100):
            pass
        _tell(report, ended._replace(left_running=_left(wakeup) if can_follow else None))
        return
    stopped = descendants.stop(job.pid, step.grace_seconds, lambda limit: bool(_wait(listened, limit)), can_follow)
    _tell(report, Stopped(seconds, *stopped))


def _encoded(text: str) -> bytes:
    # UTF-8 whatever the locale: in the C locale Python 3.6 could not encode the text itself.
    return text.encode("utf-8", "surrogateescape")


def _wait(listened: List[int], seconds: float) -> Optional[bytes]:
    """Wait for the end of a child, of which the first descriptor tells, or for the driver, which writes to the second.

    Return what it has written; nothing where it was killed, which is told once; None where neither happened.
    """
    ready = wait_for(listened, seconds)
    wakeup, *controls = listened
    with suppress(BlockingIOError):
        os.read(wakeup, 4096)
    told = None
    if controls and controls[0] in ready:
        told = os.read(controls[0], 1)
        if not told:  # it is at its end for ever
            listened.pop()
    return told


def _wait_for_end(job: int, listened: List[int]) -> Optional[int]:
    """Return the status of the job's process, as ``os.waitpid`` does; None when it is to be stopped."""
    pause = math.inf
    while True:
        is_asked = _wait(listened, pause) is not None
        ended = descendants.reap()  # orphans that came to the guard, too: what they used counts, if it has ended by now
        if job in ended:
            return ended[job]
        if is_asked:
            return None
        pause = 0 if ended else math.inf


def _left(wakeup: int) -> List[str]:
    """Return what of the job is still running, and not just about to end, as a copier is that has seen its end."""
    limit = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < limit:
        reaped = descendants.reap()
        if descendants.all_gone():  # which is the rule, and then nobody has to look through all of /proc
            return []
        _wait([wakeup], 0 if reaped else max(0, limit - time.monotonic()))
    return descendants.running()
