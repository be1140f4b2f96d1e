"""What cannot work is refused before anything runs, with one clear answer each, and changes no file."""

import os

import pytest
from calling import COST, application, asked

SETTINGS = {
    "x": {"type": "range", "min": 0, "max": 9, "step": 1, "value": 2},
    "k": {"type": "enum", "values": [1, 5], "value": 5},
    "n": {"value": 1},
}
STATUSES = {"bad-request": "bad-request", "invalid-value": "rejected", "constraint": "rejected"}


@pytest.fixture
def place(newest):
    """A folder that has files of all kinds, and where no job and no prepare has run."""
    newest.job(
        "touch ran; echo cost $(( {a.x} + {a.k} ))",
        prepare="touch prepared",
        default_state=application(a=SETTINGS),
        constraints=["{a.x} + {a.n} < 10"],
        metrics={**COST["metrics"], "written": {"output_regex": "(.)", "file": "written"}},
        objective=COST["objective"],
    )
    newest.write("_state.json", application(a={"x": {"value": 3}}))
    newest.write("outside", application(a={"x": {"value": 99}}))
    newest.write("apart", application(a={"x": {"value": 1}, "n": {"value": 8}}))
    for name, data in (("damaged", b"{"), ("notes", b"remember the milk"), ("h", b""), ("written", b"")):
        newest.write(name, data)
    os.symlink("config.json", newest.path("link"))
    os.link(newest.path("config.json"), newest.path("hard"))
    return newest


def contents(servo):
    return {name: servo.read(name) for name in os.listdir(servo.folder)}


REFUSED = [
    ("adjust a.xx=3", "bad-request", '"a.xx"', 'did you mean "a.x"'),
    ("adjust a.x=3 --state ./config.json", "bad-request", "--state ./config.json is the configuration"),
    ("adjust --reset --state link", "bad-request", "--state link is the configuration"),
    ("adjust --query --state hard", "bad-request", "--state hard is the configuration"),
    ("measure a.x=99", "invalid-value", "nothing was measured: a.x", "0 to 9", "99"),
    ("measure a.k=serial", "invalid-value", '"serial"', "1, 5"),
    ("measure a.xx=3", "bad-request", "a.xx", 'did you mean "a.x"'),
    ("measure a.x=9", "constraint", "{a.x} + {a.n} < 10", "9 + 1"),
    ("measure --history nowhere/h", "bad-config", "nowhere/h", "history", "create its folder"),
    ("measure --keep-output config.json", "bad-request", "config.json", "name another "),
    ("measure --keep-output _state.json", "bad-request", "_state.json", "name another "),
    ("measure --keep-output new --history new", "bad-request", "new is the history", "name another "),
    ("measure --keep-output written", "bad-request", "written", "name another "),
    ("measure --keep-output nowhere/kept", "command-failed", "nowhere/kept", "name another "),
    ("measure --keep-output .", "command-failed", "name another "),
    ("compare a.x=2,99", "invalid-value", "99", "0 to 9"),
    ("compare a.x=9", "constraint", "{a.x} + {a.n} < 10"),
    ("compare a.y=1,2", "bad-request", "a.y"),
    ("compare a.x=2,4 --history notes", "bad-config", "something else"),
    ("compare a.x=2,4 --history _state.json", "bad-request", "is the state"),
    ("compare a.x=2,4 --history h --svg h", "bad-request", "is the history"),
    ("compare a.x=2,4 --svg nowhere/x.svg", "bad-request", "there is no folder "),
    ("history --history h --svg h", "bad-request", "is the history"),
    ("history --history h --svg written", "bad-request", "is the file of the metric written"),
    ("history --history h --svg notes", "bad-request", "notes: the picture cannot be written", "something else"),
    ("history --history h --svg .", "bad-request", "the picture cannot be written"),
    ("tune a.k=3", "invalid-value", "a.k", "1, 5", "nothing was measured"),
    ("tune a.x=9", "constraint", "9 + 1 < 10"),
    ("tune --minimize {cst}", "bad-request", "--minimize: ", "cost"),
    ("tune --cap 2", "bad-request", "{total_runtime}"),
    ("tune --cap 2 --maximize {total_runtime}", "bad-request", "minimize"),
    ("tune --state damaged", "bad-state", "damaged"),
    ("tune --state outside", "bad-state", "a.x"),
    ("tune --state apart", "constraint", "the default of what is tuned", "2 + 8 < 10"),
    ("tune --history config.json", "bad-request", "is the configuration"),
]


def test_what_can_be_known_is_refused_before_anything_runs(place):
    before = contents(place)
    for call, reason, *words in REFUSED:
        ended = place.call(*call.split(), "--json")
        ended.failed(STATUSES.get(reason, "failed"), reason, *words)
        assert "nothing was changed" not in ended.stderr, call
        assert contents(place) == before, call


def test_a_state_is_not_the_configuration_whatever_names_it(place):
    before = contents(place)
    place.call("adjust", "a.x=3", environment={"OPTUNE_STATE": "hard"}).bad_request("$OPTUNE_STATE hard is the conf")
    assert contents(place) == before
    place.job(state="config.json")
    place.call("adjust", "web.cpu=3").bad_config("config.json: batch.state config.json is the configuration")


# Requests.

# What is no request at all, for any verb. Which texts are no JSON is pure/test_strict_json.py's.
NO_REQUEST = [
    (b"null", ["null", "object"]),
    (b"[%s0]" % (b"1," * 5000), ["a list", "object"]),
    (b'{\n "application": {,\n', ["not JSON, line 2", "</dev/null"]),
    (b'{"a": "\xff\xfe"}', ["UTF-8", "0xff"]),
    (b'"%s' % (b"x" * 1000000), ["not JSON"]),
]


def test_what_is_no_json_object_is_a_bad_request(servo):
    before = servo.stored(cpu=3)
    for data, words in NO_REQUEST:
        servo.adjust(data).bad_request("stdin", *words)
    assert servo.read("_state.json") == before


PLACE = "application.components"
MISSHAPEN = {
    "adjust": [
        (b"", ["application", "settings"]),
        ({}, ["has no application", '{"value": …}']),
        ({"application": None}, ["has no application"]),
        ({"application": []}, ["application", "object", "a list"]),
        ({"application": {}}, ["has no " + PLACE]),
        ({"application": {"components": {"web": 1}}}, [PLACE + ".web", "object", "a number"]),
        ({"application": {"components": {"web": {}}}}, [PLACE + ".web.settings"]),
        (application(web=[]), [PLACE + ".web.settings", "object", "a list"]),
        (application(web={"cpu": "3"}), [PLACE + ".web.settings.cpu", "object", "a string"]),
        (application(web={"cpu": None}), ["has no " + PLACE + ".web.settings.cpu"]),
        (application(web={"cpu": {"default": 3}}), ["no value for the setting web.cpu", '{"value": …}']),
    ],
    "measure": [
        (b'{"metrics": ', ["stdin"]),
        ({"metrics": ["cos"]}, ['"cos"', "cost", "total_runtime", 'did you mean "cost"']),
        ({"metrics": {"nothing": {}}}, ['"nothing"', "cost"]),
        ({"metrics": "cost"}, ["metrics", '"cost"']),
        ({"metrics": None}, ["metrics", "null"]),
        ({"metrics": ["cost", 1]}, ["metrics", "1"]),
        ({"metrics": ["x" * 1000000]}, ["xxx"]),
        ({"control": []}, ["control", "object", "a list"]),
    ],
}


def test_a_request_without_the_shape_it_needs_is_refused(place):
    before = contents(place)
    for verb, requests in MISSHAPEN.items():
        for request, words in requests:
            ended = place.call(verb, request=request)
            ended.bad_request(*words)
            assert len(ended.answer["message"]) < 1000
    assert contents(place) == before


def test_hostile_names_and_values_leave_a_short_message_and_one_plain_line(newest):
    for name in ("a\nb", "\x1b[31mred", "é\u2028", "x" * 100000):
        ended = newest.adjust(application(**{name: {name: {"value": []}}}))
        ended.rejected()
        assert all(char.isprintable() for char in ended.stderr[:-1])
        assert len(ended.stderr) < 1000
    assert len(newest.adjust(asked(cpu="x" * 1000000)).answer["message"]) < 1000
