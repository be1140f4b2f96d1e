"""The search for the metrics in what a job printed and wrote, in a process of its own.

A pattern may take for ever, or all memory, and ``re`` looks at signals too seldom: in the middle of one it may take
minutes until a handler runs. And a process that the job left running may cut the output short, which ends whoever has
it mapped into memory. All of that meets the child only.
"""

import os
import resource
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Dict, Mapping, NamedTuple, Union

from servo_batch.answers import HostError
from servo_batch.job.attention import Caller, Loop, Unwanted
from servo_batch.job.cancel import Cancelled, signal_name
from servo_batch.job.child import Child, die_with_the_driver, tell
from servo_batch.job.output import Output
from servo_batch.job.steps import Step
from servo_batch.metrics import hints, written
from servo_batch.metrics.convert import NoMatch, Value
from servo_batch.metrics.find import find
from servo_batch.metrics.sources import OutputJson, OutputRegex
from servo_batch.metrics.written import Stamp
from servo_batch.wording import named, shown

if TYPE_CHECKING:
    from servo_batch.metrics.sources import Metric

    Wanted = Dict[str, Union[OutputRegex, OutputJson]]

CONSEQUENCE = "the job had ended, but what it printed was not searched to the end"
KILLERS = {
    "SIGBUS": ": a process that the job left running cut the output short, or $TMPDIR has no room for its holes",
    "SIGKILL": ", somebody or the system when memory ran out",
}
HINT_SECONDS = 2  # so long may be thought about what was not found, after the values are known
MAX_MEMORY = 1 << 30  # beside what is mapped of the outputs


class Searched(NamedTuple):
    """What became of the metrics that are searched for, by name: the values, and of the others why there is none."""

    values: Dict[str, Value]
    missing: Dict[str, str]  # empty where the pattern just does not match


def search(
    metrics: "Mapping[str, Metric]", output: Output, before: Mapping[str, Stamp], step: Step, caller: Caller
) -> Searched:
    """Return what is found of ``metrics`` in what the job printed, and in the files that are not as they were before.

    ``before`` is from ``written.stamps``; ``step`` is the search, as progress tells it. Raises ``ServoError``:
    ``cancelled``, or ``command-failed`` where the output could not be searched.
    """
    wanted = {name: each for name, each in metrics.items() if isinstance(each, (OutputRegex, OutputJson))}
    if not wanted:
        if caller.cancellation.signum is not None:
            raise Cancelled(caller.cancellation.signum, CONSEQUENCE)
        return Searched({}, {})
    try:
        child = Child(lambda control, report, _mask: _search(wanted, output, before, control, report))
    except OSError as error:
        raise HostError("what the job printed cannot be searched: %s" % error.strerror) from None
    loop = Loop(step, caller)
    loop.children.append(child)
    try:
        loop.watch(lambda: child.is_gone)
    except Unwanted as unwanted:
        raise unwanted.error(CONSEQUENCE) from None
    finally:
        os.close(child.control)
        os.kill(child.pid, signal.SIGKILL)
        status = child.reap()
    told = child.told
    if "values" not in told:
        metric = " for %s" % named(told["metric"]) if "metric" in told else ""
        name = signal_name(os.WTERMSIG(status))
        why = told.get("error") or "%s killed the search%s" % (name, KILLERS.get(name, ""))
        text = "the job ended well, but what it printed could not be searched%s: %s"
        raise HostError(text % (metric, why))
    return Searched(told["values"], told["missing"])


def no_match_message(metrics: "Mapping[str, Metric]", missing: Mapping[str, str]) -> str:
    """Return the line that says which metrics were not found, where, and why or what would have matched."""
    parts = []
    for name, why in missing.items():
        metric = metrics[name]
        assert isinstance(metric, (OutputRegex, OutputJson))
        text = metric.text if metric.text.isprintable() else shown(metric.text)
        parts.append("%s in %s: %s%s" % (named(name), metric.file or metric.stream, text, " (%s)" % why if why else ""))
    return "the job ended well, but there is no match for %s; check --output FILE tries it" % "; ".join(parts)


def _search(wanted: "Wanted", output: Output, before: Mapping[str, Stamp], control: int, report: int) -> None:
    try:
        die_with_the_driver(control)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(ValueError, OSError):
            soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY if soft < 0 else min(soft, MAX_MEMORY), hard))
        streams = {
            "stdout": written.mapped(output.stdout.fileno(), output.size("stdout")),
            "stderr": written.mapped(output.stderr.fileno(), output.size("stderr")),
        }
        values: Dict[str, Value] = {}
        missing: Dict[str, str] = {}
        for name, metric in wanted.items():
            tell(report, {"metric": name})
            try:
                text = written.read(before[metric.file]) if metric.file else streams[metric.stream]
                values[name] = find(metric, text).value
            except NoMatch as none:
                missing[name] = str(none)
        tell(report, {"values": values, "missing": missing})
    except (MemoryError, OSError) as error:
        tell(report, {"error": str(error) or "memory ran out"})
        return
    # Have the kernel end this process after a while, also in the middle of a pattern: hints are not worth more.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    signal.alarm(HINT_SECONDS)
    with suppress(MemoryError, OSError):
        for name, why in list(missing.items()):
            if wanted[name].file is None and (not why or isinstance(wanted[name], OutputJson)):
                others = {stream: text for stream, text in streams.items() if stream != wanted[name].stream}
                hint = hints.hint(wanted[name], streams[wanted[name].stream], others)
                missing[name] = "; ".join(filter(None, [why, hint]))
            tell(report, {"missing": missing})
