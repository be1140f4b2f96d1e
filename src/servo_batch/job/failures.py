"""What came of a command that did not end well, in words for the person who has to mend it."""

import shlex
import signal
from typing import Optional, Sequence

from servo_batch import executable
from servo_batch.answers import Details, HostError, failed
from servo_batch.job.attention import Loop
from servo_batch.job.cancel import signal_name
from servo_batch.job.output import Output
from servo_batch.job.types import Ended, Lost, NotStarted, Outcome, Step, Stopped

TAIL_BYTES = 4096
LEFT_GROUP = "what has left its process group may live on"


def as_typed(arguments: Sequence[str]) -> str:
    """Return the command as a person would type it."""
    is_shell = list(arguments[:2]) == ["/bin/sh", "-c"] and len(arguments) == 3
    return arguments[2] if is_shell else " ".join(shlex.quote(each) for each in arguments)


def details(arguments: Sequence[str], output: Output) -> Details:
    """Return the command and the end of what it printed."""
    printed = []
    for name in ("stderr", "stdout"):
        size = output.size(name)
        heading = "%s, the last %d of %d bytes" % (name, TAIL_BYTES, size) if size > TAIL_BYTES else name
        printed.append((heading, output.tail(name, TAIL_BYTES).rstrip("\n") if size else None))
    return Details(as_typed(arguments), printed)


def left_running(step: Step, ended: Ended) -> str:
    """Return what a command left running, empty where it left nothing."""
    return "%s left running: %s" % (step.subject, ", ".join(ended.left_running)) if ended.left_running else ""


def judge(step: Step, output: Output, outcome: Optional[Outcome], loop: Loop) -> Ended:
    """Return the end of a command that ended well; raise the one error that says all.

    ``outcome`` is None where nothing was tried since nobody wanted it.
    """
    limit_seconds = step.timeout_seconds
    is_late = isinstance(outcome, Ended) and limit_seconds is not None and outcome.runtime_seconds > limit_seconds
    if isinstance(outcome, Ended) and outcome.status in step.success_statuses and not (output.incomplete or is_late):
        return outcome
    refusal = loop.refusal(step.told(_became(step, outcome)))
    if refusal:
        raise refusal
    if isinstance(outcome, NotStarted):
        why = executable.why_not(step.arguments[0], outcome.number, step.working_directory)
        text = "%s was not started: %s\ncommand: %s" % (step.subject, why, as_typed(step.arguments))
        is_of_machine = outcome.number in executable.OF_THE_MACHINE
        raise HostError(step.told(text)) if is_of_machine else failed("command-failed", step.told(text))
    ran_past = "%s ran past %s of %g s" % (step.subject, step.limit_name, limit_seconds or 0)
    if isinstance(outcome, Ended):
        why = ran_past + "; it ended by itself" if is_late else _why_bad(step, outcome.status)
        parts = [why, output.incomplete, left_running(step, outcome)]
    elif isinstance(outcome, Stopped):
        parts = [ran_past + " and was stopped" + _how_stopped(outcome)]
    else:
        parts = [_became(step, outcome)]
    message, printed = step.told("; ".join(filter(None, parts))), [details(step.arguments, output)]
    if is_late or isinstance(outcome, Stopped):
        raise failed("timeout", message, printed)
    if output.incomplete or isinstance(outcome, Lost):
        raise HostError(message, printed)
    raise failed("command-failed", message, printed)


def _became(step: Step, outcome: Optional[Outcome]) -> str:
    """Return what became of a command, as the end of a message."""
    if isinstance(outcome, Stopped):
        return "%s was stopped after %.1f s%s" % (step.subject, outcome.runtime_seconds, _how_stopped(outcome))
    if isinstance(outcome, Lost):
        text = "somebody killed the guard, which watches the job; %s was killed after %.1f s, but %s"
        return text % (step.subject, outcome.runtime_seconds, LEFT_GROUP)
    if isinstance(outcome, Ended):
        text = "%s after %.1f s" % (_end(step, outcome.status), outcome.runtime_seconds)
        return "; ".join(filter(None, [text, left_running(step, outcome)]))
    return "%s was not started" % step.subject


def _how_stopped(outcome: Stopped) -> str:
    """Return what about a stop may have left something running, here or elsewhere, as the end of a message."""
    text = "; it did not end when asked and was killed, so what it runs elsewhere may go on"
    text = text if outcome.was_killed else ""
    if outcome.survivors is None:
        return "%s; %s" % (text, LEFT_GROUP)
    if outcome.survivors:
        text += "; these could not be, stop them by hand before the next measurement: " + ", ".join(outcome.survivors)
    return text


def _why_bad(step: Step, status: int) -> str:
    """Return what is wrong with an exit status, or minus a signal; an empty string where nothing is."""
    if status in step.success_statuses:
        return ""
    text = _end(step, status)
    if status == -signal.SIGKILL:
        text += ", by somebody or by the system when memory ran out"
    elif status >= 0 and list(step.success_statuses) != [0]:
        text += ", which is none of the success_exit_statuses %s" % ", ".join(map(str, step.success_statuses))
    return text


def _end(step: Step, status: int) -> str:
    how = "was killed by %s" % signal_name(-status) if status < 0 else "ended with exit status %d" % status
    return "%s %s" % (step.subject, how)
