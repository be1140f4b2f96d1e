"""What a metric is read from: a pattern in an output, a path in one that is JSON, the system's figures, a formula.

Imported by ``measure --describe``, so it imports nothing that takes time.
"""

from servo_batch.formats import paths
from servo_batch.wording import did_you_mean, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Mapping, Optional, Tuple

TOTAL_RUNTIME = "total_runtime"
# What the system measures of a run, and in what: the time by the clock, and the figures that getrusage(2) describes.
UNITS = {
    TOTAL_RUNTIME: "seconds",
    "cpu_time": "seconds",
    "user_time": "seconds",
    "system_time": "seconds",
    "max_rss": "bytes",
}
# What these keys may say; of stream and take the first goes without saying.
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


class Metric:
    """What is measured, by one source.

    ``text`` is the source as it is written, ``parsed`` what it means: a compiled pattern, a path's keys, a formula, a
    figure's name. A value is looked for in ``file`` where that is given, a path from where the driver is, else in
    ``stream``.
    """

    def __init__(self, source: str, mapping: "Mapping[str, Any]", parsed: "Any" = None) -> None:
        self.source = source  # one of OPTIONS
        self.is_searched = source in ("output_regex", "output_json")  # in what the job prints or writes
        self.text: str = mapping[source]
        self.parsed = parsed
        self.unit: "Optional[str]" = mapping.get("unit", UNITS.get(self.text) if source == "resource" else None)
        self.file: "Optional[str]" = mapping.get("file")
        self.stream: str = mapping.get("stream", CHOICES["stream"][0])
        self.take: "Optional[str]" = mapping.get("take")
        self.convert: "Optional[str]" = mapping.get("convert")

    def but(self, **attributes: "Any") -> "Metric":
        """Return a metric that has these attributes, and all others as this one has them."""
        other = Metric.__new__(Metric)
        other.__dict__.update(self.__dict__, **attributes)
        return other


def described(metrics: "Mapping[str, Metric]") -> "Dict[str, Dict[str, Any]]":
    """Return metrics as ``measure --describe`` answers them, ``{NAME: {"unit": UNIT}}``."""
    return {name: {} if each.unit is None else {"unit": each.unit} for name, each in metrics.items()}


def read(
    name: str,
    mapping: "Dict[str, Any]",
    note: "Callable[[Tuple[str, ...], str], None]",
    formula: "Callable[[str], Any]",
) -> "Optional[Metric]":
    """Return the metric that a mapping of KEYS describes, or None where it has no source that could be used.

    Each problem is told by ``note(keys, problem)``, with the keys below the metric that it is about. ``formula(text)``
    returns a formula, or raises ``ValueError`` that says what is wrong with it.
    """
    given = [key for key in OPTIONS if key in mapping]
    source = given[0] if given else "output_regex"
    text, file = mapping.get(source), mapping.get("file", ".")
    if name == TOTAL_RUNTIME:
        note((), "the name is taken, it is always measured: choose another")
    if not given:
        note((source,), "is missing: give a regular expression with a group around the value, or another source")
    for key in KEYS:
        if key in mapping and key not in (source, "unit", *OPTIONS[source]):
            note((key,), f"does not go with {source}: remove it")
    for key in (source, "unit", "file"):
        if key in mapping and not isinstance(mapping[key], str):
            note((key,), f"must be a string, but is {found(mapping[key])}")
    if isinstance(file, str) and (not file or "\0" in file or "{" in file):
        note(("file",), f"must be the name of a file, without placeholders, but is {found(file)}")
    if "file" in mapping and "stream" in mapping:
        note(("file",), "is given beside stream: the value is in one of them, remove the other")
    if not isinstance(text, str):
        return None
    for key, known in CHOICES.items():
        value = mapping.get(key, known[0])
        if value not in known:
            hint = did_you_mean(value, known) if isinstance(value, str) else ""
            note((key,), f"must be {', '.join(known[:-1])} or {known[-1]}, but is {found(value)}{hint}")
    parsed: "Any" = None
    try:
        if source == "output_regex":
            from servo_batch.metrics import patterns

            parsed = patterns.compile_pattern(text)
        elif source == "output_json":
            parsed = paths.keys(text)
        else:
            parsed = formula(text) if source == "formula" else text
    except ValueError as error:
        note((source,), str(error))
    return Metric(source, mapping, parsed) if parsed else None
