"""The YAML reader's interface: places, errors, hostile input, and time that grows with the text and no faster."""

import copy
import glob
import json
import os
import pickle
import random
import re
import subprocess

import pytest
from machine import ROOT

from servo_batch.formats import yaml_subset
from servo_batch.formats.yaml_subset import Mapping, Sequence, YamlError, loads, messages

SRC = os.path.join(ROOT, "src")

# The sample of the service's own documentation, whose regular expression no YAML reader takes.
DOCUMENTATION = r"""batch:
    # Command to run (required)
    command: ./run_job.sh --cpu {state[application][components][web][settings]} --timeout {control.userdata.timeout}

    # Default state to use when no previous adjust (required)
    default_state:
        application:
            components:
                web:
                    settings:
                        inst_type:
                        type: enum
                        values:
                        - c5.2xlarge
                        - m5.xlarge
                    replicas:
                        type: range
                        min: 1
                        max: 50

    # Extra metrics to extract from command output (optional)
    metrics:
        my_metric_name: # specify metric name
            # If no match, return error.
            output_regex: "Job took (\.d) seconds"
            unit: ms"""


def error_of(source):
    """Return the error of a document that may be refused, or None."""
    try:
        loads(source)
    except YamlError as error:
        return error
    return None


def refusal(source, name="config.yaml"):
    with pytest.raises(YamlError) as caught:
        loads(source, name)
    return caught.value


# Values and their places.


def test_mappings_and_sequences_equal_plain_ones():
    value = loads("a: [1, {b: c}]\nd:\n- e\n")
    assert value == {"a": [1, {"b": "c"}], "d": ["e"]}
    assert isinstance(value, dict)
    assert isinstance(value["d"], list)


def test_values_can_be_written_as_json_copied_and_pickled():
    value = loads("a: [1, {b: c}]\nd:\n- e\n")
    assert json.dumps(value) == '{"a": [1, {"b": "c"}], "d": ["e"]}'
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert other == value
        assert type(other) is Mapping
        assert other.marks == value.marks
        assert other["d"].marks == value["d"].marks


def test_keys_keep_their_order():
    assert list(loads("b: 1\na: 2\nc: {z: 1, x: 2}\n")) == ["b", "a", "c"]


def test_each_key_and_item_has_its_line_and_column():
    value = loads("# c\na: 1\n'b':\n  - x\n  -\n    x: 2\n  - - z\n  -\nd: {e: 1,\n  \"f\": [g,\n    h: i]}\n")
    assert value.marks == {"a": (2, 1), "b": (3, 1), "d": (9, 1)}
    assert value["b"].marks == [(4, 5), (6, 5), (7, 5), (8, 3)]
    assert value["b"][1].marks == {"x": (6, 5)}
    assert value["b"][2].marks == [(7, 7)]
    assert value["d"].marks == {"e": (9, 5), "f": (10, 3)}
    assert value["d"]["f"].marks == [(10, 9), (11, 5)]
    assert value["d"]["f"][1].marks == {"h": (11, 5)}


def test_places_are_the_same_with_crlf_and_a_byte_order_mark():
    text = "a: 1\nb:\n  - c\n"
    other = loads("\ufeff" + text.replace("\n", "\r\n"))
    assert other.marks == loads(text).marks
    assert other["b"].marks == [(3, 5)]


def test_mappings_and_sequences_can_be_made_from_plain_ones():
    assert (Mapping({"a": 1}, b=2), Sequence([1])) == ({"a": 1, "b": 2}, [1])
    assert (Mapping().marks, Sequence().marks) == ({}, [])


# Errors.


def test_an_error_shows_place_problem_remedy_line_and_caret():
    error = refusal('a: 1\noutput_regex: "took (\\d+) s"\n')
    problem = "in double quotes a backslash starts an escape, and YAML has no escape \\d"
    assert str(error) == (
        "config.yaml:2:23: " + problem + ":\n"
        "put a regular expression in single quotes\n"
        '    output_regex: "took (\\d+) s"\n'
        "                          ^"
    )
    assert error.msg == problem + ": put a regular expression in single quotes"
    assert (error.name, error.lineno, error.colno) == ("config.yaml", 2, 23)


def test_the_documentation_sample_says_what_to_do_about_its_regular_expression():
    error = refusal(DOCUMENTATION)
    assert error.msg == (
        "in double quotes a backslash starts an escape, and YAML has no escape \\.: "
        "put a regular expression in single quotes"
    )
    assert (error.lineno, error.colno) == (25, 39)


def test_the_documentation_sample_is_read_once_that_is_done():
    value = loads(DOCUMENTATION.replace('"', "'"))
    assert value["batch"]["metrics"] == {"my_metric_name": {"output_regex": r"Job took (\.d) seconds", "unit": "ms"}}
    assert value["batch"].marks["metrics"] == (22, 5)


def test_an_error_can_be_pickled_and_copied():
    error = refusal("a: yes")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (str(other), other.msg, other.lineno, other.colno) == (str(error), error.msg, error.lineno, error.colno)


def test_a_plain_traceback_has_no_inner_exception():
    assert refusal("a: yes").__context__ is None
    assert refusal(b"\xff").__context__ is None


@pytest.mark.parametrize("where", [0, 5, 89, 90, 200, 5000, 9990])
def test_the_caret_of_a_long_line_stands_under_the_place(where):
    error = refusal("a: '" + "日x" * where + "'\tb" + "é" * (10000 - where))
    shown, caret = str(error).split("\n")[2:]
    assert len(shown) < 120
    column = caret.index("^")
    cells = "".join(char + ("\0" if char == "日" else "") for char in shown)
    assert cells[column - 1 : column + 2] == "' b"


def test_nothing_that_moves_a_cursor_reaches_the_terminal():
    characters = "\x07\x1b\x7f\x85\x9b\u200b\u202e\u2028\ufeff\U000e0001"
    error = refusal("a: '" + characters + "\\' b", "bad\x1b\nname")
    assert all(char.isprintable() for char in str(error).replace("\n", ""))
    assert str(error).count("\n") == 3


def test_a_message_shows_a_long_value_in_short():
    error = refusal("a: " + "1_" * 5000)
    assert len(error.msg) < 200
    assert "\n" not in error.msg


def test_every_reason_to_refuse_has_a_message_and_every_message_a_reason():
    reasons = {"after-document"}  # the other branch of a condition
    for path in glob.glob(os.path.join(os.path.dirname(yaml_subset.__file__), "*.py")):
        with open(path, encoding="utf-8") as stream:
            reasons |= set(re.findall(r'(?:refuse|RefusalError)\(\s*"([a-z0-9-]+)"', stream.read()))
    assert reasons == (set(messages.MESSAGES) | set(messages.DETAILED)) - {"encoding-16"}


def test_every_message_is_different_and_has_a_remedy():
    written = list(messages.MESSAGES.values()) + [
        message for char, message in messages.INDICATORS.items() if char not in "\t>[{"
    ]
    problems = [problem for problem, _ in written]
    assert len(set(problems)) == len(problems)
    assert all(problem and remedy for problem, remedy in written)


# Whatever comes in.


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (b"a: \xff", (1, 4)),
        (b"a: \xc3\xa9\nb: \xc3\xa9\xc3(", (2, 5)),
        (b"\xef\xbb\xbfa: \xe2\x82", (1, 4)),
        (b"\xff\xfea\0", (1, 1)),
        (b"a\0:\0", (1, 2)),
        (b"\0", (1, 1)),
        (b"\xed\xa0\x80", (1, 1)),
        ("a: \ud800", (1, 4)),
        ("\udfff\ud800", (1, 1)),
        ("a\rb", (1, 2)),
    ],
)
def test_text_in_another_encoding_is_refused_at_its_place(source, place):
    error = refusal(source)
    assert (error.lineno, error.colno) == place
    assert "in quotes" not in error.msg


def test_utf_16_is_named():
    assert "UTF-16" in refusal("a: b".encode("utf-16")).msg


def test_nothing_but_a_yaml_error_escapes_from_random_bytes():
    rng = random.Random(1)
    for _ in range(8000):
        source = bytes(rng.choice(b"-?:,[]{}#&*!|>'\"%@` \t\r\n\\a0\xc3\xa9\xff\0") for _ in range(rng.randrange(40)))
        for given in (source, source.decode("latin-1"), source.decode("utf-8", "surrogateescape")):
            error = error_of(given)
            if error:
                assert (error.lineno >= 1, error.colno >= 1) == (True, True)
                str(error).encode("utf-8")


@pytest.mark.parametrize("depth", [100, 101])
@pytest.mark.parametrize(
    "write",
    [
        lambda depth: "[" * depth + "]" * depth,
        lambda depth: "{a: " * depth + "}" * depth,
        lambda depth: "- " * depth + "a",
        lambda depth: "".join(" " * level + "a:\n" for level in range(depth)),
        lambda depth: "".join(" " * level + "-\n" for level in range(depth)),
        lambda depth: "- " * (depth - 1) + "{}",
        lambda depth: "[" * (depth - 1) + "a: b" + "]" * (depth - 1),
    ],
    ids=["flow sequences", "flow mappings", "compact", "mappings", "sequences", "mixed", "single pair"],
)
def test_nesting_is_bounded_at_100(write, depth):
    if depth == 100:
        loads(write(depth))
    else:
        assert "deeper than 100" in refusal(write(depth)).msg


BIG = 2 * 1000 * 1000


UNITS = ["[", "{", "- ", "'", '"', "\\", "a", " ", "\n", "#", ":", "-", "? ", "\t", "0", "|", "a:\n"]


@pytest.mark.parametrize("unit", UNITS)
def test_megabytes_of_anything_end_soon(unit):
    assert len(str(error_of(unit * (BIG // len(unit))))) < 1000


# What it costs to start.


def test_importing_it_brings_nothing_that_costs_time(python):
    code = (
        "import sys, re; before = set(sys.modules); import servo_batch.formats.yaml_subset as y;"
        "y.loads('a: [1, 0.5, \"b\"]\\nc: |\\n  d\\n'); print(*sorted(set(sys.modules) - before))"
    )
    environment = dict(os.environ, PYTHONPATH=SRC)
    output = subprocess.run([python, "-S", "-c", code], stdout=subprocess.PIPE, env=environment, check=True).stdout
    imported = output.decode().split()
    assert "servo_batch.formats.yaml_subset.messages" not in imported
    assert [name for name in imported if not name.startswith("servo_batch")] == []
