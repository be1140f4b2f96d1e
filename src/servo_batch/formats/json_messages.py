"""What is wrong with a text that is no JSON, and what to write instead.

Python's json tells where and, in its own terms, what; only a refused text needs more, so that strict_json imports this
late.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from json import JSONDecodeError

BLANKS = " \t\n\r"
# What a string cannot hold as it is: what to call it, and how to write it.
CONTROL_CHARACTERS = {"\n": ("a line break", "\\n"), "\r": ("a carriage return", "\\r"), "\t": ("a tab", "\\t")}
ENDED_EARLY = "the text ends before its value is complete: add what is missing at its end"


def explain(error: "JSONDecodeError") -> str:
    """Return one sentence for an error of Python's json: what is wrong and what to write instead."""
    text, pos = error.doc, error.pos
    if error.msg.startswith("Invalid"):
        return in_string(error.msg, text, pos)
    if error.msg.startswith("Unterminated"):
        return 'the string that starts here has no end: close it with "'
    if not text.strip(BLANKS):
        return "the text is empty: write a JSON value into it"
    found = text[pos:].lstrip(BLANKS)[:1]
    if not found:
        return ENDED_EARLY
    if error.msg.startswith("Extra"):
        return after_value(text, pos, found)
    if error.msg.startswith("Illegal trailing comma") or (found in "]}" and text[:pos].rstrip(BLANKS).endswith(",")):
        return "a comma stands before the closing bracket: remove the comma"
    if found in "/#":
        return "JSON has no comments: remove this one"
    if found == "'":
        return "JSON has no single quotes: write double quotes"
    if "property name" in error.msg:
        return "a key in double quotes is expected here: quote the key"
    if "':'" in error.msg:
        return 'a ":" is missing between a key and its value: write it before this'
    if "','" in error.msg:
        return 'a "," or a closing bracket is missing: write it before this'
    return no_value(text[pos:].lstrip(BLANKS), found)


def in_string(msg: str, text: str, pos: int) -> str:
    """Explain a wrong escape, or a character that a string cannot hold."""
    if "control" in msg:
        char = text[pos : pos + 1]
        name, written = CONTROL_CHARACTERS.get(char, ("the character U+%04X" % ord(char), "\\u%04x" % ord(char)))
        return "a string cannot hold %s as it is: write %s" % (name, written)
    if "uXXXX" in msg:
        return "four hexadecimal digits are missing after \\u: write them, or \\\\u for a backslash and a u"
    letter = text[pos + 1 : pos + 2] if text[pos : pos + 1] == "\\" else text[pos : pos + 1]
    if not letter.isprintable():
        return "a string cannot hold a single backslash: write \\\\"
    return "JSON has no escape \\%s: a backslash itself is written twice, so write \\\\%s" % (letter, letter)


def after_value(text: str, pos: int, found: str) -> str:
    """Explain what follows a value that is complete."""
    if found in "/#":
        return "JSON has no comments: remove this one"
    if found.isdigit() and text[:pos].endswith("0"):
        return "a number cannot begin with 0: remove the 0, or quote the number if it is text"
    return "the JSON value ends before this: remove what follows it"


def no_value(rest: str, found: str) -> str:
    """Explain what stands where a value is expected."""
    if found in ",:]}":
        return 'a value is missing before "%s": write it, or null' % found
    if found in "+.-":
        return "a number begins with a digit, or with a minus and a digit: write it like 0.5 or -1"
    word = rest[: next((end for end, char in enumerate(rest) if not (char.isalnum() or char in "_.-")), len(rest))]
    if word:
        shown = word if len(word) <= 40 else word[:40] + "…"
        return "the word %s is no JSON value: write true, false, null or a number, or quote it" % shown
    shown = found if found.isprintable() else "U+%04X" % ord(found)
    return "no JSON value begins with %s: quote it if it is text" % shown
