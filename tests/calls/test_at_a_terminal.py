"""What people see at a terminal, and that programs see nothing of it."""

import json
import os
import re
import signal

import pytest
from calling import Servo
from machine import NEWEST
from processes import wait_until
from terminals import Terminal

CONFIGURATION = """\
batch:
  command: %s
  expected_duration: 100
  default_state:
    application:
      components:
        web:
          settings:
            cpu: {type: range, min: 1, max: 8, step: 1, value: 2, unit: cores}
            memory: {value: 512}
            flavour: {type: enum, values: ['1.10', b], value: b}
  metrics:
    size: {output_regex: '^size (.*)', unit: MiB}
"""
# Waits until the test opens the other end; then prints what the test wrote there.
WAITING = "cat go"
DRAWN = b"expected 1:40\033[J\r"


class Place(Servo):
    """A folder in which the built file is called at a terminal, and a job that waits there."""

    is_warm = False

    def __init__(self, python, pyz, folder):
        super().__init__(python, pyz, folder)
        os.unlink(self.path("config.json"))
        self.environment["TERM"] = "xterm"
        self.terminals = []
        self.go = self.path("go")
        os.mkfifo(self.go)
        self.configure_command(WAITING)

    def configure_command(self, command, text=CONFIGURATION):
        self.write("config.yaml", (text % command).encode())

    def terminal(self, *arguments, by=(), **options):
        argv = [*by, self.python, self.pyz, *arguments]
        self.terminals.append(Terminal(argv, self.folder, self.environment, **options))
        return self.terminals[-1]

    def release(self, printed=b"size 7\n"):
        """Let the waiting job print this and end, once it waits."""

        with wait_until(self.opened) as stream:
            stream.write(printed)

    def opened(self):
        """Return the job's input for writing, None where the job does not read it."""
        try:
            return os.fdopen(os.open(self.go, os.O_WRONLY | os.O_NONBLOCK), "wb")
        except OSError:
            return None


@pytest.fixture
def places(pyz_for, tmp_path):
    """Make places: ``places(python)``."""
    made = []

    def make(python=NEWEST):
        made.append(Place(python, pyz_for(python), tmp_path))
        return made[-1]

    yield make
    for each in made:
        for terminal in each.terminals:
            terminal.close()


@pytest.fixture
def place(places):
    return places()


@pytest.fixture
def edge_place(places, python):
    """A place where the oldest Python runs the file, and one where the newest does."""
    return places(python)


# Tables


def test_measure_answers_with_a_table(place):
    place.configure_command("echo size 12")
    terminal = place.terminal("measure")
    assert terminal.end() == 0
    *head, runtime, size, rest = terminal.screen
    assert [line.split() for line in head] == [
        ["name", "value", "unit"],
        ["web.cpu", "2", "cores"],
        ["web.memory", "512"],
        ["web.flavour", "b"],
    ]
    assert re.match(r"total_runtime +[0-9.]+ +seconds$", runtime)
    assert re.match(r"size +12 +MiB$", size)
    assert len(runtime) - len("seconds") == len(size) - len("MiB")
    assert rest == ""


def settings(cpu):
    return ["name         value  unit", "web.cpu      %d      cores" % cpu, "web.memory   512", "web.flavour  b", ""]


def test_adjust_answers_with_the_settings_as_they_are_now_or_what_is_wrong(place):
    what = "nothing was changed: web.cpu must be a number from 1 to 8, but is a number, 9"
    for argument, status, screen in (
        ("--query", 0, settings(cpu=2)),
        ("web.cpu=4", 0, settings(cpu=4)),
        ("web.cpu=9", 1, ["rejected (invalid-value)", what, ""]),
    ):
        terminal = place.terminal("adjust", argument)
        assert (terminal.end(), terminal.screen) == (status, screen)


def test_json_asks_for_the_protocol_and_questions_get_it(place):
    place.configure_command("echo size 12")
    for arguments in (["measure", "--json"], ["adjust", "--query", "--json"], ["measure", "--describe"]):
        terminal = place.terminal(*arguments, columns=1000)
        assert terminal.end() == 0
        assert [json.loads(line) for line in terminal.screen[:-1]]


# Failures


def test_a_failed_job_is_readable_and_what_it_printed_is_set_apart_and_commands_nothing(edge_place):
    printed = r"\033]0;title\007\033[31mno such\033[0m\r\ntable\r\b\033c"
    edge_place.configure_command("""'echo out; printf "%s" >&2; exit 3'""" % printed)
    terminal = edge_place.terminal("measure")
    assert terminal.end() == 1
    assert terminal.screen[:9] == [
        "stdout:",
        "    out",
        "",
        "stderr:",
        "    no such",
        "    table",
        "    \\x08\\x1bc",
        "",
        "failed (command-failed)",
    ]
    assert terminal.screen[9].startswith("the job ended with exit status 3 after ")
    assert b"\033[1;31mfailed (command-failed)\033[0m" in terminal.received


def test_no_colour_where_none_is_wanted(place):
    for setting in {"NO_COLOR": "1"}, {"NO_COLOR": "", "TERM": "dumb"}, {"TERM": ""}:
        place.environment.update(setting)
        terminal = place.terminal("adjust", "web.cpu=9")
        assert terminal.end() == 1
        assert b"\033" not in terminal.received


def test_a_locale_without_utf_8_gets_ascii(edge_place):
    edge_place.environment["LC_ALL"] = "C"
    terminal = edge_place.terminal("measure")
    edge_place.release("size é…\n".encode())
    assert terminal.end() == 0
    terminal.received.decode("ascii")
    assert any("\\xe9..." in line for line in terminal.screen), terminal.screen


def test_an_argument_is_utf_8_in_any_locale_and_stdin_is_not_read_beside_it(edge_place):
    edge_place.environment["LC_ALL"] = "C"
    reading, writing = os.pipe()  # never closed, never written to
    try:
        ended = edge_place.call("adjust", "web.memory=é…".encode(), "web.flavour=1.10", "app", stdin=reading)
        assert ended.status == 0
    finally:
        os.close(reading)
        os.close(writing)
    assert edge_place.query().query["web"] == {"cpu": 2, "memory": "é…", "flavour": "1.10"}


# The progress bar


def test_the_bar_shows_percent_and_elapsed_against_expected_in_any_width_and_leaves_nothing(place):
    terminal = place.terminal("measure")
    terminal.until(b"[........................................]   0%  0:00, expected 1:40\033[J\r")
    terminal.resize(45)
    terminal.until(b"]   1%  0:01, expected 1:40\033[J\r")
    assert len(terminal.screen) == 1  # redrawn in place
    assert len(terminal.received.decode().rsplit("\033[J\r", 2)[1]) < 45
    place.release()
    assert terminal.end() == 0
    assert [line.split()[0] for line in terminal.screen[:-1]][-2:] == ["total_runtime", "size"]


def test_protocol_lines_and_the_bar_do_not_mix_and_a_failure_leaves_one_line(place, tmp_path):
    place.configure_command("'cat go; exit 3'")
    with open(str(tmp_path / "answers"), "wb") as stdout:
        terminal = place.terminal("measure", stdout=stdout)
        terminal.until(b"0:01, expected 1:40")
        place.release()
        assert terminal.end() == 1
    answers = [json.loads(line) for line in (tmp_path / "answers").read_text().splitlines()]
    assert [answer.get("progress") for answer in answers] == [0, None]
    assert re.match(r"servo-batch: the job ended with .* s \(more in the answer\)$", terminal.screen[0])
    assert terminal.screen[1:] == [""]


def test_a_dumb_terminal_gets_plain_lines(place):
    place.configure_command(WAITING, CONFIGURATION.replace("  expected_duration: 100\n", ""))
    place.environment["TERM"] = "dumb"
    terminal = place.terminal("measure")
    terminal.until(b"running for 0:00\r\n")
    place.release()
    assert terminal.end() == 0
    assert b"\033" not in terminal.received
    assert b"\r" not in terminal.received.replace(b"\r\n", b"")


def test_ctrl_c_stops_the_job_and_leaves_a_clean_prompt(edge_place):
    terminal = edge_place.terminal("measure")
    terminal.until(DRAWN)
    with wait_until(edge_place.opened):  # the bar does not wait for the job to read
        terminal.type(b"\x03")
        assert terminal.end() == -signal.SIGINT  # as a shell has to see it, for a loop around the call to end
    assert b"^C" in terminal.received
    title, message, rest = terminal.screen
    assert title == "failed (cancelled)"
    assert re.match(r"cancelled by SIGINT: the job was stopped after [0-9.]+ s$", message)
    assert rest == ""
    assert edge_place.opened() is None  # nobody reads: the job is gone


def test_a_stopped_terminal_does_not_hold_up_the_measurement(place, tmp_path):
    answers = tmp_path / "answers"
    with open(str(answers), "wb") as stdout:
        terminal = place.terminal("measure", stdout=stdout)
        terminal.until(DRAWN)
        terminal.type(b"\x13")  # ^S
        place.release()
        assert terminal.process.wait(30) == 0
    assert json.loads(answers.read_text().splitlines()[-1])["metrics"]["size"]["value"] == 7


def test_a_job_of_the_shell_in_the_background_draws_nothing(place):
    place.configure_command("echo size 4")
    terminal = place.terminal("measure", by=["/bin/sh", "-mc", '"$@" & wait', "sh"])
    assert terminal.end() == 0
    assert any(line.split()[:2] == ["size", "4"] for line in terminal.screen)
    assert b"expected" not in terminal.received
