r"""A pattern that is plain is compiled at once; the others, which may mean something else than they say: ``patterns``.

Plain is what needs no translation, since it is ASCII, and in which nothing can be meant otherwise. Most patterns are.
"""

import re
import string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Pattern

# Without { for numbers of repetitions, and & and ~, which may come to mean something in […].
CHARS = frozenset(string.ascii_letters + string.digits + " !\"#$%'()*+,-./:;<=>?@[\\]^_`|")
ESCAPED = frozenset("dswDSW").union(CHARS - set(string.ascii_letters + string.digits + "\\"))
# Extensions, an empty group, repeated ones, quantifiers that are lazy or possessive, classes of POSIX, and what may
# come to mean something in […] too.
NOT_PLAIN = ("(?", "()", ")*", ")+", "*?", "+?", "??", "*+", "++", "?+", "[:", "[[", "--", "||")


def compile_plain(text: str) -> "Optional[Pattern[bytes]]":
    """Return what ``patterns.compile_pattern`` does where the pattern is plain and right, else None."""
    if not CHARS.issuperset(text) or any(each in text for each in NOT_PLAIN):
        return None
    if not all(after[:1] in ESCAPED for after in text.split("\\")[1:]):
        return None
    try:
        pattern = re.compile(text.encode(), re.MULTILINE)
    except (re.error, OverflowError, RuntimeError):
        return None
    return pattern if pattern.groups else None
