"""A verb's command line → what it says.

Without argparse, whose import and parser take longer than all that a short call does. What a value means, and a word
that is no option, is read by values.py.
"""

from servo_batch.invocation.options import ASKING, OPTIONS, Options, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List


def read(verb: str, arguments: "List[str]") -> Options:
    """Return what the ``arguments`` of a verb say; raise ``UsageError``."""
    known = OPTIONS[verb]
    given: "Dict[str, Any]" = {}
    words: "List[str]" = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            words.extend(rest)
        elif not argument.startswith("-") or argument == "-":
            words.append(argument)
        else:
            name, equals, value = argument.partition("=")
            if name not in known:
                from servo_batch.wording import did_you_mean

                raise UsageError(f"{verb} has no option {name}{did_you_mean(name, known)}")
            kind = known[name]
            if kind and not equals:
                value = next(rest, "")
            if bool(value) != bool(kind):
                raise UsageError(f"{name} needs a value: {name} {kind}" if kind else f"{name} takes no value")
            given[name] = _value(name, kind, value) if kind else True
    questions = [name for name in ASKING if name in given]
    if len(questions) > 1:
        raise UsageError(f"{questions[0]} and {questions[1]} exclude each other")
    question = questions[0] if questions else None
    if not words:
        return Options(given, question, [])
    from servo_batch.invocation.values import assignments

    return Options(given, question, assignments(verb, words, question))


def _value(name: str, kind: str, text: str) -> "Any":
    if kind in ("FILE", "FORMULA"):
        return text
    from servo_batch.invocation.values import value

    return value(name, text)
