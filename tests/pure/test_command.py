"""What a placeholder may put into a command: fields are looked up and formatted, values are judged, places are closed."""

import pytest

from servo_batch.answers import ServoError, failed
from servo_batch.command import remarks, render, template

# What the configuration tells of the component w; all else is free.
LISTED = {"n": [1, 8], "e": ["-O2", "a=b%", "c5.2xlarge", 7, True], "words": ["-a  -b", ""], "dot": ["."], "_X": ["_X"]}
FORMULAS = "bft"
VALUES = {
    "n": 4, "e": "-O2", "words": "-a  -b", "b": True, "f": 1.5, "t": "a-b", "flag": True, "v": "x", "x": "x", "on.off": False, "dot": ".",
    "_X": "_X",
}  # fmt: skip
CONTROL = {"userdata": {"timeout": 30, "list": ["x", "y"]}, "nothing": None}


def known(stored, control):
    """Return what a command can name where these settings of w are stored, and this control is asked for."""
    settings = {name: {"value": value} for name, value in {**VALUES, **stored}.items()}
    components = {"w": {"settings": {**settings, "new": {}}}, "control": {"settings": {"n": {"value": 99}}}}
    state = {"application": {"components": components, "annotations": {"run": "7"}}}
    return render.values(state, {**CONTROL, **control})


def rendered(command, stored=(), name=None, values=None, **control):
    """Return what a command becomes, the script itself of a string, or the variable of a name.

    Stored settings and control are beyond what is configured; ``values`` is an enum that w.x then is.
    """
    listed = {**LISTED, "x": values} if values else LISTED
    found = []

    def allowed(path):
        if path[0] == "w" and path[-1] in listed:
            return "listed", listed[path[-1]]
        return "formula" if path[0] == "w" and path[-1] in FORMULAS else "free", ()

    if name is None:
        read = template.parse(command, allowed, found.append)
    else:
        read = template.parse_variable(name, command, allowed, found.append)
    if found:
        raise failed("bad-config", "\n".join(found))
    rendering = render.Rendering(known(dict(stored), control), known({}, {}))
    result = rendering.arguments(read, "command") if name is None else rendering.variable(name, read, "env")
    rendering.refuse()
    return result[2] if isinstance(command, str) and name is None else result


def refusal(command, reason="bad-config", **more):
    """Return the message with which a command is refused for this reason."""
    with pytest.raises(ServoError) as caught:
        rendered(command, **more)
    assert caught.value.reason == reason
    return caught.value.message


FORMATTED = {
    "{w.n}": "4", "{w[n]}": "4", "{w[on.off]}": "false", "{state[application][components][w][settings][n][value]}": "4",
    "{state.application[annotations].run}": "7", "{control.userdata.timeout}-{_control[userdata].list[1]}": "30-y",
    "{w.flag} {w.flag!s} {w.flag!r} {w.flag:d}": "true true True 1", "{w.f} {w.f:.0f} {w.n:03d} {w.n!s:0>3}": "1.5 2 004 004",
    "{control.big} {control.small}": "100000000000000000000 1e-07", "j {w.e} {w.words!w}.": "j -O2 -a -b.",
    "{w.v}{w.x} {w.e}{control.userdata.timeout} X={w.f} {w.t}": "xx -O230 X=1.5 a-b", "{{w.n}} $(x) `y` \"{w.n}\"'z' ${{X}}": "{w.n} $(x) `y` \"4\"'z' ${X}",
}  # fmt: skip


def test_a_field_is_put_in_as_it_is_formatted():
    for text, expected in FORMATTED.items():
        assert rendered("echo " + text, big=10**20, small=1e-7) == "echo " + expected
    assert rendered(["job", "{w.v}", "a b", "", "{w.words!w}", "{w.e}"]) == ["job", "x", "a b", "", "-a", "-b", "-O2"]


NOT_THERE = {
    "{w.nn}": 'w has no "nn"; there is only', "{wx.n}": 'there is no "wx"; there is only', "{w.n.value}": "w.n is a number, which has no",
    "{w}": "w is a mapping, not a value; it holds", "{w.new}": "w.new has no value: give it one in the configuration, or adjust",
    "{w.v.__class__}": "which has no fields", "{state.__class__}": 'state has no "__class__"', "{w.v:.0f}": "cannot be formatted",
    "{control.n}": "give it in the request's control (--control JSON)", "{control.nothing}": "nothing has no value; give it in the",
    "{control.userdata.list.2}": "is a list of 2", "{control.userdata.list}": "is a list, not a value",
}  # fmt: skip


def test_a_field_that_cannot_be_had_is_named_with_what_there_is():
    for text, words in NOT_THERE.items():
        message = refusal("echo " + text, "bad-request" if "control" in text else "bad-config")
        assert text in message
        assert words in message
        assert ("braces that are no placeholder are doubled" in message) == text.startswith("{wx")


NO_COMMAND = [
    ("{", "literal braces are {{ and }}"), ("}", "literal braces"), ("{}", "does not name a value"), ("{a..b}", "does not name a value"),
    ("{a[b]c}", "write after a[b], .NAME or [NAME]"), ("{a!x}", "there is no conversion !x"), ("{w.n:{w.n}}", "a format holds no placeholders"), ("{w.n:99999}", "no number above 9999"),
    ("a\1", "U+0001"), ("a\2", "U+0002"), ("a\0", "U+0000"), (["job", "{"], "literal braces are {{ and }}"), (["job", "a{w.words!w}"], "the whole item"),
    ("job {control.v!w}", "!w is for values that the configuration lists"), ("job {w.t!w}", "!w is for values that the configuration lists"),
    # A format counts before a listed value is judged.
    *(("./job " + field, field) for field in ("{w.n:>10}", "{w.n:q}", "{w.e:.2f}", "{w.n!r:*>4}")),
    # What the state has beside settings is free, and a formula's text.
    ("./job {state[application][annotations][run]:->3}", "begins with -"), ("X={w.t} ./job", "only a number may stand there"),
]  # fmt: skip


def test_a_command_that_is_none_is_refused():
    for command, words in NO_COMMAND:
        assert words in refusal(command)
    assert "\n" not in refusal("{a..b}")


# What a value may be.

NOT_PLAIN = [" ", "a b", "", "'", '"', "`", "\\", "$X", "${X}", "$(x)", ";", "&", "|", "<", ">", "(", ")", "{", "}", "[",
    "]", "*", "?", "~", "!", "#", "^", "\n", "a\nb", "\t", "\r", "\x01", "\x7f", "é", "日", "\U0001f600", "\u2028", "\xa0",
    "\u0660"]  # fmt: skip
FREE_IS_NOT = [
    "%", "a=b", "..", "../x", "a/../b", "-x", "--", "+x", "+1", "@f", "SERVO_X", "xSERVO_", "-1e", "-0x1", "-01",
]  # fmt: skip
PLAIN = [
    "x", "c5.2xlarge", "eu-west-1a", "http://h:80/a,b@c", "1", "-1", "-1.5e-7", "a.b", ".", ":", "/", "_", "9" * 5000,
]  # fmt: skip


def test_plain_text_is_put_in_as_it_is():
    for value in PLAIN:
        assert rendered("./job --a={control.v}z '{control.v}'", v=value) == "./job --a=%sz '%s'" % (value, value)


@pytest.mark.parametrize("value", NOT_PLAIN + FREE_IS_NOT)
def test_free_text_that_is_not_plain_is_refused(value):
    for command in ("./job {control.v}", ["job", "{control.v}"], "./job a{control.v}b", "./job '{control.v!s}'"):
        assert "env: {SERVO_V: '{control.v" in refusal(command, "bad-request", v=value)


def test_listed_values_that_are_not_plain_are_refused_as_they_are_read_and_may_have_more():
    for value in NOT_PLAIN:
        message = refusal("./job {w.x}", values=["a", value])
        assert "{w.x}: " in message
        assert "is not plain" in message or "it is empty" in message
    assert rendered("./job {w.x}", values=FREE_IS_NOT) == "./job x"


def test_the_message_names_the_character_where_it_came_from_and_the_way_out():
    assert 'the state has "it\'s"' in refusal("./job {w.v}", "bad-state", stored={"v": "it's"})
    assert "the configuration has " in refusal("./job {control.userdata.timeout:>9}")
    assert refusal("./job {control.title}", "bad-request", title="it's") == (
        'command: the command needs {control.title}: the request has "it\'s", but "\'" is not plain (letters, '
        "digits and _ - . / : , + @ are plain); any text goes by the environment: under batch, "
        "env: {SERVO_TITLE: '{control.title}'}, and in the script \"$SERVO_TITLE\" "
        "(a list: [sh, -c, './job \"$SERVO_TITLE\"'])"
    )
    remedy = "with type: enum it may have % = and any beginning, and with !w be several words; any text"
    assert remedy in refusal("./job {w.v}", "bad-state", stored={"v": "-Xmx2g -Xms1g"})
    assert "are plain); {w.x!w} is several words; any text" in refusal("./job {w.x}", values=["-a -b"])
    assert "are plain); any text" in refusal("./job {w.x}", values=["a;b"])
    assert '"\'" is not plain' in refusal("./job {w.x!w}", values=["-a 'b'"])


BESIDE = [
    ("{control.a}{control.b}", {"a": ".", "b": "./x"}), ("{control.a}{control.b}", {"a": "SER", "b": "VO_X"}),
    ("{control.a}{control.b}", {"a": -5, "b": "I/x"}), ("{control.a}{control.b}{control.c}", {"a": -5, "b": 5, "c": "I/x"}),
    ("{w.e}{control.a}", {"a": "I/x"}), ("{control.a}{w.dot}", {"a": "."}), ("{w.dot}{control.a}", {"a": "./x"}),
    ("/x/.{control.a}", {"a": "./x"}), ("'.'{control.a}", {"a": "."}), ("{control.a}\"VO_X\"", {"a": "SER"}), (".\\\n{control.a}", {"a": "."}), ("{control.a}./x", {"a": "."}), ("SERV{control.a}", {"a": "O_X"}),
    ("x{control.a}V{control.b}_X", {"a": "SER", "b": "O"}), ("{control.a}O{w._X}", {"a": "SERV"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values"), BESIDE)
def test_text_is_judged_with_what_stands_beside_it(text, values):
    assert "which makes .., SERVO_ or an option" in refusal("./job " + text, "bad-request", **values)


# Where free text has to be a number, where none stands, and where every value would be lost.

NUMBERS_ONLY = [
    "echo {v} | {{ sh; }}", "echo {v} | sh", "$(echo {v})", "! $(echo {v})", ". <(echo {v})", 'eval "$(echo {v})"',
    'sh -c "$(echo {v})"', "bash <(echo {v})", "declare -r -i n=$1; x {v}", "declare -i n; ./job {v}", "x {v}; echo ${{a[$1]}}",
    "echo $(( {v} + 1 ))", "echo $[{v}]", "let {v}", "[ {v} -gt 1 ]", "if test 3 -le {v}; then ./job; fi", "cat <<EOF\nx {v}\nEOF\n",
    "./job {v} <<'E'\nx\nE\n", "echo ${{a[{v}]}}", "a[0]=1; echo ${{X:{v}}}", "tar -{v} f", "tar '-{v}' f", "./job --{v}", "./job \\-{v}", "./job $(x)-{v}",
    "./job -{w.n}{v}", "./job {w.words!w}-{v}", "./job {{{v}}}>f", "./job {{a{v}}}<f", "set -- {v}; nameref n=$1",
    "zmodload zsh/system; x {v}", 'set -- {v}; printf -v "$1" x', "f() {{ read -r a ${{1}}; }}; f {v}",
    "for x in {v}; do export $x=1; done", 'for v in {v}; do export "${{v}}=5"; done', 'unset "${{1}}"; x {v}', 'args "${{A}}"-{v}', "args $*-{v}", "x {v}; unset $(x)", ["bash", "-c", 'printf -v $1 %s "$X"; ls', "bash", "{v}"], "exit {v}",
    "printf '%d\\n' {v}", ["job", "-{v}"], ["sh", "-c", "echo $(($1))", "sh", "{v}"], "cat <<EOF\n{v}\nEOF\n", "echo -\\\n{v}",
    "echo ~{v}", "cp f{{,.{v}}}", "bash -c 'echo {{a,{v}}}'", "sh -c 'x; {v}' <<EOF\nEOF\n",
]  # fmt: skip


def of(command, field):
    return (
        command.replace("{v}", field) if isinstance(command, str) else [item.replace("{v}", field) for item in command]
    )


@pytest.mark.parametrize("command", NUMBERS_ONLY, ids=str)
def test_free_text_is_a_number_where_a_word_has_a_meaning(command):
    command = of(command, "{control.v}")
    for value in (0, -7, 1.5, 1e-7, "12", "-3"):
        assert rendered(command, v=value)
    for value in ("EOF", "x", "010", "0x1", "1_0", "I/x", "1e", True, "1.", ".5", "٣"):
        assert "only a number may stand there" in refusal(command, "bad-request", v=value)


CLOSED = [
    "X={v} ./job", "export X={v}", "PATH=$(pwd)/{v} ./job", 'PATH="$(pwd)/{v}" ./job', "X+={v}", "a[1]={v}", 'make CFLAGS="-O2 {v}"',
    "docker run --env=PATH={v} i", 'echo "CPU={v}" >env.sh', "sh -c 'X={v} ./job'", "let x={v}", "{v} x", "/opt/{v}/bin/job", "x; {v}",
    "x && {v}", "x & {v}", "x | {v}", "x \\ # ; {v}", "x\n{v}", "$({v} x)", "`{v} x`", "if {v}; then x; fi", "if x; then {v}; fi",
    "while x; do {v}; done", "! {v}", "{{ {v}; }}", "( {v} )", "X=1 {v}", "time -p {v}", "exec {v}", "eval {v}", ". ./{v}",
    "source {v}", "trap {v} EXIT", "unset {v}", "read -r {v}", "for {v} in a; do x; done", "case $x in a) {v};; esac",
    "case $x in (a) {v};; esac", "{v}() {{ x; }}", "f() {v}", "f() {{ {v}; }}; f", "case $x in a) exec {v};; esac", "find . -exec {v} \\;",
    "exec -c -la x {v}", "hash -p {v} ls", "compgen -C {v}", "alias ls {v}", "noglob {v}", "foreach {v} (a); x; end",
    "printf -v {v} x", "command printf -v '{v}' x", "print -rv {v} x", "wait -n -p {v}", "set -A {v} x", "mapfile <f {v}",
    "readarray {v} <f", "getopts ab {v}", "read a {v}", "read -t 5 {v} <f", 'read -p "x y" {v}', "while read a {v}; do x; done",
    "! read a {v}", "case $x in a) read a {v};; esac", "f() {{ local a {v}; }}", "unset a {v}", "zparseopts -a {v} x", "private {v}",
    "compound {v}", "getln a {v}", 'eval "read {v}"', 'eval " {v}"', 'trap "exec {v}" EXIT', "sh -c 'read a {v}'",
    "ssh host 'read a {v}'", ["bash", "-c", 'printf -v {v} %s "$X"; ls'], "sh -c {v}", 'sh -c "{v} x"', "sh -c 'x; {v}'",
    'su app -c "{v} x"', 'watch "x; {v}"', "sh {v}", "bash -x ./{v}.sh", "/bin/sh {v}", 'ssh host "{v} x"', "./x \\\n | {v}",
    '"{v}" x', ["{v}"], ["make", "CFLAGS=-O2 {v}"], ["sh", "-c", "{v}"], "bash -o pipefail -c {v}",
    ["bash", "-o", "pipefail", "-c", "{v}"], "ssh host {v}", ["ssh", "-i", "k", "host", "{v}"], ">&2 {v} -v", ">log {v}", "<in {v}",
    "2>&1 {v}", "f() ( {v} ); f", "set a; for i do {v}; done", ">|log {v}", "<>log {v}", '2> "a b" {v}', ">log>log2 {v}", "A=${{B:-c d}} {v}",
    "A=\"x\"'y z' {v}", "A=$'b c' {v}", "eval cd / \\; {v}", "sh -c +e {v}", "LD_PRELOAD\\\n={v} x", "a\\\n=1 {v}", "make CC:={v}",
    "make CC?={v}", "if ( {v} ); then x; fi", "for i in 1; do ( {v} a ) & done", "f(){{ {v} a; }}; f", "# x \\\n{v} a",
    "bash -euo pipefail {v}", "ssh -qp 22 host {v}", "find . -execdir {v} {{}} \\;", "case $x in a)exec {v};; esac", "make A::={v}",
]  # fmt: skip
OPEN = [
    "./job {v}", "./job '{v}'", "./job --x={v}", "./job -Xmx{v}", "./job {v} >{v}.log 2>&1", "cd {v} && ./job", "./job \\\n  {v}",
    "# {v}\n./job", "out=$(./job {v})", 'out="$(./job {v})"; echo "$out"', "./job a=b {v}", "for x in {v}; do ./job $x; done",
    "case {v} in a) ./job;; esac", "if [ {v} = a ]; then ./job; fi", "sh -c './job {v}'", "sh -c './job \"$1\"' sh {v}",
    "bash -euo pipefail -c 'a | b' bash {v}", "ssh host './job {v}'", "printf '%s\\n' {v} | ssh host 'cat >f'", "ssh {v} ./job",
    "docker exec web sh -c 'echo {v}'", "echo {v} | ./job", 'echo "{v} done"', 'grep -E "a|{v}" f', "curl 'http://h/?a=b&c={v}'",
    "find . -exec x {{}} \\; -name {v}", "taskset -c {v} ./job", "cmake -DX={v}", "mysql -e 'SELECT max(x) {v}'", "./job $(nproc) {v}",
    "2>/dev/null ./job {v}", "echo `x` {v}", "export A=1; ./job {v}", 'export A="-x $A" B=$C; ./job {v}',
    'f() {{ local a=$1; ./job "$a"; }}; f {v}', "printf -v out '%s' {v}", "while IFS=, read -r a b; do ./job {v} $a; done <f",
    "mapfile -t a < {v}", "read a <$X; ./job {v}", "./job {v} & p=$!; wait $p", 'set -- a {v}; ./job "$@"', "printf '%s' -v {v}",
    "unset X; ./job {v}", "docker wait {v}", "echo 'read a {v}'", "exec ./job -a x {v}", "./job -c {v}",
    "./job --dtype float --name {v}", "ssh -p 22 {v} ./job", "./job >log {v}", "./job \\; {v}", "./job ${{HOME}}/{v}",
    "curl -d '{{\"a\":\"{v}\"}}' h", "curl -d '{{\"a\": \"{v}\", \"b\": 1}}' h", "f() {{ ./job {v}; }}; f", "./job \\\n --x={v}",
    "cat <f | ./job {v}", "./job a~{v}", "echo '~{v}'", "awk '$1 ~\"{v}\"' f", "kubectl get pods -l app!={v}", "psql -c \"x where a!='{v}'\"",
    "curl -d '{{\"q\": {{\"m\":{{\"n\":\"{v}\"}}}}}}' h", "jq '. + {{name:\"{v}\"}}' f", "awk 'BEGIN{{x=\"{v}\"}} {{print x}}' f",
    "python3 -c \"import json; print(json.dumps({{'a':'{v}'}}))\"", "logcli query '{{app=\"{v}\"}} |= \"err\"'", "echo things to do {v}",
    "./job --title 'things to do {v}'", "find runs -name 'eval*' -exec rm {{}} \\; -name {v}", "curl http://h/evaluate?a=1\\&b={v}",
    ["curl", "-d", '{{"a": {{"b":"{v}"}}}}', "h"], ["./job", "do", "{v}"], ["./job", "~{v}"], "./job \\\n {v} \\\n x # a {v}", ["./job", "{v}", "a {v}", "{v} a", "a|{v}", "--x={v}"],
    ["sh", "-c", "./job {v}"], ["sh", "-c", './job "$1"', "sh", "{v}"],
]  # fmt: skip


@pytest.mark.parametrize("command", CLOSED, ids=str)
def test_free_text_neither_chooses_a_program_nor_stands_in_an_assignment(command):
    assert "free text stands" in refusal(of(command, "{control.v}"))
    assert "free text stands" in refusal(of(command, "a{control.v}"))
    assert rendered(of(command, "{w.e}"))
    assert rendered(of(command, "{control.v:d}"), v=5)


def test_free_text_stands_anywhere_else():
    for command in OPEN:
        assert rendered(of(command, "{control.v}"), v="c5.2xlarge")


@pytest.mark.parametrize("field", ["{w.n}", "{w.e}", "{control.v}", "{control.v:d}"])
def test_a_value_is_not_lost_by_what_stands_directly_beside_it(field):
    for before in ("$", "${{", "$X", "${{X", 'a "$', "'$"):
        assert "stands directly before it" in refusal("./job %s%s" % (before, field))
        assert "stands directly before it" in refusal(["./job", "%s%s" % (before, field)])
    assert "write ${{HOME}} for a variable" in refusal("./job ${HOME}")
    assert "stands directly before it" in refusal("./job $\\\n" + field)
    for after in (">f", "<f", ">>f", "<<E", ">&2", "\\\n>f", "2>f"):
        assert "stands directly after it" in refusal("./job %s%s" % (field, after))
    for command in ("echo \\" + field, 'echo "C:\\%s"' % field, ["./job", "a\\\\\\" + field]):
        assert "a backslash stands directly before it" in refusal(command)
    assert rendered("echo \\\\" + field, v=5)
    for command in (
        '"$X"%s',
        '"%s">f',
        "'%s'>>f",
        'curl -d "{{\\"a\\": \\"%s\\"}}"',
        "awk '{{print $'%s'}}' f",
        '"$A"_%s',
    ):
        assert rendered("./job " + command % field, v=5)


def test_a_list_has_a_program_whatever_the_words_are():
    values = ["ls -l", ""]
    assert rendered(["{w.x!w}", "a"], {"x": "ls -l"}, values=values) == ["ls", "-l", "a"]
    message = refusal(["{w.x!w}"], "bad-state", stored={"x": ""}, values=values)
    assert "the state has no word, and the first names the program" in message


def test_every_problem_is_reported_at_once():
    assert len(refusal("{control.a} ${w.n} {b!x} {w.e:3q}").split("\n")) >= 4
    message = refusal("./job {control.a} {control.b} {w.gone}", "bad-config", a="a b", b="c d")
    assert len(message.split("\n")) == 3


# The environment.


def test_any_text_goes_by_the_environment():
    for value in NOT_PLAIN + FREE_IS_NOT + PLAIN:
        assert rendered("a {control.v}$(x)", name="SERVO_V", v=value) == "a %s$(x)" % value
    assert rendered("{control.v!r} {control.v!a}", name="SERVO_V", v="é") == r"'é' '\xe9'"


def test_listed_values_and_numbers_go_under_any_name():
    assert rendered("{w.e} {w.n} {w.f} {w.b} {control.v:d}", name="CFLAGS", v=3) == "-O2 4 1.5 true 3"
    assert "only a number" in refusal("{w.t}", name="CFLAGS")


def test_a_variable_that_cannot_be_is_refused():
    for name, text, words in (
        ("CFLAGS", "{control.v}", "call it SERVO_CFLAGS"),
        ("PATH", "/opt/{w.v}/bin", "SERVO_PATH"),
        *((name, "x", "no name of a variable") for name in ("A-B", "1A", "", "Ä")),
        ("SERVO_X", "{w.words!w}", "!w makes several words"),
        ("SERVO_X", "{w.n", "literal braces"),
    ):
        assert words in refusal(text, name=name)


# What check warns of.

PIPELINE, BACKGROUND, EVALUATES = "where a command in a pipeline fails", "in the background", "SERVO_T holds free text"
DOUBTFUL = {
    "./job 2>&1 | tee log": PIPELINE, "cd / && ./job >&2 | tee log": PIPELINE, "echo {{w.n}}": "{{w.n}} has doubled braces",
    "sleep 1 & echo": BACKGROUND, 'eval "echo $SERVO_T"': EVALUATES, 'sh -c "echo $SERVO_T"': EVALUATES,
    "ssh host 'echo \"$SERVO_T\"'": EVALUATES, "echo $(( $SERVO_T ))": EVALUATES, "make all": EVALUATES,
    'bash -c "echo \\"$SERVO_T\\""': EVALUATES, "sh -c 'echo '\"$SERVO_T\"": EVALUATES, 'bash -c "a\\"b\\" $SERVO_T"': EVALUATES,
    'trap "echo $SERVO_T" EXIT': EVALUATES, "bash -c 'declare -i n=$SERVO_T'": EVALUATES, "bash <<X\n$SERVO_T\nX": EVALUATES,
}  # fmt: skip
RIGHT = [
    './job "$SERVO_T"', ["sh", "-c", './job --title "$SERVO_T"'], "sh -c './job \"$SERVO_T\"' 2>&1 >log",
    "printf '%s\\n' {w.n} | ./job", "grep -E 'a|b' f; grep \"a&b\" f", "set -o pipefail; ./job | tee log", "./job & wait",
    "./job a \\\n  b && ./job || exit 1", "docker ps --format '{{{{.ID}}}}'", "awk '{{print $1}}' f # a | b &",
    "echo {{gone.n}}", 'eval "$X"', ["./job", "a | b & c"],
]  # fmt: skip


@pytest.mark.parametrize(("command", "words"), [*DOUBTFUL.items(), *((command, None) for command in RIGHT)], ids=str)
def test_what_may_be_a_slip_is_warned_of_and_nothing_else(command, words):
    title = template.parse_variable("SERVO_T", "{control.t}", lambda path: ("free", ()), pytest.fail)
    warned = list(remarks.warnings(command, {"SERVO_T": title}, known({}, {})))
    assert [words in line for line in warned] == [True] * bool(words), warned


def test_a_script_the_shell_cannot_read_is_reported_before_it_runs(tmp_path):
    witness = tmp_path / "ran"
    with pytest.raises(ServoError, match="the shell cannot read the command"):
        render.have_shell_read(["/bin/sh", "-c", "echo > %s; if then" % witness], "command")
    assert not witness.exists()
