"""What the YAML reader accepts, every other reader reads the same: the tests' documents and random ones.

    SERVO_BATCH_YAML_READERS=FOLDER SERVO_BATCH_YAML_DOCUMENTS=160000 python -m pytest tests/pure/test_yaml_agreement.py

compares so many random documents instead of a few; ``tests/tools/yaml_readers_install.sh`` fills the folder.
"""

import os
import random

import pytest
import yaml_generator as generator
import yaml_readers as readers

from servo_batch.formats.yaml_subset import YamlError, loads

RANDOM_DOCUMENTS = int(os.environ.get("SERVO_BATCH_YAML_DOCUMENTS", 2400))


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
def documents():
    """The tests' own documents and random ones that are accepted, with their values."""
    corpus = generator.corpus()
    texts = corpus + [text.replace("\n", "\r\n") for text in corpus]
    texts += [generator.document(generator.KINDS[seed % 4], seed, corpus) for seed in range(RANDOM_DOCUMENTS)]
    found = []
    for text in texts:
        try:
            found.append((text, loads(text)))
        except YamlError:
            continue
    return found


def test_no_reader_gives_a_document_another_value(reader, documents):
    answers = readers.reader(reader)([text for text, _ in documents])
    given = [(text, value, other) for (text, value), other in zip(documents, answers)]
    read = [answer for answer in given if not isinstance(answer[2], readers.Refused)]
    assert [answer for answer in read if not readers.same(*answer[1:])] == []
    # A reader that fails has not been compared with.
    assert len(read) > RANDOM_DOCUMENTS / 3


def test_no_valid_document_is_refused_or_read_wrong():
    for seed in range(2000):
        text, value = generator.valid_document(random.Random(seed))
        assert readers.same(value, loads(text)), (seed, text)


def test_the_comparison_sees_each_difference_that_a_language_has():
    for is_same, ours, told in (
        (False, 1, {"float": "1.0"}),
        (False, True, {"number": "1"}),
        (False, 0.0, {"float": "-0.0"}),
        (False, {"a": 1, "b": 2}, {"map": [["b", {"integer": "2"}], ["a", {"integer": "1"}]]}),
        (False, [], {"object": []}),
        (False, None, {"other": "Date 2019-11-17"}),
        (False, 2**53 + 1, {"number": "9007199254740992"}),
        (False, {"1": "a"}, {"map": [[{"integer": "1"}, "a"]]}),
        (True, 1.0, {"number": "1"}),
        (True, 0, {"number": "-0"}),
        (True, {"b": None, "2": None, "1": None}, {"object": [["1", None], ["2", None], ["b", None]]}),
    ):
        assert readers.same(ours, readers.decoded(told)) == is_same, ours
