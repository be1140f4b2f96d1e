"""The settings: one way to walk over them, and which values a configuration allows.

An *application* is ``{"components": {COMPONENT: {"settings": {SETTING: DESCRIPTION}}}}``, wherever it comes from: the
configuration's default state, a request, or the stored state. A description has ``value`` and, in the configuration,
what is allowed: ``type``, ``min``, ``max``, ``step``, ``values``, ``formula``.
"""

from servo_batch.wording import found, is_number, is_scalar, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    Application = Dict[str, Any]
    Setting = Dict[str, Any]

SCALAR = "a string, a number or a boolean"


def walk(application: "Application") -> "Iterator[Tuple[str, str, Setting]]":
    """Yield each setting's component, name and description, in the order in which they stand."""
    for component, description in application["components"].items():
        for name, setting in description.get("settings", {}).items():
            yield component, name, setting


def full_name(component: str, name: str) -> str:
    """Return how a setting is named on the command line, in answers and in the history: ``web.cpu``."""
    return f"{component}.{name}"


def values(application: "Application") -> "Dict[str, Any]":
    """Return the value of each setting that has one, ``{"web.cpu": 4, …}``."""
    return {
        full_name(component, name): setting["value"]
        for component, name, setting in walk(application)
        if setting.get("value") is not None
    }


def overlay(lower: "Dict[str, Any]", upper: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return ``lower`` with ``upper`` laid over it: mappings are merged key by key, of other values the upper wins."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        result[key] = overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def declared(application: "Application", component: str, name: str) -> "Optional[Setting]":
    """Return the description of a setting, or None where ``application`` has no such setting."""
    setting: "Optional[Setting]" = application["components"].get(component, {}).get("settings", {}).get(name)
    return setting


def named_setting(component: str, name: str) -> str:
    """Return how a message names a setting, which may come from outside: ``web.cpu``, ``web."a b"``."""
    return f"{named(component)}.{named(name)}"


def undeclared(application: "Application", stored: "Application") -> "List[str]":
    """Return the settings in ``stored`` that the configuration's ``application`` lacks, as messages name them."""
    return [
        named_setting(component, name)
        for component, name, _ in walk(stored)
        if declared(application, component, name) is None
    ]


def is_range(setting: "Setting") -> bool:
    """Tell whether a described setting is a range: by its type, or by ``min`` or ``max`` where it has none."""
    return setting.get("type") == "range" or ("type" not in setting and ("min" in setting or "max" in setting))


def is_enum(setting: "Setting") -> bool:
    """Tell whether a described setting is an enumeration."""
    return bool(setting.get("type") == "enum")


def is_formula(setting: "Setting") -> bool:
    """Tell whether a setting's value is computed from others."""
    return bool(setting.get("type") == "formula")


def is_numeric(setting: "Setting") -> bool:
    """Tell whether all that the configuration allows for a setting is numbers."""
    return is_range(setting) or (is_enum(setting) and all(map(is_number, setting["values"])))


def refusal(setting: "Setting", value: "Any") -> "Optional[str]":
    """Return why ``value`` is not allowed for a described setting, naming what is, or None where it is allowed.

    A setting without a type and bounds takes any string, number or boolean.
    """
    if is_range(setting):
        allowed = f"a number from {shown(setting['min'])} to {shown(setting['max'])}"
        is_allowed = is_number(value) and setting["min"] <= value <= setting["max"]
    elif is_enum(setting):
        allowed = f"one of {', '.join(map(shown, setting['values']))}"
        is_allowed = any(is_same(value, choice) for choice in setting["values"])
    else:
        allowed = SCALAR
        is_allowed = is_scalar(value)
    if is_allowed and isinstance(value, str) and "\0" in value:
        return "holds a NUL character, which no command can take: remove it"
    return None if is_allowed else f"must be {allowed}, but is {found(value)}"


def refusals(application: "Application", asked: "Application") -> "List[str]":
    """Return a problem for every value in ``asked`` that ``application``, the configuration's, does not allow."""
    problems = []
    for component, name, setting in walk(asked):
        described = declared(application, component, name) or {}
        problem = None if is_formula(described) or "value" not in setting else refusal(described, setting["value"])
        if problem:
            problems.append(f"{named_setting(component, name)} {problem}")
    return problems


def is_same(value: "Any", choice: "Any") -> bool:
    """Compare as JSON does: 1 and 1.0 are one number, and neither is true."""
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)
