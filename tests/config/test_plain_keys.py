"""The keys that are read at once are read as all others are, and only where nothing is wrong with them."""

import random

import pytest

from servo_batch.config import document, keys, plain_keys

METRICS = [
    {"output_regex": "(x)"},
    {"output_regex": "(x)", "unit": "s"},
    {"output_regex": "(x)", "unit": None},
    {"output_regex": "(x)", "stream": "stderr"},
    {"output_regex": "(x)", "resource": "max_rss"},
    {"output_regex": 5},
    {"output_rgex": "(x)"},
    {"resource": "max_rss"},
    {"unit": "s"},
    {},
    "(x)",
    None,
]
NUMBERS = [1, 0.5, 0, -1, True, "5", None, 10**12, float("inf"), [1]]
VALUES = {
    "command": ["./job {web.cpu}", " ", "", ["job", "x"], ["job", 5], [], 5, None],
    "prepare": ["true", ""],
    "default_state": [{}, None],
    "application": [{}],
    "constraints": [[]],
    "state": ["s.json", 5],
    "history": ["h.jsonl", ""],
    "runs": [1, 3, 0, True],
    "objective": [{"minimize": "{total_runtime}"}],
    "metrics": [{}, None, [], *({"a": METRICS[0], "b": metric} for metric in METRICS)],
    "default_control": [{}, {"n": 5}, [], None],
    "expected_duration": NUMBERS,
    "timeout": NUMBERS,
    "grace_period": NUMBERS,
    "minimize": ["{a}"],
    "comand": ["./job"],
}
COMMON = {
    "command": "./job",
    "default_state": {},
    "metrics": {"a": {"output_regex": "(x)", "unit": "s"}, "b": {"output_regex": "(y)"}},
    "expected_duration": 600,
    "timeout": 900.5,
    "default_control": {"n": 5},
}


def read(batch):
    source = document.Document("config.yaml", {})
    source.batch = batch
    return keys.read(source), source.problems


def random_batches(count):
    generator = random.Random(7)
    for _ in range(count):
        batch = dict(COMMON)
        for key in generator.sample(sorted(VALUES), generator.randrange(1, 4)):
            batch[key] = generator.choice(VALUES[key])
        yield batch


def test_what_is_read_at_once_is_what_is_read_otherwise_without_a_problem():
    found = [(plain_keys.plain(batch), batch) for batch in random_batches(20000)]
    found += [
        (plain_keys.plain({**COMMON, key: value}), {**COMMON, key: value}) for key in VALUES for value in VALUES[key]
    ]
    at_once = [(plain, batch) for plain, batch in found if plain]
    assert [batch for plain, batch in at_once if read(batch) != (plain, [])] == []


@pytest.mark.parametrize("batch", [COMMON, {"command": "./job", "application": {}, "grace_period": 2}])
def test_common_keys_are_read_at_once(batch):
    assert plain_keys.plain(batch)
