"""Bad requests and damaged state: one clear answer each, and the stored state survives."""

import os
import stat

import pytest
from calling import application, asked, batch, without_privileges

pytest_plugins = ("servo_fixtures",)


# For any verb: what is no request at all.

NO_REQUEST = [
    (b"null", ["null", "object"]),
    (b"[]", ["a list", "object"]),
    (b'"x"', ["a string", "object"]),
    (b"5", ["a number", "object"]),
    (b"true", ["a boolean", "object"]),
    (b'{"application": {"comp', ["not JSON", "line 1"]),
    (b'{\n "application": {,\n', ["not JSON", "line 2"]),
    (b"{'application': {}}", ["not JSON", "line 1, column 2"]),
    (b"{}{}", ["not JSON"]),
    (b"not json", ["not JSON"]),
    (b"\0", ["not JSON"]),
    (b'{"a": "\xff\xfe"}', ["UTF-8", "0xff"]),
    (b'{"a": "\xed\xa0\x80"}', ["UTF-8"]),
    (b'{"a": NaN}', ["NaN"]),
    (b'{"a": -Infinity}', ["Infinity"]),
    (b'{"a": 1e400}', ["1e400"]),
    (b'{"a": 1, "b": {"c": 1, "c": 1}}', ['"c"', "twice"]),
    (b'{"a": "\\ud83d"}', ["surrogate"]),
    (b'{"\\ude00": 1}', ["surrogate"]),
    (b'{"a": %s}' % (b"7" * 100000), ["digits"]),
    (b"[" * 100000, ["nested"]),
    (b'{"a":' * 100000, ["nested"]),
    (b'{"a":' + b"[" * 100000 + b"]" * 100000 + b"}", ["nested"]),
    (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", ["nested"]),
    (b'"%s' % (b"x" * 10000000), ["not JSON"]),
    (b"[%s0]" % (b"1," * 500000), ["a list", "object"]),
    ('{"a": 1}'.encode("utf-16"), ["UTF-8"]),
]


@pytest.mark.parametrize(("data", "words"), NO_REQUEST, ids=lambda value: repr(value[:12]) if value[:0] == b"" else "")
def test_what_is_no_json_object_is_a_bad_request(servo, data, words):
    before = servo.write("_state.json", asked(cpu=3)) and servo.read("_state.json")
    servo.adjust(data).bad_request("stdin", *words)
    assert servo.read("_state.json") == before


@pytest.mark.parametrize("data", [b"null", b'{"metrics": ', b'{"a": NaN}', b"[" * 100000, b'{"a": "\xff"}'])
def test_measure_runs_no_job_for_what_is_no_request(servo, data):
    servo.configure(batch("touch ran"))
    servo.measure(data).bad_request("stdin")
    assert not os.path.exists(servo.path("ran"))


# Requests of adjust.

PLACE = "application.components"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (b"", ["application", "settings"]),
        ({}, ["has no application", '{"value": …}']),
        ({"aplication": {}}, ["has no application"]),
        ({"application": None}, ["has no application"]),
        ({"application": []}, ["application", "object", "a list"]),
        ({"application": {}}, ["has no " + PLACE]),
        ({"application": {"components": "x"}}, [PLACE, "object", "a string"]),
        ({"application": {"components": {"web": 1}}}, [PLACE + ".web", "object", "a number"]),
        ({"application": {"components": {"web": {}}}}, [PLACE + ".web.settings"]),
        (application(web=[]), [PLACE + ".web.settings", "object", "a list"]),
        (application(web={"cpu": "3"}), [PLACE + ".web.settings.cpu", "object", "a string"]),
        (application(web={"cpu": None}), ["has no " + PLACE + ".web.settings.cpu"]),
        (application(web={"cpu": {}}), [PLACE + ".web.settings.cpu", "value"]),
        (application(web={"cpu": {"default": 3}}), [PLACE + ".web.settings.cpu", "value"]),
    ],
    ids=repr,
)
def test_an_adjust_without_the_shape_it_needs_is_a_bad_request(servo, request_, words):
    servo.write("_state.json", asked(cpu=3))
    before = servo.read("_state.json")
    servo.adjust(request_).bad_request(*words)
    assert servo.read("_state.json") == before


def test_ten_megabytes_of_settings_are_stored(servo):
    request = asked(cpu=4)
    request["application"]["annotations"] = {"filler": ["0123456789" * 10] * 100000}
    assert servo.adjust(request).answer["status"] == "ok"
    assert servo.query().query["web"]["cpu"] == 4


def test_a_megabyte_in_a_rejected_value_makes_no_megabyte_of_message(servo):
    ended = servo.adjust(asked(cpu="x" * 1000000))
    ended.rejected("web.cpu")
    assert len(ended.answer["message"]) < 1000


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "é\u2028", "x" * 100000], ids=["newline", "esc", "é", "long"])
def test_a_hostile_name_in_a_request_leaves_stderr_one_plain_line(servo, name):
    ended = servo.adjust(application(**{name: {name: {"value": []}}}))
    ended.rejected()
    assert all(char.isprintable() for char in ended.stderr[:-1])
    assert len(ended.stderr) < 1000


# Requests of measure.


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"metrics": ["siz"]}, ['"siz"', "size", "total_runtime", 'did you mean "size"']),
        ({"metrics": {"nothing": {}}}, ['"nothing"', "size"]),
        ({"metrics": "size"}, ["metrics", '"size"']),
        ({"metrics": 5}, ["metrics", "5"]),
        ({"metrics": None}, ["metrics", "null"]),
        ({"metrics": ["size", 1]}, ["metrics", "1"]),
        ({"metrics": [["size"]]}, ["metrics"]),
        ({"metrics": [None]}, ["metrics"]),
        ({"metrics": [""]}, ['""']),
        ({"metrics": ["x" * 1000000]}, ["xxx"]),
        ({"control": []}, ["control", "object", "a list"]),
        ({"control": "x"}, ["control", "object", "a string"]),
        ({"control": 5}, ["control", "object", "a number"]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_measure_without_the_shape_it_needs_runs_no_job(servo, request_, words):
    servo.configure(batch("touch ran", metrics={"size": {"output_regex": "(a)"}}))
    ended = servo.measure(request_)
    ended.bad_request(*words)
    assert len(ended.answer["message"]) < 1000
    assert not os.path.exists(servo.path("ran"))


# The stored state. Whatever is wrong with it, every call that needs it says so and none overwrites it.


def every_call(servo):
    return [servo.query(), servo.adjust(asked(cpu=3)), servo.measure()]


BAD_STATES = [
    (b"", ["not JSON"]),
    (b"\n", ["not JSON"]),
    (
        b'{"application": {"components": {"web": 5}}}',
        ["has a number where the object application.components.web belongs"],
    ),
    (b'{"application": {"comp', ["not JSON", "line 1"]),
    (b'{\n"application": }', ["not JSON", "line 2"]),
    (b"\0" * 4096, ["not JSON"]),
    (b"\xff\xfe{\0", ["UTF-8"]),
    (b'{"application": NaN}', ["NaN"]),
    (b'{"a": 1, "a": 2}', ["twice"]),
    (b"[" * 100000, ["nested"]),
    (b"null", ["has no application"]),
    (b"[]", ["a list where the object application belongs"]),
    (b"{}", ["has no application"]),
    (b'{"application": []}', ["a list where the object application belongs"]),
    (b'{"application": {"components": 5}}', ["components"]),
    (b'{"application": {"components": {"web": {"settings": []}}}}', ["web", "a list"]),
    (b'{"application": {"components": {"web": {"settings": {"cpu": 3}}}}}', ["web", "cpu", "a number"]),
]


@pytest.mark.parametrize(("data", "words"), BAD_STATES, ids=lambda value: repr(value[:30]) if value[:0] == b"" else "")
def test_a_damaged_state_is_named_and_never_the_default_state(servo, data, words):
    servo.write("_state.json", data)
    servo.query().bad_state("_state.json", "mend", "remove", *words)


def test_a_damaged_state_stops_every_call_and_stays_as_it_was(servo):
    servo.configure(batch("touch ran"))
    servo.write("_state.json", b'{"application": {')
    for ended in every_call(servo):
        ended.bad_state("_state.json")
    assert servo.read("_state.json") == b'{"application": {'
    assert sorted(os.listdir(servo.folder)) == ["_state.json", "config.json"]


def test_a_stored_value_that_is_a_mapping_is_no_value(servo):
    servo.configure(batch("echo {web.cpu}"))
    servo.write("_state.json", application(web={"cpu": {"value": {"a": 1}}}))
    servo.measure().bad_state("web.cpu", "a mapping")


def test_a_directory_is_no_state(servo):
    os.mkdir(servo.state)
    for ended in every_call(servo):
        ended.bad_state("_state.json", "directory")
    assert os.listdir(servo.state) == []


def test_an_unreadable_state_is_said_to_be_that(servo):
    prefix = without_privileges()
    servo.stored(cpu=3)
    before = servo.read("_state.json")
    os.chmod(servo.state, 0)
    servo.query(prefix=prefix).bad_state("_state.json", "Permission denied")
    servo.adjust(asked(cpu=4), prefix=prefix).bad_state("_state.json", "Permission denied")
    assert stat.S_IMODE(os.stat(servo.state).st_mode) == 0
    os.chmod(servo.state, 0o600)
    assert servo.read("_state.json") == before


def test_an_unreadable_configuration_is_said_to_be_that(servo):
    prefix = without_privileges()
    os.chmod(servo.path("config.json"), 0)
    servo.query(prefix=prefix).bad_config("config.json", "Permission denied")


def test_a_state_that_links_to_itself_is_no_state(servo):
    os.symlink("_state.json", servo.state)
    for ended in every_call(servo):
        ended.bad_state("_state.json", "symbolic links")


def test_a_state_in_a_folder_that_is_not_there_cannot_be_stored(servo):
    path = servo.path("gone", "s.json")
    assert servo.call("adjust", "--query", "--state", path).status == 0
    servo.adjust(asked(cpu=3), "--state", path).bad_state(path, "No such file")
