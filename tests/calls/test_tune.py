"""The tune verb: what it measures, what it says at the end, and that it goes on wherever it was stopped."""

import json
import os
import signal
import subprocess

import pytest
from calling import Servo, without_privileges
from machine import NEWEST, OLDEST
from terminals import Terminal

# Lowest, 1, at x=7 and k=1; 30 with the default.
BOWL = "echo cost $(( ({a.x} - 7) * ({a.x} - 7) + {a.k} ))"
SETTINGS = {
    "x": {"type": "range", "min": 0, "max": 9, "step": 1, "value": 2},
    "k": {"type": "enum", "values": [1, 5], "value": 5},
    "name": {"value": "shop"},
}
DEFAULT = {"a.x": 2, "a.k": 5, "a.name": "shop"}
BEST = {"a.x": 7, "a.k": 1, "a.name": "shop"}


def described(command=BOWL, settings=SETTINGS, **keys):
    document = {
        "command": command,
        "application": {"components": {"a": {"settings": settings}}},
        "metrics": {"cost": {"output_regex": "cost (.*)"}},
        "objective": {"minimize": "{cost}"},
    }
    document.update(keys)
    return {"batch": document}


class Tuner(Servo):
    """A folder in which the built file tunes."""

    def tune(self, *arguments, **options):
        return self.call("tune", *arguments, **options)

    def tuned(self, *arguments):
        """Return the answer of a tuning that went well, and of which stderr says nothing."""
        ended = self.tune(*arguments)
        assert (ended.status, ended.stderr) == (0, ""), ended
        return ended.answer

    def counted(self, *arguments):
        """Return how many measurements of the history count for a tuning with these arguments."""
        return int(self.tune(*arguments).progress[0]["message"].rpartition(": ")[2])

    def history(self):
        return [json.loads(line.decode()) for line in self.read("_history.jsonl").splitlines()]

    def measured(self):
        return [entry["settings"] for entry in self.history()]

    def has_state(self):
        return os.path.exists(self.state)


@pytest.fixture
def tuner(pyz_for, tmp_path):
    """A tuner under the newest Python."""
    return Tuner(NEWEST, pyz_for(NEWEST), tmp_path, described())


def read_until(process, text):
    """Read lines of a running call up to the one that has ``text``."""
    line = process.stdout.readline()
    while text not in line:
        assert line, process.stderr.read()
        line = process.stdout.readline()


def test_the_default_first_then_proposals_then_the_best_and_the_default_in_turns(python, pyz_for, tmp_path):
    tuner = Tuner(python, pyz_for(python), tmp_path, described())
    ended = tuner.tune("--measurements", "8")
    assert ended.answer == {
        "status": "ok",
        "better": True,
        "settings": BEST,
        "objective": "minimize {cost}",
        "best": {"value": 1, "runs": [1, 1, 1]},
        "default": {"value": 30, "runs": [30, 30, 30]},
        "measurements": 8,
    }
    measured = tuner.measured()
    assert measured[0] == DEFAULT
    assert len({json.dumps(settings) for settings in measured[:8]}) == 8
    assert measured[8:] == [BEST, DEFAULT] * 3
    assert [entry.get("purpose") for entry in tuner.history()][8:] == ["confirm best", "confirm default"] * 3
    assert "confirmed by tune" in tuner.call("history").stdout.decode()
    percents, messages = zip(*((line["progress"], line["message"]) for line in ended.progress))
    assert (list(percents), percents[-1]) == (sorted(percents), 99)
    first = messages.index("measurement 1 of 14: 30 with a.x=2 a.k=5; best so far 30")
    assert messages[first + 1].startswith("14 measurements take about ")
    assert "measurement 14 of 14, to confirm default: 30 with a.x=2 a.k=5; best so far 1" in messages
    assert tuner.query().query == {"a": {"x": 7, "k": 1, "name": "shop"}}


def test_the_best_and_what_is_held_are_laid_over_what_is_stored(tuner):
    settings = {"name": {"value": "store"}, "x": {"value": 3}}
    stored = {"application": {"note": "mine", "components": {"a": {"settings": settings}}}}
    tuner.write("_state.json", stored)
    answer = tuner.tuned("a.k=1", "--measurements", "30")
    assert (answer["settings"], answer["measurements"]) == ({"a.x": 7, "a.k": 1, "a.name": "store"}, 10)
    assert tuner.measured()[0] == {"a.x": 2, "a.k": 1, "a.name": "store"}
    assert {(measured["a.k"], measured["a.name"]) for measured in tuner.measured()} == {(1, "store")}
    settings.update(x={"value": 7}, k={"value": 1})
    assert json.loads(tuner.read("_state.json").decode()) == stored


def test_where_the_difference_may_be_noise_the_state_stays_byte_for_byte(tuner):
    stored = b'{ "application":{"components":{"a":{"settings":{"x":{"value": 4}}}}}}'
    # By a counter in a file: the default costs 30, 15, 30, 30, what else there is 20 always.
    counter = "n=$(cat n 2>/dev/null || echo 0); test {a.x} = 2 && echo $((n + 1)) >n; "
    costs = "if [ {a.x} != 2 ]; then echo cost 20; elif [ $n -lt 2 ]; then echo cost $((30 - 15 * n)); else echo cost 30; fi"
    tuner.configure(described(counter + costs, {"x": SETTINGS["x"]}))
    tuner.write("_state.json", stored)
    answer = tuner.tuned("--measurements", "2")
    assert (answer["better"], answer["default"]["runs"], answer["best"]["runs"]) == (False, [15, 30, 30], [20, 20, 20])
    assert tuner.read("_state.json") == stored


# Going on


def test_killed_eight_times_it_ends_with_the_same_measurements(pyz_for, tmp_path):
    folders = tmp_path / "whole", tmp_path / "killed"
    whole, killed = [Tuner(NEWEST, pyz_for(NEWEST), folder, described()) for folder in folders if not folder.mkdir()]
    answer = whole.tuned("--measurements", "8")
    for killings in range(8):
        arguments = ["tune", "--measurements", "8"]
        with killed.start(*arguments, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            # Before it begins, as it begins, while the job runs, and after a step: then it is in the history.
            lines = [process.stdout.readline() for _ in range(killings % 4)]
            process.kill()
        assert not any(b'"status"' in line for line in lines)
    assert 1 < len(killed.history()) < len(whole.history())
    assert killed.tuned("--measurements", "8") == answer
    assert killed.measured() == whole.measured()


def test_what_measure_recorded_counts_unless_the_constraints_forbid_it_by_now(tuner):
    for request, x in ({"metrics": []}, 6), ({}, 7):  # the first is not about the objective
        assert tuner.measure(request, "a.x=%d" % x, "a.k=1", "--history", "_history.jsonl").status == 0
    answer = tuner.tuned("--measurements", "2")
    assert (answer["settings"], answer["measurements"]) == (BEST, 2)
    assert tuner.measured()[1:] == [BEST, DEFAULT] * 4
    tuner.configure(described(constraints=["{a.x} < 3"]))
    os.unlink(tuner.state)
    assert tuner.tuned("--measurements", "20", "--confirm", "0")["settings"] == {"a.x": 2, "a.k": 1, "a.name": "shop"}
    assert [settings["a.x"] for settings in tuner.measured()[9:]].count(2) == 1
    assert len(tuner.measured()) == 9 + 5


def test_another_job_starts_anew(tuner):
    formula = {"type": "formula", "formula": "{a.x} * 2"}
    settings = dict(SETTINGS, name={"value": "store"}), dict(SETTINGS, twice=formula)
    changes = [{"command": BOWL + " "}, {"runs": 2}, {"default_control": {"n": 1}}]
    changes += [{"settings": each} for each in settings]
    for changed in [{}, *changes]:
        tuner.configure(described(**changed))
        tuner.tune("--measurements", "1")
    assert [entry["settings"]["a.x"] for entry in tuner.history()] == [2] * 6


# What can go wrong


def test_failures_are_learnt_from(tuner):
    job = "case {a.x} in [89]) exit 3;; 3) sleep 60;; 4) exit 0;; esac; " + BOWL
    tuner.configure(described(job, timeout=0.3, objective={"minimize": "{cost} + 0 / ({a.x} - 5)"}))
    ended = tuner.tune("a.k=1", "--measurements", "10")
    assert (ended.answer["settings"], ended.answer["better"], ended.answer["measurements"]) == (BEST, True, 10)
    reasons = {entry["settings"]["a.x"]: entry.get("reason") for entry in tuner.history()}
    failures = {3: "timeout", 4: "no-match", 8: "command-failed", 9: "command-failed"}
    assert reasons == {**dict.fromkeys(range(10)), **failures}
    # Where the objective cannot be computed, that is a failure like any other, also to whoever goes on.
    assert any(": no-match with a.x=5; " in line["message"] for line in ended.progress)
    assert tuner.tuned("a.k=1", "--measurements", "10") == ended.answer
    assert len(tuner.history()) == 16


@pytest.mark.parametrize(
    ("folder", "keys", "problem"),
    [
        (".", {}, "its output cannot be kept in $TMPDIR"),
        ("..", {"working_directory": "room"}, "working_directory room: No"),
    ],
    ids=["temporary files", "working directory"],
)
def test_what_the_machine_lacks_ends_it_and_no_settings_are_blamed(tuner, folder, keys, problem):
    command = "cd %s; echo >>runs; test $(wc -l <runs) != 3 || rmdir room; " % folder
    tuner.configure(described(command + BOWL, **keys))
    os.mkdir(tuner.path("room"))
    tuner.environment["TMPDIR"] = tuner.path("room" if not keys else "")
    ended = tuner.tune("--measurements", "5")
    assert (ended.status, ended.answer["reason"]) == (1, "command-failed")
    assert problem in ended.answer["message"]
    assert "the same command goes on from _history.jsonl" in ended.answer["message"]
    assert [entry.get("cause") for entry in tuner.history()] == [None] * 3 + ["machine"]
    os.mkdir(tuner.path("room"))
    assert tuner.tuned("--measurements", "5", "--confirm", "0")["measurements"] == 5
    assert tuner.measured()[3] == tuner.measured()[4]


def test_a_failing_default_ends_it_with_that_failure(tuner):
    tuner.configure(described("exit $(cat status) {a.x} {a.k}"))
    tuner.write("status", b"4")
    ended = tuner.tune()
    assert (ended.status, ended.answer["reason"]) == (1, "command-failed")
    assert "of the default settings" in ended.answer["message"]
    assert len(tuner.history()) == 1
    tuner.configure(described("test ! -e status && " + BOWL))
    os.unlink(tuner.path("status"))
    assert tuner.tuned("--measurements", "8", "--confirm", "0")["settings"] == BEST


def test_a_stop_says_what_was_found_and_how_to_go_on_and_the_state_stays(tuner):
    tuner.configure(described("test {a.x} = 2 || sleep 60; " + BOWL))
    tuner.write("_state.json", b'{"application": {"components": {}} }')
    process = tuner.start("tune", stdin=subprocess.DEVNULL)
    read_until(process, b"measurement 2 of 26: the job has been running")
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    answer = json.loads(stdout.decode().splitlines()[-1])
    assert answer["reason"] == "cancelled"
    said = "; the best so far is 30 with a.x=2 a.k=5; the same command goes on from _history.jsonl"
    assert answer["message"].endswith(said)
    assert len(tuner.history()) == 1
    assert tuner.read("_state.json") == b'{"application": {"components": {}} }'


def test_a_stop_is_heard_while_it_looks_for_what_the_constraints_allow(tuner):
    wide = {name: {"min": 0, "max": 1000000, "step": 1, "value": 0} for name in "xk"}
    tuner.configure(described(settings=wide, constraints=["{a.x} + {a.k} < 1"]))
    process = tuner.start("tune", stdin=subprocess.DEVNULL)
    read_until(process, b"measurement 1 of 36: 49")
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=10)
    assert process.returncode == 128 + signal.SIGTERM, (stdout, stderr)


def test_nobody_reading_is_a_stop_not_a_bug(tuner):
    with tuner.start("tune", stdin=subprocess.DEVNULL) as process:
        read_until(process, b"measurement 1 of 26: the job has been running")
        process.stdout.close()
        stderr = process.stderr.read().decode()
    assert process.returncode == 1
    assert "Traceback" not in stderr
    assert "goes on from _history.jsonl" in stderr


def test_a_history_that_can_be_written_no_more_ends_it_before_the_next_job(tuner):
    tuner.configure(described("mv _history.jsonl kept; mkdir _history.jsonl; " + BOWL))
    ended = tuner.tune("--measurements", "5")
    assert (ended.status, ended.answer["reason"]) == (1, "bad-config")
    assert ended.stderr.count("the history cannot be written") == 2, ended
    assert os.listdir(tuner.path("_history.jsonl")) == []


def test_a_state_that_cannot_be_written_is_said_with_the_way_on(tuner):
    os.mkdir(tuner.path("state"))
    tuner.configure(described(state="state/state.json"))
    os.chmod(tuner.path("state"), 0o555)
    ended = tuner.tune("a.k=1", "--measurements", "10", prefix=without_privileges())
    assert (ended.status, ended.answer["reason"]) == (1, "bad-state")
    assert "the best so far is 1 with a.x=7; the same command goes on from _history.jsonl" in ended.answer["message"]
    os.chmod(tuner.path("state"), 0o755)
    assert tuner.tuned("a.k=1", "--measurements", "10")["better"]
    assert (len(tuner.history()), tuner.read("state/state.json").count(b'"value": 7')) == (16, 1)


# What is searched


def test_constraints_are_never_broken_and_formulas_follow(tuner):
    settings = dict(SETTINGS, total={"type": "formula", "formula": "{a.x} * {a.k}"})
    job = "test {a.total} = $(( {a.x} * {a.k} )) && " + BOWL
    tuner.configure(described(job, settings, constraints=["{a.total} <= 12", "{a.x} < 7"]))
    answer = tuner.tuned("--measurements", "60")
    assert answer["settings"] == {"a.x": 6, "a.k": 1, "a.name": "shop", "a.total": 6}
    allowed = [(x, k) for x in range(7) for k in (1, 5) if x * k <= 12]
    assert sorted((settings["a.x"], settings["a.k"]) for settings in tuner.measured()[:-6]) == allowed
    assert answer["measurements"] == len(allowed)


def test_the_objective_and_the_control_of_the_command_line(tuner):
    tuner.configure(described("test {control.n} = 3 && echo cost $(( {a.x} * {a.k} ))"))
    answer = tuner.tuned("--maximize", "{cost} - 1", "--control", '{"n": 3}', "a.k=5")
    assert (answer["objective"], answer["best"]["value"]) == ("maximize {cost} - 1", 44)
    assert {json.dumps(entry["control"]) for entry in tuner.history()} == {'{"n": 3}'}


def test_a_cap_is_for_the_job_alone_and_a_longer_limit_is_another_chance(tuner):
    keys = {"prepare": "sleep 0.1", "metrics": {}, "objective": {"minimize": "{total_runtime}"}}
    tuner.configure(described("test {a.x} = 2 || sleep 60 {a.k}", **keys))
    tuner.tuned("--measurements", "3", "--cap", "1.5")
    _, *others = tuner.history()
    assert [entry["message"].split(" of ")[0] for entry in others] == ["the job ran past its limit by --cap"] * 2
    for arguments, counting in ((["--cap", "1.5"], 3), (["--cap", "1000"], 1), ([], 1)):
        assert tuner.counted("--measurements", "1", *arguments) == counting
    for timeout, counting in ((min(entry["timeout"] for entry in others), 3), (60, 1)):
        tuner.configure(described("test {a.x} = 2 || sleep 60 {a.k}", timeout=timeout, **keys))
        assert tuner.counted("--measurements", "1") == counting


def test_what_nothing_uses_is_named_and_not_varied(tuner):
    settings = dict(
        SETTINGS, idle=SETTINGS["x"], seen=SETTINGS["x"], twice={"type": "formula", "formula": "{a.seen} * 2"}
    )
    tuner.configure(described(BOWL + "; : {a.twice}", settings))
    ended = tuner.tune("--measurements", "3", "--confirm", "0")
    assert "no command, env, constraint or objective uses a.idle, so it is not varied" in ended.stderr
    assert {measured["a.idle"] for measured in tuner.measured()} == {2}
    assert len({measured["a.seen"] for measured in tuner.measured()}) == 3
    assert "uses a.name, a.idle: adjusting" in tuner.call("check").stdout.decode()


def test_a_command_is_tuned_without_a_file_and_nothing_is_stored(tuner):
    os.unlink(tuner.path("config.json"))
    arguments = ["--command", BOWL, "a.x=4..9", "a.k=5,1", "--metric", "cost=cost (.*)", "--minimize", "{cost}"]
    answer = tuner.tune(*arguments).answer
    assert (answer["better"], answer["settings"], answer["measurements"]) == (True, {"a.x": 7, "a.k": 1}, 12)
    assert (answer["default"]["value"], tuner.measured()[0]) == (14, {"a.x": 4, "a.k": 5})
    assert sorted(os.listdir(tuner.folder)) == ["_history.jsonl"]
    assert tuner.tune(*arguments).answer == answer
    assert len(tuner.history()) == 18


# The time it takes


def test_a_budget_ends_the_search_before_its_number_of_measurements(tuner):
    tuner.configure(described("sleep 0.1; " + BOWL))
    answer = tuner.tuned("--budget", "1ms")
    assert (answer["measurements"], answer["better"], os.path.exists(tuner.state)) == (1, None, False)
    assert 2 <= tuner.tuned("--budget", "1s")["measurements"] <= 10
    assert tuner.tune("--budget", "soon").status == 2


# What is said


def test_the_end_says_what_matters_and_where_there_may_be_better(tuner):
    tuner.configure(described("echo cost $(( 100 - {a.x} + 0 * {a.k} ))"))
    messages = [line["message"] for line in tuner.tune("--confirm", "0").progress]
    assert messages[-2:] == [
        "what matters: most a.x",
        "a.x=9 is an end of its range: with a wider one there may be better",
    ]


BAD_REQUEST, BAD_CONFIG, BAD_STATE = ("bad-request", "bad-request"), ("failed", "bad-config"), ("failed", "bad-state")
CONSTRAINT = ("rejected", "constraint")
NOTHING = {"command": "touch ran", "settings": {"x": {"value": 1}, "k": {"value": 2}}}
SUM_OF_STORED = {"constraints": ["{a.x} + {a.n} < 10"]}
SUM = {"constraints": ["{a.x} + {a.k} < 9"]}
REFUSED = [
    (["--minimize", "{cst}"], {}, BAD_REQUEST, ["--minimize: ", "cost"]),
    (["--minimize", "{cost"], {}, BAD_REQUEST, ["--minimize", "names stand in braces"]),
    (["--cap", "2"], {}, BAD_REQUEST, ["{total_runtime}"]),
    (["--cap", "2", "--minimize", "{total_runtime}"], {"runs": 3}, BAD_REQUEST, ["runs: 1"]),
    (["--cap", "2", "--maximize", "{total_runtime}"], {}, BAD_REQUEST, ["minimize"]),
    ([], NOTHING, BAD_CONFIG, ["nothing to tune"]),
    ([], {"settings": dict(SETTINGS, x={"min": 1, "max": 2})}, BAD_CONFIG, ["a.x has none"]),
    (["--state", "damaged"], {}, BAD_STATE, ["damaged"]),
    (["--state", "outside"], {}, BAD_STATE, ["a.x"]),
    (["--state", "adjusted"], SUM_OF_STORED, CONSTRAINT, ["the default of what is tuned", "2 + 8 < 10"]),
    (["--history", "config.json"], {}, BAD_REQUEST, ["is the configuration"]),
    (["--history", "nowhere/history"], {}, BAD_CONFIG, ["nowhere/history"]),
    (["--history", "."], {}, BAD_CONFIG, ["directory"]),
    (["a.k=3"], SUM, ("rejected", "invalid-value"), ["a.k", "1, 5", "nothing was measured"]),
    (["a.kk=1"], SUM, BAD_REQUEST, ["a.kk", "a.k"]),
    (["a.x=7"], SUM, CONSTRAINT, ["7 + 5 < 9"]),
]


def test_what_cannot_be_tuned_is_said_before_anything_runs(tuner):
    tuner.write("damaged", b"{")
    for name, values in {"outside": {"x": 99}, "adjusted": {"x": 1, "n": 8}}.items():
        settings = {setting: {"value": value} for setting, value in values.items()}
        tuner.write(name, {"application": {"components": {"a": {"settings": settings}}}})
    for arguments, keys, (status, reason), words in REFUSED:
        keys = dict({"command": "touch ran; " + BOWL, "settings": dict(SETTINGS, n={"value": 1})}, **keys)
        tuner.configure(described(**keys))
        tuner.tune(*arguments).failed(status, reason, *words)
    assert not os.path.exists(tuner.path("ran"))


def test_a_remark_on_the_figures_is_made_once(tuner):
    metrics = {"cost": {"output_regex": "cost (.*)"}, "memory": {"resource": "max_rss"}}
    tuner.configure(described(BOWL, metrics=metrics))
    assert tuner.tune("--measurements", "5").stderr.count("memory: the job needed at most so much") == 1


# At a terminal


@pytest.fixture
def at_terminal(tuner):
    made = []

    def start(*arguments):
        environment = dict(tuner.environment, TERM="xterm")
        made.append(Terminal([tuner.python, tuner.pyz, "tune", *arguments], tuner.folder, environment, 100))
        return made[-1]

    yield start
    for terminal in made:
        terminal.close()


def test_a_person_reads_a_line_for_each_measurement_and_the_comparison(at_terminal):
    terminal = at_terminal("--measurements", "8")
    assert terminal.end() == 0
    first, titles, *lines = terminal.screen
    assert first == "minimize {cost}; measurements that count in _history.jsonl: 0"
    assert titles == "   #       objective       best  settings"
    assert lines[0] == "   1              30         30  a.x=2 a.k=5"
    assert lines.pop(1).startswith("14 measurements take about ")
    assert [line.split()[0] for line in lines[:14]] == [str(number) for number in range(1, 15)]
    assert [line.split()[5:] for line in lines[8:14]] == [["confirm", "best"], ["confirm", "default"]] * 3
    assert lines[14:] == [
        "",
        "                 default  best",
        "a.x              2        7",
        "a.k              5        1",
        "minimize {cost}  30       1",
        "",
        "the best is better by 96.7 %, 1, 1, 1 against 30, 30, 30, and is stored in _state.json",
        "better than the default is all that this shows: how near to the best that there is, nobody knows",
        "",
    ]


def test_a_terminal_that_does_not_say_how_wide_it_is_is_taken_to_be_as_wide_as_most(pyz_for, tmp_path):
    tuner = Tuner(OLDEST, pyz_for(OLDEST), tmp_path, described())
    terminal = Terminal([OLDEST, tuner.pyz, "tune", "--measurements", "1"], tmp_path, tuner.environment, columns=0)
    assert terminal.end() == 0
    assert b"minimize {cost}; measurements that count in _history.jsonl: 0\r\n" in terminal.received
    terminal.close()


def test_a_person_reads_why_nothing_is_stored(at_terminal, tuner):
    at_best = {name: dict(SETTINGS[name], value=BEST["a." + name]) for name in "xk"}
    cases = {
        "1": "the difference may be noise, 1 against 30: the state is as it was",
        "0": "too few runs to tell: the state is as it was; more --confirm or --budget goes on",
        "3": "nothing was found that is better than the default",
    }
    for confirm, said in cases.items():
        tuner.configure(described(settings=at_best if confirm == "3" else SETTINGS))
        terminal = at_terminal("--measurements", "8", "--confirm", confirm)
        assert terminal.end() == 0
        assert ("with fewer than 3 no test can call settings better" in "".join(terminal.screen)) == (confirm == "1")
        assert said in terminal.screen
        assert not os.path.exists(tuner.state)


def test_the_bar_tells_which_measurement_runs_and_what_is_left(at_terminal, tuner):
    os.mkfifo(tuner.path("go"))
    tuner.configure(described("cat go; " + BOWL, expected_duration=10))
    terminal = at_terminal("--measurements", "3", "--confirm", "0")
    terminal.until(b"0%  1 of 3, 0:00, 0:30 left")
    tuner.write("go", b"\n")
    terminal.until(b"%  2 of 3, ")
    terminal.until(b" left")
    terminal.type(b"\x03")
    assert terminal.end() == -signal.SIGINT  # which a shell takes as its own, too
    text = "".join(terminal.screen)
    assert "failed (cancelled)" in text
    assert "; the best so far is 30 with a.x=2 a.k=5" in text
