"""Drivers that misbehave: each ends in one truthful report, and the agent goes on."""

import contextlib
import json
import os

import pytest
from fakes import (
    ANSWER,
    MEASURE_COMMAND,
    METRICS,
    Alive,
    agents,
    furnish,
    services,
    write,
    write_measure,
    write_measure_in_turn,
)

pytest_plugins = ("agent_fixtures",)

TWO_MEBIBYTES = 2 * 1024 * 1024


@contextlib.contextmanager
def held(folder):
    """Hold who reads from the fifo ``hold`` until the end of the block."""
    hold = str(folder / "hold")
    os.mkfifo(hold)
    # With a writer from the start nobody waits for one, and everybody gets the end of the file at the end.
    writer = os.open(hold, os.O_RDWR)
    yield
    os.unlink(hold)  # nor is anybody held who comes now
    os.close(writer)


@pytest.fixture
def report_of(serve, servo, folder):
    """A function that runs a measure driver's script and returns the one report of it, once the agent went on."""

    def run(script, has_cancel="false", **options):
        service = serve([MEASURE_COMMAND])
        if script is not None:
            write_measure(folder, script, has_cancel)
        run.agent = servo(service, **options)
        service.wait_for("WHATS_NEXT", 2)
        reports = [one for one in service.of("MEASUREMENT") if "progress" not in one.param]
        assert len(reports) == 1
        run.body = reports[0].body
        return reports[0].param

    with held(folder):
        yield run


# A driver's script that breaks the protocol, and what the report of it says.
FAULTS = {
    "silence": ("", "the measure driver ended without an answer (exit status 0)"),
    "exit status": ("exit 3", "the measure driver ended without an answer (exit status 3)"),
    "stderr": ("echo oops >&2; exit 3", "the measure driver ended without an answer (exit status 3)\nstderr: oops"),
    "SIGKILL": ("kill -KILL $$", "the measure driver ended without an answer (killed by SIGKILL)"),
    "nameless signal": ("kill -40 $$", "the measure driver ended without an answer (killed by signal 40)"),
    "ok, but": (ANSWER + "; exit 3", "the measure driver answered ok, but (exit status 3)"),
    "two answers": (ANSWER + "; " + ANSWER, "the measure driver wrote 2 answers instead of one"),
    "no metrics": ('echo \'{"status": "ok"}\'', "the measure driver's answer has no metrics"),
    "no objects": ("echo '[1]'; echo Traceback; echo 12", "exit status 0)\nstdout: [1]\nTraceback\n12"),
    "NaN": ('echo \'{"status": "ok", "metrics": {"a": NaN}}\'', "ended without an answer"),
    "overflow": ('echo \'{"status": "ok", "metrics": {"a": 1e999}}\'', "ended without an answer"),
    "not UTF-8": ("printf '\\377\\376\\n'", "ended without an answer"),
    "half JSON": ('echo \'{"status": "ok", "metr\'', "ended without an answer"),
    "deep": ("head -c 100000 /dev/zero | tr '\\0' '['", "ended without an answer"),
    "no message": ('echo \'{"status": "failed"}\'; echo why >&2', "the measure driver failed\nstderr: why"),
}
# A driver's script whose answer counts.
ANSWERS = {
    "no request read": "exec </dev/null; " + ANSWER,
    "garbage": "echo garbage; echo; echo '[]'; echo 7; " + ANSWER,
    "progress of no number": 'echo \'{"progress": "half"}\'; echo \'{"progress": true}\'; ' + ANSWER,
    "huge progress": "echo '{\"progress\": %s}'; " % ("9" * 3000) + ANSWER,
    "no line end": "printf '%s' \"$(" + ANSWER + ')"',
    "streams closed": ANSWER + "; exec >&- 2>&-; sleep 0.1",
    "much garbage": "yes garbage | head -c 150000; " + ANSWER,
    "one line longer than any answer": "head -c 9000000 /dev/zero; echo; " + ANSWER,
    "much stderr": "yes moan | head -c 150000 >&2; " + ANSWER,
    "a grandchild holds the pipes": "cat hold & " + ANSWER,
    # It ends with the agent, which closes the pipe's other end.
    "a grandchild fills the pipe for ever": "yes $(printf x%02000d 7) & sleep 0.2; " + ANSWER,
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory, pyz):
    """The report of each script in the tables, by one agent, one after the other."""
    folder = furnish(tmp_path_factory.mktemp("reports"))
    names = [*FAULTS, *ANSWERS]
    write_measure_in_turn(folder, [script for script, _ in FAULTS.values()] + list(ANSWERS.values()))
    with services() as serve, agents(folder, pyz) as servo, held(folder):
        service = serve([MEASURE_COMMAND] * len(names))
        servo(service)
        service.wait_for("WHATS_NEXT", len(names) + 1)
        results = [one.param for one in service.of("MEASUREMENT") if "progress" not in one.param]
    assert len(results) == len(names)
    return dict(zip(names, results))


@pytest.mark.parametrize("name", list(FAULTS))
def test_a_driver_that_breaks_the_protocol_has_failed(reports, name):
    report = reports[name]
    assert set(report) == {"status", "reason", "message"}
    assert (report["status"], report["reason"]) == ("failed", "driver-failed")
    assert FAULTS[name][1] in report["message"]


@pytest.mark.parametrize("name", list(ANSWERS))
def test_an_answer_counts_whatever_is_around_it(reports, name):
    assert reports[name] == METRICS


def test_a_driver_that_cannot_be_started_is_reported(report_of, folder):
    write(folder / "measure", "#!/nonexistent\n")
    assert (
        "cannot run the measure driver ./measure: ./measure needs the interpreter '/nonexistent'"
        in report_of(None)["message"]
    )


def test_a_request_larger_than_a_pipe_does_not_block(serve, servo, folder):
    service = serve([{"cmd": "MEASURE", "param": {"control": {"userdata": "x" * 300000}}}])
    write_measure(folder, "exec </dev/null; sleep 0.1; " + ANSWER)
    servo(service)
    assert service.wait_for("MEASUREMENT").param == METRICS


def test_a_failure_is_passed_on_as_the_driver_says_it(report_of):
    failure = {
        "status": "rejected",
        "reason": "invalid-value",
        "message": "web.cpu is 9, the most is 4 \u2028 \U0001f600",
    }
    assert report_of("echo '%s'; echo noise >&2; exit 1" % json.dumps(failure)) == failure


def test_a_failure_is_cut_to_two_mebibytes(report_of):
    # Each of these characters takes six bytes in the report.
    report = report_of("head -c 1500000 /dev/zero | tr '\\0' '\\1' >&2; exit 1")
    assert report["message"].startswith("the measure driver ended without an answer (exit status 1)")
    assert TWO_MEBIBYTES - 100000 < len(report_of.body) <= TWO_MEBIBYTES


def test_of_a_long_stderr_the_end_is_reported(report_of):
    report = report_of("yes %0500d | head -c 3000000 >&2; echo the last >&2; exit 1" % 7)
    assert report["message"].endswith("0the last")
    assert len(report_of.body) <= TWO_MEBIBYTES


def test_much_stderr_is_logged_up_to_a_limit_and_reported_to_its_end(report_of):
    script = "i=0; while [ $i -lt 200 ]; do echo moan $i >&2; i=$((i + 1)); done; exit 1"
    report = report_of(script, changes=["driver.MAX_LOGGED_BYTES=1000"])
    report_of.agent.stop()
    assert report["message"].endswith("moan 199")
    log = report_of.agent.output
    assert "measure: moan 99\n" in log
    assert "measure: moan 150\n" not in log
    assert log.count("writes much to stderr: the rest is not logged") == 1


@pytest.mark.parametrize(
    ("verbose", "reported"), [("all", ["one", "two", "three"]), ("minimal", ["one", "two"]), ("none", [])]
)
def test_verbose_stderr_says_how_much_is_passed_on(report_of, verbose, reported):
    report = report_of(
        "for word in one two three; do echo $word >&2; done; exit 1", env={"OPTUNE_VERBOSE_STDERR": verbose}
    )
    words = ["one", "two", "three"]
    assert [word for word in words if word in report["message"]] == reported
    assert [word for word in words if "measure: " + word in report_of.agent.output] == reported


def test_a_silent_driver_is_stopped_with_all_its_group(report_of, folder):
    alive = Alive(folder)
    report = report_of("exec 3>alive; (trap '' TERM; cat hold) & wait", env={"OPTUNE_IO_TIMEOUT": "0.3"})
    alive.wait_for_none()
    assert (report["status"], report["reason"]) == ("failed", "timeout")
    assert "wrote nothing for 0.3 seconds" in report["message"]


def test_a_silent_driver_that_says_it_was_cancelled_is_reported_as_silent(report_of):
    answer = '{"status": "failed", "reason": "cancelled", "message": "cancelled by SIGTERM"}'
    script = "say() { echo '%s'; exit 143; }; trap say TERM; while :; do sleep 0.05; done" % answer
    report = report_of(script, env={"OPTUNE_IO_TIMEOUT": "0.3"})
    assert (report["status"], report["reason"]) == ("failed", "timeout")


def test_a_silent_driver_that_ignores_sigterm_is_killed(report_of):
    report = report_of(
        "trap '' TERM; echo 1 >&2; while :; do sleep 0.05; done",
        env={"OPTUNE_IO_TIMEOUT": "0.3"},
        changes=["driver.TERMINATE_SECONDS=0.1"],
    )
    assert report["reason"] == "timeout"
    assert "SIGKILL to the measure driver" in report_of.agent.output


def test_a_driver_that_writes_now_and_then_is_not_silent(report_of):
    script = "i=0; while [ $i -lt 22 ]; do sleep 0.05; printf . >&2; i=$((i + 1)); done; " + ANSWER
    assert report_of(script, env={"OPTUNE_IO_TIMEOUT": "1"}) == METRICS


def test_a_driver_without_info_can_still_measure(report_of, folder):
    write(folder / "measure", '#!/bin/sh\n[ "$1" = --info ] && exit 1\n' + ANSWER)
    assert report_of(None) == METRICS


def test_an_info_that_hangs_is_given_up(report_of, folder):
    write(folder / "measure", '#!/bin/sh\n[ "$1" = --info ] && sleep 1000\n' + ANSWER)
    assert report_of(None, changes=["driver.TERMINATE_SECONDS=0.1", "loop.INFO_SECONDS=0.3"]) == METRICS


def test_drivers_get_the_app_id_and_neither_token_nor_descriptors(report_of, folder):
    report_of('echo "$@" >arguments; env >environment; ls -l /proc/self/fd >descriptors 2>/dev/null; ' + ANSWER)
    assert (folder / "arguments").read_text() == "app\n"
    assert "s3cret" not in (folder / "environment").read_text()
    if os.path.isdir("/proc/self/fd"):
        assert "socket" not in (folder / "descriptors").read_text()
