"""What a metric is read from: a pattern in an output, a path in one that is JSON, the system's figures, a formula.

Imported by ``measure --describe``, so it imports nothing that takes time.
"""

from collections import namedtuple

from servo_batch.formats import paths
from servo_batch.metrics import patterns
from servo_batch.wording import did_you_mean, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Mapping, Optional, Tuple

    Note = Callable[[str, str], None]

TOTAL_RUNTIME = "total_runtime"
# What the system measures of a run, and in what: the time by the clock, and the figures that getrusage(2) describes.
TIMES = (TOTAL_RUNTIME, "cpu_time", "user_time", "system_time")
UNITS = {**dict.fromkeys(TIMES, "seconds"), "max_rss": "bytes"}
# What these keys may say.
CHOICES = {
    "stream": ("stdout", "stderr"),
    "take": ("first", "last", "min", "max", "sum", "mean", "count"),
    "convert": ("si", "binary", "duration"),
    "resource": tuple(name for name in UNITS if name != TOTAL_RUNTIME),
}
# Each source, and the keys that say where it looks or what it makes of what it finds.
OPTIONS: "Dict[str, Tuple[str, ...]]" = {
    "output_regex": ("stream", "file", "take", "convert"),
    "output_json": ("stream", "file", "convert"),
    "resource": (),
    "formula": (),
}
KEYS = (*OPTIONS, *OPTIONS["output_regex"], "unit")


class Metric(namedtuple("Metric", ("source", "text", "parsed", "unit", "stream", "file", "take", "convert"))):
    """What is measured, by one source.

    ``source`` is one of OPTIONS, ``text`` what it says, and ``parsed`` what that means: a compiled pattern, a path's
    keys, a formula, a figure's name. A value is looked for in ``file`` where that is given, a path from where the
    driver is, else in ``stream``. What is not given is None.
    """

    __slots__ = ()

    @property
    def is_searched(self) -> bool:
        """Whether it is looked for in what the job prints or writes."""
        return self.source in ("output_regex", "output_json")


def of_system(figure: str) -> Metric:
    """Return the metric that is a figure of the system, one of UNITS."""
    return Metric("resource", figure, figure, UNITS[figure], None, None, None, None)


def described(metrics: "Mapping[str, Metric]") -> "Dict[str, Dict[str, Any]]":
    """Return metrics as ``measure --describe`` answers them, ``{NAME: {"unit": UNIT}}``."""
    return {name: {} if each.unit is None else {"unit": each.unit} for name, each in metrics.items()}


def read(mapping: "Dict[str, Any]", note: "Note", formula: "Callable[[str], Any]") -> "Optional[Metric]":
    """Return the metric that a mapping of KEYS describes, or None where it has no source that could be used.

    Each problem is told by ``note(key, problem)``, with the key that it is about. ``formula(text)`` returns a formula,
    or raises ``ValueError`` that says what is wrong with it.
    """
    given = [key for key in OPTIONS if key in mapping]
    source = given[0] if given else "output_regex"
    problems = {key: _problem(source, key, value) for key, value in mapping.items() if key in KEYS}
    if not given:
        problems[source] = "is missing: give a regular expression with a group around the value, or another source"
    if "file" in mapping and "stream" in mapping:
        note("file", "is given beside stream: the value is in one of them, remove the other")
    for key, problem in problems.items():
        if problem:
            note(key, problem)
    if problems[source]:
        return None
    text = mapping[source]
    parse: "Dict[str, Callable[[str], Any]]" = {"output_regex": patterns.compile_pattern, "output_json": paths.keys}
    try:
        parsed = formula(text) if source == "formula" else parse.get(source, str)(text)
    except ValueError as error:
        note(source, str(error))
        return None
    unit = mapping.get("unit", UNITS.get(text) if source == "resource" else None)
    options = {"stream": "stdout", **mapping}
    return Metric(source, text, parsed, unit, *map(options.get, OPTIONS["output_regex"]))


def _problem(source: str, key: str, value: "Any") -> "Optional[str]":
    """Return what is wrong with what a key of a metric says, None if nothing is."""
    if key not in (source, "unit", *OPTIONS[source]):
        return f"does not go with {source}: remove it"
    known = CHOICES.get(key)
    if known and value not in known:
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        return f"must be {', '.join(known[:-1])} or {known[-1]}, but is {found(value)}{hint}"
    if not isinstance(value, str):
        return f"must be a string, but is {found(value)}"
    if key == "file" and (not value or "\0" in value or "{" in value):
        return f"must be the name of a file, without placeholders, but is {found(value)}"
    return None
