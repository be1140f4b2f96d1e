"""Drivers that misbehave: each ends in one truthful report, and the agent goes on."""

import json
import os

import pytest
from agent_fixtures import *  # noqa: F403
from fakes import ANSWER, MEASURE_COMMAND, METRICS, Alive, agents, furnish, services, write, write_measure_in_turn

TWO_MEBIBYTES = 2 * 1024 * 1024
REJECTED = {"status": "rejected", "reason": "invalid-value", "message": "the most is 4 \u2028 \U0001f600"}
ENDED = "the measure driver ended without an answer (%s)"
# What a driver's script breaks of the protocol, and what the report of it says.
FAULTS = {
    "": ENDED % "exit status 0",
    "exit 3": ENDED % "exit status 3",
    "echo oops >&2; exit 3": ENDED % "exit status 3" + "\nstderr: oops",
    "kill -KILL $$": ENDED % "killed by SIGKILL",
    "kill -40 $$": ENDED % "killed by signal 40",
    ANSWER + "; exit 3": "the measure driver answered ok, but (exit status 3)",
    ANSWER + "; " + ANSWER: "the measure driver wrote 2 answers instead of one",
    'echo \'{"status": "ok"}\'': "the measure driver's answer has no metrics",
    "echo '[1]'; echo Traceback; echo 12": "exit status 0)\nstdout: [1]\nTraceback\n12",
    'echo \'{"status": "ok", "metrics": {"a": NaN}}\'': "ended without an answer",
    "printf '\\377\\376\\n'": "ended without an answer",
    "head -c 100000 /dev/zero | tr '\\0' '['": "ended without an answer",
    'echo \'{"status": "failed"}\'; echo why >&2': "the measure driver failed\nstderr: why",
    "yes %0500d | head -c 3000000 >&2; echo the last >&2; exit 1" % 7: "0the last",
}
# What stands around an answer that counts.
ANSWERS = [
    "exec </dev/null; " + ANSWER,
    "echo garbage; echo; echo '[]'; echo 7; " + ANSWER,
    'echo \'{"progress": "half"}\'; echo \'{"progress": true}\'; ' + ANSWER,
    "echo '{\"progress\": %s}'; " % ("9" * 3000) + ANSWER,
    "printf '%s' \"$(" + ANSWER + ')"',
    "head -c 9000000 /dev/zero; echo; " + ANSWER,
    "yes moan | head -c 150000 >&2; " + ANSWER,
    "sleep 9 & " + ANSWER,
    # It ends with the agent, which closes the pipe's other end.
    "yes $(printf x%02000d 7) & sleep 0.2; " + ANSWER,
]


@pytest.fixture(scope="module")
def reports(tmp_path_factory, pyz):
    """The report of each script in the tables, by one agent, one after the other."""
    folder = furnish(tmp_path_factory.mktemp("reports"))
    scripts = [*FAULTS, *ANSWERS]
    write_measure_in_turn(folder, scripts)
    with services() as serve, agents(folder, pyz) as servo:
        service = serve([MEASURE_COMMAND] * len(scripts))
        servo(service)
        service.wait_for("WHATS_NEXT", len(scripts) + 1)
    assert len(service.results()) == len(scripts)
    return dict(zip(scripts, service.results()))


@pytest.mark.parametrize("script", list(FAULTS))
def test_a_driver_that_breaks_the_protocol_has_failed(reports, script):
    report = reports[script]
    assert set(report) == {"status", "reason", "message"}
    assert (report["status"], report["reason"]) == ("failed", "driver-failed")
    assert FAULTS[script] in report["message"]


@pytest.mark.parametrize("script", ANSWERS)
def test_an_answer_counts_whatever_is_around_it(reports, script):
    assert reports[script] == METRICS


@pytest.fixture
def report_of(measure):
    """A function that returns the one report of a driver's script, once the agent went on."""

    def run(script, **options):
        run.service, run.agent = measure(script, **options)
        run.service.wait_for("WHATS_NEXT", 2)
        (report,) = run.service.results()
        return report

    return run


def test_a_driver_that_cannot_be_started_is_reported(report_of, folder):
    write(folder / "measure", "#!/nonexistent\n")
    message = report_of(None)["message"]
    assert message.startswith("cannot run the measure driver ./measure: ./measure needs the interpreter '/nonexistent'")


def test_a_request_larger_than_a_pipe_does_not_block(serve, servo, folder):
    service = serve([{"cmd": "MEASURE", "param": {"control": {"userdata": "x" * 300000}}}])
    servo(service)
    assert service.wait_for("MEASUREMENT").param == METRICS


def test_a_failure_is_passed_on_as_the_driver_says_it(report_of):
    assert report_of("echo '%s'; echo noise >&2; exit 1" % json.dumps(REJECTED)) == REJECTED


def test_a_failure_is_cut_to_two_mebibytes(report_of):
    # Each of these characters takes six bytes in the report.
    report = report_of("head -c 1500000 /dev/zero | tr '\\0' '\\1' >&2; exit 1")
    assert report["message"].startswith(ENDED % "exit status 1")
    assert TWO_MEBIBYTES - 100000 < len(report_of.service.of("MEASUREMENT")[-1].body) <= TWO_MEBIBYTES


def test_much_stderr_is_logged_up_to_a_limit_and_reported_to_its_end(report_of):
    script = "i=0; while [ $i -lt 200 ]; do echo moan $i >&2; i=$((i + 1)); done; exit 1"
    assert report_of(script, changes=["driver.MAX_LOGGED_BYTES=1000"])["message"].endswith("moan 199")
    report_of.agent.stop()
    assert "measure: moan 99\n" in report_of.agent.output
    assert "measure: moan 150\n" not in report_of.agent.output
    assert report_of.agent.output.count("much more, which is not logged") == 1


@pytest.mark.parametrize(("verbose", "reported"), [("all", "one two three"), ("minimal", "one two"), ("none", "")])
def test_verbose_stderr_says_how_much_is_passed_on(report_of, verbose, reported):
    script = "for word in one two three; do echo $word >&2; done; exit 1"
    report = report_of(script, env={"OPTUNE_VERBOSE_STDERR": verbose})
    words = ["one", "two", "three"]
    assert [word for word in words if word in report["message"]] == reported.split()
    assert [word for word in words if "measure: " + word in report_of.agent.output] == reported.split()


SAYS_CANCELLED = "say() { echo '%s'; exit 143; }; trap say TERM; while :; do sleep 0.05; done" % json.dumps(
    {"status": "failed", "reason": "cancelled", "message": "cancelled by SIGTERM"}
)


@pytest.mark.parametrize("script", [SAYS_CANCELLED, "trap '' TERM; echo 1 >&2; while :; do sleep 0.05; done"])
def test_a_silent_driver_is_stopped_whatever_it_says_and_does(report_of, script):
    report = report_of(script, env={"OPTUNE_IO_TIMEOUT": "0.3"}, changes=["driver.TERMINATE_SECONDS=0.1"])
    assert (report["status"], report["reason"]) == ("failed", "timeout")
    assert "wrote nothing for 0.3 seconds" in report["message"]


def test_a_silent_driver_is_stopped_with_all_its_group(report_of, folder):
    alive = Alive(folder)
    report_of("exec 3>alive; (trap '' TERM; sleep 1000) & wait", env={"OPTUNE_IO_TIMEOUT": "0.3"})
    alive.wait_for_none()


def test_a_driver_that_writes_now_and_then_is_not_silent(report_of):
    script = "i=0; while [ $i -lt 22 ]; do sleep 0.05; printf . >&2; i=$((i + 1)); done; " + ANSWER
    assert report_of(script, env={"OPTUNE_IO_TIMEOUT": "1"}) == METRICS


@pytest.mark.parametrize("fault", ["exit 1", "sleep 1000"])
def test_a_driver_without_info_can_still_measure(report_of, folder, fault):
    write(folder / "measure", '#!/bin/sh\n[ "$1" = --info ] && %s\n%s' % (fault, ANSWER))
    assert report_of(None, changes=["driver.TERMINATE_SECONDS=0.1", "life.INFO_SECONDS=0.3"]) == METRICS


def test_drivers_get_the_app_id_and_neither_token_nor_descriptors(report_of, folder):
    report_of('echo "$@" >arguments; env >environment; ls -l /proc/self/fd >descriptors 2>/dev/null; ' + ANSWER)
    assert (folder / "arguments").read_text() == "app\n"
    assert "s3cret" not in (folder / "environment").read_text()
    if os.path.isdir("/proc/self/fd"):
        assert "socket" not in (folder / "descriptors").read_text()
