"""A configuration file → a checked Config, or every problem in it.

Source: section 3 of the contract. Only the top-level key ``batch`` is read; other keys belong to other drivers.
"""

import os
from collections import namedtuple

from servo_batch.command import template
from servo_batch.metrics import metric as metrics
from servo_batch.metrics import patterns
from servo_batch.protocol import failed
from servo_batch.wording import did_you_mean, kind, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple, Union

    from servo_batch.command.template import Command
    from servo_batch.metrics.metric import Metric

    Path = Tuple[Union[str, int], ...]

SEARCHED = ("config.yaml", "config.json")
COMMAND_PATH = ("batch", "command")
BATCH_KEYS = (
    "command",
    "default_state",
    "application",
    "metrics",
    "expected_duration",
    "timeout",
    "grace_period",
    "default_control",
)
METRIC_KEYS = ("output_regex", "stream", "unit")
SETTING_TYPES = ("range", "enum")
SCALAR = "a string, a number or a boolean"
SETTING_KEYS = frozenset(("type", "min", "max", "step", "values", "value", "default", "unit"))
NOT_A_SETTING = "must be a mapping, as a setting is, but is %s; it looks like a key of %s above: indent it deeper"
# How far max - min may be from a whole number of steps, in steps: binary floats hold no 0.1.
STEP_TOLERANCE = 1 / 1024
# A century: longer is never, and no clock or poll has to hold it.
MAX_SECONDS = 100 * 365 * 86400


class Config(
    namedtuple(
        "Config",
        (
            "name",
            "command",
            "application",
            "metrics",
            "expected_duration",
            "timeout",
            "grace_period",
            "default_control",
            "place",
        ),
    )
):
    """A checked configuration. Durations are in seconds."""

    __slots__ = ()
    name: str  # the file, as messages name it
    command: "Command"
    application: "Dict[str, Any]"  # of the default state; each `default` is a `value`
    metrics: "Dict[str, Metric]"
    expected_duration: "Optional[float]"  # None where none is given
    timeout: "Optional[float]"
    grace_period: float
    default_control: "Dict[str, Any]"
    place: "Callable[[Path], str]"  # keys → file, line and key path, as messages name it


def load(path: "Optional[str]") -> Config:
    """Return the configuration at ``path``, or where section 1 looks for one; raise ``ServoError`` (bad-config).

    The error lists every problem, one a line, each with the file, the line (YAML) and the key path.
    """
    name = path or os.environ.get("OPTUNE_CONFIG") or _search()
    document = _read(name)
    check = _Check(name, document)
    batch = _batch(check, document)
    config = None if check.problems else _config(check, batch)
    if config is None or check.problems:
        raise failed("bad-config", "\n".join(check.problems))
    return config


def _search() -> str:
    for name in SEARCHED:
        if os.path.lexists(name):
            return name
    raise failed(
        "bad-config",
        "no configuration: neither ./%s nor ./%s is there, OPTUNE_CONFIG is not set and --config FILE not given; name "
        "the file by one of these" % SEARCHED,
    )


def _read(name: str) -> "Any":
    try:
        with open(name, "rb") as stream:
            data = stream.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise failed("bad-config", "%s: the configuration cannot be read: %s" % (name, reason)) from None
    if name.endswith(".json"):
        from servo_batch.formats import strict_json

        try:
            return strict_json.loads(data)
        except strict_json.JsonError as error:
            place = "%s:%d:%d" % (name, error.lineno, error.colno) if error.lineno else name
            raise failed("bad-config", "%s: not JSON: %s" % (place, error.msg)) from None
    from servo_batch.formats import yaml_subset

    try:
        return yaml_subset.loads(data, name)
    except yaml_subset.YamlError as error:
        raise failed("bad-config", str(error)) from None


class _Check:
    """The problems found so far, each with the place in the document that it is about."""

    def __init__(self, name: str, document: "Any") -> None:
        self.name = name
        self.document = document
        self.problems: "List[str]" = []

    def add(self, path: "Path", problem: str) -> None:
        self.problems.append("%s: %s" % (self.place(path), problem))

    def place(self, path: "Path") -> str:
        """Return the file, the line where it is known, and the key path: ``config.yaml:3: batch.command``."""
        line = self._line(path)
        return ": ".join(filter(None, ("%s:%d" % (self.name, line) if line else self.name, _key_path(path))))

    def _line(self, path: "Path") -> int:
        """Return the line of the last key of ``path`` that the document has, or 0 where it carries no lines."""
        line = 0
        container = self.document
        for key in path:
            marks = getattr(container, "marks", None)
            try:
                line = marks[key][0] if marks is not None else line
                container = container[key]
            except (KeyError, IndexError, TypeError):
                break
        return line

    def mapping(self, path: "Path", value: "Any", holds: str) -> "Dict[str, Any]":
        """Return ``value`` if it is a mapping, else an empty one after adding the problem."""
        if isinstance(value, dict):
            return value
        self.add(path, "must be a mapping of %s, but is %s" % (holds, _found(value)))
        return {}


def _key_path(path: "Path") -> str:
    text = ""
    for key in path:
        if isinstance(key, int):
            text += "[%d]" % key
        else:
            text += ("." if text else "") + named(key)
    return text


def _found(value: "Any") -> str:
    if value is None:
        return "empty"
    if isinstance(value, (dict, list)):
        return kind(value)
    return "%s, %s" % (kind(value), shown(value))


def _is_number(value: "Any") -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _batch(check: _Check, document: "Any") -> "Dict[str, Any]":
    """Return what is under the key ``batch``; what is wrong with it is in ``check.problems``."""
    top = check.mapping((), document, "drivers, with the key batch")
    if check.problems:
        return {}
    if "batch" not in top:
        check.add((), 'the key "batch" is missing; this driver is configured under it%s' % did_you_mean("batch", top))
        return {}
    return check.mapping(("batch",), top["batch"], "the keys command, default_state, …")


def _config(check: _Check, batch: "Dict[str, Any]") -> Config:
    for key in batch:
        if key not in BATCH_KEYS:
            check.add(
                ("batch", key),
                "there is no such key; known are %s%s" % (", ".join(BATCH_KEYS), did_you_mean(key, BATCH_KEYS)),
            )
    return Config(
        check.name,
        _command(check, batch),
        _application(check, batch),
        _metrics(check, batch),
        _seconds(check, batch, "expected_duration", None),
        _seconds(check, batch, "timeout", None),
        _seconds(check, batch, "grace_period", 5, zero_allowed=True) or 0,
        check.mapping(("batch", "default_control"), batch.get("default_control", {}), "control values"),
        check.place,
    )


def _command(check: _Check, batch: "Dict[str, Any]") -> "Optional[Command]":
    path: "Path" = COMMAND_PATH
    if "command" not in batch:
        check.add(path, "is missing: give the job's command line, or a list of program and arguments")
        return None
    value = batch["command"]
    try:
        if isinstance(value, str) and value.strip():
            return template.parse_script(value)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value) and value[0]:
            return template.parse_arguments(value)
    except template.TemplateError as error:
        for problem in error.problems:
            check.add(path, problem)
        return None
    if isinstance(value, list) and value:
        for index, item in enumerate(value):
            if not isinstance(item, str) or (item == "" and index == 0):
                check.add(path + (index,), "must be a string, but is %s: quote it" % _found(item))
    else:
        check.add(path, "must be a command line or a list of strings, and not empty, but is %s" % _found(value))
    return None


def _seconds(
    check: _Check, batch: "Dict[str, Any]", key: str, default: "Optional[float]", zero_allowed: bool = False
) -> "Optional[float]":
    if key not in batch:
        return default
    value: "Any" = batch[key]
    if not _is_number(value) or value < 0 or (value == 0 and not zero_allowed):
        allowed = "0 or more" if zero_allowed else "more than 0"
        check.add(("batch", key), "must be a number of seconds, %s, but is %s" % (allowed, _found(value)))
        return default
    return float(min(value, MAX_SECONDS))


def _metrics(check: _Check, batch: "Dict[str, Any]") -> "Dict[str, Metric]":
    described = check.mapping(("batch", "metrics"), batch.get("metrics", {}), "names of metrics")
    found = {}
    for name, value in described.items():
        metric = _metric(check, ("batch", "metrics", name), value)
        if metric is not None:
            found[name] = metric
    return found


def _metric(check: _Check, path: "Path", value: "Any") -> "Optional[Metric]":
    name = path[-1]
    if name == metrics.TOTAL_RUNTIME:
        check.add(path, "the name is taken: %s is always measured; use another" % name)
    if not isinstance(value, dict):
        check.mapping(path, value, "output_regex and unit")
        return None
    for key in value:
        if key not in METRIC_KEYS:
            check.add(
                path + (key,),
                "there is no such key; known are %s%s" % (", ".join(METRIC_KEYS), did_you_mean(key, METRIC_KEYS)),
            )
    unit = value.get("unit")
    if "unit" in value and not isinstance(unit, str):
        check.add(path + ("unit",), "must be a string, but is %s" % _found(unit))
    stream = value.get("stream", metrics.STREAMS[0])
    if stream not in metrics.STREAMS:
        check.add(path + ("stream",), "must be stdout or stderr, but is %s" % _found(stream))
    text = value.get("output_regex")
    if "output_regex" not in value:
        check.add(path + ("output_regex",), "is missing: give a regular expression with a group around the value")
    elif not isinstance(text, str):
        check.add(path + ("output_regex",), "must be a string, but is %s" % _found(text))
    else:
        try:
            return metrics.OutputMetric(text, patterns.compile_pattern(text), stream, unit)
        except patterns.PatternError as error:
            check.add(path + ("output_regex",), str(error))
    return None


def _application(check: _Check, batch: "Dict[str, Any]") -> "Dict[str, Any]":
    path: "Path" = ("batch", "default_state", "application")
    if "default_state" in batch and "application" in batch:
        check.add(("batch", "application"), "is given twice, here and under batch.default_state: remove one")
    if "application" in batch:
        path = ("batch", "application")
        value = batch["application"]
    elif "default_state" not in batch:
        check.add(path[:2], "is missing: give the settings before any adjust, application: components: …")
        return {}
    else:
        default_state = check.mapping(path[:2], batch["default_state"], "the key application")
        for key in default_state:
            if key != "application":
                check.add(path[:2] + (key,), "there is no such key; the one known is application")
        if "application" not in default_state:
            if isinstance(batch["default_state"], dict):
                check.add(path, "is missing: the settings are under it, components: …")
            return {}
        value = default_state["application"]
    application = dict(check.mapping(path, value, "the key components"))
    if isinstance(value, dict) and "components" not in value:
        check.add(path + ("components",), "is missing: the settings are under it, COMPONENT: settings: …")
    described = check.mapping(path + ("components",), application.get("components", {}), "components")
    application["components"] = {
        name: _component(check, path + ("components", name), component) for name, component in described.items()
    }
    return application


def _component(check: _Check, path: "Path", value: "Any") -> "Dict[str, Any]":
    component = dict(check.mapping(path, value, "the key settings"))
    if isinstance(value, dict) and "settings" not in value:
        check.add(path + ("settings",), "is missing: the component's settings are under it")
    settings = check.mapping(path + ("settings",), component.get("settings", {}), "settings")
    component["settings"] = {}
    above = ""
    for name, setting in settings.items():
        setting_path = path + ("settings", name)
        if name in SETTING_KEYS and above and not isinstance(setting, dict):
            check.add(setting_path, NOT_A_SETTING % (_found(setting), above))
        else:
            component["settings"][name] = _setting(check, setting_path, setting)
            above = name
    for name, setting in component.items():
        if name != "settings" and isinstance(setting, dict) and SETTING_KEYS & set(setting):
            check.add(path + (name,), "looks like a setting, but stands beside settings: indent it to stand under them")
    return component


def _setting(check: _Check, path: "Path", value: "Any") -> "Dict[str, Any]":
    """Return the setting with its ``default`` as ``value``, after adding every problem it has."""
    setting = dict(check.mapping(path, value, "type, min, max, values, value, …"))
    if "default" in setting:
        if "value" in setting:
            check.add(path + ("default",), "is given twice, here and as value: remove one")
        setting["value"] = setting.pop("default")
        value_path = path + ("default",)
    else:
        value_path = path + ("value",)
    sound = True
    if "type" in setting and setting["type"] not in SETTING_TYPES:
        hint = did_you_mean(setting["type"], SETTING_TYPES) if isinstance(setting["type"], str) else ""
        check.add(path + ("type",), "must be range or enum, but is %s%s" % (_found(setting["type"]), hint))
        return setting
    if is_range(setting):
        sound = _check_range(check, path, setting)
    elif is_enum(setting):
        sound = _check_enum(check, path, setting)
    if sound and setting.get("value") is not None:
        problem = refusal(setting, setting["value"])
        if problem:
            check.add(value_path, problem)
    return setting


def is_range(setting: "Dict[str, Any]") -> bool:
    """Tell whether a described setting is a range: by its type, or by ``min`` or ``max`` where it has none."""
    return setting.get("type") == "range" or ("type" not in setting and ("min" in setting or "max" in setting))


def is_enum(setting: "Dict[str, Any]") -> bool:
    """Tell whether a described setting is an enumeration."""
    return bool(setting.get("type") == "enum")


def _check_range(check: _Check, path: "Path", setting: "Dict[str, Any]") -> bool:
    sound = True
    for key in ("min", "max"):
        if key not in setting:
            check.add(path + (key,), "is missing: a range needs min and max")
            sound = False
        elif not _is_number(setting[key]):
            check.add(path + (key,), "must be a number, but is %s" % _found(setting[key]))
            sound = False
    if not sound:
        return False
    low, high = setting["min"], setting["max"]
    if low > high:
        check.add(path + ("min",), "%s is more than max, %s: correct one of them" % (shown(low), shown(high)))
        return False
    if "step" in setting and low != high:
        problem = _step_problem(low, high, setting["step"])
        if problem:
            check.add(path + ("step",), problem)
    return True


def _step_problem(low: float, high: float, step: "Any") -> "Optional[str]":
    if not _is_number(step) or step <= 0:
        return "must be a number more than 0, but is %s" % _found(step)
    try:
        steps = (high - low) / step
        whole = abs(steps - round(steps)) <= STEP_TOLERANCE and round(steps) > 0
    except OverflowError:
        return "%s is too far from the size of max - min: choose another step" % shown(step)
    if not whole:
        return "%s does not divide max - min, %s: max would be out of reach; choose another step" % (
            shown(step),
            shown(high - low),
        )
    return None


def _check_enum(check: _Check, path: "Path", setting: "Dict[str, Any]") -> bool:
    choices = setting.get("values")
    if "values" not in setting:
        check.add(path + ("values",), "is missing: an enum needs the list of its values")
    elif not isinstance(choices, list) or not choices:
        check.add(path + ("values",), "must be a list, and not empty, but is %s" % _found(choices))
    else:
        for index, choice in enumerate(choices):
            if choice is None or isinstance(choice, (dict, list)):
                check.add(
                    path + ("values", index), "must be a string, a number or a boolean, but is %s" % _found(choice)
                )
                return False
        return True
    return False


def refusal(setting: "Dict[str, Any]", value: "Any") -> "Optional[str]":
    """Return why ``value`` is not allowed for a described setting, naming what is, or None where it is allowed.

    A setting without a type and bounds takes any string, number or boolean.
    """
    if is_range(setting):
        allowed = "a number from %s to %s" % (shown(setting["min"]), shown(setting["max"]))
        ok = _is_number(value) and setting["min"] <= value <= setting["max"]
    elif is_enum(setting):
        allowed = "one of %s" % ", ".join(shown(choice) for choice in setting["values"])
        ok = any(_is_same(value, choice) for choice in setting["values"])
    else:
        allowed = SCALAR
        ok = value is not None and not isinstance(value, (dict, list))
    if ok and isinstance(value, str) and "\0" in value:
        return "holds a NUL character, which no command can take: remove it"
    return None if ok else "must be %s, but is %s" % (allowed, _found(value))


def _is_same(value: "Any", choice: "Any") -> bool:
    """Compare as JSON does: 1 and 1.0 are one number, and neither is true."""
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)
