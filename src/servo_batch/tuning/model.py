"""Measured points and their costs → a Gaussian process that predicts what others cost.

Source: Rasmussen, Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1. The kernel falls with the
distance at once: smooth ones get stuck, since real systems have steps. Each setting has a weight in the distance: with
one for all, among many settings, two points that differ in a single one would be as good as the same.
"""

import math
from itertools import islice
from operator import mul, neg
from typing import List, NamedTuple, Optional, Sequence, Tuple

Point = Tuple[float, ...]  # the level of each setting; what was measured may lie between two
Spans = Sequence[int]  # of each setting the levels from the first to the last; 0 where they have no order
Costs = Sequence[Optional[float]]  # None for a failure

# What the variance of the noise may be, over that of the signal: hardly any, some, much.
NOISE_RATIOS = (0.001, 0.01, 0.1)
# How many times its first weight a setting may have; what the first doubling or halving has to be likelier by.
LEAST, GREATEST, PENALTY = 0.5, 8.0, 0.125
# So many measurements, the latest, are enough for the weights; the time grows with the cube.
LATEST = 50
# Makes the logistic distribution most like the normal one.
LOGISTIC_SCALE = 1.702
# Values that differ by less are the same: the last digits of exp and log are the machine's.
SAME = 1e-9


class Model(NamedTuple):
    """What ``fit`` returns. Costs are scores here, about standard normal, the lower the better."""

    levels: Sequence[Sequence[float]]  # of each setting, those of all points
    spans: Spans
    weights: Sequence[float]  # of each setting, in the distance
    noise: float  # one of NOISE_RATIOS
    scores: Sequence[float]
    factor: List[List[float]]  # L, the rows of a lower triangle; L Lᵀ is the kernel with the noise
    solved: List[float]  # L⁻¹ scores
    variance: float
    likelihood: float  # its logarithm

    def predict(self, point: Point) -> Tuple[float, float]:
        """Return the mean and the standard deviation of the score at a point."""
        distances = [0.0] * len(self.scores)
        for weight, span, level, levels in zip(self.weights, self.spans, point, self.levels):
            distances = _added(distances, weight, apart(span, level, levels))
        solved = solve(self.factor, [math.exp(-distance) for distance in distances])
        return dot(solved, self.solved), math.sqrt(self.variance * max(0.0, 1.0 - dot(solved, solved)))

    def expected_improvement(self, point: Point) -> float:
        """Return how far below the lowest score the one at a point is on average, one that is not below being 0."""
        mean, deviation = self.predict(point)
        if deviation == 0.0:
            return 0.0
        gain = (min(self.scores) - mean) / deviation
        density = math.exp(-gain * gain / 2) / math.sqrt(2 * math.pi)
        return deviation * (gain * math.erfc(-gain / math.sqrt(2)) / 2 + density)


def fit(points: Sequence[Point], costs: Costs, spans: Spans) -> Model:
    """Return the model with the likeliest weights and noise. Not all are failures."""
    latest = -LATEST if any(cost is not None for cost in costs[-LATEST:]) else 0
    weights = _weights(_Pairs.of(points[latest:], costs[latest:], spans))
    return _with_likeliest_noise(_Pairs.of(points, costs, spans), weights)


class _Pairs(NamedTuple):
    """The measurements, and of each setting how far every two of them are apart, a lower triangle row after row."""

    levels: Sequence[Sequence[float]]
    spans: Spans
    scores: Sequence[float]
    apart: Sequence[List[float]]

    @classmethod
    def of(cls, points: Sequence[Point], costs: Costs, spans: Spans) -> "_Pairs":
        columns = list(zip(*points))
        pairs = [
            [each for row, level in enumerate(levels) for each in apart(span, level, levels[: row + 1])]
            for span, levels in zip(spans, columns)
        ]
        return cls(columns, spans, _scores(costs), pairs)

    def model(self, weights: Sequence[float], noise: float) -> Model:
        """Return the model with these weights and this noise."""
        size = len(self.scores)
        distances = [0.0] * (size * (size + 1) // 2)
        for weight, pairs in zip(weights, self.apart):
            distances = _added(distances, weight, pairs)
        kernel = map(math.exp, map(neg, distances))
        factor: List[List[float]] = []
        for row in range(size):
            left = solve(factor, list(islice(kernel, row)))
            factor.append(left + [math.sqrt(next(kernel) + noise - dot(left, left))])
        solved = solve(factor, self.scores)
        variance = (dot(solved, solved) + 2) / (size + 2)  # as if two more scores had been seen before
        determinant = math.fsum(math.log(row[-1]) for row in factor)
        likelihood = -size / 2 * math.log(variance) - determinant - 1 / variance
        return Model(self.levels, self.spans, weights, noise, self.scores, factor, solved, variance, likelihood)


def _weights(pairs: _Pairs) -> List[float]:
    """Return the weights: the settings one after the other doubled while that is likelier, else halved if that is."""
    times = [1.0] * len(pairs.apart)
    share = 1.0 / max(1, sum(map(any, pairs.apart)))  # of those that vary at all
    first = _with_likeliest_noise(pairs, [share] * len(times))
    best = first.likelihood
    for index in range(len(times)):
        for factor in (2.0, 0.5):
            while LEAST <= times[index] * factor <= GREATEST:
                tried = times[:index] + [times[index] * factor] + times[index + 1 :]
                likelihood = pairs.model([share * each for each in tried], first.noise).likelihood
                worth = likelihood - PENALTY * math.fsum(math.log(each, 2) ** 2 for each in tried)
                if worth <= best + SAME * abs(best):
                    break
                times, best = tried, worth
            if times[index] != 1.0:
                break
    return [share * each for each in times]


def _with_likeliest_noise(pairs: _Pairs, weights: Sequence[float]) -> Model:
    models = [pairs.model(weights, noise) for noise in NOISE_RATIOS]
    return models[highest([model.likelihood for model in models])]


def highest(values: Sequence[float]) -> int:
    """Return the index of the highest value, of the first of those that are the same."""
    found = 0
    for index, value in enumerate(values):
        if value > values[found] + SAME * abs(values[found]):
            found = index
    return found


def apart(span: int, level: float, levels: Sequence[float]) -> List[float]:
    """Return how far a level of a setting is from others, 0 to 1: those without an order are the same or 1 apart."""
    return [abs(level - other) / span for other in levels] if span else [float(level != other) for other in levels]


def solve(factor: List[List[float]], right: Sequence[float]) -> List[float]:
    """Return x of L x = ``right``, as far as there are rows of L."""
    solved: List[float] = []
    for row, value in zip(factor, right):
        solved.append((value - dot(row, solved)) / row[-1])
    return solved


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the sum of the products, rounded once: sum rounds otherwise since Python 3.12."""
    return math.fsum(map(mul, one, other))


def _added(distances: List[float], weight: float, more: List[float]) -> List[float]:
    return [distance + weight * each for distance, each in zip(distances, more)]


def _scores(costs: Costs) -> List[float]:
    """Return half of how far each cost is from the mean plus half of its rank: an outlier is not all that counts.

    A failure costs as much as the worst.
    """
    worst = max(cost for cost in costs if cost is not None)
    unit = max(abs(cost) for cost in costs if cost is not None) or 1.0  # so that the squares stay finite
    scaled = [(worst if cost is None else cost) / unit for cost in costs]
    n = len(scaled)
    mean = math.fsum(scaled) / n
    deviation = math.sqrt(math.fsum((cost - mean) ** 2 for cost in scaled) / n) or 1.0
    ranks = {cost: sum(other < cost for other in scaled) + scaled.count(cost) / 2 for cost in scaled}
    return [
        ((cost - mean) / deviation + math.log(ranks[cost] / (n - ranks[cost])) / LOGISTIC_SCALE) / 2 for cost in scaled
    ]
