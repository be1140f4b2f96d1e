"""Past measurements → which settings matter, by what the model explains with each of them alone.

The share of a setting is the variance of its main effect over that of the whole prediction, where all settings are
drawn evenly. Source: Saltelli and others, Global Sensitivity Analysis, 2008, section 1.2: the first-order index. After
some dozens of noisy measurements it is a rough figure, so it is told in words, and not where the model predicts badly.
"""

import math
from functools import reduce
from operator import mul
from statistics import pvariance
from typing import Any, List, NamedTuple, Sequence, Tuple

from servo_batch.history.trials import shown
from servo_batch.tuning import search
from servo_batch.tuning.model import Model, apart, dot, solve

# From which share on a word is said.
WORDS = (("most", 1 / 2), ("some", 1 / 6), ("little", 1 / 20))
# Below so many measurements, or so much skill in predicting one from the others, nothing is said.
FEWEST, SKILL = 20, 0.3
# So many, the latest, are enough: the time grows with the cube.
MOST = 100
# So many levels of a setting are looked at.
LEVELS = 21
# An end of a range that is so near to the best, of all that the range makes, is where the best lies.
NEAR = 0.1


class Effect(NamedTuple):
    """How much a setting matters."""

    name: str
    share: float  # of the variance that the model predicts
    word: str  # "most", "some" or "little"
    direction: str  # "fewer is better", "more is better", "best near 28", "best with g1", or "" where there is none


def effects(space: search.Space, past: search.Past) -> List[Effect]:
    """Return the settings that matter, what matters most first; none where too little is known.

    ``space`` and ``past`` are those of ``search.propose``.
    """
    good = search.successes(space, past[-MOST:])
    if len(good) < FEWEST:
        return []
    model = search.model_of(space, good)
    columns = [solve(model.factor, [float(one is other) for other in good]) for one in good]  # of L⁻¹
    alphas = [dot(column, model.solved) for column in columns]
    if _skill(model.known.scores, alphas, [dot(column, column) for column in columns]) < SKILL:
        return []
    picked = [_picked(len(values)) for values, _ in space.values()]
    main_effects, variance = _main_effects(model, alphas, picked)
    found = []
    for (name, (values, ordered)), levels, effect in zip(space.items(), picked, main_effects):
        share = pvariance(effect) / variance if variance > 0 else 0.0
        word = next((word for word, least in WORDS if share >= least), None)
        if word:
            found.append(Effect(name, share, word, _direction([values[level] for level in levels], ordered, effect)))
    return sorted(found, key=lambda one: -one.share)


def in_words(found: Sequence[Effect]) -> str:
    """Return a sentence about what matters; "" where nothing is to be said."""
    parts = []
    for word, _ in WORDS:
        named = [f"{one.name} ({one.direction})" if one.direction else one.name for one in found if one.word == word]
        if named:
            parts.append(f"{word} {', '.join(named)}")
    return f"what matters: {'; '.join(parts)}" if parts else ""


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


def _main_effects(
    model: Model, alphas: Sequence[float], picked: Sequence[Sequence[int]]
) -> Tuple[List[List[float]], float]:
    """Return what the levels looked at of each setting come to, the others averaged over, and the variance of all."""
    kernels = []  # of each setting and measurement: what it says of each level
    products = [[one * other for other in alphas] for one in alphas]  # what each two say together, on average
    for weight, span, levels, of_all in zip(model.weights, model.known.spans, model.known.levels, picked):
        said = {level: [math.exp(-weight * each) for each in apart(span, level, of_all)] for level in set(levels)}
        kernels.append([said[level] for level in levels])
        both = {(one, other): dot(said[one], said[other]) / len(of_all) for one in said for other in said}
        products = [[old * both[one, other] for old, other in zip(row, levels)] for row, one in zip(products, levels)]
    means = [[math.fsum(said) / len(said) for said in rows] for rows in kernels]
    whole = [reduce(mul, of_one) for of_one in zip(alphas, *means)]  # what each measurement says, on average
    found = []
    for rows, averaged in zip(kernels, means):
        parts = [each / mean for each, mean in zip(whole, averaged)]
        found.append([dot(parts, of_level) for of_level in zip(*rows)])
    return found, math.fsum(map(math.fsum, products)) - math.fsum(whole) ** 2


def _direction(values: Sequence[Any], ordered: bool, effect: Sequence[float]) -> str:
    """Return in words where the effect, a cost, is least."""
    least = min(effect)
    best = shown(values[effect.index(least)])
    if not ordered:
        return f"best with {best}"
    near = least + NEAR * (max(effect) - least)
    at_ends = effect[0] <= near, effect[-1] <= near
    words = {(True, False): "fewer is better", (False, True): "more is better", (True, True): ""}
    return words.get(at_ends, f"best near {best}")
