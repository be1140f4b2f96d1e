"""What the YAML reader accepts, every other reader reads the same: the tests' documents and random ones."""

import random

import pytest
import yaml_agreement as agreement
import yaml_generator as generator
import yaml_readers as readers
from test_yaml_documents import PLACES, VALID

from servo_batch.formats.yaml_subset import loads

RANDOM_DOCUMENTS = 5000
WRITTEN = [case.values for case in VALID] + PLACES


@pytest.fixture(params=readers.NAMES)
def reader(request):
    """The name of a reader that is on this machine; $SERVO_BATCH_YAML_READERS asks for each."""
    try:
        readers.reader(request.param)
    except readers.NotInstalledError as error:
        if readers.FOLDER:
            raise
        pytest.skip("%s is not installed (%s): the YAML reader is not compared with it" % (request.param, error))
    return request.param


@pytest.fixture(scope="module")
def random_documents():
    """Random documents that are accepted, with their values."""
    corpus = generator.corpus()
    texts = [generator.document(generator.KINDS[seed % 4], seed, corpus) for seed in range(RANDOM_DOCUMENTS)]
    return [(text, value) for text in texts for value in agreement.accepted(text)]


def test_no_reader_gives_a_written_document_another_value(reader):
    for line_end in ("\n", "\r\n"):
        documents = [(text.replace("\n", line_end), value) for text, value in WRITTEN]
        assert agreement.judge(documents, reader)[0] == []


def test_no_reader_gives_a_random_document_another_value(reader, random_documents):
    disagreements, failures = agreement.judge(random_documents, reader)
    assert disagreements == []
    # A reader that fails has not been compared with.
    assert len(random_documents) - failures > RANDOM_DOCUMENTS / 2


def test_no_valid_document_is_refused_or_read_wrong():
    for seed in range(3000):
        text, value = generator.valid_document(random.Random(seed))
        assert readers.same(value, loads(text)), (seed, text)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"a": [1]}, {"a": [2]}),
        ({"a": True}, {"a": 1}),
        (1, 1.0),
        (0.0, -0.0),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([], {}),
        (None, {"other": "Date 2019-11-17"}),
        (2**53 + 1, {"number": "9007199254740992"}),
        (1, {"number": "NaN"}),
        (True, {"number": "1"}),
        ({"b": 1, "a": 2}, {"object": [["a", {"number": "2"}], ["b", {"number": "1"}]]}),
        ({"1": "a"}, {"map": [[{"integer": "1"}, "a"]]}),
    ],
    ids=repr,
)
def test_the_comparison_sees_a_difference(ours, theirs):
    other = readers.decoded(theirs) if isinstance(theirs, dict) and len(theirs) == 1 and "a" not in theirs else theirs
    assert readers.same(ours, ours)
    assert not readers.same(ours, other)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (1.0, {"number": "1"}),
        (0, {"number": "-0"}),
        (
            {"b": 1, "2": 2, "1": 3},
            {"object": [["1", {"number": "3"}], ["2", {"number": "2"}], ["b", {"number": "1"}]]},
        ),
        (2**63, {"number": "9223372036854776000"}),
        (-0.0, {"float": "-0.0"}),
    ],
    ids=repr,
)
def test_the_comparison_asks_for_no_more_than_a_language_has(ours, theirs):
    assert readers.same(ours, readers.decoded(theirs))
