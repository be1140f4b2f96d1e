"""Which settings matter: what the model explains with each, in words, and nothing where it knows too little."""

import itertools
import random
import statistics

import pytest

from servo_batch.tuning.importance import sentence, shares, words
from servo_batch.tuning.search import model_of, successes

SPACE = {
    "web.clients": (range(1, 65), True),
    "web.gc": (("serial", "parallel", "g1"), False),
    "web.cpu": ((1, 2, 4, 8), True),
    "web.fixed": (("one",), False),
    "web.tls": ((False, True), False),
}


def drawn(cost, count=30, space=SPACE, seed=0):
    """Return so many measurements of settings at random."""
    rng = random.Random(seed)
    past = []
    for _ in range(count):
        settings = {name: values[rng.randrange(len(values))] for name, (values, _) in space.items()}
        past.append((settings, cost(settings, rng)))
    return past


def cost(settings, rng):
    hump = abs(settings["web.clients"] - 28) / 6
    return hump + {"serial": 3.0, "parallel": 1.0, "g1": 0.0}[settings["web.gc"]] - 0.2 * settings["web.cpu"]


def test_what_matters_most_comes_first():
    found = words(SPACE, drawn(cost, 60))
    assert list(found.items())[:2] == [("web.clients", "most"), ("web.gc", "some")]
    assert set(found) < {*SPACE} - {"web.fixed"}


def test_the_shares_are_those_of_the_prediction_over_all_settings():
    space = {name: SPACE[name] for name in ("web.gc", "web.cpu", "web.tls")}
    past = drawn(lambda settings, rng: settings["web.cpu"] * (1 + settings["web.tls"]) + rng.gauss(0, 1), 40, space)
    model = model_of(space, successes(space, past))
    points = list(itertools.product(*(range(len(values)) for values, _ in space.values())))
    predicted = {point: mean for point, (mean, _) in zip(points, model.predict(points))}
    expected = {}
    for index, (name, (values, _)) in enumerate(space.items()):
        levels = range(len(values))
        means = [statistics.mean(mean for point, mean in predicted.items() if point[index] == n) for n in levels]
        expected[name] = statistics.pvariance(means) / statistics.pvariance(predicted.values())
    assert shares(space, past) == pytest.approx(expected)


def test_nothing_is_said_below_twenty_measurements_that_succeeded_nor_of_noise():
    past = drawn(cost, 20)
    assert words(SPACE, past)
    assert words(SPACE, past[:19]) == words(SPACE, past[:19] + [(past[19][0], None)] * 9) == words(SPACE, []) == {}
    for seed in range(10):
        assert words(SPACE, drawn(lambda settings, rng: rng.gauss(10, 1), 60, seed=seed)) == {}
    assert words(SPACE, drawn(lambda settings, rng: 7.0)) == {}


def test_a_sentence_names_what_matters_by_how_much():
    found = {"web.clients": "most", "web.gc": "some", "web.tls": "little", "web.cpu": "little"}
    assert sentence(found) == "what matters: most web.clients; some web.gc; little web.tls, web.cpu"
    assert sentence({}) == ""
