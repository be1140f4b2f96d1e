"""The model: which settings it finds to matter, and how much noise."""

import random

from servo_batch.tuning.model import LATEST, fit

SPANS = (1,) * 4 + (0,) * 4


def points(count, seed=0):
    rng = random.Random(seed)
    return [tuple(rng.random() if ordered else float(rng.randrange(3)) for ordered in SPANS) for _ in range(count)]


def hump(point):
    return (point[1] - 0.3) ** 2


def test_what_works_alone_counts_most_and_its_hump_is_predicted():
    known = points(30)
    model = fit(known, list(map(hump, known)), SPANS)
    assert model.weights[1] == max(model.weights) == 8 / len(SPANS)
    assert sum(weight <= 1 / len(SPANS) for weight in model.weights) >= 6
    predicted = model.predict([(known[0][0], place / 20) + known[0][2:] for place in range(21)])
    assert 4 <= predicted.index(min(predicted)) <= 8


def test_noise_is_told_from_signal():
    rng = random.Random(1)
    known = [(n / 20,) for n in range(21)] * 2
    for deviation, noise in ((0.0, 0.001), (0.5, 0.1)):
        costs = [place + rng.gauss(0, deviation) for (place,) in known]
        assert fit(known, costs, (1,)).noise == noise


def test_only_the_latest_speak_for_the_weights_and_all_for_the_prediction():
    known = points(LATEST + 20)
    costs = [point[0] for point in known[:20]] + [point[1] for point in known[20:]]
    model = fit(known, costs, SPANS)
    assert model.weights == fit(known[20:], costs[20:], SPANS).weights
    assert len(model.factor) == LATEST + 20
    assert len(fit(known, [1.0, 2.0] + [None] * (LATEST + 18), SPANS).factor) == LATEST + 20  # where all of them failed
