"""What measure and check say of what they found, and of what they did not: the built file and real jobs."""

import shutil
import subprocess

import pytest
from calling import LIMIT_SECONDS, Ended, batch

pytest_plugins = ("servo_fixtures",)

SIZE = r"^size (\d+)$"


def metrics(pattern=SIZE, **keys):
    return {"size": dict(keys, output_regex=pattern)}


def test_a_metric_may_be_searched_for_in_stderr(servo):
    servo.configure(batch("echo size 7; echo size 5 >&2", metrics=metrics(stream="stderr")))
    assert servo.measure().answer["metrics"]["size"] == {"value": 5}


def test_a_failed_match_shows_both_streams_and_what_would_have_matched(servo):
    servo.configure(batch("echo 'srun: error: Node failure' >&2; echo Size 5", metrics=metrics()))
    ended = servo.measure()
    ended.failed("failed", "no-match", "size in stdout: " + SIZE, "(?i)", "\nSize 5", "\nsrun: error: Node failure")
    first = ended.answer["message"].split("\n")[0]
    assert "(?i)" in first
    assert first in ended.stderr


def test_every_pattern_that_found_nothing_has_its_hint(servo):
    servo.configure(
        batch(
            "echo a 1; echo size 5 >&2; printf 'b 2\\r\\n'",
            metrics={"a": {"output_regex": "A (.)"}, "b": {"output_regex": "b (.)$"}, "c": {"output_regex": "c (.)"}},
        )
    )
    first = servo.measure().answer["message"].split("\n")[0]
    assert "a in stdout: A (.) (it would match" in first
    assert r"b in stdout: b (.)$ (it would match" in first
    assert "c in stdout: c (.); check" in first


def test_a_value_that_is_a_part_of_a_number_is_said_and_kept(servo):
    servo.configure(batch("echo mean 250,749.96 us", metrics=metrics(r"mean ([\d.]+)")))
    ended = servo.measure()
    assert ended.answer["metrics"]["size"] == {"value": 250}
    assert 'size: "250" is only a part of "250,749.96"' in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_whole_value_is_not_remarked_upon(servo):
    servo.configure(batch("echo mean 5ms", metrics=metrics(r"mean ([\d.]+)")))
    assert servo.measure().stderr == ""


@pytest.mark.skipif(not shutil.which("script"), reason="no script here, which gives the job a terminal")
def test_what_a_terminal_makes_of_a_line_end_is_said(servo):
    command = "script -qec 'echo size 5' /dev/null"
    servo.configure(batch(command, metrics=metrics()))
    servo.measure().failed("failed", "no-match", r'"size 5\r"', r"did not end in \r\n")
    servo.configure(batch(command, metrics=metrics("^size (.*)$")))
    assert servo.measure().answer["metrics"]["size"] == {"value": 5}


def test_what_would_take_for_ever_costs_neither_the_answer_nor_the_value(servo):
    """Each driver thinks for some seconds about what else could have been meant: so both do it at the same time."""
    # Fails at once where a blank is, and takes for ever where it would not be.
    hint = batch("echo 'size: %s'" % ("a" * 100), metrics=metrics(r"size:(?:aa?)*b(\d)"))
    # Finds its value at once, and takes for ever where something else is beside it.
    doubt = batch("echo 'size 5.2%s'" % ("a" * 100), metrics=metrics(r"size (\d)(?:\.|.\d?(?:aa?)*b)"))
    hinting, doubting = [
        servo.start("measure", "--config", servo.write(name, document), stdin=subprocess.DEVNULL)
        for name, document in (("hint.json", hint), ("doubt.json", doubt))
    ]
    with hinting, doubting:
        ended_of(hinting).failed("failed", "no-match", "size in stdout")
        assert ended_of(doubting).answer["metrics"]["size"] == {"value": 5}


def ended_of(process):
    stdout, stderr = process.communicate(timeout=LIMIT_SECONDS)
    return Ended(process.returncode, stdout, stderr)


def test_check_says_what_measure_would(servo):
    servo.write("output", b"mean 250,749.96 us\nSize 5\nn 1\nn 2\n")
    described = {
        "mean": {"output_regex": r"mean ([\d.]+)"},
        "size": {"output_regex": SIZE},
        "n": {"output_regex": r"n (\d+)$"},
    }
    servo.configure(batch(metrics=described))
    ended = servo.call("check", "--output", "output")
    page = ended.stdout.decode()
    assert ended.status == 1
    assert '"250" is only a part of "250,749.96"' in page
    assert "(?i)" in page
    assert "the older servo-batch would have found 2 here, not 1" in page
