"""The names in the text of a script: of the parameters that it expands, assigns to, or may mean."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

DIGITS = "0123456789"
NAME_CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" + DIGITS


def is_assignment(text: str) -> bool:
    """Return whether an unquoted word of this text is an assignment before a command, of an element too."""
    target = text.partition("=")[0].partition("[")[0]
    return "=" in text and bool(target) and target[0] not in DIGITS and not target.rstrip("+").strip(NAME_CHARS)


def parameter(name: str) -> str:
    """Return how a parameter is recorded: all that are positional as ``@``."""
    return "@" if name in ("@", "*") or name.isdigit() else name


def mentioned(text: str) -> "Iterator[str]":
    """Yield every name in a text that may be that of a parameter or a function, positional ones as ``@``."""
    yield from expanded(text)
    yield from identifiers(text)


def name_at(text: str, pos: int) -> str:
    """Return the name of the parameter that starts there: a name, one digit, or one special character."""
    end = pos
    if text[pos : pos + 1] in tuple("@*#?-!" + DIGITS):
        return text[pos]
    if text[pos : pos + 1] == "$":
        return "$"
    while end < len(text) and text[end] in NAME_CHARS:
        end += 1
    return text[pos:end]


def expanded(text: str) -> "Iterator[str]":
    """Yield the parameters that ``$name`` and ``${name…`` expand in a text."""
    pos = text.find("$")
    while pos >= 0:
        start = pos + 1
        while text[start : start + 1] in ("{", "#", "!"):
            start += 1
        name = name_at(text, start)
        if name:
            yield parameter(name)
        pos = text.find("$", pos + 1)


def identifiers(text: str) -> "Iterator[str]":
    """Yield the words in a text that arithmetic takes for the names of parameters."""
    name = ""
    for char in text + " ":
        if char in NAME_CHARS:
            name += char
        else:
            if name and name[0] not in DIGITS:
                yield name
            name = ""
