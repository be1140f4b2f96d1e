"""Which settings matter: what the model explains with each, in words, and nothing where it knows too little."""

import itertools
import random
import statistics

import pytest

from servo_batch.tuning.importance import Effect, effects, in_words
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


def test_what_matters_most_comes_first_with_its_direction():
    found = effects(SPACE, drawn(cost, 60))
    assert [one.name for one in found][:2] == ["web.clients", "web.gc"]
    assert {one.name for one in found} < {*SPACE} - {"web.fixed"}
    assert found[0].word == "most"
    assert found[0].direction in ["best near %d" % near for near in range(23, 34)]
    assert found[1].direction == "best with g1"


def test_the_shares_are_those_of_the_prediction_over_all_settings():
    space = {name: SPACE[name] for name in ("web.gc", "web.cpu", "web.tls")}
    past = drawn(lambda settings, rng: settings["web.cpu"] * (1 + settings["web.tls"]) + rng.gauss(0, 1), 40, space)
    model = model_of(space, successes(space, past))
    points = list(itertools.product(*(range(len(values)) for values, _ in space.values())))
    predicted = {point: mean for point, (mean, _) in zip(points, model.predict(points))}
    whole = statistics.pvariance(predicted.values())
    found = effects(space, past)
    assert [one.name for one in found] == ["web.cpu", "web.tls"]
    for one in found:
        index = list(space).index(one.name)
        levels = range(len(space[one.name][0]))
        means = [statistics.mean(mean for point, mean in predicted.items() if point[index] == n) for n in levels]
        assert one.share == pytest.approx(statistics.pvariance(means) / whole)


def test_nothing_is_said_below_twenty_measurements_that_succeeded():
    past = drawn(cost, 20)
    assert effects(SPACE, past)
    assert effects(SPACE, past[:19]) == []
    assert effects(SPACE, past[:19] + [(past[19][0], None)] * 9) == []
    assert effects(SPACE, []) == []


def test_nothing_is_said_of_noise():
    for seed in range(10):
        assert effects(SPACE, drawn(lambda settings, rng: rng.gauss(10, 1), 60, seed=seed)) == []
    assert effects(SPACE, drawn(lambda settings, rng: 7.0)) == []


def test_a_sentence_names_what_matters_by_how_much():
    found = [
        Effect("web.clients", 0.6, "most", "best near 28"),
        Effect("web.gc", 0.2, "some", "best with g1"),
        Effect("web.tls", 0.06, "little", ""),
        Effect("web.cpu", 0.05, "little", "fewer is better"),
    ]
    assert in_words(found) == (
        "what matters: most web.clients (best near 28); some web.gc (best with g1); little web.tls, web.cpu (fewer is better)"
    )
    assert in_words([]) == ""
