"""What people see at a terminal (README, "At a terminal"), and that programs see nothing of it."""

import json
import os
import re
import shutil
import signal

import pytest
from calling import Servo
from machine import NEWEST
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


class Place(Servo):
    """A folder in which the built file is called at a terminal, and a job that waits there."""

    def __init__(self, python, pyz, folder):
        super().__init__(python, pyz, folder)
        os.unlink(self.path("config.json"))
        self.environment["TERM"] = "xterm"
        self.terminals = []
        os.mkfifo(self.path("go"))
        self.held = None
        self.configure_command(WAITING)

    def configure_command(self, command, text=CONFIGURATION):
        self.write("config.yaml", (text % command).encode())

    def terminal(self, *arguments, **options):
        return self.terminal_for([self.python, self.pyz, *arguments], **options)

    def terminal_for(self, argv, **options):
        self.terminals.append(Terminal(argv, self.folder, self.environment, **options))
        return self.terminals[-1]

    def wait_for_the_job(self):
        """Return once the waiting job runs, and let it wait on: the bar is drawn before a job starts."""
        self.held = os.open(self.path("go"), os.O_WRONLY)

    def release(self, printed=b"size 7\n"):
        """Let the waiting job print this and end."""
        self.write("go", printed)

    def close(self):
        for terminal in self.terminals:
            terminal.close()
        if self.held is not None:
            os.close(self.held)


@pytest.fixture
def place(edge_python, pyz_for, tmp_path):
    """A place where the oldest Python runs the file, and one where the newest does."""
    made = Place(edge_python, pyz_for(edge_python), tmp_path)
    yield made
    made.close()


@pytest.fixture
def any_place(pyz_for, tmp_path):
    """For what does not depend on the Python."""
    made = Place(NEWEST, pyz_for(NEWEST), tmp_path)
    yield made
    made.close()


# Tables


def test_measure_answers_with_a_table(place):
    place.configure_command("echo size 12")
    terminal = place.terminal("measure")
    assert terminal.end() == 0
    titles, cpu, memory, flavour, runtime, size, rest = terminal.screen
    assert titles.split() == ["name", "value", "unit"]
    assert [cpu.split(), memory.split(), flavour.split()] == [
        ["web.cpu", "2", "cores"],
        ["web.memory", "512"],
        ["web.flavour", "b"],
    ]
    assert re.match(r"total_runtime +[0-9.]+ +seconds$", runtime)
    assert re.match(r"size +12 +MiB$", size)
    assert len(runtime) - len("seconds") == len(size) - len("MiB")
    assert rest == ""


def test_adjust_answers_with_the_settings_as_they_are_now_or_what_is_wrong(place):
    for arguments, status, screen in (
        (
            ["--query"],
            0,
            ["name         value  unit", "web.cpu      2      cores", "web.memory   512", "web.flavour  b", ""],
        ),
        (
            ["web.cpu=4"],
            0,
            ["name         value  unit", "web.cpu      4      cores", "web.memory   512", "web.flavour  b", ""],
        ),
        (
            ["web.cpu=9"],
            1,
            [
                "rejected (invalid-value)",
                "nothing was changed: web.cpu must be a number from 1 to 8, but is a number, 9",
                "",
            ],
        ),
    ):
        terminal = place.terminal("adjust", *arguments)
        assert (terminal.end(), terminal.screen) == (status, screen)


@pytest.mark.parametrize(
    "arguments", [["measure", "--json"], ["adjust", "--query", "--json"], ["measure", "--describe"]]
)
def test_json_asks_for_the_protocol_and_questions_get_it(place, arguments):
    place.configure_command("echo size 12")
    terminal = place.terminal(*arguments, columns=1000)
    assert terminal.end() == 0
    assert [json.loads(line) for line in terminal.screen[:-1]]


# Failures


def test_a_failed_job_is_readable_and_what_it_printed_is_set_apart_and_commands_nothing(place):
    printed = r"\033]0;title\007\033[31mno such\033[0m\r\ntable\r\b\033c"
    place.configure_command("""'echo out; printf "%s" >&2; exit 3'""" % printed)
    terminal = place.terminal("measure")
    assert terminal.end() == 1
    assert terminal.screen[:10] == [
        "stdout:",
        "    out",
        "",
        "stderr:",
        "    no such",
        "    table",
        "    \\x08\\x1bc",
        "",
        "failed (command-failed)",
        "the job ended with exit status 3",
    ]
    assert b"\033[1;31mfailed (command-failed)\033[0m" in terminal.received


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_no_colour_where_none_is_wanted(place, setting):
    place.configure_command("exit 3")
    place.environment.update(setting)
    terminal = place.terminal("measure")
    assert terminal.end() == 1
    assert b"m" not in re.findall(b"\033\\[[0-9;]*(.)", terminal.received)


def test_a_locale_without_utf_8_gets_ascii(place):
    place.environment["LC_ALL"] = "C"
    terminal = place.terminal("measure")
    place.release("size é…\n".encode())
    assert terminal.end() == 0
    terminal.received.decode("ascii")
    assert any("\\xe9..." in line for line in terminal.screen), terminal.screen


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


def test_protocol_lines_and_the_bar_do_not_mix(any_place, tmp_path):
    with open(str(tmp_path / "answers"), "wb") as stdout:
        terminal = any_place.terminal("measure", stdout=stdout)
        terminal.until(b"0:01, expected 1:40")
        any_place.release()
        assert terminal.end() == 0
    answers = [json.loads(line) for line in (tmp_path / "answers").read_text().splitlines()]
    assert [answer.get("progress") for answer in answers] == [0, 100, None]
    assert terminal.screen == [""]


def test_a_failure_behind_a_pipe_leaves_one_line_on_the_terminal(any_place, tmp_path):
    any_place.configure_command("'cat go; exit 3'")
    with open(str(tmp_path / "answers"), "wb") as stdout:
        terminal = any_place.terminal("measure", stdout=stdout)
        terminal.until(b"0:01, expected 1:40")
        any_place.release()
        assert terminal.end() == 1
    assert terminal.screen == ["servo-batch: the job ended with exit status 3 (more in the answer)", ""]


def test_a_dumb_terminal_gets_plain_lines(place):
    place.configure_command(WAITING, CONFIGURATION.replace("  expected_duration: 100\n", ""))
    place.environment["TERM"] = "dumb"
    terminal = place.terminal("measure")
    terminal.until(b"running for 0:00\r\n")
    place.release()
    assert terminal.end() == 0
    assert b"\033" not in terminal.received
    assert b"\r" not in terminal.received.replace(b"\r\n", b"")


def test_ctrl_c_stops_the_job_and_leaves_a_clean_prompt(place):
    terminal = place.terminal("measure")
    terminal.until(b"expected 1:40\033[J\r")
    place.wait_for_the_job()
    terminal.type(b"\x03")
    assert terminal.end() == -signal.SIGINT  # as a shell has to see it, for a loop around the call to end
    assert b"^C" in terminal.received
    title, message, rest = terminal.screen
    assert title == "failed (cancelled)"
    assert re.match(r"cancelled by SIGINT: the job was stopped after [0-9.]+ s$", message)
    assert rest == ""
    with pytest.raises(OSError, match="No such device or address"):  # nobody reads: the job is gone
        os.open(place.path("go"), os.O_WRONLY | os.O_NONBLOCK)


def test_ctrl_c_ends_a_shell_s_loop_of_measurements(place):
    if not shutil.which("bash"):
        pytest.skip("this machine has no bash")
    terminal = place.terminal_for(
        ["bash", "-c", 'for i in 1 2; do "$@"; done', "bash", place.python, place.pyz, "measure"]
    )
    terminal.until(b"expected 1:40\033[J\r")
    terminal.type(b"\x03")
    terminal.end()
    assert terminal.received.count(b"cancelled by SIGINT") == 1


def test_a_stopped_terminal_does_not_hold_up_the_measurement(place, tmp_path):
    answers = tmp_path / "answers"
    with open(str(answers), "wb") as stdout:
        terminal = place.terminal("measure", stdout=stdout)
        terminal.until(b"expected 1:40\033[J\r")
        terminal.type(b"\x13")  # ^S
        place.release()
        assert terminal.process.wait(30) == 0
    assert json.loads(answers.read_text().splitlines()[-1])["metrics"]["size"]["value"] == 7


def test_a_job_of_the_shell_in_the_background_draws_nothing(any_place):
    any_place.environment["SERVO"] = "%s %s" % (any_place.python, any_place.pyz)
    argv = ["/bin/sh", "-mc", "$SERVO measure >answers & wait"]
    any_place.configure_command("sleep 1.2; echo size 4")
    terminal = any_place.terminal_for(argv, columns=200)
    assert terminal.end() == 0
    assert json.loads(any_place.read("answers").decode().splitlines()[-1])["status"] == "ok"
    assert b"expected" not in terminal.received


# adjust COMPONENT.SETTING=VALUE


def test_an_argument_is_utf_8_in_any_locale_and_stdin_is_not_read_beside_it(place):
    place.environment["LC_ALL"] = "C"
    reading, writing = os.pipe()  # never closed, never written to
    try:
        assert place.call("adjust", "web.memory=é…".encode(), "web.flavour=1.10", "app", stdin=reading).status == 0
    finally:
        os.close(reading)
        os.close(writing)
    assert place.query().query["web"] == {"cpu": 2, "memory": "é…", "flavour": "1.10"}
