"""Commands and their environment, as a user of the built file meets them: what the job gets, and what is refused before it."""

import os

import pytest
from calling import application, batch

CONTROL = {"load": 3, "userdata": {"list": ["a", ["b"]], "a.b": 6}}
COMPONENTS = {
    "web": {
        "cpu": {"min": 1, "max": 8, "step": 1, "value": 2},
        "mem": {"value": 1.5},
        "gc": {"type": "enum", "values": ["-XX:+UseG1GC -Xmx1g", "-a=b%"], "value": "-XX:+UseG1GC -Xmx1g"},
        "name": {"value": "shop-1"},
        "a.b": {"value": 9},
        "heap": {"type": "formula", "formula": "{web.mem} * 2"},
    },
    "0": {"zero": {"value": True}},
}
SETTING = "state[application][components][web][settings][cpu]"
TEXT = "é ☃ 'q' \"d\" $x `y` \\ * \n; %s $(touch ran) \U0001f600 \x01\x7f "

RENDERED = [
    ("", ""),
    ("{%s[value]}{control.load}{_control[load]}" % SETTING, "233"),
    ("{control.userdata.list.1.0}-{control.userdata[a.b]}/{web[a.b]}.{0.zero}", "b-6/9.true"),
    ("{web.mem:08.3f}/{web.cpu:03d}/{web.heap:g}/{web.name:.4}", "0001.500/002/3/shop"),
    ("{{web.cpu}} {{}} }}{{ and $(y) `z` 'q' \"d\" \\ *", "{web.cpu} {} }{ and $(y) `z` 'q' \"d\" \\ *"),
]


def configured(servo, *items, **keys):
    """Configure a job that writes its arguments to the file seen."""
    script = 'for word in "$@"; do printf "%s\\0" "$word"; done >seen'
    command = ["sh", "-c", script.replace("{", "{{").replace("}", "}}"), "-", *items]
    keys = dict({"default_state": application(**COMPONENTS), "default_control": CONTROL}, **keys)
    servo.job(command, **keys)


def test_each_item_of_a_list_is_rendered_to_exactly_one_argument(servo):
    configured(servo, *(template for template, _ in RENDERED), "{web.gc!w}")
    assert servo.measure().status == 0
    expected = [expected for _, expected in RENDERED] + ["-XX:+UseG1GC", "-Xmx1g"]
    assert servo.read("seen").decode().split("\0")[:-1] == expected


# Any text, by the environment.


@pytest.mark.parametrize("locale", [{"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"}, {}])
def test_any_text_reaches_the_job_and_comes_back_byte_for_byte_in_any_locale(servo, locale):
    servo.environment.pop("LC_ALL")
    servo.job(
        'printf %s "$SERVO_TEXT" >job; cat prepared >>job; printf %s "$WEB" >>job; printf "☃%s" {web.cpu}',
        prepare='printf %s "$SERVO_TEXT" >prepared',
        cleanup=["sh", "-c", 'printf %s "$SERVO_TEXT" >cleaned'],
        env={"SERVO_TEXT": "<{control.text}> $HOME", "WEB": "{web.cpu}{web.gc}"},
        metrics={"größe": {"output_regex": r"(?s)☃(.*)"}},
        default_state=application(**COMPONENTS),
    )
    ended = servo.measure({"control": {"text": TEXT}, "metrics": ["größe"]}, environment=locale)
    assert ended.answer["metrics"]["größe"] == {"value": 2}
    expected = "<%s> $HOME" % TEXT
    assert servo.read("job").decode() == expected * 2 + "2-XX:+UseG1GC -Xmx1g"
    assert servo.read("cleaned").decode() == expected
    assert not os.path.exists(servo.path("ran"))


def test_a_variable_is_laid_over_the_driver_s_and_a_longer_one_than_the_system_takes_is_refused(servo):
    script = 'printf %s "$A$B" >seen; printf %s "$SERVO_T" | wc -c >size'
    servo.job(script, env={"A": "{web.cpu}", "SERVO_T": "{control.t}"})
    assert servo.measure({"control": {"t": "é" * 65531}}, environment={"A": "x", "B": "y"}).status == 0
    assert (servo.read("seen"), servo.read("size").strip()) == (b"2y", b"131062")
    servo.measure({"control": {"t": "é" * 65532}}).bad_request("env.SERVO_T", "128 KiB")
    servo.measure({"control": {"t": "a\0"}}).bad_request("env.SERVO_T", "NUL")


# Which error it is, before anything runs.


def test_a_value_that_is_not_plain_is_refused_by_where_it_came_from(servo):
    configured(servo, "{control.t}", prepare="touch prepared")
    servo.measure({"control": {"t": "a b"}}).bad_request(
        "config.json: batch.command: the command needs {control.t}: the request has", '" " is not plain', "SERVO_T"
    )
    configured(servo, "{control.t}", default_control={"t": "a;b"})
    servo.measure().bad_config("the configuration has", '";" is not plain', "SERVO_T")
    configured(servo, "{web.name}", prepare="touch prepared")
    servo.write("_state.json", application(web={"name": {"value": "$(touch ran)"}}))
    servo.measure().bad_state("the state has", '"$" is not plain', "env: {SERVO_NAME: '{web.name}'}")
    assert not os.path.exists(servo.path("seen"))
    assert not os.path.exists(servo.path("ran"))
    assert not os.path.exists(servo.path("prepared"))


def test_a_stored_setting_that_the_configuration_lacks_is_free_text(servo):
    configured(servo, "{web.extra}", "{state[application][components][web][settings][cpu][unit]}")
    servo.write("_state.json", application(web={"extra": {"value": "-rf"}, "cpu": {"unit": "a=b"}}))
    servo.measure().bad_state("{web.extra}", "begins with -", "[unit]}", '"=" is not plain')


def test_a_value_too_long_for_a_command_line_is_a_failed_command(newest):
    configured(newest, "{control.text}")
    newest.measure({"control": {"text": "x" * 200000}}).failed("failed", "command-failed", "too long")


def test_no_locale_changes_where_files_are(servo):
    servo.environment["LC_ALL"] = "C"
    servo.write("größe.json", batch("true"))
    name, state = "größe.json".encode(), "zustand-☃".encode()
    assert servo.adjust(application(web={"é": {"value": "☃"}}), "--config", name, "--state", state).status == 0
    assert servo.query(environment={"OPTUNE_CONFIG": name, "OPTUNE_STATE": state}).status == 0
    servo.write("zustand-☃", b"{")
    servo.query("--state", state).bad_state("zustand-")
