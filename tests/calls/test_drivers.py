"""What adjust and measure do with good requests (the manual's page "Requests and answers")."""

import json
import os

import pytest
from calling import SETTINGS, application, asked, batch

OK = {"status": "ok", "reason": "success"}
METRICS = {
    "size": {"output_regex": r"^size (\d+)", "unit": "bytes"},
    "ratio": {"output_regex": r"^ratio (\S+)"},
}
# Also what could be taken for answers, if it came to stdout or stderr.
PRINTING = """echo size 512; echo ratio 0.5; echo '{{"progress": 7}}'; echo '{{"status": "ok"}}' >&2"""


def test_every_question_and_request_has_its_answer_and_nothing_else_is_said(servo):
    servo.is_warm = False
    servo.job(PRINTING, metrics=METRICS)
    units = {"total_runtime": {"unit": "seconds"}, "size": {"unit": "bytes"}, "ratio": {}}
    request = asked(cpu=4, mem=2.5, gc="zgc", opts="-Xmx2g")
    for ended, answer in (
        (servo.call("adjust", "--info"), {"version": "1.0.0", "has_cancel": False}),
        (servo.call("measure", "--info"), {"version": "1.0.0", "has_cancel": True}),
        (servo.query(), application(web=SETTINGS)),
        (servo.describe(), {"status": "ok", "metrics": units}),
        (servo.adjust(request), OK),
    ):
        assert (ended.status, ended.stderr, ended.responses) == (0, "", [answer])
    ended = servo.measure({})
    assert (ended.status, ended.stderr) == (0, "")
    assert [response["progress"] for response in ended.progress] == [0, 100]
    assert all(isinstance(response["message"], str) for response in ended.progress)
    runtime = ended.answer["metrics"]["total_runtime"]["value"]
    assert 0 < runtime < 60
    values = {"total_runtime": runtime, "size": 512, "ratio": 0.5}
    assert ended.answer == {
        "status": "ok",
        "metrics": {name: {"value": value, **units[name]} for name, value in values.items()},
        "settings": {"web.cpu": 4, "web.mem": 2.5, "web.gc": "zgc", "web.opts": "-Xmx2g"},
    }


# The request of measure.

REQUESTS = [
    (b" \n\t", ["ratio", "size"]),
    ({"control": {"duration": 3}}, ["ratio", "size"]),
    ({"metrics": ["ratio", "ratio", "size"]}, ["ratio", "size"]),
    (b'\xef\xbb\xbf{"metrics": {"size": {"unit": "anything"}}}', ["size"]),
    ({"metrics": ["total_runtime"]}, []),
    ({"metrics": {}}, []),
]


def test_measure_returns_the_metrics_asked_for_and_the_runtime(newest):
    newest.job(PRINTING, metrics=METRICS)
    for request, names in REQUESTS:
        assert sorted(newest.measure(request).answer["metrics"]) == sorted([*names, "total_runtime"]), request
    newest.job("echo ratio 2", metrics=METRICS)  # the other need not match
    assert newest.measure({"metrics": ["ratio"]}).answer["metrics"]["ratio"] == {"value": 2}


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="without /proc nobody can look")
def test_the_jobs_environment_is_the_callers_in_any_locale(newest):
    """In the C locale Python sets LC_CTYPE, also in its own environment: with it grep -i takes thirty times as long."""
    newest.job(["cp", "/proc/self/environ", "seen"])
    for locale in ({}, {"LC_CTYPE": "C"}, {"LC_CTYPE": "C.UTF-8"}, {"LC_ALL": "C"}):
        newest.environment = {"PATH": os.environ["PATH"], "ODD": "\udcff=", **locale}
        assert newest.measure().status == 0
        seen = newest.read("seen").split(b"\0")[:-1]
        assert sorted(seen) == sorted(os.fsencode("%s=%s" % variable) for variable in newest.environment.items())


def test_the_requests_control_is_laid_over_the_configured_one(newest):
    command = ["echo", "{control.load} {_control.userdata.a} {control[userdata][b]}"]
    default = {"load": 1, "userdata": {"a": 2, "b": 3}}
    newest.job(command, default_control=default, metrics={"seen": {"output_regex": "(.*)"}})
    assert newest.measure({"control": {"userdata": {"b": 4}}}).answer["metrics"]["seen"] == {"value": "1 2 4"}
    ended = newest.measure({"control": {"userdata": {"b": 4}, "load": 9}}, "--control", '{"load": 8}')
    assert ended.answer["metrics"]["seen"] == {"value": "8 2 4"}


# The state: what is stored, and the overlay.


def test_a_request_takes_the_place_of_what_was_stored(newest):
    newest.stored(cpu=4)
    newest.stored(gc="zgc")
    assert newest.query().query["web"] == {"cpu": 2, "mem": 1.5, "gc": "zgc", "opts": "-Xmx1g", "unset": None}


KINDS = ["512", "0.5", "512.0", "1e3", "-7", "1e-07", "123456789012345678901234567890", "true", '"512"', '""']
TEXTS = ["Füße ☃", "a\u2028b", "\U0001f600", "line\nline", "\x7f\x1b[31m", "'\"\\"]


def test_a_value_keeps_its_kind_and_a_text_its_characters(servo):
    kinds = [*KINDS, *map(json.dumps, TEXTS)]
    sent = "{%s}" % ", ".join('"s%d": {"value": %s}' % item for item in enumerate(kinds))
    request = json.dumps(application(web="SENT")).replace('"SENT"', sent)
    assert servo.adjust(request.encode()).answer == OK
    stored = servo.read_json("_state.json")["application"]["components"]["web"]["settings"]
    for number, text in enumerate(kinds):
        # repr tells 512 from 512.0, and 1 from True.
        assert repr(stored["s%d" % number]["value"]) == repr(json.loads(text))


def test_all_of_the_application_is_stored_and_its_annotations_come_back_with_a_measurement(newest):
    request = asked(cpu=3, brand_new="x")
    request["application"]["components"]["cache"] = {"settings": {"ttl": {"value": 60}}}
    request["application"]["annotations"] = {"canary": [1, {"a": None}]}
    ended = newest.adjust(dict(request, control={"duration": 3}, id=5))
    said = "servo-batch: _state.json also has web.brand_new, cache.ttl, which config.json does not have\n"
    assert (ended.answer, ended.stderr, newest.query().stderr) == (OK, said, said)
    assert newest.read_json("_state.json") == request
    assert "cache" not in newest.query().query
    assert newest.query().answer["application"]["annotations"] == {"canary": [1, {"a": None}]}
    assert newest.measure().answer["annotations"] == {"canary": [1, {"a": None}]}


def test_what_the_configuration_has_beyond_its_keys_passes_through(newest):
    default = application(web={"x": {"value": 1, "doc": {"é": [None]}, "weight": 0.25}})
    default["application"]["annotations"] = {"from": "config"}
    newest.configure(dict(batch(default_state=default), other_driver={"batch": [1]}, k8s=None))
    assert newest.query().answer == default
    assert newest.measure().answer["annotations"] == {"from": "config"}


def test_the_older_spelling_means_the_same(newest):
    for spelling, nested in (("value", False), ("default", True), ("default", False)):
        state = application(web={"cpu": {"min": 1, "max": 8, spelling: 5}})
        newest.configure(batch(default_state=state) if nested else batch(default_state=None, **state))
        for value in (5, 6):
            assert newest.query().answer == application(web={"cpu": {"min": 1, "max": 8, "value": value}})
            newest.stored(cpu=6)
        newest.call("adjust", "--reset")


VALUES = [
    ({"min": 1, "max": 8, "step": 1}, [1, 8, 2.5, 8.0], [0, 8.001, "4", True, None, [4], {"a": 1}]),
    ({"type": "range", "min": -0.3, "max": 0.3, "step": 0.1}, [-0.3, 0.3, 0], [0.31, -1, ""]),
    ({"min": 0, "max": 10**30}, [10**30, 0], [10**30 + 1, -1]),
    ({"type": "enum", "values": ["a", 1, 2.5, False]}, ["a", 1, 1.0, 2.5, False], ["A", True, 0, "1", None, ["a"]]),
    ({}, ["", "x", 1, 0.5, True], [None, [], {}, "nul\0"]),
    ({"values": [1, 2]}, [1, 3], [None]),
    (None, ["", "x", 1, 0.5, True], [None, []]),
]


def numbered(column):
    """Return a setting's description and value for each value that VALUES has in a column, by a name of its own."""
    rows = enumerate(VALUES)
    return {"x%d_%d" % (row, at): (each[0], value) for row, each in rows for at, value in enumerate(each[column])}


def test_adjust_takes_what_the_setting_allows_and_nothing_else(newest):
    good, bad = numbered(1), numbered(2)
    settings = {name: setting for name, (setting, _) in {**good, **bad}.items() if setting is not None}
    newest.job(default_state=application(web=settings))
    before = newest.stored(**{name: value for name, (_, value) in good.items()})
    ended = newest.adjust(asked(fine=1, **{name: value for name, (_, value) in bad.items()}))
    ended.rejected(*("web.%s must be" % name for name, (_, value) in bad.items() if value != "nul\0"))
    assert ended.answer["message"].count("web.") == len(bad)
    assert newest.read("_state.json") == before
