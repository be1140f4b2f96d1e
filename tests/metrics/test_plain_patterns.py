"""A pattern that is compiled at once is compiled as the others are, and only where nothing is wrong with it."""

import itertools
import random

import pytest

from servo_batch.metrics import patterns, plain_patterns

# What may make a pattern mean something else, and a little that does not.
CHARS = "()[]{}*+?\\^$|.-:&~#d0bxé\t 5,"
PIECES = [
    *CHARS,
    *("(?", "(?i)", "(?L)", "(?x)", "(?#", "(?P<n>", "(?<n>", "(?:", "(?=", "(?>", "(?'n'", "()"),
    *("[:digit:]", "[[:alpha:]]", "[^[:space:]]", "[é]", "[\\b]", "[--a]", "[a&&b]", "[a||b]", "[a~~b]"),
    *("\\d", "\\b", "\\x41", "\\u00e9", "\\h", "\\Z", "\\1", "\\K", "\\\\d+", "\\\\"),
    *("{2}", "{1, 3}", "*?", "+?", "??", "*+", "++", "?+", "*", "+", "\b", "\u00a0"),
]


def compiled(text):
    """Return what is compiled otherwise, or what is wrong."""
    try:
        return patterns.compile_pattern(text)
    except patterns.PatternError as error:
        return str(error)


def random_patterns(count):
    generator = random.Random(11)
    for _ in range(count):
        first, second = ("".join(generator.choices(PIECES, k=generator.randrange(4))) for _ in range(2))
        yield generator.choice(("(%s)%s", "%s(d%s)", "(.)%s%s", "(d%s)%s", "[%s]%s(d)", "([%s]%s)")) % (first, second)


def test_what_is_compiled_at_once_is_what_is_compiled_otherwise(recwarn):
    texts = ["(%s)" % "".join(chars) for chars in itertools.product(CHARS, repeat=2)]
    texts += ["%s(d)%s" % chars for chars in itertools.product(CHARS, repeat=2)]
    texts += random_patterns(20000)
    at_once = [(text, plain_patterns.compile_plain(text)) for text in texts]
    assert [text for text, pattern in at_once if pattern and pattern != compiled(text)] == []
    assert len(recwarn) == 0


@pytest.mark.parametrize(
    "text",
    ["^throughput: ([0-9.]+)", r"errors\s*=\s*(\d+)", r"time \(s\): (\d+\.\d+)$", "(a|b)", r"took <([^>]*)>", "(.*)"],
)
def test_a_common_pattern_is_compiled_at_once(text):
    assert plain_patterns.compile_plain(text)
