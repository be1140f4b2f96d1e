"""What was measured → what to measure next, and at the end the outcome.

Each step is a pure function of the task and of what was measured so far, so there is no other state to lose: whatever
stopped the tuning, with the same history it goes on as if nothing had.
"""

import math
import statistics
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, Union

from servo_batch.tuning import search
from servo_batch.tuning.confirm import is_better
from servo_batch.tuning.model import Point

Settings = Mapping[str, Any]
# Settings and the objective's value that was measured with them, None for a failure.
Past = Sequence[Tuple[Settings, Optional[float]]]

# What a step is for.
DEFAULT = "default"
SEARCH = "search"
CONFIRM_BEST = "confirm best"
CONFIRM_DEFAULT = "confirm default"


class Task(NamedTuple):
    """What to tune, and how long."""

    space: search.Space
    default: Settings  # of every setting that is adjusted; those outside the space keep these values
    measurements: int = 30  # of different settings, the default included and what was measured before
    maximize: bool = False
    seed: int = 0
    allowed: Optional[Callable[[Dict[str, Any]], bool]] = None  # whether the constraints allow settings
    confirm: int = 3  # runs of the best and of the default each
    cap: Optional[float] = None  # how many times the least value so far a step of the search may take


class Step(NamedTuple):
    """What to measure next."""

    settings: Dict[str, Any]
    purpose: str  # DEFAULT, SEARCH, CONFIRM_BEST or CONFIRM_DEFAULT
    number: int  # counts the measurements from 1, those of an earlier call included
    limit: Optional[float]  # the value at which it may be stopped, to count as a failure


class Measured(NamedTuple):
    """A step that was measured."""

    step: Step
    value: Optional[float]  # None where it failed
    best: Optional[Tuple[Settings, float]]  # the best settings and value so far, as measured


class Outcome(NamedTuple):
    """The end: the best settings and the default, compared by ``best_runs`` and ``default_runs`` alone."""

    better: bool
    settings: Dict[str, Any]  # the best; they are the default's where none is predicted to be better
    best_runs: List[Optional[float]]  # values in order, None for a failure
    default_runs: List[Optional[float]]
    best: Optional[float]  # the median, None where that is a failure, or there are no runs
    default: Optional[float]
    measurements: int  # of the search

    def answer(self, objective: str) -> Dict[str, Any]:
        """Return the answer of ``tune``; ``objective`` is its ``minimize FORMULA`` or ``maximize FORMULA``."""
        return {
            "status": "ok",
            "better": self.better,
            "settings": self.settings,
            "objective": objective,
            "best": {"value": self.best, "runs": self.best_runs},
            "default": {"value": self.default, "runs": self.default_runs},
            "measurements": self.measurements,
        }


def tune(
    task: Task, past: Past, measure: Callable[[Step], Optional[float]]
) -> Iterator[Union[Step, Measured, Outcome]]:
    """Measure until all is measured: yield each step before and after, and at the end the outcome.

    ``past`` is what was measured before of the same job, oldest first; a cancelled measurement says nothing and is no
    part of it. ``measure`` returns the objective's value, None for a failure that the settings are to blame for; what
    it raises ends the tuning. So does a default that fails: then there is no outcome.
    """
    past = list(past)
    while True:
        step = next_step(task, past)
        yield step
        if isinstance(step, Outcome):
            return
        value = measure(step)
        past.append((step.settings, value))
        yield Measured(step, value, _best_so_far(task, past))
        if step.purpose == DEFAULT and value is None:
            return


class _Known(NamedTuple):
    """A measurement that counts for this task, and where in the space it lies."""

    place: Point
    settings: Settings
    value: Optional[float]


def next_step(task: Task, past: Past) -> Union[Step, Outcome]:
    """Return what to measure after ``past``, or the outcome.

    Raises ``ValueError`` where the default is no place to start from: a setting of the space has no value, or one that
    lies outside.
    """
    default = search.locate(task.space, task.default)
    if default is None:
        raise ValueError("the default lies outside the space")
    known = _known(task, default, past)
    searched = _of_the_search(known)
    tried = len({measured.place for measured in searched})
    if all(measured.place != default for measured in known):
        return Step(dict(task.default), DEFAULT, tried + 1, None)
    costs = [(measured.settings, _cost(task, measured.value)) for measured in searched]
    proposed = search.propose(task.space, costs, task.seed, _allowed(task)) if tried < task.measurements else None
    if proposed is not None:
        return Step(_whole(task, proposed), SEARCH, tried + 1, _limit(task, costs))
    best = _whole(task, search.choose(task.space, costs) or {})
    return _confirmation(task, best, known[len(searched) :], tried)


def _known(task: Task, default: Point, past: Past) -> List[_Known]:
    """Return what counts of the past: what lies within the space and has the task's values of all other settings.

    A default that failed ended the tuning, so whoever tunes again has mended something since: until it succeeds once,
    its failures do not count.
    """
    known: List[_Known] = []
    for settings, value in past:
        place = search.locate(task.space, settings)
        comparable = all(name in task.space or settings.get(name) == kept for name, kept in task.default.items())
        if place is not None and comparable:
            known.append(_Known(place, settings, value))
    started = next(
        (i for i, (place, _, value) in enumerate(known) if place == default and value is not None), len(known)
    )
    return [measured for i, measured in enumerate(known) if i >= started or measured.place != default]


def _of_the_search(known: List[_Known]) -> List[_Known]:
    """Return the measurements up to the last of settings that were new; those after it are the confirmation."""
    tried: Set[Point] = set()
    end = 0
    for index, measured in enumerate(known):
        if measured.place not in tried:
            tried.add(measured.place)
            end = index + 1
    return known[:end]


def _confirmation(task: Task, best: Dict[str, Any], known: List[_Known], tried: int) -> Union[Step, Outcome]:
    """Return the next of the runs of the best and of the default, in turns, or the outcome after the last."""
    default = dict(task.default)
    if search.locate(task.space, best) == search.locate(task.space, default) or task.confirm == 0:
        return Outcome(False, best, [], [], None, None, tried)
    best_runs, default_runs = _runs(task, best, known), _runs(task, default, known)
    number = tried + len(best_runs) + len(default_runs) + 1
    if len(best_runs) < task.confirm and len(best_runs) <= len(default_runs):
        return Step(best, CONFIRM_BEST, number, None)
    if len(default_runs) < task.confirm:
        return Step(default, CONFIRM_DEFAULT, number, None)
    better = is_better([_cost(task, value) for value in best_runs], [_cost(task, value) for value in default_runs])
    medians = _median(task, best_runs), _median(task, default_runs)
    return Outcome(better, best, best_runs, default_runs, medians[0], medians[1], tried)


def _runs(task: Task, settings: Settings, known: List[_Known]) -> List[Optional[float]]:
    place = search.locate(task.space, settings)
    return [measured.value for measured in known if measured.place == place][: task.confirm]


def _whole(task: Task, settings: Settings) -> Dict[str, Any]:
    """Return settings of the space together with the others, which keep their values."""
    whole = dict(task.default)
    whole.update(settings)
    return whole


def _allowed(task: Task) -> Optional[Callable[[Dict[str, Any]], bool]]:
    allowed = task.allowed
    return None if allowed is None else lambda settings: allowed(_whole(task, settings))


def _cost(task: Task, value: Optional[float]) -> Optional[float]:
    return value if value is None or not task.maximize else -value


def _limit(task: Task, costs: search.Past) -> Optional[float]:
    good = [cost for _, cost in costs if cost is not None]
    return task.cap * min(good) if task.cap is not None and good else None


def _best_so_far(task: Task, past: Past) -> Optional[Tuple[Settings, float]]:
    default = search.locate(task.space, task.default)
    searched = _of_the_search(_known(task, default, past)) if default is not None else []
    good = [(settings, value) for _, settings, value in searched if value is not None]
    return min(good, key=lambda one: -one[1] if task.maximize else one[1], default=None)


def _median(task: Task, runs: List[Optional[float]]) -> Optional[float]:
    """Return the median; a failure is worse than any value."""
    worst = -math.inf if task.maximize else math.inf
    middle = statistics.median([worst if value is None else value for value in runs])
    return middle if math.isfinite(middle) else None
