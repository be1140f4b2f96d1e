"""What was measured → what to measure next, and at the end the outcome.

Each step is a pure function of the task and of what was measured so far, so there is no other state to lose: whatever
stopped the tuning, with the same history it goes on as if nothing had.
"""

import math
import statistics
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, Union

from servo_batch.history.trials import CONFIRM_BEST, CONFIRM_DEFAULT
from servo_batch.samples import is_lower
from servo_batch.tuning import search
from servo_batch.tuning.model import Point

Settings = Mapping[str, Any]


class Measured(NamedTuple):
    """What was measured: the objective's value, None for a failure, and the purpose if that was to confirm."""

    settings: Settings
    value: Optional[float]
    purpose: Optional[str] = None  # CONFIRM_BEST or CONFIRM_DEFAULT


Past = Sequence[Measured]

# What a step is for, or CONFIRM_BEST or CONFIRM_DEFAULT.
DEFAULT, SEARCH = "default", "search"
# Where so many of the latest measurements still improved on those before, so many more are worth a thought.
LATEST, MORE = 5, 20


class Task(NamedTuple):
    """What to tune, and how long."""

    space: search.Space
    default: Settings  # of every setting of the space
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
    of: int  # how many there will be at most
    limit: Optional[float]  # the value at which it may be stopped, to count as a failure


class Outcome(NamedTuple):
    """The end: the best settings and the default, compared by ``best_runs`` and ``default_runs`` alone."""

    better: Optional[bool]  # None where nothing was measured again
    settings: Dict[str, Any]  # the best; they are the default's where none is predicted to be better
    best_runs: List[Optional[float]]  # values in order, None for a failure
    default_runs: List[Optional[float]]
    best: Optional[float]  # the median, None where that is a failure, or there are no runs
    default: Optional[float]
    measurements: int  # of the search


class _Known(NamedTuple):
    """A measurement that counts for this task, and where in the space it lies."""

    place: Point
    settings: Settings
    value: Optional[float]
    purpose: Optional[str]


def next_step(task: Task, past: Past) -> Union[Step, Outcome]:
    """Return what to measure after ``past``, or the outcome.

    ``past`` is what was measured before of the same job, oldest first; a cancelled measurement says nothing and is no
    part of it. A default that fails is no place to start from: it is measured again, so whoever asks has to stop then.
    Raises ``ValueError`` where a setting of the space has no default, or one that lies outside.
    """
    default = search.locate(task.space, task.default)
    if default is None:
        raise ValueError("the default lies outside the space")
    known = _known(task, default, past)
    searched = _of_the_search(known)
    tried = len({measured.place for measured in searched})
    most = max(tried + 1, min(task.measurements, size(task.space))) + 2 * task.confirm
    if all(measured.place != default for measured in known):
        return Step(dict(task.default), DEFAULT, tried + 1, most, None)
    known_costs = [(measured.settings, _cost(task, measured.value)) for measured in searched]
    proposed = search.propose(task.space, known_costs, task.seed, task.allowed) if tried < task.measurements else None
    if proposed is not None:
        return Step(proposed, SEARCH, tried + 1, most, _limit(task, known_costs))
    return _confirmation(task, search.choose(task.space, known_costs) or {}, known[len(searched) :], tried)


def next_in_time(task: Task, past: Past, left_seconds: float, seconds: Sequence[float]) -> Union[Step, Outcome]:
    """Return the next step that there is time for, by what each measurement of this call took.

    The search leaves time for the confirmation, of which half takes what the first one took, which mostly was the
    default. Where there is no time for that either, the outcome is one without it.
    """
    each = statistics.median(seconds)
    kept = task.confirm * (each + max(each, seconds[0]))
    ended = task._replace(measurements=1)
    step = next_step(task, past)
    if isinstance(step, Step) and step.purpose == SEARCH and left_seconds < each + kept:
        step = next_step(ended, past)
    is_late = isinstance(step, Step) and left_seconds < each
    return next_step(ended._replace(confirm=0), past) if is_late else step


def best_so_far(task: Task, past: Past) -> Optional[Tuple[Settings, float]]:
    """Return the best that was measured, or None: its settings and its value, which noise may have flattered."""
    good = [(settings, value) for _, settings, value, _ in _searched(task, past) if value is not None]
    return min(good, key=lambda one: -one[1] if task.maximize else one[1], default=None)


def costs(task: Task, past: Past) -> List[Tuple[Settings, Optional[float]]]:
    """Return what the search goes by: of what was measured new settings, the settings and the cost to be minimised."""
    return [(settings, _cost(task, value)) for _, settings, value, _ in _searched(task, past)]


def remarks(task: Task, past: Past, best: Settings) -> List[str]:
    """Return sentences on where there may be better settings than the ``best`` of ``past``, and how to go on.

    The tests show that they are better than the default. How near they are to the best that there is, nobody knows, so
    no rule stops a search by how little it improves.
    """
    found = []
    for name, (values, ordered) in task.space.items():
        least, greatest = values[0], values[len(values) - 1]
        if ordered and least != greatest and best[name] in (least, greatest):
            end, key = ("least", "min") if best[name] == least else ("greatest", "max")
            found.append(f"{name}={best[name]} is the {end} that may be tried: with another {key} there may be better")
    known = [(cost is None, cost or 0.0) for _, cost in costs(task, past)]
    if LATEST < len(known) < size(task.space) and min(known[-LATEST:]) < min(known[:-LATEST]):
        more = f"--measurements {len(known) + MORE}" if len(known) >= task.measurements else "the same command"
        found.append(f"the last {LATEST} measurements still found better: {more} goes on from here")
    return found


def size(space: search.Space) -> int:
    """Return how many different settings there are."""
    size = 1
    for values, _ in space.values():
        size *= len(values)
    return size


def _known(task: Task, default: Point, past: Past) -> List[_Known]:
    """Return what counts of the past: what lies within the space.

    A default that failed ended the tuning, so whoever tunes again has mended something since: until it succeeds once,
    its failures do not count.
    """
    places = [(search.locate(task.space, measured.settings), measured) for measured in past]
    known = [_Known(place, *measured) for place, measured in places if place is not None]
    started = next(
        (i for i, (place, _, value, _) in enumerate(known) if place == default and value is not None), len(known)
    )
    return [measured for i, measured in enumerate(known) if i >= started or measured.place != default]


def _searched(task: Task, past: Past) -> List[_Known]:
    default = search.locate(task.space, task.default)
    return _of_the_search(_known(task, default, past)) if default is not None else []


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
    places = {CONFIRM_BEST: search.locate(task.space, best), CONFIRM_DEFAULT: search.locate(task.space, default)}
    if places[CONFIRM_BEST] == places[CONFIRM_DEFAULT] or task.confirm == 0:
        return Outcome(None, best, [], [], None, None, tried)
    runs = _turns(places, known)
    best_runs, default_runs = ([run.value for run in runs[first::2]][: task.confirm] for first in (0, 1))
    number, last = tried + len(best_runs) + len(default_runs) + 1, tried + 2 * task.confirm
    if len(best_runs) < task.confirm and len(best_runs) <= len(default_runs):
        return Step(best, CONFIRM_BEST, number, last, None)
    if len(default_runs) < task.confirm:
        return Step(default, CONFIRM_DEFAULT, number, last, None)
    better = is_lower([_cost(task, value) for value in best_runs], [_cost(task, value) for value in default_runs])
    medians = _median(task, best_runs), _median(task, default_runs)
    return Outcome(better, best, best_runs, default_runs, medians[0], medians[1], tried)


def _turns(places: Mapping[str, Optional[Point]], known: List[_Known]) -> List[_Known]:
    """Return the last confirming runs if they are of these two, in turns, the best first.

    Any other measurement between them ends a confirmation: the machine may have changed since.
    """
    turns: List[_Known] = []
    for run in known:
        if run.purpose is None or run.place != places[run.purpose]:
            turns = []
        elif run.purpose == (CONFIRM_BEST, CONFIRM_DEFAULT)[len(turns) % 2]:
            turns.append(run)
        else:
            turns = [run] if run.purpose == CONFIRM_BEST else []
    return turns


def _cost(task: Task, value: Optional[float]) -> Optional[float]:
    return value if value is None or not task.maximize else -value


def _limit(task: Task, costs: search.Past) -> Optional[float]:
    good = [cost for _, cost in costs if cost is not None]
    return task.cap * min(good) if task.cap is not None and good else None


def _median(task: Task, runs: List[Optional[float]]) -> Optional[float]:
    """Return the median; a failure is worse than any value."""
    worst = -math.inf if task.maximize else math.inf
    middle = statistics.median([worst if value is None else value for value in runs])
    return middle if math.isfinite(middle) else None
