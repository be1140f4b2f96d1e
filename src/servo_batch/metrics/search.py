"""The search for the metrics in what a job printed, in a process of its own.

A pattern may take for ever, without the interpreter getting to a signal, or all memory; and a process that the job left
running may cut the output short, which ends whoever has it mapped into memory. All of that meets the child only.
"""

import os
import resource
import signal
import time
import traceback
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Match, NamedTuple, Optional

from servo_batch.answers import HostError
from servo_batch.job.cancel import Cancellation, Cancelled, signal_name
from servo_batch.job.child import PROGRESS_SECONDS, Child, Schedule, Unwanted, die_with_the_driver, tell
from servo_batch.job.output import Output
from servo_batch.metrics import extract, hints
from servo_batch.metrics.extract import Value
from servo_batch.metrics.sources import STREAMS, OutputRegex
from servo_batch.wording import named, shown

if TYPE_CHECKING:
    from servo_batch.metrics.sources import Metric

CONSEQUENCE = "the job had ended, but what it printed was not searched to the end"
KILLERS = {
    "SIGBUS": ": a process that the job left running cut the output short, or $TMPDIR has no room for its holes",
    "SIGKILL": ", somebody or the system when memory ran out",
}
HINT_SECONDS = 2  # so long may be thought about what was found and what was not, after the values are known


class Searched(NamedTuple):
    """What became of the metrics that are searched for, by name."""

    values: Dict[str, Value]
    missing: List[str]  # found nothing
    hints: Dict[str, str]  # what a person should know of one: a value that is cut off, or what would have matched


def search(
    metrics: "Mapping[str, Metric]",
    output: Output,
    cancellation: Cancellation,
    on_progress: Callable[[float], None],
    progress_seconds: float = PROGRESS_SECONDS,
) -> Searched:
    """Return what the patterns among ``metrics`` find in what the job printed.

    ``on_progress(elapsed_seconds)`` is called every ``progress_seconds``. Raises ``ServoError``: ``cancelled``, or
    ``command-failed`` where the output could not be searched.
    """
    wanted = {name: metric for name, metric in metrics.items() if isinstance(metric, OutputRegex)}
    if not wanted:
        if cancellation.signum is not None:
            raise Cancelled(cancellation.signum, CONSEQUENCE)
        return Searched({}, [], {})
    try:
        child = Child(lambda control, report, _mask: _search(wanted, output, control, report))
    except OSError as error:
        raise HostError("what the job printed cannot be searched: %s" % error.strerror) from None
    told: Dict[str, Any] = {}
    schedule = Schedule(on_progress, progress_seconds)
    schedule.begin(time.monotonic())
    try:
        for message in child.watch(cancellation, schedule):
            told.update(message)
    except Unwanted as unwanted:
        raise unwanted.error(CONSEQUENCE) from None
    finally:
        os.close(child.control)
        os.kill(child.pid, signal.SIGKILL)
        status = child.reap()
    if "broken" in told:
        raise RuntimeError("the search failed:\n" + told["broken"])
    if "values" not in told:
        metric = " for %s" % named(told["metric"]) if "metric" in told else ""
        name = signal_name(os.WTERMSIG(status))
        why = told.get("error") or "%s killed the search%s" % (name, KILLERS.get(name, ""))
        text = "the job ended well, but what it printed could not be searched%s: %s"
        raise HostError(text % (metric, why))
    values = told["values"]
    return Searched(values, [name for name in wanted if name not in values], told.get("hints", {}))


def no_match_message(metrics: "Mapping[str, Metric]", searched: Searched) -> str:
    """Return the line that says which patterns found nothing, in which stream, and what would have matched."""
    parts = []
    for name in searched.missing:
        metric = metrics[name]
        assert isinstance(metric, OutputRegex)
        pattern = metric.text if metric.text.isprintable() else shown(metric.text)
        hint = searched.hints.get(name)
        parts.append("%s in %s: %s%s" % (named(name), metric.stream, pattern, " (%s)" % hint if hint else ""))
    return "the job ended well, but there is no match for the first group of %s; check --output FILE tries patterns" % (
        "; ".join(parts)
    )


def _search(metrics: Dict[str, OutputRegex], output: Output, control: int, report: int) -> None:
    try:
        die_with_the_driver(control)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        streams = {
            "stdout": extract.mapped(output.stdout, output.stdout_size),
            "stderr": extract.mapped(output.stderr, output.stderr_size),
        }
        matches = {}
        values = {}
        for name, metric in metrics.items():
            tell(report, {"metric": name})
            match = matches[name] = metric.pattern.search(streams[metric.stream])
            found = extract.found_in(match) if match else None
            if found:
                values[name] = found.value
        tell(report, {"values": values})
    except (MemoryError, OSError) as error:
        tell(report, {"error": str(error) or "memory ran out"})
        return
    except BaseException:
        tell(report, {"broken": traceback.format_exc()})
        return
    _die_after(HINT_SECONDS)
    try:
        for told in _hints(metrics, streams, matches):
            tell(report, {"hints": told})
    except (MemoryError, OSError):
        pass  # a value is not lost for a hint
    except Exception:
        traceback.print_exc()  # a bug, but nor is it then


def _hints(
    metrics: Dict[str, OutputRegex], streams: Dict[str, extract.Output], matches: "Dict[str, Optional[Match[bytes]]]"
) -> Iterator[Dict[str, str]]:
    """Yield all hints so far after each metric that has one."""
    so_far = {}
    for name, metric in metrics.items():
        (other,) = [streams[stream] for stream in STREAMS if stream != metric.stream]
        hint = hints.hint(metric.pattern, matches[name], streams[metric.stream], other, metric.stream)
        if hint:
            so_far[name] = hint
            yield so_far


def _die_after(seconds: int) -> None:
    """Have the kernel end this process after ``seconds``, also in the middle of a pattern."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    signal.alarm(seconds)
