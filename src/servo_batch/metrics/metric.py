"""What can be measured: a metric for each source that the configuration may name, and the one that is always there.

Imported by ``measure --describe``, so it imports nothing that takes time.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping, Optional, Pattern, Union

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


class OutputMetric:
    """A value that a pattern finds in what the job printed to ``stream``, one of ``plain_keys.STREAMS``."""

    def __init__(self, output_regex: str, pattern: "Pattern[bytes]", stream: str, unit: "Optional[str]") -> None:
        self.output_regex = output_regex  # as it is written
        self.pattern = pattern  # as it is searched for
        self.stream = stream
        self.unit = unit


class ResourceMetric:
    """A figure of the system about a run; ``resource`` is one of UNITS."""

    def __init__(self, resource: str, unit: "Optional[str]") -> None:
        self.resource = resource
        self.unit = unit


class FormulaMetric:
    """A value that follows from other metrics, settings and control; ``formula`` is whatever computes it."""

    def __init__(self, formula: "Any", unit: "Optional[str]") -> None:
        self.formula = formula
        self.unit = unit


if TYPE_CHECKING:
    Metric = Union[OutputMetric, ResourceMetric, FormulaMetric]


def resource_metric(resource: str, unit: "Optional[str]" = None) -> ResourceMetric:
    """Return the metric of a resource, in the source's own unit where none is given."""
    return ResourceMetric(resource, UNITS[resource] if unit is None else unit)


def measured(configured: "Mapping[str, Metric]") -> "Dict[str, Metric]":
    """Return every metric of a measurement: ``total_runtime``, which is always there, then the configured."""
    result: "Dict[str, Metric]" = {TOTAL_RUNTIME: resource_metric(TOTAL_RUNTIME)}
    result.update(configured)
    return result


def described(configured: "Mapping[str, Metric]") -> "Dict[str, Dict[str, Any]]":
    """Return the metrics of a measurement as ``measure --describe`` answers them, ``{NAME: {"unit": UNIT}}``."""
    return {name: {} if metric.unit is None else {"unit": metric.unit} for name, metric in measured(configured).items()}
