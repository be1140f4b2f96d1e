"""JSON as RFC 8259 has it, and nothing that two readers could read differently.

Python's ``json`` also takes NaN, Infinity, numbers that overflow to infinity, duplicate keys and halves of surrogate
pairs. Here each is an error, and so is nesting deeper than 100.
"""

import json
import math

from servo_batch.wording import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

BLANKS = " \t\n\r"
MAX_NESTING = 100
# CPython from 3.11 on reads and prints at most 4300, older ones take quadratic time; a message may print a difference.
MAX_DIGITS = 4000
TOO_DEEP = "nested deeper than %d levels: write the inner part flatter" % MAX_NESTING


class JsonError(ValueError):
    """What is wrong with a text, as ``msg``; ``lineno`` and ``colno`` from 1, or 0 for no place."""

    def __init__(self, msg: str, lineno: int = 0, colno: int = 0) -> None:
        super().__init__(msg)
        self.msg, self.lineno, self.colno = msg, lineno, colno


def loads(data: bytes) -> "Any":
    """Return the value of one JSON text in UTF-8 (a byte order mark is passed over); raise ``JsonError``."""
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(
            text, object_pairs_hook=_unique_keys, parse_constant=_finite, parse_float=_finite, parse_int=_short
        )
        if text.count("[") + text.count("{") > MAX_NESTING and _depth(value) > MAX_NESTING:
            raise JsonError(TOO_DEEP)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        lineno, colno = data.count(b"\n", 0, error.start) + 1, error.start - data.rfind(b"\n", 0, error.start)
        raise JsonError("byte 0x%02x is not UTF-8: save the text as UTF-8" % data[error.start], lineno, colno) from None
    except UnicodeEncodeError:
        raise JsonError("a \\u escape is half of a surrogate pair: add the other half, or remove it") from None
    except json.JSONDecodeError as error:
        raise JsonError(_explained(error), error.lineno, error.colno) from None
    except RecursionError:
        raise JsonError(TOO_DEEP) from None
    return value


def _explained(error: json.JSONDecodeError) -> str:
    """Return what to write instead, where people often go wrong; else what Python expects at the place."""
    found = error.doc[error.pos :].lstrip(BLANKS)[:1]
    before = error.doc[: error.pos].rstrip(BLANKS)[-1:]
    if not found:
        return "the text ends before its value is complete: add what is missing at its end"
    if found in "/#":
        return "JSON has no comments: remove this one"
    if found == "'":
        return "JSON has text in double quotes: write \" for '"
    if "trailing comma" in error.msg or (found in "]}" and before == ","):
        return "a comma stands before the closing bracket: remove the comma"
    return error.msg


def _unique_keys(pairs: "List[Tuple[str, Any]]") -> "Dict[str, Any]":
    result: "Dict[str, Any]" = {}
    for key, value in pairs:
        if key in result:
            raise JsonError("the key %s stands twice in one object: remove one" % shown(key))
        result[key] = value
    return result


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonError("%s is no number that a float holds: correct it, or quote it" % shown(text))
    return value


def _short(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise JsonError("the number %s has more than %d digits: shorten it, or quote it" % (shown(text), MAX_DIGITS))
    return int(text)


def _depth(value: "Any") -> int:
    if not isinstance(value, (dict, list)):
        return 0
    return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)
