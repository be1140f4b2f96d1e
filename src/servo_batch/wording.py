"""How messages name things: the kind of a value, a value as it is shown, a name, the nearest."""

TYPE_CHECKING = False  # as typing has it, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterable

# Of ECMA-48 and ECMA-35: colours and their like, titles of windows, character sets. They say nothing on paper.
SEQUENCE = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]"


def kind(value: "Any") -> str:
    """Return what a message calls the type of a JSON value: ``"a list"``, ``"a string"``, …."""
    if value is None:
        return "null"
    for types, name in ((bool, "a boolean"), ((int, float), "a number"), (str, "a string"), (list, "a list")):
        if isinstance(value, types):
            return name
    return "a mapping"


def shown(value: "Any") -> str:
    """Return a JSON value as a message shows it: as JSON, at most 80 characters of it."""
    import json

    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = json.dumps(value)  # a terminal acts upon U+009B, some readers end a line at U+2028
    return text if len(text) <= 80 else text[:77] + "…"


def visible(text: str) -> str:
    """Return the text with an escape for each character that could hide, end a line, or move a terminal's cursor."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def plain(value: "Any") -> str:
    """Return a JSON value as a person reads it in a table: text as it is, nothing for null, else JSON."""
    import json

    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:.12g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)  # 0.1 + 0.2 is 0.3


def found(value: "Any") -> str:
    """Return what a message says was found where something else belongs: ``"a number, 5"``, ``"empty or missing"``."""
    return "empty or missing" if value is None else f"{kind(value)}, {shown(value)}"


def named(name: str) -> str:
    """Return a name from outside as a message shows it: as it is where it is plain and short, else as JSON."""
    return name if len(name) <= 80 and name.replace("-", "_").isidentifier() else shown(name)


def did_you_mean(name: str, names: "Iterable[str]", asked: str = "did you mean %s") -> str:
    """Return what is ``asked``, `` (did you mean "NEAREST"?)``, or nothing where no name is near."""
    import difflib

    near = difflib.get_close_matches(name, list(names), 1)
    return f" ({asked % shown(near[0])}?)" if near else ""


def is_number(value: "Any") -> bool:
    """Tell whether a JSON value is a number; a boolean, which Python takes for one, is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_scalar(value: "Any") -> bool:
    """Tell whether a JSON value is a string, a number or a boolean."""
    return value is not None and not isinstance(value, (dict, list))


def percent(part: float, whole: float) -> int:
    """Return how far ``part`` is on its way to ``whole``, from 0 to 99: only what has ended is at 100."""
    return int(max(0, min(99, 100 * part / whole)))
