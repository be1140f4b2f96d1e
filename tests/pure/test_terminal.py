"""Tables as what they are made of."""

import os

from servo_batch import answers, terminal

TABLES = [
    # Numbers stand to the right; a column that has text too to the left, and so do booleans.
    (["n", "value", "unit"], [("a", 1, "x"), ("bb", 1.25, None)], "n   value  unit\na       1  x\nbb   1.25\n"),
    (["n", "value", "unit"], [("a", 1, 2), ("c", None, 3)], "n  value  unit\na      1     2\nc            3\n"),
    (["n", "value", "unit"], [("a", 1, None), ("bb", "text", None)], "n   value  unit\na   1\nbb  text\n"),
    (["name", "value"], [("on", True), ("off", 1)], "name  value\non    true\noff   1\n"),
    (["name", "value"], [], "name  value\n"),
    # Columns align whatever the characters' width, and a value stays in its line.
    (["name", "v"], [("猫", "x"), ("e\u0301", "x"), ("a", "x")], "name  v\n猫    x\ne\u0301     x\na     x\n"),
    (["name"], [("a\nb\tc\033[31md",)], "name\na\\nb\\tcd\n"),
]


def test_a_table_is_aligned():
    for titles, rows, text in TABLES:
        assert terminal.table(titles, rows) == text


def test_a_table_that_is_too_wide_for_the_terminal_has_its_longest_texts_shortened(monkeypatch):
    rows = [("a" * 10, "value " * 20, "unit"), ("b", "short", None)]
    monkeypatch.setenv("COLUMNS", "500")
    assert max(map(len, terminal.table(["n", "v", "u"], rows).split("\n"))) > 130
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(os, "isatty", lambda descriptor: True)
    _, wide, short, _ = terminal.table(["n", "v", "u"], rows).split("\n")
    assert (len(wide), wide[-4:], wide[:24]) == (60, "unit", "aaaaaaaaaa  value value ")
    assert ".." in wide
    assert short == "b" + " " * 11 + "short"


def test_what_is_said_on_stderr_commands_no_terminal(capfd):
    answers.complain("a\033[2J\rb\nc")
    assert capfd.readouterr().err == "servo-batch: a\\x1b[2J\\rb\nc\n"
