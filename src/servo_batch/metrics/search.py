"""The search for the metrics in what a job printed, in a process of its own.

A pattern may take for ever, without the interpreter getting to a signal, or all memory; and a process that the job left
running may cut the output short, which ends whoever has it mapped into memory. All of that meets the child only.
"""

import os
import resource
import signal
import time
import traceback
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

from servo_batch.job.cancel import Cancellation, signal_name
from servo_batch.job.child import Child, Schedule, Unwanted, die_with_the_driver, tell
from servo_batch.job.outcomes import Output
from servo_batch.metrics import find
from servo_batch.metrics import patterns as metrics
from servo_batch.protocol import failed
from servo_batch.wording import named

if TYPE_CHECKING:
    from servo_batch.metrics.find import Value

CONSEQUENCE = "the job had ended, but what it printed was not searched to the end"
HINTS = {
    "SIGBUS": ": a process that the job left running cut the output short, or $TMPDIR has no room for its holes",
    "SIGKILL": ", somebody or the system when memory ran out",
}


def search(
    patterns: Dict[str, metrics.Metric],
    output: Output,
    cancellation: Cancellation,
    on_progress: Callable[[float], None],
) -> "Dict[str, Optional[Value]]":
    """Return what each metric's pattern finds in the job's stdout, None where it has no match.

    ``on_progress(elapsed_seconds)`` is called every 30 seconds. Raises ``ServoError``: ``cancelled``, or
    ``command-failed`` where the output could not be searched.
    """
    try:
        child = Child(lambda control, report, _mask: _search(patterns, output, control, report))
    except OSError as error:
        raise failed("command-failed", "what the job printed cannot be searched: %s" % error.strerror) from None
    told: Dict[str, Any] = {}
    schedule = Schedule(on_progress)
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
    if "found" not in told:
        metric = " for %s" % named(told["metric"]) if "metric" in told else ""
        name = signal_name(os.WTERMSIG(status))
        why = told.get("error") or "%s killed the search%s" % (name, HINTS.get(name, ""))
        text = "the job ended well, but what it printed could not be searched%s: %s"
        raise failed("command-failed", text % (metric, why))
    return dict(zip(patterns, told["found"]))


def _search(patterns: Dict[str, metrics.Metric], job_output: Output, control: int, report: int) -> None:
    try:
        die_with_the_driver(control)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        output = find.mapped(job_output.stdout, job_output.stdout_size)
        found = []
        for name, metric in patterns.items():
            tell(report, {"metric": name})
            found.append(find.find(metric.pattern, output))
        tell(report, {"found": found})
    except (MemoryError, OSError) as error:
        tell(report, {"error": str(error) or "memory ran out"})
    except BaseException:
        tell(report, {"broken": traceback.format_exc()})
