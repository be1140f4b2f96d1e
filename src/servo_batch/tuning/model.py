"""Measured points and their costs → a Gaussian process that predicts what others cost.

Source: Rasmussen, Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1. There is nothing to fit but
the noise. The kernel falls with the distance at once: smooth ones get stuck, since real systems have steps.
"""

import math
from operator import mul
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

Point = Tuple[float, ...]
Distance = Callable[[Point, Point], float]

# What the variance of the noise may be, over that of the signal: hardly any, some, much.
NOISE_RATIOS = (0.001, 0.01, 0.1)
# Makes the logistic distribution most like the normal one.
LOGISTIC_SCALE = 1.702
# Values that differ by less are the same: the last digits of exp and log are the machine's.
SAME = 1e-9


class Model(NamedTuple):
    """What ``fit`` returns. Costs are scores here, about standard normal, the lower the better."""

    points: Sequence[Point]
    distance: Distance
    factor: List[List[float]]  # L, the rows of a lower triangle; L Lᵀ is the kernel with the noise
    solved: List[float]  # L⁻¹ scores
    lowest: float  # of the scores
    variance: float
    likelihood: float  # its logarithm

    def predict(self, point: Point) -> Tuple[float, float]:
        """Return the mean and the standard deviation of the score at a point."""
        solved = _solve(self.factor, [math.exp(-self.distance(point, other)) for other in self.points])
        return _dot(solved, self.solved), math.sqrt(self.variance * max(0.0, 1.0 - _dot(solved, solved)))

    def expected_improvement(self, point: Point) -> float:
        """Return how far below the lowest score the one at a point is on average, one that is not below being 0."""
        mean, deviation = self.predict(point)
        if deviation == 0.0:
            return 0.0
        gain = (self.lowest - mean) / deviation
        density = math.exp(-gain * gain / 2) / math.sqrt(2 * math.pi)
        return deviation * (gain * math.erfc(-gain / math.sqrt(2)) / 2 + density)


def fit(points: Sequence[Point], costs: Sequence[Optional[float]], distance: Distance) -> Model:
    """Return the model with the likeliest noise. A cost is None for a failure; not all are."""
    scores = _scores(costs)
    kernel = [[math.exp(-distance(one, other)) for other in points[: row + 1]] for row, one in enumerate(points)]
    models = []
    for ratio in NOISE_RATIOS:
        factor = _factor(kernel, ratio)
        solved = _solve(factor, scores)
        variance = (_dot(solved, solved) + 2) / (len(points) + 2)  # as if two more scores had been seen before
        determinant = math.fsum(math.log(row[-1]) for row in factor)
        likelihood = -len(points) / 2 * math.log(variance) - determinant - 1 / variance
        models.append(Model(points, distance, factor, solved, min(scores), variance, likelihood))
    return models[highest([model.likelihood for model in models])]


def highest(values: Sequence[float]) -> int:
    """Return the index of the highest value, of the first of those that are the same."""
    found = 0
    for index, value in enumerate(values):
        if value > values[found] + SAME * abs(values[found]):
            found = index
    return found


def _factor(kernel: List[List[float]], ratio: float) -> List[List[float]]:
    """Return the Cholesky factor of the kernel with noise."""
    factor: List[List[float]] = []
    for row in kernel:
        left = _solve(factor, row)
        factor.append(left + [math.sqrt(row[-1] + ratio - _dot(left, left))])
    return factor


def _solve(factor: List[List[float]], right: List[float]) -> List[float]:
    """Return x of L x = ``right``, as far as there are rows of L."""
    solved: List[float] = []
    for row, value in zip(factor, right):
        solved.append((value - _dot(row, solved)) / row[-1])
    return solved


def _dot(one: List[float], other: List[float]) -> float:
    return math.fsum(map(mul, one, other))  # sum rounds otherwise since Python 3.12


def _scores(costs: Sequence[Optional[float]]) -> List[float]:
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
