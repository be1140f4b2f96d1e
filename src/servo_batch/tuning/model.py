"""Measured points and their costs → a Gaussian process that predicts what others cost.

Source: Rasmussen, Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1. The kernel falls with the
distance at once: smooth ones get stuck, since real systems have steps. Each setting has a weight in the distance: with
one for all, among many settings, two points that differ in a single one would be as good as the same.
"""

import math
from itertools import islice
from operator import add, mul
from typing import Iterable, List, Optional, Sequence, Tuple

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


class Known:
    """The measurements."""

    def __init__(self, points: Sequence[Point], costs: Costs, spans: Spans) -> None:
        self.spans = spans
        self.levels = list(zip(*points))  # of each setting, those of all points
        self.scores = _scores(costs)  # about standard normal, the lower the better
        self.apart = [  # of each setting, how far every two are apart: a lower triangle row after row
            [each for row, level in enumerate(levels) for each in apart(span, level, levels[: row + 1])]
            for span, levels in zip(spans, self.levels)
        ]


class Model:
    """A Gaussian process of scores, with these weights in the distance and so much noise."""

    def __init__(self, known: Known, weights: Sequence[float], noise: float) -> None:
        self.known, self.weights, self.noise = known, weights, noise
        size = len(known.scores)
        weighted = ([weight * each for each in pairs] for weight, pairs in zip(weights, known.apart))
        kernel = iter(_kernel(size * (size + 1) // 2, weighted))
        self.factor: List[List[float]] = []  # L, the rows of a lower triangle; L Lᵀ is the kernel with the noise
        for row in range(size):
            left = solve(self.factor, list(islice(kernel, row)))
            self.factor.append(left + [math.sqrt(next(kernel) + noise - dot(left, left))])
        self.solved = solve(self.factor, known.scores)  # L⁻¹ scores
        self.variance = (dot(self.solved, self.solved) + 2) / (size + 2)  # as if two more scores had been seen before
        determinant = math.fsum(math.log(row[-1]) for row in self.factor)
        self.likelihood = -size / 2 * math.log(self.variance) - determinant - 1 / self.variance  # its logarithm

    def predict(self, points: Sequence[Point]) -> List[Tuple[float, float]]:
        """Return the mean and the standard deviation of the score at each point."""
        weighted = [  # of each setting and each of its levels: how far it is from those measured
            {level: [weight * each for each in apart(span, level, levels)] for level in set(asked)}
            for weight, span, levels, asked in zip(self.weights, self.known.spans, self.known.levels, zip(*points))
        ]
        found = []
        for point in points:
            of_point = (of_setting[level] for of_setting, level in zip(weighted, point))
            solved = solve(self.factor, _kernel(len(self.factor), of_point))
            left = max(0.0, 1.0 - dot(solved, solved))
            found.append((dot(solved, self.solved), math.sqrt(self.variance * left)))
        return found

    def expected_improvements(self, points: Sequence[Point]) -> List[float]:
        """Return how far below the lowest score that of each point is on average, one that is not below being 0."""
        found = []
        for mean, deviation in self.predict(points):
            gain = (min(self.known.scores) - mean) / deviation if deviation else 0.0
            density = math.exp(-gain * gain / 2) / math.sqrt(2 * math.pi)
            found.append(deviation * (gain * math.erfc(-gain / math.sqrt(2)) / 2 + density))
        return found


def fit(points: Sequence[Point], costs: Costs, spans: Spans) -> Model:
    """Return the model with the likeliest weights and the likeliest noise. Not all are failures."""
    latest = -LATEST if any(cost is not None for cost in costs[-LATEST:]) else 0
    weights = _weights(Known(points[latest:], costs[latest:], spans))
    return _with_likeliest_noise(Known(points, costs, spans), weights)


def _kernel(size: int, weighted: Iterable[List[float]]) -> List[float]:
    """Return what pairs of points say of each other, by how far they are apart in each setting."""
    distances = [0.0] * size
    for more in weighted:
        distances = list(map(add, distances, more))
    return [math.exp(-distance) for distance in distances]


def _weights(known: Known) -> List[float]:
    """Return the weights: the settings one after the other doubled while that is likelier, else halved if that is."""
    times = [1.0] * len(known.apart)
    share = 1.0 / max(1, sum(map(any, known.apart)))  # of those that vary at all
    first = _with_likeliest_noise(known, [share] * len(times))
    best = first.likelihood
    for index in range(len(times)):
        for factor in (2.0, 0.5):
            while LEAST <= times[index] * factor <= GREATEST:
                tried = times[:index] + [times[index] * factor] + times[index + 1 :]
                likelihood = Model(known, [share * each for each in tried], first.noise).likelihood
                worth = likelihood - PENALTY * math.fsum(math.log(each, 2) ** 2 for each in tried)
                if worth <= best + SAME * abs(best):
                    break
                times, best = tried, worth
            if times[index] != 1.0:
                break
    return [share * each for each in times]


def _with_likeliest_noise(known: Known, weights: Sequence[float]) -> Model:
    models = [Model(known, weights, noise) for noise in NOISE_RATIOS]
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
        solved.append((value - math.fsum(map(mul, row, solved))) / row[-1])
    return solved


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the sum of the products, rounded once: sum rounds otherwise since Python 3.12."""
    return math.fsum(map(mul, one, other))


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
