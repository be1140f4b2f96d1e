"""The settings: what a configuration may say of them, what it allows, and what text that a person types means."""

import pytest
from calling import application, asked, batch

from servo_batch import rules, settings
from servo_batch.answers import ServoError
from servo_batch.config import Config
from servo_batch.document import Document

LONG = "9" * 4000
# What is wrong: the key of the setting that it is about, and words of the message.
WRONG = [
    (3, "", ["mapping", "3"]),
    ({"type": "rang"}, ".type", ["range", "enum", '"rang"']),
    ({"max": 1}, ".min", ["min and max", "missing"]),
    ({"min": 2, "max": 1}, ".min", ["2", "1", "max"]),
    ({"min": 0, "max": 1, "step": 0}, ".step", ["more than 0"]),
    ({"min": 0, "max": 10.0019, "step": 1}, ".step", ["divide", "10.0019"]),
    ({"min": 0, "max": 1, "step": 10**400}, ".step", ["1000"]),
    ({"min": int("-" + LONG[1:]), "max": int(LONG), "step": int("7" * 3999)}, ".step", ["7777"]),
    ({"min": 1, "max": 9, "scale": "logarithmic"}, ".scale", ["linear or log", '"logarithmic"']),
    ({"min": 0, "max": 9, "scale": "log"}, ".min", ["more than 0 where scale is log", "0"]),
    ({"min": 1, "max": 9, "step": 1, "scale": "log"}, ".step", ["beside scale: log"]),
    ({"type": "enum", "values": []}, ".values", ["the list of what", "[]"]),
    ({"type": "enum", "values": ["a", []]}, ".values[1]", ["a list"]),
    ({"min": 0, "max": 2, "value": True}, ".value", ["from 0 to 2", "true"]),
    ({"value": [1]}, ".value", ["a string, a number or a boolean", "a list"]),
    ({"min": 1, "max": 2, "default": 3}, ".default", ["from 1 to 2", "3"]),
    ({"value": 1, "default": 1}, ".default", ["twice", "value"]),
    ({"type": "formula"}, ".formula", ["missing"]),
    ({"type": "formula", "formula": 5}, ".formula", ["a formula", "5"]),
    ({"type": "formula", "formula": "1", "value": 2}, ".value", ["beside a formula"]),
]
GOOD = {
    "tenths": {"min": 0.1, "max": 0.7, "step": 0.1, "value": 0.3},
    "within 1/1024 of a step": {"min": 0, "max": 10.0009, "step": 1},
    "one value and a step of zero": {"min": 2, "max": 2.0, "step": 0},
    "huge": {"min": -(10**300), "max": 10**300, "step": 10**299, "value": 10**300},
    "huge floats": {"min": 0, "max": 1e308, "step": 1e307, "value": 1e307},
    "logarithmic": {"min": 1, "max": 1024, "scale": "log", "value": 8},
    "values of one kind each": {"type": "enum", "values": ["", 0, False, 0.5], "value": False},
    "nothing": {},
    "keys of others": {"value": 1, "types": "rang", "units": [None], "minimum": 5, "values": 5},
    "a.b ☃": {"value": True},
}


def read(described, constraints=()):
    """Return the document and the settings of a configuration with these settings of the component web."""
    document = Document("c.json", batch(default_state=application(web=described), constraints=list(constraints)))
    return document, settings.read(document)


def of_web(**values):
    """Return a state with these values of settings of the component web."""
    return asked(**values)["application"]


def test_each_wrong_setting_is_one_problem_with_its_key_path():
    problems = read({"s%d" % number: setting for number, (setting, _, _) in enumerate(WRONG)})[0].problems
    for number, (_, key, words) in enumerate(WRONG):
        start = "c.json: batch.default_state.application.components.web.settings.s%d" % number
        (problem,) = [problem for problem in problems if problem.startswith((start + ".", start + ":"))]
        assert problem.startswith(start + key + ": ")
        assert [word for word in words if word not in problem] == []


def test_what_is_allowed_is_no_problem_and_stays_as_it_is():
    document, configured = read(GOOD, ["true"])
    assert document.problems == []
    assert configured.application["components"]["web"]["settings"] == GOOD
    # A default is the value, but beside a formula it is passed over.
    document, configured = read({"a": {"default": 2}, "b": {"type": "formula", "formula": "1 + {web.a}", "default": 9}})
    assert document.problems == []
    assert settings.values(configured.current()) == {"web.a": 2, "web.b": 3}


def test_a_value_is_written_as_its_setting_has_it_wherever_it_comes_from():
    for setting, value, whole in [
        ({"min": 1.0, "max": 9, "step": 2.0}, 5.0, 5),
        ({"min": 0.5, "max": 9.5, "step": 1}, 4.0, 4.0),
        ({"min": 1, "max": 9, "scale": "log"}, 4.0, 4),
        ({"min": 1, "max": 9.5, "scale": "log"}, 4.0, 4.0),
        ({"type": "enum", "values": [True, 4]}, 4.0, 4),
        ({"type": "enum", "values": [1.0, True]}, 1, 1.0),
    ]:
        _, configured = read({"s": {**setting, "value": value}})
        stored = of_web(s=value)
        for state in (configured.current(), configured.current(stored), rules.accepted(configured, stored, {}, "")):
            assert repr(settings.values(state)["web.s"]) == repr(whole)


def test_what_may_come_for_a_placeholder_is_told_by_the_configuration():
    described = {
        "size": {"min": 1.0, "max": 2.0, "step": 1.0},
        "gc": {"type": "enum", "values": ["g1", 7]},
        "heap": {"type": "formula", "formula": "1"},
        "name": {"value": "x"},
    }
    allowed = {
        ("web", "size"): ("listed", [1, 2]),
        ("web", "gc"): ("listed", ["g1", 7]),
        ("web", "heap"): ("formula", []),
        ("web", "name"): ("free", []),
        ("web",): ("free", []),
        ("state", "application", "components", "web", "settings", "gc", "value"): ("listed", ["g1", 7]),
        ("state", "application", "components", "web", "settings", "gc", "unit"): ("free", []),
    }
    config = Config("c.json", batch("echo {web.size:d}", default_state=application(web=described)))
    assert config.problems == []  # an end that is written as 1.0 is whole where its steps are
    assert {path: config.allowed(path) for path in allowed} == allowed


def test_a_setting_goes_by_its_full_name():
    _, configured = read({"b.c": {"type": "enum", "values": [1, 2], "value": 1}})
    stored = {"components": {"web.b": {"settings": {"c": {"value": 2}}}}}
    assert settings.values(configured.current(rules.accepted(configured, stored, {}, "no"))) == {"web.b.c": 2}
    stored["components"]["web.b"]["settings"]["c"]["value"] = 3
    with pytest.raises(ServoError, match=r"no: web\.b\.c must be one of 1, 2") as caught:
        rules.accepted(configured, stored, {}, "no")
    assert caught.value.reason == "invalid-value"


RANGE = {"type": "range", "min": 0, "max": 1000}
ENUM = {"type": "enum", "values": ["1.10", 1.1, 2, True, "on", "7e2"]}


def test_typed_text_is_what_the_setting_takes():
    for setting, text, value in [
        (RANGE, "0.50", 0.5),
        ({**RANGE, "step": 1}, "7e2", 700),
        (RANGE, "four", "four"),
        (ENUM, "1.10", "1.10"),
        (ENUM, "1.1", 1.1),
        (ENUM, "true", True),
        (ENUM, "7e2", "7e2"),
        ({"type": "enum", "values": [1, 2.5]}, "3", 3),
        ({"value": "1.29"}, "1.3", "1.3"),
        ({"value": 1}, "1.30", "1.30"),
        ({"value": 1}, "1.3", 1.3),
        ({"value": False}, "true", True),
        ({}, "1.30", "1.30"),
        ({}, "true", True),
        ({}, "[1]", "[1]"),
    ]:
        found = rules.typed(setting, text)
        assert (text, type(found), found) == (text, type(value), value)


def test_a_constraint_over_a_setting_without_a_value_says_nothing_yet():
    document, configured = read({"a": {}, "b": {"value": 1}}, ["{web.a} > {web.b}"])
    assert document.problems == []
    with pytest.raises(ServoError) as caught:
        rules.accepted(configured, of_web(a=0), {}, "no")
    assert caught.value.reason == "constraint"
    assert caught.value.message == "no: breaks the constraint {web.a} > {web.b}: 0 > 1"
