"""Where in a command free text has to be a number, and where none stands.

Few places give a meaning to plain text. The script's own text tells of them by a simple search, no grammar: it may
refuse too much. Each further item of a list is searched as if it were quoted.

Source: POSIX.1-2017, Shell Command Language, and the manual of bash.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Match, Tuple

HOLE, WORDS, EXPANSION = "\1", "\2", "$_"  # stand for a placeholder, for one with !w, for what is computed
MARKS = re.compile("[\1\2]")
COMPUTED = re.compile("\\$\\([^()\1\2]*\\)|`[^`\1\2]*`")
QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)\#[^\n]*""", re.S)
BEFORE_SCRIPT = re.compile(r"""(?:\s["']?-\w*c["']?|\bssh\b[^;|&\n]*)\s\Z""")  # what is quoted next is a script
SHELL = "(?:ba|da|a|k|z|mk|fi|c|tc)?sh"
NUMBERS_ONLY = re.compile(
    r"""
    # Arithmetic, in which a name is a variable; a here-document, which a line of its own ends.
    \(\( | \$\[ | << | (?<![\w./-])let\s | \s-(?:eq|ne|lt|le|gt|ge)\b | \[["']?HOLE | \[\$ | \$\{[^}]*HOLE
    | \$\{\w+:\s*\$ | \b(?:exit|return|shift)\s+HOLE | printf\s[^;|&\n]{0,300}%[^s%]*[diouxXeEfgG]
    | \b(?:declare|typeset|local|export|readonly)\s+(?:[-+]\w+\s+)*-\w*[iEF] | (?:\A|[;&|\n({])\s*(?:integer|float)\s
    # What a shell reads, or what is run in place of what it prints, begins with the name of a command.
    | \|[^;|\n'"]{0,200}?(?<![\w.-])SHELL(?![\w.-])
    | (?:(?:\A|[;|&\n({])\s*(?:(?:eval|source|\.)\s+)?|sh(?:\s+-\S+)*\s+)["']?(?:\$\((?!\()|`|<\()
    """.replace("HOLE", HOLE).replace("SHELL", SHELL),
    re.X,
)
# NAME=, and as an option's value by the names that variables of the environment have: --env=PATH=
ASSIGNED = re.compile("[$A-Za-z_\1][\\w\1]*(?:\\[[^]]*\\])?\\+?=|.*=[A-Z_][A-Z0-9_]*=", re.S)
OPTION = re.compile("(?:\2|\\$\\w+|\\$\\{[^}]*\\})*--?[\1\2]*\\Z")
# A mark, what comes between two commands, and what comes between two words.
TOKEN = re.compile("(?P<mark>[\1\2])|(?P<separator>[;|\n`]|(?<![<>])&|[$<>]\\((?!\\())|[\\s&()]")
REDIRECTION = re.compile(r"(?<!\S)\d*(?:&?>>?|<)[&|]?\s?[^\s<>]+")
# The name of a function, and what a case compares with: a command begins behind them.
HEAD = re.compile(r"\A(?:.* )?(?:\{|[^ (]*\))(?= |\Z)")
# After these a command begins, or the name follows of what the shell sets.
LEADING = frozenset((
    "{", "!", ".", "if", "then", "elif", "else", "do", "while", "until", "for", "select", "function", "time", "coproc",
    "eval", "exec", "command", "builtin", "source", "trap", "alias", "export", "unset", "readonly", "local", "declare",
    "typeset", "read",
))  # fmt: skip
# What runs what comes next: a shell its script or file, but not where it stands behind a script, as the name of that;
# ssh what comes behind the host. Some options of ssh(1) take the next word. It is compiled where it is used.
SSH_OPTIONS = "(?:[ ]-(?:TAKES[ ]\\S+|(?!TAKES[ ])\\S*))*".replace("TAKES", "[BbcDEeFIiJLlmOopQRSWw]")
RUNS = r"""(?x)
    (?:\A|[ ]) (?:-exec | (?:[^ =]*/)? (?:SHELL (?:[ ]-\S+)+ | ssh OPTIONS [ ][^ -]\S* OPTIONS)) \Z
    | (?:\A|(?<!")[ ]) (?:[^ =]*/)? SHELL \Z
    """.replace("SHELL", SHELL).replace("OPTIONS", SSH_OPTIONS)


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
    if word[:1] in ("-", "#") or set("<>") & set(word) or command.startswith("(("):
        return ""
    words = HEAD.sub("", REDIRECTION.sub("", command).lstrip(" (")).split()
    command = " ".join(words)
    is_first = all(each in LEADING or each == WORDS or each[0] == "-" or ASSIGNED.match(each) for each in words)
    is_script = not is_first and re.match(r"-\w*c\Z", words[-1]) and re.search(f"(?:\\A|[ /]){SHELL} ", command)
    is_run = is_first or is_script or (("sh" in command or "-exec" in command) and re.search(RUNS, command))
    return "where a program's name stands" if is_run else ""


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
