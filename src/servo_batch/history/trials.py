"""Measurements as they are compared: which settings vary, which one is best, the best so far."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from servo_batch.config.settings import is_same
from servo_batch.wording import is_number

# Farther out the span of two values may be no float any more; nearer to zero, the step between two ticks.
LARGEST, SMALLEST = 1e300, 1e-290
# So many times farther off than three quarters of the values are from the best, a value is off the scale.
FAR_OUT = 5


class Trial(NamedTuple):
    """A measurement of the history.

    ``number`` counts from 1; ``settings`` is ``{"web.cpu": 4, …}``; ``metrics`` is as answered, ``{NAME: {"value": …,
    "unit": …, "runs": […]}}``; ``objective`` is a finite number, or None where the measurement failed.
    """

    number: int
    time: str
    settings: Dict[str, Any]
    status: str
    reason: Optional[str]
    metrics: Dict[str, Any]
    objective: Optional[float]
    control: Optional[Dict[str, Any]] = None
    message: Optional[str] = None


def as_number(value: Any) -> Optional[float]:
    """Return a JSON value as a float where it is a number that a float holds; a boolean is none."""
    if not is_number(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if not abs(number) <= LARGEST:  # which NaN is not either
        return None
    return number if abs(number) >= SMALLEST else 0.0


def names(mappings: Sequence[Dict[str, Any]]) -> List[str]:
    """Return the keys of all mappings, each once, in the order of first appearance."""
    found: Dict[str, None] = {}  # a set would lose the order
    for mapping in mappings:
        found.update(dict.fromkeys(mapping))
    return list(found)


def varying(trials: Sequence[Trial]) -> List[str]:
    """Return the names of the settings that have more than one value; a missing one counts as a value."""
    settings = [trial.settings for trial in trials]
    return [name for name in names(settings) if any(not _same(one, settings[0], name) for one in settings)]


def _same(one: Dict[str, Any], other: Dict[str, Any], name: str) -> bool:
    if (name in one) != (name in other):
        return False
    return is_same(one.get(name), other.get(name))


def best(trials: Sequence[Trial], minimize: bool) -> Optional[Trial]:
    """Return the first measurement that no other one beats, or None where all failed."""
    done = [trial for trial in trials if objective_of(trial) is not None]
    if not done:
        return None
    return (min if minimize else max)(done, key=lambda trial: objective_of(trial) or 0.0)


def best_so_far(trials: Sequence[Trial], minimize: bool) -> List[Optional[float]]:
    """Return for each measurement the best objective up to it, None before the first that did not fail."""
    found: List[Optional[float]] = []
    current: Optional[float] = None
    for trial in trials:
        value = objective_of(trial)
        if value is not None and (current is None or (value < current if minimize else value > current)):
            current = value
        found.append(current)
    return found


def comparable(values: Sequence[float], minimize: bool) -> List[float]:
    """Return the values (one at least) that belong on one scale.

    Without those so far on the wrong side that beside them all others would look the same.
    """
    ordered = sorted(values, reverse=not minimize)
    bad = 1 if minimize else -1
    third_quarter = ordered[len(ordered) * 3 // 4]
    usual = abs(third_quarter - ordered[0])
    return [value for value in values if not usual or bad * (value - third_quarter) <= FAR_OUT * usual]


def objective_of(trial: Trial) -> Optional[float]:
    """Return the objective as a float that can be drawn, or None."""
    return as_number(trial.objective)


def failure(trial: Trial) -> Optional[str]:
    """Return why a measurement has no objective, in a word or two; None where it has one."""
    if objective_of(trial) is not None:
        return None
    return (trial.reason or trial.status) if trial.status != "ok" else "no objective"
