"""The agent's life with a service and drivers that behave, its own drivers among them, by every way to call it."""

import json
import os
import re
import signal

import pytest
from agent_fixtures import *  # noqa: F403
from agent_fixtures import ANSWER, DEAF, METRICS, STARTED, TOKEN, UNTIL_CANCELLED, Alive, in_turn, write, write_measure
from machine import file_for
from processes import wait_until

STATE = {"application": {"components": {"web": {"settings": {"cpu": {"value": 2}}}}}}
DESCRIBE = {"cmd": "DESCRIBE", "param": None}
ADJUST = {"cmd": "ADJUST", "param": {"state": STATE, "control": {"userdata": {"a": 1}}}}
MEASURE = {"cmd": "MEASURE", "param": {"control": {"duration": 3}}}
CANCEL = {"status": "cancel", "reason": "too slow"}
CPU = {"type": "range", "min": 1, "max": 8, "value": 4}
CONFIG = {
    "batch": {
        "command": ["sh", "job", "{web.cpu}"],
        "metrics": {"throughput": {"output_regex": "throughput: (.*)", "unit": "per second"}},
        "default_state": {"application": {"components": {"web": {"settings": {"cpu": CPU}}}}},
        "grace_period": 0.2,
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
    answer = {"status": "ok", "metrics": {}, "annotations": {"n": 1}, "notes": ["sleep was left"], "x": 1}
    given = 'cat >measure.request; echo "$@" >arguments; env >environment; ls -l /proc/self/fd >descriptors; '
    write_measure(folder, given + "echo '%s'" % json.dumps(answer))
    environment = {"OPTUNE_PERF": "1 / total_runtime", "PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error"}
    (folder / "token").unlink()
    os.mkfifo(str(folder / "token"))
    agent = servo(service, "-v", "-a", "me", "-d", "0", python=python, env=environment)
    (folder / "token").write_text(TOKEN + "\n")
    service.wait_for("WHATS_NEXT", 4)
    if os.path.exists("/proc/self/environ"):
        for name in ("cmdline", "environ"):
            with open("/proc/%d/%s" % (agent.process.pid, name), "rb") as stream:
                assert b"s3cret" not in stream.read()
    agent.stop()
    described = {
        "application": {"components": {"web": {"settings": {"cpu": {"value": 1, "min": 1, "max": 4}}}}},
        "measurement": {"metrics": {"total_runtime": {"unit": "seconds"}}},
        "optimization": {"perf": "1 / total_runtime"},
    }
    assert [(one.event, one.param) for one in service.requests] == [
        ("HELLO", {"agent": "me"}),
        ("WHATS_NEXT", None),
        ("DESCRIPTION", {"status": "ok", "descriptor": described}),
        ("WHATS_NEXT", None),
        ("ADJUSTMENT", {"state": STATE}),
        ("WHATS_NEXT", None),
        ("MEASUREMENT", {"metrics": {}, "annotations": {"n": 1}}),
        ("WHATS_NEXT", None),
        ("GOODBYE", {"reason": "exit: SIGTERM"}),
    ]
    adjusted = dict(STATE, control=ADJUST["param"]["control"])
    assert json.loads((folder / "adjust.request").read_text()) == adjusted
    assert json.loads((folder / "measure.request").read_text()) == MEASURE["param"]
    assert all(one.headers["authorization"] == "Bearer " + TOKEN for one in service.requests)
    assert all(one.headers["content-type"] == "application/json" for one in service.requests)
    assert re.search("servo-batch 1.*%s\n" % service.url, agent.output)
    for said in ('> {"event": "WHATS_NEXT", "param": null}', '< {"status": "ok"}', "sleep was left"):
        assert said in agent.output
    assert not re.search("s3cret|Warning", agent.output)
    assert (folder / "arguments").read_text() == "app\n"
    assert "s3cret" not in (folder / "environment").read_text()
    assert "socket" not in (folder / "descriptors").read_text()


def test_progress_is_reported_with_the_runtime_and_its_message_once(folder, measure):
    script = """printf '{"progress": 40, '; echo '"message": "half"}'; cat go; """ + ANSWER
    service, _ = measure(script, changes=["life.REPORT_SECONDS=0.05"])

    def told():  # not what may have been reported before the driver had begun
        return [one.param for one in service.of("MEASUREMENT") if one.param["progress"] == 40]

    wait_until(lambda: len(told()) > 1)
    first, again = told()[:2]
    (folder / "go").write_text("")
    assert first == {"progress": 40, "runtime": first["runtime"], "message": "half"}
    assert again == {"progress": 40, "runtime": again["runtime"]}
    service.wait_for("WHATS_NEXT", 2)
    assert service.results() == [METRICS]


# The second in the question about the driver.
@pytest.mark.parametrize("script", ["sleep 1000", None])
def test_a_silent_driver_is_reported_too_so_that_it_can_be_cancelled(folder, measure, script):
    hung_up = []
    answers = [{}, lambda handler: hung_up.append(handler.rfile.read(1)), {"status": "cancel", "reason": "enough"}]
    write(folder / "measure", "#!/bin/sh\nexec sleep 1000\n")
    service, _ = measure(script, answers=answers, changes=["life.REPORT_SECONDS=0.1"])
    assert service.wait_for("MEASUREMENT", 3).param["progress"] == 0
    assert service.wait_for("MEASUREMENT", 4).param["reason"] == "cancelled"
    wait_until(lambda: hung_up == [b""])  # the report that nobody answered was broken off


def test_a_cancel_asks_a_driver_that_can_passes_its_answer_on_and_kills_it_where_it_does_not_listen(measure_in_turn):
    failure = {"status": "failed", "reason": "cancelled", "message": "stopped the job"}
    scripts = [UNTIL_CANCELLED % ("echo '%s'; exit 1" % json.dumps(failure)), UNTIL_CANCELLED % ANSWER, DEAF]
    service, agent = measure_in_turn(scripts, "true", answers=[CANCEL, {}] * 3, changes=["driver.STOP_SECONDS=0.5"])
    cancelled, measured, killed = service.results()
    assert cancelled == dict(failure, message="the service cancelled it: too slow; stopped the job")
    assert measured == METRICS  # the result beat the cancel
    assert killed["reason"] == "cancelled"
    assert [agent.output.count(name + " to the measure driver") for name in ("SIGUSR1", "SIGKILL")] == [3, 1]


def test_a_cancel_kills_a_driver_that_cannot_and_all_its_group(folder, measure):
    alive = Alive(folder)
    service, _ = measure("exec 3>alive; (trap '' TERM USR1; sleep 1000) & " + STARTED + "wait", answers=[CANCEL])
    report = service.wait_for("MEASUREMENT", 2).param
    assert (report["status"], report["reason"]) == ("failed", "cancelled")
    alive.wait_for_none()


IN_ENVIRONMENT = {"control": {"environment": {"mode": "canary"}}, "metrics": ["total_runtime"], "state": STATE}
OTHER = {"status": "failed", "reason": "other", "message": "it is main"}
# What ./environment does in turn, and the reason in the report; without a reason the command has been done.
ENVIRONMENTS = {
    'cat >environment.request; echo \'{"status": "ok"}\'': None,
    "echo '%s'" % json.dumps(OTHER): "other",
    "echo '{}'": "environment-mismatch",
    "rm environment; exit 3": "driver-failed",
    "it is not there any more": None,
}


@pytest.mark.parametrize("command", ["MEASURE", "ADJUST"])
def test_an_environment_is_asked_first_with_the_whole_param_and_can_refuse(serve, servo, folder, command):
    write(folder / "environment", "#!/bin/sh\n" + in_turn(folder, ENVIRONMENTS))
    write(folder / command.lower(), '#!/bin/sh\n[ "$1" = --info ] || echo >>ran; ' + ANSWER)
    service = serve([{"cmd": command, "param": IN_ENVIRONMENT}] * len(ENVIRONMENTS))
    agent = servo(service)
    service.wait_for("WHATS_NEXT", len(ENVIRONMENTS) + 1)
    agent.stop()
    for report, reason in zip(service.results(command + "MENT"), ENVIRONMENTS.values()):
        assert (report.get("status"), report.get("reason")) == (reason and "environment-mismatch", reason)
    assert (folder / "ran").read_text() == "\n\n"
    assert agent.output.count("there is no ./environment to run") == 1
    assert json.loads((folder / "environment.request").read_text()) == IN_ENVIRONMENT


def test_a_sleep_is_a_number_also_as_text_and_can_be_ended(serve, servo):
    service = serve([{"cmd": "SLEEP", "param": {"duration": duration}} for duration in (0.01, " 0.01 ", 1e300)])
    agent = servo(service)
    agent.wait_for_log("SLEEP", 3)
    agent.stop()
    assert "a bug of servo-batch" not in agent.output


def test_delay_comes_before_the_first_request_and_heeds_signals(serve, servo):
    service = serve()
    agent = servo(service, "--delay", "1000")
    agent.wait_for_log("the measure driver is")
    agent.stop()
    assert [one.event for one in service.requests] == ["GOODBYE"]


@pytest.mark.parametrize("linked", [False, True])
def test_the_agent_does_all_with_its_own_drivers(python, serve, servo, own, linked):
    service = serve([DESCRIBE, ADJUST, {"cmd": "MEASURE", "param": {"metrics": ["throughput"], "control": {}}}])
    environment = {"PYTHONPATH": str(own)}
    if linked:  # then the system looks for python3
        for name in ("adjust", "measure"):
            os.symlink(file_for(python), str(own / name))
        environment["PATH"] = "%s:%s" % (os.path.dirname(python), os.environ["PATH"])
    (own / "json.py").write_text("raise RuntimeError('not what it is for')")
    (own / "app").write_text("a file that is called as the application is")
    servo(service, python=python, as_built=True, env=environment)
    service.wait_for("WHATS_NEXT", 4)
    assert service.of("DESCRIPTION")[0].param["descriptor"] == {
        "application": CONFIG["batch"]["default_state"]["application"],
        "measurement": {"metrics": {"total_runtime": {"unit": "seconds"}, "throughput": {"unit": "per second"}}},
    }
    assert service.of("ADJUSTMENT")[-1].param == {"state": STATE}
    metrics = service.of("MEASUREMENT")[-1].param["metrics"]
    assert metrics["throughput"] == {"value": 2, "unit": "per second"}
    assert metrics["total_runtime"]["value"] > 0


def test_a_cancel_stops_the_job_of_its_own_driver(python, serve, servo, own):
    alive = Alive(own)

    def cancel(handler):
        alive.wait_for_one()  # the first progress is reported before the job starts
        handler.answer(b'{"status": "cancel", "reason": "enough"}')

    service = serve([MEASURE], {"MEASUREMENT": [cancel]})
    (own / "job").write_text("exec 3>alive; echo >&3; (trap '' TERM; exec sleep 1000) & exec sleep 1000\n")
    servo(service, python=python, as_built=True)
    report = service.wait_for("MEASUREMENT", 2).param
    assert (report["status"], report["reason"]) == ("failed", "cancelled")
    service.wait_for("WHATS_NEXT", 2)
    alive.wait_for_none()


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="without /proc nobody can look")
def test_a_job_has_the_agents_environment_also_after_a_restart(serve, servo, own):
    service = serve([MEASURE, {"cmd": "SLEEP"}, MEASURE])
    (own / "job").write_text("cat /proc/self/environ >>seen; echo 'throughput: 1'\n")
    agent = servo(service, as_built=True, prefix=["env", "-i", "PATH=" + os.environ["PATH"]])
    service.wait_for("WHATS_NEXT", 2)
    agent.signal(signal.SIGHUP)
    service.wait_for("WHATS_NEXT", 4)
    agent.stop()
    seen = (own / "seen").read_bytes()
    assert seen.count(b"PATH=") == 2
    assert b"LC_CTYPE" not in seen
