"""Where in a command free text has to be a number, where none stands, and where every value would be lost.

Few places give a meaning to plain text. The script's own text tells of them by a simple search, no grammar: it may
refuse too much. Each further item of a list is searched as if it were quoted.

Source: POSIX.1-2017, Shell Command Language, and the manual of bash.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Match, Tuple

HOLE, WORDS, EXPANSION = "\1", "\2", "$_"  # stand for a placeholder, for one with !w, for what is computed
MARKS = re.compile("[%s%s]" % (HOLE, WORDS))
COMPUTED = re.compile(r"\$\([^()%s%s]*\)|`[^`%s%s]*`" % (HOLE, WORDS, HOLE, WORDS))
QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)\#[^\n]*""", re.S)
BEFORE_SCRIPT = re.compile(r"""(?:\s["']?-\w*c["']?|\bssh\b[^;|&\n]*)\s\Z""")  # what is quoted next is a script
NUMBERS_ONLY = re.compile(
    r"""\(\(|\$\[|<<|(?<![\w./-])let\s|\s-(?:eq|ne|lt|le|gt|ge)\b|\[["']?%s|\$\{[^}]*%s|\b(?:exit|return|shift)\s+%s"""
    r"|\[\$|\$\{\w+:\s*\$|\b(?:declare|typeset|local|export|readonly)\s+(?:[-+]\w+\s+)*-\w*[iEF]"
    r"|(?:\A|[;&|\n({])\s*(?:integer|float)\s|printf\s[^;|&\n]{0,300}%%[^s%%]*[diouxXeEfgG]"
    # What a shell reads, or what is run in place of what it prints, begins with the name of a command.
    r"|\|[^;|\n'\"]{0,200}?(?<![\w.-])(?:ba|da|a|k|z|mk)?sh(?![\w.-])"
    r"|(?:(?:\A|[;|&\n({])\s*(?:(?:eval|source|\.)\s+)?|sh(?:\s+-\S+)*\s+)[\"']?(?:\$\((?!\()|`|<\()"
    % (HOLE, HOLE, HOLE)
)
# NAME=, and as an option's value by the names that variables of the environment have: --env=PATH=
ASSIGNED = re.compile(r"[$A-Za-z_%s][\w%s]*(?:\[[^]]*\])?\+?=|.*=[A-Z_][A-Z0-9_]*=" % (HOLE, HOLE), re.S)
OPTION = re.compile(r"(?:%s|\$\w+|\$\{[^}]*\})*--?[%s%s]*\Z" % (WORDS, HOLE, WORDS))
# A mark, what comes between two commands, and what comes between two words.
REDIRECTION = re.compile(r"(?<!\S)\d*(?:&?>>?|<)[&|]?\s?[^\s<>]+")
SSH_TAKES = re.compile("-[BbcDEeFIiJLlmOopQRSWw]")  # options of ssh(1) whose value is the next word
TOKEN = re.compile(r"(?P<mark>[%s%s])|(?P<separator>[;|\n`]|(?<![<>])&|[$<>]\((?!\())|[\s&()]" % (HOLE, WORDS))
# After these a command begins, or the name follows of what the shell sets.
LEADING = frozenset((
    "{", "!", ".", "if", "then", "elif", "else", "do", "while", "until", "for", "select", "function", "time", "coproc",
    "eval", "exec", "command", "builtin", "source", "trap", "alias", "export", "unset", "readonly", "local", "declare",
    "typeset", "read",
))  # fmt: skip
SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh", "mksh", "fish", "csh", "tcsh")


def of_marks(texts: "List[str]") -> "List[Tuple[str, bool]]":
    """Return for each mark in a script or a list's items, what is closed to free text, and if it takes numbers only.

    The first is empty where nothing is closed.
    """
    items = ['"%s"' % text.replace("\\\n", " ").replace("\\", "").replace('"', "'") for text in texts[1:]]
    text = " ".join([texts[0].replace("\\\n", " "), *items])
    only_numbers = NUMBERS_ONLY.search(text) is not None
    text = re.sub("[ \t]+", " ", QUOTED.sub(_unquoted, COMPUTED.sub(EXPANSION, COMPUTED.sub(EXPANSION, text))))
    if "<<" in text:
        text = text.replace("\n", " ")  # a line of a here-document is no command
    found = []
    command = begin = 0
    for match in TOKEN.finditer(text):
        if match.lastgroup == "mark":
            word = text[begin : match.start()].lstrip("\"'")
            closed = _closed(text[command:begin].strip(), word)
            found.append((closed, bool(only_numbers or closed or OPTION.match(word))))
        else:
            begin = match.end()
            command = begin if match.lastgroup == "separator" else command
    return found


def _closed(command: str, word: str) -> str:
    """Return what is closed to free text behind the beginnings of a command and of a word, empty where nothing is."""
    if ASSIGNED.match(word):
        return "in a word that begins with NAME=, which may be a variable's"
    is_name = word[:1] not in ("-", "#") and not set("<>") & set(word) and _is_program(command)
    return "where a program's name stands" if is_name else ""


def _is_program(command: str) -> bool:
    """Tell whether what comes after the beginning of a command names a program, a shell's file or what a shell sets."""
    words = REDIRECTION.sub("", command).lstrip(" (").split() if command[:2] != "((" else ["(("]
    ends = [at for at, word in enumerate(words, 1) if word == "{" or (word[-1] == ")" and "(" not in word)]
    words = words[max(ends, default=0) :]  # behind a function's name, or what a case compares with
    for at, word in enumerate(words):
        if word not in LEADING and word != WORDS and not (at and word[0] == "-") and not ASSIGNED.match(word):
            break
    else:
        return True
    if words[-1] == "-exec" or _is_remote(words):
        return True
    if re.match(r"-\w*c\Z", words[-1]) and any(word.rpartition("/")[2] in SHELLS for word in words):
        return True
    while words[-1][0] == "-" and len(words) > 1:
        words.pop()
    return words[-1].rpartition("/")[2] in SHELLS and "=" not in words[-1] and not command.endswith('" ' + words[-1])


def _is_remote(words: "List[str]") -> bool:
    """Tell whether what comes next is the first word of a command for ssh."""
    names = [word.rpartition("/")[2] for word in words]
    rest = iter(words[names.index("ssh") + 1 :] if "ssh" in names else ())
    others = []
    for word in rest:
        if SSH_TAKES.fullmatch(word):
            next(rest, None)
        elif word[0] != "-":
            others.append(word)
    return len(others) == 1


def _unquoted(match: "Match[str]") -> str:
    """Return what is quoted so that a word has no quotes and no separators, and a script begins like one."""
    quoted, before = match.group(), match.string[max(0, match.start() - 1000) : match.start()]
    inner = quoted[1:-1]
    if quoted[0] == "\\":
        return quoted[1] if quoted[1] not in " ;|&()<>" else "."
    if quoted[0] == "#":
        return "#" + "".join(MARKS.findall(quoted))
    is_script = BEFORE_SCRIPT.search(before) is not None
    if not re.search(r"\s", inner) or (not is_script and (before[-1:] == "=" or ASSIGNED.match(inner))):
        return inner if re.search(r"\$\(|`", inner) else re.sub(r"[\s;|&()]", ".", inner)
    return ("\n" if is_script else quoted[0]) + QUOTED.sub(_unquoted, inner) + '"'
