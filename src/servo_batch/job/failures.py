"""Why a command did not start or did not end well, in words for the person who has to mend it."""

import os
import re
import shlex
import signal
from typing import NamedTuple, Optional, Sequence

from servo_batch import executable
from servo_batch.job.cancel import SIGNALS, signal_name
from servo_batch.job.descendants import Process
from servo_batch.job.outcomes import Ended, NotStarted, Outcome, Output, Stopped

TAIL_BYTES = 4096
# What may be the name of a file in a shell command line.
WORD = re.compile(r"[^\s;&|<>()$`\"'\\]+")
# How a program ends that obeys a signal: by it, or as a shell says that.
OBEDIENT = {0} | {128 + signum for signum in SIGNALS + (signal.SIGKILL,)}


class Step(NamedTuple):
    """What messages call a command: ``prepare`` in ``run 2 of 3``."""

    subject: str
    place: str = ""

    def told(self, text: str) -> str:
        """Return ``text`` with the place before it, if there is one to name."""
        return "%s: %s" % (self.place, text) if self.place else text


JOB = Step("the job")


def as_typed(args: Sequence[str]) -> str:
    """Return the command as a person would type it."""
    return args[2] if _is_shell(args) else " ".join(shlex.quote(arg) for arg in args)


def details(args: Sequence[str], output: Output) -> str:
    """Return the command and the end of what it printed, as further lines of a message."""
    lines = ["", "command: %s" % as_typed(args)]
    for name, size in (("stderr", output.stderr_size), ("stdout", output.stdout_size)):
        which = "%s, the last %d of %d bytes" % (name, TAIL_BYTES, size) if size > TAIL_BYTES else name
        lines.append("%s:\n%s" % (which, output.tail(name, TAIL_BYTES).rstrip("\n")) if size else "%s: nothing" % name)
    return "\n".join(lines)


def became(outcome: Optional[Outcome], step: Step) -> str:
    """Return what became of a command that nobody wants any more, as the end of a message."""
    if isinstance(outcome, Stopped):
        text = "%s was stopped" % step.subject
        if outcome.runtime_seconds is not None:
            text += " after %.1f s" % outcome.runtime_seconds
        return step.told(text + how_stopped(outcome))
    if isinstance(outcome, Ended):
        text = "%s had ended by itself after %.1f s" % (step.subject, outcome.runtime_seconds)
        if outcome.status < 0:
            text += ", killed by %s" % signal_name(-outcome.status)
        elif outcome.status:
            text += ", with exit status %d" % outcome.status
        return step.told(text)
    return step.told("%s was not started" % step.subject)


def how_stopped(outcome: Stopped) -> str:
    """Return what about a stop may have left something running, here or elsewhere, as the end of a message."""
    return _obedience(outcome.status) + survivors(outcome.survivors)


def _obedience(status: Optional[int]) -> str:
    if status == -signal.SIGKILL:
        return "; it did not end when asked and was killed, so what it runs elsewhere may go on"
    if status is None or status < 0 or status in OBEDIENT:
        return ""
    return "; it ended with exit status %d, so what it runs elsewhere may go on" % status


def survivors(processes: Optional[Sequence[Process]]) -> str:
    """Return which processes could not be stopped, as the end of a message; empty where all were."""
    if processes is None:
        return "; what has left its process group may live on: to follow it takes Linux's /proc and Python's ctypes"
    names = names_of(processes)
    return "; these could not be, stop them by hand before the next measurement: " + names if names else ""


def names_of(processes: Sequence[Process]) -> str:
    """Return ``PID (NAME), …``."""
    return ", ".join("%d (%s)" % (process.pid, process.name) for process in processes)


def left_running(ended: Ended, step: Step = JOB) -> str:
    """Return a line for people about what a command left running, empty where it left nothing."""
    if not ended.left_running:
        return ""
    text = "%s left running: %s" % (step.subject, names_of(ended.left_running))
    if ended.reader is not None:
        text += "; process %d goes on reading what they print" % ended.reader
    return step.told(text)


def why_ended_badly(args: Sequence[str], status: int, step: Step = JOB) -> str:
    """Return what an exit status, or minus a signal, says; an empty string for 0."""
    if status < 0:
        hint = ", by somebody or by the system when memory ran out" if status == -signal.SIGKILL else ""
        return "%s was killed by %s%s" % (step.subject, signal_name(-status), hint)
    hint = ""
    if _is_shell(args) and status >= 126:
        if status == 126:
            hint = ": this is how the shell says that it could not execute a command"
        elif status == 127:
            hint = ": this is how the shell says that it did not find a command"
        elif 128 < status < 128 + signal.NSIG:
            hint = ": this is how the shell says that %s killed a command" % signal_name(status - 128)
        if status in (126, 127):
            hint += _script_without_interpreter(args[2])
    return "%s ended with exit status %d%s" % (step.subject, status, hint) if status else ""


def why_not_started(args: Sequence[str], outcome: NotStarted, step: Step = JOB) -> str:
    """Return what the system's error means for ``args``."""
    # As UTF-8 whatever the locale is, which is how the guard looks for it.
    program = os.fsdecode(args[0].encode("utf-8", "surrogateescape"))
    why = _explain(program, outcome.number, outcome.text)
    return "%s was not started: %s\ncommand: %s" % (step.subject, why, as_typed(args))


def _is_shell(args: Sequence[str]) -> bool:
    return list(args[:2]) == ["/bin/sh", "-c"] and len(args) == 3


def _explain(program: str, number: Optional[int], text: str) -> str:
    if number is None:
        return "an argument holds what no argument can: %s" % text
    if program == "/bin/sh" and executable.find(program) is None:
        return "there is no /bin/sh here, which runs a command that is a string; write it as a list of arguments"
    return executable.why_not(program, number)


def _script_without_interpreter(command_line: str) -> str:
    """Return which script in a command line lacks its interpreter, for which a shell says that it is not found."""
    for word in WORD.findall(command_line):
        path = executable.find(word)
        problem = executable.interpreter_problem(path) if path else None
        if problem:
            return "; " + problem
    return ""
