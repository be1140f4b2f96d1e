"""How messages name things: the kind of a value, a value as it is shown, a name, the nearest; and texts in columns."""

TYPE_CHECKING = False  # as typing has it, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterable, List, Sequence, Tuple


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


def found(value: "Any") -> str:
    """Return what a message says was found where something else belongs: ``"a number, 5"``, ``"empty or missing"``."""
    return "empty or missing" if value is None else f"{kind(value)}, {shown(value)}"


def named(name: str) -> str:
    """Return a name from outside as a message shows it: as it is where it is plain and short, else as JSON."""
    return name if len(name) <= 80 and name.replace("-", "_").isidentifier() else shown(name)


def did_you_mean(name: str, names: "Iterable[str]") -> str:
    """Return `` (did you mean "NEAREST"?)``, or nothing where no name is near."""
    import difflib

    near = difflib.get_close_matches(name, list(names), 1)
    return f" (did you mean {shown(near[0])}?)" if near else ""


def is_number(value: "Any") -> bool:
    """Tell whether a JSON value is a number; a boolean, which Python takes for one, is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_scalar(value: "Any") -> bool:
    """Tell whether a JSON value is a string, a number or a boolean."""
    return value is not None and not isinstance(value, (dict, list))


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    import unicodedata

    total = 0
    for char in text:
        if unicodedata.category(char) not in ("Mn", "Me", "Cf"):  # accents, and what joins or varies emoji
            total += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return total


def clipped(text: str, room: int) -> str:
    """Return a text that fits: where it is too wide, its start and its end, which often tell names apart."""
    if width(text) <= room:
        return text
    for kept in range(min(len(text) - 1, room), 0, -1):
        tail = kept // 3
        shorter = text[: kept - tail].rstrip() + ".." + text[len(text) - tail :].lstrip()
        if width(shorter) <= room:
            return shorter
    return ".."


def folded(text: str, room: int) -> "List[str]":
    """Return a text in pieces of at most ``room`` columns, broken at blanks where there are such."""
    if width(text) <= room:
        return [text]
    pieces = [""]
    for char in text:
        if width(pieces[-1] + char) > max(room, 2):
            head, _, rest = pieces[-1].rpartition(" ")
            pieces[-1:] = [head, rest] if head.strip() else [pieces[-1], ""]
        pieces[-1] += char
    return [piece.rstrip() for piece in pieces]


def lined_up(columns: "Iterable[Tuple[Sequence[str], bool]]") -> "List[str]":
    """Return columns as lines, two blanks between them; each is its cells, and whether they stand to the right."""
    padded = []
    for cells, to_right in columns:
        widest = max(map(width, cells))
        blanks = [" " * (widest - width(cell)) for cell in cells]
        padded.append([blank + cell if to_right else cell + blank for cell, blank in zip(cells, blanks)])
    return ["  ".join(cells).rstrip() for cells in zip(*padded)]


def percent(part: float, whole: float) -> int:
    """Return how far ``part`` is on its way to ``whole``, from 0 to 99: only what has ended is at 100."""
    return int(max(0, min(99, 100 * part / whole)))
