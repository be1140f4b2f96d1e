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
        raise JsonError(_explained(error), error.lineno, error.colno) from None
    except RecursionError:
        raise JsonError(TOO_DEEP) from None
    if text.count("[") + text.count("{") > MAX_NESTING and _is_too_deep(value):
        raise JsonError(TOO_DEEP)
    if "\\u" in text:
        _refuse_lone_surrogates(value)
    return value


def _explained(error: json.JSONDecodeError) -> str:
    """Return what is wrong and what to write instead; Python tells where and, in its own terms, what."""
    found = error.doc[error.pos :].lstrip(BLANKS)[:1]
    before = error.doc[: error.pos].rstrip(BLANKS)[-1:]
    if not error.doc.strip(BLANKS):
        return "the text is empty: write a JSON value into it"
    if "control character" in error.msg:
        return "a string cannot hold a line break, a tab or the like as it is: write \\n, \\t or \\u and four digits"
    if "escape" in error.msg:
        return "JSON has no such escape: a backslash itself is written twice, \\\\"
    if error.msg.startswith("Unterminated"):
        return 'the string that starts here has no end: close it with "'
    if not found:
        return "the text ends before its value is complete: add what is missing at its end"
    if found in "/#":
        return "JSON has no comments: remove this one"
    if "trailing comma" in error.msg or (found in "]}" and before == ","):
        return "a comma stands before the closing bracket: remove the comma"
    if "':'" in error.msg:
        return 'a ":" is missing between a key and its value: write it before this'
    if "','" in error.msg:
        return 'a "," or a closing bracket is missing: write it before this'
    if error.msg.startswith("Extra"):
        return "the JSON value ends before this: remove what follows it"
    if "property name" in error.msg:
        return "a key in double quotes is expected here: quote the key"
    return "no JSON value begins here: write true, false, null, a number like -0.5, or text in double quotes"


def _unique_keys(pairs: "List[Tuple[str, Any]]") -> "Dict[str, Any]":
    result = dict(pairs)
    if len(result) < len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonError("the key %s stands twice in one object: remove one" % shown(key))
            seen.add(key)
    return result


def _refuse_constant(name: str) -> "Any":
    raise JsonError("%s is not JSON: write a finite number" % name)


def _finite_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise JsonError("the number %s is too large for a float: correct it, or quote it" % shown(text))
    return value


def _short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise JsonError("the number %s has more than %d digits: shorten it, or quote it" % (shown(text), MAX_DIGITS))
    return int(text)


def _is_too_deep(value: "Any") -> bool:
    level = [value]
    for _ in range(MAX_NESTING + 1):
        containers = [inner for inner in level if isinstance(inner, (dict, list))]
        level = [inner for each in containers for inner in (each.values() if isinstance(each, dict) else each)]
        if not containers:
            return False
    return True


def _refuse_lone_surrogates(value: "Any") -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise JsonError("\\u%04x is half of a surrogate pair: add the other half, or remove it" % ord(half)) from None
