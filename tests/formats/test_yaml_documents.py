"""The YAML reader on documents as data: the folders of valid and refused ones, and each construct in each place."""

import glob
import json
import os

import pytest
import yaml_cases as cases
import yaml_readers as readers

from servo_batch.formats.yaml_subset import YamlError, loads

YAML = os.path.join(os.path.dirname(os.path.abspath(__file__)), "documents")


def folder(name, values):
    """Return a pytest parameter for each case of a folder: its document, and what stands beside it."""
    parameters = []
    for path in sorted(glob.glob(os.path.join(YAML, name, "*.yaml"))):
        beside = values(os.path.splitext(path)[0])
        topic = os.path.splitext(os.path.basename(path))[0]
        for case, text in cases.read(path):
            parameters.append(pytest.param(text, beside[case], id=topic + ": " + case))
    return parameters


def json_values(path):
    with open(path + ".json", encoding="utf-8") as stream:
        return json.load(stream)


def messages(path):
    return dict(cases.read(path + ".txt"))


VALID = folder("valid", json_values)
REFUSED = folder("invalid", messages)


def refusal(text, name="config.yaml"):
    with pytest.raises(YamlError) as caught:
        loads(text, name)
    return caught.value


@pytest.mark.parametrize(("text", "value"), VALID)
def test_a_valid_document_has_its_value(text, value):
    assert readers.same(value, loads(text))


# npm's yaml sees no sequence after a byte order mark, and an indented line in another column.
VARIANTS = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "bytes": lambda text: text.encode("utf-8"),
    "a byte order mark": lambda text: text if text[:1] in ("\ufeff", "-", " ") else "\ufeff" + text,
    "no last line break outside block scalars": lambda text: text if set("|>") & set(text) else text.rstrip("\n"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_changes_no_value(variant):
    for case in VALID:
        text, value = case.values
        assert readers.same(value, loads(VARIANTS[variant](text))), case.id


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_refused_document_has_its_message(text, message):
    assert str(refusal(text)) + "\n" == message


def test_crlf_changes_no_message():
    for case in REFUSED:
        text, message = case.values
        if "return" not in case.id:
            assert str(refusal(text.replace("\n", "\r\n"))) + "\n" == message, case.id


# Each construct in each place. A construct is its lines, those after the first to be indented, and its value.

CONSTRUCTS = {
    "plain": (["a b"], "a b"),
    "plain over lines": (["a", "b", "", "c"], "a b\nc"),
    "single quotes": (["'a''b: c'"], "a'b: c"),
    "single quotes over lines": (["'a", "", "  b '"], "a\nb "),
    "double quotes": (['"a\\n\\u0062 # c"'], "a\nb # c"),
    "double quotes over lines": (['"a\\', "b", "", 'c"'], "ab\nc"),
    "null": (["~"], None),
    "boolean": (["true"], True),
    "integer": (["-17"], -17),
    "hexadecimal": (["0x1F"], 31),
    "float": (["1.5e+3"], 1500.0),
    "flow sequence": (["[a, 'b', [1]]"], ["a", "b", [1]]),
    "flow mapping": (['{a: b, "c":[d], e}'], {"a": "b", "c": ["d"], "e": None}),
    "flow over lines": (["[a,", "{b:", "c d", "e},", "]"], ["a", {"b": "c d e"}]),
    "literal": (["|", "a", " b", "", "c"], "a\n b\n\nc\n"),
    "literal, stripped": (["|-", "", "a", "# b"], "\na\n# b"),
    "folded": ([">", "a", "b", "", "c", " d", "e"], "a b\nc\n d\ne\n"),
    "folded, stripped": ([">-", "- a", "b: c"], "- a b: c"),
    "kept": (["|+", "a", ""], "a\n\n"),
}
BLOCK_SCALARS = {name for name, (lines, _) in CONSTRUCTS.items() if lines[0][0] in "|>"}
BLOCK_COLLECTIONS = {
    "block sequence": (["- a", "- - b", "  - c"], ["a", ["b", "c"]]),
    "block mapping": (["a: b", "c:", "  d: e", "f:", "- g"], {"a": "b", "c": {"d": "e"}, "f": ["g"]}),
}


def shift(lines, columns):
    return [" " * columns + line if line else "" for line in lines]


def after(head, tail="", columns=2):
    """Put the construct's first line after ``head`` and the others, indented, below; ``tail`` ends the document."""
    return lambda lines: "\n".join([head + lines[0], *shift(lines[1:], columns)]) + "\n" + tail


def below(head, columns, tail=""):
    return lambda lines: "\n".join([head, *shift([lines[0]], columns), *shift(lines[1:], columns + 1)]) + "\n" + tail


BLOCK_PLACES = {
    "the document": (after(""), lambda value: value),
    "beside a marker": (after("--- "), lambda value: value),
    "below a marker": (below("---", 0), lambda value: value),
    "before an end marker": (after("", "...\n"), lambda value: value),
    "a value": (after("k: "), lambda value: {"k": value}),
    "a value before another": (after("k: ", "l: m\n"), lambda value: {"k": value, "l": "m"}),
    "a value after a comment": (after("# c\n\nk:   "), lambda value: {"k": value}),
    "below its key": (below("k: # c", 1, "l: m\n"), lambda value: {"k": value, "l": "m"}),
    "an item": (after("- "), lambda value: [value]),
    "an item before another": (after("- ", "- m\n"), lambda value: [value, "m"]),
    "below its dash": (below("-", 3, "- m\n"), lambda value: [value, "m"]),
    "an item at its key's indentation": (after("k:\n- ", "l: m\n"), lambda value: {"k": [value], "l": "m"}),
    "a compact mapping's value": (
        after("- j: i\n  k: ", "  l: m\n", 4),
        lambda value: [{"j": "i", "k": value, "l": "m"}],
    ),
    "a compact sequence's item": (after("- - j\n  - ", "  - m\n", 4), lambda value: [["j", value, "m"]]),
    "deep": (
        after("a:\n  b:\n    - c:\n        d: ", "x: z\n", 10),
        lambda value: {"a": {"b": [{"c": {"d": value}}]}, "x": "z"},
    ),
}
FLOW_PLACES = {
    "a flow item": (after("[", ", m]\n"), lambda value: [value, "m"]),
    "a lone flow item": (after("[ ", "]\n"), lambda value: [value]),
    "a flow value": (after("{k: ", ", l: m}\n"), lambda value: {"k": value, "l": "m"}),
    "a flow value in a block": (after("j: {k: ", "  }\n"), lambda value: {"j": {"k": value}}),
    "a single pair's value": (after("[k: ", "]\n"), lambda value: [{"k": value}]),
    "on a line of its own": (after("[\n", ",\nm\n]\n", 0), lambda value: [value, "m"]),
    "beside comments": (after("[ # c\n", " # d\n]\n", 0), lambda value: [value]),
}


def places():
    """Return each construct in each place where it may stand: the document and its value."""
    documents = []
    for name, (lines, value) in CONSTRUCTS.items():
        everywhere = dict(BLOCK_PLACES, **({} if name in BLOCK_SCALARS else FLOW_PLACES))
        for write, wrap in everywhere.values():
            documents.append((write(lines), wrap(value)))
    for lines, value in BLOCK_COLLECTIONS.values():
        for columns, head, wrap in (
            (0, "", lambda value: value),
            (3, "", lambda value: value),
            (0, "---\n", lambda value: value),
            (2, "k:\n", lambda value: {"k": value}),
            (1, "k: # c\n\n", lambda value: {"k": value}),
            (1, "-\n", lambda value: [value]),
            (6, "- k:\n", lambda value: [{"k": value}]),
        ):
            documents.append((head + "\n".join(shift(lines, columns)) + "\n", wrap(value)))
        documents.append(("- " + "\n".join(shift(lines, 2))[2:] + "\n", [value]))
    return documents


PLACES = places()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_each_construct_in_each_place(line_end):
    for text, value in PLACES:
        assert readers.same(value, loads(text.replace("\n", line_end))), text


# Each refused construct in each place: its text, the column in it that is at fault, and a part of what is said.

REFUSED_CONSTRUCTS = {
    "anchor": ("&a b", 0, "anchor"),
    "alias": ("*a", 0, "alias"),
    "tag": ("!!str a", 0, "tag"),
    "reserved @": ("@a", 0, "reserved"),
    "reserved `": ("`a", 0, "reserved"),
    "percent": ("%a", 0, '"%"'),
    "merge": ("<<", 0, "merges"),
    "value sign": ("=", 0, '"="'),
    "boolean of YAML 1.1": ("yes", 0, "true"),
    "octal": ("010", 0, '"010"'),
    "underscore": ("1_000", 0, '"1_000"'),
    "base 60": ("1:30", 0, "seconds"),
    "exponent": ("1e3", 0, "1.0e+3"),
    "date": ("2019-11-17", 0, "differ"),
    "infinity": (".inf", 0, "differ"),
    "point": (".", 0, "differ"),
    "symbol": (":a", 0, "symbol"),
    "inexact": ("9007199254740993", 0, "9007199254740992"),
    "huge": ("9" * 30, 0, "too large"),
    "question": ("? a", 0, '"?"'),
    "colon": (": a", 0, "no key"),
    "closing bracket": ("]", 0, ""),
    "unknown escape": ('"a\\d"', 3, "single quotes"),
    "short escape": ('"\\x4"', 2, "hexadecimal"),
    "surrogate": ('"\\ud800"', 2, "no character"),
    "quote never closed": ('"a', 0, ""),
    "tab": ("a\tb", 1, "tab"),
    "marker": ("--- a", 0, '"---"'),
}
REFUSED_PLACES = {
    "a value": ("k: ", "\n"),
    "a value before another": ("k: ", "\nl: m\n"),
    "below its key": ("k:\n  ", "\n"),
    "an item": ("- ", "\n- m\n"),
    "below its dash": ("-\n    ", "\n"),
    "an item at its key's indentation": ("k:\n- j\n- ", "\n"),
    "a compact mapping's value": ("- j: i\n  k: ", "\n  l: m\n"),
    "a flow item": ("[j, ", ", m]\n"),
    "a flow value": ("{k: ", "}\n"),
    "a flow value in a later line": ("j: {\n  k:\n    ", ",\n  l: m}\n"),
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("construct", REFUSED_CONSTRUCTS)
def test_each_refused_construct_in_each_place(construct, line_end):
    text, column, part = REFUSED_CONSTRUCTS[construct]
    for place, (head, tail) in REFUSED_PLACES.items():
        if (construct, place) == ("closing bracket", "a flow item"):
            continue  # there it closes the sequence
        error = refusal((head + text + tail).replace("\n", line_end))
        assert part in error.msg, place
        if construct == "quote never closed" and tail.count("\n") > 1:
            continue  # the place is that of the first line that cannot belong to it
        assert (error.lineno, error.colno) == (head.count("\n") + 1, len(head) - head.rfind("\n") + column), place
