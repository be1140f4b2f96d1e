"""The whole configuration: settings, keys, commands, metrics and formulas, and every problem of them at once.

What adjust uses of it ``document`` and ``settings`` read alone: what a call does not use need not be right.
"""

import re

from servo_batch import document, settings
from servo_batch.answers import bad_request
from servo_batch.command import template
from servo_batch.metrics import sources
from servo_batch.wording import found, is_number, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from servo_batch.command.template import Command, Parts
    from servo_batch.document import Path
    from servo_batch.formulas import Formula
    from servo_batch.metrics.sources import Metric
    from servo_batch.options import Options
    from servo_batch.rules import Assignment
    from servo_batch.settings import Setting

COMMANDS = ("command", "prepare", "cleanup")
KEYS = (
    *COMMANDS,
    *("default_state", "application", "constraints", "metrics", "objective", "env", "working_directory"),
    *("success_exit_statuses", "runs", "warmup_runs", "expected_duration", "timeout", "grace_period"),
    *("history", "state", "default_control"),
)
CONTROL = ("control", "_control")
DIRECTIONS = ("minimize", "maximize")
MAX_RUNS = 1000000
MAX_SECONDS = 100 * 365 * 86400.0  # a century: longer is never, and no clock or poll has to hold it
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
# Compiled where they are used, which they mostly are not.
DURATION = r"(?a)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?\Z"
VALUES = r"(?a)(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)(?:/(\d+(?:\.\d+)?))?\Z"


class Config(document.Document):
    """The whole of a configuration; what is wrong with it is in ``problems``."""

    def __init__(self, name: str, content: "Any") -> None:
        super().__init__(name, content)
        batch = self.batch
        self.refuse_unknown(("batch",), batch, KEYS)
        self.settings = settings.read(self)
        self.state = self.file_name("state")
        read = {key: _command(self, key) for key in COMMANDS if key in batch or key == "command"}
        self.commands: "Dict[str, Command]" = {key: command for key, command in read.items() if command}
        self.env = _env(self)
        self.working_directory = self.file_name("working_directory")
        statuses = self.value("success_exit_statuses", [0], _are_statuses, "a list of whole numbers from 0 to 255")
        self.success_exit_statuses: "Tuple[int, ...]" = tuple(statuses)
        self.runs = _count(self, "runs", 1, 1)
        self.warmup_runs = _count(self, "warmup_runs", 0, 0)
        self.metric_entries = self.mapping(batch, ("batch", "metrics"), "names of metrics", {}) or {}
        self.metrics = _metrics(self)
        self.objective = _objective(self)
        self.history = self.file_name("history")
        self.expected_seconds = _seconds(self, "expected_duration")  # None where nobody knows
        self.timeout_seconds = _seconds(self, "timeout")
        grace_seconds = _seconds(self, "grace_period", zero_allowed=True)
        self.grace_seconds = 5.0 if grace_seconds is None else grace_seconds
        self.default_control = self.mapping(batch, ("batch", "default_control"), "control values", {}) or {}

    def formula(self, text: "Any", anything_in: "Tuple[str, ...]" = ()) -> "Formula":
        """Return the formula over settings and metrics that gives a number; raise ``ValueError`` that says why not."""
        from servo_batch import formulas

        later = (*self.settings.described, sources.TOTAL_RUNTIME, *self.metric_entries, *anything_in)
        known = dict.fromkeys(later, formulas.Later())
        values = settings.values(self.settings.current())
        known.update((name, value) for name, value in values.items() if name not in self.metric_entries)
        return formulas.read(text, known, formulas.NUMBER)

    def allowed(self, path: "Tuple[str, ...]") -> "Tuple[str, List[Any]]":
        """Return what the configuration allows for the value that a placeholder names by the keys ``path``.

        That is ``("enum", its values)``, ``("range", its ends)``, ``("formula", [])`` for what is computed, and
        ``("free", [])`` for anything; a component that is called ``state`` or ``control`` has its long spelling only.
        """
        keys = _keys_of(path)
        if len(keys) != 2 or (keys == path and path[0] in ("state", *CONTROL)):
            return "free", []
        setting = settings.declared(self.settings.application, *keys) or {}
        ends = [setting[end] for end in ("min", "max") if is_number(setting.get(end))]
        kind = settings.type_of(setting)
        return kind or "free", {"range": ends, "enum": setting.get("values", [])}.get(kind, [])

    def unused_settings(self) -> "List[str]":
        """Return the settings that no command, env, constraint or objective uses, nor any formula that these use."""
        computed = {name: each.parsed for name, each in self.metrics.items() if each.source == "formula"}
        templates = [parts for command in self.commands.values() for parts in command.templates]
        pending = template.fields([*templates, *self.env.values()])
        pending += [field for each in self.settings.constraints for field in each.fields]
        pending += self.objective.formula.fields if self.objective.formula else ()
        used: "Dict[str, None]" = {}
        while pending:
            name = ".".join(_keys_of(pending.pop()))
            formula = self.settings.formulas.get(name) or computed.get(name)
            pending += formula.fields if formula and name not in used else ()
            used[name] = None
        return [name for name in self.settings.described if name not in used]

    def objective_metrics(self) -> "List[str]":
        """Return the names of the metrics that the objective is about."""
        names = self.objective.formula.names if self.objective.formula else [sources.TOTAL_RUNTIME]
        return [name for name in names if name in sources.measured(self.metrics)]

    def objective_unit(self) -> "Optional[str]":
        """Return the unit of the objective where it is a metric alone, else None."""
        each = sources.measured(self.metrics).get(self.objective.metric or "")
        return each.unit if each else None


class Objective:
    """What tells how good settings are; ``formula`` is None where that is the time alone."""

    def __init__(self, direction: str, text: str, formula: "Optional[Formula]") -> None:
        self.direction = direction  # "minimize" or "maximize"
        self.text = text
        self.formula = formula

    @property
    def metric(self) -> "Optional[str]":
        """The name that it is about alone, None where it computes something."""
        text = self.text.strip()
        name = text[1:-1]
        return name if text == "{%s}" % name and "{" not in name else None


def load(path: "Optional[str]") -> Config:
    """Return the configuration at ``path``, else at ``$OPTUNE_CONFIG``, else where one is looked for.

    Raises ``ServoError`` (bad-config) that lists every problem, one a line, each with its place.
    """
    config = Config(*document.find(path))
    config.refuse_problems()
    return config


def of_options(options: "Options") -> Config:
    """Return the configuration that a command line names by --config, or stands for by --command.

    It has the objective that --minimize or --maximize gives. Raises ``ServoError`` as ``load`` and ``of_command`` do.
    """
    if options.get("--command") is None:
        return aimed(load(options.get("--config")), options)
    return aimed(of_command(options.get("--command"), options.assignments, options.get("--metric") or []), options)


def aimed(config: Config, options: "Options") -> Config:
    """Return the configuration with the objective that --minimize or --maximize gives; raise ``ServoError``."""
    for direction in DIRECTIONS:
        text = options.get("--" + direction)
        if text:
            try:
                config.objective = Objective(direction, text, config.formula(text))
            except ValueError as error:
                raise bad_request(f"--{direction}: {error}") from None
    return config


class _OfCommand(Config):
    """The configuration that a command line stands for; its places are options."""

    def place(self, path: "Path") -> str:
        """Return the word of the command line that the keys ``path`` come from."""
        if path[1:2] == ("metrics",):
            return f"--metric {named(str(path[2]))}"
        if path[2:3] == ("components",):  # batch.application.components.COMPONENT.settings.SETTING.KEY
            return ": ".join([".".join(map(str, path[3:6:2])), *map(str, path[6:7])])
        return self.name


def of_command(command: str, assignments: "List[Assignment]", metrics: "List[Tuple[str, str]]") -> Config:
    """Return the configuration that ``--command``, C.S=VALUES and ``--metric NAME=REGEX`` stand for.

    It has ``cpu_time`` and ``max_rss`` as well. Raises ``ServoError`` (bad-request) that lists every problem.
    """
    problems: "List[str]" = []
    components: "Dict[str, Any]" = {}
    for component, name, text in assignments:
        inner = components.setdefault(component, {"settings": {}})["settings"]
        if name in inner:
            problems.append(f"{settings.named_setting(component, name)} is given twice: separate its values by commas")
        ranges = [each for each in text.split(",") if re.match(VALUES, each)]
        if ranges and ranges != [text]:
            problems.append(f"{component}.{name}={text}: {ranges[0]} is a range, which stands alone: list the values")
        inner[name] = _values(text)
    described: "Dict[str, Any]" = {name: {"resource": name} for name in ("cpu_time", "max_rss")}
    for name, pattern in metrics:
        if name in described:
            problems.append(f"--metric {named(name)}: there is a metric of that name: choose another")
        described[name] = {"output_regex": pattern}
    batch = {"command": command, "application": {"components": components}, "metrics": described}
    config = _OfCommand("--command", {"batch": batch})
    config.path = None
    if problems or config.problems:
        raise bad_request("\n".join(problems + config.problems))
    return config


def _values(text: str) -> "Setting":
    """Return the setting that has the values that a person typed: ``1,6,9``, ``1..9``, ``1..9/2``, ``0.5..2/0.5``."""
    from servo_batch import rules

    match = re.match(VALUES, text)
    if not match:
        choices = [rules.scalar(each) for each in text.split(",")]
        return {"type": "enum", "values": choices, "value": choices[0]}
    low, high, step = (rules.scalar(each) for each in (match.group(1), match.group(2), match.group(3) or "1"))
    return {"type": "range", "min": low, "max": high, "step": step, "value": low}


def _keys_of(field: "Tuple[str, ...]") -> "Tuple[str, ...]":
    """Return the keys of a field, those of a setting's value in the state as ``("web", "cpu")`` too."""
    is_of_state = field[:3] == ("state", "application", "components") and field[4:5] == ("settings",)
    return (field[3], field[5]) if is_of_state and field[6:] == ("value",) else field


# The keys under batch: each reader returns what a key says, or its default after noting what is wrong with it.


def _command(source: Config, key: str) -> "Optional[Command]":
    value: "Any" = source.batch.get(key)
    items: "List[Any]" = value if isinstance(value, list) and value else [value]
    if all(isinstance(item, str) for item in items) and items[0].strip():
        read: "Optional[Command]" = _template(source, ("batch", key), template.parse, value)
        return read
    must = "must be a command line, or a list of strings that begins with a program"
    source.add(("batch", key), f"{must}, but is {found(value)}")
    return None


def _env(source: Config) -> "Dict[str, Parts]":
    read: "Dict[str, Any]" = {}
    for name, value in (source.mapping(source.batch, ("batch", "env"), "variables", {}) or {}).items():
        if isinstance(value, str):
            read[name] = _template(source, ("batch", "env", name), template.parse_variable, name, value)
        else:
            source.add(("batch", "env", name), f"must be a string, but is {found(value)}: quote it")
    return {name: parts for name, parts in read.items() if parts is not None}


def _template(source: Config, path: "Path", parse: "Callable[..., Any]", *written: "Any") -> "Any":
    try:
        return parse(*written, source.allowed)
    except template.TemplateError as error:
        for problem in error.problems:
            source.add(path, problem)
    return None


def _are_statuses(value: "Any") -> bool:
    return isinstance(value, list) and value != [] and all(_is_whole(each, 0, 255) for each in value)


def _is_whole(value: "Any", least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _count(source: Config, key: str, default: int, least: int) -> int:
    must = f"a whole number from {least} to {MAX_RUNS}"
    return int(source.value(key, default, lambda value: _is_whole(value, least, MAX_RUNS), must))


def duration(text: str) -> "Optional[float]":
    """Return the seconds that people mean by ``90s``, ``10m``, ``1h30m`` or ``250ms``, None for another text."""
    match = re.match(DURATION, text.replace(" ", ""))
    if not match or not text.strip() or len(text) > 40:
        return None
    return sum(float(each) * unit for each, unit in zip(match.groups(), UNITS.values()) if each)


def _seconds(source: Config, key: str, zero_allowed: bool = False) -> "Optional[float]":
    def read(value: "Any") -> "Any":
        return duration(value) if isinstance(value, str) else value

    def is_right(value: "Any") -> bool:
        return is_number(read(value)) and (read(value) > 0 or (zero_allowed and read(value) == 0))

    must = f"{'0 or more' if zero_allowed else 'more than 0'} seconds, or a text like 90s, 10m or 1h30m"
    value = read(source.value(key, None, is_right, must))
    return None if value is None else float(min(value, MAX_SECONDS))


def _metrics(config: Config) -> "Dict[str, Metric]":
    read = {name: _metric(config, name) for name in config.metric_entries}
    computed = {name: each.parsed for name, each in read.items() if each and each.source == "formula"}
    if computed:
        from servo_batch import formulas

        for circle in formulas.order(computed)[1]:
            config.add(("batch", "metrics"), circle)
    return {name: each for name, each in read.items() if each}


def _metric(config: Config, name: str) -> "Optional[Metric]":
    path: "Path" = ("batch", "metrics", name)
    entry = config.mapping(config.metric_entries, path, "a source, such as output_regex, and unit")
    if entry is None:
        return None
    config.refuse_unknown(path, entry, sources.KEYS)

    def note(keys: "Path", problem: str) -> None:
        config.add((*path, *keys), problem)

    return sources.read(name, entry, note, lambda text: config.formula(text, CONTROL))


def _objective(config: Config) -> Objective:
    path: "Path" = ("batch", "objective")
    shortest = Objective("minimize", "{%s}" % sources.TOTAL_RUNTIME, None)
    default = {shortest.direction: shortest.text}
    entry = config.mapping(config.batch, path, "minimize: FORMULA or maximize: FORMULA", default)
    if entry is None or entry == default:
        return shortest
    config.refuse_unknown(path, entry, DIRECTIONS)
    given = [key for key in DIRECTIONS if key in entry]
    if len(given) != 1:
        config.add(path, f"must have one of minimize and maximize, with a formula like '{shortest.text}'")
        return shortest
    direction, text = given[0], entry[given[0]]
    try:
        return Objective(direction, text, None if text == shortest.text else config.formula(text))
    except ValueError as error:
        config.add((*path, direction), str(error))
    return shortest
