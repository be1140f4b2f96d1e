"""The messages that people see: one voice, and nothing left to fill in.

They are read from the sources: every text of several words that is neither a docstring, an annotation nor a pattern.
"""

import ast
import glob
import os
import re

from machine import ROOT

PACKAGE = os.path.join(ROOT, "src", "servo_batch")
PAGES = ("history/svg.py", "verbs/help.py")  # have titles and sentences of their own
NO_MESSAGE = re.compile(r"\A[A-Z]\w+\[|\(\?")
# What a message does not do, and what shows that one does.
WRONG = {
    "ends like a sentence": r"\.\Z",
    "begins like a sentence": r"\A[A-Z][a-z]",
    "apologises, or blames": r"(?i)\b(please|sorry|oops|invalid|illegal|unexpected|todo|xxx|fixme|cannot not)\b",
    "has two blanks": r"\w  +\w",
    "shouts": r"(?<![#\"])!(?![sraw%=\"])",
    "has something left to be filled in": r"\{\}",
}


def messages():
    """Yield (place, text) for each; the texts around a value that is filled in are several."""
    for path in sorted(glob.glob(os.path.join(PACKAGE, "**", "*.py"), recursive=True)):
        name = os.path.relpath(path, PACKAGE)
        with open(path, encoding="utf-8") as stream:
            tree = ast.parse(stream.read())
        documentation = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
        for node in ast.walk(tree) if name not in PAGES else ():
            # before Python 3.8 a text is an ast.Str, which has it as ``s``
            text = getattr(node, "value", None) or getattr(node, "s", None)
            if isinstance(text, str) and node not in documentation and not NO_MESSAGE.search(text.strip()):
                yield "%s:%d" % (name, node.lineno), text.strip()


def test_every_message_speaks_in_the_voice_of_all():
    found = [(place, text) for place, text in messages() if " " in text]
    assert len(found) > 500
    for place, text in found:
        assert [what for what, pattern in WRONG.items() if re.search(pattern, text)] == [], (place, text)
