"""Past measurements → the next settings to try, and the ones to keep: a small Gaussian process, and what it expects.

The search is a pure function of the space, the measurements and a seed, so that it goes on the same after a stop. It
goes by expected improvement (Jones, Schonlau and Welch, Efficient Global Optimization of Expensive Black-Box
Functions, 1998), and is for tens to a few hundred noisy measurements.
"""

import itertools
import math
import operator
import random
from bisect import bisect_left
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar

Settings = Mapping[str, Any]
Space = Mapping[str, Tuple[Sequence[Any], bool]]
Past = Sequence[Tuple[Settings, Optional[float]]]
# The level of each setting, in the space's order; what was measured may lie between two levels of a range.
Point = Tuple[float, ...]
Measured = Tuple[Point, Optional[float]]
IsOpen = Callable[[Point], bool]
Item = TypeVar("Item")

# The model knows nothing at first: so many points, the default included, are each the farthest of some random ones.
FIRST = 4
FARTHEST_OF = 10
# Where the model looks: half of the candidates are from anywhere, half are neighbours of the best measured.
CANDIDATES = 300
BEST = 3
CHANGES = (1, 1, 2, 3)  # how many settings of a neighbour change, drawn from these
NEAR = 0.08  # how far a small change goes on average, of the levels of a range
FEW_LEVELS = 3  # among which no change is small
# Constraints may allow very little: so many points are looked at to have enough, and so many to have one at all.
LOOKS = 3000
LAST_LOOKS = 1000000
# What the noise may be, as its variance over that of the signal: hardly any, some, much.
NOISE_RATIOS = (0.001, 0.01, 0.1)
# The logistic distribution is nearest to the normal one when it is this much narrower.
LOGISTIC_SCALE = 1.702
# Values that differ by less are the same: the last digits of exp and log are the machine's.
SAME = 1e-9


def propose(
    space: Space, past: Past, seed: int, allowed: Optional[Callable[[Dict[str, Any]], bool]] = None
) -> Optional[Dict[str, Any]]:
    """Return the settings to measure next, never the same twice, or None where nothing is left.

    ``space`` is ``{name: (values, ordered)}``, the values different and, where ordered, ascending; ``past`` a list of
    ``(settings, cost)``, the cost to be minimised and None for a failure; what lies outside the space is passed over.
    ``allowed`` tells whether settings may be measured. In a space of more than a million points None may also mean
    that of a million none was allowed.
    """
    measured = _measured(space, past)
    tried = {point for point, _ in measured}
    rng = random.Random("%d %d" % (seed, len(past)))  # its random() is all that every Python promises to keep

    def is_open(point: Point) -> bool:
        return point not in tried and (allowed is None or allowed(_settings(space, point)))

    model = _fit(space, measured) if len(measured) >= FIRST else None
    if model is None:
        candidates = _anywhere(space, rng, is_open, FARTHEST_OF, LAST_LOOKS)
        distance = _distance(space)
        values = [min((distance(point, other) for other in tried), default=0.0) for point in candidates]
    else:
        near = _near(space, rng, is_open, _best(measured), CANDIDATES // 2)
        anywhere = _anywhere(space, rng, is_open, CANDIDATES - len(near), LOOKS if near else LAST_LOOKS)
        candidates = list(dict.fromkeys(near + anywhere))
        values = [model.expected_improvement(point) for point in candidates]
    return _settings(space, candidates[_highest(values)]) if candidates else None


def choose(space: Space, past: Past) -> Optional[Dict[str, Any]]:
    """Return the settings to keep: of those measured, the ones with the best prediction, which evens out the noise.

    ``space`` and ``past`` are those of ``propose``. None where no measurement within the space succeeded.
    """
    model = _fit(space, _measured(space, past))
    if model is None:
        return None
    kept = [settings for settings, cost in past if _measured(space, [(settings, cost)])[:1] if cost is not None]
    points = [locate(space, settings) for settings in kept]
    return {}


def locate(space: Space, settings: Settings) -> Optional[Point]:
    """Return where settings lie in the space, or None where outside. Names that are not in the space do not matter."""
    levels = [_level(values, ordered, settings.get(name)) for name, (values, ordered) in space.items()]
    inside = tuple(level for level in levels if level is not None)
    return inside if len(inside) == len(levels) else None


def _level(values: Sequence[Any], ordered: bool, value: Any) -> Optional[float]:
    if ordered and _is_number(value) and _is_number(values[0]):
        above = bisect_left(values, value)
        if above < len(values) and values[above] == value:
            return above
        if 0 < above < len(values):
            return above - (values[above] - value) / (values[above] - values[above - 1])
        return None
    same = (isinstance(value, bool), value)
    return next((level for level, other in enumerate(values) if (isinstance(other, bool), other) == same), None)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _settings(space: Space, point: Point) -> Dict[str, Any]:
    return {name: values[int(level)] for (name, (values, _)), level in zip(space.items(), point)}


def _measured(space: Space, past: Past) -> List[Measured]:
    """Return where each measurement within the space was, and its cost, None also for one that is no number."""
    located = [(locate(space, settings), cost) for settings, cost in past]
    finite = [(point, cost if cost is None or math.isfinite(cost) else None) for point, cost in located]
    return [(point, cost) for point, cost in finite if point is not None]


def _best(measured: List[Measured]) -> List[Point]:
    good = [(cost, point) for point, cost in measured if cost is not None]
    return [point for _, point in sorted(good, key=operator.itemgetter(0))[:BEST]]


def _anywhere(space: Space, rng: random.Random, is_open: IsOpen, count: int, last_looks: int) -> List[Point]:
    """Return open points from all of the space: ``count``, or what the first looks find, or else the first one found."""
    found: List[Point] = []
    for looks, point in enumerate(itertools.islice(_walk(space, rng), last_looks)):
        if len(found) == count or (found and looks >= LOOKS):
            break
        if is_open(point):
            found.append(point)
    return found


def _walk(space: Space, rng: random.Random) -> Iterator[Point]:
    """Yield every point of the space once, in steps of one length that shares no divisor with the number of points."""
    lengths = [len(values) for values, _ in space.values()]
    size, number, stride = 1, 0, 0
    for length in lengths:
        size *= length
        number = number * length + int(rng.random() * length)
        stride = stride * length + int(rng.random() * length)
    while math.gcd(stride, size) != 1:
        stride += 1
    for _ in itertools.repeat(None, size) if size <= LAST_LOOKS else itertools.repeat(None):
        levels, rest = [], number
        for length in lengths:
            rest, level = divmod(rest, length)
            levels.append(level)
        yield tuple(levels)
        number = (number + stride) % size


def _near(space: Space, rng: random.Random, is_open: IsOpen, best: List[Point], count: int) -> List[Point]:
    """Return up to ``count`` open neighbours of the best points."""
    axes = [(index, len(values), ordered) for index, (values, ordered) in enumerate(space.values()) if len(values) > 1]
    found: Dict[Point, None] = {}
    for _ in range(LOOKS if axes else 0):
        levels = [round(level) for level in _pick(rng, best)]
        for _ in range(_pick(rng, CHANGES)):
            index, length, ordered = _pick(rng, axes)
            small = ordered and length > FEW_LEVELS and rng.random() < 0.5
            levels[index] = _step(rng, levels[index], length) if small else int(rng.random() * length)
        point = tuple(levels)
        if point not in found and is_open(point):
            found[point] = None
        if len(found) == count:
            break
    return list(found)


def _step(rng: random.Random, level: int, length: int) -> int:
    far = max(1, round(-math.log(1.0 - rng.random()) * NEAR * length))
    return min(length - 1, max(0, level + (far if rng.random() < 0.5 else -far)))


def _pick(rng: random.Random, items: Sequence[Item]) -> Item:
    return items[int(rng.random() * len(items))]


def _distance(space: Space) -> Callable[[Point, Point], float]:
    """Return the function that tells how far apart two points are: in each setting 1 at most, an enum's values 1."""
    spans = [len(values) - 1 if ordered else 0 for values, ordered in space.values()]
    settings = sum(len(values) > 1 for values, _ in space.values()) or 1

    def distance(one: Point, other: Point) -> float:
        apart = 0.0
        for span, a, b in zip(spans, one, other):
            if a != b:
                apart += abs(a - b) / span if span else 1.0
        return apart / settings

    return distance


class _Model(NamedTuple):
    """A Gaussian process of mean 0, whose kernel falls with the distance and has nothing to be fitted.

    Smooth kernels get stuck: what is measured has steps. The names are those of Rasmussen and Williams, Gaussian
    Processes for Machine Learning, 2006, algorithm 2.1.
    """

    distance: Callable[[Point, Point], float]
    points: List[Point]
    factor: List[List[float]]  # L, lower triangular; L Lᵀ = K + noise
    solved: List[float]  # L⁻¹ scores
    lowest: float
    scale: float  # the variance of the signal
    likelihood: float  # of the scores, its logarithm

    def predict(self, point: Point) -> Tuple[float, float]:
        """Return the mean and the standard deviation at a point, in scores."""
        solved = _solve(self.factor, [math.exp(-self.distance(point, other)) for other in self.points])
        return _dot(solved, self.solved), math.sqrt(self.scale * max(0.0, 1.0 - _dot(solved, solved)))

    def expected_improvement(self, point: Point) -> float:
        """Return by how much the score at a point is expected to be below the lowest; being above counts as 0."""
        mean, deviation = self.predict(point)
        if deviation == 0.0:
            return 0.0
        gain = (self.lowest - mean) / deviation
        density = math.exp(-gain * gain / 2) / math.sqrt(2 * math.pi)
        return deviation * (gain * math.erfc(-gain / math.sqrt(2)) / 2 + density)


def _fit(space: Space, measured: List[Measured]) -> Optional[_Model]:
    """Return the model with the likeliest noise, None where all that was measured failed."""
    if all(cost is None for _, cost in measured):
        return None
    distance = _distance(space)
    points = [point for point, _ in measured]
    scores = _scores([cost for _, cost in measured])
    kernel = [[math.exp(-distance(one, other)) for other in points[: row + 1]] for row, one in enumerate(points)]
    models = [_with_noise(distance, points, scores, kernel, ratio) for ratio in NOISE_RATIOS]
    return models[_highest([model.likelihood for model in models])]


def _with_noise(distance, points, scores, kernel, ratio) -> _Model:
    factor: List[List[float]] = []
    for row in kernel:
        left = _solve(factor, row)
        factor.append(left + [math.sqrt(1.0 + ratio - _dot(left, left))])
    solved = _solve(factor, scores)
    n = len(points)
    scale = (_dot(solved, solved) + 2) / (n + 2)
    likelihood = -n / 2 * math.log(scale) - math.fsum(math.log(row[-1]) for row in factor) - 1 / scale
    return _Model(distance, points, factor, solved, min(scores), scale, likelihood)


def _solve(factor: List[List[float]], right: List[float]) -> List[float]:
    """Return x of L x = ``right``, as far as L has rows."""
    solved: List[float] = []
    for row, value in zip(factor, right):
        solved.append((value - _dot(row, solved)) / row[-1])
    return solved


def _dot(one: List[float], other: List[float]) -> float:
    return math.fsum(map(operator.mul, one, other))  # sum rounds otherwise since Python 3.12


def _scores(costs: List[Optional[float]]) -> List[float]:
    """Return what the model learns: half how far a cost is from the mean, half its rank, so that no outlier is all.

    A failure is as bad as the worst. Both halves are about standard normal.
    """
    worst = max(cost for cost in costs if cost is not None)
    filled = [worst if cost is None else cost for cost in costs]
    unit = max(map(abs, filled)) or 1.0
    scaled = [cost / unit for cost in filled]  # whose squares are finite
    n = len(scaled)
    mean = math.fsum(scaled) / n
    deviation = math.sqrt(math.fsum((cost - mean) ** 2 for cost in scaled) / n) or 1.0
    ranks = {cost: scaled.count(cost) / 2 + sum(other < cost for other in scaled) for cost in set(scaled)}
    logits = {cost: math.log(rank / (n - rank)) / LOGISTIC_SCALE for cost, rank in ranks.items()}
    return [((cost - mean) / deviation + logits[cost]) / 2 for cost in scaled]


def _highest(values: Sequence[float]) -> int:
    """Return the index of the first of the highest values."""
    highest = 0
    for index, value in enumerate(values):
        if value > values[highest] + SAME * abs(values[highest]):
            highest = index
    return highest
