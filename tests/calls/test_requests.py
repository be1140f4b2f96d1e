"""Bad requests and damaged state: one clear answer each, and the stored state survives."""

import os
import stat

from calling import application, asked, batch, without_privileges

# For any verb: what is no request at all. Which texts are no JSON is pure/test_strict_json.py's.
NO_REQUEST = [
    (b"null", ["null", "object"]),
    (b"[%s0]" % (b"1," * 5000), ["a list", "object"]),
    (b'"x"', ["a string", "object"]),
    (b'{\n "application": {,\n', ["not JSON, line 2", "</dev/null"]),
    (b'{"a": "\xff\xfe"}', ["UTF-8", "0xff"]),
    (b'{"a": NaN}', ["not JSON: ", "NaN"]),
    (b'{"a":' * 100000, ["nested"]),
    (b'"%s' % (b"x" * 1000000), ["not JSON"]),
]


def test_what_is_no_json_object_is_a_bad_request(servo):
    before = servo.stored(cpu=3)
    for data, words in NO_REQUEST:
        servo.adjust(data).bad_request("stdin", *words)
    assert servo.read("_state.json") == before


PLACE = "application.components"
MISSHAPEN = [
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
]


def test_an_adjust_without_the_shape_it_needs_is_a_bad_request(newest):
    before = newest.stored(cpu=3)
    for request, words in MISSHAPEN:
        newest.adjust(request).bad_request(*words)
    assert newest.read("_state.json") == before


def test_hostile_names_and_values_leave_a_short_message_and_one_plain_line(newest):
    for name in ("a\nb", "\x1b[31mred", "é\u2028", "x" * 100000):
        ended = newest.adjust(application(**{name: {name: {"value": []}}}))
        ended.rejected()
        assert all(char.isprintable() for char in ended.stderr[:-1])
        assert len(ended.stderr) < 1000
    assert len(newest.adjust(asked(cpu="x" * 1000000)).answer["message"]) < 1000


MEASURE = [
    (b'{"metrics": ', ["stdin"]),
    ({"metrics": ["siz"]}, ['"siz"', "size", "total_runtime", 'did you mean "size"']),
    ({"metrics": {"nothing": {}}}, ['"nothing"', "size"]),
    ({"metrics": "size"}, ["metrics", '"size"']),
    ({"metrics": None}, ["metrics", "null"]),
    ({"metrics": ["size", 1]}, ["metrics", "1"]),
    ({"metrics": ["x" * 1000000]}, ["xxx"]),
    ({"control": []}, ["control", "object", "a list"]),
]


def test_a_measure_without_the_shape_it_needs_runs_no_job(newest):
    newest.configure(batch("touch ran", metrics={"size": {"output_regex": "(a)"}}))
    for request, words in MEASURE:
        ended = newest.measure(request)
        ended.bad_request(*words)
        assert len(ended.answer["message"]) < 1000
    assert not os.path.exists(newest.path("ran"))


# The stored state. Whatever is wrong with it, every call that needs it says so and none overwrites it.


def every_call(servo):
    return [servo.query(), servo.adjust(asked(cpu=3)), servo.measure(), servo.call("adjust", "--reset")]


BAD_STATES = [
    (b'{\n"application": }', ["not JSON", "_state.json:2:16"]),
    (b"\0" * 4096, ["not JSON"]),
    (b"\xff\xfe{\0", ["UTF-8"]),
    (b"null", ["has no application"]),
    (b"[]", ["a list where the object application belongs"]),
    (b'{"application": {"components": {"web": 5}}}', ["has a number where the object application.components.web belongs"]),
    (b'{"application": {"components": {"web": {"settings": []}}}}', ["web", "a list"]),
    (b'{"application": {"components": {"web": {"settings": {"cpu": 3}}}}}', ["web", "cpu", "a number"]),
]  # fmt: skip


def test_a_damaged_state_is_named_by_every_call_and_stays_as_it_was(newest):
    newest.configure(batch("touch ran {web.cpu}"))
    for data, words in BAD_STATES:
        newest.write("_state.json", data)
        newest.query().bad_state("_state.json", "mend", "remove", *words)
    for ended in every_call(newest):
        ended.bad_state("_state.json")
    assert newest.read("_state.json") == data
    newest.write("_state.json", application(web={"cpu": {"value": {"a": 1}}}))
    newest.measure().bad_state("web.cpu", "a mapping")
    assert sorted(os.listdir(newest.folder)) == ["_state.json", "config.json"]


def test_what_is_no_file_is_no_state(newest):
    for make, remove, words in (
        (lambda path: os.symlink("_state.json", path), os.unlink, "symbolic links"),
        (os.mkfifo, os.unlink, "no regular file"),  # it is not waited for
        (os.mkdir, os.rmdir, "directory"),
    ):
        make(newest.state)
        for ended in every_call(newest):
            ended.bad_state("_state.json", words)
        remove(newest.state)
    path = newest.path("gone", "s.json")
    assert newest.call("adjust", "--query", "--state", path).status == 0
    newest.adjust(asked(cpu=3), "--state", path).bad_state(path, "No such file")


def test_what_cannot_be_read_is_said_to_be_that(newest):
    prefix = without_privileges()
    before = newest.stored(cpu=3)
    os.chmod(newest.state, 0)
    for ended in (newest.query(prefix=prefix), newest.adjust(asked(cpu=4), prefix=prefix)):
        ended.bad_state("_state.json", "Permission denied")
    assert stat.S_IMODE(os.stat(newest.state).st_mode) == 0
    os.chmod(newest.state, 0o600)
    assert newest.read("_state.json") == before
    os.chmod(newest.path("config.json"), 0)
    newest.query(prefix=prefix).bad_config("config.json", "Permission denied")
