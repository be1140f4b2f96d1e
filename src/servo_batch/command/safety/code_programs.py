"""Programs that take words as code: those that give them to a shell (ssh, su, make, sbatch), and other languages'."""

from servo_batch.command.marks import HOLE, WORDS
from servo_batch.command.safety import takers
from servo_batch.command.safety.judge import InnerScript, Judge, has_option, is_plain


def code_program(judge: Judge, index: int, name: str) -> int:
    """Judge a program all whose words may be code."""
    why, way_out = takers.CODE_PROGRAMS[name]
    if name in takers.SCRIPT_PROGRAMS:
        scripts = range(index + 1, len(judge.words))
        judge.verdict.scripts.extend(InnerScript(at, len(judge.words)) for at in scripts)
    if judge.handed_on or not _has_command(judge, index, name):
        judge.reads("what `%s` reads" % name)
    return judge.refuse(index + 1, "in an argument of `%s`, which %s; %s" % (name, why, way_out))


def _has_command(judge: Judge, index: int, name: str) -> bool:
    """Whether a program that otherwise takes its input as code has a command to do with it as it likes."""
    texts = [word.text for word in judge.words[index + 1 :]]
    if name in takers.COMMAND_OPTION:
        return any(has_option(text, *takers.COMMAND_OPTION[name]) for text in texts)
    operands = 0
    at = 0
    while at < len(texts) and operands < 2:
        if not texts[at].startswith("-"):
            operands += 1
        elif len(texts[at]) == 2 and texts[at][1] in takers.SSH_VALUE_FLAGS:
            at += 1
        at += 1
    return name in takers.COMMAND_OPERAND and operands > 1


def code_options(judge: Judge, index: int, name: str) -> None:
    """Judge a program of which some options say what to run."""
    letters, long_options = takers.CODE_OPTIONS[name]
    before = ""
    subcommand = judge.words[index + 1].text if index + 1 < len(judge.words) else ""
    if subcommand in takers.DATA_SUBCOMMANDS.get(name, ()):
        return
    for at in range(index + 1, len(judge.words)):
        text = judge.words[at].text
        if before == "--":
            return
        if not judge.words[at].one or (text[:1] in (HOLE, WORDS)):
            reason = "where it could be an option of `%s`, some of which run programs; write ./{v} or put -- before it"
            judge.refuse(at, reason % name, at + 1)
        if has_option(text, letters, long_options) or has_option(before, letters, long_options):
            judge.refuse(at, "in what `%s` runs as a program; put that into a script's file" % name, at + 1)
        before = text


def script_option(judge: Judge, index: int, name: str) -> None:
    """Judge a program of which one option holds a script."""
    option, way_out = takers.SCRIPT_OPTIONS[name]
    for at in range(index + 1, len(judge.words)):
        text = judge.words[at].text.partition("=")[0]
        if text == option or (text.startswith("--") and len(text) > 3 and option.startswith(text)):
            last = at + 1 if "=" in judge.words[at].text else at + 2
            judge.refuse(at, "in the script that `%s %s` gives to a shell; %s" % (name, option, way_out), last)


def language(judge: Judge, index: int, name: str) -> None:
    """Warn of placeholders in the program text that an interpreter is given."""
    letters, long_options, first_is_text, with_value = takers.LANGUAGES[name]
    given = False
    at = index + 1
    reason = (
        "in the program text of `%s`, where it is code to %s: give it as an argument, or through the environment"
        % (name, name)
    )
    while at < len(judge.words):
        text = judge.words[at].text
        if not text.startswith("-") or text in ("-", "--"):
            break
        given = given or text.partition("=")[0] in takers.FILE_OPTIONS
        if has_option(text, letters, long_options):
            given = True
            judge.warn(at, reason)
            if text[-1:] in tuple(letters) or text in long_options.split():
                at += 1
                judge.warn(at, reason)
        elif text in with_value.split() or text in takers.FILE_OPTIONS:
            at += 1
        at += 1
    if at < len(judge.words) and not given:
        if first_is_text or not is_plain(judge.words[at]):
            judge.warn(at, reason)
    elif not given or (at < len(judge.words) and judge.words[at].text == "-"):
        judge.verdict.reads_program = "in what `%s` reads as its program" % name
