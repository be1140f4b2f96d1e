"""The whole configuration: settings, keys, commands, patterns and formulas, and every problem of them at once."""

from servo_batch import metric_sources
from servo_batch.answers import bad_request
from servo_batch.command import template
from servo_batch.command.placeholder import TemplateError
from servo_batch.config import descriptions, document, plain_keys, settings
from servo_batch.metrics import sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from servo_batch.command.placeholder import Command
    from servo_batch.config.descriptions import Settings
    from servo_batch.config.document import Document, Path
    from servo_batch.config.formulas import Formula
    from servo_batch.config.plain_keys import Schema
    from servo_batch.metrics.sources import Metric


class Config:
    """A configuration in which nothing is wrong."""

    def __init__(
        self,
        source: "Document",
        settings: "Settings",
        schema: "Schema",
        commands: "Dict[str, Command]",
        metrics: "Dict[str, Metric]",
        objective: "Objective",
    ) -> None:
        self.source = source  # its name, and the place of each key
        self.settings = settings
        self.schema = schema
        self.commands = commands  # of command, prepare and cleanup those that are given
        self.metrics = metrics
        self.objective = objective


class Objective:
    """What tells how good settings are; ``formula`` is None where that is the time alone."""

    def __init__(self, direction: str, text: str, formula: "Optional[Formula]") -> None:
        self.direction = direction  # "minimize" or "maximize"
        self.text = text
        self.formula = formula

    @property
    def metric(self) -> "Optional[str]":
        """Return the name that it is about alone, None where it computes something."""
        text = self.text.strip()
        name = text[1:-1]
        return name if text == "{%s}" % name and "{" not in name else None


SHORTEST_TIME = Objective("minimize", "{%s}" % sources.TOTAL_RUNTIME, None)


def load(path: "Optional[str]") -> Config:
    """Return the configuration at ``path``, or where one is looked for.

    Raises ``ServoError`` (bad-config) that lists every problem, one a line, each with its place.
    """
    source = document.load(path)
    configured = descriptions.read(source)
    shape = plain_keys.plain(source.batch) or _read(source)
    commands = {key: _command(source, key, configured, text) for key, text in shape.commands.items()}
    metrics = {
        name: metric_sources.read(source, name, mapping, shape, configured) for name, mapping in shape.metrics.items()
    }
    if any(isinstance(each, sources.Formula) for each in metrics.values()):
        metric_sources.refuse_circles(source, metrics)
    goal = SHORTEST_TIME
    if shape.objective:
        direction, text = shape.objective
        goal = objective(source, ("batch", "objective", direction), direction, text, configured, shape)
    source.refuse_problems()
    return Config(source, configured, shape, _sound(commands), _sound(metrics), goal)


def _sound(read: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return what was read of each; None is what has a problem, of which none is left here."""
    return {name: each for name, each in read.items() if each is not None}


def objective(
    source: "Document", path: "Path", direction: str, text: str, configured: "Settings", shape: "Schema"
) -> Objective:
    """Return the objective that stands at ``path``; what is wrong with it is noted in ``source``."""
    return Objective(direction, text, metric_sources.formula(source, path, text, configured, shape))


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
        return [sources.TOTAL_RUNTIME]
    known = sources.measured(config.metrics)
    return [name for name in map(".".join, config.objective.formula.fields) if name in known]


def objective_unit(config: Config) -> "Optional[str]":
    """Return the unit of the objective where it is a metric alone, else None."""
    each = sources.measured(config.metrics).get(config.objective.metric or "")
    return each.unit if each else None


def _read(source: "Document") -> "Schema":
    from servo_batch.config import keys

    return keys.read(source)


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
