"""A path in an output that is JSON → what stands there.

What no reader agrees on matters only on the path: a key twice in one object, ``NaN``, a number that no float holds.
"""

import json
import math
import re
from typing import Any, List, Sequence, Tuple

from servo_batch.metrics.convert import MAX_LENGTH, NoMatch, Value
from servo_batch.metrics.written import Output
from servo_batch.wording import did_you_mean, kind, named

MAX_BYTES = 64 << 20  # what is larger takes a multiple of it in memory
MAX_NAMES, MAX_COMPARED = 12, 1000
CONTAINER = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*[{\[]")
OBJECT = re.compile(rb"[ \t]*\{")
MANY_DIGITS = re.compile(rb"(?<![0-9])[0-9]{%d}" % (MAX_LENGTH + 1))


class Members(List[Tuple[str, Any]]):
    """The members of an object; a key may stand there more than once."""


def look_up(keys: Sequence[str], output: Output) -> Value:
    """Return the text or the number at a path in the JSON that ``output`` is or ends with; raise ``NoMatch``."""
    value = _document(output)
    where = ""
    for key in keys:
        place = where or "the document"
        if isinstance(value, Members):
            found = [member for name, member in value if name == key]
            if len(found) > 1:
                raise NoMatch("%s has %s twice" % (place, named(key)))
            if not found:
                names = [name for name, _ in value]
                there = ", ".join(map(named, names[:MAX_NAMES])) + ", …" * (len(names) > MAX_NAMES) or "nothing"
                hint = did_you_mean(key, names[:MAX_COMPARED])
                raise NoMatch("%s has no %s; there is: %s%s" % (place, named(key), there, hint))
            value = found[0]
        elif isinstance(value, list):
            if not re.match(r"[0-9]{1,9}\Z", key) or int(key) >= len(value):
                raise NoMatch("%s has no [%s], but %d items, the first of which is [0]" % (place, key, len(value)))
            value = value[int(key)]
        else:
            raise NoMatch("%s is %s, in which there is no %s" % (place, kind(value), named(key)))
        where += "[%s]" % key if set(key) & set(".[]") or key.isdigit() else "." + key if where else key
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half of a surrogate pair is no character
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        what = "a mapping" if isinstance(value, Members) else kind(value)
        raise NoMatch("%s is %s, no number and no text" % (where, what))
    try:
        is_finite = math.isfinite(value)
    except OverflowError:  # an integer that no float holds
        is_finite = False
    if not is_finite:
        raise NoMatch("%s is no finite number: NaN, Infinity, or larger than a float can be" % where)
    return value


def _document(output: Output) -> Any:
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
    text = data.decode("utf-8-sig", "replace")
    try:
        return json.loads(text, object_pairs_hook=Members, parse_int=_integer if MANY_DIGITS.search(data) else None)
    except RecursionError:
        raise NoMatch("it is JSON that is nested too deep to be read") from None


def _integer(text: str) -> Value:
    return int(text) if len(text) <= MAX_LENGTH else text
