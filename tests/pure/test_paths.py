"""Paths: the spelling of placeholders and of output_json."""

import re

import pytest

from servo_batch.formats.paths import keys, look_up

PATHS = {
    "state": ("state",),
    "web.cpu": ("web", "cpu"),
    "state[application][components]": ("state", "application", "components"),
    "jobs[0].read.iops": ("jobs", "0", "read", "iops"),
    "a[99.000000][c].d": ("a", "99.000000", "c", "d"),
    "[0].rate": ("0", "rate"),
    "a[b[c]": ("a", "b[c"),
    "two words.and-a-dash": ("two words", "and-a-dash"),
}
NO_PATHS = {"": "", ".cpu": "", "]": "", "web[cpu]x": "web[cpu]"}
NO_PATHS.update(dict.fromkeys(("web.", "web..cpu", "web.[cpu]", "web[]", "web[cpu"), "web"))
NESTED = {"a": {"b": [5, {"c.d": None}]}, "t": "x"}


def test_a_path_has_its_keys():
    assert {text: keys(text) for text in PATHS} == PATHS


def test_what_is_no_path_is_told_where():
    for text, before in NO_PATHS.items():
        where = "after %s, .NAME or [NAME]" % before if before else "NAME, NAME.NAME or NAME[NAME]"
        with pytest.raises(ValueError, match=re.escape("it does not name a value: write " + where)):
            keys(text)


def test_a_path_leads_to_what_stands_there():
    for text, value in [("a.b[0]", 5), ("a[b].1[c.d]", None), ("t", "x"), ("a.b", NESTED["a"]["b"])]:
        assert look_up(NESTED, keys(text)) == value


def test_where_nothing_stands_it_is_told_what_does():
    for text, words in [
        ("b", 'there is no "b"; there is only a, t'),
        ("a.bb", 'a has no "bb"; there is only b (did you mean "b"?)'),
        ("a.b[2]", "a.b is a list of 2: write a number below that"),
        ("a.b[-1]", "a.b is a list of 2"),
        ("t.0", "t is a string, which has no fields"),
        ("a.b.1[c.d].e", "a.b.1.c.d is null"),
    ]:
        with pytest.raises(LookupError, match=re.escape(words)):
            look_up(NESTED, keys(text))
    names = "there is only n0, n1, n10, "
    with pytest.raises(LookupError, match=names) as caught:
        look_up({"n%d" % number: 0 for number in range(3000)}, ("a",))
    assert (len(str(caught.value)) < 400, str(caught.value)[-1]) == (True, "…")
