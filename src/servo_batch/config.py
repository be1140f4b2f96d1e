"""The whole configuration: settings, keys, commands, metrics and formulas, and every problem of them at once.

What adjust uses of it ``document`` and ``settings`` read alone: what a call does not use need not be right.
"""

import os
import re
from collections import namedtuple
from functools import partial

from servo_batch import document, settings
from servo_batch.answers import bad_request
from servo_batch.command import template
from servo_batch.metrics import sources
from servo_batch.options import MOST, UsageError
from servo_batch.wording import did_you_mean, found, is_number, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from servo_batch.command.template import Command, Template
    from servo_batch.document import Path
    from servo_batch.formulas import Formula
    from servo_batch.metrics.sources import Metric
    from servo_batch.options import Options
    from servo_batch.settings import Setting

COMMANDS = ("prepare", "command", "cleanup")  # as they are run
KEYS = (
    "command", "prepare", "cleanup", "default_state", "application", "constraints", "metrics", "objective", "env",
    "working_directory", "success_exit_statuses", "runs", "warmup_runs", "expected_duration", "timeout", "grace_period",
    "history", "state", "default_control",
)  # fmt: skip
DIRECTIONS = ("minimize", "maximize")
# Where tune records, if no other file is named, and history looks; the others record nothing then.
DEFAULT_HISTORY = "_history.jsonl"
MAX_SECONDS = 100 * 365 * 86400.0  # a century: longer is never, and no clock or poll has to hold it
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
# Compiled where they are used, which they mostly are not.
DURATION = r"(?a)(?:(\d+) ?d ?)?(?:(\d+) ?h ?)?(?:(\d+) ?m ?)?(?:(\d+(?:\.\d+)?) ?s ?)?(?:(\d+(?:\.\d+)?) ?ms)?\Z"
VALUES = r"(?a)(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)(?:/(\d+(?:\.\d+)?))?\Z"


class Config(document.Document):
    """The whole of a configuration; what is wrong with it is in ``problems``."""

    def __init__(self, name: str, content: "Any") -> None:
        super().__init__(name, content)
        batch = self.batch
        self.refuse_unknown(("batch",), batch, KEYS)
        self.settings = settings.read(self)
        read = {key: _command(self, key) for key in COMMANDS if key in batch or key == "command"}
        self.commands: "Dict[str, Command]" = {key: command for key, command in read.items() if command}
        self.env = _env(self)
        self.working_directory = self.file_name("working_directory")
        statuses = "a list of whole numbers from 0 to 255"
        self.success_exit_statuses: "Tuple[int, ...]" = self.value("success_exit_statuses", (0,), _statuses, statuses)
        whole = f"a whole number from %d to {MOST}"
        self.runs: int = self.value("runs", 1, partial(_whole, 1, MOST), whole % 1)
        self.warmup_runs: int = self.value("warmup_runs", 0, partial(_whole, 0, MOST), whole % 0)
        self.metric_entries = self.mapping(("batch", "metrics"), "names of metrics", {}) or {}
        self.metrics = _metrics(self)
        self.formulas = _formulas(self)
        self.objective = _objective(self)
        self.history = self.file_name("history") or ""  # none is named
        seconds = "seconds, or a text like 90s, 10m or 1h30m"
        longer = "more than 0 " + seconds
        self.expected_seconds: "Optional[float]" = self.value("expected_duration", None, _positive, longer)
        self.timeout_seconds: "Optional[float]" = self.value("timeout", None, _positive, longer)
        self.grace_seconds: float = self.value("grace_period", 5.0, duration, "0 or more " + seconds)
        self.default_control = self.mapping(("batch", "default_control"), "control values", {}) or {}

    def formula(self, text: "Any", *mappings: str) -> "Formula":
        """Return the formula over settings and metrics that gives a number; raise ``ValueError`` that says why not.

        It may be about what is in ``mappings`` as well, of which nobody knows anything yet.
        """
        from servo_batch import formulas

        known: "Dict[str, Any]" = dict.fromkeys(self.settings.described)
        known.update(settings.values(self.settings.current()))
        known.update(dict.fromkeys((sources.TOTAL_RUNTIME, *self.metric_entries)))
        known.update(dict.fromkeys(mappings, formulas.ANYTHING))
        return formulas.read(text, known, formulas.NUMBER)

    def allowed(self, path: "Tuple[str, ...]") -> "Tuple[str, List[Any]]":
        """Return what the configuration allows for the value that a placeholder names by the keys ``path``.

        That is ``("listed", values)``, all of an enum or the ends of a range, ``("formula", [])`` for what is computed,
        and ``("free", [])`` for anything; a component called ``state`` or ``control`` has its long spelling only. Where
        there is no such setting, but one with a name that is near, it is ``("free", [NAME])``.
        """
        keys = _keys_of(path)
        if len(keys) != 2 or (keys == path and path[0] in ("state", *template.CONTROL)):
            return "free", []
        name, described = ".".join(keys), self.settings.described
        if name not in described:
            from difflib import get_close_matches

            return "free", get_close_matches(name, described, 1)
        setting = described[name]
        kind = settings.type_of(setting)
        if kind == "enum":
            return "listed", setting["values"]
        if kind == "range":
            ends = (setting[end] for end in ("min", "max") if is_number(setting.get(end)))
            return "listed", [settings.as_configured(setting, end) for end in ends]
        return kind or "free", []

    def unused_settings(self) -> "List[str]":
        """Return the settings that no command, env, constraint or objective uses, nor any formula that these use."""
        templates = [each for command in self.commands.values() for each in command.templates]
        pending = [part.path for each in (*templates, *self.env.values()) for part in each.placeholders]
        pending += [field for each in self.settings.constraints for field in each.fields]
        pending += self.objective.formula.fields if self.objective.formula else ()
        used: "Dict[str, None]" = {}
        while pending:
            name = ".".join(_keys_of(pending.pop()))
            formula = self.settings.formulas.get(name) or self.formulas.get(name)
            pending += formula.fields if formula and name not in used else ()
            used[name] = None
        return [name for name in self.settings.described if name not in used]

    def aim(self, direction: str, text: "Any") -> "Objective":
        """Return the objective to minimize or maximize a formula; raise ``ValueError`` that says why that cannot be."""
        text = text.strip() if isinstance(text, str) else text
        return Objective(direction, text, None if text == SHORTEST.text else self.formula(text))


class Objective(namedtuple("Objective", ("direction", "text", "formula"))):
    """What tells how good settings are: a formula to "minimize" or "maximize", None where that is the time alone."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self.direction} {self.text}"


SHORTEST = Objective("minimize", "{%s}" % sources.TOTAL_RUNTIME, None)


def of_options(options: "Options") -> Config:
    """Return the configuration that a command line stands for by --command, else the one that ``document.find`` finds.

    It has what --history, --runs, --warmup-runs, --minimize and --maximize say. Raises ``ServoError`` (bad-config, or
    bad-request for what the command line says) that lists every problem, one a line, each with its place.
    """
    if options.get("--command"):
        config = of_command(options.get("--command"), options.assignments, options.get("--metric") or [])
    else:
        config = Config(*document.find(options.get("--config")))
        config.refuse_problems()
    unnamed = DEFAULT_HISTORY if options.verb in ("tune", "history") else ""
    config.history = options.get("--history") or config.history or unnamed
    config.runs = 1 if options.verb == "compare" else options.given.get("--runs", config.runs)  # compare's: how often
    config.warmup_runs = options.given.get("--warmup-runs", config.warmup_runs)
    return aimed(config, options)


def aimed(config: Config, options: "Options") -> Config:
    """Return the configuration with the objective that --minimize or --maximize gives; raise ``ServoError``."""
    for direction in DIRECTIONS:
        text = options.get("--" + direction)
        if text:
            try:
                config.objective = config.aim(direction, text)
            except ValueError as error:
                raise bad_request(f"--{direction}: {error}") from None
    return config


class _OfCommand(Config):
    """The configuration that a command line stands for; messages name the word there instead of a key path."""

    def place(self, path: "Path") -> str:
        """Return the word of the command line that the keys ``path`` come from."""
        if path[1:2] == ("metrics",):
            return f"--metric {named(str(path[2]))}"
        if path[2:3] == ("components",):  # batch.application.components.COMPONENT.settings.SETTING.KEY
            return ": ".join([".".join(map(str, path[3:6:2])), *map(str, path[6:7])])
        return self.name

    def allowed(self, path: "Tuple[str, ...]") -> "Tuple[str, List[Any]]":
        """Return what may come for the keys ``path``, after noting that nothing on the command line does."""
        name = ".".join(_keys_of(path))
        if path[0] in ("state", *template.CONTROL) or name in self.settings.described:
            return super().allowed(path)
        remedy = f"add {name}=VALUE" if re.match(r"[\w-]+\.[\w.-]+\Z", name) else "literal braces are {{ and }}"
        hint = did_you_mean(name, self.settings.described)
        self.add(("batch", "command"), f"nothing gives {{{name}}} a value: {remedy}{hint}")
        return "listed", []


def of_command(command: str, assignments: "Dict[str, str]", patterns: "List[Tuple[str, str]]") -> Config:
    """Return the configuration that ``--command``, C.S=VALUES and ``--metric NAME=REGEX`` stand for.

    It has ``cpu_time`` and ``max_rss`` as well. Raises ``ServoError`` (bad-request) that lists every problem, and
    ``UsageError``.
    """
    for full, text in assignments.items():
        if text and not all(text.split(",")):
            raise UsageError(f"{full}={text} lacks a value: write VALUE,VALUE")
    application = settings.application_of({full: _values(text) for full, text in assignments.items()})
    metrics: "Dict[str, Any]" = {name: {"resource": name} for name in ("cpu_time", "max_rss")}
    metrics.update((name, {"output_regex": pattern}) for name, pattern in patterns)
    batch = {"command": command, "application": application, "metrics": metrics}
    config = _OfCommand("--command", {"batch": batch})
    if config.problems:
        raise bad_request("\n".join(config.problems))
    return config


def _values(text: str) -> "Setting":
    """Return the setting that has the values that a person typed: ``1,6,9``, ``1..9``, ``1..9/2``, ``0.5..2/0.5``."""
    from servo_batch import rules

    match = re.match(VALUES, text)
    if match:
        low, high, step = (float(each) if "." in each else int(each) for each in match.groups("1"))
        return {"type": "range", "min": low, "max": high, "step": step, "value": low}
    choices = text.split(",")
    for each in choices:
        if re.match(VALUES, each):
            raise bad_request(f"{text}: {each} is a range, which stands alone: list the values")
    values = list(map(rules.scalar, choices))
    if len(set(values)) < len(set(choices)):  # 1.0 and 1 are one number, and may be two versions
        values = choices
    return {"type": "enum", "values": values, "value": values[0]}


def _keys_of(field: "Tuple[str, ...]") -> "Tuple[str, ...]":
    """Return the keys of a field, those of a setting's value in the state as ``("web", "cpu")`` too."""
    is_of_state = field[:3] == ("state", "application", "components") and field[4:5] == ("settings",)
    return (field[3], field[5]) if is_of_state and field[6:] == ("value",) else field


# The keys under batch: what each says, None for what is wrong.


def _command(source: Config, key: str) -> "Optional[Command]":
    value: "Any" = source.batch.get(key)
    items: "List[Any]" = value if isinstance(value, list) and value else [value]
    if all(isinstance(item, str) for item in items) and items[0].strip():
        return template.parse(value, source.allowed, partial(source.add, ("batch", key)))
    must = "must be a command line, or a list of strings that begins with a program"
    source.add(("batch", key), f"{must}, but is {found(value)}")
    return None


def _env(source: Config) -> "Dict[str, Template]":
    read: "Dict[str, Template]" = {}
    for name, value in (source.mapping(("batch", "env"), "variables", {}) or {}).items():
        note = partial(source.add, ("batch", "env", name))
        if isinstance(value, str):
            read[name] = template.parse_variable(name, value, source.allowed, note)
        else:
            note(f"must be a string, but is {found(value)}: quote it")
    return read


def _statuses(value: "Any") -> "Optional[Tuple[int, ...]]":
    are_right = isinstance(value, list) and value and None not in map(partial(_whole, 0, 255), value)
    return tuple(value) if are_right else None


def _whole(least: int, most: int, value: "Any") -> "Optional[int]":
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and least <= value <= most else None


def duration(value: "Any") -> "Optional[float]":
    """Return the seconds that people mean by ``90``, ``90s``, ``1h30m`` or ``250ms``, None for what means none."""
    match = re.match(DURATION, value) if isinstance(value, str) and len(value) <= 40 else None
    if match and match.group():
        value = sum(float(each) * unit for each, unit in zip(match.groups(), UNITS.values()) if each)
    return float(min(value, MAX_SECONDS)) if is_number(value) and value >= 0 else None


def _positive(value: "Any") -> "Optional[float]":
    return duration(value) or None


def _metrics(config: Config) -> "Dict[str, Metric]":
    """Return every metric: the time, which is always measured, then those that the configuration describes."""
    read = {name: _metric(config, name) for name in config.metric_entries}
    time = sources.of_system(sources.TOTAL_RUNTIME)
    return {sources.TOTAL_RUNTIME: time, **{name: each for name, each in read.items() if each}}


def _formulas(config: Config) -> "Dict[str, Formula]":
    """Return the formulas of metrics by their names, after noting those that need each other in a circle."""
    found = {name: each.parsed for name, each in config.metrics.items() if each.source == "formula"}
    if found:
        from servo_batch import formulas

        unknown = dict.fromkeys(name for each in found.values() for name in each.names)
        for name, problem in formulas.computed(found, unknown)[1].items():
            config.add(("batch", "metrics", name, "formula"), problem)
    return found


def _metric(config: Config, name: str) -> "Optional[Metric]":
    path: "Path" = ("batch", "metrics", name)
    entry = config.mapping(path, "a source, such as output_regex, and unit")
    if entry is None:
        return None
    config.refuse_unknown(path, entry, sources.KEYS)
    if name == sources.TOTAL_RUNTIME:
        config.add(path, "the name is taken, it is always measured: choose another")

    def note(key: str, problem: str) -> None:
        config.add((*path, key), problem)

    metric = sources.read(entry, note, lambda text: config.formula(text, *template.CONTROL))
    if metric and isinstance(metric.file, str):  # of another type it is noted
        return metric._replace(file=os.path.join(config.working_directory or "", metric.file))
    return metric


def _objective(config: Config) -> Objective:
    path: "Path" = ("batch", "objective")
    default = {SHORTEST.direction: SHORTEST.text}
    entry = config.mapping(path, "minimize: FORMULA or maximize: FORMULA", default)
    if entry is None:
        return SHORTEST
    config.refuse_unknown(path, entry, DIRECTIONS)
    given = [key for key in DIRECTIONS if key in entry]
    try:
        if len(given) == 1:
            return config.aim(given[0], entry[given[0]])
        config.add(path, f"must have one of minimize and maximize, with a formula like '{SHORTEST.text}'")
    except ValueError as error:
        config.add((*path, given[0]), str(error))
    return SHORTEST
