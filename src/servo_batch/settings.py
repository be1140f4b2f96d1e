"""The settings: one way to walk over them, which values a configuration allows, and what follows from them.

An *application* is ``{"components": {COMPONENT: {"settings": {SETTING: DESCRIPTION}}}}``, wherever it comes from: the
configuration's default state, a request, or the stored state. A description has ``value`` and, in the configuration,
what is allowed: ``type``, ``min``, ``max``, ``step``, ``scale``, ``values``, ``formula``.
"""

from servo_batch.wording import did_you_mean, found, is_number, is_scalar, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

    from servo_batch.document import Document
    from servo_batch.formulas import Formula

    Application = Dict[str, Any]
    Setting = Dict[str, Any]

SCALAR = "a string, a number or a boolean"
RESERVED = ("state", "control", "_control")  # what these name in a placeholder is no component
TYPES, SCALES = ("range", "enum", "formula"), ("linear", "log")
KEYS = frozenset(("type", "min", "max", "step", "scale", "values", "value", "default", "unit", "formula"))
# How far max - min may be from a whole number of steps, in steps: binary floats hold no 0.1.
STEP_TOLERANCE = 1 / 1024


def walk(application: "Application") -> "Iterator[Tuple[str, str, Setting]]":
    """Yield each setting's component, name and description, in the order in which they stand."""
    for component, description in application["components"].items():
        for name, setting in description.get("settings", {}).items():
            yield component, name, setting


def full_name(component: str, name: str) -> str:
    """Return how a setting is named on the command line, in answers and in the history: ``web.cpu``."""
    return f"{component}.{name}"


def named_setting(component: str, name: str) -> str:
    """Return how a message names a setting, which may come from outside: ``web.cpu``, ``web."a b"``."""
    return f"{named(component)}.{named(name)}"


def values(application: "Application") -> "Dict[str, Any]":
    """Return the value of each setting that has one, ``{"web.cpu": 4, …}``."""
    return {
        full_name(component, name): setting["value"]
        for component, name, setting in walk(application)
        if setting.get("value") is not None
    }


def look_up(application: "Application") -> "Callable[[Tuple[str, ...]], Any]":
    """Return a function from the keys of a field, ``("web", "cpu")``, to the setting's value; it raises KeyError."""
    known = values(application)
    return lambda keys: known[".".join(keys)]


def overlay(lower: "Dict[str, Any]", upper: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return ``lower`` with ``upper`` laid over it: mappings are merged key by key, of other values the upper wins."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        result[key] = overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def keys_of(field: "Tuple[str, ...]") -> "Tuple[str, ...]":
    """Return the keys of a field, those of a setting's value in the state as ``("web", "cpu")`` too."""
    is_of_state = field[:3] == ("state", "application", "components") and field[4:5] == ("settings",)
    return (field[3], field[5]) if is_of_state and field[6:] == ("value",) else field


def nested(component: str, name: str, setting: "Setting") -> "Application":
    """Return the application that has this setting and nothing else."""
    return {"components": {component: {"settings": {name: setting}}}}


def valued(application: "Application", values: "Dict[str, Any]") -> "Application":
    """Return the application that has these values, ``{"web.cpu": 4, …}``, of its settings and nothing else."""
    components: "Dict[str, Any]" = {}
    for component, name, _ in walk(application):
        key = full_name(component, name)
        if key in values:
            components.setdefault(component, {"settings": {}})["settings"][name] = {"value": values[key]}
    return {"components": components}


def mapped(application: "Application", change: "Callable[[str, str, Setting], Setting]") -> "Application":
    """Return the application with what ``change`` makes of each setting, which gets its component, name and it."""
    components = {
        component: {**each, "settings": {name: change(component, name, it) for name, it in each["settings"].items()}}
        if "settings" in each
        else each
        for component, each in application["components"].items()
    }
    return {**application, "components": components}


def declared(application: "Application", component: str, name: str) -> "Optional[Setting]":
    """Return the description of a setting, or None where ``application`` has no such setting."""
    setting: "Optional[Setting]" = application["components"].get(component, {}).get("settings", {}).get(name)
    return setting


def undeclared(application: "Application", stored: "Application") -> "List[str]":
    """Return the settings in ``stored`` that the configuration's ``application`` lacks, as messages name them."""
    return [
        named_setting(component, name)
        for component, name, _ in walk(stored)
        if declared(application, component, name) is None
    ]


def declared_only(application: "Application", current: "Application") -> "Application":
    """Return of ``current`` the settings that the configuration's ``application`` has."""
    components = {
        component: {**each, "settings": {name: each["settings"][name] for name in described["settings"]}}
        for component, described in application["components"].items()
        for each in [current["components"][component]]
    }
    return {**current, "components": components}


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


def is_same(value: "Any", choice: "Any") -> bool:
    """Compare as JSON does: 1 and 1.0 are one number, and neither is true."""
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)


def whole(setting: "Setting", value: "Any") -> "Any":
    """Return a value as a setting has it: of a range whose least and step are whole, 4 for ``4.0``."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 and is_range(setting):
        steps: "List[Any]" = [setting.get("min"), setting.get("max" if setting.get("scale") == "log" else "step")]
        if all(is_number(each) and each == each // 1 for each in steps):
            return int(value)
    return value


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


class Settings:
    """What a configuration says of settings: the default state, what is computed, and what has to hold."""

    def __init__(self, application: "Application", path: "Tuple[str, ...]") -> None:
        self.application = application  # the default state; each `default` is a `value`
        self.path = path  # where its components stand in the configuration
        self.formulas: "Dict[Tuple[str, str], Formula]" = {}  # by component and setting, each after those it needs
        self.constraints: "List[Formula]" = []

    def allowed(self, path: "Tuple[str, ...]") -> "Tuple[str, List[Any]]":
        """Return what the configuration allows for the value that a placeholder names by the keys ``path``.

        That is ``("enum", its values)``, ``("range", its ends)``, ``("formula", [])`` for what is computed, and
        ``("free", [])`` for anything; a component that is called as one of RESERVED has its long spelling only.
        """
        keys = keys_of(path)
        if len(keys) != 2 or (keys == path and path[0] in RESERVED):
            return "free", []
        setting = declared(self.application, *keys) or {}
        if is_range(setting):
            return "range", [setting[end] for end in ("min", "max") if is_number(setting.get(end))]
        if is_enum(setting):
            return "enum", list(setting["values"])
        return "formula" if is_formula(setting) else "free", []

    def current(self, stored: "Optional[Application]" = None) -> "Application":
        """Return the application as a command sees it: the default overlaid with ``stored``, formulas computed."""
        return self.computed(overlay(self.application, self.whole(stored) if stored else {}))

    def computed(self, application: "Application") -> "Application":
        """Return the application with the value of each formula, None of one that cannot be computed."""
        if self.formulas:
            from servo_batch import formulas

            for (component, name), formula in self.formulas.items():
                try:
                    value = formulas.evaluate(formula, look_up(application))
                except formulas.FormulaError:
                    value = None
                application = overlay(application, nested(component, name, {"value": value}))
        return application

    def whole(self, application: "Application") -> "Application":
        """Return an application with 4 for ``4.0`` where the configuration has whole numbers."""

        def change(component: str, name: str, setting: "Setting") -> "Setting":
            described = declared(self.application, component, name)
            return (
                {**setting, "value": whole(described, setting["value"])}
                if described and "value" in setting
                else setting
            )

        return mapped(application, change)


# The settings as a configuration describes them: each reader notes every problem with them in the document.


def read(document: "Document") -> Settings:
    """Return the settings of a configuration; what is wrong with them is noted in ``document``.

    What their formulas and the constraints say ``rules.read`` adds.
    """
    path, value = _default_state(document)
    application = dict(document.mapping(path, value, "the key components"))
    path += ("components",)
    if isinstance(value, dict) and "components" not in value:
        document.add(path, "is missing: the settings are under it, COMPONENT: settings: …")
    described = document.mapping(path, application.get("components", {}), "components")
    application["components"] = {name: _component(document, path + (name,), each) for name, each in described.items()}
    components: "Dict[str, str]" = {}
    for component, name, _ in walk(application):
        other = components.setdefault(full_name(component, name), component)
        if other != component:  # b.c of the component a, and c of a.b
            problem = f"is called {full_name(component, name)}, as one of the component {named(other)} is"
            document.add(path + (component, "settings", name), problem + ": rename one of them")
    return Settings(application, path)


def has_rules(document: "Document", configured: Settings) -> bool:
    """Tell whether the configuration has anything that ``rules.read`` would add."""
    return "constraints" in document.batch or any(is_formula(each) for _, _, each in walk(configured.application))


def _default_state(document: "Document") -> "Tuple[Tuple[str, ...], Any]":
    """Return where the application stands, and what stands there; an empty one where it is missing, which is noted."""
    batch = document.batch
    path = ("batch", "default_state", "application")
    if "application" in batch:
        if "default_state" in batch:
            document.add(("batch", "application"), "is given twice, here and under batch.default_state: remove one")
        return ("batch", "application"), batch["application"]
    if "default_state" not in batch:
        document.add(path[:2], "is missing: give the settings before any adjust, application: components: …")
        return path, {"components": {}}
    default_state = document.mapping(path[:2], batch["default_state"], "the key application")
    document.refuse_unknown(path[:2], default_state, ("application",))
    if "application" not in default_state and isinstance(batch["default_state"], dict):
        document.add(path, "is missing: the settings are under it, components: …")
    return path, default_state.get("application", {"components": {}})


def _component(document: "Document", path: "Tuple[str, ...]", value: "Any") -> "Dict[str, Any]":
    component = dict(document.mapping(path, value, "the key settings"))
    inner = path + ("settings",)
    if isinstance(value, dict) and "settings" not in value:
        document.add(inner, "is missing: the component's settings are under it")
    described = document.mapping(inner, component.get("settings", {}), "settings")
    component["settings"] = {}
    for name, setting in described.items():
        if name in KEYS and component["settings"] and not isinstance(setting, dict):
            above = list(component["settings"])[-1]
            problem = (
                f"must be a mapping, as a setting is, but is {found(setting)}; it looks like a key of {above} above"
            )
            document.add(inner + (name,), problem + ": indent it deeper")
        else:
            component["settings"][name] = _setting(document, inner + (name,), setting)
    for name, each in component.items():
        if name != "settings" and isinstance(each, dict) and KEYS & set(each):
            document.add(
                path + (name,), "looks like a setting, but stands beside settings: indent it to stand under them"
            )
    return component


def _setting(document: "Document", path: "Tuple[str, ...]", value: "Any") -> "Setting":
    """Return the setting with its ``default`` as ``value``, after noting every problem it has."""
    setting = dict(document.mapping(path, value, "type, min, max, values, value, …"))
    value_key = "default" if "default" in setting else "value"
    if is_formula(setting):
        setting.pop("default", None)
        for key in ("min", "max", "step", "values", "value"):
            if key in setting:
                document.add(path + (key,), "is given beside a formula, which computes the value: remove one of them")
        return {"value": None, **setting}
    if value_key == "default":
        if "value" in setting:
            document.add(path + ("default",), "is given twice, here and as value: remove one")
        setting["value"] = setting.pop("default")
    if "type" in setting and setting["type"] not in TYPES:
        hint = did_you_mean(setting["type"], TYPES) if isinstance(setting["type"], str) else ""
        document.add(path + ("type",), f"must be range or enum, or formula, but is {found(setting['type'])}{hint}")
        del setting["type"]
        return setting
    check = _check_range if is_range(setting) else _check_enum if is_enum(setting) else None
    is_sound = check is None or check(document, path, setting)
    if is_sound and setting.get("value") is not None:
        problem = refusal(setting, setting["value"])
        if problem:
            document.add(path + (value_key,), problem)
        else:
            setting["value"] = whole(setting, setting["value"])
    return setting


def _check_range(document: "Document", path: "Tuple[str, ...]", setting: "Setting") -> bool:
    for key in ("min", "max"):
        if key not in setting:
            document.add(path + (key,), "is missing: a range needs min and max")
        elif not is_number(setting[key]):
            document.add(path + (key,), f"must be a number, but is {found(setting[key])}")
    if not is_number(setting.get("min")) or not is_number(setting.get("max")):
        return False
    low, high = setting["min"], setting["max"]
    if low > high:
        document.add(path + ("min",), f"{shown(low)} is more than max, {shown(high)}: correct one of them")
        return False
    scale = setting.get("scale", SCALES[0])
    if scale not in SCALES:
        document.add(path + ("scale",), f"must be {' or '.join(SCALES)}, but is {found(scale)}")
    elif scale == "log" and low <= 0:
        document.add(path + ("min",), f"must be more than 0 where scale is log, but is {shown(low)}")
    elif scale == "log" and "step" in setting:
        document.add(path + ("step",), "is given beside scale: log, which has no steps: remove one of them")
    elif "step" in setting and low != high:
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


def _check_enum(document: "Document", path: "Tuple[str, ...]", setting: "Setting") -> bool:
    choices = setting.get("values")
    if "values" not in setting:
        document.add(path + ("values",), "is missing: an enum needs the list of its values")
    elif not isinstance(choices, list) or not choices:
        document.add(path + ("values",), f"must be a list, and not empty, but is {found(choices)}")
    else:
        wrong = [(index, choice) for index, choice in enumerate(choices) if not is_scalar(choice)]
        for index, choice in wrong:
            document.add(path + ("values", index), f"must be {SCALAR}, but is {found(choice)}")
        if not wrong:
            return True
    setting["values"] = []  # nothing is allowed; and whoever asks what is finds a list
    return False
