"""Several runs of a job → one measurement, and how far it can be trusted."""

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence

from servo_batch.answers import failed
from servo_batch.metrics.convert import Number, Value
from servo_batch.metrics.sources import TOTAL_RUNTIME, Resource, measured
from servo_batch.samples import deviation, median
from servo_batch.wording import found, is_number, named

if TYPE_CHECKING:
    from servo_batch.metrics.sources import Metric

# Digits after the point of a time in seconds: a microsecond is less than any clock here can tell.
TIME_DIGITS = 6
NOTABLE_SPREAD = 0.05
# A first run this many times as far from the median as half of the runs are is no coincidence. It is what hyperfine
# takes: ten standard deviations, estimated by the median absolute deviation (Iglewicz and Hoaglin, 1993).
OUTLIER = 14.826


def run_values(
    metrics: "Mapping[str, Metric]", figures: Mapping[str, Number], searched: Mapping[str, Value]
) -> Dict[str, Value]:
    """Return the metrics of one run but for formulas, ``total_runtime`` first.

    ``figures`` are the system's, by the names in ``sources.UNITS``; ``searched`` is what was found.
    """
    known = {
        name: round(figures[each.text], TIME_DIGITS) if isinstance(each, Resource) else searched.get(name)
        for name, each in measured(metrics).items()
    }
    return {name: value for name, value in known.items() if value is not None}


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


def remark(runtimes: Sequence[float], warmup_runs: int = 0) -> Optional[str]:
    """Return a line that says so where the runs took more or less time than they should, or None.

    The first run stands out: it found caches cold. Otherwise a spread of more than NOTABLE_SPREAD is worth a word.
    """
    middle, apart = median(runtimes), deviation(runtimes)
    distances = [abs(runtime - middle) for runtime in runtimes]
    if len(runtimes) > 2 and distances[0] > max(OUTLIER * median(distances), NOTABLE_SPREAD * middle):
        remedy = "--warmup-runs 1 runs the job once before that"
        if warmup_runs:
            remedy = "more than --warmup-runs %d, or a quieter machine, may help" % warmup_runs
        text = "%s: the first run, %.4g, is far from the others, median %.4g, as with cold caches: %s"
        return text % (TOTAL_RUNTIME, runtimes[0], middle, remedy)
    if apart is None or apart <= NOTABLE_SPREAD * middle:
        return None
    text = "%s: the runs differ by ± %.0f %% of the median: more --runs, or a quieter machine, make it surer"
    return text % (TOTAL_RUNTIME, 100 * apart / middle)
