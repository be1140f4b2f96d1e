"""A path into nested values as a person writes it, ``jobs[0].read.iops``, → its keys.

``a.b`` and ``a[b]`` mean the same, as in Python's format strings; in brackets a key may have dots: ``a[99.000000]``.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

KEY = r"\[([^]]+)\]|%s([^][.]+)"
FIRST, NEXT = re.compile(KEY % ""), re.compile(KEY % r"\.")


class PathError(ValueError):
    """What is wrong with a path and where, as one sentence; ``pos`` is the place, from 0."""

    def __init__(self, problem: str, pos: int) -> None:
        super().__init__(problem)
        self.pos = pos


def keys(text: str) -> "Tuple[str, ...]":
    """Return the keys of a path, ``("a", "b", "0")`` for ``a.b[0]``; raise ``PathError``."""
    found: "List[str]" = []
    pos = 0
    while not found or pos < len(text):
        match = (NEXT if found else FIRST).match(text, pos)
        if not match:
            where = f"after {text[:pos]}, .NAME or [NAME]" if found else "NAME, NAME.NAME or NAME[NAME]"
            raise PathError(f"it does not name a value: write {where}", pos)
        found.append(match.group(match.lastindex or 0))
        pos = match.end()
    return tuple(found)
