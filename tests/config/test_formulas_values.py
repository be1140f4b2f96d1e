"""What a formula comes to, and the error where it comes to nothing."""

import pytest

from servo_batch.config import formulas

VALUES = {
    "web.mem": 2048,
    "web.ratio": 0.75,
    "web.gc": "g1",
    "web.size": "512",
    "web.debug": True,
    "web.none": None,
    "spark.executors": 40,
    "spark.memory": 8,
    "low": -3,
    "zero": 0,
    "list": [1],
    "map": {"a": 1},
    "vast": 10**5000,
    "nan": float("nan"),
    "infinite": float("-inf"),
    "long": "x" * 60000,
    "longest": "x" * 100001,
}


def look_up(path):
    return VALUES[".".join(path)]


def evaluate(text, due=None):
    return formulas.evaluate(formulas.parse(text), look_up, due)


RESULTS = [
    ("{web.mem} * {web[ratio]}", 1536.0),
    ("{spark.executors} * {spark.memory} <= 256", False),
    ("2 + 3 * 4 ** 2 / 8 - 7 // 2 % 2", 7.0),
    ("-2 ** 2", -4),
    ("2 ** 3 ** 2", 512),
    ("2 ** -1", 0.5),
    ("{low} ** 2", 9),
    ("-7 // 2", -4),
    ("-7 % 3", 2),
    ("10 - 4 - 3", 3),
    ("7 / 7", 1.0),
    ("+{low}", -3),
    ("1 < 2 < 3", True),
    ("1 < 3 < 2", False),
    ("3 > 2 >= 2 == 2.0 != 1", True),
    ("not 1 < 2 or 2 < 3 and 3 < 4", True),
    ("{web.debug} and 1 < 2", True),
    ("not {web.debug}", False),
    ("not {web.debug} == {web.debug}", False),
    ("1 < 2 and 2 < 3 and 3 < 2", False),
    ("2 < 1 or 3 < 1 or 1 < 2", True),
    ("1 if {web.debug} else 2", 1),
    ("1 if not {web.debug} else 2 if 1 > 2 else 3", 3),
    ("'x' if {web.gc} == 'g1' else \"y\"", "x"),
    ("{web.gc} + ':' + {web.size}", "g1:512"),
    ("'\\\\ \\' \\\" {web.mem}'", "\\ ' \" {web.mem}"),
    ("min(3, {low}, 2) + max(1, 2.5)", -0.5),
    ("abs({low})", 3),
    ("round(2.5) + round(3.5)", 6),
    ("round(1234.567, 2)", 1234.57),
    ("round(1234, -2)", 1200),
    ("int(-2.7)", -2),
    ("float(2)", 2.0),
    ("floor(-2.5)", -3),
    ("ceil(-2.5)", -2),
    ("sqrt(16)", 4.0),
    ("log(8, 2)", 3.0),
    ("log(1)", 0.0),
    ("int({web.size}) + float(\"-1.5e3\") + int('+7')", -981.0),
    ("int(1 < 2) + float({web.debug})", 2.0),
    ("{web.gc} == 5", False),
    ("{web.debug} == 1", False),
    ("{web.debug} != 1", True),
    ("{zero} == 0.0", True),
    ("2 ** 1023", 2**1023),
    ("1 ** 10 ** 300", 1),
    ("1e-320 / 1e10", 0.0),
]


@pytest.mark.parametrize(("text", "value"), RESULTS)
def test_a_formula_comes_to_what_python_says(text, value):
    found = evaluate(text)
    assert (found, type(found)) == (value, type(value))


TROUBLES = [
    # arithmetic that has no result
    ("{web.mem} / ({spark.memory} - 8)", "{web.mem} / ({spark.memory} - 8): 2048 / (8 - 8): 2048 / 0 divides by zero"),
    ("{web.mem} // {zero}", "2048 // 0 divides by zero"),
    ("{web.mem} % {zero}", "2048 % 0 divides by zero"),
    ("1.5 / 0.0", "1.5 / 0.0 divides by zero"),
    (
        "{zero} ** {low}",
        "{zero} ** {low}: 0 ** -3: 0 ** -3 divides by zero".replace(": 0 ** -3: 0", ": 0 ** -3 d")[:16],
    ),
    ("{low} ** 0.5", "{low} ** 0.5: (-3) ** 0.5: (-3) ** 0.5 is not a real number"),
    ("sqrt({low})", "sqrt(-3) is not a number"),
    ("log(0)", "log(0) is not a number"),
    ("log({low}, 2)", "log(-3, 2) is not a number"),
    ("1e308 * 10", "1e+308 * 10 is too large"),
    ("2.0 ** 5000", "2.0 ** 5000 is too large"),
    ("-1e308 - 1e308", "is too large"),
    ("2 ** 1023 * 2", "is too large"),
    ("float(2 ** 1023 + (2 ** 1023 - 1))", "is too large"),
    ("float('1e999')", 'float("1e999") is too large'),
    # kinds
    ("{web.gc} * 2", '{web.gc} * 2: "g1" * 2: "g1" is a string where * needs a number'),
    ("{web.gc} % 2", '"g1" is a string where % needs a number'),
    ("-{web.gc}", '"g1" is a string where - needs a number'),
    ("{web.gc} + 1", '"g1" is a string where + needs a number'),
    ("1 + {web.gc}", '"g1" is a string where + needs a number'),
    ("{web.gc} - {web.gc}", '"g1" is a string where - needs a number'),
    ("{web.size} < '9'", '"512" is a string where < needs a number'),
    ("1 < 2 < {web.gc}", '"g1" is a string where < needs a number'),
    ("max(1, {web.gc})", '"g1" is a string where max() needs a number'),
    ("sqrt({web.size})", '"512" is a string where sqrt() needs a number'),
    ("{web.debug} + 1", "true is a boolean where + needs a number: write (1 if CONDITION else 0)"),
    ("-{web.debug}", "true is a boolean where - needs a number"),
    ("{web.debug} > 0", "true is a boolean where > needs a number"),
    ("abs({web.debug})", "true is a boolean where abs() needs a number"),
    ("{web.debug} + {web.debug}", "true is a boolean where + needs a number"),
    ("1 if {web.mem} else 2", "2048 is a number where if needs a boolean: compare it with something"),
    ("not {web.gc}", '"g1" is a string where not needs a boolean'),
    ("{web.debug} and {web.mem}", "2048 is a number where and needs a boolean"),
    ("{zero} or {web.debug}", "0 is a number where or needs a boolean"),
    ("int('1.5')", 'int("1.5") needs an integer: float() takes a fraction'),
    ("int('1e3')", 'int("1e3") needs an integer: float()'),
    ("int('1_000')", "needs a plain decimal number"),
    ("int(' 1')", "needs a plain decimal number"),
    ("int('\u0663')", "needs a plain decimal number"),
    ("int('')", "needs a plain decimal number"),
    ("float('nan')", 'float("nan") needs a plain decimal number'),
    ("float('inf')", "needs a plain decimal number"),
    ("float('--1')", "needs a plain decimal number"),
    # values that are none
    ("{web.none} + 1", "{web.none} has no value"),
    ("{web.other} + 1", "{web.other} has no value"),
    ("{list}", "{list} is a list, not a value"),
    ("{map}", "{map} is a mapping, not a value"),
    ("{vast} + 1", "{vast} + 1: … + 1: {vast} is too large"),
    ("{nan} < 1", "{nan} is not a number"),
    ("{infinite} < 1", "{infinite} is too large"),
    ("{longest}", "{longest} is too long, with 100001 characters"),
    # what would take long or much memory
    ("9 ** 9 ** 9", "9 ** 387420489 is too large"),
    ("2 ** 10 ** 10", "2 ** 10000000000 is too large"),
    ("(-2) ** 10 ** 10", "(-2) ** 10000000000 is too large"),
    ("10 ** 5000", "10 ** 5000 is too large"),
    ("10 ** 300 * 10 ** 300", "is too large"),
    ("(10 ** 300) ** (10 ** 300)", "is too large"),
    ("'a' * 10 ** 10", '"a" is a string where * needs a number'),
    ("{long} + {long}", "is too long, with 120000 characters"),
    ("round(5, -10 ** 9)", "round(5, -1000000000) needs an integer from -308 to 308 for the digits"),
    ("round(5, 10 ** 300)", "for the digits"),
    ("round(5.5, 1.0)", "for the digits"),
    ("int('" + "9" * 5000 + "')", "needs a plain decimal number"),
]


@pytest.mark.parametrize(("text", "message"), TROUBLES, ids=[text[:30] for text, _ in TROUBLES])
def test_what_cannot_be_computed_shows_the_formula_and_why(text, message):
    with pytest.raises(formulas.FormulaError) as caught:
        evaluate(text)
    assert message in str(caught.value)
    assert text[:1000].rstrip("…")[:900] in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "0 if {zero} == 0 else {web.mem} / {zero}",
        "{missing} / {zero} if 1 > 2 else 5",
        "{zero} == 0 or 1 / {zero} > 5",
        "{zero} != 0 and 1 / {zero} > 5",
        "1 < {zero} < {missing}",
    ],
)
def test_what_is_not_needed_is_not_computed(text):
    evaluate(text)


def look_up_early(path):
    return formulas.LATER if path == ("later",) else look_up(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{later} * {web.mem}", formulas.LATER),
        ("-{later} + 1 < 5 < 1 / {zero}", formulas.LATER),
        ("{later} == {missing} if 1 > 2 else 5", 5),
        ("1 / {zero} if {later} > 5 else {missing}", formulas.LATER),
        ("{later} > 5 and {missing} > 1 / {zero}", formulas.LATER),
        ("1 > 2 and {later} > 5", False),
        ("1 < 2 or not {later}", True),
        ("not {later}", formulas.LATER),
        ("{later} + {web.gc}", formulas.LATER),
        ("int({later}) + max(1, {later})", formulas.LATER),
        ("2 > 1 > {later}", formulas.LATER),
        ("1 > 2 > {later}", False),
    ],
)
def test_what_is_known_later_only_leaves_open_what_depends_on_it(text, value):
    assert formulas.evaluate(formulas.parse(text), look_up_early) is value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{later} * {missing}", "{missing} has no value"),
        ("{later} * {web.gc}", '"g1" is a string where * needs a number'),
        ("{later} < {web.gc}", '"g1" is a string where < needs a number'),
        ("{later} + 1 / {zero}", "divides by zero"),
        ("max({later}, {web.gc})", "is a string"),
        ("{later} if {web.mem} else 1", "where if needs a boolean"),
    ],
)
def test_what_is_wrong_whatever_comes_later_is_said_now(text, message):
    with pytest.raises(formulas.FormulaError) as caught:
        formulas.evaluate(formulas.parse(text), look_up_early)
    assert message in str(caught.value)
    assert "{later}" in str(caught.value)


def test_each_value_is_asked_for_once():
    asked = []
    formulas.evaluate(formulas.parse("{a} + {a} * {b} - {a}"), lambda path: asked.append(path) or 1)
    assert asked == [("a",), ("b",)]


def test_what_a_look_up_raises_is_passed_on():
    def refuse(path):
        raise RuntimeError(path)

    with pytest.raises(RuntimeError):
        formulas.evaluate(formulas.parse("{a}"), refuse)


@pytest.mark.parametrize(
    ("text", "due"),
    [("1", formulas.NUMBER), ("1.5", formulas.NUMBER), ("'a'", formulas.STRING), ("1 < 2", formulas.BOOLEAN)],
)
def test_a_value_of_the_kind_that_is_due_is_returned(text, due):
    evaluate(text, due)
    for other in {formulas.NUMBER, formulas.STRING, formulas.BOOLEAN} - {due}:
        with pytest.raises(formulas.FormulaError, match=" where %s is due" % other):
            evaluate(text, other)


SHOWN = [
    ("{spark.executors} * {spark[memory]} <= 256", "40 * 8 <= 256"),
    ("1 + {low}", "1 + -3"),
    ("{low} ** 2 + {low}", "(-3) ** 2 + -3"),
    ("{web.gc} == '{web.gc}'", "\"g1\" == '{web.gc}'"),
    ("{web.debug}\n  and {missing} > 1", "true and {missing} > 1"),
    ("{long} == 'x'", "\"%s… == 'x'" % ("x" * 76)),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_a_formula_is_shown_with_its_values(text, shown):
    assert formulas.shown(formulas.parse(text), look_up) == shown


def test_a_long_formula_is_shown_in_part():
    text = "'%s' == {web.gc}" % ("y" * 5000)
    assert len(formulas.shown(formulas.parse(text), look_up)) == 1000
    with pytest.raises(formulas.FormulaError) as caught:
        evaluate(text + " + 1")
    assert len(str(caught.value)) < 2200
