"""The search for the metrics in what a job printed and wrote, in a process of its own.

A pattern may take for ever, or all memory, and ``re`` looks at signals too seldom: in the middle of one it may take
minutes until a handler runs. And a process that the job left running may cut the output short, which ends whoever has
it mapped into memory. All of that meets the child only.
"""

import os
import resource
import signal
from contextlib import suppress
from typing import Dict, Mapping, Optional

from servo_batch.answers import failed, failed_by_machine
from servo_batch.job.attention import Caller, Loop
from servo_batch.job.cancel import signal_name
from servo_batch.job.child import Child, die_with_the_driver, tell
from servo_batch.job.output import Output
from servo_batch.job.types import Step
from servo_batch.metrics import written
from servo_batch.metrics.convert import NoMatch, Value
from servo_batch.metrics.find import find, hint
from servo_batch.metrics.sources import Metric
from servo_batch.wording import named, visible

Before = Mapping[str, Optional[written.State]]  # by the names of the files
CONSEQUENCE = "the job had ended, but what it printed was not searched to the end"
KILLED = "%s killed the search: memory or room in $TMPDIR ran out, or somebody cut the output short or killed it"
HINT_SECONDS = 1  # so long may be thought about what was not found, after the values are known
MAX_MEMORY = 1 << 30  # beside what is mapped of the outputs


def search(
    metrics: Mapping[str, Metric], output: Output, before: Before, step: Step, caller: Caller
) -> Dict[str, Value]:
    """Return the values of the metrics that are searched for, by name.

    They are looked for in what the job printed, and in the files of metrics, unless their states are those ``before``.
    ``step`` is the search, as progress tells it. Raises ``ServoError``: ``no-match``, which tells of all that were not
    found; ``cancelled``; or ``command-failed`` where the output could not be searched.
    """
    wanted = {name: each for name, each in metrics.items() if each.is_searched}
    refusal = caller.cancellation.refusal(CONSEQUENCE)
    if refusal:  # a job that got the same stop may have ended well, and too soon
        raise refusal
    if not wanted:
        return {}
    try:
        child = Child(lambda control, report: _search(wanted, output, before, control, report))
    except OSError as error:
        raise failed_by_machine("what the job printed cannot be searched: %s" % error.strerror) from None
    loop = Loop(step, caller)
    loop.children.append(child)
    try:
        loop.watch(child, lambda: child.is_gone)
    finally:
        os.close(child.control)
        os.kill(child.pid, signal.SIGKILL)
        status = child.reap()
    refusal = loop.refusal(CONSEQUENCE)
    if refusal and not child.is_gone:
        raise refusal
    told = child.told
    if "values" not in told:
        metric = " for %s" % named(told["metric"]) if "metric" in told else ""
        why = told.get("error") or KILLED % signal_name(os.WTERMSIG(status))
        raise failed_by_machine("the job ended well, but what it printed could not be searched%s: %s" % (metric, why))
    if told["missing"]:
        raise failed("no-match", _no_match(wanted, told["missing"]), output.told(step.as_typed))
    values: Dict[str, Value] = told["values"]
    return values


def _no_match(metrics: Mapping[str, Metric], missing: Mapping[str, str]) -> str:
    """Return the line that says which metrics were not found, where, and why or what would have matched."""
    parts = []
    for name, why in missing.items():
        metric = metrics[name]
        where = metric.file or metric.stream
        parts.append("%s in %s: %s%s" % (named(name), where, visible(metric.text), " (%s)" % why if why else ""))
    return "the job ended well, but there is no match for %s; check --output FILE tries it" % "; ".join(parts)


def _search(wanted: Dict[str, Metric], output: Output, before: Before, control: int, report: int) -> None:
    try:
        die_with_the_driver(control)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(ValueError):  # there may be less
            resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))
        streams = {
            "stdout": written.mapped(output.stdout.fileno()),
            "stderr": written.mapped(output.stderr.fileno()),
        }
        values: Dict[str, Value] = {}
        missing: Dict[str, str] = {}
        places = {}
        for name, metric in wanted.items():
            tell(report, {"metric": name})
            try:
                file = metric.file
                places[name] = {metric.stream: written.read(file, before[file])} if file else streams
                values[name] = find(metric, places[name][metric.stream])
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
            metric = wanted[name]
            if name in places and (not why or metric.source == "output_json"):
                missing[name] = "; ".join(filter(None, [why, hint(metric, places[name])]))
            tell(report, {"missing": missing})
