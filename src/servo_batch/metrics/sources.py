"""What a metric is read from: a pattern in an output, a path in one that is JSON, the system's figures, a formula.

Imported by ``measure --describe``, so it imports nothing that takes time.
"""

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
RESOURCES = tuple(name for name in UNITS if name != TOTAL_RUNTIME)
STREAMS = ("stdout", "stderr")
TAKES = ("first", "last", "min", "max", "sum", "mean", "count")
CONVERSIONS = ("si", "binary", "duration")
CHOICES = {"stream": STREAMS, "take": TAKES, "convert": CONVERSIONS, "resource": RESOURCES}
# Each source, and the keys that say where it looks or what it makes of what it finds.
OPTIONS: "Dict[str, Tuple[str, ...]]" = {
    "output_regex": ("stream", "file", "take", "convert"),
    "output_json": ("stream", "file", "convert"),
    "resource": (),
    "formula": (),
}
KEYS = (*OPTIONS, *OPTIONS["output_regex"], "unit")


class Metric:
    """What is measured: ``text`` is its source as it is written, ``options`` the mapping that it stands in."""

    def __init__(self, text: str, options: "Mapping[str, Any]") -> None:
        self.text = text
        self.unit: "Optional[str]" = options.get("unit")


class Output(Metric):
    """A value in what the job prints or writes: in ``file`` where that is given, else in ``stream``."""

    def __init__(self, text: str, options: "Mapping[str, Any]") -> None:
        super().__init__(text, options)
        self.file: "Optional[str]" = options.get("file")
        self.stream: str = options.get("stream", STREAMS[0])
        self.convert: "Optional[str]" = options.get("convert")  # one of CONVERSIONS


class OutputRegex(Output):
    """A value that a pattern finds; raise ``ValueError`` for one that cannot be meant."""

    def __init__(self, text: str, options: "Mapping[str, Any]") -> None:
        from servo_batch.metrics import patterns

        super().__init__(text, options)
        self.pattern = patterns.compile_pattern(text)
        self.take: "Optional[str]" = options.get("take")  # one of TAKES; None, where it is not given, is the first


class OutputJson(Output):
    """A value that stands at a path in a JSON document; raise ``ValueError`` for what is no path."""

    def __init__(self, text: str, options: "Mapping[str, Any]") -> None:
        from servo_batch.formats import paths

        super().__init__(text, options)
        self.keys = paths.keys(text)


class Resource(Metric):
    """A figure of the system about a run, one of UNITS, in its own unit where none is given."""

    def __init__(self, text: str, options: "Mapping[str, Any]") -> None:
        super().__init__(text, {"unit": UNITS[text], **options})


class Formula(Metric):
    """A value that follows from other metrics, settings and control; ``formula`` is whatever computes it."""

    def __init__(self, text: str, options: "Mapping[str, Any]", formula: "Any") -> None:
        super().__init__(text, options)
        self.formula = formula


def measured(configured: "Mapping[str, Metric]") -> "Dict[str, Metric]":
    """Return every metric of a measurement: ``total_runtime``, which is always there, then the configured."""
    result: "Dict[str, Metric]" = {TOTAL_RUNTIME: Resource(TOTAL_RUNTIME, {})}
    result.update(configured)
    return result


def described(configured: "Mapping[str, Metric]") -> "Dict[str, Dict[str, Any]]":
    """Return the metrics of a measurement as ``measure --describe`` answers them, ``{NAME: {"unit": UNIT}}``."""
    return {name: {} if each.unit is None else {"unit": each.unit} for name, each in measured(configured).items()}


def read(
    name: str,
    mapping: "Dict[str, Any]",
    note: "Callable[[Tuple[str, ...], str], None]",
    formula: "Callable[[Tuple[str, ...], str], Any]",
) -> "Optional[Metric]":
    """Return the metric that a mapping of KEYS describes, or None where it has no source that could be used.

    Each problem is told by ``note(keys, problem)``, with the keys below the metric that it is about. ``formula(keys,
    text)`` returns the formula that stands there, parsed, or None after noting what is wrong with it.
    """
    given = [key for key in OPTIONS if key in mapping]
    source = given[0] if given else "output_regex"
    text, file = mapping.get(source), mapping.get("file", "")
    if name == TOTAL_RUNTIME:
        note((), "the name is taken, it is always measured: choose another")
    if not given:
        others = ", ".join(tuple(OPTIONS)[1:])
        note((source,), f"is missing: give a regular expression with a group around the value, or one of {others}")
    for other in given[1:]:
        note((other,), f"is given beside {source}: a metric has one source, remove one of them")
    for key in OPTIONS["output_regex"]:
        if key in mapping and key not in OPTIONS[source]:
            owners = " and ".join(each for each, keys in OPTIONS.items() if key in keys)
            note((key,), f"belongs to {owners}, and this metric has {source}: remove it")
    for key in (source, "unit", "file"):
        if key in mapping and not isinstance(mapping[key], str):
            note((key,), f"must be a string, but is {found(mapping[key])}")
    if "file" in mapping and (file == "" or "\0" in str(file) or "{" in str(file)):
        note(("file",), f"must be the name of a file, without placeholders, but is {found(file)}")
    if "file" in mapping and "stream" in mapping:
        note(("file",), "is given beside stream: the value is in one of them, remove the other")
    if "convert" in mapping and mapping.get("take") == "count":
        note(("convert",), "is given beside take: count, which counts matches whatever they hold: remove it")
    if not isinstance(text, str):
        return None
    for key, known in CHOICES.items():
        value = mapping.get(key, known[0])
        if value not in known:
            hint = did_you_mean(value, known) if isinstance(value, str) else ""
            note((key,), f"must be {', '.join(known[:-1])} or {known[-1]}, but is {found(value)}{hint}")
    if source == "formula":
        computed = formula((source,), text)
        return Formula(text, mapping, computed) if computed else None
    if source == "resource":
        return Resource(text, mapping) if text in RESOURCES else None
    try:
        return (OutputRegex if source == "output_regex" else OutputJson)(text, mapping)
    except ValueError as error:
        note((source,), str(error))
        return None
