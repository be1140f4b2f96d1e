"""Where in a command free text has to be a number, and where none stands.

Few places give a meaning to plain text. A search of the script's text finds them, with the shells' words behind which
the name of a program or a variable stands, and no grammar: it may refuse too much. Each further item of a list is
searched as if it were quoted.

Source: POSIX.1-2017, Shell Command Language, and the manuals of bash, ksh, mksh, zsh and ssh.
"""

import re
from itertools import dropwhile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Match

NUMBER, ASSIGNMENT = "number", "in a word that begins with NAME=, which may be a variable's"
PROGRAM, VARIABLE = "where a program's name stands", "where a variable's name stands"
HOLE, WORDS = "\1", "-\1"  # stand for a placeholder, and for one with !w: options, or none
HIDDEN = "\2"  # one in quotes
COMPUTED = re.compile("\\$\\([^()\1]*\\)|`[^`\1]*`")
QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)(?<!\\\s)\#[^\n]*""", re.S)
BEFORE_SCRIPT = re.compile(r"""(?:\s["']?-\w*c["']?|\bssh\b[^;|&\n]*)\s\Z""")  # what is quoted next is a script
SHELL = "(?:ba|da|a|k|z|mk|fi|c|tc)?sh"
# The shells' words behind which a program's name stands, or that of the variable of a loop.
LEADING = frozenset((
    "!", ".", "if", "then", "elif", "else", "do", "while", "until", "for", "foreach", "select", "function", "time",
    "coproc", "eval", "exec", "command", "builtin", "noglob", "nocorrect", "source", "trap",
))  # fmt: skip
# The shells' words that set or unset variables, or programs behind a name, each of which its words may name.
NAMING = (
    "alias|compgen|compound|declare|enable|export|float|getln|getopts|global|hash|integer|local|mapfile|nameref|"
    "private|read|readarray|readonly|setenv|typeset|unset|unsetenv|vared|zformat|zparseopts|zregexparse|zstyle"
)
NAMES = re.compile(
    r"(?:NAMING|set(?!.* -- )) .*(?<![<>] )\Z|(?:printf?|wait) (?:-\S+ )*-\w*[pv] ?\S*\Z".replace("NAMING", NAMING)
)
NUMBERS_ONLY = re.compile(
    r"""
    # Arithmetic, in which a name is a variable; a here-document, which a line of its own ends.
    \(\( | \$\[ | << | (?<![\w./])let\s | \s-(?:eq|ne|lt|le|gt|ge)\b | \[["']?[$\x01] | \$\{[^}]*\x01 | \$\{\w+:\s*\$
    | \b(?:exit|return|shift)\s+\x01 | \{[^}\s]*\x01\S*\}[<>] | printf\s[^;|&\n]{0,300}%[^s%]*[diouxXeEfgG]
    | \b(?:declare|typeset|local|export|readonly)\s+[-+] | (?:\A|[;&|\n({])[ \t]*(?:integer|float|nameref|zmodload)\s
    # What a shell reads, or what is run in place of what it prints, begins with the name of a command.
    | \|[^;|\n'"]{0,200}?(?<![\w.])SHELL(?![\w.])
    | (?:(?:\A|[;&|\n({])[ \t]*(?:(?:LEADING|\w+=\S*)\s+)*|sh(?:\s+-\S+)*\s+)["']?(?:\$\((?!\()|`|<\()
    """.replace("SHELL", SHELL).replace("LEADING", "|".join([NAMING, *map(re.escape, LEADING)])),
    re.X,
)
# NAME=, as make has it too, and as an option's value by the names that variables of the environment have: --env=PATH=
ASSIGNED = re.compile("[$A-Za-z_\1][\\w\1]*(?:\\[[^]]*\\])?(?:[+?]|:{1,3})?=|.*=[A-Z_][A-Z0-9_]*=", re.S)
OPTION = re.compile("(?:\\$[\\w@*]+|\\$\\{[^}]*\\})*-[-\1]*\\Z")
WORD = re.compile("""(?:"[^"]*"|'[^']*'|[^\\s"'])*\\Z""")  # the last of a text, with what is quoted in it
# A placeholder, a variable, what comes between two commands, and what comes between two words.
TOKEN = re.compile(
    "(?P<hole>\1)|(?P<variable>\\$[\\w{@*])|(?P<end>[;\n`]|(?<!>)\\||(?<![<>])&|[$<>]\\((?!\\())|[\\s&()]"
)
REDIRECTION = re.compile(r"\d*(?:&?>>?|<>?)[&|]?\s?[^\s<>]+")
# The name of a function, and what a case compares with: a command begins behind them.
HEAD = re.compile(r"\A(?:.* )?(?:\{|\(?[^ (]*\)|[^ ]*\(\) ?\{?)(?= |\Z)")
# What runs what comes next: a shell its script or file, but not where it stands behind a script, as the name of that;
# ssh what comes behind the host. Some options of ssh(1) take the next word.
SSH_OPTIONS = "(?:[ ]-(?:\\w*TAKES[ ]\\S+|(?!\\w*TAKES[ ])\\S*))*".replace("TAKES", "[BbcDEeFIiJLlmOopQRSWw]")
RUNS = r"""(?x)
    (?:\A|[ ]) (?:-(?:exec|ok)(?:dir)? | exec[ ](?:-\S+[ ])*-\w*a[ ]\S+) \Z
    | (?:\A|[ ]) (?:[^ =]*/)? SHELL (?:(?:[ ][-+](?:\S*[oO][ ](?![-+])\S+|\S*))+ | [ ].*[ ]-\w*c) \Z
    | (?:\A|[ ]) (?:[^ =]*/)? ssh OPTIONS [ ](?!-[^\1])\S+ OPTIONS \Z
    | (?:\A|(?<!")[ ]) (?:[^ =]*/)? SHELL \Z
    """.replace("SHELL", SHELL).replace("OPTIONS", SSH_OPTIONS)


def of_holes(texts: "List[str]") -> "List[str]":
    """Return for each HOLE in a script or a list's items its place: NUMBER, what is closed there, or nothing."""
    items = ['"%s"' % text.replace("\\", "").replace('"', "'") for text in texts[1:]]
    # A comment does not go on in the next line.
    text = re.sub(r"(?m)^((?:(?!(?:^|\s)#).)*)\\\n", r"\1", " ".join([texts[0], *items]))
    is_more = _in_braces(text)
    is_for_numbers = NUMBERS_ONLY.search(text) is not None
    text = QUOTED.sub(_unquoted, COMPUTED.sub("$_", COMPUTED.sub("$_", text)))
    text = re.sub("[ \t]+", " ", re.sub(r"\$\{[^}]*\}", lambda match: re.sub(r"\s", ".", match.group()), text))
    found: "List[str]" = []
    command = begin = 0
    for match in TOKEN.finditer(text):
        if match.lastgroup in ("hole", "variable"):
            place = _place(text[command:begin].strip(), text[begin : match.start()].lstrip("\"'"))
            if match.lastgroup == "hole":
                found.append(place or NUMBER * is_more[len(found)])
            elif place == VARIABLE:  # the name is in a variable, which may have it from any placeholder
                is_for_numbers = True
        else:
            begin = match.end()
            command = begin if match.lastgroup else command
    if "<<" in text:  # no line of a here-document begins with a program
        return [NUMBER] * len(found)
    return [place or NUMBER * is_for_numbers for place in found]


def _in_braces(text: str) -> "List[bool]":
    """Return for each hole whether a shell may make several words of it, {a,HOLE}, or a user's folder, ~HOLE."""
    found = []
    for word in re.findall("[^\\s;|&<>]+", QUOTED.sub(_hidden, text)):
        for hole in re.finditer("[\1\2]", word):
            before, is_closed = word[: hole.start()], "}" in word[hole.end() :]
            is_open = before == "~" or (is_closed and re.search(r"(?<!\$)\{[^}]*\Z", before) is not None)
            found.append(hole.group() == HOLE and is_open)
    return found


def _hidden(match: "Match[str]") -> str:
    """Return the holes of what is quoted as hidden ones, and a script with those that it quotes itself."""
    quoted, before = match.group(), match.string[max(0, match.start() - 1000) : match.start()]
    if quoted[0] in "\"'" and BEFORE_SCRIPT.search(before):
        return QUOTED.sub(_hidden, quoted[1:-1])
    return "." + HIDDEN * quoted.count(HOLE)


def _place(command: str, word: str) -> str:
    """Return the place of what stands behind the beginnings of a command and of a word, or nothing."""
    if OPTION.match(word):
        return NUMBER
    if ASSIGNED.match(word):
        return ASSIGNMENT
    if set("<>") & set(word) or command.startswith("(("):
        return ""
    command = re.sub(r"\)(?=[^ ])", ") ", REDIRECTION.sub("", command)).lstrip(" (")
    words = HEAD.sub("", command).lstrip(" (").split()
    words = words[3:] if words[2:3] == ["do"] and words[0] in ("for", "select") else words
    own = list(dropwhile(_leads, [each.lstrip("\"'(") for each in words]))
    if own and NAMES.match(" ".join([*own, word])):
        return VARIABLE
    may_run = "sh" in command or "exec" in command  # mostly not, and then nothing compiles the pattern
    return PROGRAM if not own or (may_run and re.search(RUNS, " ".join(words))) else ""


def _leads(word: str) -> bool:
    """Return whether a program's name may still follow behind a word of a command, without its quotes."""
    return word in LEADING or word[:1] in ("", "-") or ASSIGNED.match(word) is not None


def _unquoted(match: "Match[str]") -> str:
    """Return what is quoted so that a word has no quotes and no separators, and a script begins like one."""
    quoted, before = match.group(), match.string[max(0, match.start() - 1000) : match.start()]
    inner = quoted[1:-1]
    if quoted[0] == "\\":
        is_evaluated = quoted[1] in ";|&" and re.search(r"(?:\A|[\s;|&(])eval\s", match.string)
        return quoted[1] if quoted[1] not in " ;|&()<>" or is_evaluated else "."
    if quoted[0] == "#":
        return "# " + HOLE * quoted.count(HOLE)
    is_script = BEFORE_SCRIPT.search(before) is not None
    word = WORD.search(before[-200:]).group()  # type: ignore[union-attr]
    is_of_word = re.search(r"[=<>][&|]?\s?\Z", before) or ASSIGNED.match(word)
    if not re.search(r"\s", inner) or (not is_script and (is_of_word or ASSIGNED.match(inner))):
        return inner if re.search(r"\$\(|`", inner) else re.sub(r"[\s;|&()]", ".", inner)
    return ("\n" if is_script else quoted[0]) + QUOTED.sub(_unquoted, inner) + '"'
