"""Measurements as they are compared: pooled where their settings are the same, which settings vary, what is best."""

import json
import math
from itertools import accumulate
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from servo_batch import samples
from servo_batch.history.figures import as_number
from servo_batch.wording import is_number

# What a tuning measures in the end, as the history's lines name it: whether the best are better than the default.
CONFIRM_BEST, CONFIRM_DEFAULT = "confirm best", "confirm default"


class Trial(NamedTuple):
    """A measurement of the history.

    ``number`` counts from 1; ``settings`` is ``{"web.cpu": 4, …}``; ``metrics`` is as answered, ``{NAME: {"value": …,
    "unit": …, "runs": […]}}``; ``objective`` is a number that can be drawn, or None where the measurement failed;
    ``runs`` is the objective of each run; ``cause`` is "machine" where a failure is no fault of the settings.
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
    cause: Optional[str] = None


class Row(NamedTuple):
    """All that was measured with the same settings.

    ``runs`` is the objective of each run, ``value`` their median, None where all failed; ``costs`` is the same the
    lower the better, with None for each measurement that failed. ``confirmed`` is the number of the last measurement by
    which a tuning confirmed them, 0 where none did.
    """

    settings: Dict[str, Any]
    trials: List[Trial]
    runs: List[float]
    value: Optional[float]
    costs: List[Optional[float]]
    confirmed: int

    def values(self, name: str) -> List[Any]:
        """Return the values of a metric, of each run."""
        metrics = [trial.metrics[name] for trial in self.trials if name in trial.metrics]
        return [value for metric in metrics for value in metric.get("runs", [metric["value"]])]

    def kinds(self, name: str) -> Set[bool]:
        """Return whether the values of a metric are numbers: True, False, or both."""
        return set(map(is_number, self.values(name)))


class View(NamedTuple):
    """What is shown: rows from the best on, ``top`` the best of them, and of what objective (label and direction).

    ``varying`` names the settings that have more than one value; a missing one counts as a value. ``is_comparison``:
    with how many times the best's value each is. ``numbered``: each row is one measurement.
    """

    rows: Sequence[Row]
    top: Optional[Row]
    varying: List[str]
    label: str
    minimize: bool
    is_comparison: bool = False
    numbered: bool = False

    def is_best(self, trial: Trial) -> bool:
        """Tell whether a measurement is one of the best settings."""
        return self.top is not None and trial in self.top.trials


def view(trials: Sequence[Trial], label: str, minimize: bool, is_comparison: bool = False) -> View:
    """Return what trials come to, pooled where their settings are the same."""
    rows = pooled(trials, minimize)
    values = [{name: _identity({name: value}) for name, value in row.settings.items()} for row in rows]
    varying = [name for name in names(values) if len({each.get(name) for each in values}) > 1]
    return View(rows, _best(rows), varying, label, minimize, is_comparison)


def pooled(trials: Sequence[Trial], minimize: bool) -> List[Row]:
    """Return a row for each combination of settings, from the best on; what failed comes last."""
    groups: Dict[str, List[Trial]] = {}
    for trial in trials:
        groups.setdefault(_identity(trial.settings), []).append(trial)
    confirmed = _confirmed(trials, minimize)
    sign = 1 if minimize else -1
    rows = []
    for identity, group in groups.items():
        runs = [value for trial in group for value in trial.runs]
        costs = [sign * value for value in runs] + [None for trial in group if trial.objective is None]
        value = as_number(samples.median(runs)) if runs else None
        rows.append(Row(group[0].settings, group, runs, value, costs, confirmed.get(identity, 0)))
    return sorted(rows, key=lambda row: (row.value is None, sign * (row.value or 0)))


def _confirmed(trials: Sequence[Trial], minimize: bool) -> Dict[str, int]:
    """Return for settings that were measured again the last measurement that confirmed them, 0 where it did not."""
    # What the machine is to blame for, tune measures once more.
    trials = [trial for trial in trials if trial.cause != "machine"]
    steps = [((_identity(trial.settings), trial.purpose), cost(trial, minimize)) for trial in trials]
    found: Dict[str, int] = {}
    for end, trial in enumerate(trials, 1):
        turns = [measured for measured, _ in steps[:end][-2:]]
        if [purpose for _, purpose in turns] == [CONFIRM_BEST, CONFIRM_DEFAULT]:
            runs = in_turns(steps[:end], turns)
            if len(runs) >= 2 * samples.FEWEST:  # one that was broken off says nothing
                found[turns[0][0]] = trial.number if samples.is_lower(runs[::2], runs[1::2]) else 0
    return found


def in_turns(steps: Iterable[Tuple[Any, Optional[float]]], turns: Sequence[Any]) -> List[Optional[float]]:
    """Return the values of the confirmation that ends ``steps``: those of the two ``turns``, one after the other.

    Each step is what was measured and what came of it. Any other one between them ends a confirmation: the machine may
    have changed since.
    """
    values: List[Optional[float]] = []
    for measured, value in steps:
        if measured != turns[len(values) % 2]:
            values = []
        if measured == turns[len(values) % 2]:
            values.append(value)
    return values


def _identity(settings: Dict[str, Any]) -> str:
    """Return a text that is the same for the same settings: 1 and 1.0 are one number, and neither is true."""
    whole = {name: int(value) for name, value in settings.items() if isinstance(value, float) and value.is_integer()}
    return json.dumps({**settings, **whole}, sort_keys=True)


def cost(trial: Trial, minimize: bool) -> Optional[float]:
    """Return the objective, the lower the better; None for a failure."""
    return trial.objective if trial.objective is None or minimize else -trial.objective


def _best(rows: Sequence[Row]) -> Optional[Row]:
    """Return the best of rows that are in order, None where all failed.

    What a tuning has confirmed last counts before a better median, unless that is better by more than chance explains.
    """
    first = rows[0] if rows and rows[0].value is not None else None
    kept = max((row for row in rows if row.confirmed), key=lambda row: row.confirmed, default=None)
    return kept if first and kept and not samples.is_lower(first.costs, kept.costs) else first


def names(mappings: Sequence[Dict[str, Any]]) -> List[str]:
    """Return the keys of all mappings, each once, in the order of first appearance."""
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def best_so_far(values: Sequence[Optional[float]], minimize: bool) -> List[Optional[float]]:
    """Return for each value the best up to it, None before the first that is none."""
    worst = math.inf if minimize else -math.inf
    found = accumulate((worst if value is None else value for value in values), min if minimize else max)
    return [None if value == worst else value for value in found]
