"""What measure is asked for beyond one plain run: one-off values, several runs, resources, formulas, the history, …"""

import os
import re
import shutil
import statistics
import subprocess

import pytest
from calling import SETTINGS, application

SIZE = {"size": {"output_regex": r"^size (\S+)"}}
# Each run prints one line of the file numbers, and takes it away.
PRINT_NEXT = 'read -r line <numbers; echo "size $line"; sed -i 1d numbers'


def test_a_value_for_one_measurement_is_used_and_told_and_not_stored(newest):
    settings = dict(SETTINGS, heap={"type": "formula", "formula": "{web.cpu} * 100"})
    job = "echo size {web.cpu}-{web.gc}-{web.opts}-{web.heap}"
    newest.job(job, metrics=SIZE, default_state=application(web=settings))
    before = newest.stored(cpu=4, gc=7, unset="now set")
    answer = newest.measure(b"", "web.cpu=3", "web.opts=a.b").answer
    assert answer["metrics"]["size"] == {"value": "3-7-a.b-300"}
    used = {"cpu": 3, "mem": 1.5, "gc": 7, "opts": "a.b", "unset": "now set", "heap": 300}
    assert answer["settings"] == {"web." + name: value for name, value in used.items()}
    assert newest.read("_state.json") == before


def test_of_several_runs_the_median_is_the_value_and_warm_up_runs_do_not_count(servo):
    servo.write("numbers", b"100 warm\n7 a\n1.5 b\n9 c\n2.5 d\n")
    metrics = {**SIZE, "text": {"output_regex": r"^size \S+ (\S+)"}}
    servo.job(PRINT_NEXT, metrics=metrics, runs=7, warmup_runs=0)
    metrics = servo.measure(b"", "--runs", "4", "--warmup-runs", "1").answer["metrics"]
    assert metrics["size"] == {"value": 4.75, "runs": [7, 1.5, 9, 2.5]}
    runtimes = metrics["total_runtime"]["runs"]
    assert len(runtimes) == 4
    assert metrics["total_runtime"]["value"] == pytest.approx(statistics.median(runtimes), abs=1e-9)
    # Of text that of the run with the median time, the shorter of two.
    middle = [each for each, seconds in zip("abcd", runtimes) if seconds == statistics.median_low(runtimes)]
    assert metrics["text"]["value"] in middle
    assert metrics["text"]["runs"] == ["a", "b", "c", "d"]


def test_progress_counts_all_runs(newest):
    ended = newest.job("true", prepare="true", cleanup="true").measure(b"", "--runs", "2", "--warmup-runs", "2")
    percents = [line["progress"] for line in ended.progress]
    assert percents == [0, 0, 25, 25, 25, 50, 50, 50, 75, 75, 75, 99, 100]
    begun = [line["message"].split(" has been")[0] for line in ended.progress[:-1]]
    places = ["warm-up run 1 of 2", "warm-up run 2 of 2", "run 1 of 2", "run 2 of 2"]
    assert begun == [place + what for place in places for what in (": prepare", ": the job", ": cleanup")]


def test_a_formula_is_about_metrics_settings_and_control_and_other_formulas_in_each_run(servo):
    metrics = {
        "cost": {"formula": "{hourly} * {control.hours}", "unit": "EUR"},
        "hourly": {"formula": "{size} * {web.cpu}"},
        **SIZE,
    }
    servo.write("numbers", b"10\n40\n60\n")
    servo.job(PRINT_NEXT, metrics=metrics, default_control={"hours": 0.5}, runs=3)
    metrics = servo.measure({"metrics": ["cost"]}).answer["metrics"]
    assert set(metrics) == {"total_runtime", "cost"}
    assert metrics["cost"] == {"value": 40.0, "unit": "EUR", "runs": [10.0, 40.0, 60.0]}


def test_a_formula_that_what_was_printed_does_not_suit_shows_its_values(newest):
    for printed, words in (("0", ["1/{size}: 1/0", "divides by zero"]), ("abc", ['"abc" is a string', "a number"])):
        newest.job("echo size " + printed, metrics={"rate": {"formula": "1/{size}"}, **SIZE})
        newest.measure().failed("failed", "no-match", "the job ended well, but rate cannot be computed", *words)


def test_a_formula_that_can_never_be_computed_is_said_before_the_job_runs(newest):
    newest.stored(cpu=3)
    for formula, words in (
        ("{total_runtime} * {control.price}", "{control.price} has no value"),
        ("{size} / {web.unset}", "{web.unset} has no value"),
        ("{size} + 1 / ({web.cpu} - 3)", "divides by zero"),
    ):
        newest.job("touch ran; echo size 5", metrics={"cost": {"formula": formula}, **SIZE})
        is_wrong = "control" not in formula  # a service sends that with the request
        status, reason = ("failed", "bad-config") if is_wrong else ("bad-request", "bad-request")
        newest.measure().failed(status, reason, "config.json: batch.metrics.cost.formula", words)
        ended = newest.call("check")
        assert (ended.status, words in ended.stdout.decode()) == (is_wrong, True)
    assert not os.path.exists(newest.path("ran"))
    assert newest.measure({"metrics": ["size"]}).status == 0


def test_each_measurement_is_a_line_of_the_history_also_one_that_failed(servo):
    servo.job("echo size {web.cpu}; test {web.cpu} != 3", metrics=SIZE, history="h", runs=2)
    answers = [servo.measure({"control": {"n": 1}}, word).answer for word in ("web.cpu=2", "web.cpu=3")]
    good, bad = servo.read_lines("h")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", good["time"])
    assert good["job"] == bad["job"]
    assert good["control"] == bad["control"] == {"n": 1}
    assert (good["settings"], bad["settings"]["web.cpu"]) == (answers[0]["settings"], 3)
    assert (good["status"], good["metrics"]) == ("ok", answers[0]["metrics"])
    assert {key: bad[key] for key in ("status", "reason", "message")} == answers[1]
    assert "run 1 of 2" in bad["message"]


def test_what_did_not_get_to_run_is_no_line_of_the_history_and_no_settings_are_blamed_for_the_machine(newest):
    newest.job("rm kept; mkdir kept", history="h", metrics=SIZE, runs=2)
    newest.measure({"metrics": ["sizes"]}).bad_request("sizes")
    newest.measure(b"", "--keep-output", "missing/kept").failed("failed", "command-failed", "missing/kept")
    assert newest.read("h") == b""
    problem = "kept in kept: Is a directory"
    newest.measure({"metrics": []}, "--keep-output", "kept").failed("failed", "command-failed", problem)
    assert newest.read_lines("h")[0]["cause"] == "machine"


def test_a_history_that_can_be_written_no_more_costs_no_answer(newest):
    ended = newest.job("rm h; mkdir h; echo size 5", metrics=SIZE, history="h").measure()
    assert ended.answer["metrics"]["size"] == {"value": 5}
    assert "servo-batch: h: the history cannot be written" in ended.stderr.replace(newest.folder + "/", "")


def test_a_second_measurement_at_the_same_time_is_said(newest):
    os.mkfifo(newest.path("go"))
    first = newest.job("cat go").start("measure", stdin=subprocess.DEVNULL)
    assert b"the job" in first.stdout.readline()
    with open(newest.path("go"), "wb"):  # which waits for the job to open it: by then the lock is held
        second = newest.job("true").measure()
    assert (first.communicate()[1], first.returncode) == (b"", 0)
    told = "servo-batch: another measurement with config.json is running: each makes the other's figures wrong\n"
    assert (second.stderr, second.status) == (told, 0)
    assert newest.measure().stderr == ""


def test_output_is_not_kept_in_the_file_that_runs(newest):
    program = shutil.copy(newest.pyz, newest.path("copy.pyz"))
    before = newest.read("copy.pyz")
    newest.measure(b"", "--keep-output", "copy.pyz", program=program).bad_request("copy.pyz", "name another ")
    assert newest.read("copy.pyz") == before


def test_a_cleanup_that_no_shell_knows_is_refused_before_the_job_runs(newest):
    for cleanup in ("rmm -rf scratch", ["rmm", "-rf", "scratch"]):
        newest.job("touch ran", cleanup=cleanup)
        newest.measure().bad_config("config.json: batch.cleanup: command not found: ", "rmm")
    assert not os.path.exists(newest.path("ran"))
    # The job or prepare may make it, a script may define it, or pass over it.
    makes = "printf '#!/bin/sh\\n' >clean; chmod +x clean"
    for cleanup, keys in (
        ("./clean", {}),
        ("clean", {"prepare": makes, "env": {"PATH": ".:/usr/bin:/bin"}}),
        (["clean"], {"env": {"PATH": newest.folder + ":/usr/bin:/bin"}}),
        ("rmm -rf scratch || true", {}),
        ("f () {{ true; }}; f", {}),
    ):
        newest.job(makes, cleanup=cleanup, **keys)
        assert newest.measure().status == 0, cleanup


def test_a_command_is_a_configuration_and_a_slip_is_named_before_anything_runs(newest):
    newest.write("_state.json", b"{")  # which nobody looks at, nor at the configuration
    answer = newest.measure(b"", "--command", "echo {a.b}", "a.b=1", "--metric", "b=(.)").answer
    assert (answer["settings"], answer["metrics"]["b"]) == ({"a.b": 1}, {"value": 1})
    for values, words in (("1,2", "one of 1, 2"), ("1..2", "a number from 1 to 2")):
        ended = newest.measure(b"", "--command", "touch ran {a.b}", "a.b=" + values)
        ended.failed("rejected", "invalid-value", "nothing was measured: a.b must be " + words)
    newest.measure(b"", "--command", "touch ran {a.c}", "a.b=1").bad_request(
        '--command: nothing gives {a.c} a value: add a.c=VALUE (did you mean "a.b"?)'
    )
    assert not os.path.exists(newest.path("ran"))
