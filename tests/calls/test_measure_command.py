"""measure --command: a job is timed with nothing but the file."""

import os

pytest_plugins = ("servo_fixtures",)


def without_configuration(servo, *arguments):
    if os.path.exists(servo.path("config.json")):
        os.unlink(servo.path("config.json"))
    return servo.measure(b"", "--command", *arguments)


def test_a_command_is_a_configuration_with_what_the_system_counts(servo):
    ended = without_configuration(
        servo, "echo tps = {db.clients}.5", "db.clients=4", "--metric", r"tps=tps = ([0-9.]+)"
    )
    assert ended.status == 0, ended
    assert ended.answer["settings"] == {"db.clients": 4}
    assert set(ended.answer["metrics"]) == {"total_runtime", "cpu_time", "max_rss", "tps"}
    assert ended.answer["metrics"]["tps"] == {"value": 4.5}


def test_no_state_and_no_configuration_is_looked_at(servo):
    servo.write("broken.json", b"{")
    servo.write("_state.json", b"{")
    ended = servo.measure(
        b"", "--command", "true", environment={"OPTUNE_CONFIG": "broken.json", "OPTUNE_STATE": "broken.json"}
    )
    assert ended.status == 0, ended


def test_several_values_are_for_compare(servo):
    for values in ("1,2", "1..2"):
        ended = without_configuration(servo, "true {a.b}", "a.b=" + values)
        assert ended.status == 2, ended
        assert "one value for a.b" in ended.stderr
        assert "compare" in ended.stderr


def test_a_slip_in_the_command_line_is_named_before_anything_runs(servo):
    without_configuration(servo, "touch ran {a.b}", "a.b=1", "--metric", "x=no group").bad_request(
        "--metric x", "group"
    )
    without_configuration(servo, "touch ran {a.c}", "a.b=1").bad_config("--command", "a.c", '"c"; there is only b')
    assert not os.path.exists(servo.path("ran"))
