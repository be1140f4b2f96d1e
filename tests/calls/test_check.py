"""check: would this work?"""

import os

import pytest
from calling import Servo, asked
from machine import OLDEST, ROOT

SAMPLE = os.path.join(ROOT, "tests", "support", "first-documentation.yaml")
SETTING = "{type: range, min: 1, max: 8, step: 1, value: 2, unit: cores}"
CONFIGURATION = (
    """\
batch:
  command: %%s
  default_state:
    application:
      components:
        web:
          settings:
            cpu: %s
  metrics:
    size: {output_regex: '^size (\\d+)', unit: MiB}
    speed: {output_regex: '^speed ([0-9.]+)?'}
"""
    % SETTING
)


class Folder(Servo):
    """A folder in which configurations in YAML are checked."""

    def __init__(self, python, pyz, folder):
        super().__init__(python, pyz, folder)
        os.unlink(self.path("config.json"))
        self.configure_command()

    def write_text(self, name, text, mode=0o644):
        os.chmod(self.write(name, text.encode()), mode)

    def configure_command(self, command="echo {web.cpu}", more="", setting=SETTING):
        self.write_text("config.yaml", (CONFIGURATION % command).replace(SETTING, setting) + more)

    def check(self, *arguments):
        """Return the exit status and the lines of the page."""
        ended = self.call("check", *arguments)
        assert ended.stderr == "", ended
        page = ended.stdout.decode().splitlines()
        good = (
            "this would run: look first at what the warnings say" if "warning: " in "\n".join(page) else "all is well"
        )
        bad = "this would not work yet: mend what is named above and check again"
        assert page[-1] == (bad if ended.status else good)
        return ended.status, page

    def says(self, status, *parts, arguments=()):
        """Assert that a check ends so and has a line with each of these parts."""
        found, page = self.check(*arguments)
        assert found == status, page
        assert [part for part in parts if not any(part in line for line in page)] == [], page


@pytest.fixture
def folder(pyz_for, tmp_path):
    return Folder(OLDEST, pyz_for(OLDEST), tmp_path)


def test_a_sound_configuration_is_shown_as_it_would_be_used(folder, python):
    folder.python, folder.warm = python, False
    assert folder.check() == (
        0,
        [
            "configuration: config.yaml",
            "expected duration: not given; timeout: none; grace period: 5 s",
            "",
            "state: the default state; nothing is stored yet, _state.json is not there",
            "",
            "name     value  unit",
            "web.cpu      2  cores",
            "",
            "command, run by /bin/sh -c:",
            "echo 2",
            "",
            "metric         unit     source",
            "total_runtime  seconds",
            "size           MiB      ^size (\\d+)",
            "speed                   ^speed ([0-9.]+)?",
            "",
            "all is well",
        ],
    )


def test_all_commands_are_those_for_the_stored_state_and_this_control_and_nothing_is_run(folder):
    folder.configure_command("[touch, '{web.cpu}', 'a b {control.x}']", "  prepare: touch b\n  cleanup: [touch, a]\n")
    assert folder.call("adjust", "web.cpu=7").status == 0
    before = sorted(os.listdir(folder.folder))
    status, page = folder.check("--control", '{"x": 1}')
    assert status == 0
    assert "state: the default state overlaid with what is stored in _state.json" in page
    assert "web.cpu      7  cores" in page
    for title, line in (
        ("prepare, run by /bin/sh -c:", "touch b"),
        ("command, run without a shell:", "touch 7 'a b 1'"),
        ("cleanup, run without a shell:", "touch a"),
    ):
        assert page[page.index(title) + 1] == line
    assert sorted(os.listdir(folder.folder)) == before


def test_every_part_is_looked_at_though_others_are_wrong(folder):
    folder.write_text("config.yaml", "batch: {command: 'echo {', timeout: -1}\n")
    folder.write_text("_state.json", "{")
    folder.environment["TMPDIR"] = folder.path("gone")
    folder.says(
        1,
        "config.yaml:1: batch.command: ",
        "config.yaml:1: batch.timeout: must be more than 0 seconds, or a text like 90s, 10m or 1h30m, but is a number, -1",
        "config.yaml:1: batch.default_state: must be a mapping of the key application, but is empty or missing",
        "_state.json: the state file cannot be read: _state.json:1:2: not JSON",
        "no file for its output can be made in $TMPDIR, %s/gone: No such file or directory" % folder.folder,
        "missing.txt: the saved output cannot be read: No such file or directory",
        arguments=("--output", "missing.txt"),
    )


def test_what_a_request_brings_is_no_problem_unless_control_stands_for_it(folder):
    folder.configure_command(
        "echo {control.x} {_control.y.z:.0f} {{web.cpu}}", "    cost: {formula: '{size} * {control.y.z}'}\n"
    )
    folder.says(
        0, "note: config.yaml:2: batch.command: the command needs {control.x}", "--control JSON", "doubled braces"
    )
    folder.says(0, "echo 1 2 {web.cpu}", arguments=("--control", '{"x": 1, "y": {"z": 2}}'))
    for control in ("{}", '{"y": {"z": 2}}'):
        folder.says(1, "the command needs {control.x}", arguments=("--control", control))
    folder.says(1, "a blank is not plain", arguments=("--control", '{"x": "a b", "y": {"z": 2}}'))
    folder.configure_command("echo {control.x} {web.cpus}")
    folder.says(1, 'web has no "cpus"; there is only cpu (did you mean "cpu"?)')


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("'if true; then echo'", 1, "config.yaml:2: batch.command: the shell cannot read the command: "),
        (
            "[no-such-program]",
            1,
            "batch.command: command not found: there is no no-such-program in any folder of $PATH",
        ),
        ("[./job.sh]", 1, "batch.command: command not found: there is no ./job.sh; correct the name, or install it"),
        ("./job.sh {web.cpu}", 1, "batch.command: command not found: there is no ./job.sh"),
        ("[é]", 1, "batch.command: command not found: there is no 'é' in any folder"),
        ("./text", 0, ""),
        ("./plain.sh {web.cpu}", 1, "./plain.sh is not executable (chmod +x makes it so)"),
        ("./crlf.sh {web.cpu}", 1, "./crlf.sh needs the interpreter '/bin/sh\\r', which is not there"),
        ("cd /; X=1 ./job.sh", 0, ""),
        ("[/bin/echo]", 0, ""),
        ("'$PROGRAM; \"no such\"'", 0, ""),
    ],
)
def test_a_command_that_cannot_start_is_found(folder, command, status, words):
    folder.write_text("plain.sh", "#!/bin/sh\n")
    folder.write_text("text", "echo\n", 0o755)
    folder.write_text("crlf.sh", "#!/bin/sh\r\n", 0o755)
    folder.configure_command(command)
    folder.says(status, words)


def test_a_program_is_looked_for_where_the_job_runs_and_prepare_may_make_it(folder):
    os.mkdir(folder.path("sub"))
    folder.write_text("sub/job.sh", "#!/bin/sh\n", 0o755)
    folder.configure_command("[./job.sh]", "  working_directory: sub\n")
    folder.says(0, "all is well")
    folder.configure_command("./job.sh", "  prepare: cp sub/job.sh .\n")
    folder.says(0, "warning: config.yaml:2: batch.command: command not found")


def test_a_stored_value_that_is_not_allowed_any_more_is_a_problem(folder):
    folder.write("_state.json", asked(cpu=9))
    problem = "_state.json: what is stored is not allowed: web.cpu must be a number from 1 to 8, but is a number, 9"
    folder.says(1, problem + "; adjust it, or remove what is stored by adjust --reset")


def test_what_may_be_a_slip_in_the_configuration_is_told(folder):
    folder.configure_command("echo", setting="{values: [1, 2], value: 3, setp: 1, weight: 2}")
    folder.says(
        0,
        "warning: web.cpu has values and no type, so any value is allowed: add type: enum",
        'warning: web.cpu has "setp", which adjust --query passes on, and nothing else (did you mean "step"?)',
        "note: no command, env, constraint or objective uses web.cpu",
    )


def test_a_configuration_for_the_older_driver_is_told_what_differs(folder):
    folder.configure_command("echo")
    text = folder.read("config.yaml").decode().replace("  default_state:\n    application:\n", "  application:\n")
    folder.write_text("config.yaml", text.replace("^speed ([0-9.]+)?", "speed (.+)$"))
    folder.says(0, "older servo-batch")


def test_a_pattern_that_yields_nothing_is_a_problem(folder):
    folder.write_text("output.txt", "\nspeed\nspeed \n")
    place = "config.yaml:1%d: batch.metrics.%s.output_regex: no match in output.txt: "
    parts = (place % (0, "size") + "^size (\\d+)", place % (1, "speed"), "(line 3, ", "the first group took no part")
    folder.says(1, *parts, arguments=("--output", "output.txt"))


def test_an_output_may_come_through_a_pipe_or_be_what_a_measurement_kept(folder):
    ended = folder.call("check", "--output", "/dev/stdin", request=b"size 1\nspeed 2\n")
    assert ended.status == 0, ended
    text = CONFIGURATION % "'echo size 3; echo speed 4 >&2'"
    folder.write_text("config.yaml", text.replace("[0-9.]+)?'", "[0-9.]+)', stream: stderr"))
    assert folder.call("measure", "--keep-output", "saved").status == 0
    status, page = folder.check("--output", "saved")
    assert status == 0
    assert [line.split()[-2:] for line in page if line.startswith(("size ", "speed "))] == [["3", "1"], ["4", "1"]]


def test_the_mistakes_of_the_older_documentation_s_sample_are_named_with_their_remedies(folder):
    with open(SAMPLE) as stream:
        text = stream.read()
    folder.write_text("config.yaml", text)
    folder.says(
        1, "config.yaml:32:39: in double quotes a backslash starts an escape", "put a regular expression in single"
    )
    folder.write_text("config.yaml", text.replace('"Job took (\\.d) seconds"', "'Job took (\\.d) seconds'"))
    folder.says(
        1,
        "config.yaml:11: batch.default_state.application.components.web.settings.inst_type: must be a mapping",
        "config.yaml:12: batch.default_state.application.components.web.settings.type: must be a mapping",
    )
