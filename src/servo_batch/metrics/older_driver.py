r"""What a pattern meant to the older servo-batch: Python's ``re.search`` in the decoded output, without lines.

There ``^`` and ``$`` matched only where all of the output began and ended, ``.`` was a character and ``\w`` knew every
letter. For ``check``, which tells whoever brings a configuration along.
"""

import re
import warnings
from typing import List, Optional

from servo_batch.metrics.extract import Found, Output, Value, find, value_of
from servo_batch.metrics.patterns import compile_pattern
from servo_batch.wording import shown

# Above this an output is not decoded, which would take a multiple of it in memory.
MAX_DECODED = 16 << 20


def differences(text: str) -> List[str]:
    """Return in words what a pattern that compiles may find otherwise than with the older servo-batch."""
    notes = []
    if _ends_early(text):
        notes.append(
            r"$ matches at the end of every line; to the older servo-batch only at the end of the output: write \Z "
            r"for that, or begin with (?s).* for the last match"
        )
    if any(char > "\x7f" for char in text):
        notes.append(
            r"text beyond ASCII is searched for as UTF-8, in bytes: . is one byte, and \w, \s, \b and (?i) know ASCII "
            "only; to the older servo-batch . was a character"
        )
    return notes


def difference(text: str, output: Output, found: Optional[Found]) -> Optional[str]:
    """Return in words what the older servo-batch would have found in ``output`` instead of ``found``, or None.

    None as well where it would have found nothing, which nobody's configuration relies on.
    """
    before = value(text, output)
    if before is None or (found and before == found.value):
        return None
    return "the older servo-batch would have found %s here, not %s" % (
        shown(before),
        shown(found.value) if found else "nothing",
    )


def value(text: str, output: Output) -> Optional[Value]:
    """Return what the older servo-batch would have found; an output above MAX_DECODED is searched in bytes."""
    if len(output) > MAX_DECODED:
        found = find(compile_pattern(text, lines=False), output)
        return found.value if found else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        match = re.search(text, output[:].decode("utf-8", "replace"))
    group = match.group(1) if match else None
    return value_of(group) if group and group.strip() else None


def _ends_early(text: str) -> bool:
    r"""Tell whether a ``$`` may match at the end of an earlier line than the last.

    Not where the pattern also begins with ``^`` and nothing in between crosses a line: where that matched all of an
    output, it was one line.
    """
    plain = re.sub(r"(?s)\\.|\[\^?\]?(?:\\.|[^]\\])*\]", "", text)  # without escapes and classes
    if "$" not in plain:
        return False
    crosses = re.search(r"\[\^|\\[sDWnrx]|\\S|\(\?[a-z]*s|\n", text)
    return bool(crosses) or not text.startswith("^")
