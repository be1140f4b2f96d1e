r"""A pattern as it is written → the pattern that is searched for, or what is wrong with it.

The output is searched as bytes, since it need not be UTF-8 and may be larger than memory; a pattern is translated so
that a character outside ASCII matches its UTF-8 bytes. So ``.`` and ``[^…]`` match one byte, and ``\d``, ``\w``, ``\s``
and ``\b`` know ASCII only.
"""

import re
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Pattern, Tuple

# A pattern is text, so \xe9 is é as \u00e9 is, not a byte; each has so many hexadecimal digits.
ESCAPE_LENGTHS = {"x": 2, "u": 4, "U": 8}
HEX_DIGITS = "0123456789abcdefABCDEF"
# Characters that stand in a pattern by an escape in double quotes, or that nobody sees, and what was meant.
MISREAD = {
    "\b": r"a backspace: double quotes turn \b into one. Write \\b, or in YAML put the pattern in single quotes",
    "\x85": "a next-line character (U+0085): in YAML put the pattern in single quotes",
    "\u2028": "a line separator (U+2028): in YAML put the pattern in single quotes",
    "\u2029": "a paragraph separator (U+2029): in YAML put the pattern in single quotes",
    "\u200b": r"a zero-width space (U+200B), which nobody sees: remove it, or write \u200b in single quotes",
    "\ufeff": r"a byte order mark (U+FEFF), which nobody sees: remove it, or write \ufeff in single quotes",
    "\xad": r"a soft hyphen (U+00AD), which nobody sees: remove it, or write \u00ad in single quotes",
}
# The classes of POSIX, and what to write instead. Compiled when one may be there, as are the next: most never are.
POSIX_CLASS = r"\[:\^?([a-z]+):\]"
POSIX_CLASSES = {
    "alnum": "[A-Za-z0-9]",
    "alpha": "[A-Za-z]",
    "blank": r"[ \t]",
    "cntrl": r"[\x00-\x1f\x7f]",
    "digit": r"\d",
    "graph": "[!-~]",
    "lower": "[a-z]",
    "print": "[ -~]",
    "punct": r"[!-/:-@\[-`{-~]",
    "space": r"\s",
    "upper": "[A-Z]",
    "word": r"\w",
    "xdigit": "[0-9A-Fa-f]",
}
BOUNDS = r"\{(?:[0-9]+(?:,[0-9]*)?|,[0-9]*)\}"
# What is meant as bounds behind one of these characters, and what Python takes as the characters themselves.
BLANK_IN_BOUNDS = r"\{ *[0-9]+ *(?:, *[0-9]* *)?\}"
BOUNDED = "[\\.)"
# Escapes of other dialects that Python does not compile, or only from some version on, and what to write.
FOREIGN_ESCAPES = {
    "K": "put the value into the first group",
    "R": r"write \r?\n",
    "h": r"write [ \t]",
    "z": r"write \Z",
    "Q": "put a backslash before each special character",
    "p": "name the characters in […]",
    "e": r"write \x1b",
    "N": r"write the character itself, or \uHHHH",
}
# With this flag a # begins a note, up to the end of the line.
VERBOSE = r"\(\?[a-zA-Z]*x[a-zA-Z]*\)"
COMMENT, EMPTY_COMMENT = r"(?s)\(\?#(?:\\.|[^)\\])*\)", "(?#)"
CAPTURING = ("(", "(?P<")
ONE_OF_MANY = "[\\."


class PatternError(ValueError):
    """What is wrong with a pattern, as one sentence."""


def compile_pattern(text: str, lines: bool = True) -> "Pattern[bytes]":
    """Return ``text`` compiled for a search in bytes, ``^`` and ``$`` matching at lines; raise ``PatternError``.

    Refused as well, on every Python: what only some of them compile (a global flag inside a pattern, a possessive
    quantifier, an atomic group), and what compiles but cannot mean what was meant. Without ``lines``, ``^`` and ``$``
    match only where the output begins and ends.
    """
    _refuse_unseen(text)
    translated, parts = _translated(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Up to 3.10 a global flag may stand inside a pattern, with this warning; from 3.11 on it is an error.
            warnings.simplefilter("error", DeprecationWarning)
            pattern = re.compile(translated, re.MULTILINE if lines else 0)
    except re.error as error:
        raise PatternError("the pattern does not compile: %s" % error) from None
    except (DeprecationWarning, RuntimeError, OverflowError, ValueError) as error:
        # A ValueError: what 3.6 raises for flags that bytes do not have, like (?u).
        raise PatternError("the pattern does not compile: %s" % (str(error) or "it is too complex")) from None
    if pattern.flags & re.LOCALE:
        raise PatternError("the pattern has the flag L, by which it means something else in each locale: remove it")
    if not pattern.groups:
        hint = r", without the backslashes that grep and sed want," if r"\(" in text else ""
        raise PatternError(
            r"the pattern has no group: put ( and )%s around the part that is the value, like (\d+)" % hint
        )
    _check_first_group(parts)
    return pattern


def _refuse_unseen(text: str) -> None:
    for char, meaning in MISREAD.items():
        if char in text:
            raise PatternError("the pattern holds %s" % meaning)
    for char in text:
        if char > "\x7f" and char.isspace():
            raise PatternError(
                r"the pattern holds U+%04X, which looks like a blank: write a blank, or \u%04x in single quotes"
                % (ord(char), ord(char))
            )


def _translated(text: str) -> "Tuple[bytes, List[Tuple[str, str]]]":
    r"""Return a pattern for bytes that matches where ``text`` would match the decoded output; raise ``PatternError``.

    Each character outside ASCII becomes a group of its UTF-8 bytes, so that a quantifier applies to all of them.
    Returned as well are the pattern's atoms, each with its quantifier, as they are written.
    """
    result = bytearray()
    parts = []
    pos = 0
    has_notes = re.match(VERBOSE, text)
    while pos < len(text):
        begin = pos
        if has_notes and text[pos] == "#":
            pos = text.find("\n", pos) if "\n" in text[pos:] else len(text)
            continue
        if text[pos] == "[":
            part, pos = _class(text, pos)
        elif text[pos] == "\\":
            part, pos = _escape(text, pos)
        elif text.startswith("(?#", pos):
            part, pos = _comment(text, pos)
        elif text.startswith("(?", pos):
            part, pos = _extension(text, pos)
        else:
            part, pos = text[pos], pos + 1
        quantifier = _quantifier(text, begin, pos)
        if part != EMPTY_COMMENT:
            parts.append((text[begin:pos], quantifier))
        pos += len(quantifier)
        result += part.encode() if part < "\x80" else b"(?:%s)" % re.escape(_utf8(part))
        result += quantifier.encode()
    return bytes(result), parts


def _utf8(char: str) -> bytes:
    try:
        return char.encode("utf-8")
    except UnicodeEncodeError:
        raise PatternError("the pattern holds half of a surrogate pair: remove it") from None


def _class(text: str, begin: int) -> "Tuple[str, int]":
    """Return a class, ``[…]``, and where it ends."""
    _refuse_posix_class(text, begin)
    result = "["
    pos = begin + 1
    for opening in "^]":  # a ] that comes first is a member
        if text.startswith(opening, pos):
            result += opening
            pos += 1
    while pos < len(text) and text[pos] != "]":
        if text.startswith("\\b", pos):
            raise PatternError(r"the pattern has \b in […], where it is a backspace: write \x08 if that is meant")
        _refuse_posix_class(text, pos)
        member, pos = _escape(text, pos) if text[pos] == "\\" else (text[pos], pos + 1)
        if member > "\x7f":
            raise PatternError(
                "the pattern has %r in […], which here matches single bytes: write (?:%s|…) instead" % (member, member)
            )
        result += member
    return result + text[pos : pos + 1], pos + 1


def _refuse_posix_class(text: str, pos: int) -> None:
    if text.startswith("[:", pos):
        match = re.match(POSIX_CLASS, text[pos:])
        if match and match.group(1) in POSIX_CLASSES:
            raise PatternError(
                "the pattern has %s, which Python reads as these characters themselves: write %s"
                % (match.group(), POSIX_CLASSES[match.group(1)])
            )


def _escape(text: str, begin: int) -> "Tuple[str, int]":
    r"""Return what a backslash begins, as Python's ``re`` takes it, and where it ends.

    A character outside ASCII, whether it stands there by its number or behind an idle backslash, is returned as it is.
    """
    pos = begin + 2
    char = text[begin + 1 : pos]
    if char in ESCAPE_LENGTHS:
        end = pos + ESCAPE_LENGTHS[char]
        char = _numbered(char, text[pos:end])
        return (re.escape(char) if char < "\x80" else char), end
    if char in FOREIGN_ESCAPES:
        raise PatternError(
            r"the pattern does not compile: not every Python has \%s: %s" % (char, FOREIGN_ESCAPES[char])
        )
    # The letter of an escape, repeated as nobody repeats the letter.
    if char == "\\" and text[pos : pos + 1] in tuple("dswDSW") and text[pos + 1 : pos + 2] in tuple("*+{"):
        raise PatternError(
            r"the pattern has \\%s, which is a backslash and then the letter: write \%s" % (text[pos], text[pos])
        )
    return ("\\" + char if char < "\x80" else char), pos


def _numbered(letter: str, digits: str) -> str:
    r"""Return the character that ``\xHH``, ``\uHHHH`` or ``\UHHHHHHHH`` stands for."""
    if len(digits) == ESCAPE_LENGTHS[letter] and all(digit in HEX_DIGITS for digit in digits):
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            pass
    raise PatternError("the pattern does not compile: incomplete escape \\%s%s" % (letter, digits))


def _comment(text: str, begin: int) -> "Tuple[str, int]":
    """Return an empty comment, and where this one ends: at the first parenthesis without a backslash before it."""
    match = re.match(COMMENT, text[begin:])
    return (EMPTY_COMMENT, begin + match.end()) if match else ("(?#", len(text))


def _extension(text: str, begin: int) -> "Tuple[str, int]":
    """Return the beginning of an extension, ``(?…``, and where the pattern goes on."""
    if text.startswith("(?>", begin):
        raise PatternError("the pattern has an atomic group, (?>…), which not every Python has: write (?:…)")
    after = text[begin + 2 : begin + 4]
    if after.startswith("'") or (after.startswith("<") and after not in ("<=", "<!")):
        raise PatternError("the pattern does not compile: in Python a named group is written (?P<NAME>…)")
    end = begin + (4 if after == "P<" else 2)
    return text[begin:end], end


def _quantifier(text: str, begin: int, pos: int) -> str:
    """Return the quantifier of what stands from ``begin`` to ``pos``, or an empty string."""
    end = pos
    if text[pos : pos + 1] in tuple("*+?"):
        end = pos + 1
    elif text.startswith("{", pos):
        bounds = re.match(BOUNDS, text[pos:])
        end = pos + bounds.end() if bounds else pos
        meant = None if bounds else re.match(BLANK_IN_BOUNDS, text[pos:])
        if meant and text[begin] in BOUNDED:
            raise PatternError(
                r"the pattern has %s, which with a blank in it is no number of repetitions: remove the blank, or "
                r"write \{ for the character" % meant.group()
            )
    if end > pos:
        if text.startswith("+", end):
            raise PatternError(
                "the pattern has %s+, a possessive quantifier, which not every Python has: write %s"
                % (text[begin:end], text[begin:end])
            )
        end += text.startswith("?", end)
    return text[pos:end]


def _check_first_group(parts: "List[Tuple[str, str]]") -> None:
    """Refuse a first group that cannot hold the value; ``parts`` are the pattern's atoms with their quantifiers."""
    begin = next((index for index, (atom, _) in enumerate(parts) if atom in CAPTURING), len(parts))
    depth = 0
    for end in range(begin, len(parts)):
        atom, quantifier = parts[end]
        depth += atom.startswith("(") - (atom == ")")
        if depth == 0:
            _check_group(parts[begin + 1 : end], quantifier, is_last=end == len(parts) - 1)
            return


def _check_group(content: "List[Tuple[str, str]]", quantifier: str, is_last: bool) -> None:
    if not content:
        raise PatternError("the pattern's first group is empty, so it finds nothing: put ( and ) around the value")
    atom, repetition = content[-1]
    if len(content) == 1 and not repetition and atom[0] in ONE_OF_MANY and quantifier[:1] in tuple("*+{"):
        raise PatternError(
            "the pattern repeats its first group, (%s)%s, whose value is then the last character only: write (%s%s)"
            % (atom, quantifier, atom, quantifier)
        )
    if is_last and len(repetition) > 1 and repetition.endswith("?"):
        raise PatternError(
            "the pattern ends with %s%s, which takes the least that it can: write %s%s"
            % (atom, repetition, atom, repetition[:-1])
        )
