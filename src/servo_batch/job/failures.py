"""Why a command did not start or did not end well, in words for the person who has to mend it."""

import os
import re
import shlex
import signal
from typing import Optional, Sequence

from servo_batch import executable
from servo_batch.answers import Details
from servo_batch.job.cancel import SIGNALS, signal_name
from servo_batch.job.descendants import Process
from servo_batch.job.outcomes import Ended, NotStarted, Outcome, Stopped
from servo_batch.job.output import Output
from servo_batch.job.steps import Step

TAIL_BYTES = 4096
# What may be the name of a file in a shell command line.
WORD = re.compile(r"[^\s;&|<>()$`\"'\\]+")
# How a program ends that obeys a signal: by it, or as a shell says that.
OBEDIENT = {128 + signum for signum in SIGNALS + (signal.SIGKILL,)}


def as_typed(arguments: Sequence[str]) -> str:
    """Return the command as a person would type it."""
    return arguments[2] if _is_shell(arguments) else " ".join(shlex.quote(each) for each in arguments)


def details(arguments: Sequence[str], output: Output) -> Details:
    """Return the command and the end of what it printed."""
    printed = []
    for name, size in (("stderr", output.stderr_size), ("stdout", output.stdout_size)):
        heading = "%s, the last %d of %d bytes" % (name, TAIL_BYTES, size) if size > TAIL_BYTES else name
        printed.append((heading, output.tail(name, TAIL_BYTES).rstrip("\n") if size else None))
    return Details(as_typed(arguments), printed)


def became(outcome: Optional[Outcome], step: Step) -> str:
    """Return what became of a command that nobody wants any more, as the end of a message."""
    if isinstance(outcome, Stopped):
        after = "" if outcome.runtime_seconds is None else " after %.1f s" % outcome.runtime_seconds
        return step.told("%s was stopped%s%s" % (step.subject, after, how_stopped(outcome)))
    if isinstance(outcome, Ended):
        text = "%s had ended by itself after %.1f s" % (step.subject, outcome.runtime_seconds)
        if outcome.status < 0:
            text += ", killed by %s" % signal_name(-outcome.status)
        elif outcome.status:
            text += ", with exit status %d" % outcome.status
        return step.told("; ".join(filter(None, [text, left_running(step, outcome)])))
    return step.told("%s was not started" % step.subject)


def ran_past(step: Step) -> str:
    """Return the begin of a message about a command that ran past its timeout."""
    return "%s ran past its timeout of %g s" % (step.subject, step.timeout_seconds or 0)


def how_stopped(outcome: Stopped) -> str:
    """Return what about a stop may have left something running, here or elsewhere, as the end of a message."""
    text = ""
    if outcome.status == -signal.SIGKILL:
        text = "; it did not end when asked and was killed, so what it runs elsewhere may go on"
    elif outcome.status is not None and outcome.status > 0 and outcome.status not in OBEDIENT:
        text = "; it ended with exit status %d, so what it runs elsewhere may go on" % outcome.status
    if outcome.survivors is None:
        text += "; what has left its process group may live on: to follow it takes Linux's /proc and Python's ctypes"
    elif outcome.survivors:
        text += "; these could not be, stop them by hand before the next measurement: " + _names(outcome.survivors)
    return text


def left_running(step: Step, ended: Ended) -> str:
    """Return what a command left running, empty where it left nothing."""
    reads = "" if ended.reader is None else "; process %d goes on reading what they print" % ended.reader
    return "%s left running: %s%s" % (step.subject, _names(ended.left_running), reads) if ended.left_running else ""


def _names(processes: Sequence[Process]) -> str:
    return ", ".join("%d (%s)" % (process.pid, process.name) for process in processes)


def why_ended_badly(step: Step, status: int) -> str:
    """Return what is wrong with an exit status, or minus a signal; an empty string where nothing is."""
    if status in step.success_statuses:
        return ""
    if status < 0:
        hint = ", by somebody or by the system when memory ran out" if status == -signal.SIGKILL else ""
        return "%s was killed by %s%s" % (step.subject, signal_name(-status), hint)
    text = "%s ended with exit status %d" % (step.subject, status)
    if list(step.success_statuses) != [0]:
        text += ", which is none of the success_exit_statuses %s" % ", ".join(map(str, step.success_statuses))
    if not _is_shell(step.arguments) or status < 126:
        return text
    if status == 126:
        text += ": this is how the shell says that it could not execute a command"
    elif status == 127:
        text += ": this is how the shell says that it did not find a command"
    elif 128 < status < 128 + signal.NSIG:
        text += ": this is how the shell says that %s killed a command" % signal_name(status - 128)
    return text + (_script_without_interpreter(step) if status in (126, 127) else "")


def why_not_started(step: Step, outcome: NotStarted) -> str:
    """Return what the system's error means for a command."""
    # As UTF-8 whatever the locale is, which is how the guard looks for it.
    program = os.fsdecode(step.arguments[0].encode("utf-8", "surrogateescape"))
    if outcome.number is None:
        why = "an argument or a variable holds what none can: %s" % outcome.text
    elif program == "/bin/sh" and executable.find(program) is None:
        why = "there is no /bin/sh here, which runs a command that is a string; write it as a list of arguments"
    else:
        why = executable.why_not(program, outcome.number, step.working_directory)
    return "%s was not started: %s\ncommand: %s" % (step.subject, why, as_typed(step.arguments))


def _is_shell(arguments: Sequence[str]) -> bool:
    return list(arguments[:2]) == ["/bin/sh", "-c"] and len(arguments) == 3


def _script_without_interpreter(step: Step) -> str:
    """Return which script in a command line lacks its interpreter, for which a shell says that it is not found."""
    for word in WORD.findall(step.arguments[2]):
        path = executable.find(word, step.working_directory)
        problem = executable.interpreter_problem(path) if path else None
        if problem:
            return "; " + problem
    return ""
