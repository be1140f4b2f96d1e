"""The agent's life with a service and drivers that behave, its own drivers among them, by every way to call it."""

import json
import os
import signal

import pytest
from agent_fixtures import *  # noqa: F403
from fakes import ANSWER, METRICS, TOKEN, Alive, write, write_measure
from machine import NEWEST, OLDEST

STATE = {"application": {"components": {"web": {"settings": {"cpu": {"value": 2}}}}}}
DESCRIBE = {"cmd": "DESCRIBE", "param": None}
ADJUST = {"cmd": "ADJUST", "param": {"state": STATE, "control": {"userdata": {"a": 1}}}}
MEASURE = {"cmd": "MEASURE", "param": {"control": {"duration": 3}}}
CANCEL = {"status": "cancel", "reason": "too slow"}
UNTIL_CANCELLED = """cancelled() { %s; }; trap cancelled USR1; echo '{"progress": 1}'; while :; do sleep 0.05; done"""
CONFIG = {
    "batch": {
        "command": ["sh", "job", "{web.cpu}"],
        "metrics": {"throughput": {"output_regex": "throughput: (.*)", "unit": "per second"}},
        "default_state": {
            "application": {
                "components": {"web": {"settings": {"cpu": {"type": "range", "min": 1, "max": 8, "value": 4}}}}
            }
        },
        "grace_period": 1,
    }
}


@pytest.fixture
def own(folder):
    """The agent's working directory with a configuration and no drivers."""
    (folder / "adjust").unlink()
    (folder / "measure").unlink()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "job").write_text('echo "throughput: $1"\n')
    return folder


def test_describe_adjust_measure(python, serve, servo, folder):
    service = serve([DESCRIBE, ADJUST, MEASURE])
    write_measure(
        folder, 'cat >measure.request; echo \'{"status": "ok", "metrics": {}, "annotations": {"n": 1}, "x": 1}\''
    )
    agent = servo(service, "-a", "me", "-d", "0", python=python, env={"OPTUNE_PERF": "1 / total_runtime"})
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


def test_the_log_begins_with_the_version_and_the_address(serve, servo):
    service = serve()
    agent = servo(service)
    service.wait_for("WHATS_NEXT")
    agent.stop()
    assert "servo-batch 1." in agent.lines[0]
    assert service.url in agent.lines[0]


def test_nothing_is_done_that_python_warns_of(serve, servo, folder):
    service = serve([DESCRIBE, ADJUST, MEASURE])
    write_measure(folder, "echo '{\"progress\": 1}'; " + ANSWER)
    agent = servo(service, python=NEWEST, env={"PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error"})
    service.wait_for("WHATS_NEXT", 4)
    agent.stop()
    assert service.of("MEASUREMENT")[-1].param == METRICS
    assert "Warning" not in agent.output


def test_progress_is_reported_with_the_runtime(folder, measure):
    os.mkfifo(str(folder / "go"))
    service, _ = measure("""printf '{"progress": 40, '; echo '"message": "half"}'; cat go; """ + ANSWER)
    report = service.wait_for("MEASUREMENT").param
    (folder / "go").write_text("")
    assert report == {"progress": 40, "runtime": report["runtime"], "message": "half"}
    assert service.wait_for("MEASUREMENT", 2).param == METRICS


def test_a_silent_driver_is_reported_too_so_that_it_can_be_cancelled(measure):
    answers = [{}, lambda handler: handler.rfile.read(1), {"status": "cancel", "reason": "enough"}]
    service, _ = measure("sleep 1000", answers=answers, changes=["life.MAX_REPORT_SECONDS=0.1"])
    assert service.wait_for("MEASUREMENT", 3).param["progress"] == 0
    assert service.wait_for("MEASUREMENT", 4).param["reason"] == "cancelled"


def test_a_chattering_driver_does_not_flood_the_service(measure):
    changes = ["life.MIN_REPORT_SECONDS=1000.0", "life.MAX_REPORT_SECONDS=1000.0"]
    service, _ = measure("yes '{\"progress\": 1}' | head -n 20000; " + ANSWER, changes=changes)
    assert service.wait_for("MEASUREMENT", 2).param == METRICS


def test_a_cancel_asks_a_driver_that_can_and_passes_its_answer_on(measure):
    failure = {"status": "failed", "reason": "cancelled", "message": "stopped the job"}
    service, _ = measure(UNTIL_CANCELLED % ("echo '%s'; exit 1" % json.dumps(failure)), "true", answers=[CANCEL])
    message = "the service cancelled it: too slow; the measure driver says: stopped the job"
    assert service.wait_for("MEASUREMENT", 2).param == dict(failure, message=message)


def test_a_cancel_kills_a_driver_that_cannot_and_all_its_group(folder, measure):
    alive = Alive(folder)
    script = "exec 3>alive; (trap '' TERM USR1; sleep 1000) & echo '{\"progress\": 1}'; wait"
    service, _ = measure(script, answers=[CANCEL])
    report = service.wait_for("MEASUREMENT", 2).param
    assert (report["status"], report["reason"]) == ("failed", "cancelled")
    alive.wait_for_none()


def test_a_driver_that_ignores_the_cancel_is_killed(measure):
    script = "trap '' USR1 TERM; echo '{\"progress\": 1}'; while :; do sleep 0.05; done"
    changes = ["driver.CANCEL_SECONDS=0.1", "driver.TERMINATE_SECONDS=0.1"]
    service, agent = measure(script, "true", answers=[CANCEL], changes=changes)
    assert service.wait_for("MEASUREMENT", 2).param["reason"] == "cancelled"
    for name in ("SIGUSR1", "SIGTERM", "SIGKILL"):
        agent.wait_for_log(name + " to the measure driver")


def test_a_result_that_beats_the_cancel_is_delivered(measure):
    service, _ = measure(UNTIL_CANCELLED % (ANSWER + "; exit 0"), "true", answers=[CANCEL])
    assert service.wait_for("MEASUREMENT", 2).param == METRICS


def test_the_notes_of_an_answer_are_logged(measure):
    _, agent = measure("""echo '{"status": "ok", "metrics": {}, "notes": ["the job left sleep running"]}'""")
    agent.wait_for_log("measure notes: the job left sleep running")


IN_ENVIRONMENT = {"control": {"environment": {"mode": "canary"}}, "metrics": ["total_runtime"]}


@pytest.mark.parametrize("command", ["MEASURE", "ADJUST"])
def test_an_environment_that_is_right_is_asked_first_with_the_whole_param(serve, servo, folder, command):
    param = dict(IN_ENVIRONMENT, state=STATE)
    service = serve([{"cmd": command, "param": param}])
    write(folder / "environment", '#!/bin/sh\ncat >environment.request; echo \'{"status": "ok"}\'\n')
    servo(service)
    service.wait_for("WHATS_NEXT", 2)
    assert "status" not in service.of(command + "MENT")[-1].param
    assert json.loads((folder / "environment.request").read_text()) == param


OTHER = {"status": "failed", "reason": "other", "message": "it is main"}


@pytest.mark.parametrize(
    ("script", "reason", "message"),
    [("echo '%s'" % json.dumps(OTHER), "other", "it is main"), ("exit 3", "driver-failed", "(exit status 3)")],
)
def test_an_environment_that_is_not_right_is_a_mismatch_and_nothing_runs(serve, servo, folder, script, reason, message):
    service = serve([{"cmd": "MEASURE", "param": IN_ENVIRONMENT}])
    write(folder / "environment", "#!/bin/sh\n%s\n" % script)
    write_measure(folder, "touch ran; " + ANSWER)
    servo(service)
    service.wait_for("WHATS_NEXT", 2)
    (report,) = service.results()
    assert (report["status"], report["reason"]) == ("environment-mismatch", reason)
    assert report["message"].endswith(message)
    assert not (folder / "ran").exists()


def test_an_environment_that_nobody_can_check_is_passed_over_and_logged(serve, servo):
    service = serve([{"cmd": "MEASURE", "param": IN_ENVIRONMENT}])
    agent = servo(service)
    service.wait_for("WHATS_NEXT", 2)
    assert service.of("MEASUREMENT")[-1].param == METRICS
    agent.wait_for_log("there is no ./environment to run")


def test_a_sleep_is_a_number_also_as_text(serve, servo):
    service = serve([{"cmd": "SLEEP", "param": {"duration": duration}} for duration in (0.01, "0.01", "0", " 0.01 ")])
    servo(service)
    service.wait_for("WHATS_NEXT", 5)


@pytest.mark.parametrize("duration", [1e300, 3600])
def test_a_long_sleep_can_be_ended(serve, servo, duration):
    service = serve([{"cmd": "SLEEP", "param": {"duration": duration}}])
    agent = servo(service)
    agent.wait_for_log("SLEEP")
    agent.stop()
    assert "a bug of servo-batch" not in agent.output


def test_delay_comes_before_the_first_request_and_heeds_signals(serve, servo):
    service = serve()
    agent = servo(service, "--delay", "1000")
    agent.wait_for_log("the measure driver is")
    agent.stop()
    assert [one.event for one in service.requests] == ["GOODBYE"]


def test_verbose_logs_the_exchanges(serve, servo):
    service = serve(answers={"HELLO": [{"welcome": TOKEN, "esc": "\x1b[31m"}]})
    agent = servo(service, "-v")
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


def does_all(serve, servo, *program, **options):
    """Have the agent ``program`` do all that there is with its own drivers, and see that it is right."""
    service = serve([DESCRIBE, ADJUST, {"cmd": "MEASURE", "param": {"metrics": ["throughput"], "control": {}}}])
    agent = servo(service, command=list(program), **options)
    service.wait_for("WHATS_NEXT", 4)
    agent.stop()
    assert service.of("DESCRIPTION")[0].param["descriptor"] == {
        "application": CONFIG["batch"]["default_state"]["application"],
        "measurement": {"metrics": {"total_runtime": {"unit": "seconds"}, "throughput": {"unit": "per second"}}},
    }
    assert service.of("ADJUSTMENT")[-1].param == {"state": STATE}
    metrics = service.of("MEASUREMENT")[-1].param["metrics"]
    assert metrics["throughput"] == {"value": 2, "unit": "per second"}
    assert metrics["total_runtime"]["value"] > 0


def test_the_agent_and_its_own_drivers(edge_python, pyz_for, serve, servo, own):
    does_all(serve, servo, edge_python, pyz_for(edge_python), "servo")


def test_the_agent_and_drivers_that_are_links_to_it(pyz, serve, servo, own):
    for name in ("adjust", "measure", "servo"):
        os.symlink(pyz, str(own / name))
    does_all(serve, servo, OLDEST, "./servo")


def test_a_cancel_stops_the_job_of_its_own_driver(edge_python, pyz_for, serve, servo, own):
    alive = Alive(own)

    def cancel(handler):
        alive.wait_for_one()  # the first progress is reported before the job starts
        handler.answer(b'{"status": "cancel", "reason": "enough"}')

    service = serve([MEASURE], {"MEASUREMENT": [cancel]})
    (own / "job").write_text("exec 3>alive; echo >&3; (trap '' TERM; exec sleep 1000) & exec sleep 1000\n")
    servo(service, command=[edge_python, pyz_for(edge_python), "servo"])
    report = service.wait_for("MEASUREMENT", 2).param
    assert (report["status"], report["reason"]) == ("failed", "cancelled")
    service.wait_for("WHATS_NEXT", 2)
    alive.wait_for_none()


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="without /proc nobody can look")
def test_a_job_has_the_agents_environment_also_after_a_restart(pyz_for, serve, servo, own):
    service = serve([MEASURE, {"cmd": "SLEEP"}, MEASURE])
    (own / "job").write_text("cp /proc/self/environ seen; echo 'throughput: 1'\n")
    environment = ["env", "-i", "PATH=" + os.environ["PATH"]]
    agent = servo(service, command=environment + [NEWEST, pyz_for(NEWEST), "servo"])
    service.wait_for("WHATS_NEXT", 2)
    assert b"LC_CTYPE" not in (own / "seen").read_bytes()
    (own / "seen").unlink()
    agent.signal(signal.SIGHUP)
    service.wait_for("WHATS_NEXT", 4)
    assert b"LC_CTYPE" not in (own / "seen").read_bytes()
    agent.stop()
