"""What formulas name, need and come to, found when the configuration is read."""

import pytest

from servo_batch.config import formulas

NAMES = ["web.mem", "web.cpu", "spark.memory", "throughput", "p99.9"]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("{web.mem} + {web[cpu]} + {throughput} + {p99.9} + {p99[9]} + {control.userdata.n}", []),
        ("{web.mmem} * 2", ['there is no "web.mmem" (did you mean "web.mem"?)']),
        ("{cpu} * 2", ['there is no "cpu" (did you mean "web.cpu"?)']),
        ("{web} * 2", ["{web} is not a value; it holds {web.mem}, {web.cpu}"]),
        ("{xyz.q}", ['there is no "xyz.q"; there is only {web.mem}, {web.cpu}, {spark.memory}, {throughput}, {p99.9}']),
        ("{web.mem.value}", ['there is no "web.mem.value" (did you mean "web.mem"?)']),
        ("{control}", ['there is no "control"; there is only {web.mem}, {web.cpu}, {spark.memory}, {throughput}, {p99.9}']),
        ("{xyz.q} + {xyz.q} + {zzz}", [
            'there is no "xyz.q"; there is only {web.mem}, {web.cpu}, {spark.memory}, {throughput}, {p99.9}',
            'there is no "zzz"; there is only {web.mem}, {web.cpu}, {spark.memory}, {throughput}, {p99.9}',
        ]),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_with_what_there_is(text, problems):
    assert formulas.check_fields(formulas.parse(text), NAMES, ["control"]) == problems


def test_where_nothing_has_a_name_that_is_said():
    assert formulas.check_fields(formulas.parse("{a}"), []) == ['there is no "a"; there is nothing that it could name']


def test_many_names_are_not_all_listed():
    (problem,) = formulas.check_fields(formulas.parse("{zz}"), map(str, range(1000)))
    assert problem.endswith(", …")
    assert len(problem) < 100


def test_a_name_that_a_terminal_would_act_upon_is_shown_as_json():
    (problem,) = formulas.check_fields(formulas.parse("{zz}"), ["a.\x1b"])
    assert problem.endswith('only "a.\\u001b"')


def parsed(texts):
    return {name: formulas.parse(text) for name, text in texts.items()}


@pytest.mark.parametrize(
    ("texts", "ordered"),
    [
        ({}, []),
        ({"a": "1", "b": "2"}, ["a", "b"]),
        ({"a": "{b} + {x}", "b": "{c}", "c": "{x.y}"}, ["c", "b", "a"]),
        (
            {"web.a": "{web[b]} + {web.c}", "web.b": "{web.c}", "web.c": "1", "d": "{web.a}"},
            ["web.c", "web.b", "web.a", "d"],
        ),
        ({"d": "{b} + {c}", "b": "{a}", "c": "{a}", "a": "1"}, ["a", "b", "c", "d"]),
    ],
)
def test_formulas_come_after_those_they_need(texts, ordered):
    assert formulas.order(parsed(texts)) == ordered


@pytest.mark.parametrize(
    ("texts", "circles"),
    [
        ({"a": "{a} + 1"}, ["a → a"]),
        ({"a": "{b}", "b": "{a}"}, ["a → b → a"]),
        ({"x": "{a}", "a": "{b}", "b": "{c.d}", "c.d": "{a}", "y": "1"}, ["a → b → c.d → a"]),
        ({"a": "{a}", "b": "{c}", "c": "{b}"}, ["a → a", "b → c → b"]),
    ],
)
def test_every_circle_is_named(texts, circles):
    with pytest.raises(formulas.FormulaError) as caught:
        formulas.order(parsed(texts))
    assert [problem.split(":")[0] for problem in caught.value.problems] == circles


def test_a_long_chain_is_put_in_order():
    texts = {"s%d" % number: "{s%d}" % (number + 1) for number in range(5000)}
    assert formulas.order(parsed(texts))[:2] == ["s4999", "s4998"]


KINDS = {"n": formulas.NUMBER, "s": formulas.STRING, "b": formulas.BOOLEAN}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1", formulas.NUMBER),
        ("'a'", formulas.STRING),
        ("{b}", formulas.BOOLEAN),
        ("{unknown}", None),
        ("{n} * {unknown}", formulas.NUMBER),
        ("{s} + {unknown}", formulas.STRING),
        ("{unknown} + {n}", formulas.NUMBER),
        ("{unknown} + {unknown}", None),
        ("-{unknown}", formulas.NUMBER),
        ("{unknown} < {n} == {unknown}", formulas.BOOLEAN),
        ("not {unknown}", formulas.BOOLEAN),
        ("{b} and {unknown}", formulas.BOOLEAN),
        ("min({n}, {unknown})", formulas.NUMBER),
        ("int({s}) + float({b})", formulas.NUMBER),
        ("{n} if {b} else 2", formulas.NUMBER),
        ("{n} if {unknown} else {s}", None),
        ("{n} if {unknown} else {unknown}", None),
        ("({n} if {b} else {s}) * 2", formulas.NUMBER),
        ("{s} == {s} != {unknown}", formulas.BOOLEAN),
    ],
)
def test_what_is_certain_of_a_kind_is_known(text, kind):
    assert formulas.check_types(formulas.parse(text), kind_of) == (kind, [])


def kind_of(path):
    return KINDS.get(path[0])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{s} * 2", "{s} is a string where * needs a number"),
        ("2 - ({s} + 'a')", "the result of + is a string where - needs a number"),
        ("{s} + 1", "{s} is a string where + needs a number"),
        ("{unknown} + {b}", "{b} is a boolean where + needs a number: write (1 if CONDITION else 0)"),
        ("{s} + {b}", "{b} is a boolean where + needs a string"),
        ("-{s}", "{s} is a string where - needs a number"),
        ("{s} < 5", "{s} is a string where < needs a number"),
        ("1 < 2 < {s}", "{s} is a string where < needs a number"),
        ("{n} + (1 < 2)", "the result of < is a boolean where + needs a number: write (1 if CONDITION else 0)"),
        ("round({s})", "{s} is a string where round() needs a number"),
        ("max(1, {s})", "{s} is a string where max() needs a number"),
        ("not {n}", "{n} is a number where not needs a boolean: compare it with something"),
        ("{n} and {b}", "{n} is a number where and needs a boolean: compare it with something"),
        ("{b} or 'x'", '"x" is a string where or needs a boolean: compare it with something'),
        ("1 if {n} else 2", "{n} is a number where if needs a boolean: compare it with something"),
        ("{s} == 5", "{s} is a string and 5 is a number: they are never equal"),
        ("{b} != 1", "{b} is a boolean and 1 is a number: they are never equal"),
        ("abs({n} == {s}) > 0", "{n} is a number and {s} is a string: they are never equal"),
        ("sqrt({n}) == 'a'", 'the result of sqrt() is a number and "a" is a string: they are never equal'),
        ("1 if {b} else ({s} * 2)", "{s} is a string where * needs a number"),
    ],
)
def test_what_can_never_be_right_is_told(text, problem):
    assert problem in formulas.check_types(formulas.parse(text), kind_of)[1]


def test_each_problem_is_told_once():
    assert len(formulas.check_types(formulas.parse("{s} * 2 + {s} * 3 + (1 if {n} else 2)"), kind_of)[1]) == 2


@pytest.mark.parametrize(
    ("text", "due", "problems"),
    [
        ("{n} <= 5", formulas.BOOLEAN, []),
        ("{unknown}", formulas.BOOLEAN, []),
        (
            "{n} * 5",
            formulas.BOOLEAN,
            ["the result of * is a number where a boolean is due: compare it with something"],
        ),
        ("{s}", formulas.NUMBER, ["{s} is a string where a number is due"]),
        (
            "{n} < 5",
            formulas.NUMBER,
            ["the result of < is a boolean where a number is due: write (1 if CONDITION else 0)"],
        ),
        ("{n} if {b} else {s}", formulas.NUMBER, []),
    ],
)
def test_a_formula_that_comes_to_another_kind_than_is_due_is_told(text, due, problems):
    assert formulas.check_types(formulas.parse(text), kind_of, due)[1] == problems
