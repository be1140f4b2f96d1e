"""Several runs of a job → one measurement, and how far it can be trusted."""

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from servo_batch.answers import failed
from servo_batch.metrics.convert import Value
from servo_batch.metrics.sources import Resource, measured
from servo_batch.samples import Number, deviation, median
from servo_batch.wording import found, is_number, named

if TYPE_CHECKING:
    from servo_batch.metrics.sources import Metric

# Digits after the point of a time in seconds: a microsecond is less than any clock here can tell.
TIME_DIGITS = 6
NOTABLE_SPREAD = 0.05
# A first run this many times as far from the median as half of the runs are is no coincidence. It is what hyperfine
# takes: ten standard deviations, estimated by the median absolute deviation (Iglewicz and Hoaglin, 1993).
OUTLIER = 14.826


class Spread(NamedTuple):
    """How far apart numbers are: ``median`` ± ``deviation``, which is ``relative`` to the median (None: it is 0)."""

    median: Number
    deviation: float  # the sample standard deviation
    relative: Optional[float]


def run_values(
    metrics: "Mapping[str, Metric]", figures: Mapping[str, Number], searched: Mapping[str, Value]
) -> Dict[str, Value]:
    """Return the metrics of one run that the system and the output have, ``total_runtime`` first.

    ``figures`` are the system's, by the names in ``sources.UNITS``; ``searched`` is what was found. Metrics that are
    formulas are left to whoever computes them.
    """
    values: Dict[str, Value] = {}
    for name, metric in measured(metrics).items():
        if isinstance(metric, Resource):
            figure = figures[metric.text]
            values[name] = round(figure, TIME_DIGITS) if isinstance(figure, float) else figure
        elif name in searched:
            values[name] = searched[name]
    return values


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
    runs: Sequence[Mapping[str, Value]], runtimes: Sequence[float], described: Mapping[str, Mapping[str, Any]]
) -> Dict[str, Dict[str, Any]]:
    """Return the answer's metrics, ``{NAME: {"value": …, "unit": …, "runs": […]}}``, for runs in their order.

    ``runs`` has the values of each, ``runtimes`` how long each took, ``described`` the units, as ``--describe``
    has them. A value is the median; where not all of them are numbers, it is that of the run with the median runtime,
    the shorter of two. Of a single run the value is the run's, and there is no ``runs``.
    """
    middle = sorted(range(len(runs)), key=lambda index: runtimes[index])[(len(runs) - 1) // 2]
    summary: Dict[str, Dict[str, Any]] = {}
    for name in runs[0]:
        values = [run[name] for run in runs]
        numbers = _numbers(values)
        summary[name] = {"value": values[middle] if numbers is None else median(numbers)}
        summary[name].update(described.get(name, {}))
        if len(runs) > 1:
            summary[name]["runs"] = values
    return summary


def spread(values: Sequence[Value]) -> Optional[Spread]:
    """Return how far apart the values of several runs are, or None where they are not numbers or only one."""
    numbers = _numbers(values)
    if numbers is None or len(numbers) < 2:
        return None
    middle, apart = median(numbers), deviation(numbers)
    if apart is None:
        return None
    return Spread(middle, apart, abs(apart / middle) if middle else None if apart else 0.0)


def remark(name: str, values: Sequence[Value], warmup_runs: int = 0) -> Optional[str]:
    """Return a line that says so where the runs of a metric differ by more than they should, or None.

    The first run stands out: it found caches cold. Otherwise more than NOTABLE_SPREAD to either side of the median is
    worth a word.
    """
    apart = spread(values)
    numbers = _numbers(values)
    if apart is None or numbers is None or apart.relative is None:
        return None
    if _first_is_outlier(numbers, apart.median):
        remedy = "--warmup-runs 1 runs the job once before that"
        if warmup_runs:
            remedy = "more than --warmup-runs %d, or a quieter machine, may help" % warmup_runs
        return "%s: the first run, %.4g, is far from the others, median %.4g, as with cold caches: %s" % (
            name,
            numbers[0],
            apart.median,
            remedy,
        )
    if apart.relative > NOTABLE_SPREAD:
        return "%s: the runs differ by ± %.0f %% of the median: more --runs, or a quieter machine, make it surer" % (
            name,
            100 * apart.relative,
        )
    return None


def _first_is_outlier(numbers: Sequence[Number], middle: Number) -> bool:
    if len(numbers) < 3:
        return False
    distances = [abs(number - middle) for number in numbers]
    return distances[0] > OUTLIER * median(distances) and distances[0] > NOTABLE_SPREAD * abs(middle)


def _numbers(values: Sequence[Value]) -> Optional[List[Number]]:
    """Return the values if all of them are numbers."""
    numbers: List[Any] = [value for value in values if is_number(value)]
    return numbers if len(numbers) == len(values) else None
