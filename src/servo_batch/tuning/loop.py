"""What was measured → what to measure next, and at the end the conclusion.

Each step is a pure function of the task, of what was measured so far and of the time that is left. So there is no other
state to lose: whatever stopped the tuning, with the same history it goes on as if nothing had.
"""

import math
from functools import reduce
from operator import mul
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from servo_batch.history.trials import CONFIRM_BEST, CONFIRM_DEFAULT, in_turns
from servo_batch.samples import is_lower, median
from servo_batch.tuning import importance, search

Values = Dict[str, Any]


class Task(NamedTuple):
    """What to tune, and how long."""

    space: search.Space
    default: Values  # of every setting of the space, within it
    maximize: bool = False
    allowed: Optional[Callable[[Values], bool]] = None  # whether the constraints allow settings
    measurements: int = 30  # of different settings, the default included and what was measured before
    confirm: int = 3  # runs of the best and of the default each
    seed: int = 0
    cap: Optional[float] = None  # how many times the least value so far a step of the search may take


class Measured(NamedTuple):
    """What was measured within the space: the objective's value, None for a failure, and the purpose if it had one."""

    settings: Values
    value: Optional[float]
    purpose: Optional[str] = None


class Next(NamedTuple):
    """What to measure next."""

    settings: Values
    purpose: Optional[str]  # CONFIRM_BEST or CONFIRM_DEFAULT; None in the search, which begins with the default
    number: int  # counts the measurements from 1, those of an earlier call included
    of: int  # how many there will be at most
    limit: Optional[float] = None  # the value at which it may be stopped


class Conclusion(NamedTuple):
    """The end: the best settings and the default, compared by ``best_runs`` and ``default_runs`` alone."""

    better: Optional[bool]  # None where they were not measured again, or not often enough
    settings: Values  # the best; they are the default's where none is predicted to be better
    measurements: int  # of the search
    best_runs: Sequence[Optional[float]] = ()  # values in order, None for a failure
    default_runs: Sequence[Optional[float]] = ()
    best: Optional[float] = None  # the median, None where that is a failure, or there are no runs
    default: Optional[float] = None


class Past:
    """What was measured of a task, oldest first; a cancelled measurement says nothing and is no part of it.

    Up to the last of settings that were new it is the search, and after that the confirmation. ``costs`` is what the
    search goes by, ``tried`` how many different settings were measured.
    """

    def __init__(self, task: Task, measured: Sequence[Measured]) -> None:
        self.task = task
        self.measured = measured
        self._default = search.locate(task.space, task.default)
        placed = ((search.locate(task.space, one.settings), one) for one in measured)
        # A default that failed ended the tuning, so whoever tunes again has mended something since.
        of_no_use = (self._default, None, None)
        self._placed = [(place, one) for place, one in placed if (place, one.value, one.purpose) != of_no_use]
        places = [place for place, _ in self._placed]
        new = [number for number, place in enumerate(places, 1) if place not in places[: number - 1]]
        self.tried = len(new)
        self.costs = [(one.settings, self._cost(one.value)) for _, one in self._placed[: max(new, default=0)]]
        self._has_default = self._default in places
        self._wanted = min(task.measurements, reduce(mul, (len(values) for values, _ in task.space.values())))

    def best(self) -> Optional[Tuple[Values, float]]:
        """Return the best that the search measured, or None: settings and value, which noise may have flattered."""
        good = [(settings, cost) for settings, cost in self.costs if cost is not None]
        if not good:
            return None
        settings, cost = min(good, key=lambda one: one[1])
        return settings, -cost if self.task.maximize else cost

    def limit(self) -> Optional[float]:
        """Return the value at which a step of the search may be stopped, to count as a failure, or None."""
        best = self.best()
        return self.task.cap * best[1] if self.task.cap is not None and best else None

    def next_step(self, left_seconds: float = math.inf, seconds: Sequence[float] = ()) -> Union[Next, Conclusion]:
        """Return what to measure, or the conclusion.

        ``seconds`` is what each measurement of this call took; the first is always made. The search leaves time for
        the confirmation, of which half takes what the first one took, which mostly was the default. Where there is no
        time for that either, the conclusion is one without it. A default that fails is no place to start from: it is
        measured again, so whoever asks has to stop then.
        """
        task = self.task
        each = median(seconds or [0.0])
        left_seconds = left_seconds if seconds else math.inf
        kept = task.confirm * (each + max([each, *seconds[:1]]))
        of = max(self.tried + 1, self._wanted) + 2 * task.confirm
        if not self._has_default:
            return Next(task.default, None, self.tried + 1, of)
        if self.tried < task.measurements and left_seconds >= each + kept:
            proposed = search.propose(task.space, self.costs, task.seed, task.allowed)
            if proposed is not None:
                return Next(proposed, None, self.tried + 1, of, self.limit())
        best = search.choose(task.space, self.costs) or task.default
        return self._confirmation(best, left_seconds >= each)

    def _confirmation(self, best: Values, has_time: bool) -> Union[Next, Conclusion]:
        """Return the next of the runs of the best and of the default, in turns, or the conclusion."""
        count = 2 * self.task.confirm
        place = search.locate(self.task.space, best)
        if count == 0 or place == self._default:
            return Conclusion(None, best, self.tried)
        turns = (place, CONFIRM_BEST), (self._default, CONFIRM_DEFAULT)
        runs = in_turns((((where, one.purpose), one.value) for where, one in self._placed), turns)
        if len(runs) < count and has_time:
            settings = (best, self.task.default)[len(runs) % 2]
            return Next(settings, turns[len(runs) % 2][1], self.tried + len(runs) + 1, self.tried + count)
        runs = runs[:count]
        costs = [self._cost(value) for value in runs]
        better = is_lower(costs[::2], costs[1::2]) if len(runs) == count else None
        medians = self._median(costs[::2]), self._median(costs[1::2])
        return Conclusion(better, best, self.tried, runs[::2], runs[1::2], *medians)

    def _cost(self, value: Optional[float]) -> Optional[float]:
        """Return the cost of a value, which is the lower the better; and of a cost, in turn, the value."""
        return -value if self.task.maximize and value is not None else value

    def _median(self, costs: Sequence[Optional[float]]) -> Optional[float]:
        """Return the value of the median, None where there is none; a failure is worse than any value."""
        middle = median([math.inf if cost is None else cost for cost in costs] or [math.inf])
        return self._cost(middle) if math.isfinite(middle) else None

    def remarks(self, best: Values) -> List[str]:
        """Return sentences on what matters, and where there may be better settings than the ``best``."""
        matter = importance.sentence(importance.words(self.task.space, self.costs))
        found = [matter] if matter else []
        if self.tried < self._wanted and self.task.allowed:
            told = "there is no time for more, or no others were found that the constraints allow"
            found.append(f"{self.tried} of {self._wanted} settings were measured: {told}")
        for name, (values, ordered) in self.task.space.items():
            if ordered and best[name] != self.task.default[name] and best[name] in (values[0], values[-1]):
                found.append(f"{name}={best[name]} is an end of its range: with a wider one there may be better")
        return found
