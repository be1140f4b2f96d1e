"""Tables and texts as what they are made of."""

from servo_batch import terminal
from servo_batch.answers import Details, failed


def test_numbers_stand_to_the_right_and_mixed_columns_to_the_left():
    rows = [("a", 1, "x"), ("bb", 1.25, None), ("c", None, 3)]
    texts = [("a", 1, None), ("bb", "text", None)]
    assert terminal.table(("n", "value", "unit"), texts) == "n   value  unit\na   1\nbb  text\n"
    assert terminal.table(("n", "value", "unit"), rows[:2]) == "n   value  unit\na       1  x\nbb   1.25\n"
    assert terminal.table(("n", "value", "unit"), rows) == "n   value  unit\na       1  x\nbb   1.25\nc          3\n"


def test_columns_align_whatever_the_characters_width_and_a_value_stays_in_its_line():
    lines = terminal.table(("name", "v"), [("猫", "x"), ("e\u0301", "x"), ("abc", "x")]).splitlines()
    assert lines == ["name  v", "猫    x", "e\u0301     x", "abc   x"]
    assert terminal.table(("name",), [("a\nb\tc\033[31md",)]) == "name\na\\nb\\tcd\n"
    assert terminal.table(("name", "value"), []) == "name  value\n"
    assert terminal.table(("name", "value"), [("on", True), ("off", 1)]) == "name  value\non    true\noff   1\n"


def test_parts_of_a_failure_are_told_apart(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    details = Details("x", [("stderr, the last 4096 of 9999 bytes", "a\n\nstderr: nothing"), ("stdout", None)])
    printed = "stdout: nothing\n\nstderr, the last 4096 of 9999 bytes:\n    a\n    \n    stderr: nothing\n\n"
    text = terminal.failure(failed("timeout", "it ended", [details]))
    assert text == printed + "failed (timeout)\nit ended\ncommand: x\n"


def test_what_a_terminal_would_obey_is_shown_and_what_it_cannot_show_as_ascii(monkeypatch):
    obeyed = "a\033[1;31mb\033(B\033[0m\033]0;t\007\r\nc\rd\x1bc\x9b\u202e\x00é…"
    shown = "ab\nc\nd\\x1bc\\x9b\\u202e\\x00"
    ends = {"UTF-8": "é…", **dict.fromkeys(("ANSI_X3.4-1968", "ISO-8859-1", ""), "\\xe9...")}
    for codeset, end in ends.items():
        monkeypatch.setattr(terminal.locale, "nl_langinfo", lambda item, codeset=codeset: codeset)
        assert terminal.printable(obeyed) == shown + end
