"""Fields are looked up in mappings and lists, formatted as Python formats them, and missed ones are named."""

import pytest

from servo_batch.answers import ServoError
from servo_batch.command import render, syntax, template

STATE = {
    "application": {
        "components": {
            "web": {"settings": {"cpu": {"value": 4}, "mem": {"value": 2.5}, "name": {"value": "a b"}, "new": {}}},
            "my-app": {"settings": {"on.off": {"value": True}}},
            "control": {"settings": {"cpu": {"value": 99}}},
        },
        "annotations": {"run": "7"},
    }
}
CONTROL = {
    "userdata": {"timeout": 30, "args": ["x", "y"], "width": 6},
    "nine": 999999999,
    "half": 0xD800,
    "nothing": None,
}


def rendered(text):
    return render.render(template.parse_arguments(["job", text]), render.values(STATE, CONTROL))[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{web.cpu}", "4"),
        ("{web[cpu]}", "4"),
        ("{my-app[on.off]}", "True"),
        ("{state[application][components][web][settings][cpu][value]}", "4"),
        ("{state.application.components.web.settings.cpu.value}", "4"),
        ("{state.application[annotations].run}", "7"),
        ("{control.userdata.timeout}", "30"),
        ("{_control[userdata].timeout}", "30"),
        ("{control.userdata.args[1]}", "y"),
        ("{control[userdata][args].0}", "x"),
        ("{web.mem:.0f}", "2"),
        ("{web.mem:8.2f}|", "    2.50|"),
        ("{web.cpu:03d}", "004"),
        ("{web.cpu:{control.userdata.width}d}", "     4"),
        ("{web.name!r}", "'a b'"),
        ("{web.cpu!s:>3}", "  4"),
        ("{{web.cpu}} {web.cpu}%", "{web.cpu} 4%"),
    ],
)
def test_a_field_is_formatted_as_python_does(text, expected):
    assert rendered(text) == expected


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        ("{web.cpuu}", "bad-config", 'web has no "cpuu"; there is only cpu, mem, name, new (did you mean "cpu"?)'),
        ("{wbe.cpu}", "bad-config", 'there is no "wbe"'),
        ("{web.new}", "bad-config", "web.new has no value: give it one in the configuration, or adjust it first"),
        ("{web}", "bad-config", "web is a mapping, not a value; it holds cpu, mem, name, new"),
        ("{web.cpu.value}", "bad-config", "web.cpu is a number, which has no fields"),
        ("{web.cpu.__class__}", "bad-config", "which has no fields"),
        ("{state.__class__}", "bad-config", 'state has no "__class__"'),
        ("{control.cpu}", "bad-request", 'control has no "cpu"'),
        ("{control.nothing}", "bad-request", "control.nothing has no value"),
        ("{control.userdata.args}", "bad-request", "control.userdata.args is a list, not a value"),
        ("{control.userdata.args.2}", "bad-request", "is a list of 2"),
        ("{control.userdata.args.x}", "bad-request", "is a list of 2"),
        ("{control.userdata.args.%s}" % ("9" * 5000), "bad-request", "is a list of 2"),
        ("{control.half:c}", "bad-request", "half a surrogate pair"),
        ("{web.name:.0f}", "bad-config", 'the value "a b" cannot be formatted'),
        ("{web.cpu:>99999999999999999999}", "bad-config", "the width or precision"),
        ("{web.cpu:{control.nine}}", "bad-config", "the width or precision"),
    ],
)
def test_a_field_that_cannot_be_had_is_named_with_what_there_is(text, reason, message):
    with pytest.raises(ServoError) as caught:
        rendered(text)
    assert caught.value.reason == reason
    assert message in caught.value.message
    assert text in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "}",
        "{}",
        "{0.}",
        "{.a}",
        "{a.}",
        "{a..b}",
        "{a[}",
        "{a[]}",
        "{a[b]c}",
        "{a!x}",
        "{a!}",
        "{a!w:3}",
        "{a:{b:{c}}}",
        "a\0",
    ],
)
def test_a_template_that_is_none_is_refused(text):
    for parse in (template.parse_script, lambda argument: template.parse_arguments(["job", argument])):
        with pytest.raises(template.TemplateError):
            parse(text)


def test_each_item_of_a_list_becomes_one_argument():
    parsed = template.parse_arguments(["job", "{web.name}", "$(x) '{web.name}'", ""])
    assert render.render(parsed, render.values(STATE, CONTROL)) == ["job", "a b", "$(x) 'a b'", ""]


@pytest.mark.parametrize(
    "arguments", [["sh", "-c", "echo {web.name}"], ["/bin/bash", "-ec", "{web.name}"], ["ssh", "h", "{web.name}"]]
)
def test_a_list_too_keeps_values_out_of_a_shell_s_script(arguments):
    with pytest.raises(template.TemplateError):
        template.parse_arguments(arguments)


def test_a_list_may_give_a_value_to_a_shell_s_script_as_an_argument():
    assert template.parse_arguments(["sh", "-c", 'echo "$1"', "sh", "{web.name}"])


def test_words_are_for_scripts_only():
    with pytest.raises(template.TemplateError, match="!w"):
        template.parse_arguments(["job", "{web.name!w}"])


def test_every_unsafe_place_is_reported_at_once():
    with pytest.raises(template.TemplateError) as caught:
        template.parse_script("echo `{web.cpu}` $(({web.mem}))")
    assert len(caught.value.problems) == 2


def test_a_script_the_shell_cannot_read_is_reported_before_it_runs(tmp_path):
    witness = tmp_path / "ran"
    with pytest.raises(ServoError, match="the shell cannot read the command"):
        syntax.have_shell_read(["/bin/sh", "-c", "echo > %s; if then" % witness])
    assert not witness.exists()
