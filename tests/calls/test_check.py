"""check: would this work?"""

import os
import shutil

import pytest
from calling import Servo, asked
from machine import OLDEST, ROOT

SAMPLE = os.path.join(ROOT, "tests", "support", "first-documentation.yaml")
CONFIGURATION = """\
batch:
  command: %s
  default_state:
    application:
      components:
        web:
          settings:
            cpu: {type: range, min: 1, max: 8, step: 1, value: 2, unit: cores}
  metrics:
    size: {output_regex: '^size (\\d+)', unit: MiB}
    speed: {output_regex: '^speed ([0-9.]+)?'}
"""


class Folder(Servo):
    """A folder in which configurations in YAML are checked."""

    def __init__(self, python, pyz, folder):
        super().__init__(python, pyz, folder)
        os.unlink(self.path("config.json"))
        self.configure_command()

    def write_text(self, name, text):
        self.write(name, text.encode())

    def configure_command(self, command="echo {web.cpu}"):
        self.write_text("config.yaml", CONFIGURATION % command)

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


def test_the_command_is_the_one_for_the_stored_state_and_this_control(folder):
    folder.configure_command("[echo, '{web.cpu}', 'a b {control.x}']")
    assert folder.call("adjust", "web.cpu=7").status == 0
    status, page = folder.check("--control", '{"x": 1}')
    assert status == 0
    assert "state: the default state overlaid with what is stored in _state.json" in page
    assert "web.cpu      7  cores" in page
    assert page[page.index("command, run without a shell:") + 1] == "echo 7 'a b 1'"


def test_nothing_is_run_or_written(folder):
    folder.configure_command("touch was-run")
    before = sorted(os.listdir(folder.folder))
    assert folder.check()[0] == 0
    assert sorted(os.listdir(folder.folder)) == before


def test_every_part_is_looked_at_though_others_are_wrong(folder):
    folder.write_text("config.yaml", "batch: {command: 'echo {', timeout: -1}\n")
    folder.write_text("_state.json", "{")
    folder.environment["TMPDIR"] = folder.path("gone")
    status, page = folder.check("--output", "missing.txt")
    assert status == 1
    text = "\n".join(page)
    for problem in (
        "config.yaml:1: batch.command: ",
        "config.yaml:1: batch.timeout: must be more than 0 seconds, or a text like 90s, 10m or 1h30m, but is a number, -1",
        "config.yaml:1: batch.default_state: is missing",
        "_state.json: the state file is not JSON at line 1, column 2",
        "no file for its output can be made in $TMPDIR, %s/gone: No such file or directory" % folder.folder,
        "missing.txt: the saved output cannot be read: No such file or directory",
    ):
        assert problem in text


def test_every_field_that_the_command_lacks_is_named(folder):
    folder.configure_command("echo {wep.cpu} {web.cpus} {control.x}")
    status, page = folder.check()
    assert status == 1
    assert [line for line in page if "the command needs" in line] == [
        "config.yaml:2: batch.command: the command needs {wep.cpu}: "
        'there is no "wep"; there is only _control, control, state, web (did you mean "web"?)',
        "config.yaml:2: batch.command: the command needs {web.cpus}: "
        'web has no "cpus"; there is only cpu (did you mean "cpu"?)',
    ]


@pytest.mark.parametrize(
    "command", ["'echo {control.x} {_control.y.z:.0f} {web.cpu}'", "[echo, '{control.x}', '{_control.y.z}']"]
)
def test_what_comes_with_the_request_is_listed_and_no_problem(folder, command):
    folder.configure_command(command)
    status, page = folder.check()
    assert status == 0
    assert "from the request: control.x, _control.y.z" in page
    assert any("{control.x}" in line for line in page), "the command is shown as it is written"
    assert folder.check("--control", '{"y": {"z": 5}}')[1].count("from the request: control.x") == 1


def test_what_is_not_plain_in_control_is_a_problem(folder):
    folder.configure_command("echo {control.x}")
    status, page = folder.check("--control", '{"x": "a b"}')
    assert status == 1
    assert "a blank is not plain" in "\n".join(page)


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("'if true; then echo'", 1, "config.yaml:2: batch.command: the shell cannot read the command: "),
        (
            "[no-such-program]",
            1,
            "config.yaml:2: batch.command: command not found: there is no no-such-program in any folder of $PATH, ",
        ),
        ("[./job.sh]", 1, "batch.command: command not found: there is no ./job.sh; correct the name, or install it"),
        (
            "no-such-program -x",
            0,
            "warning: config.yaml:2: batch.command: command not found: there is no no-such-program in any folder of $PATH, ",
        ),
        ("cd /; X=1 no-such-program", 0, None),
        ("[/bin/echo]", 0, None),
        ("[é]", 1, "batch.command: command not found: there is no 'é' in any folder"),
        ("'$PROGRAM; \"no such\"'", 0, None),
    ],
)
def test_a_command_that_cannot_start_is_found(folder, command, status, words):
    folder.configure_command(command)
    found, page = folder.check()
    assert found == status
    assert any(words in line for line in page) if words else not any("warning" in line for line in page)


def test_a_program_is_looked_for_where_the_job_runs(folder):
    os.mkdir(folder.path("sub"))
    folder.write_text("sub/job.sh", "#!/bin/sh\n")
    os.chmod(folder.path("sub", "job.sh"), 0o755)
    folder.configure_command("[./job.sh]\n  working_directory: sub")
    assert folder.check()[0] == 0


def test_a_stored_value_that_is_not_allowed_any_more_is_a_problem(folder):
    folder.write("_state.json", asked(cpu=9))
    status, page = folder.check()
    assert status == 1
    problem = "_state.json: the stored web.cpu must be a number from 1 to 8, but is a number, 9: adjust it, or remove "
    assert problem + "what is stored by adjust --reset" in page


def test_a_range_of_whole_numbers_without_a_step_is_noted(folder):
    folder.write_text("config.yaml", (CONFIGURATION % "echo").replace(" step: 1,", ""))
    status, page = folder.check()
    assert status == 0
    assert "note: web.cpu has no step, so a service may choose 1.5: whole numbers need step: 1" in page


def test_a_script_that_cannot_be_executed_is_a_problem_unless_prepare_may_make_it_so(folder):
    folder.write_text("job.sh", "#!/bin/sh\n")
    folder.configure_command("./job.sh {web.cpu}")
    status, page = folder.check()
    assert status == 1
    assert any("./job.sh is not executable (chmod +x makes it so)" in line for line in page)
    folder.write_text("crlf.sh", "#!/bin/sh\r\n")
    os.chmod(folder.path("crlf.sh"), 0o755)
    folder.configure_command("./crlf.sh {web.cpu}")
    status, page = folder.check()
    assert status == 1
    assert any("./crlf.sh needs the interpreter '/bin/sh\\r', which is not there" in line for line in page)
    folder.write_text("config.yaml", (CONFIGURATION % "./job.sh") + "  prepare: chmod +x job.sh\n")
    status, page = folder.check()
    assert status == 0
    assert any(line.startswith("warning: ") and "./job.sh" in line for line in page)


def test_all_that_a_measurement_runs_and_compares_is_shown(folder):
    more = "  prepare: echo before\n  cleanup: [echo, after]\n  runs: 3\n  history: h.jsonl\n  objective: {maximize: '{speed}'}\n"
    folder.write_text("config.yaml", (CONFIGURATION % "echo") + more)
    status, page = folder.check()
    assert status == 0
    for line in (
        "runs: 3; warm-up runs before them: 0",
        "objective: maximize {speed}",
        "history: h.jsonl",
        "prepare, run by /bin/sh -c:",
        "echo before",
        "cleanup, run without a shell:",
        "echo after",
    ):
        assert line in page


def test_a_configuration_for_the_older_driver_is_told_what_differs(folder):
    text = (
        (CONFIGURATION % "echo")
        .replace("  default_state:\n    application:\n", "  application:\n")
        .replace("^speed ([0-9.]+)?", "speed (.+)$")
    )
    folder.write_text("config.yaml", text)
    status, page = folder.check()
    assert status == 0
    assert any(line.startswith("note: ") and "older servo-batch" in line for line in page)


def test_patterns_are_tried_on_a_saved_output(folder):
    folder.write_text("output.txt", "starting\nsize 12\nsize 13\nspeed 0.5\n")
    status, page = folder.check("--output", "output.txt")
    assert status == 0
    table = page[page.index("metric         unit     source             value  line") :]
    assert table[2:4] == [
        "size           MiB      ^size (\\d+)           12     2",
        "speed                   ^speed ([0-9.]+)?    0.5     4",
    ]


def test_the_line_is_that_of_the_value(folder):
    pattern = "'total:\\n(\\d+)\\n\\n+end'"
    folder.write_text("config.yaml", (CONFIGURATION % "x").replace("'^size (\\d+)'", pattern))
    folder.write_text("output.txt", "a\ntotal:\n12\n\n\nend\nspeed 1\n")
    page = folder.check("--output", "output.txt")[1]
    (row,) = [line for line in page if line.startswith("size ")]
    assert row.split()[-2:] == ["12", "3"]


@pytest.mark.parametrize("text", ["speed x\n", "speed ", "\nspeed\nspeed \n"])
def test_a_pattern_that_yields_nothing_is_a_problem(folder, text):
    folder.write_text("output.txt", text)
    status, page = folder.check("--output", "output.txt")
    assert status == 1
    line = 1 + text[: text.index("speed ")].count("\n")
    place = "config.yaml:1%d: batch.metrics.%s.output_regex: %s"
    assert place % (0, "size", "no match in output.txt: ^size (\\d+)") in page
    (problem,) = [row for row in page if row.startswith(place % (1, "speed", "no match in output.txt: "))]
    assert "(line %d, " % line in problem
    assert "the first group took no part" in problem


def test_an_output_may_come_through_a_pipe(folder):
    ended = folder.call("check", "--output", "/dev/stdin", request=b"size 1\nspeed 2\n")
    assert ended.status == 0, ended


def indented(lines, first, last):
    return ["    " + line if first <= number <= last else line for number, line in enumerate(lines, 1)]


def replaced(lines, old, new):
    assert any(old in line for line in lines)
    return [line.replace(old, new) for line in lines]


def test_a_newcomer_mends_the_sample_by_the_messages_alone(folder):
    """Each step is what the message says, and the next check names the next mistake."""
    shutil.copy(SAMPLE, folder.path("config.yaml"))
    folder.write_text("output.txt", "Job took 7 seconds\n")
    settings = "batch.default_state.application.components.web.settings."
    mistakes = [
        (
            [
                "config.yaml:32:39: in double quotes a backslash starts an escape",
                "put a regular expression in single quotes",
            ],
            lambda lines: replaced(lines, '"Job took (\\.d) seconds"', "'Job took (\\.d) seconds'"),
        ),
        (
            [
                "config.yaml:11: %sinst_type: must be a mapping of type, min, max, values, value, …, but is empty"
                % settings,
                'config.yaml:12: %stype: must be a mapping, as a setting is, but is a string, "enum"; '
                "it looks like a key of inst_type above: indent it deeper" % settings,
                "config.yaml:13: %sunit: " % settings,
                "config.yaml:14: %sstep: " % settings,
                'config.yaml:15: %svalue: must be a mapping, as a setting is, but is a string, "c5.2xlarge"' % settings,
                "config.yaml:16: %svalues: " % settings,
            ],
            lambda lines: indented(lines, 12, 19),
        ),
        (
            [
                "config.yaml:20: batch.default_state.application.components.web.replicas: "
                "looks like a setting, but stands beside settings: indent it to stand under them"
            ],
            lambda lines: indented(lines, 20, 25),
        ),
        (
            ['state.application.components has no "master"; there is only web'],
            lambda lines: replaced(
                replaced(lines, "[master][settings][cpu]", "[web][settings][replicas]"),
                "[master][settings][mem][value]:.0f",
                "[web][settings][inst_type][value]",
            ),
        ),
        (
            ["settings.replicas.value has no value: give it one in the configuration, or adjust it first"],
            lambda lines: replaced(lines, "unit: count", "unit: count\n                            value: 3"),
        ),
        (
            ["batch.metrics.my_metric_name.output_regex: no match in output.txt: Job took (\\.d) seconds"],
            lambda lines: replaced(lines, "\\.d", "\\d"),
        ),
        (
            ["config.yaml:3: batch.command: command not found: there is no ./run_job.sh; correct the name"],
            None,
        ),
    ]
    for messages, mend in mistakes:
        status, page = folder.check("--output", "output.txt")
        assert status == 1
        for message in messages:
            assert message in "\n".join(page)
        if mend:
            lines = folder.read("config.yaml").decode().split("\n")
            folder.write_text("config.yaml", "\n".join(mend(lines)))
    assert "from the request: control.userdata.timeout" in page
    page = folder.check("--control", '{"userdata": {"timeout": 60}}')[1]
    assert "./run_job.sh --cpu 3 --mem c5.2xlarge --timeout 60" in page


def test_the_stderr_that_a_measurement_kept_is_searched_for_what_is_printed_there(folder):
    text = CONFIGURATION % "'echo size 3; echo speed 4 >&2'"
    folder.write_text("config.yaml", text.replace("[0-9.]+)?'", "[0-9.]+)', stream: stderr"))
    assert folder.call("measure", "--keep-output", "saved").status == 0
    status, page = folder.check("--output", "saved")
    assert status == 0
    assert [line.split()[-2:] for line in page if line.startswith(("size ", "speed "))] == [["3", "1"], ["4", "1"]]


@pytest.mark.parametrize(("unit", "is_doubtful"), [("", False), (", unit: B", False), (", unit: MiB", True)])
def test_a_unit_that_would_have_to_be_converted_is_doubtful(folder, unit, is_doubtful):
    folder.write_text("config.yaml", CONFIGURATION % "x" + "    memory: {resource: max_rss%s}\n" % unit)
    page = folder.check()[1]
    assert any("max_rss is in bytes, and a unit is only a label" in line for line in page) == is_doubtful


@pytest.mark.parametrize(
    ("setting", "is_doubtful"),
    [
        ("{values: [1, 2], value: 3}", True),
        ("{range: [1, 8], value: 3}", True),
        ("{minimum: 1, maximum: 8, value: 3}", True),
        ("{choices: [1, 2], value: 3}", True),
        ("{value: 3, colour: red}", False),
        ("{min: 1, max: 8, step: 1, value: 3}", False),
    ],
)
def test_a_setting_without_a_type_that_looks_like_one_is_doubtful(folder, setting, is_doubtful):
    described = "{type: range, min: 1, max: 8, step: 1, value: 2, unit: cores}"
    folder.write_text("config.yaml", (CONFIGURATION % "x").replace(described, setting))
    page = folder.check()[1]
    assert any("web.cpu has no type, so any value is allowed" in line for line in page) == is_doubtful


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("grace: 5", 'did you mean "grace_period"?'),
        ("minimize: '{size}'", "batch.minimize: belongs under objective"),
        ("output_regex: '(x)'", "batch.output_regex: belongs under metrics: NAME"),
    ],
)
def test_a_guessed_key_is_told_what_it_is_called_or_where_it_belongs(folder, line, words):
    folder.write_text("config.yaml", CONFIGURATION % "x" + "  %s\n" % line)
    assert words in "\n".join(folder.check()[1])


def test_the_time_is_the_same_objective_however_it_is_named(folder):
    folder.write_text(
        "config.yaml", CONFIGURATION % "echo size {web.cpu}; echo speed 1" + "  history: measured.jsonl\n"
    )
    made = ["--measurements", "1", "--confirm", "0", "--cap", "3"]
    for number, named in enumerate((["--minimize", "{total_runtime}"], [])):
        ended = folder.call("tune", *made, *named, "--history", "%d.jsonl" % number)
        assert ended.status == 0, ended
        assert ended.answer["objective"] == "minimize {total_runtime}"
    ended = folder.call("tune", *made, "--maximize", "{total_runtime}")
    assert "needs runs: 1 and the objective minimize {total_runtime}" in ended.answer["message"]
