"""The whole configuration: settings, keys, commands, patterns and formulas, and every problem of them at once."""

from collections import namedtuple

from servo_batch.command import template
from servo_batch.command.placeholder import TemplateError
from servo_batch.config import descriptions, document, schema, settings
from servo_batch.metrics import metric, patterns
from servo_batch.protocol import bad_request
from servo_batch.wording import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from servo_batch.command.placeholder import Command
    from servo_batch.config.descriptions import Settings
    from servo_batch.config.document import Document, Path
    from servo_batch.config.formulas import Formula
    from servo_batch.config.schema import MetricEntry, Schema
    from servo_batch.metrics.metric import Metric


class Config(namedtuple("Config", ("source", "settings", "schema", "commands", "metrics", "objective"))):
    """A configuration in which nothing is wrong."""

    __slots__ = ()
    source: "Document"  # its name, and the place of each key
    settings: "Settings"
    schema: "Schema"
    commands: "Dict[str, Command]"  # of command, prepare and cleanup those that are given
    metrics: "Dict[str, Metric]"
    objective: "Objective"


class Objective(namedtuple("Objective", ("direction", "text", "formula"))):
    """What tells how good settings are; ``formula`` is None where that is the time alone."""

    __slots__ = ()
    direction: str  # "minimize" or "maximize"
    text: str
    formula: "Optional[Formula]"

    @property
    def metric(self) -> "Optional[str]":
        """Return the name that it is about alone, None where it computes something."""
        text = self.text.strip()
        name = text[1:-1]
        return name if text == "{%s}" % name and "{" not in name else None


SHORTEST_TIME = Objective("minimize", "{%s}" % metric.TOTAL_RUNTIME, None)


def load(path: "Optional[str]") -> Config:
    """Return the configuration at ``path``, or where one is looked for.

    Raises ``ServoError`` (bad-config) that lists every problem, one a line, each with its place.
    """
    source = document.load(path)
    configured = descriptions.read(source)
    shape = schema.read(source)
    commands = {key: _command(source, key, configured, text) for key, text in shape.commands.items()}
    metrics = {name: _metric(source, name, entry, shape, configured) for name, entry in shape.metrics.items()}
    _refuse_circles(source, metrics)
    goal = SHORTEST_TIME
    if shape.objective:
        direction, text = shape.objective
        goal = objective(source, ("batch", "objective", direction), direction, text, configured, shape)
    source.refuse_problems()
    return Config(source, configured, shape, commands, metrics, goal)


def objective(
    source: "Document", path: "Path", direction: str, text: str, configured: "Settings", shape: "Schema"
) -> Objective:
    """Return the objective that stands at ``path``; what is wrong with it is noted in ``source``."""
    from servo_batch.config import derived, formulas

    names = {**_kinds(configured), **_metric_kinds(shape)}
    return Objective(direction, text, derived.parse(source, path, text, names, due=formulas.NUMBER))


def given_objective(config: Config, name: str, direction: str, text: str) -> Objective:
    """Return the objective that a formula on the command line is; raise ``ServoError`` (bad-request).

    ``name`` is the option's, for the message.
    """
    line = document.Document(name, {})
    found = objective(line, (), direction, text, config.settings, config.schema)
    if line.problems:
        raise bad_request("\n".join(line.problems))
    return found


def objective_metrics(config: Config) -> "List[str]":
    """Return the names of the metrics that the objective is about."""
    if config.objective.formula is None:
        return [metric.TOTAL_RUNTIME]
    known = metric.measured(config.metrics)
    return [name for name in map(".".join, config.objective.formula.fields) if name in known]


def objective_unit(config: Config) -> "Optional[str]":
    """Return the unit of the objective where it is a metric alone, else None."""
    each = metric.measured(config.metrics).get(config.objective.metric or "")
    return each.unit if each else None


def _command(source: "Document", key: str, configured: "Settings", text: "Any") -> "Optional[Command]":
    def is_number(path: "Tuple[str, ...]") -> bool:
        return _is_number(configured, path)

    try:
        if isinstance(text, str):
            return template.parse_script(text, is_number)
        return template.parse_arguments(text, is_number)
    except TemplateError as error:
        for problem in error.problems:
            source.add(("batch", key), problem)
    return None


def _is_number(configured: "Settings", path: "Tuple[str, ...]") -> bool:
    """Tell whether the configuration allows nothing but numbers for the value that a command names by ``path``."""
    if path[:3] == ("state", "application", "components") and path[4:5] == ("settings",) and path[6:] == ("value",):
        path = (path[3], path[5])
    if len(path) != 2 or path[0] in template.RESERVED:
        return False
    setting = settings.declared(configured.application, *path)
    if setting is None:
        return False
    if settings.is_formula(setting) and configured.rules:
        return configured.rules.kinds.get(settings.full_name(*path)) == "a number"
    return settings.is_numeric(setting)


def _metric(
    source: "Document", name: str, entry: "MetricEntry", shape: "Schema", configured: "Settings"
) -> "Optional[Metric]":
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
        from servo_batch.config import derived, formulas

        names = {**_kinds(configured), **_metric_kinds(shape)}
        formula = derived.parse(source, entry.path, entry.text, names, ("control", "_control"), formulas.NUMBER)
        return metric.FormulaMetric(formula, entry.unit) if formula else None
    try:
        pattern = patterns.compile_pattern(entry.text)
    except patterns.PatternError as error:
        source.add(entry.path, str(error))
        return None
    return metric.OutputMetric(entry.text, pattern, entry.stream, entry.unit)


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


def _refuse_circles(source: "Document", metrics: "Dict[str, Optional[Metric]]") -> None:
    computed = {name: each.formula for name, each in metrics.items() if isinstance(each, metric.FormulaMetric)}
    if computed:
        from servo_batch.config import formulas

        try:
            formulas.order(computed)
        except formulas.FormulaError as error:
            for problem in error.problems:
                source.add(("batch", "metrics"), problem)
