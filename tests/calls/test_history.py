"""The history verb: what was measured, as a table and a plot, for other tools, and as a picture."""

import json
import os
import re

import pytest
from calling import Servo, without_privileges
from machine import NEWEST

pytest_plugins = ["servo_fixtures"]

SETTINGS = {
    "x": {"type": "range", "min": 0, "max": 20, "step": 1, "value": 2, "unit": "cores"},
    "k": {"type": "enum", "values": [1, 2, 5], "value": 5},
    "name": {"value": "shop"},
}
BATCH = {
    "command": "test {a.x} -lt 15 && echo cost $(( ({a.x} - 7) * ({a.x} - 7) + {a.k} ))",
    "application": {"components": {"a": {"settings": SETTINGS}}},
    "metrics": {"cost": {"output_regex": "cost (.*)", "unit": "dollars"}},
    "objective": {"minimize": "{cost}"},
    "history": "history.jsonl",
}


@pytest.fixture(scope="module")
def tuned(pyz_for, tmp_path_factory):
    """A folder in which 25 measurements were tuned, failures among them; to be left as it is."""
    servo = Servo(NEWEST, pyz_for(NEWEST), tmp_path_factory.mktemp("tuned"), {"batch": BATCH})
    assert servo.call("tune", "--measurements", "19").status == 0
    return servo


@pytest.fixture
def history(edge_python, pyz_for, tuned):
    """Calls history there, under the oldest Python and under the newest."""
    servo = Servo(edge_python, pyz_for(edge_python), tuned.folder, {"batch": BATCH})
    return lambda *arguments, **options: servo.call("history", *arguments, **options)


@pytest.fixture
def servo(pyz_for, tmp_path):
    return Servo(NEWEST, pyz_for(NEWEST), tmp_path, {"batch": BATCH})


def lines_of(ended):
    assert ended.status == 0, ended
    assert ended.stderr == "", ended
    return ended.stdout.decode().split("\n")


def test_the_table_has_what_varies_the_objective_and_what_tune_confirmed(history):
    text = lines_of(history(environment={"COLUMNS": "80"}))
    head, titles, units, *rows = text[: text.index("")]
    assert head == "minimize {cost}; median ± sample standard deviation of the runs"
    assert titles.split() == ["a.x", "a.k", "cost", "runs", "total_runtime"]
    assert units.split() == ["dollars", "s"]
    first = rows[0].split()
    assert first[:5] == ["7", "1", "1", "±", "0"]
    assert first[5] == "4"  # found once and confirmed three times
    assert rows[0].endswith("* best, confirmed by tune")
    failed = [row for row in rows if row.endswith(" failed")]
    assert failed
    assert {int(row.split()[0]) >= 15 for row in failed} == {True}
    plot = text[text.index("") + 1 :]
    assert plot[0].startswith("{cost}")
    assert "failed" in plot[0]
    assert max(map(len, text)) <= 80


def test_a_narrow_terminal_in_a_plain_locale_shows_every_setting_that_varies_in_ascii(history):
    text = lines_of(history(environment={"COLUMNS": "40", "LC_ALL": "C"}))
    assert max(map(len, text)) <= 40
    assert re.search(r"\bx\b.*\bk\b", " ".join(text))
    "".join(text).encode("ascii")


def test_other_tools_get_all_that_was_recorded(history):
    text = lines_of(history("--json"))
    assert len(text) == 2
    answer = json.loads(text[0])
    assert (answer["objective"], len(answer["measurements"])) == ("minimize {cost}", 25)
    best = answer["best"]
    assert (best["settings"], best["value"]) == ({"a.x": 7, "a.k": 1, "a.name": "shop"}, 1)
    assert (best["confirmed"], len(best["measurements"])) == (True, 4)
    titles, *rows = lines_of(history("--csv"))
    assert titles.startswith("number,time,job,status,reason,message,objective,a.x,a.k,a.name,total_runtime,")
    assert [row.split(",")[0] for row in rows if row[:1].isdigit()][-1] == "25"


def test_a_picture_is_written_beside_the_table(history, tuned):
    text = lines_of(history("--svg", "picture.svg"))
    assert text[0].startswith("minimize")
    picture = tuned.read("picture.svg").decode()
    assert picture.startswith("<svg")
    assert "dollars" in picture
    assert "<script" not in picture
    os.unlink(tuned.path("picture.svg"))


def test_a_picture_replaces_nothing_but_a_picture(servo):
    assert servo.call("measure").status == 0
    servo.write("notes.txt", b"remember the milk")
    for name in ("history.jsonl", "config.json", "notes.txt"):
        before = servo.read(name)
        ended = servo.call("history", "--svg", name)
        assert ended.status == 1
        assert name in ended.stdout.decode()
        assert servo.read(name) == before
    assert servo.call("history", "--svg", "picture.svg").status == 0
    assert servo.call("history", "--svg", "picture.svg").status == 0
    ended = servo.call("history", "--svg", "nowhere/picture.svg")
    assert ended.status == 1
    assert "nowhere/picture.svg: the picture cannot be written" in ended.stdout.decode()


def test_measurements_of_another_job_are_told_and_exported(servo):
    for command in ("echo cost 1", "echo cost {a.x}"):
        servo.configure({"batch": dict(BATCH, command=command)})
        for value in "23":
            assert servo.call("measure", "a.x=" + value).status == 0
    text = lines_of(servo.call("history"))
    assert len(text[3 : text.index("")]) == 2
    assert any(line.startswith("2 more in") for line in text)
    assert '  2 of "echo cost 1"' in text
    measured = json.loads(servo.call("history", "--json").stdout.decode())["measurements"]
    assert len({one["job"] for one in measured[:2]}) == len({one["job"] for one in measured[2:]}) == 1
    assert len(measured) == 4
    assert len(lines_of(servo.call("history", "--csv"))) == 6


def test_an_empty_history_is_said(servo):
    for content in (None, b"\n"):
        if content is not None:
            servo.write("history.jsonl", content)
        assert lines_of(servo.call("history"))[0].startswith("nothing has been measured yet")
        answer = json.loads(servo.call("history", "--json").stdout.decode())
        assert (answer["measurements"], answer["best"]) == ([], None)
        assert servo.call("history", "--csv").stdout.decode().startswith("number,time")
        assert servo.call("history", "--svg", "picture.svg").status == 0
        assert servo.read("picture.svg").startswith(b"<svg")


def test_a_torn_last_line_is_passed_over_with_a_warning(servo):
    assert servo.call("tune", "--measurements", "2", "--confirm", "0").status == 0
    whole = servo.read("history.jsonl")
    servo.write("history.jsonl", whole[:-9])
    ended = servo.call("history")
    assert ended.status == 0
    assert ended.stderr.count("\n") == 1
    assert "line 2: passed over" in ended.stderr
    assert servo.call("tune", "--measurements", "2", "--confirm", "0").status == 0
    assert servo.read("history.jsonl").startswith(whole[:-9] + b"\n{")
    os.chmod(servo.path("history.jsonl"), 0)
    ended = servo.call("history", prefix=without_privileges())
    assert ended.status == 1
    assert "history.jsonl: the history cannot be read" in ended.stdout.decode()
    ended = servo.call("measure", prefix=without_privileges())
    ended.failed("failed", "bad-config", "history.jsonl: the history cannot be written", "make it writable")


def test_tune_without_a_named_history_is_found_by_history(servo):
    servo.configure({"batch": {key: value for key, value in BATCH.items() if key != "history"}})
    ended = servo.call("history")
    assert ended.status == 1
    assert b"no history is named" in ended.stdout
    assert servo.call("tune", "--measurements", "2", "--confirm", "0").status == 0
    assert len(lines_of(servo.call("history"))) > 3


def test_a_formula_metric_counts_for_what_was_measured_before_it_was_there(servo):
    assert servo.call("measure", "--runs", "2").status == 0
    metrics = dict(BATCH["metrics"], twice={"formula": "{cost} * 2 + {a.k}", "unit": "x"})
    servo.configure({"batch": dict(BATCH, metrics=metrics, objective={"minimize": "{twice}"})})
    assert servo.call("measure", "--runs", "2").status == 0
    old, new = json.loads(servo.call("history", "--json").stdout.decode())["measurements"]
    assert old["metrics"]["twice"] == new["metrics"]["twice"] == {"value": 65, "unit": "x", "runs": [65, 65]}
    assert old["objective"] == new["objective"] == 65
    assert old["job"] == new["job"]
    metrics.update(twice={"formula": "{cost}"}, none={"formula": "1 / ({cost} - 30)"})
    servo.configure({"batch": dict(BATCH, metrics=metrics, objective={"minimize": "{twice}"})})
    measured = json.loads(servo.call("history", "--json").stdout.decode())["measurements"]
    assert [(one["objective"], "none" in one["metrics"]) for one in measured] == [(30, False), (30, False)]


def test_without_a_configuration_all_that_was_recorded_is_known(servo):
    """Of each number a range, of the rest the values, so that what matters is said; and every metric in a formula."""
    os.unlink(servo.path("config.json"))
    lines = [
        {
            "time": "2026-12-01T03:00:00Z",
            "job": "0",
            "settings": {"w.cpu": cpu, "w.share": cpu % 4 / 10, "w.text": ["1..9,20", "9..1"][cpu % 2], "w.odd": [cpu]},
            "status": "ok",
            "metrics": {"total_runtime": {"value": 60.0 - cpu}, "user_time": {"value": cpu}, "tps": {"value": 1}},
        }
        for cpu in [(7 * number) % 40 + 1 for number in range(40)]
    ]
    lines.append(dict(lines[0], status="failed", reason="timeout", metrics={}))
    servo.write("h", "".join(json.dumps(line) + "\n" for line in lines).encode())
    formula = "{user_time} + {tps} + {w.share} + (1 if {w.text} == '9..1' else 0)"
    answer = servo.call("history", "--history", "h", "--minimize", formula, "--json").answer
    assert (answer["best"]["settings"]["w.cpu"], answer["best"]["value"]) == (1, 3.1)
    text = lines_of(servo.call("history", "--history", "h", environment={"COLUMNS": "200"}))
    assert "what matters: most w.cpu" in text
    ended = servo.call("history", "--history", "h", "--minimize", "{w.gpu}", "--json")
    ended.bad_request("--minimize: there is no", "w.gpu")
