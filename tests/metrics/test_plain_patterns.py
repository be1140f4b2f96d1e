"""A pattern that is compiled at once is compiled as the others are, and only where nothing is wrong with it."""

import itertools
import random

import pytest

from servo_batch.metrics import patterns, plain_patterns

# Each character that may make a pattern mean something else, and a few that do not.
CHARS = "()[]{}*+?\\^$|.-:&~#d0bxé\t 5,"


def compiled(text):
    """Return what is compiled otherwise, or what is wrong."""
    try:
        return patterns.compile_pattern(text)
    except patterns.PatternError as error:
        return str(error)


def random_patterns(count):
    generator = random.Random(11)
    for _ in range(count):
        text = "".join(generator.choice(CHARS) for _ in range(generator.randrange(1, 6)))
        yield generator.choice(("(%s)", "%s(d)", "(d)%s", "(%sd)", "[%s](d)", "([%s])")) % text


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
