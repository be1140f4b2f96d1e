"""The settings as a configuration describes them → what it allows, or every problem with it."""

from servo_batch.config.settings import SCALAR, full_name, is_enum, is_formula, is_range, refusal, walk
from servo_batch.wording import did_you_mean, found, is_number, is_scalar, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

    from servo_batch.config.derived import Rules
    from servo_batch.config.document import Document, Path
    from servo_batch.config.settings import Application, Setting

TYPES = ("range", "enum", "formula")
KEYS = frozenset(("type", "min", "max", "step", "values", "value", "default", "unit", "formula"))
NOT_A_SETTING = "must be a mapping, as a setting is, but is %s; it looks like a key of %s above: indent it deeper"
# How far max - min may be from a whole number of steps, in steps: binary floats hold no 0.1.
STEP_TOLERANCE = 1 / 1024


class Settings:
    """What ``adjust`` and ``--query`` need of a configuration."""

    def __init__(self, application: "Application", rules: "Optional[Rules]", state: "Optional[str]") -> None:
        self.application = application  # the default state; each `default` is a `value`
        self.rules = rules  # what formulas and constraints say, None where there are none
        self.state = state  # the file that `batch.state` names


def read(document: "Document") -> Settings:
    """Return the settings of a configuration; what is wrong with them is noted in ``document``."""
    application = _application(document)
    rules = None
    if "constraints" in document.batch or any(is_formula(setting) for _, _, setting in walk(application)):
        from servo_batch.config import derived

        rules = derived.read(document, application)
    return Settings(application, rules, document.file_name("state"))


def _application(document: "Document") -> "Application":
    path, value = _default_state(document)
    application = dict(document.mapping(path, value, "the key components"))
    if isinstance(value, dict) and "components" not in value:
        document.add(path + ("components",), "is missing: the settings are under it, COMPONENT: settings: …")
    described = document.mapping(path + ("components",), application.get("components", {}), "components")
    application["components"] = {
        name: _component(document, path + ("components", name), component) for name, component in described.items()
    }
    _refuse_one_name_for_two(document, path, application)
    return application


def _refuse_one_name_for_two(document: "Document", path: "Path", application: "Application") -> None:
    """Note where a setting is called as another one is: b.c of the component a, and c of a.b."""
    components: "Dict[str, str]" = {}
    for component, name, _ in walk(application):
        shared = full_name(component, name)
        other = components.setdefault(shared, component)
        if other != component:
            problem = f"is called {shared}, as one of the component {named(other)} is: rename one of them"
            document.add(path + ("components", component, "settings", name), problem)


def _default_state(document: "Document") -> "Tuple[Path, Any]":
    """Return where the application stands, and what stands there; an empty one where it is missing, which is noted."""
    batch = document.batch
    path: "Path" = ("batch", "default_state", "application")
    if "application" in batch:
        if "default_state" in batch:
            document.add(("batch", "application"), "is given twice, here and under batch.default_state: remove one")
        return ("batch", "application"), batch["application"]
    if "default_state" not in batch:
        document.add(path[:2], "is missing: give the settings before any adjust, application: components: …")
        return path, {"components": {}}
    default_state = document.mapping(path[:2], batch["default_state"], "the key application")
    for key in default_state:
        if key != "application":
            document.add(path[:2] + (key,), "there is no such key; the one known is application")
    if "application" not in default_state and isinstance(batch["default_state"], dict):
        document.add(path, "is missing: the settings are under it, components: …")
    return path, default_state.get("application", {"components": {}})


def _component(document: "Document", path: "Path", value: "Any") -> "Dict[str, Any]":
    component = dict(document.mapping(path, value, "the key settings"))
    if isinstance(value, dict) and "settings" not in value:
        document.add(path + ("settings",), "is missing: the component's settings are under it")
    described = document.mapping(path + ("settings",), component.get("settings", {}), "settings")
    component["settings"] = {}
    above = ""
    for name, setting in described.items():
        setting_path = path + ("settings", name)
        if name in KEYS and above and not isinstance(setting, dict):
            document.add(setting_path, NOT_A_SETTING % (found(setting), above))
        else:
            component["settings"][name] = _setting(document, setting_path, setting)
            above = name
    for name, setting in component.items():
        if name != "settings" and isinstance(setting, dict) and KEYS & set(setting):
            document.add(
                path + (name,), "looks like a setting, but stands beside settings: indent it to stand under them"
            )
    return component


def _setting(document: "Document", path: "Path", value: "Any") -> "Setting":
    """Return the setting with its ``default`` as ``value``, after noting every problem it has."""
    setting = dict(document.mapping(path, value, "type, min, max, values, value, …"))
    value_key = "value"
    if "default" in setting:
        value_key = "default"
        if "value" in setting:
            document.add(path + ("default",), "is given twice, here and as value: remove one")
        setting["value"] = setting.pop("default")
    if "type" in setting and setting["type"] not in TYPES:
        hint = did_you_mean(setting["type"], TYPES) if isinstance(setting["type"], str) else ""
        document.add(path + ("type",), f"must be range or enum, or formula, but is {found(setting['type'])}{hint}")
        del setting["type"]
        return setting
    if is_formula(setting):
        _refuse_value_of_formula(document, path, setting, value_key)
        return setting
    if is_range(setting):
        is_sound = _check_range(document, path, setting)
    else:
        is_sound = not is_enum(setting) or _check_enum(document, path, setting)
    if is_sound and setting.get("value") is not None:
        problem = refusal(setting, setting["value"])
        if problem:
            document.add(path + (value_key,), problem)
    return setting


def _refuse_value_of_formula(document: "Document", path: "Path", setting: "Setting", value_key: str) -> None:
    for key in ("min", "max", "step", "values", "value"):
        if key in setting:
            name = value_key if key == "value" else key
            document.add(path + (name,), "is given beside a formula, which computes the value: remove one of them")
            del setting[key]


def _check_range(document: "Document", path: "Path", setting: "Setting") -> bool:
    is_sound = True
    for key in ("min", "max"):
        if key not in setting:
            document.add(path + (key,), "is missing: a range needs min and max")
            is_sound = False
        elif not is_number(setting[key]):
            document.add(path + (key,), f"must be a number, but is {found(setting[key])}")
            is_sound = False
    if not is_sound:
        return False
    low, high = setting["min"], setting["max"]
    if low > high:
        document.add(path + ("min",), f"{shown(low)} is more than max, {shown(high)}: correct one of them")
        return False
    if "step" in setting and low != high:
        problem = _step_problem(low, high, setting["step"])
        if problem:
            document.add(path + ("step",), problem)
    return True


def _step_problem(low: float, high: float, step: "Any") -> "Optional[str]":
    if not is_number(step) or step <= 0:
        return f"must be a number more than 0, but is {found(step)}"
    try:
        steps = (high - low) / step
        is_whole = abs(steps - round(steps)) <= STEP_TOLERANCE and round(steps) > 0
    except OverflowError:
        return f"{shown(step)} is too far from the size of max - min: choose another step"
    if not is_whole:
        size = shown(high - low)
        return f"{shown(step)} does not divide max - min, {size}: max would be out of reach; choose another step"
    return None


def _check_enum(document: "Document", path: "Path", setting: "Setting") -> bool:
    choices = setting.get("values")
    if "values" not in setting:
        document.add(path + ("values",), "is missing: an enum needs the list of its values")
    elif not isinstance(choices, list) or not choices:
        document.add(path + ("values",), f"must be a list, and not empty, but is {found(choices)}")
    else:
        for index, choice in enumerate(choices):
            if not is_scalar(choice):
                document.add(path + ("values", index), f"must be {SCALAR}, but is {found(choice)}")
                return False
        return True
    setting["values"] = []  # nothing is allowed; and who asks what is finds a list
    return False
