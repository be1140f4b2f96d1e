"""A path in an output that is JSON → what stands there.

What no reader agrees on matters only on the path: a key twice in one object, ``NaN``, a number that no float holds.
"""

import json
import re
import sys
from typing import Any, Dict, List, Tuple

from servo_batch.formats import paths
from servo_batch.metrics.convert import MAX_LENGTH, NoMatch, Value
from servo_batch.metrics.written import Contents
from servo_batch.wording import is_number, kind

MAX_BYTES = 64 << 20  # what is larger takes a multiple of it in memory
CONTAINER = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*[{\[]")
OBJECT = re.compile(rb"[ \t]*\{")
TWICE = object()  # stands for what a name means that an object has more than once


def look_up(keys: Tuple[str, ...], output: Contents) -> Value:
    """Return the text or the number at a path in the JSON that ``output`` is or ends with; raise ``NoMatch``."""
    where = ".".join(keys)
    try:
        value = paths.look_up(_document(output), keys, TWICE)
    except LookupError as error:
        raise NoMatch(str(error)) from None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half of a surrogate pair is no character
    if not is_number(value) or not abs(value) <= sys.float_info.max:  # which NaN is not either
        raise NoMatch("%s is %s, and neither text nor a finite number" % (where, kind(value)))
    number: Value = value
    return number


def _document(output: Contents) -> Any:
    """Return the JSON document that all of an output is, or else its last line that is a JSON object."""
    problem = "is not one JSON document"
    if len(output) > MAX_BYTES:
        problem = "has %d MiB, and JSON above %d MiB is not read" % (len(output) >> 20, MAX_BYTES >> 20)
    elif CONTAINER.match(output):
        try:
            return _parse(output[:])
        except ValueError as error:
            problem += " (%s)" % error
    end = len(output)
    while end > 0:
        begin = output.rfind(b"\n", 0, end) + 1
        if end - begin <= MAX_BYTES and OBJECT.match(output, begin, end):
            try:
                return _parse(output[begin:end])
            except ValueError:
                pass
        end = begin - 1
    raise NoMatch("it %s, and no line of it is a JSON object" % problem if len(output) else "nothing is in it")


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig", "replace"), object_pairs_hook=_object, parse_int=_whole)
    except RecursionError:
        raise ValueError("it is nested too deep to be read") from None


def _whole(digits: str) -> Any:
    return int(digits) if len(digits) < MAX_LENGTH else float(digits)  # which is infinite, or rounds it as others do


def _object(members: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for name, member in members:
        found[name] = TWICE if name in found else member
    return found
