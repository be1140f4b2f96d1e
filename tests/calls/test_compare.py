"""The compare verb: combinations measured in turns, and a verdict that says no more than the runs can tell."""

import json
import os
import re
import signal

import pytest
from calling import Servo
from machine import NEWEST

pytest_plugins = ["servo_fixtures"]

# A job that costs what is said of it and prints that, with a number that grows with each run of any.
COUNTED = "n=$(cat n 2>/dev/null || echo 0); n=$((n + 1)); echo $n >n; "
SETTINGS = {
    "x": {"type": "range", "min": 0, "max": 20, "step": 2, "value": 2},
    "k": {"type": "enum", "values": ["good", "bad", "a,b", "1..2"], "value": "good"},
    "free": {"value": "u"},
}
BATCH = {
    "command": "echo cost {a.x}; test {a.k} != bad",
    "application": {"components": {"a": {"settings": SETTINGS}}},
    "metrics": {"cost": {"output_regex": "cost (.*)"}},
    "objective": {"minimize": "{cost}"},
}


@pytest.fixture
def servo(edge_python, pyz_for, tmp_path):
    return Servo(edge_python, pyz_for(edge_python), tmp_path, {"batch": BATCH})


@pytest.fixture
def empty(pyz_for, tmp_path):
    """A folder with nothing in it, and a configuration in the environment that must not be looked at."""
    servo = Servo(NEWEST, pyz_for(NEWEST), tmp_path, {"batch": BATCH})
    servo.environment["OPTUNE_CONFIG"] = servo.write("broken.yaml", b"batch: [")
    servo.write("config.json", b"{")
    return servo


def compared(ended, status=0):
    assert ended.status == status, ended
    return ended.answer


def settings_of(answer, name):
    return [one["settings"][name] for one in answer["measurements"]]


# --- without a configuration --------------------------------------------------------------------------------------


def test_a_command_line_is_enough(empty):
    metric = "cost=cost ([0-9]+)"
    arguments = ["--command", "echo cost {job.n}{job.m}", "job.n=1,6,9", "job.m=1..5/2", "--metric", metric]
    answer = compared(empty.call("compare", *arguments, "--maximize", "{cost}", "--runs", "1", "--json"))
    assert answer["objective"] == "maximize {cost}"
    assert [one["metrics"]["cost"]["value"] for one in answer["measurements"]] == [95, 93, 91, 65, 63, 61, 15, 13, 11]
    assert {"total_runtime", "cpu_time", "max_rss", "cost"} == set(answer["measurements"][0]["metrics"])
    assert answer["measurements"][-1]["relative"] == {"value": pytest.approx(11 / 95), "spread": None}
    table = empty.call("compare", *arguments, "--minimize", "{cost}", "--runs", "3").stdout.decode().split("\n")
    assert table[0] == "minimize {cost}; median ± sample standard deviation of the runs"
    assert table[1].split()[:3] == ["job.n", "job.m", "cost"]
    assert re.match(r"1 +1 +11 ± 0 +1.00 .*\* best", table[3].strip())
    with open(empty.path("config.json")) as stream:
        assert stream.read() == "{"


def test_a_history_of_it_is_shown_without_a_configuration_too(empty):
    arguments = ["--command", "echo {job.n}", "job.n=1,2", "--runs", "2", "--history", "h", "--metric", "n=(.)"]
    assert empty.call("compare", *arguments).status == 0
    lines = [json.loads(line) for line in empty.read("h").splitlines()]
    assert [line["settings"]["job.n"] for line in lines] == [1, 2, 1, 2]
    assert len({line["job"] for line in lines}) == 1
    assert all("runs" not in line["metrics"]["total_runtime"] for line in lines)
    os.unlink(empty.path("config.json"))
    del empty.environment["OPTUNE_CONFIG"]
    table = empty.call("history", "--history", "h", "--maximize", "{n} + {job.n}", "--svg", "h.svg")
    assert table.status == 0, table
    assert [line.split()[:2] for line in table.stdout.decode().split("\n")[3:5]] == [["2", "4"], ["1", "2"]]


# --- with one -----------------------------------------------------------------------------------------------------


def test_values_are_those_that_the_configuration_has_and_the_state_is_where_it_starts_and_stays(servo):
    assert servo.call("adjust", "a.free=stored").status == 0
    before = servo.read("_state.json")
    answer = compared(servo.call("compare", "a.x=0..6", "--runs", "1", "--json"))
    assert settings_of(answer, "a.x") == [0, 2, 4, 6]
    assert settings_of(answer, "a.k") == ["good"] * 4  # the others keep their values
    assert settings_of(answer, "a.free") == ["stored"] * 4
    assert servo.read("_state.json") == before
    answer = compared(servo.call("compare", "a.x=2,4", "a.free=u,v", "--runs", "1", "--json"))
    assert settings_of(answer, "a.x") == [2, 2, 4, 4]
    for whole in ("a,b", "1..2"):
        assert settings_of(compared(servo.call("compare", "a.k=" + whole, "--runs", "1", "--json")), "a.k") == [whole]


def test_a_combination_that_fails_is_shown_and_costs_no_other(servo):
    arguments = ["a.x=0,2,4,6", "a.k=good,bad", "--runs", "2"]
    table = servo.call("compare", *arguments)
    assert table.status == 0
    assert table.stdout.decode().count(" failed\n") == 4
    answer = compared(servo.call("compare", *arguments, "--json"))
    assert (answer["status"], len(answer["measurements"])) == ("ok", 8)
    assert settings_of(answer, "a.k")[4:] == ["bad"] * 4
    last = answer["measurements"][-1]
    assert (last["metrics"], last["failed"], last["reason"]) == ({}, 2, "command-failed")
    assert "exit status 1" in last["message"]
    answer = compared(servo.call("compare", "a.x=0,2", "a.k=bad", "--runs", "1", "--json"), 1)
    assert (answer["status"], answer["reason"], len(answer["measurements"])) == ("failed", "command-failed", 2)
    assert "all combinations failed" in servo.call("compare", "a.k=bad").stdout.decode()


def test_what_constraints_forbid_is_left_out_and_named(servo):
    servo.configure({"batch": dict(BATCH, constraints=["{a.x} <= 4"])})
    ended = servo.call("compare", "a.x=2,4,6", "--runs", "1")
    assert ended.status == 0
    assert "left out: a.x=6 breaks the constraint {a.x} <= 4" in ended.stdout.decode()
    assert settings_of(compared(servo.call("compare", "a.x=2,4,6", "--runs", "1", "--json")), "a.x") == [2, 4]
    servo.call("compare", "a.x=6,8", "--json").failed("rejected", "constraint", "{a.x} <= 4")


def test_an_answer_notes_what_is_missing_and_why(servo):
    command = "rm -rf room; echo cost {a.x}; test {a.x} != 4"
    servo.configure({"batch": dict(BATCH, command=command, constraints=["{a.x} <= 4"])})
    os.mkdir(servo.path("room"))
    answer = compared(servo.call("compare", "a.x=0..6", "--runs", "1", "--svg", "room/p", "--json"))
    picture, left_out, failed = answer["notes"]
    assert picture.startswith("room/p: the picture cannot be written: No such file")
    assert left_out.startswith("left out: a.x=6 breaks")
    assert failed.startswith("[a.x=4 a.k=good a.free=u] failed: the job ended with exit status 1 after ")
    assert "notes" not in compared(servo.call("compare", "a.x=0,2", "--runs", "1", "--json"))


def test_what_can_be_known_is_refused_before_anything_runs(servo):
    servo.configure({"batch": dict(BATCH, command="touch ran; echo cost {a.x}")})
    servo.call("compare", "a.x=2,99", "--json").failed("rejected", "invalid-value", "99", "0 to 20")
    servo.call("compare", "a.y=1,2", "--json").failed("bad-request", "bad-request", "a.y")
    servo.write("notes", b"remember the milk")
    servo.call("compare", "a.x=2,4", "--json", "--history", "notes").failed("failed", "bad-config", "something else")
    for arguments, words in (
        (["--svg", "notes"], "something else than a picture"),
        (["--svg", "config.json"], "is the configuration"),
        (["--svg", "nowhere/x.svg"], "there is no folder "),
        (["--history", "_state.json"], "is the state"),
        (["--history", "h", "--svg", "h"], "is the history"),
    ):
        servo.call("compare", "a.x=2,4", "--json", *arguments).failed("bad-request", "bad-request", words)
    with pytest.raises(FileNotFoundError):
        servo.read("ran")


def test_wrong_usage_is_said(servo):
    for arguments, words in (
        ([], "COMPONENT.SETTING=VALUE"),
        (["a.x=1,,2"], "lacks a value"),
        (["a.x=5..1"], "has no values"),
        (["a.free=1..100000000000"], "more than 1000 combinations"),
        (["a.x=0..20", "a.free=1..100"], "more than 1000 combinations"),
        (["--runs", "0", "a.x=1"], "--runs"),
        (["--csv", "--json", "a.x=1"], "exclude each other"),
        (["--command", "true", "--config", "c.yaml"], "exclude each other"),
    ):
        ended = servo.call("compare", *arguments)
        assert (ended.status, ended.stdout) == (2, b""), ended
        assert words in ended.stderr


# --- turns and the verdict ----------------------------------------------------------------------------------------


def test_turns_rank_rightly_on_a_machine_that_drifts_where_blocks_do_not(servo):
    # Each run of any makes every later one cost 1 more; 4 is better by 5, and comes last.
    servo.configure(
        {"batch": dict(BATCH, command=COUNTED + "echo {a.x} >>order; echo cost $((n + 100 - ({a.x} == 4) * 5))")}
    )
    answer = compared(servo.call("compare", "a.x=0,2,4", "--runs", "5", "--json"))
    assert servo.read("order").split() == [b"0", b"2", b"4"] * 5
    assert settings_of(answer, "a.x") == [4, 0, 2]
    servo.write("n", b"0")
    blocks = [servo.call("measure", "a.x=%d" % x, "--runs", "5").answer["metrics"]["cost"]["value"] for x in (0, 2, 4)]
    assert blocks == [103, 108, 108]


def verdict(servo, *arguments):
    ended = servo.call("compare", *arguments, environment={"COLUMNS": "400"})
    assert ended.status == 0, ended
    return ended.stdout.decode().split("\n\n")[1]


def test_what_these_runs_cannot_tell_is_named_with_the_runs_it_takes(servo):
    assert "cannot tell from the best: [a.x=4] (" in verdict(servo, "a.x=2,4", "--runs", "2")
    assert "it takes 3 runs of each at least" in verdict(servo, "a.x=2,4", "--runs", "2")
    assert "is better than any other" in verdict(servo, "a.x=2,4", "--runs", "3")
    servo.configure({"batch": dict(BATCH, command=COUNTED + "echo cost $((n % 2 + {a.x} / 8))")})
    assert "the best: [a.x=2] (" in verdict(servo, "a.x=2,4,20", "--runs", "5")


# --- for other tools, and stopped -----------------------------------------------------------------------------------


def test_it_is_written_for_other_tools(servo):
    table = servo.call("compare", "a.x=2,4", "--runs", "3", "--markdown")
    assert table.stdout.decode().split("\n")[2].startswith("| a.x | cost | times the best | ")
    assert "is better than any other" in table.stderr
    csv = servo.call("compare", "a.x=2,4", "--runs", "3", "--csv", "--svg", "picture.svg").stdout.decode().split("\n")
    assert (len(csv), csv[0][:7]) == (8, "number,")
    picture = servo.read("picture.svg").decode()
    assert "a.x=4" in picture
    assert len(re.findall('class="(?:point|best)" cx', picture)) == 6


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_cancel_shows_what_is_known_and_that_it_is_not_all(pyz_for, tmp_path, signum):
    job = COUNTED + "if test $n = 3; then kill -%d $(cat driver); sleep 60; fi; echo cost {a.x}" % signum
    servo = Servo(NEWEST, pyz_for(NEWEST), tmp_path, {"batch": dict(BATCH, command=job, history="h")})
    for form in ([], ["--json"]):
        servo.write("n", b"0")
        servo.write("driver", b"")
        process = servo.start("compare", "a.x=2,4", *form, prefix=["/bin/sh", "-c", 'echo $$ >driver; exec "$0" "$@"'])
        stdout, _ = process.communicate(timeout=60)
        assert process.returncode == 128 + signum
        if form:
            answer = json.loads(stdout.decode().split("\n")[-2])
            assert (answer["status"], answer["reason"], len(answer["measurements"])) == ("failed", "cancelled", 2)
        else:
            assert re.search(r"^ +2 +2 .*\* best$", stdout.decode(), re.M)
            assert "this is not all: cancelled by SIG" in stdout.decode()
    assert len(servo.read("h").splitlines()) == 4


def test_a_comparison_counts_for_tune_and_measure_as_one_run_each(servo):
    servo.configure({"batch": dict(BATCH, history="h")})
    assert servo.call("compare", "a.x=2,4", "--runs", "2").status == 0
    assert servo.call("measure").status == 0
    lines = [json.loads(line) for line in servo.read("h").splitlines()]
    assert len({line["job"] for line in lines}) == 1
