"""Formulas: what they come to, and what is no formula."""

import pytest

from servo_batch import formulas
from servo_batch.formulas import FormulaError, Later

VALUES = {
    "web.cpu": 4,
    "web.mem": 0.5,
    "web.gc": "zgc",
    "web.flag": True,
    "web.off": -2,
    "web.zero": 0,
    "web.huge": 2**2000,
    "size": Later(formulas.NUMBER),
    "printed": Later(),
}


def value_of(keys):
    return VALUES[".".join(keys)]


def computed(text, due=None):
    return formulas.evaluate(formulas.parse(text), value_of, due)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{web.cpu} * 2", 8),
        ("{web[cpu]} * 2 + 1", 9),
        ("7 // 2 + 7 % 4 + 2 ** 3", 14),
        ("-{web.off} ** 2", -4),
        ("(-{web.off}) ** 2", 4),
        ("{web.off} ** 2", 4),
        ("7 / 2", 3.5),
        (".5 + 1.5e3 + 2E-1", 1500.7),
        ("1 < {web.cpu} <= 4 != 5", True),
        ("1 < {web.cpu} < 3", False),
        ("{web.gc} == 'zgc' and {web.flag}", True),
        ("{web.gc} == 4", False),
        ("{web.gc} != 4", True),
        ("{web.flag} == 1", False),
        ("not {web.flag} or true", True),
        ("'a' if {web.cpu} > 4 else \"b\"", "b"),
        (r"'it\'s' if true else '\\'", "it's"),
        ("{web.zero} > 0 and 1 / {web.zero} > 1", False),
        ("0 if {web.zero} == 0 else 1 / {web.zero}", 0),
        ("1 if true else {web.missing}", 1),
        ("min(3, {web.cpu}, 5) + max(1, 2)", 5),
        ("abs({web.off}) + floor(2.7) + ceil(2.1) + int(2.9) + float(1)", 10.0),
        ("round(2.567, 2) + round(2.4) + sqrt(4) + log(1) + log(8, 2)", 9.57),
        ("\n{web.cpu}\n\t+ 1\n", 5),
        ("10 ** -400", 0.0),
    ],
)
def test_a_formula_comes_to_what_arithmetic_says(text, value):
    found = computed(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 / {web.zero}", "1 / {web.zero}: 1 / 0: 1 / 0 divides by zero"),
        ("{size} % {web.zero}", "divides by zero"),
        ("9 ** 9 ** 9", "9 ** 387420489 is too large"),
        ("2 ** 1024 - 1", "too large"),
        ("2.0 ** 5000", "too large"),
        ("{web.huge} + 1", "{web.huge} is too large"),
        ("1e308 * 10", "too large"),
        ("(-8) ** 0.5", "is not a real number"),
        ("sqrt(-1)", "is not a number"),
        ("log(0)", "is not a number"),
        ("round(5, -10 ** 9)", "a whole number of digits"),
        ("{web.gc} + 1", '"zgc" + 1: "zgc" is a string where + needs a number'),
        ("'a' + 'b'", "a string where + needs a number"),
        ("{web.flag} * 2", "write (1 if CONDITION else 0)"),
        ("{web.gc} < 'a'", "a string where < needs a number"),
        ("not {web.cpu}", "4 is a number where not needs a boolean: compare it with something"),
        ("1 if {web.cpu} else 2", "where if needs a boolean"),
        ("max({web.gc}, 1)", "a string where max() needs a number"),
        ("int('5')", "a string where int() needs a number"),
        ("{web.missing}", "{web.missing} has no value"),
    ],
)
def test_what_cannot_be_computed_shows_the_formula_and_its_values(text, words):
    with pytest.raises(FormulaError) as caught:
        computed(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "due", "words"),
    [
        ("{web.cpu} + 1", formulas.BOOLEAN, "5 is a number where a boolean is due"),
        ("{web.cpu} < 1", formulas.NUMBER, "false is a boolean where a number is due"),
        ("{size} > 1", formulas.NUMBER, "a boolean where a number is due"),
        ("{size} + 1", formulas.BOOLEAN, "a number where a boolean is due"),
        ("1 if {size} > 1 else 2", formulas.BOOLEAN, "a number where a boolean is due"),
        ("{size} and true", None, "a number where and needs a boolean"),
        ("{size} > 1 and 'a'", None, "a string where and needs a boolean"),
        ("1 if {size} > 1 else 'a' + 1", None, "a string where + needs a number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_found_though_it_is_not_known_yet(text, due, words):
    with pytest.raises(FormulaError) as caught:
        computed(text, due)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{size} + 1", formulas.NUMBER),
        ("{printed} * 2", formulas.NUMBER),
        ("1 < {size} < 3", formulas.BOOLEAN),
        ("{size} > 1 and 1 / {web.zero} > 1", formulas.BOOLEAN),
        ("1 if {size} > 1 else 2", formulas.NUMBER),
        ("1 if {size} > 1 else 'a'", None),
        ("1 / {web.zero} if {size} > 1 else 2", None),
        ("{printed}", None),
    ],
)
def test_of_what_is_not_known_yet_only_the_kind_is(text, kind):
    found = computed(text)
    assert isinstance(found, Later)
    assert found.kind == kind


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1 to 4000 characters"),
        (" \n", "1 to 4000 characters"),
        ("1" * 4001, "1 to 4000 characters, such as {web.mem} * 0.75, and this one 4001"),
        ("1 +", "is missing or misplaced"),
        ("1 2", "is missing or misplaced"),
        ("{web.cpu} {web.mem}", "is missing or misplaced"),
        ("2'a'", "column 1: an operator"),
        ("'a''b'", "column 1: an operator"),
        ("1 +* 2", "is missing or misplaced"),
        ("1 if true", "is missing or misplaced"),
        ("1, 2", "is missing or misplaced"),
        ("()", "is missing or misplaced"),
        ("(1", "column 1: this ( is never closed"),
        ("1) + (2", "column 2: this ) closes no ("),
        ("'a", "column 1: the text that starts here is never closed"),
        ("{web.cpu", "column 1: the placeholder that starts here is never closed"),
        ("{web..cpu}", "column 6: {web..cpu}: it does not name a value"),
        ("{}", "column 2: {}: it does not name a value"),
        ("{web.cpu:d}", "without a conversion or a format"),
        ("{web.cpu!r}", "without a conversion or a format"),
        ("{web\x07}", "a character that cannot be seen"),
        ("web.cpu * 2", "stands in braces, {web.cpu}, text in quotes"),
        ("web", "stands in braces, {web}"),
        ("flor(1)", 'did you mean "floor"'),
        ("True", 'did you mean "true"'),
        ("{web.cpu} = 4", 'column 11: "=" has no meaning in a formula: write =='),
        ("{web.cpu} is 4", "write =="),
        ("2 ^ 3", "write **"),
        ("true & false", "write and"),
        ("!true", "write not"),
        ("{web.cpu} ≤ 5", "write <="),
        ("0x10", '"0x10" is no plain decimal number'),
        ("010", "no plain decimal number"),
        ("1_000", "no plain decimal number"),
        ("1e999", "no plain decimal number"),
        ("1or 2", "no plain decimal number"),
        ("1.2.3", "no plain decimal number"),
        ("abs()", "abs() takes from 1 to 1 values, not 0"),
        ("max(1)", "max() takes from 2 to"),
        ("round(1, 2, 3)", "round() takes from 1 to 2 values, not 3"),
        ("abs", "is missing or misplaced"),
        ("abs(abs)", "is missing or misplaced"),
        ("max(*{web.cpu})", "is missing or misplaced"),
        ("1(2)", "is missing or misplaced"),
        ("{web.cpu}(2)", "is missing or misplaced"),
        ("_", "is missing or misplaced"),
        ("f'{web.cpu}'", "f'{web.cpu}'"),
        ("__import__('os').system('true')", "has no meaning in a formula"),
        ("lambda: 1", "has no meaning in a formula"),
        ("[1][0]", "has no meaning in a formula"),
        ("1; 2", "has no meaning in a formula"),
        ("1 # 2", "has no meaning in a formula"),
        ("1 \\\n+ 2", "has no meaning in a formula"),
        ("\ud800", "has no meaning in a formula"),
        ("1 in {web.gc}", "has no meaning in a formula"),
        ("x := 1", "has no meaning in a formula"),
        (" + ".join("1" * 300), "at most 400 words"),
        ("+".join("1" * 150), "more than 100 deep"),
        ("(" * 26 + "1" + ")" * 26, "parentheses 25 deep"),
        ("-" * 300 + "1", "more than 100 deep"),
        ("not " * 300 + "true", "more than 100 deep"),
        ("**".join("1" * 190), "more than 100 deep"),
    ],
)
def test_what_is_no_formula_says_where_and_what_to_write(text, words):
    with pytest.raises(FormulaError) as caught:
        formulas.parse(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 25 + "1" + ")" * 25,
        "+".join("1" * 100),
        "**".join("1" * 100),
        "-" * 99 + "1",
        "not " * 99 + "true",
        " if true else ".join("1" * 100),
        "max(%s)" % ", ".join("1" * 190),
        " and ".join(["true"] * 190),
    ],
)
def test_what_is_within_the_bounds_is_computed(text):
    computed(text)


def test_fields_that_nothing_is_called_are_told_with_what_there_is():
    formula = formulas.parse("{web.cpus} + {cpu} + {web} + {control.n} + {control} + {zzz}")
    assert formulas.unknown(formula, ["web.cpu", "web.mem"], ("control",)) == [
        'there is no "web.cpus" (did you mean "web.cpu"?)',
        'there is no "cpu" (did you mean "web.cpu"?)',
        'there is no "web"; there is {web.cpu}, {web.mem}',
        'there is no "control"; there is {web.cpu}, {web.mem}',
        'there is no "zzz"; there is {web.cpu}, {web.mem}',
    ]


def test_each_formula_comes_after_those_it_needs():
    texts = {"a": "{b} + {c}", "b": "{c} * 2", "c": "{x}"}
    assert formulas.order({name: formulas.parse(text) for name, text in texts.items()}) == (["c", "b", "a"], [])


def test_every_circle_is_told():
    texts = {"a": "{b}", "b": "{a}", "c": "{c} + 1", "d": "{a}"}
    assert formulas.order({name: formulas.parse(text) for name, text in texts.items()}) == (
        ["d"],
        ["a → b → a: each needs the next, in a circle", "c → c: each needs the next, in a circle"],
    )
