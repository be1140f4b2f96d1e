"""Past measurements → which settings matter, by what the model explains with each of them alone.

The share of a setting is the variance of its main effect over that of the whole prediction, where all settings are
drawn evenly. Source: Saltelli and others, Global Sensitivity Analysis, 2008, section 1.2: the first-order index. After
some dozens of noisy measurements it is a rough figure, so it is told in words, and not where the model predicts badly.
"""

import math
from functools import reduce
from operator import mul
from statistics import pvariance
from typing import Dict, List, Mapping, Sequence, Tuple

from servo_batch.tuning import search
from servo_batch.tuning.model import Model, apart, dot, solve

# From which share on a word is said.
WORDS = {"most": 1 / 2, "some": 1 / 6, "little": 1 / 20}
# Below so many measurements, or so much skill in predicting one from the others, nothing is said.
FEWEST, SKILL = 20, 0.3
# So many, the latest, are enough: the time grows with the cube.
MOST = 100
# So many levels of a setting are looked at.
LEVELS = 21


def words(space: search.Space, past: search.Past) -> Dict[str, str]:
    """Return how much each setting that matters does, ``{"web.cpu": "most", "web.gc": "some"}``, in that order.

    ``space`` and ``past`` are those of ``search.propose``. There are none where too little is known.
    """
    ranked = sorted(shares(space, past).items(), key=lambda one: -one[1])
    said = {name: next((word for word, least in WORDS.items() if share >= least), "") for name, share in ranked}
    return {name: word for name, word in said.items() if word}


def sentence(found: Mapping[str, str]) -> str:
    """Return what ``words`` has found as a sentence; "" where nothing is to be said."""
    named = {word: ", ".join(name for name in found if found[name] == word) for word in WORDS}
    parts = [f"{word} {names}" for word, names in named.items() if names]
    return f"what matters: {'; '.join(parts)}" if parts else ""


def shares(space: search.Space, past: search.Past) -> Dict[str, float]:
    """Return the share of each setting, none where too little is known."""
    good = search.successes(space, past[-MOST:])
    if len(good) < FEWEST:
        return {}
    model = search.model_of(space, good)
    columns = [solve(model.factor, [float(one is other) for other in good]) for one in good]  # of L⁻¹
    alphas = [dot(column, model.solved) for column in columns]
    if _skill(model.known.scores, alphas, [dot(column, column) for column in columns]) < SKILL:
        return {}
    own, whole = _variances(model, alphas, [_picked(len(values)) for values, _ in space.values()])
    return {name: each / whole for name, each in zip(space, own)} if whole > 0 else {}


def _skill(scores: Sequence[float], alphas: Sequence[float], inverse: Sequence[float]) -> float:
    """Return how much better each score is predicted from the others than by their mean: 1 is exact, 0 no better.

    ``inverse`` is the diagonal of the kernel's inverse. Source: Rasmussen, Williams, 2006, section 5.4.2.
    """
    n, total = len(scores), math.fsum(scores)
    errors = math.fsum((alpha / each) ** 2 for alpha, each in zip(alphas, inverse))
    by_mean = math.fsum((score - (total - score) / (n - 1)) ** 2 for score in scores)
    return 1 - errors / by_mean if by_mean else 0.0


def _picked(length: int) -> List[int]:
    """Return the levels that are looked at, evenly spread, the ends among them."""
    count = min(length, LEVELS)
    return [round(n * (length - 1) / max(1, count - 1)) for n in range(count)]


def _variances(model: Model, alphas: Sequence[float], picked: Sequence[Sequence[int]]) -> Tuple[List[float], float]:
    """Return the variance of each setting's main effect, the others averaged over, and that of the whole prediction."""
    kernels = []  # of each setting and measurement: what it says of each level
    products = [[one * other for other in alphas] for one in alphas]  # what each two say together, on average
    for weight, span, levels, of_all in zip(model.weights, model.known.spans, model.known.levels, picked):
        said = {level: [math.exp(-weight * each) for each in apart(span, level, of_all)] for level in set(levels)}
        kernels.append([said[level] for level in levels])
        both = {(one, other): dot(said[one], said[other]) / len(of_all) for one in said for other in said}
        products = [[old * both[one, other] for old, other in zip(row, levels)] for row, one in zip(products, levels)]
    means = [[math.fsum(said) / len(said) for said in rows] for rows in kernels]
    averages = [reduce(mul, of_one) for of_one in zip(alphas, *means)]  # what each measurement says, on average
    own = []
    for rows, averaged in zip(kernels, means):
        parts = [each / mean for each, mean in zip(averages, averaged)]
        own.append(pvariance([dot(parts, of_level) for of_level in zip(*rows)]))
    return own, math.fsum(map(math.fsum, products)) - math.fsum(averages) ** 2
