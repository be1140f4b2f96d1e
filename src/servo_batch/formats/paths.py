"""A path into nested values as a person writes it, ``jobs[0].read.iops``, → its keys.

``a.b`` and ``a[b]`` mean the same, as in Python's format strings; in brackets a key may have dots: ``a[99.000000]``.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Tuple


class PathError(ValueError):
    """What is wrong with a path and where, as one sentence; ``pos`` is the place, from 0."""

    def __init__(self, problem: str, pos: int) -> None:
        super().__init__(problem)
        self.pos = pos


def keys(text: str) -> "Tuple[str, ...]":
    """Return the keys of a path, ``("a", "b", "0")`` for ``a.b[0]``; raise ``PathError``."""
    pos, key = _bracketed(text, 0) if text.startswith("[") else _name(text, 0)
    found = [key]
    while pos < len(text):
        if text[pos] == "[":
            pos, key = _bracketed(text, pos)
        elif text[pos] == ".":
            pos, key = _name(text, pos + 1)
        elif text[pos] == "]":
            _refuse(text, pos, 'the ] after "%s" closes nothing')
        else:
            _refuse(text, pos, 'after a ] only a . or a [ can follow, as after "%s"')
        found.append(key)
    return tuple(found)


def _name(text: str, pos: int) -> "Tuple[int, str]":
    end = pos
    while end < len(text) and text[end] not in ".[]":
        end += 1
    if end == pos:
        _refuse(text, pos, 'it does not name a value: a name is missing after "%s"')
    return end, text[pos:end]


def _bracketed(text: str, pos: int) -> "Tuple[int, str]":
    end = text.find("]", pos)
    if end < 0:
        _refuse(text, pos + 1, 'it does not name a value: a ] is missing after "%s"')
    if end == pos + 1:
        _refuse(text, end, 'it does not name a value: a name is missing after "%s"')
    return end + 1, text[pos + 1 : end]


def _refuse(text: str, pos: int, problem: str) -> "NoReturn":
    if pos == 0:
        raise PathError("it does not name a value: it %s" % ("begins without a name" if text else "is empty"), 0)
    raise PathError(problem % text[:pos], pos)
