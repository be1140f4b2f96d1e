"""Where in a command free text has to be a number, where none stands, and where every value would be lost.

Few places give a meaning to plain text. The script's own text tells of them by a simple search, no grammar: it may
refuse too much. Each further item of a list is searched as if it were quoted.

Source: POSIX.1-2017, Shell Command Language, and the manual of bash.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Match, Tuple

HOLE, WORDS, EXPANSION = "\ud800", "\ud801", "$_"  # stand for a placeholder, for one with !w, for what is computed
MARKS = re.compile("[%s%s]" % (HOLE, WORDS))
COMPUTED = re.compile(r"\$\([^()%s%s]*\)|`[^`%s%s]*`" % (HOLE, WORDS, HOLE, WORDS))
QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.S)
BEFORE_SCRIPT = re.compile(r"""(?:\s["']?-\w*c["']?|\bssh\b[^;|&\n]*)\s\Z""")  # what is quoted next is a script
ARITHMETIC = re.compile(
    r"""\(\(|\$\[|<<|(?<![\w./-])let\s|\s-(?:eq|ne|lt|le|gt|ge)\b|\[["']?%s|\$\{[^}]*%s"""
    r"|\b(?:declare|typeset|local|export|readonly)\s+-\w*i|\binteger\s" % (HOLE, HOLE)
)
WORD = re.compile(r"[^\s;|&()`]*\Z")
# NAME=, and as an option's value by the names that variables of the environment have: --env=PATH=
ASSIGNED = re.compile(r"[$A-Za-z_%s][\w%s]*(?:\[[^]]*\])?\+?=|.*=[A-Z_][A-Z0-9_]*=" % (HOLE, HOLE), re.S)
OPTION = re.compile(r"(?:%s|\$\w+|\$\{[^}]*\})*--?[%s%s]*\Z" % (WORDS, HOLE, WORDS))
# Where a command begins; words after which one does, or the name of what the shell sets; a shell and its options.
PROGRAM = re.compile(
    r"""(?:(?:\A|[;|\n`]|(?<![<>])&|[$<>]\((?!\()|(?:;;|\sin)\s[^()\n;]*\))\s*(?:\((?!\()\s*)*
    (?:(?:[{!.]|if|then|elif|else|do|while|until|for|select|function|time|coproc|eval|exec|command|builtin|source|trap
    |alias|export|unset|readonly|local|declare|typeset|read)(?:\s+-\S+)*\s+|\w+=[^\s;|&()`]*\s+|%s\s+)*
    |(?<![\w.=-])(?<!"\s)(?:ba|da|a|k|z|mk|fi|t?c)?sh(?:\s+-\S+)*\s+)\Z"""
    % WORDS,
    re.X,
)


def mark(is_words: bool) -> str:
    """Return what stands for a placeholder in a text that is searched."""
    return WORDS if is_words else HOLE


def of_marks(texts: "List[str]") -> "List[Tuple[str, bool]]":
    """Return for each mark in a script or a list's items what is closed to free text, and if it takes numbers only.

    The first is empty where nothing is closed.
    """
    items = ['"%s"' % text.replace("\\\n", " ").replace("\\", "").replace('"', "'") for text in texts[1:]]
    text = " ".join([texts[0].replace("\\\n", " ")] + items)
    only_numbers = ARITHMETIC.search(text) is not None
    text = re.sub("[ \t]+", " ", _unquoted(COMPUTED.sub(EXPANSION, COMPUTED.sub(EXPANSION, text))))
    if "<<" in text:
        text = text.replace("\n", " ")  # a line of a here-document is no command
    found = []
    for match in MARKS.finditer(text):
        before = text[: match.start()]
        closed = _closed(before)
        found.append((closed, bool(only_numbers or closed or OPTION.match(_word(before).lstrip("\"'")))))
    return found


def _closed(before: str) -> str:
    """Return what is closed to free text where a script goes on after ``before``, empty where nothing is."""
    word = _word(before)
    if ASSIGNED.match(word):
        return "in a word that begins with NAME=, which may be a variable's"
    if word[:1] in ("-", "#") or "<" in word or ">" in word:
        return ""
    return "where a program's name stands" if PROGRAM.search(before[: len(before) - len(word)]) else ""


def _word(before: str) -> str:
    match = WORD.search(before)
    return match.group() if match else ""


def _unquoted(text: str) -> str:
    """Return a script in which a quoted word has no quotes and no separators, and a quoted script is one."""
    return QUOTED.sub(_unquote, text)


def _unquote(match: "Match[str]") -> str:
    quoted, before = match.group(), match.string[: match.start()]
    if quoted[0] == "\\":
        return quoted[1] if quoted[1] not in " ;|&()<>" else "."
    inner = quoted[1:-1]
    is_script = BEFORE_SCRIPT.search(before) is not None
    if not re.search(r"\s", inner) or (not is_script and (before[-1:] == "=" or ASSIGNED.match(inner))):
        return inner if re.search(r"\$\(|`", inner) else re.sub(r"[\s;|&()]", ".", inner)
    return '\n%s"' % _unquoted(inner) if is_script else quoted[0] + _unquoted(inner) + quoted[0]
