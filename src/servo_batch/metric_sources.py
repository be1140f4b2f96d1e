"""What a metric is found in, whatever it is: a pattern, a resource, a formula; and the formula of the objective.

Of most configurations ``configuration`` needs nothing of it: their patterns are plain.
"""

from servo_batch.config import settings
from servo_batch.metrics import metric, patterns
from servo_batch.wording import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple

    from servo_batch.config.descriptions import Settings
    from servo_batch.config.document import Document, Path
    from servo_batch.config.formulas import Formula
    from servo_batch.config.plain_keys import MetricEntry, Schema
    from servo_batch.metrics.metric import Metric


def read(
    source: "Document", name: str, entry: "MetricEntry", shape: "Schema", configured: "Settings"
) -> "Optional[Metric]":
    """Return the metric that an entry describes; what is wrong with it is noted in ``source``, and None returned."""
    if name == metric.TOTAL_RUNTIME:
        source.add(entry.path[:-1], "the name is taken, it is always measured: choose another")
        return None
    if entry.source == "resource":
        if entry.text in metric.RESOURCES:
            return metric.resource_metric(entry.text, entry.unit)
        known = ", ".join(metric.RESOURCES)
        source.add(entry.path, f'"{entry.text}" is none of {known}{did_you_mean(entry.text, metric.RESOURCES)}')
        return None
    if entry.source == "formula":
        computed = formula(source, entry.path, entry.text, configured, shape, ("control", "_control"))
        return metric.FormulaMetric(computed, entry.unit) if computed else None
    try:
        pattern = patterns.compile_pattern(entry.text)
    except patterns.PatternError as error:
        source.add(entry.path, str(error))
        return None
    return metric.OutputMetric(entry.text, pattern, entry.stream, entry.unit)


def formula(
    source: "Document",
    path: "Path",
    text: str,
    configured: "Settings",
    shape: "Schema",
    anything_in: "Tuple[str, ...]" = (),
) -> "Optional[Formula]":
    """Return the formula at ``path``, of settings and metrics; what is wrong with it is noted in ``source``.

    ``anything_in`` are the names of which nobody knows what is in them.
    """
    from servo_batch.config import derived, formulas

    names = {**_kinds(configured), **_metric_kinds(shape)}
    return derived.parse(source, path, text, names, anything_in, formulas.NUMBER)


def refuse_circles(source: "Document", metrics: "Dict[str, Optional[Metric]]") -> None:
    """Note the metrics that are computed from one another."""
    computed = {name: each.formula for name, each in metrics.items() if isinstance(each, metric.FormulaMetric)}
    from servo_batch.config import formulas

    try:
        formulas.order(computed)
    except formulas.FormulaError as error:
        for problem in error.problems:
            source.add(("batch", "metrics"), problem)


def _kinds(configured: "Settings") -> "Dict[str, Optional[str]]":
    """Return the names of the settings, with what their values are certain to be."""
    if configured.rules:
        kinds: "Dict[str, Optional[str]]" = configured.rules.kinds
        return kinds
    return {
        settings.full_name(component, name): "a number" if settings.is_numeric(setting) else None
        for component, name, setting in settings.walk(configured.application)
    }


def _metric_kinds(shape: "Schema") -> "Dict[str, Optional[str]]":
    """Return the names of the metrics; what a pattern finds may be text."""
    kinds: "Dict[str, Optional[str]]" = {metric.TOTAL_RUNTIME: "a number"}
    for name, entry in shape.metrics.items():
        kinds[name] = None if entry.source == "output_regex" else "a number"
    return kinds
