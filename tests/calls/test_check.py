"""check: would this work?"""

import os

from calling import SETTINGS, application

CPU = {"cpu": SETTINGS["cpu"]}
METRICS = {
    "size": {"output_regex": r"^size (\d+)", "unit": "MiB"},
    "speed": {"output_regex": "^speed ([0-9.]+)?"},
}
VERDICTS = {
    "all is well": 0,
    "this would run: look first at what the warnings say": 0,
    "this would not work yet: mend what is named above and check again": 1,
}


def configured(servo, command="echo {web.cpu}", **keys):
    return servo.job(command, **{"default_state": application(web=CPU), "metrics": METRICS, **keys})


def page(servo, *arguments):
    """Return the exit status and the lines of the page."""
    ended = servo.call("check", *arguments)
    lines = ended.text.splitlines()
    assert (ended.stderr, ended.status) == ("", VERDICTS[lines[-1]]), ended
    if not ended.status:
        assert lines[-1].startswith("this would run") == any(line.startswith("warning: ") for line in lines)
    return ended.status, lines


def says(servo, status, *parts, arguments=()):
    """Assert that a check ends so and has a line with each of these parts."""
    found, lines = page(servo, *arguments)
    assert (found, [part for part in parts if not any(part in line for line in lines)]) == (status, []), lines


SHOWN = r"""configuration: config.json

state: the default state overlaid with what is stored in _state.json

name     value  unit
web.cpu      7  cores

prepare, run by /bin/sh -c:
touch b

command, run without a shell:
touch 7 'a b 1'

cleanup, run without a shell:
touch a

metric         unit     source
total_runtime  seconds  total_runtime
size           MiB      ^size (\d+)
speed                   ^speed ([0-9.]+)?

all is well
"""


def test_the_page_shows_what_would_be_used_and_nothing_is_run(servo):
    configured(servo, ["touch", "{web.cpu}", "a b {control.x}"], prepare="touch b", cleanup=["touch", "a"])
    says(servo, 0, "stored in _state.json, which is not there yet")
    servo.stored(cpu=7)
    before = os.listdir(servo.folder)
    assert servo.call("check", "--control", '{"x": 1}').text == SHOWN
    assert os.listdir(servo.folder) == before


def test_every_part_is_looked_at_though_others_are_wrong(newest):
    newest.write("config.yaml", b"batch: {command: 'echo {', timeout: -1}\n")
    newest.write("_state.json", b"{")
    newest.environment["TMPDIR"] = newest.path("gone")
    says(
        newest,
        1,
        "config.yaml:1: batch.command: ",
        "config.yaml:1: batch.timeout: must be more than 0 seconds",
        "config.yaml:1: batch.default_state: must be a mapping of the key application, but is empty or missing",
        "_state.json: the state file cannot be read: _state.json:1:2: not JSON",
        "its output cannot be kept in $TMPDIR, %s/gone: No such file or directory" % newest.folder,
        "missing.txt: the saved output cannot be read: No such file or directory",
        arguments=("--config", "config.yaml", "--output", "missing.txt"),
    )


def test_what_a_request_brings_is_no_problem_unless_control_stands_for_it(newest):
    metrics = {**METRICS, "cost": {"formula": "{size} * {control.y.z}"}}
    configured(newest, "echo {control.x} {_control.y.z:.0f} {{web.cpu}}", metrics=metrics)
    needs = "batch.command: the command needs {control.x}"
    says(newest, 0, "note: config.json: " + needs, "--control JSON", "doubled braces")
    says(newest, 0, "echo 1 2 {web.cpu}", arguments=("--control", '{"x": 1, "y": {"z": 2}}'))
    for control in ("{}", '{"y": {"z": 2}}'):
        says(newest, 1, needs, arguments=("--control", control))
    says(newest, 1, '" " is not plain', arguments=("--control", '{"x": "a b", "y": {"z": 2}}'))


# A command, keys beside it, the exit status, and parts of lines.
PAGES = [
    ("if true; then echo", {}, 1, "batch.command: the shell cannot read the command: "),
    ("if then echo {control.x}", {}, 1, "the shell cannot read the command: ", "command: if then echo {control.x}"),
    (["no-such-program"], {}, 1, "command not found: there is no no-such-program in any folder of $PATH"),
    ("no-such-program >log", {}, 1, "command not found: the shell knows no no-such-program; correct the name, or"),
    ("no-such-program || ls", {}, 0),
    ("job.sh", {"working_directory": "sub", "env": {"PATH": ".:/usr/bin:/bin"}}, 0),
    ("ls >/dev/null", {"env": {"PATH": "/nowhere"}}, 1, "command not found: the shell knows no ls"),
    ("while false; do :; done", {}, 0),
    ("f() {{ ls; }}; f", {}, 0),
    ("./gone.sh {web.cpu}", {}, 1, "command not found: there is no ./gone.sh; correct the name, or install it"),
    ("./plain.sh {web.cpu}", {}, 1, "./plain.sh is not executable (chmod +x makes it so)"),
    ("./text", {}, 0),
    ("cd /; X=1 ./gone.sh", {}, 0),
    ('$PROGRAM; "no such"', {}, 0),
    (["./job.sh"], {"working_directory": "sub"}, 0),
    # A prepare may make it.
    ("./job.sh", {"prepare": "cp sub/job.sh ."}, 0, "warning: config.json: batch.command: command not found"),
    ("./echo {control.x:d} {web.cpu}", {"env": {"SERVO_Z": "{control.z}"}}, 1, "./echo {control.x:d} 2", "no ./echo;", "note: config.json: batch.env"),
    (["./job-{control.x:d}", "{web.cpu}"], {}, 0, "'./job-{control.x:d}' 2"),
    ("echo {control.x} {web.cpus}", {}, 1, 'web has no "cpus"; there is only cpu (did you mean "cpu"?)'),
    ("printf '\x1b[1m\ra\tb 日本'", {}, 0, "printf '\\x1b[1m\\ra\tb 日本'"),
    # No problem of measure.
    ("ls", {"state": "nowhere/s.json"}, 0, "warning: nowhere/s.json: the state file cannot be changed: there is no folder "),
]  # fmt: skip


def test_a_command_that_cannot_start_is_found_where_the_job_runs_and_what_might_be_wrong_is_said(newest):
    os.mkdir(newest.path("sub"))
    newest.write("plain.sh", b"#!/bin/sh\n")
    for name, data in (("text", b"echo\n"), ("sub/job.sh", b"#!/bin/sh\n")):
        os.chmod(newest.write(name, data), 0o755)
    for command, keys, status, *parts in PAGES:
        says(configured(newest, command, **keys), status, *(parts or ["all is well"]))


def test_a_history_that_measure_would_refuse_is_a_problem_and_is_not_made(newest):
    for keys, words in (
        ({"state": "h", "history": "h"}, "batch.history h is the state, and would be overwritten: name another file"),
        ({"history": "nowhere/h"}, "nowhere/h: the history cannot be written: "),
    ):
        says(configured(newest, **keys), 1, words)
        newest.measure().bad_config(words)
        assert not os.path.exists(newest.path("h"))


def test_what_may_be_a_slip_or_meant_something_else_to_the_older_driver_is_told(newest):
    web = {"cpu": {"values": [1, 2], "value": 3, "setp": 1, "weight": 2}}
    metrics = {"speed": {"output_regex": "speed (.+)$"}}
    newest.job("echo", default_state=None, metrics=metrics, **application(web=web))
    says(
        newest,
        0,
        "warning: web.cpu has values and no type, so any value is allowed: add type: enum",
        'warning: web.cpu has "setp", which adjust --query passes on, and nothing else (did you mean "step"?)',
        "note: no command, env, constraint or objective uses web.cpu",
        "note: config.json: batch.metrics.speed.output_regex: ^ and $ match at every line; to the older ",
    )


def test_a_pattern_that_yields_nothing_is_a_problem(newest):
    configured(newest)
    newest.write("output.txt", b"\nspeed\nspeed \n")
    place = "config.json: batch.metrics.%s.output_regex: no match in output.txt: "
    parts = (place % "size" + "^size (\\d+)", place % "speed", "(line 3 matches, but the first group took no part")
    says(newest, 1, *parts, arguments=("--output", "output.txt"))


def test_an_output_may_come_through_a_pipe_or_be_what_a_measurement_kept(newest):
    configured(newest, "echo size 3; echo speed 4 >&2")
    assert newest.call("check", "--output", "/dev/stdin", request=b"size 1\nspeed 2\n").status == 0
    metrics = {**METRICS, "speed": {"output_regex": "^speed ([0-9.]+)", "stream": "stderr"}}
    configured(newest, "echo size 3; echo speed 4 >&2", metrics=metrics)
    assert newest.measure(b"", "--keep-output", "saved").status == 0
    status, lines = page(newest, "--output", "saved")
    assert status == 0
    assert [line.split()[-1] for line in lines if line.startswith(("size ", "speed "))] == ["3", "4"]
