"""What people see at a terminal, and that programs see nothing of it."""

import json
import os
import re
import signal

import pytest
from calling import application

SETTINGS = {
    "cpu": {"type": "range", "min": 1, "max": 8, "step": 1, "value": 2, "unit": "cores"},
    "memory": {"value": 512},
    "flavour": {"type": "enum", "values": ["1.10", "b"], "value": "b"},
}
METRICS = {"size": {"output_regex": "^size (.*)", "unit": "MiB"}}
SIZE = b"size 7\n"
DRAWN = b"expected 1:40\033[J\r"


def configure(servo, command, **keys):
    state = application(web=SETTINGS)
    servo.job(command, **{"default_state": state, "metrics": METRICS, "expected_duration": 100, **keys})


def waiting(servo):
    """Return a Servo with a job that waits for what a test writes to ``go``, and prints that; writing waits for it."""
    os.mkfifo(servo.path("go"))
    configure(servo, "cat go")
    return servo


@pytest.fixture
def place(newest):
    return waiting(newest)


def test_measure_answers_with_a_table_that_says_how_far_the_runs_are_apart(newest, terminal):
    newest.write("sizes", b"1\n2\n4\n")
    configure(newest, "read -r n <sizes; echo size $n; sed -i 1d sizes", runs=3)
    screen = terminal(newest, "measure")
    assert screen.end() == 0
    *head, runtime, size, rest = screen.screen  # what the head begins with are remarks on the runs
    web = [["web.cpu", "2", "cores"], ["web.memory", "512"], ["web.flavour", "b"]]
    titles = "name value unit median of 3 runs ± sample standard deviation"
    assert [line.split() for line in head[-4:]] == [titles.split(), *web]
    assert re.match(r"total_runtime +[0-9.]+ +seconds +± [0-9.e-]+ +\([0-9.]+ %\)$", runtime)
    assert re.match(r"size +2 +MiB +± 1\.53 +\(76\.4 %\)$", size)
    assert runtime.index("seconds") == size.index("MiB")
    assert rest == ""


def test_adjust_answers_with_the_settings_as_they_are_now_or_what_is_wrong(place, terminal):
    table = "name         value  unit|web.cpu      %d      cores|web.memory   512|web.flavour  b|"
    what = "rejected (invalid-value)|nothing was changed: web.cpu must be a number from 1 to 8, but is a number, 9|"
    for argument, status, lines in (("--query", 0, table % 2), ("web.cpu=4", 0, table % 4), ("web.cpu=9", 1, what)):
        screen = terminal(place, "adjust", argument)
        assert (screen.end(), "|".join(screen.screen)) == (status, lines)


def test_json_asks_for_the_protocol_and_questions_get_it(newest, terminal):
    for arguments in (["measure", "--json"], ["adjust", "--query", "--json"], ["measure", "--describe"]):
        screen = terminal(newest, *arguments, columns=1000)
        assert screen.end() == 0
        assert [json.loads(line) for line in screen.screen[:-1]]


def test_what_a_failed_job_printed_stands_before_what_happened_and_commands_nothing(servo, terminal):
    printed = r"\033]0;title\007\033[1;31mno\033(B such\033[0m\r\ntable\r\b\033c\302\233\342\200\256é…"
    configure(servo, 'printf "%s" >&2; exit 3' % printed)
    screen = terminal(servo, "measure")
    assert screen.end() == 1
    command, *lines, summary, rest = screen.screen
    assert command.startswith("    command: printf ")
    shown = (
        "    stderr:|    no such|    table|    \\x08\\x1bc\\x9b\\u202eé…|    stdout: nothing||failed (command-failed)"
    )
    assert "|".join(lines).endswith(shown)  # the command is longer than a line
    assert summary.startswith("the job ended with exit status 3 after ")
    assert rest == ""
    assert b"\033[1;31mfailed (command-failed)\033[0m" in screen.received


def test_no_colour_where_none_is_wanted(place, terminal):
    for environment in {"NO_COLOR": "1"}, {"NO_COLOR": "", "TERM": "dumb"}, {"TERM": ""}:
        place.environment.update(environment)
        screen = terminal(place, "adjust", "web.cpu=9")
        assert screen.end() == 1
        assert b"\033" not in screen.received


def test_a_locale_without_utf_8_gets_ascii(servo, terminal):
    servo.environment["LC_ALL"] = "C"
    configure(servo, "echo size é…")
    screen = terminal(servo, "measure")
    assert screen.end() == 0
    screen.received.decode("ascii")
    assert any("\\xe9..." in line for line in screen.screen), screen.screen


def test_an_argument_is_utf_8_in_any_locale_and_stdin_is_not_read_beside_it(servo):
    waiting(servo)
    servo.environment["LC_ALL"] = "C"
    with open(servo.path("go"), "r+b", 0) as stdin:  # in which nothing ever comes, nor an end
        ended = servo.call("adjust", "web.memory=é…".encode(), "web.flavour=1.10", "app", stdin=stdin)
    assert ended.status == 0
    assert servo.query().query["web"] == {"cpu": 2, "memory": "é…", "flavour": "1.10"}


def test_the_bar_shows_percent_and_elapsed_against_expected_in_any_width_and_leaves_nothing(place, terminal):
    screen = terminal(place, "measure")
    screen.until(b"[........................................]   0%  0:00, expected 1:40\033[J\r")
    screen.resize(45)
    screen.until(b"]   1%  0:01, expected 1:40\033[J\r")
    assert len(screen.screen) == 1  # redrawn in place
    assert len(screen.received.decode().rsplit("\033[J\r", 2)[1]) < 45
    place.write("go", SIZE)
    assert screen.end() == 0
    assert [line.split()[0] for line in screen.screen[:-1]][-2:] == ["total_runtime", "size"]


def test_protocol_lines_and_the_bar_do_not_mix_and_a_failure_leaves_one_line(place, terminal):
    configure(place, "cat go; exit 3")
    with open(place.path("answers"), "wb") as stdout:
        screen = terminal(place, "measure", stdout=stdout)
        screen.until(DRAWN)
        place.write("go", SIZE)
        assert screen.end() == 1
    assert [answer.get("progress") for answer in place.read_lines("answers")] == [0, None]
    assert re.match(r"servo-batch: the job ended with .* s \(more in the answer\)$", screen.screen[0])
    assert screen.screen[1:] == [""]


def test_a_dumb_terminal_gets_no_bar(place, terminal):
    place.environment["TERM"] = "dumb"
    screen = terminal(place, "measure")
    place.write("go", SIZE)
    assert screen.end() == 0
    assert screen.screen[0].startswith("name ")
    assert b"expected" not in screen.received


def test_ctrl_c_stops_the_job_and_leaves_a_clean_prompt(servo, terminal):
    waiting(servo)
    screen = terminal(servo, "measure")
    screen.until(DRAWN)
    with open(servo.path("go"), "wb"):  # the bar does not wait for the job to read
        screen.type(b"\x03")
        assert screen.end() == -signal.SIGINT  # as a shell has to see it, for a loop around the call to end
    assert b"^C" in screen.received
    title, message, rest = screen.screen
    assert (title, rest) == ("failed (cancelled)", "")
    assert re.match(r"cancelled by SIGINT: the job was stopped after [0-9.]+ s$", message)
    with pytest.raises(OSError, match="Errno 6"):  # ENXIO, nobody reads: the job is gone
        os.open(servo.path("go"), os.O_WRONLY | os.O_NONBLOCK)


def test_a_stopped_terminal_does_not_hold_up_the_measurement(place, terminal):
    with open(place.path("answers"), "wb") as stdout:
        screen = terminal(place, "measure", stdout=stdout)
        screen.until(DRAWN)
        screen.type(b"\x13")  # ^S
        place.write("go", SIZE)
        assert screen.process.wait() == 0
    assert place.read_lines("answers")[-1]["metrics"]["size"]["value"] == 7


def test_a_job_of_the_shell_in_the_background_draws_nothing(newest, terminal):
    configure(newest, "echo size 4")
    screen = terminal(newest, "measure", by=["/bin/sh", "-mc", '"$@" & wait', "sh"])
    assert screen.end() == 0
    assert any(line.split()[:2] == ["size", "4"] for line in screen.screen)
    assert b"expected" not in screen.received
