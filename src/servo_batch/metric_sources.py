"""The metrics of a configuration, and the formulas that are about them: those of metrics and of the objective."""

from servo_batch.config import settings
from servo_batch.metrics import sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

    from servo_batch.config.descriptions import Settings
    from servo_batch.config.document import Document, Path
    from servo_batch.config.formulas import Formula
    from servo_batch.config.plain_keys import Schema
    from servo_batch.metrics.sources import Metric


def read(
    source: "Document", name: str, mapping: "Dict[str, Any]", shape: "Schema", configured: "Settings"
) -> "Optional[Metric]":
    """Return the metric that a mapping describes; what is wrong with it is noted in ``source``, and None returned."""
    path = ("batch", "metrics", name)
    source.refuse_unknown(path, mapping, sources.KEYS)
    return sources.read(
        name,
        mapping,
        lambda keys, problem: source.add(path + keys, problem),
        lambda keys, text: formula(source, path + keys, text, configured, shape, ("control", "_control")),
    )


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
    computed = {name: each.formula for name, each in metrics.items() if isinstance(each, sources.Formula)}
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
    """Return the names of the metrics; what is found in an output may be text."""
    kinds: "Dict[str, Optional[str]]" = {sources.TOTAL_RUNTIME: "a number"}
    for name, mapping in shape.metrics.items():
        kinds[name] = None if "output_regex" in mapping or "output_json" in mapping else "a number"
    return kinds
