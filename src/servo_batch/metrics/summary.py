"""Several runs of a job → one measurement, and how far it can be trusted."""

from typing import Any, Dict, Mapping, Optional, Sequence

from servo_batch.answers import failed
from servo_batch.metrics.convert import Value
from servo_batch.metrics.sources import TOTAL_RUNTIME
from servo_batch.samples import deviation, median
from servo_batch.wording import found, is_number, named

NOTABLE_SPREAD = 0.05


def refuse_mixed(first: Dict[str, Value], run: Mapping[str, Value]) -> None:
    """Raise ``ServoError`` (no-match) where a metric is a number in one run and text in another.

    ``first`` has the values of the first run, or is empty and gets them.
    """
    for name, value in run.items():
        before = first.setdefault(name, value)
        if is_number(value) != is_number(before):
            text = "the job ended well, but %s is %s, and in the first run it was %s: no median is of both"
            raise failed("no-match", text % (named(name), found(value), found(before)))


def summarise(
    runs: Sequence[Mapping[str, Any]], runtimes: Sequence[float], described: Mapping[str, Mapping[str, Any]]
) -> Dict[str, Dict[str, Any]]:
    """Return the answer's metrics, ``{NAME: {"value": …, "unit": …, "runs": […]}}``, for runs in their order.

    ``runs`` has the values of each, ``runtimes`` how long each took, ``described`` the units, as ``--describe`` has
    them. A value is the median; text is that of the run with the median runtime, the shorter of two. Of a single run
    there is no ``runs``.
    """
    middle = sorted(range(len(runs)), key=lambda index: runtimes[index])[(len(runs) - 1) // 2]
    summary: Dict[str, Dict[str, Any]] = {}
    for name in runs[0]:
        values = [run[name] for run in runs]
        value = median(values) if all(map(is_number, values)) else values[middle]
        summary[name] = {"value": value, **described.get(name, {}), **({"runs": values} if len(runs) > 1 else {})}
    return summary


def remark(runtimes: Sequence[float]) -> Optional[str]:
    """Return a line that says so where the runs took times that are more than NOTABLE_SPREAD apart, or None."""
    middle, apart = median(runtimes), deviation(runtimes)
    if apart is None or apart <= NOTABLE_SPREAD * middle:
        return None
    text = (
        "%s: the runs differ by ± %.0f %% of the median: more --runs, --warmup-runs where the first took longest, or "
    )
    return (text + "a quieter machine make it surer") % (TOTAL_RUNTIME, 100 * apart / middle)
