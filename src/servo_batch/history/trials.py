"""Measurements as they are compared: pooled where their settings are the same, which settings vary, what is best."""

import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from servo_batch import samples
from servo_batch.history.figures import as_number

# What a tuning measures in the end, as the history's lines name it: whether the best are better than the default.
CONFIRM_BEST, CONFIRM_DEFAULT = "confirm best", "confirm default"


class Trial(NamedTuple):
    """A measurement of the history.

    ``number`` counts from 1; ``settings`` is ``{"web.cpu": 4, …}``; ``metrics`` is as answered, ``{NAME: {"value": …,
    "unit": …, "runs": […]}}``; ``objective`` is a number that can be drawn, or None where the measurement failed;
    ``runs`` is the objective of each run.
    """

    number: int
    time: str
    job: str
    settings: Dict[str, Any]
    status: str
    metrics: Dict[str, Any]
    objective: Optional[float]
    runs: Sequence[float] = ()
    control: Optional[Dict[str, Any]] = None
    reason: Optional[str] = None
    message: Optional[str] = None
    purpose: Optional[str] = None


class Row(NamedTuple):
    """All that was measured with the same settings: ``value`` is the median of all runs, None where all failed."""

    settings: Dict[str, Any]
    trials: List[Trial]
    runs: List[float]
    value: Optional[float]
    is_confirmed: bool = False

    def values(self, name: str) -> List[Any]:
        """Return the values of a metric, of each run."""
        found: List[Any] = []
        for trial in self.trials:
            metric = trial.metrics.get(name, {})
            runs = metric.get("runs")
            found += runs if isinstance(runs, list) else [metric["value"]] if "value" in metric else []
        return found

    def metrics(self) -> Dict[str, Dict[str, Any]]:
        """Return the metrics of all runs, as a measurement of several runs answers them."""
        found: Dict[str, Dict[str, Any]] = {}
        for trial in self.trials:
            for name, metric in trial.metrics.items():
                runs = self.values(name)
                is_number = bool(runs) and all(as_number(value) is not None for value in runs)
                value = samples.median(runs) if is_number else metric.get("value")
                found[name] = {**metric, "value": value, "runs": runs}
        return found


def pooled(trials: Sequence[Trial], minimize: bool) -> List[Row]:
    """Return a row for each combination of settings, in the order of first appearance."""
    groups: Dict[str, List[Trial]] = {}
    for trial in trials:
        groups.setdefault(_identity(trial.settings), []).append(trial)
    default = [cost(trial, minimize) for trial in trials if trial.purpose == CONFIRM_DEFAULT]
    rows = []
    for group in groups.values():
        runs = [value for trial in group for value in trial.runs]
        again = [cost(trial, minimize) for trial in group if trial.purpose == CONFIRM_BEST]
        value = as_number(samples.median(runs)) if runs else None
        rows.append(Row(group[0].settings, group, runs, value, bool(again) and samples.is_lower(again, default)))
    return rows


def _identity(settings: Dict[str, Any]) -> str:
    """Return a text that is the same for the same settings: 1 and 1.0 are one number, and neither is true."""
    values = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in settings.items()
    }
    return json.dumps(values, sort_keys=True)


def cost(trial: Trial, minimize: bool) -> Optional[float]:
    """Return the objective, the lower the better; None for a failure."""
    return trial.objective if trial.objective is None or minimize else -trial.objective


def best(rows: Sequence[Row], minimize: bool) -> Optional[Row]:
    """Return the best row, None where all failed.

    What a tuning has confirmed last counts before a better median, unless that is better by more than chance explains.
    """
    ranked = in_order(rows, minimize)
    if not ranked or ranked[0].value is None:
        return None
    confirmed = [row for row in rows if row.is_confirmed]
    if confirmed:
        kept = max(confirmed, key=lambda row: row.trials[-1].number)
        return ranked[0] if is_better(ranked[0], kept, minimize) else kept
    return ranked[0]


def in_order(rows: Sequence[Row], minimize: bool) -> List[Row]:
    """Return the rows from the best on; what failed comes last."""
    sign = 1 if minimize else -1
    return sorted(rows, key=lambda row: (row.value is None, sign * (row.value or 0)))


def is_better(row: Row, other: Row, minimize: bool) -> bool:
    """Tell whether the runs of a row are better than another's by more than chance explains."""
    return samples.is_lower(costs(row, minimize), costs(other, minimize))


def costs(row: Row, minimize: bool) -> List[Optional[float]]:
    """Return the objective of each run, the lower the better; None for each measurement that failed."""
    failed = sum(trial.objective is None for trial in row.trials)
    return [value if minimize else -value for value in row.runs] + [None] * failed


def names(mappings: Sequence[Dict[str, Any]]) -> List[str]:
    """Return the keys of all mappings, each once, in the order of first appearance."""
    found: Dict[str, None] = {}  # a set would lose the order
    for mapping in mappings:
        found.update(dict.fromkeys(mapping))
    return list(found)


def varying(settings: Sequence[Dict[str, Any]]) -> List[str]:
    """Return the names of the settings that have more than one value; a missing one counts as a value."""
    return [
        name
        for name in names(settings)
        if len({_identity({name: one[name]} if name in one else {}) for one in settings}) > 1
    ]


def best_so_far(values: Sequence[Optional[float]], minimize: bool) -> List[Optional[float]]:
    """Return for each value the best up to it, None before the first that is none."""
    found: List[Optional[float]] = []
    current: Optional[float] = None
    for value in values:
        if value is not None:
            current = value if current is None else (min if minimize else max)(current, value)
        found.append(current)
    return found


def failure(trial: Trial) -> Optional[str]:
    """Return why a measurement has no objective, in a word or two; None where it has one."""
    if trial.objective is not None:
        return None
    return (trial.reason or trial.status) if trial.status != "ok" else "no objective"


def shown(value: object) -> str:
    """Return a setting's value as it is read: text as it is, else JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return "%.12g" % value  # 0.1 + 0.2 is 0.3 to whoever set it
    return json.dumps(value, ensure_ascii=False)
