"""The history verb: what was measured, as a table and a plot, for other tools, and as a picture."""

import json
import os
import re

import pytest
from calling import application, batch, without_privileges

SETTINGS = {
    "x": {"type": "range", "min": 0, "max": 20, "step": 1, "value": 2, "unit": "cores"},
    "k": {"type": "enum", "values": [1, 2, 5], "value": 5},
    "name": {"value": "shop"},
}
METRICS = {"cost": {"output_regex": "cost (.*)", "unit": "dollars"}}


def described(**keys):
    keys = {"objective": {"minimize": "{cost}"}, "metrics": METRICS, "history": "history.jsonl", **keys}
    return batch("echo cost {a.x}", default_state=application(a=SETTINGS), **keys)


def entry(settings, cost, **more):
    """Return a line of the history; without a cost it is of a job that failed."""
    metrics = {"total_runtime": {"value": 0.5, "unit": "seconds"}, "cost": {"value": cost, "unit": "dollars"}}
    whole = {"time": "2026-12-01T03:00:00Z", "job": "0", "command": "echo", "settings": settings, "control": {}}
    if cost is None:
        return {**whole, "status": "failed", "reason": "command-failed", "message": "it ended", "metrics": {}, **more}
    return {**whole, "status": "ok", "metrics": metrics, **more}


def at(x, k):
    return {"a.x": x, "a.k": k, "a.name": "shop"}


TUNED = [entry(at(2, 5), 30), entry(at(16, 1), None), entry(at(9, 2), 6), entry(at(7, 1), 1), entry(at(20, 5), None)]
TUNED += [entry(at(7, 1), 1, purpose="confirm best"), entry(at(2, 5), 30, purpose="confirm default")] * 3


@pytest.fixture
def history(newest):
    """A Servo with a history of a tuning."""
    return with_history(newest, TUNED)


def with_history(servo, entries, name="history.jsonl"):
    servo.configure(described())
    servo.write(name, "".join(json.dumps(one) + "\n" for one in entries).encode())
    return servo


def lines_of(ended):
    assert ended.status == 0, ended
    assert ended.stderr == "", ended
    return ended.text.split("\n")


def exported(servo, *arguments):
    """Return the answer of ``history --json``."""
    return servo.call("history", "--json", *arguments).answer


def test_the_table_has_what_varies_the_objective_and_what_tune_confirmed(servo):
    with_history(servo, TUNED)
    text = lines_of(servo.call("history", environment={"COLUMNS": "80"}))
    rows = [" ".join(line.split()) for line in text[: text.index("")]]
    assert rows[:2] == [
        "minimize {cost}; median ± sample standard deviation of the runs",
        "a.x a.k cost runs total_runtime",
    ]
    assert rows[3:5] == ["7 1 1 ± 0 4 0.5000 ± 0 * best, confirmed by tune", "9 2 6 1 0.5000"]
    assert rows[-1] == "20 5 0 failed"
    plot = text[text.index("") + 1 :]
    assert plot[0].startswith("{cost}")
    assert "failed" in plot[0]
    text = lines_of(servo.call("history", environment={"COLUMNS": "40", "LC_ALL": "C"}))
    assert max(map(len, text)) <= 40
    assert re.search(r"\ba.x\b.*\ba.k\b", " ".join(text))
    "".join(text).encode("ascii")


def test_other_tools_get_all_that_was_recorded(history):
    answer = exported(history)
    assert (answer["objective"], len(answer["measurements"])) == ("minimize {cost}", 11)
    assert {**answer["measurements"][1], "command": "echo"} == {**TUNED[1], "number": 2, "runs": []}
    assert answer["best"] == {"settings": at(7, 1), "value": 1, "measurements": [4, 6, 8, 10], "confirmed": True}
    titles, *rows = lines_of(history.call("history", "--csv"))
    assert titles.startswith("number,time,job,status,reason,message,objective,a.x,a.k,a.name,total_runtime,")
    assert [row.split(",")[0] for row in rows] == [*map(str, range(1, 12)), ""]
    assert "| 9 | 2 | 6 |" in history.call("history", "--markdown").text
    numbered = lines_of(history.call("history", "--all", "--svg", "picture.svg"))
    assert numbered[3].split() == ["1", "2", "5", "30", "1", "0.5000"]
    picture = history.read("picture.svg").decode()
    assert (picture[:4], "dollars" in picture) == ("<svg", True)


def test_other_tools_get_all_characters_in_any_locale(newest):
    with_history(newest, [entry({"a.name": "é\x1b[1m"}, 1)])
    assert ",é\x1b[1m," in newest.call("history", "--csv", environment={"LC_ALL": "C"}).text


def test_measurements_of_another_job_are_told_and_exported(newest):
    other = [entry(at(x, 1), x, job="1", command="echo cost 1") for x in (2, 3)]
    with_history(newest, [*other, *TUNED[:2]])
    text = lines_of(newest.call("history"))
    assert len(text[3 : text.index("")]) == 2
    assert any(line.startswith("2 more in") for line in text)
    assert '  2 of "echo cost 1"' in text
    assert [one["job"] for one in exported(newest)["measurements"]] == ["1", "1", "0", "0"]


def test_an_empty_history_is_said(newest):
    newest.configure(described())
    newest.call("history", "--svg", "_state.json", "--json").bad_request("_state.json is the state")
    for write in (lambda: None, lambda: newest.write("history.jsonl", b"\n")):
        write()
        said = lines_of(newest.call("history", "--svg", "picture.svg"))[0]
        assert said.startswith("nothing has been measured yet: history.jsonl is not there, or holds no measurement; ")
        assert newest.read("picture.svg").startswith(b"<svg")
        assert (exported(newest)["measurements"], exported(newest)["best"]) == ([], None)
        assert newest.call("history", "--csv").text.startswith("number,time")


def test_a_torn_line_is_passed_over_with_a_warning_and_what_cannot_be_opened_is_said(history):
    history.write("history.jsonl", history.read("history.jsonl")[:-9])
    ended = history.call("history")
    assert ended.status == 0
    assert ended.stderr.endswith("line 11: passed over, since there is no whole measurement\n")
    os.chmod(history.path("history.jsonl"), 0)
    ended = history.call("history", prefix=without_privileges())
    assert (ended.status, "history.jsonl: the history cannot be read" in ended.text) == (1, True)
    assert ended.stderr.startswith("servo-batch: history.jsonl: the history cannot be read: ")
    ended = history.call("measure", prefix=without_privileges())
    ended.bad_config("history.jsonl: the history cannot be written", "make it writable")


def test_what_tune_records_without_a_named_history_is_found(newest):
    with_history(newest, TUNED, "_history.jsonl").configure(described(history=None))
    assert len(lines_of(newest.call("history"))) > 8
    os.unlink(newest.path("_history.jsonl"))
    assert "nothing has been measured yet: _history.jsonl is" in lines_of(newest.call("history"))[0]


def test_a_formula_metric_counts_for_what_was_measured_before_it_was_there(newest):
    assert newest.configure(described()).call("measure", "--runs", "2").status == 0
    metrics = dict(METRICS, twice={"formula": "{cost} * 2 + {a.k}", "unit": "x"})
    newest.configure(described(metrics=metrics, objective={"minimize": "{twice}"}))
    assert newest.call("measure", "--runs", "2").status == 0
    old, new = exported(newest)["measurements"]
    assert old["metrics"]["twice"] == new["metrics"]["twice"] == {"value": 9, "unit": "x", "runs": [9, 9]}
    assert (old["objective"], new["objective"], old["job"]) == (9, 9, new["job"])
    metrics.update(twice={"formula": "{cost}"}, none={"formula": "1 / ({cost} - 2)"})
    newest.configure(described(metrics=metrics, objective={"minimize": "{twice}"}))
    measured = exported(newest)["measurements"]
    assert [(one["objective"], "none" in one["metrics"]) for one in measured] == [(2, False), (2, False)]


def test_without_a_configuration_all_that_was_recorded_is_known(newest):
    """Of each number a range, of the rest the values, so that what matters is said; and every metric in a formula."""
    os.unlink(newest.path("config.json"))
    lines = [
        entry(
            {"w.cpu": cpu, "w.share": cpu % 4 / 10, "w.text": ["1..9,20", "9..1"][cpu % 2], "w.odd": [cpu]},
            None,
            status="ok",
            metrics={"total_runtime": {"value": 60.0 - cpu}, "user_time": {"value": cpu}, "tps": {"value": 1}},
        )
        for cpu in [(7 * number) % 40 + 1 for number in range(40)]
    ]
    lines.append(entry(lines[0]["settings"], None))
    newest.write("h", "".join(json.dumps(line) + "\n" for line in lines).encode())
    formula = "{user_time} + {tps} + {w.share} + (1 if {w.text} == '9..1' else 0)"
    answer = exported(newest, "--history", "h", "--minimize", formula)
    assert (answer["best"]["settings"]["w.cpu"], answer["best"]["value"]) == (1, 3.1)
    text = lines_of(newest.call("history", "--history", "h", environment={"COLUMNS": "200"}))
    assert "what matters: most w.cpu" in text
    # What did not vary can explain nothing, whatever the configuration says of it.
    unused = {name: {"type": "range", "min": 1, "max": 99, "value": 1} for name in ("a", "b", "c")}
    cpu = {"type": "range", "min": 1, "max": 40, "step": 1, "value": 1}
    newest.write("c.json", batch("true", default_state=application(w={"cpu": cpu, **unused})))
    assert "what matters: most w.cpu" in lines_of(newest.call("history", "--config", "c.json", "--history", "h"))
    ended = newest.call("history", "--history", "h", "--minimize", "{w.gpu}", "--json")
    ended.bad_request("--minimize: there is no", "w.gpu")
