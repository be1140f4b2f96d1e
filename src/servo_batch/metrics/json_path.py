"""A path in an output that is JSON → what stands there.

What no reader agrees on matters only on the path: a key twice in one object, ``NaN``, a number that no float holds.
"""

import json
import re
import sys
from typing import Any, Sequence

from servo_batch.metrics.convert import NoMatch, Value
from servo_batch.metrics.written import Output
from servo_batch.wording import did_you_mean, is_number, kind, named

MAX_BYTES = 64 << 20  # what is larger takes a multiple of it in memory
MAX_NAMES, MAX_COMPARED = 12, 1000
CONTAINER = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*[{\[]")
OBJECT = re.compile(rb"[ \t]*\{")


def look_up(keys: Sequence[str], output: Output) -> Value:
    """Return the text or the number at a path in the JSON that ``output`` is or ends with; raise ``NoMatch``."""
    value, where = _document(output), ""
    for key in keys:
        place = where or "the document"
        if isinstance(value, tuple):
            found = [member for name, member in value if name == key]
            if not found:
                names = [name for name, _ in value[:MAX_COMPARED]]
                there = ", ".join(map(named, names[:MAX_NAMES])) + ", …" * (len(names) > MAX_NAMES) or "nothing"
                raise NoMatch("%s has no %s; there is: %s%s" % (place, named(key), there, did_you_mean(key, names)))
            if len(found) > 1:
                raise NoMatch("%s has %s twice" % (place, named(key)))
            value = found[0]
        elif isinstance(value, list) and re.match(r"[0-9]{1,9}\Z", key) and int(key) < len(value):
            value = value[int(key)]
        else:
            what = "a list of %d, from [0] on" % len(value) if isinstance(value, list) else kind(value)
            raise NoMatch("%s is %s, in which there is no %s" % (place, what, named(key)))
        where += "[%s]" % key if set(key) & set(".[]") or key.isdigit() else "." + key if where else key
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half of a surrogate pair is no character
    if not is_number(value) or not abs(value) <= sys.float_info.max:  # which NaN is not either
        raise NoMatch("%s is %s, and neither text nor a finite number" % (where, kind(value)))
    number: Value = value
    return number


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
    """Return the value of a JSON text, in which an object is a tuple of its names and members."""
    try:
        return json.loads(data.decode("utf-8-sig", "replace"), object_pairs_hook=tuple)
    except RecursionError:
        raise NoMatch("it is JSON that is nested too deep to be read") from None
