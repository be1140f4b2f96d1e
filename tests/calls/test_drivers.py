"""What adjust and measure do with good requests (the manual's page "Requests and answers")."""

import itertools
import json
import os

import pytest
from calling import SETTINGS, application, asked, batch

OK = {"status": "ok", "reason": "success"}
METRICS = {
    "size": {"output_regex": r"^size (\d+)", "unit": "bytes"},
    "ratio": {"output_regex": r"^ratio (\S+)"},
}
PRINTING = "echo size 512; echo ratio 0.5"


# Every kind of question and request, under every Python.


def test_query_answers_the_described_settings(servo_everywhere):
    ended = servo_everywhere.query()
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.responses == [application(web=SETTINGS)]


def test_adjust_answers_success_and_stores(servo_everywhere):
    ended = servo_everywhere.adjust(asked(cpu=4, mem=2.5, gc="zgc", opts="-Xmx2g"))
    assert (ended.status, ended.stderr, ended.responses) == (0, "", [OK])
    assert servo_everywhere.query().query["web"] == {"cpu": 4, "mem": 2.5, "gc": "zgc", "opts": "-Xmx2g", "unset": None}


def test_describe_answers_the_metrics_and_their_units(servo_everywhere):
    servo_everywhere.configure(batch(PRINTING, metrics=METRICS))
    ended = servo_everywhere.call("measure", "--describe")
    assert (ended.status, ended.stderr) == (0, "")
    described = {"total_runtime": {"unit": "seconds"}, "size": {"unit": "bytes"}, "ratio": {}}
    assert ended.responses == [{"status": "ok", "metrics": described}]


def test_measure_answers_progress_and_then_the_metrics(servo_everywhere):
    servo_everywhere.configure(batch(PRINTING, metrics=METRICS))
    ended = servo_everywhere.measure({})
    assert (ended.status, ended.stderr) == (0, "")
    assert [response["progress"] for response in ended.progress] == [0, 100]
    assert all(isinstance(response["message"], str) for response in ended.progress)
    runtime = ended.answer["metrics"]["total_runtime"]["value"]
    assert 0 < runtime < 60
    assert ended.answer == {
        "status": "ok",
        "metrics": {
            "total_runtime": {"value": runtime, "unit": "seconds"},
            "size": {"value": 512, "unit": "bytes"},
            "ratio": {"value": 0.5},
        },
        "settings": {"web.cpu": 2, "web.mem": 1.5, "web.gc": "g1", "web.opts": "-Xmx1g"},
    }


# Every row of the manual's table of failures that needs no signal.

NO_MATCH = {"size": {"output_regex": "^big (.*)"}}
FAILURES = [
    ("bad-request", "bad-request", batch(), b"{", ["JSON"]),
    ("failed", "bad-config", batch(None), b"", ["batch.command", "missing"]),
    ("failed", "bad-state", batch(state="damaged.json"), b"", ["damaged.json"]),
    ("failed", "command-failed", batch("echo out; echo oops >&2; exit 3"), b"", ["3", "oops", "out", "echo"]),
    ("failed", "command-failed", batch("kill -9 $$"), b"", ["SIGKILL", "kill -9"]),
    ("failed", "command-failed", batch(["./nothing-here"]), b"", ["nothing-here"]),
    ("failed", "no-match", batch("echo small", metrics=NO_MATCH), b"", ["size", "^big (.*)", "small"]),
    ("failed", "timeout", batch("exec sleep 60", timeout=0.2, grace_period=0), b"", ["timeout", "0.2"]),
]


def test_measure_says_how_it_failed(servo):
    servo.write("damaged.json", b"{")
    for status, reason, configuration, request, words in FAILURES:
        servo.configure(configuration)
        servo.measure(request).failed(status, reason, *words)


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
    newest.configure(batch(PRINTING, metrics=METRICS))
    for request, names in REQUESTS:
        ended = newest.measure(request)
        assert sorted(ended.answer["metrics"]) == sorted([*names, "total_runtime"]), request
    newest.configure(batch("echo ratio 2", metrics=METRICS))  # the other need not match
    assert newest.measure({"metrics": ["ratio"]}).answer["metrics"]["ratio"] == {"value": 2}


def test_the_jobs_output_never_reaches_stdout(newest):
    newest.configure(batch('echo \'{"progress": 7}\'; echo {"status": "ok"} >&2'.replace("{", "{{").replace("}", "}}")))
    ended = newest.measure()
    assert [response["progress"] for response in ended.progress] == [0, 100]
    assert ended.stderr == ""


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="without /proc nobody can look")
def test_the_jobs_environment_is_the_callers_in_any_locale(servo_everywhere):
    """In the C locale Python sets LC_CTYPE, also in its own environment: with it grep -i takes thirty times as long."""
    servo = servo_everywhere
    servo.configure(batch(["cp", "/proc/self/environ", "seen"]))
    for locale in ({}, {"LC_CTYPE": "C"}, {"LC_CTYPE": "C.UTF-8"}, {"LC_ALL": "C"}):
        servo.environment = {"PATH": os.environ["PATH"], "ODD": "\udcff=", **locale}
        assert servo.measure().status == 0
        seen = servo.read("seen").split(b"\0")[:-1]
        assert sorted(seen) == sorted(os.fsencode("%s=%s" % variable) for variable in servo.environment.items())


def test_the_requests_control_is_laid_over_the_configured_one(newest):
    newest.configure(
        batch(
            ["echo", "{control.load} {_control.userdata.a} {control[userdata][b]}"],
            default_control={"load": 1, "userdata": {"a": 2, "b": 3}},
            metrics={"seen": {"output_regex": "(.*)"}},
        )
    )
    ended = newest.measure({"control": {"userdata": {"b": 4}}})
    assert ended.answer["metrics"]["seen"] == {"value": "1 2 4"}
    ended = newest.measure({"control": {"userdata": {"b": 4}, "load": 9}}, "--control", '{"load": 8}')
    assert ended.answer["metrics"]["seen"] == {"value": "8 2 4"}


# The state: what is stored, and the overlay.


def test_a_stored_value_survives_until_the_next_adjust_and_the_descriptions_with_it(newest):
    newest.stored(cpu=4)
    expected = json.loads(json.dumps(application(web=SETTINGS)))
    expected["application"]["components"]["web"]["settings"]["cpu"]["value"] = 4
    assert newest.query().answer == expected
    newest.stored(gc="zgc")
    assert newest.query().query["web"]["cpu"] == 2


KINDS = ["512", "0.5", "512.0", "1e3", "-7", "1e-07", "123456789012345678901234567890", "true", '"512"', '""']
TEXTS = ["Füße ☃", "a\u2028b", "\U0001f600", "line\nline", "\x7f\x1b[31m", "'\"\\"]


def test_a_value_keeps_its_kind_and_a_text_its_characters(servo):
    kinds = [*KINDS, *map(json.dumps, TEXTS)]
    sent = "{%s}" % ", ".join('"s%d": {"value": %s}' % item for item in enumerate(kinds))
    request = json.dumps(application(web="SENT")).replace('"SENT"', sent)
    assert servo.adjust(request.encode()).answer == OK
    stored = json.loads(servo.read("_state.json").decode())["application"]["components"]["web"]["settings"]
    for number, text in enumerate(kinds):
        # repr tells 512 from 512.0, and 1 from True.
        assert repr(stored["s%d" % number]["value"]) == repr(json.loads(text))


def test_all_of_the_application_is_stored_and_its_annotations_come_back_with_a_measurement(newest):
    request = asked(cpu=3, brand_new="x")
    request["application"]["components"]["cache"] = {"settings": {"ttl": {"value": 60}}}
    request["application"]["annotations"] = {"canary": [1, {"a": None}]}
    assert newest.adjust(dict(request, control={"duration": 3}, id=5)).answer == OK
    assert json.loads(newest.read("_state.json").decode()) == request
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
    for spelling, nested in itertools.product(["value", "default"], [True, False]):
        state = application(web={"cpu": {"min": 1, "max": 8, spelling: 5}})
        newest.configure(batch(default_state=state) if nested else batch(default_state=None, **state))
        setting = {"min": 1, "max": 8, "value": 5}
        assert newest.query().answer == application(web={"cpu": setting})
        newest.stored(cpu=6)
        assert newest.query().answer == application(web={"cpu": dict(setting, value=6)})
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


def test_adjust_takes_what_the_setting_allows_and_nothing_else(newest):
    for setting, allowed, refused in VALUES:
        # As many settings as there are values, all described alike: one request tries them all.
        count = max(len(allowed), len(refused))
        settings = {} if setting is None else {"x%d" % number: setting for number in range(count)}
        newest.configure(batch(default_state=application(web=settings)))
        before = newest.stored(**{"x%d" % number: value for number, value in enumerate(allowed)})
        ended = newest.adjust(asked(**{"x%d" % number: value for number, value in enumerate(refused)}))
        ended.rejected(*("web.x%d must be" % number for number in range(len(refused)) if refused[number] != "nul\0"))
        assert ended.answer["message"].count("web.x") == len(refused)
        assert newest.read("_state.json") == before


def test_a_rejection_changes_nothing_and_names_every_bad_value(newest):
    before = newest.stored(cpu=3)
    ended = newest.adjust(asked(cpu=99, mem=1.0, gc="serial", unknown=[1]))
    ended.rejected("web.cpu", "99", "1 to 8", "web.gc", '"serial"', '"g1"', '"zgc"', "web.unknown")
    assert "web.mem" not in ended.answer["message"]
    assert newest.read("_state.json") == before
