"""JSON as RFC 8259 has it, and nothing that two readers could read differently.

Python's ``json`` also takes NaN, Infinity, numbers that overflow to infinity, duplicate keys and halves of surrogate
pairs. Here each is an error, and so is nesting deeper than 100.
"""

import json
import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

MAX_NESTING = 100
# CPython from 3.11 on reads and prints at most 4300, older ones take quadratic time; a message may print a difference.
MAX_DIGITS = 4000


class JsonError(ValueError):
    """What is wrong with a text, as ``msg``; ``lineno`` and ``colno`` from 1, or 0 where the place is not known."""

    def __init__(self, msg: str, lineno: int = 0, colno: int = 0) -> None:
        super().__init__(msg)
        self.msg = msg
        self.lineno = lineno
        self.colno = colno


def loads(data: bytes) -> "Any":
    """Return the value of one JSON text in UTF-8 (a byte order mark is passed over); raise ``JsonError``."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_start = data.rfind(b"\n", 0, error.start) + 1
        raise JsonError(
            "byte 0x%02x is not UTF-8: save the text as UTF-8" % data[error.start],
            data.count(b"\n", 0, error.start) + 1,
            len(data[line_start : error.start].decode("utf-8", "replace")) + 1,
        ) from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=_short_int,
        )
    except json.JSONDecodeError as error:
        from servo_batch.formats.json_messages import explain  # which only a refused text pays for

        raise JsonError(explain(error), error.lineno, error.colno) from None
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > MAX_NESTING and _is_deeper_than(value, MAX_NESTING):
        raise _too_deep()
    if "\\u" in text:
        _refuse_lone_surrogates(value)
    return value


def _unique_keys(pairs: "List[Tuple[str, Any]]") -> "Dict[str, Any]":
    result = dict(pairs)
    if len(result) < len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonError("the key %s stands twice in one object: remove one" % json.dumps(key))
            seen.add(key)
    return result


def _refuse_constant(name: str) -> "Any":
    raise JsonError("%s is not JSON: write a finite number" % name)


def _finite_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise JsonError("the number %s is too large for a float: correct it, or quote it" % _clip(text))
    return value


def _short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise JsonError("the number %s has more than %d digits: shorten it, or quote it" % (_clip(text), MAX_DIGITS))
    return int(text)


def _clip(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"


def _too_deep() -> JsonError:
    return JsonError("nested deeper than %d levels: write the inner part flatter" % MAX_NESTING)


def _is_deeper_than(value: "Any", limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        inner: "List[Any]" = []
        for container in level:
            if isinstance(container, dict):
                inner.extend(container.values())
            elif isinstance(container, list):
                inner.extend(container)
        level = inner
        if not level:
            return False
    return any(isinstance(item, (dict, list)) for item in level)


def _refuse_lone_surrogates(value: "Any") -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise JsonError("\\u%04x is half of a surrogate pair: add the other half, or remove it" % ord(half)) from None
