"""A path into nested values as a person writes it, ``jobs[0].read.iops``, → its keys, and what stands there.

``a.b`` and ``a[b]`` mean the same, as in Python's format strings; in brackets a key may have dots: ``a[99.000000]``.
"""

import re

from servo_batch.wording import did_you_mean, kind, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Tuple

MAX_LISTED, MAX_NAMES = 40, 1000  # of a mapping: names in a message, and names that one is compared with
KEY = r"\[([^]]+)\]|\.([^][.]+)"


def keys(text: str) -> "Tuple[str, ...]":
    """Return the keys of a path, ``("a", "b", "0")`` for ``a.b[0]``; raise ``ValueError``."""
    dotted = text if text.startswith("[") else "." + text
    end = re.match("(?:%s)*" % KEY, dotted).end()  # type: ignore[union-attr]
    if end == 0:
        raise ValueError("it does not name a value: write NAME, NAME.NAME or NAME[NAME]")
    if end < len(dotted):
        before = dotted[:end].lstrip(".")
        raise ValueError(f"it does not name a value: write after {before}, .NAME or [NAME]")
    return tuple(in_brackets or name for in_brackets, name in re.findall(KEY, dotted))


def look_up(value: "Any", path: "Tuple[str, ...]", twice: "Any" = None) -> "Any":
    """Return what nested mappings and lists have at these keys; raise ``LookupError`` that says what there is.

    ``twice`` stands for what has a key that its mapping has more than once.
    """
    for depth, key in enumerate(path):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        else:
            raise LookupError(_missing(key, ".".join(path[:depth]), value))
        if value is twice is not None:
            raise LookupError(f"{'.'.join(path[: depth + 1])} is there twice")
    return value


def _missing(key: str, where: str, value: "Any") -> str:
    """Return why ``value``, which stands at ``where``, has no such key; at the top ``where`` is empty."""
    if isinstance(value, list):
        return f"{where or 'it'} is a list of {len(value)}: write a number below that"
    if not isinstance(value, dict):
        return f"{where or 'it'} is {kind(value)}, which has no fields"
    there = f"there is only {listed(value)}{did_you_mean(key, list(value)[:MAX_NAMES])}" if value else "it is empty"
    return f'{where} has no "{key}"; {there}' if where else f'there is no "{key}"; {there}'


def listed(mapping: "Any") -> str:
    """Return the keys of a mapping as a message lists them."""
    names = sorted(mapping)
    return ", ".join(map(named, names[:MAX_LISTED])) + ", …" * (len(names) > MAX_LISTED)
