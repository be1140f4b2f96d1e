"""The tune verb: what it measures, what it says at the end, and that it goes on wherever it was stopped."""

import json
import os
import signal
import subprocess

import pytest
from calling import COST, Servo, application, batch, without_privileges
from machine import OLDEST

HISTORY = "_history.jsonl"
# Lowest, 1, at x=7 and k=1; 30 with the default.
BOWL = "echo cost $(( ({a.x} - 7) * ({a.x} - 7) + {a.k} ))"
SETTINGS = {
    "x": {"type": "range", "min": 0, "max": 9, "step": 1, "value": 2},
    "k": {"type": "enum", "values": [1, 5], "value": 5},
    "name": {"value": "shop"},
}
DEFAULT = {"a.x": 2, "a.k": 5, "a.name": "shop"}
BEST = {"a.x": 7, "a.k": 1, "a.name": "shop"}
# Of four combinations; the default of these costs 6.
NARROW = {"x": {"min": 6, "max": 7, "step": 1, "value": 6}}
STORED = b'{ "application":{"components":{"a":{"settings":{"x":{"value": 4}}}}}}'


def described(command=BOWL, settings=None, **keys):
    """Return a configuration; ``settings`` are laid over those of the bowl."""
    return batch(command, **{"default_state": application(a={**SETTINGS, **(settings or {})}), **COST, **keys})


@pytest.fixture
def tuner(newest):
    """A Servo that has the bowl to tune."""
    newest.configure(described())
    return newest


def tuned(servo, *arguments):
    """Return the answer of a tuning that went well, and of which stderr says nothing."""
    ended = servo.call("tune", *arguments)
    assert (ended.status, ended.stderr) == (0, ""), ended
    return ended.answer


def failed(servo, reason, *arguments, **options):
    """Return the message of a tuning that failed for this reason."""
    ended = servo.call("tune", *arguments, **options)
    assert (ended.status, ended.answer["reason"]) == (1, reason), ended
    return ended.answer["message"]


def recorded(servo, key="settings"):
    return [entry.get(key) for entry in servo.read_lines(HISTORY)]


def messages(ended):
    return [line["message"] for line in ended.progress]


def started(servo, text):
    """Return the process of a tuning that has said ``text``."""
    process = servo.start("tune", stdin=subprocess.DEVNULL)
    line = process.stdout.readline()
    while text not in line:
        assert line, process.stderr.read()
        line = process.stdout.readline()
    return process


def stopped(process):
    """Return the answer of a tuning that gets a SIGTERM."""
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, (stdout, stderr)
    return json.loads(stdout.decode().splitlines()[-1])


def test_the_default_first_then_proposals_then_the_best_and_the_default_in_turns(servo):
    ended = servo.configure(described()).call("tune", "--measurements", "8")
    assert ended.answer == {
        "status": "ok",
        "better": True,
        "settings": BEST,
        "objective": "minimize {cost}",
        "best": {"value": 1, "runs": [1, 1, 1]},
        "default": {"value": 30, "runs": [30, 30, 30]},
        "measurements": 8,
    }
    measured = recorded(servo)
    assert measured[0] == DEFAULT
    assert len({json.dumps(settings) for settings in measured[:8]}) == 8
    assert measured[8:] == [BEST, DEFAULT] * 3
    assert recorded(servo, "purpose")[8:] == ["confirm best", "confirm default"] * 3
    assert "confirmed by tune" in servo.call("history").text
    percents = [line["progress"] for line in ended.progress]
    assert (percents, percents[-1]) == (sorted(percents), 99)
    said = messages(ended)
    first = said.index("1 of 14: 30, best so far 30, a.x=2 a.k=5")
    assert said[first + 1].startswith("14 measurements take about ")
    assert "14 of 14: 30, best so far 1, a.x=2 a.k=5, to confirm default" in said
    assert servo.query().query == {"a": {"x": 7, "k": 1, "name": "shop"}}


def test_what_is_stored_or_held_is_kept_constraints_are_never_broken_and_formulas_follow(tuner):
    total = {"type": "formula", "formula": "{a.x} * 2 + {a.k}"}
    job = "test {a.total} = $(( {a.x} * 2 + {a.k} )) && " + BOWL
    tuner.configure(described(job, {"total": total}, constraints=["{a.total} <= 13"]))
    stored = application(a={"name": {"value": "store"}, "x": {"value": 3}})
    stored["application"]["note"] = "mine"
    tuner.write("_state.json", stored)
    answer = tuned(tuner, "a.k=1")
    allowed = [{"a.x": x, "a.k": 1, "a.name": "store", "a.total": 2 * x + 1} for x in range(7)]
    assert (answer["settings"], answer["measurements"]) == (allowed[-1], 7)
    measured = recorded(tuner)[:7]
    assert (measured[0], sorted(measured, key=lambda settings: settings["a.x"])) == (allowed[2], allowed)
    stored["application"]["components"]["a"]["settings"].update(x={"value": 6}, k={"value": 1})
    assert tuner.read_json("_state.json") == stored


# Going on


def test_killed_again_and_again_it_ends_with_the_same_measurements(tuner):
    os.mkdir(tuner.path("killed"))
    killed = Servo(tuner.python, tuner.path("killed"), described())
    arguments = ["--measurements", "5", "--confirm", "1"]
    # Before it begins, as it begins, while the job runs, and after a step: then it is in the history.
    for lines in (0, 1, 2, 3, 3):
        with killed.start("tune", *arguments, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            assert not any(b'"status"' in process.stdout.readline() for _ in range(lines))
            process.kill()
    assert 2 <= len(recorded(killed)) <= 5
    assert killed.call("tune", *arguments).answer == tuner.call("tune", *arguments).answer
    assert recorded(killed) == recorded(tuner)


def test_what_measure_recorded_counts_unless_the_constraints_forbid_it_by_now(tuner):
    for request, x in ({"metrics": []}, 6), ({}, 7):  # the first is not about the objective
        assert tuner.measure(request, "a.x=%d" % x, "a.k=1", "--history", HISTORY).status == 0
    answer = tuned(tuner, "--measurements", "2")
    assert (answer["settings"], answer["measurements"]) == (BEST, 2)
    assert recorded(tuner)[1:] == [BEST, DEFAULT] * 4
    tuner.configure(described(constraints=["{a.x} < 3"])).call("adjust", "--reset")
    assert tuned(tuner, "--measurements", "20", "--confirm", "0")["settings"] == dict(BEST, **{"a.x": 2})
    assert sorted(settings["a.x"] for settings in recorded(tuner)[9:]) == [0, 0, 1, 1, 2]


def test_another_job_starts_anew(tuner):
    twice = {"twice": {"type": "formula", "formula": "{a.x} * 2"}}
    jobs = [{}, {"command": BOWL + " "}, {"runs": 2}, {"default_control": {"n": 1}}, {"env": {"SERVO_X": "y"}}]
    for changed in [*jobs, {"settings": {"name": {"value": "store"}}}, {"settings": twice}]:
        tuner.configure(described(**changed)).call("tune", "--measurements", "1")
    assert [settings["a.x"] for settings in recorded(tuner)] == [2] * 7


# What can go wrong


def test_failures_are_learnt_from(tuner):
    job = "case {a.x} in [89]) exit 3;; 3) sleep 60;; 4) exit 0;; esac; " + BOWL
    tuner.configure(described(job, timeout=0.3, objective={"minimize": "{cost} + 0 / ({a.x} - 5)"}))
    ended = tuner.call("tune", "a.k=1", "--measurements", "10")
    assert (ended.answer["settings"], ended.answer["better"], ended.answer["measurements"]) == (BEST, True, 10)
    reasons = {entry["settings"]["a.x"]: entry.get("reason") for entry in tuner.read_lines(HISTORY)}
    failures = {3: "timeout", 4: "no-match", 8: "command-failed", 9: "command-failed"}
    assert reasons == {**dict.fromkeys(range(10)), **failures}
    # Where the objective cannot be computed, that is a failure like any other, also to whoever goes on.
    assert any(": no-match, best so far " in message and message.endswith(", a.x=5") for message in messages(ended))
    assert tuned(tuner, "a.k=1", "--measurements", "10") == ended.answer
    assert len(recorded(tuner)) == 16


def test_what_the_machine_lacks_ends_it_and_no_settings_are_blamed(tuner):
    command = "cd ..; echo >>runs; test $(wc -l <runs) != 3 || rmdir room; "
    tuner.configure(described(command + BOWL, working_directory="room"))
    os.mkdir(tuner.path("room"))
    message = failed(tuner, "command-failed", "--measurements", "5")
    assert "working_directory room: No" in message
    assert "the same command goes on from _history.jsonl" in message
    assert recorded(tuner, "cause") == [None] * 3 + ["machine"]
    os.mkdir(tuner.path("room"))
    assert tuned(tuner, "--measurements", "5", "--confirm", "0")["measurements"] == 5
    assert recorded(tuner)[3] == recorded(tuner)[4]


def test_a_failing_default_ends_it_with_that_failure(tuner):
    tuner.configure(described("test -e ready && " + BOWL, NARROW))
    assert "of the default settings" in failed(tuner, "command-failed")
    assert len(recorded(tuner)) == 1
    tuner.write("ready", b"")
    assert tuned(tuner, "--confirm", "0")["settings"] == BEST


def test_a_stop_says_what_was_found_and_how_to_go_on_and_the_state_stays(tuner):
    tuner.configure(described("test {a.x} = 2 || sleep 60; " + BOWL))
    tuner.write("_state.json", STORED)
    answer = stopped(started(tuner, b"measurement 2 of 26: the job has been running"))
    assert answer["reason"] == "cancelled"
    best = "the best so far is 30 with a.x=2 a.k=5; the same command goes on from _history.jsonl"
    assert answer["message"].endswith("; " + best)
    assert len(recorded(tuner)) == 1
    assert tuner.read("_state.json") == STORED


def test_a_stop_is_heard_while_it_looks_for_what_the_constraints_allow(tuner):
    wide = {name: {"min": 0, "max": 1000000, "step": 1, "value": 0} for name in "xk"}
    tuner.configure(described(settings=wide, constraints=["{a.x} + {a.k} < 1"]))
    stopped(started(tuner, b"1 of 36: 49"))


def test_a_history_that_can_be_written_no_more_ends_it_before_the_next_job(tuner):
    tuner.configure(described("mv _history.jsonl kept; mkdir _history.jsonl; " + BOWL))
    assert "the history cannot be written" in failed(tuner, "bad-config", "--measurements", "5")
    assert os.listdir(tuner.path(HISTORY)) == []


def test_a_state_that_cannot_be_written_is_said_with_the_way_on(tuner):
    tuner.configure(described(settings=NARROW, state="state/state.json"))
    assert "there is no folder" in failed(tuner, "bad-state", prefix=without_privileges())
    assert not os.path.exists(tuner.path(HISTORY))  # so that nothing was measured for it
    assert (
        tuner.call("tune", "--measurements", "1", "--confirm", "0", "--history", "other").status == 0
    )  # it stores nothing
    os.mkdir(tuner.path("state"))
    tuner.configure(described("mkdir -p state/state.json; " + BOWL, settings=NARROW, state="state/state.json"))
    message = failed(tuner, "bad-state", prefix=without_privileges())
    os.rmdir(tuner.path("state/state.json"))
    assert "the best so far is 1 with a.x=7 a.k=1; the same command goes on from _history.jsonl" in message
    assert tuned(tuner)["better"]
    assert (len(recorded(tuner)), tuner.read("state/state.json").count(b'"value": 7')) == (10, 1)


# What is searched


def test_the_objective_and_the_control_of_the_command_line_count_and_the_end_says_what_matters(tuner):
    tuner.configure(described("test {control.n} = 3 && echo cost $(( {a.x} + 0 * {a.k} ))"))
    ended = tuner.call("tune", "--maximize", "{cost} - 1", "--control", '{"n": 3}', "--confirm", "0")
    assert (ended.answer["objective"], ended.answer["settings"]["a.x"]) == ("maximize {cost} - 1", 9)
    assert recorded(tuner, "control") == [{"n": 3}] * 20
    end = "a.x=9 is an end of its range: with a wider one there may be better"
    assert messages(ended)[-2:] == ["what matters: most a.x", end]


def test_a_cap_is_for_the_job_alone_and_a_longer_limit_is_another_chance(tuner):
    def counted(*arguments):
        """Return how many measurements of the history count for a tuning with these arguments."""
        return int(messages(tuner.call("tune", "--measurements", "1", *arguments))[0].rpartition(": ")[2])

    keys = {"prepare": "sleep 0.1", "objective": {"minimize": "{total_runtime}"}, "metrics": {}}
    tuner.configure(described("test {a.x} = 2 || sleep 60 {a.k}", **keys))
    tuned(tuner, "--measurements", "3", "--cap", "1.5")
    _, *capped = tuner.read_lines(HISTORY)
    assert [entry["message"].split(" of ")[0] for entry in capped] == ["the job ran past its limit by --cap"] * 2
    assert [counted("--cap", "1.5"), counted("--cap", "1000"), counted()] == [3, 1, 1]
    for timeout, counting in ((min(entry["timeout"] for entry in capped), 3), (60, 1)):
        tuner.configure(described("test {a.x} = 2 || sleep 60 {a.k}", timeout=timeout, **keys))
        assert counted() == counting


def test_what_nothing_uses_is_named_and_not_varied_and_a_remark_on_the_figures_is_made_once(tuner):
    settings = {"twice": {"type": "formula", "formula": "{a.seen} * 2"}, "idle": SETTINGS["x"], "seen": SETTINGS["x"]}
    metrics = {**COST["metrics"], "memory": {"resource": "max_rss"}}
    tuner.configure(described(BOWL + "; : {a.twice}", settings, metrics=metrics))
    stderr = tuner.call("tune", "--measurements", "3", "--confirm", "0").stderr
    assert "no command, env, constraint or objective uses a.idle, so it is not varied" in stderr
    assert stderr.count("memory: the job needed at most so much") == 1
    assert [len({settings[name] for settings in recorded(tuner)}) for name in ("a.idle", "a.seen")] == [1, 3]
    assert "objective uses a.name, a.idle\n" in tuner.call("check").text


def test_a_command_is_tuned_without_a_file_and_nothing_is_stored(newest):
    os.unlink(newest.path("config.json"))
    arguments = ["--command", BOWL, "a.x=6..7", "a.k=5,1", "--metric", "cost=cost (.*)", "--minimize", "{cost}"]
    answer = newest.call("tune", *arguments).answer
    assert (answer["better"], answer["settings"], answer["measurements"]) == (True, {"a.x": 7, "a.k": 1}, 4)
    assert (answer["default"]["value"], recorded(newest)[0]) == (6, {"a.x": 6, "a.k": 5})
    assert os.listdir(newest.folder) == [HISTORY]
    assert newest.call("tune", *arguments).answer == answer
    assert len(recorded(newest)) == 10


def test_a_budget_ends_the_search_before_its_number_of_measurements(tuner):
    tuner.configure(described("sleep 0.1; " + BOWL))
    answer = tuned(tuner, "--budget", "1ms")
    assert (answer["measurements"], answer["better"], os.path.exists(tuner.state)) == (1, None, False)
    assert 2 <= tuned(tuner, "--budget", "1s")["measurements"] <= 10
    assert tuner.call("tune", "--budget", "soon").status == 2


def test_what_cannot_be_tuned_is_said_before_anything_runs(tuner):
    for arguments, keys, reason, words in (
        (["--cap", "2", "--minimize", "{total_runtime}"], {"runs": 3}, "bad-request", "runs: 1"),
        ([], {"settings": {"x": {"value": 1}, "k": {"value": 2}}}, "bad-config", "nothing to tune"),
        ([], {"settings": {"x": {"min": 1, "max": 2}}}, "bad-config", "a.x has none"),
    ):
        tuner.configure(described("touch ran; " + BOWL, **keys))
        assert words in failed(tuner, reason, *arguments)
    assert not os.path.exists(tuner.path("ran"))


# At a terminal


def test_a_person_reads_a_line_for_each_measurement_and_the_comparison(terminal, tuner):
    tuner.configure(described(settings=NARROW))
    screen = terminal(tuner, "tune", columns=100)
    assert screen.end() == 0
    first, *lines = screen.screen
    assert first == "minimize {cost}; measurements that count in _history.jsonl: 0"
    assert lines[0] == "1 of 10: 6, best so far 6, a.x=6 a.k=5"
    assert lines.pop(1).startswith("10 measurements take about ")
    assert [line.split()[0] for line in lines[:10]] == [str(number) for number in range(1, 11)]
    assert [line.split(", to ")[1] for line in lines[4:10]] == ["confirm best", "confirm default"] * 3
    assert lines[10:] == [
        "a.x=7 is an end of its range: with a wider one there may be better",
        "",
        "                 default  best",
        "a.x              6        7",
        "a.k              5        1",
        "minimize {cost}  6        1",
        "",
        "the best is better by 83.3 %, 1, 1, 1 against 6, 6, 6, and is stored in _state.json",
        "better than the default is all that this shows: how near to the best that there is, nobody knows",
        "",
    ]


def test_a_terminal_that_does_not_say_how_wide_it_is_is_taken_to_be_as_wide_as_most(terminal, tmp_path):
    screen = terminal(Servo(OLDEST, tmp_path, described()), "tune", "--measurements", "1", columns=0)
    assert screen.end() == 0
    assert b"minimize {cost}; measurements that count in _history.jsonl: 0\r\n" in screen.received


@pytest.mark.parametrize(
    ("confirm", "default", "said"),
    [
        ("1", {}, "the difference may be noise, 1 against 2: nothing was stored"),
        ("0", {}, "too few runs to tell: nothing was stored; more --confirm or --budget goes on"),
        ("3", {"value": 7}, "nothing was found that is better than the default"),
    ],
)
def test_a_person_reads_why_nothing_is_stored(terminal, tuner, confirm, default, said):
    tuner.configure(described(settings={"x": {**NARROW["x"], **default}, "k": {"value": 1}}))
    screen = terminal(tuner, "tune", "--confirm", confirm, columns=100)
    assert screen.end() == 0
    assert ("with fewer than 3 no test can call settings better" in "".join(screen.screen)) == (confirm == "1")
    assert said in screen.screen
    assert not os.path.exists(tuner.state)


def test_the_bar_tells_which_measurement_runs_and_what_is_left(terminal, tuner):
    os.mkfifo(tuner.path("go"))
    tuner.configure(described("cat go; " + BOWL, expected_duration=10))
    screen = terminal(tuner, "tune", "--measurements", "3", "--confirm", "0", columns=100)
    screen.until(b"0%  1 of 3, 0:00, 0:30 left")
    tuner.write("go", b"\n")
    screen.until(b"%  2 of 3, ")
    screen.until(b" left")
    screen.type(b"\x03")
    assert screen.end() == -signal.SIGINT  # which a shell takes as its own, too
    assert "failed (cancelled)" in screen.screen
    assert "the best so far is 30 with a.x=2 a.k=5" in "".join(screen.screen)
