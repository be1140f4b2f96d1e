"""A value from outside reaches the job as it is, as one word, wherever a placeholder may stand; elsewhere it is refused.

Nothing here is judged by what the quoting looks like: real shells read the scripts.
"""

import random
import shlex
import shutil
import string
import subprocess

import pytest

from servo_batch.command import render
from servo_batch.command import template as templates
from servo_batch.command.grammar import word
from servo_batch.command.safety import places

SHELLS = {
    "sh": ["/bin/sh"],
    "bash": ["bash", "--posix"],
    "busybox": ["busybox", "sh"],
    "dash": ["dash"],
    "ksh93": ["ksh93"],
    "mksh": ["mksh"],
    "zsh": ["zsh", "--emulate", "sh"],
}
FOUND = [name for name in SHELLS if shutil.which(SHELLS[name][0])]

# Where a placeholder may stand, and the one word that has to arrive there for the value v.
PLACES = {
    "a word": ("show {w.v}", "%s"),
    "a part of a word": ("show a{w.v}b", "a%sb"),
    "twice in a word": ("show {w.v}{w.v}", "%s%s"),
    "after an equals sign": ("show --name={w.v}", "--name=%s"),
    "before a redirection": ("show {w.v}>&1", "%s"),
    "before a hash": ("show {w.v}#b", "%s#b"),
    "after an escaped backslash": ("show \\\\{w.v}", "\\%s"),
    "after an escaped dollar": ("show \\${w.v}", "$%s"),
    "after a variable": ("show $X{w.v}", "x%s"),
    "after a plain expansion": ("show ${{X}}{w.v}", "x%s"),
    "in double quotes": ('show "{w.v}"', "%s"),
    "a part of a double-quoted word": ('show "a b{w.v}c d"', "a b%sc d"),
    "after a variable in double quotes": ('show "$X{w.v}"', "x%s"),
    "after an escape in double quotes": ('show "\\"{w.v}\\""', '"%s"'),
    "in single quotes": ("show '{w.v}'", "%s"),
    "a part of a single-quoted word": ("show 'a \" $( {w.v} b'", 'a " $( %s b'),
    "between quotes": ("show 'a'{w.v}\"b\"", "a%sb"),
    "in a command substitution": ('show "$(printf %s. {w.v})"', "%s."),
    "double-quoted in a substitution": ('show "$(printf %s. "{w.v}")"', "%s."),
    "single-quoted in a substitution": ("show \"$(printf %s. '{w.v}')\"", "%s."),
    "in a nested substitution": ('show "$(printf %s. "$(printf %s. "{w.v}")")"', "%s.."),
    "in a subshell in a substitution": ('show "$( (printf %s. {w.v}) )"', "%s."),
    "after a substitution": ('show "$(echo "a)" \')\')"{w.v}', "a) )%s"),
    "in an assignment": ('Y={w.v}; show "$Y"', "%s"),
    "in the environment of a command": ('Y={w.v} sh -c \'printf "%s\\0" 1 "$Y"\'', "%s"),
    "an argument of an inner shell": ('sh -c \'printf "%s\\0" 1 "$1"\' sh {w.v}', "%s"),
    "a pattern": ("case {w.v} in {w.v}) show {w.v};; esac", "%s"),
    "in a loop": ('for y in {w.v}; do show "$y"; done', "%s"),
    "in a subshell": ("(show {w.v})", "%s"),
    "in a group": ("{{ show {w.v}; }}", "%s"),
    "after a comment": ("# don't\nshow {w.v}", "%s"),
    "after a here-document": (": <<E\nit's \"\nE\nshow {w.v}", "%s"),
    "on the line of a here-document": (": <<'E' && show {w.v}\n\\ $(\nE\n", "%s"),
    "after a tabbed here-document": (": <<-E\n\t'\n\tE\nshow {w.v}", "%s"),
    "after arithmetic": ("show $((1+(2*3))){w.v}", "7%s"),
    "after a backquote": ("show `echo \\`echo a\\``{w.v}", "a%s"),
    "after a continued line": ("show \\\n{w.v}", "%s"),
}
# Where it may not, and a part of the reason that is given; see shell_cases.py for the commands that take code.
REFUSED_PLACES = {
    "show `echo {w.v}`": "backquotes",
    'show "`echo {w.v}`"': "backquotes",
    "show ${{X:-{w.v}}}": "${…}",
    'show "${{X:-{w.v}}}"': "${…}",
    "show $(({w.v}+1))": "$((",
    "show $((1+(2)+{w.v}))": "$((",
    "(( {w.v} ))": "((",
    "cat <<E\n{w.v}\nE\n": "here-document",
    "cat <<'E'\n{w.v}\nE\n": "here-document",
    "cat <<-E\n\t{w.v}\n\tE\n": "here-document",
    "cat <<{w.v}\nE\n": "here-document",
    "cat <<A <<B\nA\n{w.v}\nB\n": "here-document",
    "show a # {w.v}": "comment",
    "# {w.v}": "comment",
    "show \\{w.v}": "backslash",
    'show "\\{w.v}"': "backslash",
    "show $'{w.v}'": "$'…'",
    "show $'\\''{w.v}": "$'…'",
    "show $[{w.v}]": "$[",
    'show ${{X:-"}}"}}{w.v}': "${…}",
    "show $(case a in a) echo;; esac){w.v}": "case",
    "cat <<E\na\\\nE\n{w.v}\nE\n": "here-document",
    "cat <<$E\n$E\nshow {w.v}": "here-document",
}
HOSTILE = [
    "", " ", "a b", "  ", "'", '"', "''", '""', "'\"", "`", "``", "\\", "\\\\", "\\'", '\\"', "a\\", "$", "$$", "$X", "${X}",
    "$(echo pwned)", "`echo pwned`", "$((1+1))", ";echo pwned", "'; echo pwned; '", '"; echo pwned; "', "&", "&&", "|", "||",
    ">f", "<f", "2", "0", "*", "?", "[a-z]", "~", "~root", "-", "--", "-n", "-e", "!", "!!", "#", "#a", "\n", "a\nb", "\n\n",
    "\t", "\r", "\r\n", "\x01", "\x7f", "\x1b[0m", "a=b", "=", ":", "{", "}", "{a,b}", "(", ")", "()", "é", "日本語", "\U0001f600",
    "\u2028", "\x85", "%", "%s", "%n", "E", "E\necho pwned", "case", "esac", "if", "done", "$'a'", '$"a"', "a" * 5000,
]  # fmt: skip


# Each call's words, preceded by their number; NUL ends each.
SHOW = 'show() { printf \'%s\\0\' "$#" "$@"; }\nX=x\n'
# The printf of mksh is a program, and a process for each value is what takes long.
MKSH_SHOW = 'show() { for w in "$#" "$@"; do print -rn -- "$w"; print -n \'\\0\'; done; }\nX=x\n'


def rendered(template, value):
    names = render.values({"application": {"components": {"w": {"settings": {"v": {"value": value}}}}}}, {})
    return render.render(templates.parse_script(template), names)[2]


def words_received(shell_name, calls):
    """Return, for each of some calls of ``show``, the words that it got, from one process of a real shell."""
    script = (MKSH_SHOW if shell_name == "mksh" else SHOW) + "".join(call + "\n" for call in calls)
    output = subprocess.run(
        SHELLS[shell_name] + ["-s"], input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60
    )
    assert output.stderr == b"", shell_name
    items = output.stdout.decode().split("\0")[:-1]
    received = []
    while items:
        count = int(items[0])
        received.append(items[1 : 1 + count])
        items = items[1 + count :]
    return received


def random_values(count):
    generator = random.Random(5)
    alphabet = string.printable + "'\"\\$`" * 8 + " \n;&|()#é日"
    return ["".join(generator.choice(alphabet) for _ in range(generator.randrange(1, 12))) for _ in range(count)]


@pytest.mark.parametrize("place", PLACES)
def test_a_value_arrives_as_one_word_in_every_shell(place):
    template, expected = PLACES[place]
    values = HOSTILE + list(string.printable) + random_values(100)
    arrives = [[expected.replace("%s", value)] for value in values]
    calls = [rendered(template, value) for value in values]
    for shell_name in FOUND:
        received = words_received(shell_name, calls)
        differing = [(shell_name, call, words) for call, words, due in zip(calls, received, arrives) if words != due]
        assert differing[:1] == []
        assert len(received) == len(values), shell_name


def test_a_value_arrives_as_an_argument_of_the_script_that_measure_executes():
    for value in HOSTILE:
        arguments = ["/bin/sh", "-c", rendered("printf '%s\\0' {w.v}", value)]
        assert subprocess.run(arguments, stdout=subprocess.PIPE).stdout.decode() == value + "\0"


SEVERAL_WORDS = ["", "-Xmx1g -Xms1g", "a 'b c' \"d e\" f\\ g", "$(echo pwned) `x` ;", "*", "\n a\tb "]


@pytest.mark.parametrize("shell_name", FOUND)
def test_words_arrive_as_a_shell_would_split_them(shell_name):
    received = words_received(shell_name, [rendered("show a {w.v!w} b", value) for value in SEVERAL_WORDS])
    assert received == [["a"] + shlex.split(value) + ["b"] for value in SEVERAL_WORDS]


@pytest.mark.parametrize("template", REFUSED_PLACES)
def test_a_place_where_no_quoting_is_safe_is_refused(template):
    with pytest.raises(templates.TemplateError) as caught:
        templates.parse_script(template)
    assert REFUSED_PLACES[template] in str(caught.value)
    assert "as a list" in str(caught.value)
    assert "{w.v:d}" in str(caught.value)


@pytest.mark.parametrize("template", ["show ${w.v}", 'show "${w.v}"'])
def test_a_placeholder_after_a_dollar_is_refused_with_what_may_be_meant(template):
    with pytest.raises(templates.TemplateError, match=r"\$\{\{w\.v\}\}"):
        templates.parse_script(template)


@pytest.mark.parametrize("template", ["show '{w.v!w}'", 'show "{w.v!w}"'])
def test_words_in_quotes_are_refused(template):
    with pytest.raises(templates.TemplateError, match="!w"):
        templates.parse_script(template)


@pytest.mark.parametrize(
    "script", ["echo '", 'echo "', "echo `", "echo $(", "echo ${X", "echo $((1", 'echo "$(echo ")"']
)
def test_an_open_quote_is_an_error(script):
    with pytest.raises(word.UnclosedError):
        places.of_script(script)


def test_deep_nesting_is_an_error_of_its_own():
    with pytest.raises(word.UnclosedError, match="deeper"):
        places.of_script("$(" * 100000)
