"""A value that would be code to somebody is refused, ordinary commands are not, and what may surprise is warned of."""

import random
import string

import pytest
from shell_cases import ACCEPTED, REFUSED, UNWARNED, WARNED

from servo_batch.answers import ServoError
from servo_batch.command import marks, render, template
from servo_batch.command.grammar import word
from servo_batch.command.safety import places, plain, takers

CASES = [*ACCEPTED, *REFUSED, *WARNED, *UNWARNED]


def refusal(script):
    try:
        template.parse_script(script)
    except template.TemplateError as error:
        return str(error)
    return None


def values(v="a b", n=4):
    return render.values(
        {"application": {"components": {"w": {"settings": {"v": {"value": v}, "n": {"value": n}}}}}}, {}
    )


def rendered(script, n, is_number=lambda path: path == ("w", "n")):
    return render.render(template.parse_script(script, is_number), values(n=n))[2]


def test_ordinary_commands_and_the_ways_out_are_accepted():
    assert {script: refusal(script) for script in ACCEPTED if refusal(script)} == {}


def test_what_would_be_code_is_refused_with_the_reason():
    assert {script: refusal(script) for script in REFUSED if REFUSED[script] not in (refusal(script) or "")} == {}


NAMES = [
    *map(sorted, (takers.SHELLS, takers.APPLETS, takers.WRAPPERS, takers.CODE_PROGRAMS, takers.CODE_OPTIONS)),
    *map(sorted, (takers.SCRIPT_OPTIONS, takers.LANGUAGES, takers.CODE_BUILTINS, takers.DECLARING, takers.RESERVED)),
    [
        "find",
        "time",
        "nocorrect",
        ".",
        "source",
        "[",
        "test",
        "printf",
        "set",
        "PS4",
        "ENV",
        "./job",
        *marks.PLACEHOLDERS,
    ],
]
FORMS = [
    "NAME",
    "NAME",
    "NAME",
    "/bin/NAME",
    "NAME.exe",
    "NAME3.1",
    "--x=NAME",
    "a=NAME=-c",
    "NAME=",
    "NAME/",
    "-NAME",
    "",
]
AFTER = ["-c", "-s", "-e", "--wrap", "-exec", "sh", marks.HOLE, marks.HOLE, "--x=" + marks.HOLE, marks.NUMBER]


def random_words(generator):
    """Return words among which are names of all kinds, in all kinds of places, and what each may be followed by."""
    for _ in range(generator.randrange(1, 4)):
        yield generator.choice(FORMS).replace("NAME", generator.choice(generator.choice(NAMES)))
        yield from generator.choices(AFTER, k=generator.randrange(3))


def random_texts(count):
    generator = random.Random(3)
    for _ in range(count):
        words = list(random_words(generator))
        text = " ".join(words)
        if generator.random() < 0.3:
            place = generator.randrange(len(text) + 1)
            text = text[:place] + generator.choice(string.punctuation + "\n\t é") + text[place:]
        yield text, words


def test_a_command_that_is_plain_at_once_is_one_to_the_grammar_too():
    texts = list(random_texts(20000)) + [(text, text.split(" ")) for text in map(marked, CASES)]
    scripts = [text for text, _ in texts if plain.is_plain_script(text)]
    lists = [words for _, words in texts if plain.is_plain_list(words)]
    assert min(len(scripts), len(lists)) > 1000
    judged = [(text, marks.UNQUOTED, judgement(places.of_script, text)) for text in scripts]
    judged += [(words, marks.BARE, judgement(places.of_arguments, words)) for words in lists]
    assert [
        (text, found)
        for text, quoting, found in judged
        if not found or found.warnings or set(found.places) - {as_any_word(quoting)}
    ] == []


def marked(script):
    text = script.replace("{{", "{").replace("}}", "}")
    return text.replace("{w.v}", marks.HOLE).replace("{w.n:d}", marks.NUMBER)


def judgement(judge, text):
    try:
        return judge(text)
    except word.UnclosedError:
        return None


def as_any_word(quoting):
    return word.Place(quoting, None, None, False, False)


@pytest.mark.parametrize("text", ["./run.sh --cpu \0 --mem=\ud800", "job", "/opt/\0/run x:y@z%+, "])
def test_a_command_of_plain_words_is_plain_at_once(text):
    assert plain.is_plain_script(text)


def test_a_list_is_judged_by_its_words_too():
    for items in (
        ["sh", "-ce", "echo {w.v}"],
        ["/bin/bash", "-c", "-l", "{w.v}"],
        ["env", "-S", "{w.v}"],
        ["timeout", "5", "sh", "-c", "{w.v}"],
        ["{w.v}"],
        ["sh", "-c", 'eval "$1"', "sh", "{w.v}"],
    ):
        with pytest.raises(template.TemplateError):
            template.parse_arguments(items)


def test_a_list_has_no_builtins():
    assert template.parse_arguments(["eval", "{w.v}", "$(", "`"])


def test_program_text_of_other_languages_and_hidden_failures_are_warned_of():
    found = {script: list(template.parse_script(script).warnings) for script in WARNED}
    assert {script: found[script] for script in WARNED if WARNED[script] not in "".join(found[script])} == {}


def test_nothing_else_is_warned_of():
    found = {script: list(template.parse_script(script).warnings) for script in UNWARNED}
    assert {script: notes for script, notes in found.items() if notes} == {}


def test_a_command_says_which_fields_it_uses():
    command = template.parse_script("./job {w.v} {control[n]:{w.width}d} {w[v]}")
    assert command.fields == (("w", "v"), ("control", "n"), ("w", "width"))


@pytest.mark.parametrize("spec", ["", ":d", ":.0f", ":+d", ":{w.n}d", ":5d", "!s"])
def test_a_number_may_stand_anywhere(spec):
    assert rendered("sh -c 'echo {w.n%s}'" % spec, 4)


@pytest.mark.parametrize(
    "text", ["{w.v:>5}", "{w.v:;>5d}", "{w.v!r}", "{w.n:;>5d}", "{w.n:x}", "{w.n:%}", "{w.n:,d}", "{w.n!w}"]
)
def test_a_text_that_need_not_be_a_plain_number_may_not(text):
    with pytest.raises(template.TemplateError):
        rendered("sh -c 'echo %s'" % text, 4)


@pytest.mark.parametrize(
    "value",
    ["1; touch pwned", "", "1 2", "0x10", "٣", True, float("inf"), float("nan"), "1_0", "1e", "-", ".5", "--5", "1\n"],
)
def test_a_number_is_checked_again_when_it_is_rendered(value):
    with pytest.raises(ServoError, match="only a number"):
        rendered("sh -c 'echo {w.n}'", value)


@pytest.mark.parametrize("value", [0.5, 1e-07, 2**63, "010", 1e30])
def test_arithmetic_takes_whole_numbers_only(value):
    with pytest.raises(ServoError, match="whole numbers"):
        rendered("echo $(({w.n}))", value)
    assert rendered("sh -c 'echo {w.n}'", value)


def test_a_negative_number_is_one_operand_of_arithmetic():
    assert rendered("echo $((5-{w.n}))", -3) == "echo $((5-(-3)))"
    assert rendered("sh -c 'echo $((5-{w.n}))'", -3) == "sh -c 'echo $((5-(-3)))'"
    assert rendered("echo `echo $((5-{w.n}))`", -3) == "echo `echo $((5-(-3)))`"
    assert rendered("cat <<E\n{w.n} $((5-{w.n}))\nE\n", -3) == "cat <<E\n-3 $((5-(-3)))\nE\n"


def test_a_number_does_not_become_that_of_a_redirection():
    assert rendered("echo {w.n}>f", 2) == "echo '2'>f"
    for script in ("sh -c 'echo {w.n}>f'", "echo `echo {w.n}>f`", "eval 'echo {w.n}>f'"):
        with pytest.raises(template.TemplateError, match="write a blank"):
            rendered(script, 2)


@pytest.mark.parametrize(
    "script", ["awk '{print $1}'", "curl -w '%{time_total}'", "ls *.{c,h}", "echo '${HOME}'", "find -exec x {} ;"]
)
def test_braces_that_are_no_placeholder_are_explained(script):
    for parse in (template.parse_script, lambda text: template.parse_arguments(["x", text])):
        with pytest.raises((template.TemplateError, ServoError)) as caught:
            render.render(parse(script), values())
        assert "{{" in str(caught.value)


def test_a_variable_in_braces_is_explained():
    assert "$HOME or ${{HOME}}" in refusal('echo "${HOME}"')
    assert "${{X:-y}}" in refusal("echo ${X:-y}")
