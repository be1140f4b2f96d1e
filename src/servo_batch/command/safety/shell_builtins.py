"""Builtins of shells, which only the first word of a command can name.

Source: POSIX.1-2017, Special Built-In Utilities, test, printf; the manual pages of the shells.
"""

from servo_batch.command.grammar.names import NAME_CHARS
from servo_batch.command.marks import WORDS
from servo_batch.command.safety import takers, variables, wrappers
from servo_batch.command.safety.judge import InnerScript, Judge, is_plain, program


def builtin(judge: Judge) -> int:
    """Judge the builtins of shells, which only the first word can name; return where programs may begin."""
    index = 0
    while program(judge.words[index]) in takers.COMMAND_WRAPPERS:
        index = wrappers.wrapper(judge, index, program(judge.words[index]) or "")
        if index >= len(judge.words):
            return index
    name = program(judge.words[index]) or ""
    if name not in takers.BUILTINS:
        return index
    after = index + 1
    if name in takers.CODE_BUILTINS:
        if name in takers.SCRIPT_BUILTINS:
            scripts = range(after, len(judge.words))
            judge.verdict.scripts.extend(InnerScript(index, len(judge.words)) for index in scripts)
        if name in takers.ARITHMETIC_BUILTINS:
            judge.verdict.evaluated.extend(range(after, len(judge.words)))
        return judge.refuse(after, "in an argument of `%s`, which shells take as code" % name)
    if name in (".", "source"):
        if after < len(judge.words) and judge.words[after].text.startswith(("/dev/", "/proc/", "-")):
            judge.reads("what the shell reads by `%s`" % name)
        return judge.refuse(after, "in an argument of `%s`, which runs a file as commands" % name)
    if name in takers.DECLARING:
        return _declaring(judge, after, name)
    if name in ("[", "test"):
        return _test(judge, after, name)
    if name == "printf":
        return _printf(judge, after)
    if name == "set":
        return _set(judge, after)
    return index


def _declaring(judge: Judge, first: int, name: str) -> int:
    for index in range(first, len(judge.words)):
        target, equals, _ = judge.words[index].text.partition("=")
        if not equals or target.strip(NAME_CHARS) or WORDS in judge.words[index].text:
            judge.refuse(index, "in the name that `%s` declares; write NAME={v}" % name, index + 1)
        elif target in variables.CODE:
            judge.refuse(index, variables.reason(target), index + 1)
    return len(judge.words)


def _test(judge: Judge, first: int, name: str) -> int:
    """Judge the forms of POSIX's test: one operator, which is a comparison of strings or says something of a file.

    mksh evaluates numbers as arithmetic, bash a name after -v, and of more words a value may be an operator.
    """
    last = len(judge.words) - (name == "[")
    words = list(judge.words[first:last])
    while words and words[0].text == "!" and len(words) > 1:
        words.pop(0)
    texts = [word.text for word in words]
    safe = all(word.one for word in words) and (
        len(texts) == 1
        or (len(texts) == 2 and texts[0] in tuple("-" + letter for letter in "bcdefghLnprSsuwxzkO"))
        or (len(texts) == 3 and texts[1] in ("=", "!=", "==", "<", ">", "-nt", "-ot", "-ef"))
    )
    if not safe:
        judge.verdict.evaluated.extend(range(first, last))
        judge.refuse(
            first,
            "in a `%s` that compares numbers, which some shells evaluate, or has more than one operator; "
            "compare texts by [ {v} = … ], one in each [ … ]" % name,
        )
    return len(judge.words)


def _printf(judge: Judge, first: int) -> int:
    """Judge printf: -v takes a name; ksh93 and zsh evaluate what a %d takes; a format can ask for both."""
    index = first + (first < len(judge.words) and judge.words[first].text == "--")
    if index >= len(judge.words):
        return index
    form = judge.words[index]
    if not is_plain(form) or form.text.startswith("-"):
        return judge.refuse(first, "after a format of printf that is not literal; write printf '%s' {v}")
    conversions = form.text.replace("%%", "").split("%")[1:]
    if any(not conversion.lstrip("-+ #0123456789.").startswith(("s", "b")) for conversion in conversions):
        judge.verdict.evaluated.extend(range(index + 1, len(judge.words)))
        judge.refuse(index + 1, "after a format of printf with a number, which some shells evaluate; write %s")
    return len(judge.words)


def _set(judge: Judge, first: int) -> int:
    for index in range(first, len(judge.words)):
        if judge.words[index].text == "--":
            return len(judge.words)
        judge.refuse(index, "in an option of `set`; write set -- {v}", index + 1)
    return len(judge.words)
