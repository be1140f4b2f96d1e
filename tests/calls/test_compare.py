"""The compare verb: combinations measured in turns, and a verdict that says no more than the runs can tell."""

import os
import re
import signal

import pytest
from calling import COST, Ended, application, batch

SETTINGS = {
    "x": {"type": "range", "min": 0, "max": 20, "step": 2, "value": 2},
    "k": {"type": "enum", "values": ["good", "bad", "a,b", "1..2"], "value": "good"},
    "free": {"value": "u"},
    "one": {"type": "range", "min": 1, "max": 1, "step": "any", "value": 1},
}


def described(command="echo cost {a.x}; test {a.k} != bad", **keys):
    return batch(command, default_state=application(a=SETTINGS), **{**COST, **keys})


@pytest.fixture
def comparing(newest):
    newest.configure(described())
    return newest


def compared(servo, *arguments, status=0):
    ended = servo.call("compare", *arguments, "--json")
    assert ended.status == status, ended
    return ended.answer


def settings_of(answer, name):
    return [one["settings"][name] for one in answer["measurements"]]


def test_a_command_line_is_enough_and_no_configuration_is_looked_at(newest):
    newest.environment["OPTUNE_CONFIG"] = newest.write("broken.yaml", b"batch: [")
    newest.write("config.json", b"{")
    job = ["--command", "echo cost {job.n}{job.m}", "job.n=1,6", "--metric", "cost=cost ([0-9]+)"]
    answer = compared(newest, *job, "job.m=1..5/2", "--maximize", "{cost}", "--runs", "1")
    assert answer["objective"] == "maximize {cost}"
    assert [one["metrics"]["cost"]["value"] for one in answer["measurements"]] == [65, 63, 61, 15, 13, 11]
    assert {"total_runtime", "cpu_time", "max_rss", "cost"} == set(answer["measurements"][0]["metrics"])
    assert answer["measurements"][-1]["relative"] == {"value": pytest.approx(11 / 65), "spread": None}
    table = newest.call("compare", *job, "job.m=2", "--minimize", "{cost}").text.split("\n")
    assert table[0] == "minimize {cost}; median ± sample standard deviation of the runs"
    assert table[1].split()[:2] == ["job.n", "cost"]
    assert re.match(r"1 +12 ± 0 +1.00 .* 3 .*\* best", table[3].strip())


def test_values_are_those_that_the_configuration_has_and_the_state_is_where_it_starts_and_stays(servo):
    assert servo.configure(described()).call("adjust", "a.free=stored").status == 0
    before = servo.read("_state.json")
    answer = compared(servo, "a.x=0..4", "--runs", "1")
    assert settings_of(answer, "a.x") == [0, 2, 4]
    # The others keep their values.
    assert (settings_of(answer, "a.k"), settings_of(answer, "a.free")) == (["good"] * 3, ["stored"] * 3)
    assert servo.read("_state.json") == before
    answer = compared(servo, "a.x=2,4", "a.free=u,v", "a.k=1..2", "--runs", "1")
    assert settings_of(answer, "a.x") == [2, 2, 4, 4]
    # What is allowed as a whole is one value.
    assert settings_of(answer, "a.k") == ["1..2"] * 4
    assert settings_of(compared(servo, "a.one=1..1", "--runs", "1"), "a.one") == [1]
    assert settings_of(compared(servo, "a.k=a,b", "--runs", "1"), "a.k") == ["a,b"]


def test_values_that_are_one_number_are_different_texts_of_a_command_line_and_so_they_are_measured(comparing):
    command = ["--command", "echo 'cost {job.tag}.'", "--metric", r"cost=cost (.*)\."]
    answer = compared(comparing, *command, "job.tag=1.0,1", "--runs", "1")
    found = {one["settings"]["job.tag"]: one["metrics"]["cost"]["value"] for one in answer["measurements"]}
    assert found == {"1.0": 1.0, "1": 1}


def test_a_combination_that_fails_is_shown_and_costs_no_other(comparing):
    answer = compared(comparing, "a.x=2", "a.k=good,bad", "--runs", "2")
    assert (answer["status"], settings_of(answer, "a.k")) == ("ok", ["good", "bad"])
    last = answer["measurements"][-1]
    assert (last["metrics"], last["failed"], last["reason"]) == ({}, 2, "command-failed")
    assert "exit status 1" in last["message"]
    answer = compared(comparing, "a.x=0,2", "a.k=bad", "--runs", "1", status=1)
    assert (answer["status"], answer["reason"], len(answer["measurements"])) == ("failed", "command-failed", 2)
    table = comparing.call("compare", "a.k=bad", "--runs", "1").text
    assert " failed\n" in table
    assert "all combinations failed" in table


def test_a_formula_that_one_of_the_combinations_cannot_have_is_that_one_s_failure(comparing):
    metrics = {**COST["metrics"], "root": {"formula": "sqrt(4 - {a.x})"}}
    comparing.configure(described(metrics=metrics))
    for values in ("a.x=2,6", "a.x=6,2"):
        measured = compared(comparing, values, "--runs", "1")["measurements"]
        assert [one.get("reason") for one in measured] == [None, "no-match"]
    answer = compared(comparing, "a.x=6,8", status=1)
    assert answer["reason"] == "bad-config"
    assert "sqrt(4 - 6)" in answer["message"]


def test_what_constraints_forbid_is_left_out_and_named_and_what_is_missing_is_noted(comparing):
    command = "rm -rf room; echo cost {a.x}; test {a.x} != 4"
    comparing.configure(described(command, constraints=["{a.x} <= 4"]))
    os.mkdir(comparing.path("room"))
    ended = comparing.call("compare", "a.x=2,4,6", "--runs", "1", "--svg", "room/p", "--json")
    left_out, failed, *_ = ended.answer["notes"]
    assert "servo-batch: room/p: the picture cannot be written: No such file" in ended.stderr
    assert left_out == "a.x=6 is not measured: breaks the constraint {a.x} <= 4: 6 <= 4"
    assert failed.startswith("[a.x=4 a.k=good a.free=u a.one=1] failed: the job ended with exit status 1")
    notes = compared(comparing, "a.x=0,2", "--runs", "1").get("notes", [])
    assert not [note for note in notes if "a.x" in note]
    table = comparing.call("compare", "a.x=0,2,6", "--runs", "1").text
    assert left_out in table
    assert [line.split()[0] for line in table.split("\n")[3:5]] == ["0", "2"]


def test_what_has_no_objective_or_no_median_says_why(comparing):
    comparing.configure(described("echo {a.x} >>log; test {a.x} = 0 && echo cost none || echo cost $(wc -l <log)"))
    answer = compared(comparing, "a.x=0,2", "--runs", "1")
    last = answer["measurements"][-1]
    why = 'the objective is none: {cost}: "none": "none" is a string where a number is due'
    assert (last["failed"], last["reason"], last["message"], "relative" in last) == (1, "no-match", why, False)
    assert "[a.x=0 a.k=good a.free=u a.one=1] failed: " + why in answer["notes"]
    comparing.configure(described("echo {a.x} >>log; wc -l <log >n; read n <n; test $n = 1 && n=none; echo cost $n"))
    os.unlink(comparing.path("log"))
    (mixed,) = compared(comparing, "a.x=0", "--minimize", "{total_runtime}")["measurements"]
    assert "cost" not in mixed["metrics"]
    os.unlink(comparing.path("log"))
    ended = comparing.call("compare", "a.x=0", "--minimize", "{total_runtime}")
    assert "cost is a number in some runs and text in others: it has no median" in ended.text


def test_each_process_that_is_left_running_is_named_and_no_column_is_left_out_of_a_pipe(comparing):
    comparing.configure(
        described(
            "sleep 1 >/dev/null 2>&1 & echo cost {a.x}", metrics={**COST["metrics"], "m" * 90: {"resource": "cpu_time"}}
        )
    )
    ended = comparing.call("compare", "a.x=0,2", "--runs", "2", "--json")
    assert ended.stderr.count("the job left running: ") == 4
    assert len([note for note in ended.answer["notes"] if "left running" in note]) == 4
    assert ended.responses[-2]["progress"] == 100
    assert "no room" not in comparing.call("compare", "a.x=0,2", "--runs", "1").text
    assert "no room" in comparing.call("compare", "a.x=0,2", "--runs", "1", environment={"COLUMNS": "80"}).text


def test_wrong_usage_is_said(comparing):
    for arguments, words in (
        ([], "COMPONENT.SETTING=VALUE"),
        (["a.x=1,,2"], "lacks a value"),
        (["--command", "echo {a.x}", "a.x=1,,2"], "lacks a value"),
        (["a.x=5..1"], "has no values"),
        (["a.x=2,4,2.0"], "has a value twice"),
        (["--command", "true", *["--metric", "m=(.)"] * 2], "--metric m is given twice"),
        (["--command", "echo {a.x}", "a.x=u,u"], "has a value twice"),
        (["a.free=1..100000000000"], "more than 1000 combinations"),
        (["a.x=0..20", "a.free=1..100"], "more than 1000 combinations"),
    ):
        ended = comparing.call("compare", *arguments)
        assert (ended.status, ended.stdout) == (2, b""), ended
        assert words in ended.stderr


def test_turns_rank_rightly_on_a_machine_that_drifts(comparing):
    # Each run of any makes every later one cost 1 more; 4 is better by 5, and comes last.
    comparing.configure(described("echo {a.x} >>order; echo cost $(($(wc -l <order) + 100 - ({a.x} == 4) * 5))"))
    answer = compared(comparing, "a.x=0,2,4", "--runs", "2")
    assert comparing.read("order").split() == [b"0", b"2", b"4"] * 2
    assert settings_of(answer, "a.x") == [4, 0, 2]


def test_it_is_written_for_other_tools_and_recorded_as_runs_of_one_each(servo):
    table = servo.configure(described(history="h")).call("compare", "a.x=2,4", "--markdown")
    assert table.text.split("\n")[2].startswith("| a.x | cost | times the best | ")
    assert "is better than any other" in table.stderr
    ended = servo.call("compare", "a.x=2,4", "--runs", "2", "--csv", "--svg", "picture.svg")
    csv = ended.text.split("\n")
    assert (len(csv), csv[0][:7]) == (6, "number,")
    assert "cannot tell from the best: [a.x=4] (" in ended.stderr
    picture = servo.read("picture.svg").decode()
    assert "a.x=4" in picture
    assert len(re.findall('class="(?:point|best)" cx', picture)) == 4
    assert servo.measure().status == 0
    lines = servo.read_lines("h")
    assert [line["settings"]["a.x"] for line in lines] == [2, 4] * 5 + [2]
    assert len({line["job"] for line in lines}) == 1
    assert all("runs" not in line["metrics"]["total_runtime"] for line in lines)


def test_other_tools_get_all_characters_in_any_locale(comparing):
    ended = comparing.call("compare", "a.free=é", "--runs", "1", "--csv", environment={"LC_ALL": "C"})
    assert ",é," in ended.text, ended


# Writes the driver's process id where the job finds it.
NOTED = ["/bin/sh", "-c", 'echo $$ >driver; exec "$0" "$@"']


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_cancel_shows_what_is_known_and_that_it_is_not_all(comparing, signum):
    job = "echo >>n; if test $(wc -l <n) = 3; then kill -%d $(cat driver); sleep 60; fi; echo cost {a.x}" % signum
    comparing.configure(described(job, history="h"))
    form = [] if signum == signal.SIGINT else ["--json"]
    process = comparing.start("compare", "a.x=2,4", *form, prefix=NOTED)
    ended = Ended(128 + signum, *process.communicate())
    assert process.returncode == ended.status
    if form:
        answer = ended.answer
        assert (answer["status"], answer["reason"], len(answer["measurements"])) == ("failed", "cancelled", 2)
    else:
        assert re.search(r"^ +2 +2 .*\* best$", ended.text, re.M)
    assert "this is not all: cancelled by SIG" in (ended.stderr if form else ended.text)
    assert len(comparing.read_lines("h")) == 2


def test_a_cancel_before_anything_is_known_is_nothing_but_a_failure(comparing):
    comparing.configure(described("kill -INT $(cat driver); sleep 60"))
    process = comparing.start("compare", "a.x=2,4", "--json", prefix=NOTED)
    ended = Ended(128 + signal.SIGINT, *process.communicate())
    assert process.returncode == ended.status
    assert (ended.answer["reason"], set(ended.answer)) == ("cancelled", {"status", "reason", "message"})
