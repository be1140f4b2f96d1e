"""Paths: the spelling of placeholders and of output_json."""

import pytest

from servo_batch.formats.paths import PathError, keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("state", ("state",)),
        ("web.cpu", ("web", "cpu")),
        ("state[application][components]", ("state", "application", "components")),
        ("jobs[0].read.iops", ("jobs", "0", "read", "iops")),
        ("a[99.000000]", ("a", "99.000000")),
        ("a[b][c].d", ("a", "b", "c", "d")),
        ("[0].rate", ("0", "rate")),
        ("a[b[c]", ("a", "b[c")),
        ("two words.and-a-dash", ("two words", "and-a-dash")),
    ],
)
def test_a_path_has_its_keys(text, expected):
    assert keys(text) == expected


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("", "it does not name a value: it is empty", 0),
        (".cpu", "it does not name a value: it begins without a name", 0),
        ("web.", 'it does not name a value: a name is missing after "web."', 4),
        ("web..cpu", 'it does not name a value: a name is missing after "web."', 4),
        ("web.[cpu]", 'it does not name a value: a name is missing after "web."', 4),
        ("web[]", 'it does not name a value: a name is missing after "web["', 4),
        ("web[cpu", 'it does not name a value: a ] is missing after "web["', 4),
        ("web]", 'the ] after "web" closes nothing', 3),
        ("web[cpu]x", 'after a ] only a . or a [ can follow, as after "web[cpu]"', 8),
    ],
)
def test_what_is_no_path_is_told_where(text, problem, place):
    with pytest.raises(PathError) as caught:
        keys(text)
    assert (str(caught.value), caught.value.pos) == (problem, place)
