"""The agent's life with a service and drivers that behave."""

import json
import os

import pytest
from fakes import ANSWER, METRICS, TOKEN, Alive, write, write_measure
from machine import NEWEST

pytest_plugins = ("agent_fixtures",)

STATE = {"application": {"components": {"web": {"settings": {"cpu": {"value": 2}}}}}}
ADJUST = {"cmd": "ADJUST", "param": {"state": STATE, "control": {"userdata": {"a": 1}}}}
MEASURE = {"cmd": "MEASURE", "param": {"metrics": ["total_runtime"], "control": {"duration": 3}}}
UNTIL_CANCELLED = """cancelled() { %s; }; trap cancelled USR1; echo '{"progress": 1}'; while :; do sleep 0.05; done"""
DESCRIBE = {"cmd": "DESCRIBE", "param": None}


def test_describe_adjust_measure(any_python, serve, servo, folder):
    service = serve([DESCRIBE, ADJUST, MEASURE])
    write_measure(
        folder, 'cat >measure.request; echo \'{"status": "ok", "metrics": {}, "annotations": {"n": 1}, "x": 1}\''
    )
    agent = servo(service, "--agent", "me", python=any_python, env={"OPTUNE_PERF": "1 / total_runtime"})
    service.wait_for("WHATS_NEXT", 4)
    agent.stop()
    assert [(one.event, one.param) for one in service.requests] == [
        ("HELLO", {"agent": "me"}),
        ("WHATS_NEXT", None),
        (
            "DESCRIPTION",
            {
                "status": "ok",
                "descriptor": {
                    "application": {"components": {"web": {"settings": {"cpu": {"value": 1, "min": 1, "max": 4}}}}},
                    "measurement": {"metrics": {"total_runtime": {"unit": "seconds"}}},
                    "optimization": {"perf": "1 / total_runtime"},
                },
            },
        ),
        ("WHATS_NEXT", None),
        ("ADJUSTMENT", {"state": STATE}),
        ("WHATS_NEXT", None),
        ("MEASUREMENT", {"metrics": {}, "annotations": {"n": 1}}),
        ("WHATS_NEXT", None),
        ("GOODBYE", {"reason": "exit: SIGTERM"}),
    ]
    assert json.loads((folder / "adjust.request").read_text()) == {
        "application": STATE["application"],
        "control": {"userdata": {"a": 1}},
    }
    assert json.loads((folder / "measure.request").read_text()) == MEASURE["param"]
    assert all(one.headers["authorization"] == "Bearer " + TOKEN for one in service.requests)
    assert all(one.headers["content-type"] == "application/json" for one in service.requests)
    assert TOKEN not in agent.output


def test_nothing_is_done_that_python_warns_of(serve, servo, folder):
    service = serve([DESCRIBE, ADJUST, MEASURE])
    write_measure(folder, "echo '{\"progress\": 1}'; " + ANSWER)
    agent = servo(service, python=NEWEST, env={"PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error"})
    service.wait_for("WHATS_NEXT", 4)
    agent.stop()
    assert service.of("MEASUREMENT")[-1].param == METRICS
    assert "Warning" not in agent.output


def test_progress_is_reported_with_the_runtime(serve, servo, folder):
    service = serve([MEASURE])
    os.mkfifo(str(folder / "go"))
    write_measure(folder, """printf '{"progress": 40, '; echo '"message": "half"}'; cat go; """ + ANSWER)
    servo(service)
    report = service.wait_for("MEASUREMENT").param
    (folder / "go").write_text("")
    assert report == {"progress": 40, "runtime": report["runtime"], "message": "half"}
    assert service.wait_for("MEASUREMENT", 2).param == METRICS


def test_a_silent_driver_is_reported_too_so_that_it_can_be_cancelled(serve, servo, folder):
    service = serve([MEASURE], {"MEASUREMENT": [{}, {}, {"status": "cancel", "reason": "enough"}]})
    write_measure(folder, "sleep 1000")
    servo(service, changes=["report.MAX_REPORT_SECONDS=0.1"])
    assert service.wait_for("MEASUREMENT", 3).param["progress"] == 0
    assert service.wait_for("MEASUREMENT", 4).param["reason"] == "cancelled"


def test_a_chattering_driver_does_not_flood_the_service(serve, servo, folder):
    service = serve([MEASURE])
    write_measure(folder, "yes '{\"progress\": 1}' | head -n 20000; " + ANSWER)
    servo(service, changes=["report.MIN_REPORT_SECONDS=1000.0"])
    assert service.wait_for("MEASUREMENT", 2).param == METRICS
    assert len(service.of("MEASUREMENT")) == 2


def test_a_cancel_asks_a_driver_that_can_and_passes_its_answer_on(serve, servo, folder):
    service = serve([MEASURE], {"MEASUREMENT": [{"status": "cancel", "reason": "too slow"}]})
    answer = {"status": "failed", "reason": "cancelled", "message": "stopped the job"}
    write_measure(folder, UNTIL_CANCELLED % ("echo '%s'; exit 1" % json.dumps(answer)), "true")
    agent = servo(service)
    report = service.wait_for("MEASUREMENT", 2).param
    message = "the service cancelled it: too slow; the measure driver says: stopped the job"
    assert report == dict(answer, message=message)
    service.wait_for("WHATS_NEXT", 2)
    assert "the service cancelled it: too slow" in agent.output


def test_a_cancel_kills_a_driver_that_cannot_and_all_its_group(serve, servo, folder):
    service = serve([MEASURE], {"MEASUREMENT": [{"status": "cancel", "reason": "too slow"}]})
    alive = Alive(folder)
    write_measure(folder, "exec 3>alive; (trap '' TERM USR1; sleep 1000) & echo '{\"progress\": 1}'; wait")
    servo(service)
    report = service.wait_for("MEASUREMENT", 2).param
    assert (report["status"], report["reason"]) == ("failed", "cancelled")
    assert "too slow" in report["message"]
    alive.wait_for_none()


def test_a_driver_that_ignores_the_cancel_is_killed(serve, servo, folder):
    service = serve([MEASURE], {"MEASUREMENT": [{"status": "cancel"}]})
    write_measure(folder, "trap '' USR1 TERM; echo '{\"progress\": 1}'; while :; do sleep 0.05; done", "true")
    agent = servo(service, changes=["driver.CANCEL_SECONDS=0.1", "driver.TERMINATE_SECONDS=0.1"])
    assert service.wait_for("MEASUREMENT", 2).param["reason"] == "cancelled"
    for name in ("SIGUSR1", "SIGTERM", "SIGKILL"):
        assert name + " to the measure driver" in agent.output


def test_a_result_that_beats_the_cancel_is_delivered(serve, servo, folder):
    service = serve([MEASURE], {"MEASUREMENT": [{"status": "cancel"}]})
    write_measure(folder, UNTIL_CANCELLED % (ANSWER + "; exit 0"), "true")
    servo(service)
    assert service.wait_for("MEASUREMENT", 2).param == METRICS


def test_sleep_sleeps_and_ends_early_for_a_signal(serve, servo):
    service = serve([{"cmd": "SLEEP", "param": {"duration": 0.01}}, {"cmd": "SLEEP", "param": None}])
    agent = servo(service, changes=["loop.DEFAULT_SLEEP_SECONDS=0.01"])
    service.wait_for("WHATS_NEXT", 3)
    agent.stop()


def test_a_senseless_sleep_is_the_default_one(serve, servo):
    senseless = ["soon", -1, -(10**309), True, None, []]
    service = serve([{"cmd": "SLEEP", "param": {"duration": duration}} for duration in senseless])
    servo(service, changes=["loop.DEFAULT_SLEEP_SECONDS=0.01"])
    service.wait_for("WHATS_NEXT", len(senseless) + 1)


@pytest.mark.parametrize("duration", [1e300, 10**309], ids=["1e300", "310 digits"])
def test_an_endless_sleep_can_be_ended(serve, servo, duration):
    service = serve([{"cmd": "SLEEP", "param": {"duration": duration}}])
    agent = servo(service)
    agent.wait_for_log("SLEEP")
    agent.stop()
    assert "a bug of servo-batch" not in agent.output


@pytest.mark.parametrize("command", ["ADJUST", "MEASURE"])
def test_a_misshapen_command_is_refused(serve, servo, command):
    service = serve([{"cmd": command, "param": [1]}])
    servo(service)
    assert service.wait_for(command + "MENT").param["status"] == "bad-request"


def test_delay_comes_before_the_first_request_and_heeds_signals(serve, servo):
    service = serve()
    agent = servo(service, "--delay", "1000")
    agent.wait_for_log("servo agent for app")
    agent.stop()
    assert [one.event for one in service.requests] == ["GOODBYE"]


def test_our_own_drivers_serve_where_there_are_no_others(serve, servo, folder):
    (folder / "measure").chmod(0o644)
    service = serve([MEASURE])
    servo(service)
    # What it says of its missing configuration is for others to test.
    assert service.wait_for("MEASUREMENT").param["status"] == "failed"


def test_verbose_logs_the_exchanges(serve, servo):
    service = serve(answers={"HELLO": [{"welcome": TOKEN, "esc": "\x1b[31m"}]})
    agent = servo(service, "--verbose")
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert '> {"event": "WHATS_NEXT", "param": null}' in agent.output
    assert '< {"welcome": "[token]", "esc": "\\u001b[31m"}' in agent.output


def test_a_query_that_fails_is_reported_as_it_is(serve, servo, folder):
    service = serve([DESCRIBE])
    failure = {"status": "failed", "reason": "bad-config", "message": "no such file"}
    write(folder / "adjust", "#!/bin/sh\necho '%s'; exit 1\n" % json.dumps(failure))
    servo(service)
    assert service.wait_for("DESCRIPTION").param == failure
