"""Several runs of a job → one measurement, and how far it can be trusted."""

from typing import Any, Dict, List, Mapping, Sequence

from servo_batch.answers import failed
from servo_batch.metrics.convert import Value
from servo_batch.metrics.sources import TOTAL_RUNTIME, Metric, described
from servo_batch.samples import deviation, median
from servo_batch.wording import found, is_number, named

NOTABLE_SPREAD = 0.05


def refuse_mixed(first: Mapping[str, Value], run: Mapping[str, Value]) -> None:
    """Raise ``ServoError`` (no-match) where a metric is a number in one run and text in the first."""
    for name, value in run.items():
        if is_number(value) != is_number(first[name]):
            text = "the job ended well, but %s is %s, and in the first run it was %s: no median is of both"
            raise failed("no-match", text % (named(name), found(value), found(first[name])))


def summarise(runs: Sequence[Mapping[str, Any]], metrics: Mapping[str, Metric]) -> Dict[str, Dict[str, Any]]:
    """Return ``metrics`` as answered, ``{NAME: {"value": …, "unit": …, "runs": […]}}``, for the values of each run.

    A value is the median; text is that of the run with the median ``total_runtime``, the shorter of two. Of a single
    run there is no ``runs``.
    """
    middle = sorted(runs, key=lambda run: run.get(TOTAL_RUNTIME, 0))[(len(runs) - 1) // 2]
    summary: Dict[str, Dict[str, Any]] = {}
    for name, description in described(metrics).items():
        values = [run[name] for run in runs]
        value = median(values) if all(map(is_number, values)) else middle[name]
        summary[name] = {"value": value, **description, **({"runs": values} if len(runs) > 1 else {})}
    return summary


def remarks(runtimes: Sequence[float]) -> List[str]:
    """Return a line that says so where the runs took times that are more than NOTABLE_SPREAD apart, else none."""
    middle, apart = median(runtimes), deviation(runtimes)
    if apart is None or apart <= NOTABLE_SPREAD * middle:
        return []
    remedy = "more --runs, --warmup-runs where the first took longest, or a quieter machine make it surer"
    return ["%s: the runs differ by ± %.0f %% of the median: %s" % (TOTAL_RUNTIME, 100 * apart / middle, remedy)]
