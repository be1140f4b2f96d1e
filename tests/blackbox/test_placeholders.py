"""Which values a command can name, and how it is told what it cannot (README, "Commands"). The list form: no shell between."""

import os

import pytest
from calling import application, batch

pytest_plugins = ("servo_fixtures",)

CONTROL = {"load": 3, "userdata": {"list": ["a", ["b"]], "none": None, "a.b": 6, "empty": {}}}


COMPONENTS = {
    "web": {
        "cpu": {"min": 1, "max": 8, "value": 2},
        "mem": {"value": 1.5},
        "flag": {"value": True},
        "text": {"value": "é ☃ 'q' \"d\" $x `y` \\ * \n;"},
        "empty": {"value": ""},
        "unset": {},
        "a.b": {"value": 9},
        "format": {"value": "{web.cpu}"},
        "width": {"value": 5},
    },
    "state": {"shadowed": {"value": 1}},
    "0": {"zero": {"value": 0}},
}
SETTING = "state[application][components][web][settings][cpu]"

RENDERED = [
    ("", ""),
    ("plain", "plain"),
    ("{web.cpu}", "2"),
    ("{web[cpu]}", "2"),
    ("-c{web.cpu}-{web.mem}x", "-c2-1.5x"),
    ("{%s[value]}" % SETTING, "2"),
    ("{state.application.components[web].settings[cpu].max}", "8"),
    ("{control.load}{_control[load]}", "33"),
    ("{control.userdata.list[0]}", "a"),
    ("{control.userdata.list.1.0}", "b"),
    ("{control.userdata[a.b]}{web[a.b]}", "69"),
    ("{0.zero}", "0"),
    ("{web.mem:.0f}|{web.mem:08.3f}|{web.cpu:03d}|{web.cpu:>4}|{web.cpu:x}", "2|0001.500|002|   2|2"),
    ("{web.cpu:{web.width}}|{web.cpu:>0{web.width}d}", "    2|00002"),
    ("{web.flag}|{web.flag!r}|{web.flag:d}", "True|True|1"),
    ("{web.text}", COMPONENTS["web"]["text"]["value"]),
    ("{web.text!s:.3}", "é ☃"),
    ("{web.text!a:.8}", ascii("é ☃")[:8]),
    ("{web.empty!r}{web.empty}", "''"),
    ("{{web.cpu}} {{}} }}{{", "{web.cpu} {} }{"),
    ("{web.format}", "{web.cpu}"),
    ("${{x}} $(y) `z` 'q' \"d\" \\ *", "${x} $(y) `z` 'q' \"d\" \\ *"),
]


def configured(servo, *items):
    script = 'for word in "$@"; do printf "%s\\0" "$word"; done >seen'
    servo.configure(
        batch(
            ["sh", "-c", script.replace("{", "{{").replace("}", "}}"), "-", *items],
            default_state=application(**COMPONENTS),
            default_control=CONTROL,
        )
    )


def test_each_item_of_a_list_is_rendered_to_exactly_one_argument(servo_everywhere):
    configured(servo_everywhere, *(template for template, _ in RENDERED))
    ended = servo_everywhere.measure()
    assert ended.status == 0, ended
    assert servo_everywhere.read("seen").decode().split("\0")[:-1] == [expected for _, expected in RENDERED]


@pytest.mark.parametrize("environment", [{"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"}, {}])
def test_no_locale_changes_what_a_job_is_given(servo, environment):
    servo.environment.pop("LC_ALL")
    text = COMPONENTS["web"]["text"]["value"]
    servo.configure(
        batch(
            "printf '%s' {web.text} >é; printf '☃%s' {web.text}",
            default_state=application(**COMPONENTS),
            metrics={"größe": {"output_regex": r"(?s)☃(.*)"}},
        )
    )
    ended = servo.measure({"metrics": ["größe"]}, environment=environment)
    assert ended.status == 0, ended
    assert servo.read("é").decode() == text
    assert ended.answer["metrics"]["größe"] == {"value": text}


def test_no_locale_changes_where_files_are(servo):
    servo.environment["LC_ALL"] = "C"
    servo.write("größe.json", batch("true"))
    name = "größe.json".encode()
    state = "zustand-☃".encode()
    assert servo.call("adjust", "--query", "--config", name).status == 0
    request = application(web={"opts": {"value": "☃"}})
    assert servo.adjust(request, "--config", name, "--state", state).status == 0
    ended = servo.call("adjust", "--query", environment={"OPTUNE_CONFIG": name, "OPTUNE_STATE": state})
    assert ended.query["web"]["opts"] == "☃"
    servo.write("zustand-☃", b"{")
    servo.call("adjust", "--query", "--state", state).bad_state("zustand-")
    control = '{"a": "é"}'.encode()
    servo.configure(batch("test é = {control.a}"))
    assert servo.call("measure", "--control", control).status == 0


# What a command asks for that is not there: found before the job runs.


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("{web.cpus}", ["web", '"cpus"', "cpu", "mem", 'did you mean "cpu"']),
        ("{wob.cpu}", ['"wob"', "web", "control", 'did you mean "web"']),
        ("{web}", ["web is a mapping", "cpu"]),
        ("{state}", ["state is a mapping", "application"]),
        ("{%s}" % SETTING, ["settings.cpu is a mapping", "value"]),
        ("{web.unset}", ["web.unset", "no value", "adjust"]),
        ("{web.cpu.value}", ["web.cpu is a number"]),
        ("{web.text.upper}", ["web.text is a string"]),
        ("{web.text[0]}", ["web.text is a string"]),
        ("{web.cpu.__class__}", ["web.cpu is a number"]),
        ("{web.cpu.real}", ["web.cpu is a number"]),
        ("{web.__class__}", ['"__class__"']),
        ("{web.keys}", ['"keys"']),
        ("{state.__class__.__init__.__globals__}", ['"__class__"']),
        ("{state[__class__]}", ['"__class__"']),
        ("{state.shadowed}", ['"shadowed"', "application"]),
        ("{__class__}", ['"__class__"']),
        ("{web.cpu:zz}", ["2", "format"]),
        ("{web.text:d}", ["format"]),
        ("{web.mem:x}", ["1.5", "format"]),
        ("{web.cpu:{web.text}}", ["format"]),
        ("{web.cpu:{web.nothing}}", ['"nothing"']),
    ],
)
def test_a_field_that_cannot_be_had_is_named_before_the_job_runs(servo, field, words):
    configured(servo, field)
    servo.measure().bad_config("the command needs", field.split(":")[0].rstrip("}"), *words)
    assert not os.path.exists(servo.path("seen"))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("{control.laod}", ['"laod"', "load", 'did you mean "load"']),
        ("{_control.userdata.none}", ["no value"]),
        ("{control.userdata.list}", ["a list"]),
        ("{control.userdata.list[2]}", ["list of 2"]),
        ("{control.userdata.list[-1]}", ["list of 2"]),
        ("{control.userdata.list[x]}", ["list of 2"]),
        ("{control.userdata.list.append}", ["list of 2"]),
        ("{control.userdata.empty.x}", ["empty"]),
        ("{control.nul}", ["NUL"]),
        ("{control}", ["control is a mapping", "load"]),
    ],
)
def test_a_field_that_the_request_lacks_is_a_bad_request(servo, field, words):
    configured(servo, field)
    servo.measure({"control": {"nul": "a\0b"}}).bad_request("the command needs", field, *words)
    assert not os.path.exists(servo.path("seen"))


BAD_TEMPLATES = [
    ("{web.cpu", ["literal braces"]),
    ("web.cpu}", ["literal braces"]),
    ("{", ["literal braces"]),
    ("}", ["literal braces"]),
    ("{}", ["{}", "does not name a value"]),
    ("{web.}", ["{web.}", "does not name a value"]),
    ("{.cpu}", ["does not name a value"]),
    ("{web..cpu}", ["does not name a value"]),
    ("{web[]}", ["does not name a value"]),
    ("{web[cpu}", ["brace"]),
    ("{web[cpu]x}", ["{web[cpu]x}", "]"]),
    ("{!r}", ["does not name a value"]),
    ("{web.cpu!x}", ["!x", "!s, !r, !a"]),
    ("{web.cpu!}", ["braces"]),
    ("{web.cpu!rr}", ["braces"]),
    ("{web.cpu:{}}", ["does not name a value"]),
    ("{web.cpu:{web.mem:{web.cpu}}}", ["too deep"]),
    ("{web.text!w}", ["!w", "one argument"]),
]


@pytest.mark.parametrize(("template", "words"), BAD_TEMPLATES)
def test_a_template_that_cannot_be_read_is_a_configuration_error(servo, template, words):
    configured(servo, template)
    servo.describe().bad_config("config.json: batch.command", *words)


def test_every_bad_template_of_a_list_is_named_at_once(servo):
    configured(servo, "{web.cpu!x}", "{web.cpu!y}")
    servo.describe().bad_config("!x", "!y")


def test_a_value_that_has_every_control_character_reaches_the_job(servo):
    text = "".join(map(chr, range(1, 256)))
    configured(servo, "{control.text}")
    assert servo.measure({"control": {"text": text}}).status == 0
    assert servo.read("seen").decode() == text + "\0"


def test_a_value_too_long_for_a_command_line_is_a_failed_command(servo):
    configured(servo, "{control.text}")
    servo.measure({"control": {"text": "x" * 3000000}}).failed("failed", "command-failed", "too long")


@pytest.mark.parametrize(
    "text", ["Füße", "a b", "$(touch ran)", "`touch ran`", "'; touch ran; '", '"; touch ran; "', "\n touch ran\n"]
)
def test_a_value_in_a_shell_command_is_data(servo, text):
    servo.configure(batch("printf '%s' {control.t} '{control.t}' \"{control.t}\" >seen"))
    assert servo.measure({"control": {"t": text}}).status == 0
    assert servo.read("seen").decode() == text * 3
    assert not os.path.exists(servo.path("ran"))
