"""The search for the metrics in what a job printed, in a process of its own.

A pattern may take for ever, without the interpreter getting to a signal, or all memory; and a process that the job left
running may cut the output short, which ends whoever has it mapped into memory. All of that meets the child only.
"""

import fcntl
import os
import resource
import select
import signal
import time
import traceback
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from servo_batch.job.cancel import Cancellation, signal_name
from servo_batch.job.child import Child, tell
from servo_batch.job.run import PROGRESS_SECONDS, Result, report_progress
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
    result: Result,
    cancellation: Cancellation,
    on_progress: Callable[[float], None],
) -> "Dict[str, Optional[Value]]":
    """Return what each metric's pattern finds in the job's stdout, None where it has no match.

    ``on_progress(elapsed_seconds)`` is called every PROGRESS_SECONDS. Raises ``ServoError``: ``cancelled``, or
    ``command-failed`` where the output could not be searched.
    """
    try:
        child = Child(lambda control, report, _mask: _search(patterns, result, control, report))
    except OSError as error:
        raise failed("command-failed", "what the job printed cannot be searched: %s" % error.strerror) from None
    told: Dict[str, Any] = {}
    messages: Optional[List[Dict[str, Any]]] = []
    began = time.monotonic()
    next_progress = began + PROGRESS_SECONDS
    try:
        while messages is not None:
            if child.wait(next_progress - time.monotonic(), cancellation, CONSEQUENCE):
                messages = child.receive()
                for message in messages or []:
                    told.update(message)
            elif time.monotonic() >= next_progress:
                next_progress = time.monotonic() + PROGRESS_SECONDS
                report_progress(on_progress, time.monotonic() - began, CONSEQUENCE)
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


def _search(patterns: Dict[str, metrics.Metric], result: Result, control: int, report: int) -> None:
    try:
        _die_with_the_driver(control)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        output = find.mapped(result.stdout, result.stdout_size)
        found = []
        for name, metric in patterns.items():
            tell(report, {"metric": name})
            found.append(find.find(metric.pattern, output))
        tell(report, {"found": found})
    except (MemoryError, OSError) as error:
        tell(report, {"error": str(error) or "memory ran out"})
    except BaseException:
        tell(report, {"broken": traceback.format_exc()})


def _die_with_the_driver(control: int) -> None:
    """Have the kernel kill this process when ``control`` is closed, also in the middle of a pattern.

    With O_ASYNC the kernel sends SIGIO when the state of a pipe changes, whose default action ends a process, says
    signal(7). macOS ignores SIGIO by default: there a search goes on to its end.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGIO])
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(control, fcntl.F_SETFL, fcntl.FASYNC)
    if select.select([control], [], [], 0)[0]:  # it was closed before
        os._exit(0)
