"""The messages that people see: one voice, and nothing left to fill in.

They are read from the sources: every text in a call or a raise that ends in a message. ``python3 tests/test_messages.py``
prints them all, to be read in one go.
"""

import ast
import glob
import os
import re

import pytest

PACKAGE = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "src", "servo_batch"
)
# Whatever is handed to these is, or becomes a part of, a message.
CALLS = {
    "add",
    "bad_request",
    "complain",
    "failed",
    "refuse",
    "_bad_state",
    "_damaged",
    "mapping",
    "Cancelled",
    "FormulaError",
    "_NoValueError",
    "_refuse",
    "misfit",
    "cannot",
    "append",
    "accepted",
    "JsonError",
    "PatternError",
    "ServoError",
    "TemplateError",
    "UnclosedError",
    "Unsafe",
    "UsageError",
    "LookupError",
    "ValueError",
    "note",
    "_UnclearError",
}
# And what these are called is too, on its way there.
NAMES = re.compile(
    r"(message|problem|hint|reason|allowed|verdict|how|where)s?\Z|[A-Z_]*(MESSAGES|INDICATORS|_FORM|A_SETTING|ESCAPES)\Z"
)
# Arguments that are no text for people: statuses and reasons of the protocol, keys of the configuration.
WORD = re.compile(r"[A-Za-z_.-]*\Z")


def messages():
    """Return (place, text) for each text of a message, parts of one joined as the source joins them."""
    found = {}
    for path in sorted(glob.glob(os.path.join(PACKAGE, "**", "*.py"), recursive=True)):
        with open(path, encoding="utf-8") as stream:
            tree = ast.parse(stream.read())
        name = os.path.relpath(path, PACKAGE)
        for node in ast.walk(tree):
            for text, line in texts(node):
                if " " in text.strip() and not WORD.match(text):
                    found["%s:%d" % (name, line), text] = None
    return list(found)


def texts(node):
    if isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        roots = node.args if called in CALLS else []
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        roots = [node.value] if any(NAMES.match(getattr(target, "id", "")) for target in targets) and node.value else []
    elif isinstance(node, ast.Return) and node.value is not None:
        roots = [node.value] if isinstance(node.value, (ast.Constant, ast.BinOp, ast.IfExp)) else []
    else:
        roots = []
    for root in roots:
        for inner in ast.walk(root):
            value = getattr(inner, "value", None) if isinstance(inner, ast.Constant) else getattr(inner, "s", None)
            if isinstance(value, str):
                yield value, inner.lineno


MESSAGES = messages()


def test_the_messages_are_found():
    text = "\n".join(text for _, text in MESSAGES)
    for known in (
        "has no value for the setting",
        "is missing: give",
        "is given twice, here and",
        "holds no placeholders",
    ):
        assert known in text
    assert len(MESSAGES) > 100


@pytest.mark.parametrize(("place", "text"), MESSAGES, ids=lambda value: str(value)[:40])
def test_a_message_speaks_in_the_voice_of_all(place, text):
    sentence = text.strip()
    assert not sentence.endswith(".")
    assert not re.match(r"[A-Z][a-z]", sentence), "begins like a sentence of its own"
    assert not re.search(r"(?i)\b(please|sorry|oops|invalid|illegal|unexpected|todo|xxx|fixme|cannot not)\b", sentence)
    assert "  " not in re.sub(r"%s {2,}%s", "%s %s", sentence.replace("\n    ", "\n"))
    assert "!" not in re.sub(r"#!|![sraw%]|\"!\"", "", sentence), "shouts"
    assert "{}" not in sentence, "left to be filled in"


if __name__ == "__main__":
    for place, text in MESSAGES:
        print("%-24s %s" % (place, text))
