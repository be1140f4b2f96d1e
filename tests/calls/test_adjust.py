"""adjust as its users call it: arguments, reset, formulas, constraints, and where the state lies."""

import json
import os

import pytest
from calling import application, asked, batch

CLUSTER = application(
    spark={
        "executors": {"type": "range", "min": 1, "max": 64, "step": 1, "value": 4},
        "memory": {"type": "range", "min": 1, "max": 64, "step": 1, "value": 8},
        "heap": {"type": "formula", "formula": "{spark.memory} * 0.75"},
    }
)


@pytest.fixture
def cluster(newest):
    newest.job(default_state=CLUSTER, constraints=["{spark.executors} * {spark.memory} <= 256"])
    return newest


def of_spark(**settings):
    return application(spark={name: {"value": value} for name, value in settings.items()})


def test_an_argument_changes_one_setting_that_there_is_and_keeps_the_others(servo):
    servo.stored(cpu=3, gc="zgc")
    assert servo.call("adjust", "web.cpu=5.0").status == 0
    assert b'"value": 5\n' in servo.read("_state.json")
    assert servo.query().query["web"] == {"cpu": 5, "mem": 1.5, "gc": "zgc", "opts": "-Xmx1g", "unset": None}


def test_reset_removes_what_is_stored(newest):
    newest.stored(cpu=3)
    for _ in range(2):
        assert newest.call("adjust", "--reset").answer["status"] == "ok"
        assert not os.path.exists(newest.state)
    assert newest.query().query["web"]["cpu"] == 2


def test_what_is_stored_and_not_allowed_any_more_is_named_as_stored(newest):
    newest.stored(cpu=3)
    newest.write("_state.json", newest.read("_state.json").replace(b"3", b"500"))
    newest.call("adjust", "web.mem=3").failed("failed", "bad-state", "_state.json", "web.cpu", "500", "--reset")
    assert newest.call("adjust", "web.cpu=4").status == 0


def test_the_state_that_the_configuration_names_lies_beside_it(newest):
    os.mkdir(newest.path("conf"))
    newest.write("conf/config.json", batch(state="kept.json"))
    of_conf = ("--config", "conf/config.json")
    ended = newest.adjust(asked(cpu=3), *of_conf)
    assert (ended.status, ended.stderr) == (0, "")
    assert sorted(os.listdir(newest.path("conf"))) == ["config.json", "kept.json"]
    assert newest.call("adjust", "--query", *of_conf).query["web"]["cpu"] == 3
    assert newest.call("adjust", "--query", *of_conf, "--state", "x").query["web"]["cpu"] == 2


def test_a_formula_is_computed_from_what_is_stored_and_a_request_may_carry_its_present_value_and_no_other(cluster):
    assert cluster.query().query["spark"]["heap"] == 6.0
    for heap in (6.0, 12):
        assert cluster.adjust(of_spark(memory=16, heap=heap)).status == 0
        assert cluster.query().query["spark"]["heap"] == 12.0
        assert b"heap" not in cluster.read("_state.json").replace(b'"heap": {}', b"")
    for heap in (7, "12", True):
        cluster.adjust(of_spark(heap=heap)).rejected("spark.heap is computed", "{spark.memory} * 0.75", "12.0")


def test_a_formula_s_stored_value_is_held_against_all_that_is_stored(cluster):
    cluster.write("_state.json", of_spark(memory=16, heap=12.0))
    assert cluster.call("adjust", "spark.memory=8").status == 0
    cluster.write("_state.json", of_spark(memory=16, heap=6.0))
    cluster.call("adjust", "spark.executors=8").bad_state("_state.json", "spark.heap is computed", "12.0")


def test_values_that_break_a_constraint_together_are_rejected_with_the_formula_and_them(cluster):
    ended = cluster.adjust(of_spark(executors=40, memory=8))
    ended.failed("rejected", "constraint", "{spark.executors} * {spark.memory} <= 256: 40 * 8 <= 256")
    assert not os.path.exists(cluster.state)
    assert cluster.adjust(of_spark(executors=30)).status == 0
    assert cluster.call("adjust", "spark.memory=9").answer["reason"] == "constraint"
    assert cluster.call("adjust", "spark.executors=8", "spark.memory=9").status == 0


def test_whoever_waits_for_a_request_is_told_so(newest):
    told = b"waiting for the request on stdin to come and to end; where there is no request, give it </dev/null\n"
    with newest.start("adjust", "--json", changes=["request.PATIENCE_SECONDS=0.05"]) as process:
        assert process.stderr.readline() == b"servo-batch: " + told
        assert b'"success"' in process.communicate(json.dumps(asked(cpu=3)).encode())[0]


def test_a_broken_configuration_is_found_before_the_request_is_waited_for(servo):
    servo.configure({"batch": {}})
    with servo.start("adjust") as process:
        assert b"bad-config" in process.stdout.readline()


def test_a_request_without_an_end_is_refused_in_bounded_memory(servo):
    with open("/dev/zero", "rb") as endless:
        ended = servo.call("adjust", stdin=endless, prefix=["sh", "-c", 'ulimit -v 400000; exec "$@"', "-"])
    ended.bad_request("more than 64 MiB", "</dev/null")
    servo.adjust(b"one\ntwo\n").bad_request("not JSON", "</dev/null")
