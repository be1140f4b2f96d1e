"""Past measurements → the next settings to try, and the ones to keep: a small Gaussian process, and what it expects.

The search is a pure function of the space, the measurements and a seed, so that it goes on the same after a stop. Its
source: Jones, Schonlau, Welch, Efficient Global Optimization of Expensive Black-Box Functions, 1998.
"""

import math
import random
from bisect import bisect_left
from functools import lru_cache
from itertools import islice
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from servo_batch.settings import is_same
from servo_batch.tuning.model import Model, Point, apart, fit, highest

Values = Mapping[str, Any]
Space = Mapping[str, Tuple[Sequence[Any], bool]]
Past = Sequence[Tuple[Values, Optional[float]]]

# The model knows nothing at first: so many points, the default included, are each the farthest of some random ones, and
# more where a range is so long that its ends say little of what lies between.
FIRST, FIRST_OF_LONG, LONG = 4, 6, 30
FARTHEST_OF = 10
# Where the model looks: half of the candidates are from anywhere, half are neighbours of the best measured.
CANDIDATES = 300
BEST = 3
CHANGES = (1, 1, 2, 3)  # how many settings of a neighbour change, drawn from these
NEAR = 0.08  # how far a small change goes on average, of the levels of a range
FEW_LEVELS = 3  # among so few no change is small
# Where a system is rough, the likeliest noise smooths the best away; where it is noisy, little noise believes in luck.
# What is kept is the best by the mean of both.
LITTLE_NOISE = 0.01
# The time grows with the cube of the number of measurements: of more, the best and the latest count.
MOST = 300
# Constraints may allow very little: so many points are looked at to have enough, and so many to have one at all.
LOOKS = 3000
LAST_LOOKS = 1000000


class Placed(NamedTuple):
    """What was measured within the space."""

    point: Point  # the level of each setting; what was measured may lie between two
    cost: Optional[float]
    settings: Values


def propose(
    space: Space, past: Past, seed: int, allowed: Optional[Callable[[Dict[str, Any]], bool]] = None
) -> Optional[Dict[str, Any]]:
    """Return the settings to measure next, never the same twice, or None where nothing is left.

    ``space`` is ``{name: (values, ordered)}``, the values different and, where ordered, ascending; ``past`` a list of
    ``(settings, cost)``, the cost to be minimised and None for a failure; what lies outside the space is passed over.
    ``allowed`` tells whether settings may be measured. In a space of more than a million points None may also mean
    that of a million none was allowed.
    """
    measured = _within(space, past)
    tried = {one.point for one in measured}
    rng = random.Random("%d %d" % (seed, len(past)))  # its random() is all that every Python promises to keep

    @lru_cache(LOOKS)  # neighbours are drawn again and again, and constraints take their time
    def is_open(point: Point) -> bool:
        return point not in tried and (allowed is None or allowed(_settings(space, point)))

    is_long = any(ordered and len(values) >= LONG for values, ordered in space.values())
    if len(measured) < (FIRST_OF_LONG if is_long else FIRST) or all(one.cost is None for one in measured):
        candidates = _some(_walk(space, rng), is_open, FARTHEST_OF, LAST_LOOKS)
        worth = [_nearest(space, point, [one.point for one in measured]) for point in candidates]
    else:
        model = model_of(space, measured)
        near = _some(_neighbours(space, rng, measured), is_open, CANDIDATES // 2, LOOKS)
        anywhere = _some(_walk(space, rng), is_open, CANDIDATES, LOOKS if near else LAST_LOOKS)
        candidates = list(dict.fromkeys(near + anywhere))[:CANDIDATES]  # of a small space, all
        worth = model.expected_improvements(candidates)
    return _settings(space, candidates[highest(worth)]) if candidates else None


def choose(space: Space, past: Past) -> Optional[Dict[str, Any]]:
    """Return the settings to keep: of those measured, the ones with the best prediction, which evens out the noise.

    ``space`` and ``past`` are those of ``propose``. None where no measurement within the space succeeded. Failures do
    not count: to what succeeded it is no fault that its neighbours did not, and to the model they would be noise.
    """
    good = successes(space, past)
    if not good:
        return None
    points = [one.point for one in good]
    likeliest = model_of(space, good)
    rough = Model(likeliest.known, likeliest.weights, LITTLE_NOISE)
    means = [[mean for mean, _ in model.predict(points)] for model in (likeliest, rough)]
    best = good[highest([-one - other for one, other in zip(*means)])].settings
    return {name: best.get(name) for name in space}


def locate(space: Space, settings: Values) -> Optional[Point]:
    """Return where settings lie in the space, None where that is outside; names that it does not have do not matter."""
    levels = [_level(values, ordered, settings.get(name)) for name, (values, ordered) in space.items()]
    inside = tuple(level for level in levels if level is not None)
    return inside if len(inside) == len(levels) else None


def _level(values: Sequence[Any], ordered: bool, value: Any) -> Optional[float]:
    if isinstance(values, (list, tuple)) or not ordered:  # others may be too many to be looked at
        for level, other in enumerate(values):
            if is_same(value, other):
                return level
    if not ordered or not {type(value), type(values[0])} <= {int, float}:
        return None
    above = bisect_left(values, value)
    if 0 < above < len(values):
        return above - float((values[above] - value) / (values[above] - values[above - 1]))
    return 0.0 if value == values[0] else None


def _settings(space: Space, point: Point) -> Dict[str, Any]:
    return {name: values[int(level)] for (name, (values, _)), level in zip(space.items(), point)}


def _within(space: Space, past: Past) -> List[Placed]:
    measured = []
    for settings, cost in past:
        point = locate(space, settings)
        if point is not None:
            measured.append(Placed(point, cost if cost is not None and math.isfinite(cost) else None, settings))
    return measured


def successes(space: Space, past: Past) -> List[Placed]:
    """Return what was measured within the space and did not fail."""
    return [one for one in _within(space, past) if one.cost is not None]


def model_of(space: Space, measured: List[Placed]) -> Model:
    """Return the model of what was measured, of which not all failed."""
    if len(measured) > MOST:
        best = sorted(measured, key=lambda one: math.inf if one.cost is None else one.cost)[: MOST // 2]
        measured = best + measured[-(MOST - len(best)) :]
    return fit([one.point for one in measured], [one.cost for one in measured], _spans(space))


def _spans(space: Space) -> List[int]:
    return [len(values) - 1 if ordered else 0 for values, ordered in space.values()]


def _nearest(space: Space, point: Point, others: Sequence[Point]) -> float:
    """Return how far the nearest of other points is."""
    columns = [apart(span, level, levels) for span, level, levels in zip(_spans(space), point, zip(*others))]
    return min(map(math.fsum, zip(*columns)), default=0.0)


def _some(points: Iterator[Point], is_open: Callable[[Point], bool], count: int, last_looks: int) -> List[Point]:
    """Return ``count`` different open points, or the fewer that the first looks find, or the one found later."""
    found: Dict[Point, None] = {}
    for looks, point in enumerate(islice(points, last_looks), 1):
        if is_open(point):
            found[point] = None
        if len(found) == count or (found and looks >= LOOKS):
            break
    return list(found)


def _walk(space: Space, rng: random.Random) -> Iterator[Point]:
    """Yield every point of the space once, a stride apart that has no divisor in common with their number."""
    lengths = [len(values) for values, _ in space.values()]
    size, number, stride = 1, 0, 0
    for length in lengths:
        size *= length
        number = number * length + int(rng.random() * length)
        stride = stride * length + int(rng.random() * length)
    while math.gcd(stride, size) != 1:
        stride += 1
    for _ in range(size):
        levels, rest = [], number
        for length in lengths:
            rest, level = divmod(rest, length)
            levels.append(level)
        yield tuple(levels)
        number = (number + stride) % size


def _neighbours(space: Space, rng: random.Random, measured: List[Placed]) -> Iterator[Point]:
    """Yield points that differ in few settings from the best measured, again and again."""
    good = [(one.cost, index) for index, one in enumerate(measured) if one.cost is not None]
    best = [measured[index].point for _, index in sorted(good)[:BEST]]
    axes = [(index, len(values), ordered) for index, (values, ordered) in enumerate(space.values()) if len(values) > 1]
    while axes:
        levels = [round(level) for level in _drawn(rng, best)]
        for _ in range(_drawn(rng, CHANGES)):
            index, length, ordered = _drawn(rng, axes)
            near = ordered and length > FEW_LEVELS and rng.random() < 0.5
            levels[index] = _moved(rng, levels[index], length) if near else int(rng.random() * length)
        yield tuple(levels)


def _moved(rng: random.Random, level: int, length: int) -> int:
    far = max(1, round(-math.log(1.0 - rng.random()) * NEAR * length))  # exponentially distributed
    return min(length - 1, max(0, level + (far if rng.random() < 0.5 else -far)))


def _drawn(rng: random.Random, items: Sequence[Any]) -> Any:
    return items[int(rng.random() * len(items))]
