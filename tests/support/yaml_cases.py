"""Many small documents in one readable file.

A line "=== NAME" starts a case; its document is the lines after it. What an editor, git or a reader's eye could lose is
written as a character that stands for it: ␣ a space, » a tab, ⇔ a byte order mark, ∎ (at the end) no line break there,
and ‹85› the character U+0085.
"""  # noqa: RUF002

import re


def read(path):
    """Return the cases of a file: a list of names and texts."""
    with open(path, encoding="utf-8") as stream:
        parts = re.split("^=== (.*)\n", stream.read(), flags=re.MULTILINE)
    return [(name, decoded(text)) for name, text in zip(parts[1::2], parts[2::2])]


def decoded(text):
    """Return the document that a case's text stands for."""
    text = text.replace("␣", " ").replace("»", "\t").replace("⇔", "\ufeff").replace("∎\n", "")
    return re.sub("‹([0-9A-F]+)›", lambda match: chr(int(match.group(1), 16)), text)  # noqa: RUF001
