"""What the YAML reader accepts, PyYAML and ruamel.yaml read the same: the tests' documents and random ones."""

import random

import pytest
import yaml_generator as generator
from test_yaml_documents import PLACES, REFUSED, VALID

from servo_batch.formats.yaml_subset import YamlError, loads

READERS = {"PyYAML": generator.pyyaml, "ruamel.yaml": generator.ruamel}
SEEDS = [case.values[0] for case in VALID + REFUSED]


@pytest.fixture(params=list(READERS))
def reader(request):
    """A reference reader: a function from a text to a value."""
    if READERS[request.param] is None:
        pytest.skip("%s is not installed: the YAML reader is not compared with it" % request.param)
    return READERS[request.param]


def theirs(reader, text):
    """Return the reference reader's value; of ruamel's own faults, its exception."""
    try:
        return reader(text)
    except Exception as error:
        if reader is generator.pyyaml:
            raise
        return error


@pytest.mark.parametrize(("text", "value"), VALID + PLACES)
def test_a_reference_reader_gives_a_valid_document_the_same_value(reader, text, value):
    for variant in (text, text.replace("\n", "\r\n")):
        other = theirs(reader, variant)
        assert isinstance(other, Exception) or generator.same(other, value)


def test_ruamel_fails_on_few_valid_documents_only():
    if generator.ruamel is None:
        pytest.skip("ruamel.yaml is not installed: the YAML reader is not compared with it")
    failed = [case.id for case in VALID + PLACES if isinstance(theirs(generator.ruamel, case.values[0]), Exception)]
    assert len(failed) < 10, failed


def test_random_valid_documents_are_accepted_with_their_values():
    for seed in range(4000):
        text, value = generator.valid_document(random.Random(seed))
        assert generator.same(loads(text), value), (seed, text)


def test_no_reader_disagrees_on_random_documents(reader):
    accepted = 0
    for number in range(4000):
        rng = random.Random(number)
        text = generator.mutated_document(rng, SEEDS) if number % 2 else generator.noise_document(rng)
        try:
            value = loads(text)
        except YamlError:
            continue
        accepted += 1
        other = theirs(reader, text)
        assert isinstance(other, Exception) or generator.same(other, value), (number, text)
    assert accepted > 800


@pytest.mark.parametrize("wrong", ["value", "type", "order", "sign"])
def test_the_comparison_sees_a_difference(wrong):
    one, other = {
        "value": ({"a": [1]}, {"a": [2]}),
        "type": ({"a": True}, {"a": 1}),
        "order": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        "sign": (0.0, -0.0),
    }[wrong]
    assert generator.same(one, one)
    assert not generator.same(one, other)
