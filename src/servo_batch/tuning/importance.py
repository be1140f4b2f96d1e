"""Past measurements → which settings matter, by what the model explains with each of them alone.

The share of a setting is the variance of its main effect over that of the whole prediction, where all settings are
drawn evenly. Source: Saltelli and others, Global Sensitivity Analysis, 2008, section 1.2: the first-order index. After
some dozens of noisy measurements it is a rough figure, so it is told in words, and not where the model predicts badly.
"""

import json
import math
from functools import reduce
from operator import mul
from typing import Any, List, NamedTuple, Sequence, Tuple

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
    word: str  # "most", "some", "little", or "" for less than that
    direction: str  # "fewer is better", "more is better", "best near 28", "best with g1", or "" where there is none


def effects(space: search.Space, past: search.Past) -> List[Effect]:
    """Return the settings that something can be chosen of, what matters most first; none where too little is known.

    ``space`` and ``past`` are those of ``search.propose``.
    """
    model = search.model_of_successes(space, past[-MOST:])
    if model is None or len(model.factor) < FEWEST:
        return []
    size = len(model.factor)
    columns = [solve(model.factor, [float(row == other) for other in range(size)]) for row in range(size)]  # of L⁻¹
    alphas = [dot(column, model.solved) for column in columns]
    if _skill(model.known.scores, alphas, [dot(column, column) for column in columns]) < SKILL:
        return []
    picked = [_picked(len(values)) for values, _ in space.values()]
    found = []
    for (name, (values, ordered)), of_all, (share, effect) in zip(
        space.items(), picked, _main_effects(model, alphas, picked)
    ):
        word = next((word for word, least in WORDS if share >= least), "")
        direction = _direction([values[level] for level in of_all], ordered, effect) if word else ""
        found += [Effect(name, share, word, direction)] if len(values) > 1 else []
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
    """Return how much better each score is predicted from the others than by their mean: 1 is exact, 0 no better."""
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
) -> List[Tuple[float, List[float]]]:
    """Return for each setting its share and what the levels looked at come to, the others averaged over."""
    kernels = []  # of each setting and measurement: what it says of each level
    products = [[1.0] * len(alphas) for _ in alphas]  # of each two measurements: what they say together, on average
    for weight, span, levels, of_all in zip(model.weights, model.known.spans, model.known.levels, picked):
        said = {level: [math.exp(-weight * each) for each in apart(span, level, of_all)] for level in set(levels)}
        kernels.append([said[level] for level in levels])
        both = {(one, other): dot(said[one], said[other]) / len(of_all) for one in said for other in said}
        products = [[old * both[one, other] for old, other in zip(row, levels)] for row, one in zip(products, levels)]
    means = [[math.fsum(said) / len(said) for said in rows] for rows in kernels]
    mean = dot(alphas, [reduce(mul, of_all, 1.0) for of_all in zip(*means)])
    variance = dot(alphas, [dot(alphas, row) for row in products]) - mean**2
    found = []
    for setting, rows in enumerate(kernels):
        others = means[:setting] + means[setting + 1 :]
        parts = [reduce(mul, (each[n] for each in others), alpha) for n, alpha in enumerate(alphas)]
        effect = [dot(parts, of_level) for of_level in zip(*rows)]
        middle = math.fsum(effect) / len(effect)
        own = math.fsum((each - middle) ** 2 for each in effect) / len(effect)
        found.append((own / variance if variance > 0 else 0.0, effect))
    return found


def _direction(values: Sequence[Any], ordered: bool, effect: Sequence[float]) -> str:
    """Return in words where the effect, a cost, is least."""
    least = min(effect)
    best = values[effect.index(least)]
    if not ordered:
        return f"best with {best if isinstance(best, str) else json.dumps(best)}"
    near = least + NEAR * (max(effect) - least)
    ends = effect[0] <= near, effect[-1] <= near
    if ends == (True, True):
        return ""
    return "fewer is better" if ends[0] else "more is better" if ends[1] else f"best near {best}"
