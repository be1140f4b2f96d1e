"""The built file as its users have it: the agent with its own drivers, by every way to call it."""

import json
import os
import signal

import pytest
from fakes import TOKEN, Alive
from machine import NEWEST, OLDEST, ROOT

pytest_plugins = ("agent_fixtures",)

CONFIG = {
    "batch": {
        "command": ["sh", "job", "{web.cpu}"],
        "metrics": {"throughput": {"output_regex": "throughput: (.*)", "unit": "per second"}},
        "default_state": {
            "application": {
                "components": {"web": {"settings": {"cpu": {"type": "range", "min": 1, "max": 8, "value": 2}}}}
            }
        },
        "grace_period": 1,
    }
}
STATE = {"application": {"components": {"web": {"settings": {"cpu": {"value": 4}}}}}}
ADJUST = {"cmd": "ADJUST", "param": {"state": STATE, "control": {}}}
MEASURE = {"cmd": "MEASURE", "param": {"metrics": ["throughput"], "control": {}}}


@pytest.fixture
def folder(tmp_path):
    """A working directory with a configuration and no drivers."""
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "job").write_text('echo "throughput: $1"\n')
    return tmp_path


def describe_adjust_measure(serve, servo, *program, **options):
    """Have the agent ``program`` do all that there is, and see that it is right."""
    service = serve([{"cmd": "DESCRIBE"}, ADJUST, MEASURE])
    agent = servo(service, command=list(program), **options)
    service.wait_for("WHATS_NEXT", 4)
    agent.stop()
    description = service.of("DESCRIPTION")[0].param
    assert description["status"] == "ok"
    assert description["descriptor"] == {
        "application": CONFIG["batch"]["default_state"]["application"],
        "measurement": {"metrics": {"total_runtime": {"unit": "seconds"}, "throughput": {"unit": "per second"}}},
    }
    assert service.of("ADJUSTMENT")[-1].param == {"state": STATE}
    metrics = service.of("MEASUREMENT")[-1].param["metrics"]
    assert metrics["throughput"] == {"value": 4, "unit": "per second"}
    assert metrics["total_runtime"]["value"] > 0


def test_the_agent_and_its_own_drivers(edge_python, pyz_for, serve, servo, folder):
    describe_adjust_measure(serve, servo, edge_python, pyz_for(edge_python), "servo")


def test_the_agent_and_drivers_that_are_links_to_it(pyz, serve, servo, folder):
    for name in ("adjust", "measure", "servo"):
        os.symlink(pyz, str(folder / name))
    describe_adjust_measure(serve, servo, OLDEST, "./servo")


def test_the_agent_from_the_sources(serve, servo, folder):
    environment = {"PYTHONPATH": os.path.relpath(os.path.join(ROOT, "src"), str(folder))}
    describe_adjust_measure(serve, servo, NEWEST, "-m", "servo_batch", "servo", env=environment)


def test_a_cancel_stops_the_job(edge_python, pyz_for, serve, servo, folder):
    alive = Alive(folder)

    def cancel(handler):
        alive.wait_for_one()  # the first progress is reported before the job starts
        handler.answer(b'{"status": "cancel", "reason": "enough"}')

    service = serve([MEASURE], {"MEASUREMENT": [cancel]})
    (folder / "job").write_text("exec 3>alive; echo >&3; (trap '' TERM; exec sleep 1000) & exec sleep 1000\n")
    servo(service, command=[edge_python, pyz_for(edge_python), "servo"])
    report = service.wait_for("MEASUREMENT", 2).param
    assert (report["status"], report["reason"]) == ("failed", "cancelled")
    service.wait_for("WHATS_NEXT", 2)
    alive.wait_for_none()


def test_a_failure_is_reported_as_the_driver_says_it(pyz, serve, servo, folder):
    service = serve([MEASURE, {"cmd": "ADJUST", "param": {"state": {"application": {}}}}])
    (folder / "job").write_text("echo oops >&2; exit 3\n")
    servo(service, command=[OLDEST, pyz, "servo"])
    service.wait_for("WHATS_NEXT", 3)
    report = service.of("MEASUREMENT")[-1].param
    assert (report["status"], report["reason"]) == ("failed", "command-failed")
    assert "oops" in report["message"]
    assert service.of("ADJUSTMENT")[-1].param["status"] == "bad-request"


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="without /proc nobody can look")
def test_a_job_has_the_agents_environment_also_after_a_restart(pyz_for, serve, servo, folder):
    service = serve([MEASURE, {"cmd": "SLEEP"}, MEASURE])
    (folder / "job").write_text("cp /proc/self/environ seen; echo 'throughput: 1'\n")
    environment = ["env", "-i", "PATH=" + os.environ["PATH"]]
    agent = servo(service, command=environment + [NEWEST, pyz_for(NEWEST), "servo"])
    service.wait_for("WHATS_NEXT", 2)
    assert b"LC_CTYPE" not in (folder / "seen").read_bytes()
    (folder / "seen").unlink()
    agent.signal(signal.SIGHUP)
    service.wait_for("WHATS_NEXT", 4)
    assert b"LC_CTYPE" not in (folder / "seen").read_bytes()
    agent.stop()


def test_sighup_finishes_the_operation_and_starts_again(edge_python, pyz_for, serve, servo, folder):
    service = serve([MEASURE, MEASURE])
    (folder / "job").write_text("if [ -p go ]; then cat go; rm go; fi; echo 'throughput: 1'\n")
    os.mkfifo(str(folder / "go"))
    # A module of the standard library's name in the working directory must not be found, whoever starts whom.
    (folder / "json.py").write_text("raise SystemExit('a stranger')\n")
    agent = servo(service, "--agent", "me", command=[edge_python, pyz_for(edge_python), "servo"])
    service.wait_for("MEASUREMENT")
    agent.signal(signal.SIGHUP)
    (folder / "go").write_text("")
    service.wait_for("WHATS_NEXT", 3)
    assert [one.event for one in service.requests if "progress" not in (one.param or {})] == [
        *("HELLO", "WHATS_NEXT", "MEASUREMENT", "GOODBYE"),
        *("HELLO", "WHATS_NEXT", "MEASUREMENT", "WHATS_NEXT"),
    ]
    assert service.of("GOODBYE")[0].param == {"reason": "restart: SIGHUP"}
    assert [one.param for one in service.of("HELLO")] == [{"agent": "me"}] * 2
    agent.signal(signal.SIGHUP)
    service.wait_for("HELLO", 3)
    agent.stop()


def test_a_sigterm_while_it_starts_again_is_not_lost(edge_python, pyz_for, serve, servo, folder):
    service = serve()
    agent = servo(service, command=[edge_python, pyz_for(edge_python), "servo"])
    service.wait_for("WHATS_NEXT")
    agent.signal(signal.SIGHUP)
    agent.wait_for_log("starting again")
    agent.signal(signal.SIGTERM)
    assert agent.ended() == 0
    assert [one.param["reason"] for one in service.of("GOODBYE")] == ["restart: SIGHUP", "exit: SIGTERM"]
