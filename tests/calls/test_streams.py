"""Streams that are closed, full, or not what they should be. And nobody left to answer."""

import contextlib
import json
import os
import signal
import subprocess

import pytest
from calling import asked
from processes import wait_until

CALLS = {"adjust": asked(cpu=3), "adjust --query": b"", "measure": b""}


def closing(redirection):
    return ["sh", "-c", 'exec "$@" %s' % redirection, "-"]


@contextlib.contextmanager
def nobody_reads():
    """The writing end of a pipe without a reader."""
    readable, writable = os.pipe()
    os.close(readable)
    yield writable
    os.close(writable)


def says_that_stdout_is_gone(ended):
    assert (ended.status, ended.stdout) == (1, b""), ended
    assert "Traceback" not in ended.stderr, ended
    # At most one line for what happened to the job, and one for the answer.
    assert ended.stderr.count("\n") <= 2, ended
    assert "stdout" in ended.stderr, ended
    return True


@pytest.mark.parametrize("call", CALLS)
def test_a_stdout_that_takes_nothing_is_said_on_stderr(servo, call):
    servo.job("touch ran")
    assert says_that_stdout_is_gone(servo.call(*call.split(), request=CALLS[call], prefix=closing(">&-")))
    assert os.listdir(servo.folder) == ["config.json"]  # nothing is done
    assert says_that_stdout_is_gone(servo.call(*call.split(), request=CALLS[call], prefix=closing(">/dev/full")))
    with nobody_reads() as stdout:
        assert says_that_stdout_is_gone(servo.call(*call.split(), request=CALLS[call], stdout=stdout))


def test_text_for_people_is_not_missed_by_a_reader_that_is_gone(servo):
    for arguments in (["--help"], ["adjust", "--version"]):
        with nobody_reads() as stdout:
            assert "Traceback" not in servo.call(*arguments, stdout=stdout).stderr


def test_an_answer_that_nobody_takes_is_given_up_when_somebody_asks(servo, stalled):
    servo.job("touch ran")
    process = servo.start("measure", stdout=stalled, stdin=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(servo.path("ran")))

    def ends():
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(0.3) is not None

    wait_until(ends)
    assert process.returncode == 128 + signal.SIGTERM
    assert process.stderr.read().endswith(b"cancelled by SIGTERM: nobody takes the answer from stdout\n")
    process.stderr.close()


def test_a_stderr_that_nobody_reads_holds_up_no_answer(newest, stalled):
    ended = newest.job("exit 3").call("measure", stderr=stalled, changes=["answers.STDERR_SECONDS=0.2"])
    assert (ended.status, ended.answer["reason"]) == (1, "command-failed")


def test_a_stdout_that_fills_up_while_the_job_runs_is_said_on_stderr(servo):
    # The first progress line fits into a block of 512 bytes, the answer does not.
    servo.job(": %s; exit 3" % ("x" * 600))
    with open(servo.path("answers"), "wb") as stream:
        ended = servo.call("measure", stdout=stream, prefix=["sh", "-c", 'ulimit -f 1; exec "$@"', "-"])
    assert says_that_stdout_is_gone(ended)


def test_a_closed_stdin_is_as_an_empty_one_and_one_that_cannot_be_read_a_bad_request(servo):
    for call in ("adjust --query", "measure", "measure --describe"):
        assert servo.call(*call.split(), prefix=closing("<&-")).status == 0
    servo.adjust(b"", prefix=closing("<&-")).bad_request("application")
    servo.measure(prefix=closing("0>written")).bad_request("stdin", "cannot be read")


@pytest.mark.parametrize("redirection", ["2>/dev/full", "<&- 2>&-"])
def test_without_a_stderr_the_answer_is_the_same(servo, redirection):
    servo.job("echo noise >&2; echo size 5", metrics={"size": {"output_regex": r"size (\d)"}})
    assert servo.measure(prefix=closing(redirection)).answer["metrics"]["size"] == {"value": 5}
    servo.write("_state.json", b"{")
    for call in ("adjust --query", "measure"):
        ended = servo.call(*call.split(), prefix=closing(redirection))
        # Not always 1: Python adds a status of its own where it cannot flush stderr.
        assert ended.status != 0, ended
        assert (ended.stderr, ended.answer["reason"]) == ("", "bad-state")


def test_nothing_is_read_from_stdin_by_a_question(servo):
    # The other end stays open: a call that waited for its end would not come back.
    for question in ("adjust --query", "adjust --info", "measure --describe", "measure --info"):
        process = servo.start(*question.split())
        assert process.wait() == 0
        process.communicate()


def test_a_stdout_that_does_not_wait_gets_the_whole_answer(servo):
    request = asked(cpu=3)
    request["application"]["annotations"] = {"filler": "x" * 1000000}
    assert servo.adjust(request).status == 0
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    process = servo.start("adjust", "--query", stdout=writable)
    os.close(writable)
    with open(readable, "rb") as stream:
        answer = json.loads(stream.read().decode())
    process.communicate()
    assert answer["application"]["annotations"] == request["application"]["annotations"]


def test_whoever_reads_lines_reads_one_response_a_line(servo):
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\r\nh"
    request = asked(opts=text)
    request["application"]["annotations"] = {text: text}
    assert servo.adjust(request).status == 0
    ended = servo.measure()
    assert ended.stdout.decode("utf-8").splitlines() == ended.stdout.decode("utf-8")[:-1].split("\n")
    assert ended.answer["annotations"] == {text: text}


def test_that_nobody_reads_is_said_once(newest):
    with nobody_reads() as stdout:
        told = newest.call("measure", stdout=stdout).stderr
    assert told == "servo-batch: stdout cannot be written to: Broken pipe; the job was not started\n"


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONWARNINGS": "error", "PYTHONWARNDEFAULTENCODING": "1"}, {"PYTHONDEVMODE": "1"}, {"PYTHONOPTIMIZE": "2"}],
    ids=repr,
)
def test_no_environment_of_the_interpreter_puts_noise_on_a_stream(newest, environment):
    for call in ("adjust", "adjust --query", "measure --history h --keep-output kept"):
        ended = newest.call(*call.split(), request=CALLS.get(call, b""), environment=environment)
        assert (ended.status, ended.stderr) == (0, ""), ended
        assert ended.answer.get("status", "ok") == "ok"


def test_modules_in_the_working_directory_are_not_imported(servo):
    servo.is_warm = False
    for name in ("json", "re", "argparse", "servo_batch", "signal", "string"):
        servo.write(name + ".py", b"raise SystemExit('the wrong module')")
    assert servo.query().status == 0
    assert servo.measure().status == 0


def test_the_working_directory_may_be_gone(servo, tmp_path):
    gone = tmp_path / "gone"
    prefix = ["sh", "-c", 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"', "-", str(gone)]
    arguments = ["--config", servo.path("config.json"), "--state", servo.path("s.json")]
    assert servo.call("adjust", *arguments, request=asked(cpu=3), prefix=prefix).status == 0
    servo.adjust(asked(cpu=3), *arguments[:2], prefix=prefix).bad_state("_state.json")
    servo.job("touch ran")  # it fails as under any shell
    told = "the job ended with exit status 1 after "
    servo.call("measure", *arguments, prefix=prefix).failed("failed", "command-failed", told)
    ended = servo.call("compare", *arguments, "web.cpu=2,3", "--svg", "p", "--json", prefix=prefix)
    ended.bad_request("p: the picture cannot be written")
