"""Drivers that misbehave: each ends in one truthful report, and the agent goes on."""

import json

from agent_fixtures import *  # noqa: F403
from agent_fixtures import ANSWER, METRICS, Alive, write

TWO_MEBIBYTES = 2 * 1024 * 1024
REJECTED = {"status": "rejected", "reason": "invalid-value", "message": "the most is 4 \u2028 \U0001f600"}
CANCELLED = {"status": "failed", "reason": "cancelled", "message": "cancelled by SIGTERM"}
NONE = "the measure driver wrote no answer (%s)"
MANY = "head -c 3000000 /dev/zero | tr '\\0' '\\%s'; "
# What a driver's script does, and the report of it, or what the message of a driver-failed says.
REPORTS = {
    # It breaks the protocol.
    "": NONE % "exit status 0",
    "echo oops >&2; exit 3": NONE % "exit status 3" + "\nit wrote: oops",
    "kill -KILL $$": NONE % "killed by signal 9",
    ANSWER + "; exit 3": "the measure driver failed (exit status 3)",
    ANSWER + "; " + ANSWER: "the measure driver wrote more than one answer",
    'echo \'{"status": "ok"}\'': "the measure driver's answer has no metrics",
    "echo '[1]'; echo Traceback; echo 12": NONE % "exit status 0" + "\nit wrote: [1]\nTraceback\n12",
    'echo \'{"status": "ok", "metrics": {"a": NaN}}\'': NONE % "exit status 0",
    "printf '\\377\\376\\n'": NONE % "exit status 0",
    "head -c 100000 /dev/zero | tr '\\0' '['": NONE % "exit status 0",
    'echo \'{"status": "failed"}\'; echo why >&2': "the measure driver failed (exit status 0)\nit wrote: why",
    "yes %0500d | head -c 3000000 >&2; echo the last >&2; exit 1" % 7: "0the last",
    # Each of these characters takes six bytes in the report.
    "(%s echo the last) >&2" % MANY % 1: "\1the last",
    'printf \'{"status": "failed", "message": "\'; %s echo \'"}\'' % MANY % 170: "x" * 50000,
    # It fails.
    "echo '%s'; echo noise >&2; exit 1" % json.dumps(REJECTED): REJECTED,
    # Something stands around an answer that counts.
    "exec </dev/null; " + ANSWER: METRICS,
    "echo garbage; echo; echo '[]'; echo 7; " + ANSWER: METRICS,
    'echo \'{"progress": "half"}\'; echo \'{"progress": true}\'; ' + ANSWER: METRICS,
    "echo '{\"progress\": %s}'; " % ("9" * 3000) + ANSWER: METRICS,
    "printf '%s' \"$(" + ANSWER + ')"': METRICS,
    "head -c 9000000 /dev/zero; echo; " + ANSWER: METRICS,
    "yes moan | head -c 150000 >&2; " + ANSWER: METRICS,
    "sleep 9 & " + ANSWER: METRICS,
    # It ends with the agent, which closes the pipe's other end.
    "yes $(printf x%02000d 7) & sleep 0.2; " + ANSWER: METRICS,
}


def test_whatever_a_driver_does_is_reported_once_and_as_it_is(measure_in_turn):
    service, agent = measure_in_turn(REPORTS)
    assert 1000 < agent.output.count("measure: 0000000") < 3000  # the log has a part of what is written
    results = [request for request in service.of("MEASUREMENT") if "progress" not in request.param]
    assert len(results) == len(REPORTS)
    for (script, expected), request in zip(REPORTS.items(), results):
        report = request.param
        if isinstance(expected, str):
            assert expected in report["message"], script
            expected = {"status": "failed", "reason": "driver-failed", "message": report["message"]}
        assert report == expected, script
        assert len(request.body) <= TWO_MEBIBYTES


def test_a_driver_that_cannot_be_started_is_reported(measure, folder):
    write(folder / "measure", "#!/nonexistent\n")
    service, _ = measure(None)
    message = service.wait_for("MEASUREMENT").param["message"]
    assert message.startswith("cannot run the measure driver ./measure: ./measure needs the interpreter '/nonexistent'")


def test_verbose_stderr_says_how_much_is_passed_on(measure_in_turn):
    script = "for word in one two three; do echo $word >&2; done; exit 1"
    service, agent = measure_in_turn([script], env={"OPTUNE_VERBOSE_STDERR": "minimal"})
    assert service.results()[0]["message"].endswith("it wrote: one\ntwo")
    assert [word for word in ("one", "two", "three") if "measure: " + word in agent.output] == ["one", "two"]


AT_THE_END = ("", "echo '\\''%s'\\''; exit 143" % json.dumps(CANCELLED))
WHATEVER_IT_DOES = "exec 3>alive; (trap '' TERM; exec sleep 1000) & trap '%s' TERM; while :; do sleep 0.05; done"


def test_a_silent_driver_is_stopped_with_all_its_group_whatever_it_says_and_does(measure_in_turn, folder):
    alive = Alive(folder)
    scripts = [WHATEVER_IT_DOES % at_the_end for at_the_end in AT_THE_END]
    service, _ = measure_in_turn(scripts, env={"OPTUNE_IO_TIMEOUT": "0.3"}, changes=["driver.STOP_SECONDS=0.1"])
    for report in service.results():
        assert (report["status"], report["reason"]) == ("failed", "timeout")
        assert "wrote nothing for 0.3 seconds" in report["message"]
    alive.wait_for_none()


def test_a_driver_that_writes_now_and_then_is_not_silent(measure):
    script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 0.1; printf . >&2; done; " + ANSWER
    service, _ = measure(script, env={"OPTUNE_IO_TIMEOUT": "0.8"})
    assert service.wait_for("MEASUREMENT").param == METRICS


def test_a_driver_without_info_can_still_measure(measure, folder):
    write(folder / "measure", '#!/bin/sh\n[ "$1" = --info ] && exit 1\n' + ANSWER)
    service, _ = measure(None)
    assert service.wait_for("MEASUREMENT").param == METRICS
