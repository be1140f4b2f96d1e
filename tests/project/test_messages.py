"""The messages that people see: one voice, and nothing left to fill in.

They are read from the sources: every text of several words that is neither a docstring, an annotation nor a pattern.
``python3 tests/project/test_messages.py`` prints them all, to be read in one go.
"""

import ast
import glob
import os
import re

PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "servo_batch")
PAGES = ("history/svg.py", "verbs/help.py")  # have titles and sentences of their own
NO_MESSAGE = re.compile(r"\A[A-Z]\w+\[|\(\?")


def text_of(node):
    """Return the text that a node is, else an empty one; before Python 3.8 a text is no Constant."""
    value = getattr(node, "value", None) if isinstance(node, ast.Constant) else getattr(node, "s", None)
    return value.strip() if isinstance(value, str) else ""


def messages():
    """Yield (place, text) for each; the texts around a value that is filled in are several."""
    for path in sorted(glob.glob(os.path.join(PACKAGE, "**", "*.py"), recursive=True)):
        name = os.path.relpath(path, PACKAGE)
        with open(path, encoding="utf-8") as stream:
            tree = ast.parse(stream.read())
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree) if name not in PAGES else ():
            text = text_of(node)
            if " " in text and id(node) not in documentation and not NO_MESSAGE.search(text):
                yield "%s:%d" % (name, node.lineno), text


# What a message does not do, and what shows that one does.
WRONG = {
    "ends like a sentence": r"\.\Z",
    "begins like a sentence": r"\A[A-Z][a-z]",
    "apologises, or blames": r"(?i)\b(please|sorry|oops|invalid|illegal|unexpected|todo|xxx|fixme|cannot not)\b",
    "has two blanks": r"\w  +\w",
    "shouts": r"(?<![#\"])!(?![sraw%=\"])",
    "has something left to be filled in": r"\{\}",
}


def test_every_message_speaks_in_the_voice_of_all():
    found = list(messages())
    assert len(found) > 500
    text = "\n".join(text for _, text in found)
    for known in ("has no value for the setting", "is missing: give", "holds no placeholders"):
        assert known in text
    assert [
        "%s: %r %s" % (place, text, what)
        for place, text in found
        for what, pattern in WRONG.items()
        if re.search(pattern, text)
    ] == []


if __name__ == "__main__":
    for place, text in messages():
        print("%-24s %s" % (place, text))
