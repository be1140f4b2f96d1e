"""Paths: the spelling of placeholders and of output_json."""

import pytest

from servo_batch.formats.paths import PathError, keys

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
NO_PATHS = [("", 0), (".cpu", 0), ("]", 0), ("web[cpu]x", 8)]
NO_PATHS += [(text, 3) for text in ("web.", "web..cpu", "web.[cpu]", "web[]", "web[cpu")]


def test_a_path_has_its_keys():
    assert {text: keys(text) for text in PATHS} == PATHS


@pytest.mark.parametrize(("text", "place"), NO_PATHS)
def test_what_is_no_path_is_told_where(text, place):
    with pytest.raises(PathError) as caught:
        keys(text)
    written = "after %s, .NAME or [NAME]" % text[:place] if place else "NAME, NAME.NAME or NAME[NAME]"
    assert (str(caught.value), caught.value.pos) == ("it does not name a value: write " + written, place)
