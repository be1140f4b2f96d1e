"""Where in a command free text has to be a number, and where none stands.

Few places give a meaning to plain text. The script's own text tells of them by a simple search, no grammar: it may
refuse too much. Each further item of a list is searched as if it were quoted.

Source: POSIX.1-2017, Shell Command Language, and the manuals of bash and ssh.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Match

NUMBER, ASSIGNMENT = "number", "in a word that begins with NAME=, which may be a variable's"
PROGRAM = "where a program's name stands"
HOLE, WORDS = "\1", "-\1"  # stand for a placeholder, and for one with !w: options, or none
COMPUTED = re.compile("\\$\\([^()\1]*\\)|`[^`\1]*`")
QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)(?<!\\\s)\#[^\n]*""", re.S)
BEFORE_SCRIPT = re.compile(r"""(?:\s["']?-\w*c["']?|\bssh\b[^;|&\n]*)\s\Z""")  # what is quoted next is a script
SHELL = "(?:ba|da|a|k|z|mk|fi|c|tc)?sh"
# After these a command begins, or the name follows of what the shell sets.
LEADING = frozenset((
    "!", ".", "if", "then", "elif", "else", "do", "while", "until", "for", "select", "function", "time", "coproc",
    "eval", "exec", "command", "builtin", "source", "trap", "alias", "export", "unset", "readonly", "local", "declare",
    "typeset", "read",
))  # fmt: skip
NUMBERS_ONLY = re.compile(
    r"""
    # Arithmetic, in which a name is a variable; a here-document, which a line of its own ends.
    \(\( | \$\[ | << | (?<![\w./])let\s | \s-(?:eq|ne|lt|le|gt|ge)\b | \[["']?[$\x01] | \$\{[^}]*\x01 | \$\{\w+:\s*\$
    | \b(?:exit|return|shift)\s+\x01 | printf\s[^;|&\n]{0,300}%[^s%]*[diouxXeEfgG]
    | \b(?:declare|typeset|local|export|readonly)\s+[-+] | (?:\A|[;&|\n({])[ \t]*(?:integer|float)\s
    # What a shell reads, or what is run in place of what it prints, begins with the name of a command.
    | \|[^;|\n'"]{0,200}?(?<![\w.])SHELL(?![\w.])
    | (?:(?:\A|[;&|\n({])[ \t]*(?:(?:LEADING|\w+=\S*)\s+)*|sh(?:\s+-\S+)*\s+)["']?(?:\$\((?!\()|`|<\()
    """.replace("SHELL", SHELL).replace("LEADING", "|".join(map(re.escape, LEADING))),
    re.X,
)
# NAME=, and as an option's value by the names that variables of the environment have: --env=PATH=
ASSIGNED = re.compile("[$A-Za-z_\1][\\w\1]*(?:\\[[^]]*\\])?\\+?=|.*=[A-Z_][A-Z0-9_]*=", re.S)
OPTION = re.compile("(?:\\$\\w+|\\$\\{[^}]*\\})*-[-\1]*\\Z")
# A placeholder, what comes between two commands, and what comes between two words.
TOKEN = re.compile("(?P<hole>\1)|(?P<end>[;|\n`]|(?<![<>])&|[$<>]\\((?!\\())|[\\s&()]")
REDIRECTION = re.compile(r"(?<!\S)\d*(?:&?>>?|<)[&|]?\s?[^\s<>]+")
# The name of a function, and what a case compares with: a command begins behind them.
HEAD = re.compile(r"\A(?:.* )?(?:\{|\(?[^ (]*\)|[^ ]*\(\))(?= |\Z)")
# What runs what comes next: a shell its script or file, but not where it stands behind a script, as the name of that;
# ssh what comes behind the host. Some options of ssh(1) take the next word.
SSH_OPTIONS = "(?:[ ]-(?:TAKES[ ]\\S+|(?!TAKES[ ])\\S*))*".replace("TAKES", "[BbcDEeFIiJLlmOopQRSWw]")
RUNS = r"""(?x)
    (?:\A|[ ]) (?:-exec | (?:[^ =]*/)? SHELL (?:(?:[ ]-\S+)+ | [ ].*[ ]-\w*c)) \Z
    | (?:\A|[ ]) (?:[^ =]*/)? ssh OPTIONS [ ](?!-[^\1])\S+ OPTIONS \Z
    | (?:\A|(?<!")[ ]) (?:[^ =]*/)? SHELL \Z
    """.replace("SHELL", SHELL).replace("OPTIONS", SSH_OPTIONS)


def of_holes(texts: "List[str]") -> "List[str]":
    """Return for each HOLE in a script or in a list's items its place: NUMBER, or what is closed there, or nothing."""
    items = ['"%s"' % text.replace("\\", "").replace('"', "'") for text in texts[1:]]
    text = " ".join([texts[0], *items]).replace("\\\n", " ")
    is_for_numbers = NUMBERS_ONLY.search(text) is not None
    text = re.sub("[ \t]+", " ", QUOTED.sub(_unquoted, COMPUTED.sub("$_", COMPUTED.sub("$_", text))))
    found: "List[str]" = []
    command = begin = 0
    for match in TOKEN.finditer(text):
        if match.lastgroup == "hole":
            found.append(_place(text[command:begin].strip(), text[begin : match.start()].lstrip("\"'")))
        else:
            begin = match.end()
            command = begin if match.lastgroup else command
    return [place or NUMBER * is_for_numbers for place in found]


def _place(command: str, word: str) -> str:
    """Return what stands behind the beginnings of a command and of a word: NUMBER, ASSIGNMENT, PROGRAM or nothing."""
    if OPTION.match(word):
        return NUMBER
    if ASSIGNED.match(word):
        return ASSIGNMENT
    if set("<>") & set(word) or command.startswith("(("):
        return ""
    words = HEAD.sub("", REDIRECTION.sub("", command).lstrip(" (")).split()
    is_first = all(each in LEADING or each[0] == "-" or ASSIGNED.match(each) for each in words)
    may_run = "sh" in command or "-exec" in command  # mostly not, and then nothing has to compile the pattern
    return PROGRAM if is_first or (may_run and re.search(RUNS, " ".join(words))) else ""


def _unquoted(match: "Match[str]") -> str:
    """Return what is quoted so that a word has no quotes and no separators, and a script begins like one."""
    quoted, before = match.group(), match.string[max(0, match.start() - 1000) : match.start()]
    inner = quoted[1:-1]
    if quoted[0] == "\\":
        return quoted[1] if quoted[1] not in " ;|&()<>" else "."
    if quoted[0] == "#":
        return "# " + HOLE * quoted.count(HOLE)
    is_script = BEFORE_SCRIPT.search(before) is not None
    if not re.search(r"\s", inner) or (not is_script and (before[-1:] == "=" or ASSIGNED.match(inner))):
        return inner if re.search(r"\$\(|`", inner) else re.sub(r"[\s;|&()]", ".", inner)
    return ("\n" if is_script else quoted[0]) + QUOTED.sub(_unquoted, inner) + '"'
