"""The field of a placeholder, ``a.b[c]`` → its keys; ``a.b`` and ``a[b]`` mean the same.

Source: Format String Syntax, in the documentation of Python's module string.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple


class FieldError(ValueError):
    """What is wrong with a field, as one sentence."""


def keys(field: str) -> "Tuple[str, ...]":
    """Return the keys of a field, ``("a", "b", "c")`` for ``a.b[c]``; raise ``FieldError``."""
    end = _name_end(field, 0)
    found = [field[:end]]
    while end < len(field):
        start = end + 1
        if field[end] == ".":
            end = _name_end(field, start)
            found.append(field[start:end])
        else:
            close = field.find("]", start)
            found.append(field[start:close] if close > 0 else "")
            end = close + 1
            if close > 0 and end < len(field) and field[end] not in ".[":
                raise FieldError("after a ] only a . or a [ can follow")
        if not found[-1]:
            break
    if not all(found):
        raise FieldError("it does not name a value: write {component.setting}; literal braces are {{ and }}")
    return tuple(found)


def _name_end(field: str, pos: int) -> int:
    while pos < len(field) and field[pos] not in ".[":
        pos += 1
    return pos
