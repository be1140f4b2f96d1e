"""Many small YAML documents in one readable file: the folders of tests/data/yaml.

A line ``=== NAME`` starts a case. Its document is the lines after it, up to ``==> EXPECTED``: the value as JSON, or the
place and the problem. What an editor, git or a reader's eye could lose is written as a character that stands for it:
␣ a space, » a tab, ⇔ a byte order mark, ∎ (at the end) no line break there, and ‹85› the character U+0085.
"""  # noqa: RUF002

import glob
import os
import re

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "yaml")


def cases(kind):
    """Return the valid or the invalid cases: a list of names, documents and what is expected."""
    found = []
    for path in sorted(glob.glob(os.path.join(FOLDER, kind, "*.txt"))):
        topic = os.path.splitext(os.path.basename(path))[0]
        with open(path, encoding="utf-8") as stream:
            for name, text, expected in re.findall(r"^=== (.*)\n((?s:.*?))^==> (.*)\n", stream.read(), re.MULTILINE):
                found.append(("%s: %s" % (topic, name), decoded(text), expected))
    return found


def decoded(text):
    """Return the document that a case's text stands for."""
    text = text.replace("␣", " ").replace("»", "\t").replace("⇔", "\ufeff").replace("∎\n", "")
    return re.sub("‹([0-9A-F]+)›", lambda match: chr(int(match.group(1), 16)), text)  # noqa: RUF001
