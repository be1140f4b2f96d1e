"""The settings: one way to walk over them, and what a configuration says of them.

An *application* is ``{"components": {COMPONENT: {"settings": {SETTING: DESCRIPTION}}}}``, wherever it comes from: the
configuration's default state, a request, or the stored state. A description has ``value`` and, in the configuration,
what is allowed: ``type``, ``min``, ``max``, ``step``, ``scale``, ``values``, ``formula``.
"""

from servo_batch.wording import did_you_mean, found, is_number, is_scalar, kind, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from servo_batch.document import Document, Path
    from servo_batch.formulas import Formula

    Application = Dict[str, Any]
    Setting = Dict[str, Any]

SCALAR = "a string, a number or a boolean"
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


def overlay(lower: "Dict[str, Any]", upper: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return ``lower`` with ``upper`` laid over it: mappings are merged key by key, of other values the upper wins."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        result[key] = overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


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


def declared(application: "Application", component: str, name: str) -> "Optional[Setting]":
    """Return the description of a setting, or None where ``application`` has no such setting."""
    setting: "Optional[Setting]" = application["components"].get(component, {}).get("settings", {}).get(name)
    return setting


def undeclared(application: "Application", stored: "Application") -> "List[str]":
    """Return the settings in ``stored`` that the configuration's ``application`` lacks, as messages name them."""
    return [named_setting(*keys) for *keys, _ in walk(stored) if declared(application, *keys) is None]


def misshapen(whole: "Any") -> "Optional[str]":
    """Return where something is not ``{"application": {"components": {C: {"settings": {S: {…}}}}}}``, or None."""
    for path, part in _parts(whole):
        if not isinstance(part, dict):
            return f"has no {path}" if part is None else f"has {kind(part)} where the object {path} belongs"
    return None


def _parts(whole: "Any") -> "Iterator[Tuple[str, Any]]":
    """Yield the path of each mapping that has to be there, and what is there; each before what is in it."""
    application: "Any" = whole.get("application") if isinstance(whole, dict) else whole
    yield "application", application
    yield "application.components", application.get("components")
    for name, component in application["components"].items():
        path = f"application.components.{named(name)}"
        yield path, component
        yield f"{path}.settings", component.get("settings")
        for setting, description in component["settings"].items():
            yield f"{path}.settings.{named(setting)}", description


def is_range(setting: "Setting") -> bool:
    """Tell whether a described setting is a range: by its type, or by ``min`` or ``max`` where it has none."""
    return setting.get("type") == "range" or ("type" not in setting and ("min" in setting or "max" in setting))


def is_enum(setting: "Setting") -> bool:
    """Tell whether a described setting is an enumeration."""
    return bool(setting.get("type") == "enum")


def is_formula(setting: "Setting") -> bool:
    """Tell whether a setting's value is computed from others."""
    return bool(setting.get("type") == "formula")


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


class Settings:
    """What a configuration says of settings: the default state, what is computed, and what has to hold."""

    def __init__(self, application: "Application", path: "Path") -> None:
        self.application = application  # the default state; each `default` is a `value`
        self.path = path  # where its components stand in the configuration
        self.formulas: "Dict[Tuple[str, str], Formula]" = {}  # by component and setting, each after those it needs
        self.constraints: "List[Formula]" = []

    def current(self, stored: "Optional[Application]" = None) -> "Application":
        """Return the application as a command sees it: the default overlaid with ``stored``, formulas computed."""
        application = overlay(self.application, stored or {})
        for component, name, setting in walk(stored) if stored else ():
            value = whole(declared(self.application, component, name) or {}, setting.get("value"))
            if value is not setting.get("value"):
                application = overlay(application, nested(component, name, {"value": value}))
        return self.computed(application)

    def computed(self, application: "Application") -> "Application":
        """Return the application with the value of each formula, None of one that cannot be computed."""
        for (component, name), formula in self.formulas.items():
            value = _result(formula, values(application))
            application = overlay(application, nested(component, name, {"value": value}))
        return application

    def known_of(self, application: "Application") -> "Application":
        """Return of an application, overlaid on the default, the settings that the configuration has."""
        components = {
            component: {**each, "settings": {name: each["settings"][name] for name in described["settings"]}}
            for component, described in self.application["components"].items()
            for each in [application["components"][component]]
        }
        return {**application, "components": components}


def _result(formula: "Formula", known: "Dict[str, Any]") -> "Any":
    from servo_batch import formulas

    try:
        return formulas.evaluate(formula, lambda keys: known[".".join(keys)])
    except formulas.FormulaError:
        return None


# The settings as a configuration describes them: what is wrong with them is noted in the document.


def read(document: "Document") -> Settings:
    """Return the settings of a configuration; what their formulas and the constraints say ``rules.read`` adds."""
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


def _default_state(document: "Document") -> "Tuple[Path, Any]":
    """Return where the application stands, and what stands there; an empty one where it is missing, which is noted."""
    batch, path = document.batch, ("batch", "default_state", "application")
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


def _component(document: "Document", path: "Path", value: "Any") -> "Dict[str, Any]":
    component = dict(document.mapping(path, value, "the key settings"))
    inner = path + ("settings",)
    if isinstance(value, dict) and "settings" not in value:
        document.add(inner, "is missing: the component's settings are under it")
    described = document.mapping(inner, component.get("settings", {}), "settings")
    component["settings"] = {}
    above = ""
    for name, setting in described.items():
        if name in KEYS and above and not isinstance(setting, dict):
            problem = (
                f"must be a mapping, as a setting is, but is {found(setting)}; it looks like a key of {above} above"
            )
            document.add(inner + (name,), problem + ": indent it deeper")
        else:
            component["settings"][name] = _setting(document, inner + (name,), setting)
            above = name
    for name, each in component.items():
        if name != "settings" and isinstance(each, dict) and KEYS & set(each):
            problem = "looks like a setting, but stands beside settings: indent it to stand under them"
            document.add(path + (name,), problem)
    return component


def _setting(document: "Document", path: "Path", value: "Any") -> "Setting":
    """Return the setting with its ``default`` as ``value``, after noting every problem it has."""
    setting = dict(document.mapping(path, value, "type, min, max, values, value, …"))
    problems = list(_problems(setting))
    value_key = "default" if "default" in setting else "value"
    default = setting.pop("default", None)
    if value_key == "default" and not is_formula(setting):
        setting["value"] = default
    if not problems and setting.get("value") is not None:
        problem = refusal(setting, setting["value"])
        problems += [((value_key,), problem)] if problem else []
        setting["value"] = whole(setting, setting["value"])
    for keys, problem in problems:
        document.add(path + keys, problem)
    return {"value": None, **setting} if is_formula(setting) else setting


def _problems(setting: "Setting") -> "Iterator[Tuple[Path, str]]":
    """Yield what is wrong with a described setting but for its value: the keys, and a sentence."""
    if "type" in setting and setting["type"] not in TYPES:
        hint = did_you_mean(setting["type"], TYPES) if isinstance(setting["type"], str) else ""
        yield ("type",), f"must be range or enum, or formula, but is {found(setting['type'])}{hint}"
    elif is_formula(setting):
        for key in ("min", "max", "step", "values", "value"):
            if key in setting:
                yield (key,), "is given beside a formula, which computes the value: remove one of them"
        return
    elif is_enum(setting):
        yield from _problems_of_enum(setting)
    elif is_range(setting):
        yield from _problems_of_range(setting)
    if "default" in setting and "value" in setting:
        yield ("default",), "is given twice, here and as value: remove one"


def _problems_of_enum(setting: "Setting") -> "Iterator[Tuple[Path, str]]":
    choices = setting.get("values")
    if "values" not in setting:
        yield ("values",), "is missing: an enum needs the list of its values"
    elif not isinstance(choices, list) or not choices:
        yield ("values",), f"must be a list, and not empty, but is {found(choices)}"
    for index, choice in enumerate(choices if isinstance(choices, list) else ()):
        if not is_scalar(choice):
            yield ("values", index), f"must be {SCALAR}, but is {found(choice)}"
    setting["values"] = choices if isinstance(choices, list) else []  # whoever asks what is allowed finds a list


def _problems_of_range(setting: "Setting") -> "Iterator[Tuple[Path, str]]":
    for key in ("min", "max"):
        if key not in setting:
            yield (key,), "is missing: a range needs min and max"
        elif not is_number(setting[key]):
            yield (key,), f"must be a number, but is {found(setting[key])}"
    if not is_number(setting.get("min")) or not is_number(setting.get("max")):
        return
    low, high, scale = setting["min"], setting["max"], setting.get("scale")
    step: "Any" = setting.get("step")
    if low > high:
        yield ("min",), f"{shown(low)} is more than max, {shown(high)}: correct one of them"
    elif "scale" in setting and scale not in SCALES:
        yield ("scale",), f"must be {' or '.join(SCALES)}, but is {found(scale)}"
    elif scale == "log" and low <= 0:
        yield ("min",), f"must be more than 0 where scale is log, but is {shown(low)}"
    elif scale == "log" and "step" in setting:
        yield ("step",), "is given beside scale: log, which has no steps: remove one of them"
    elif "step" in setting and low != high and (not is_number(step) or step <= 0):
        yield ("step",), f"must be a number more than 0, but is {found(step)}"
    elif "step" in setting and low != high:
        try:
            steps = (high - low) / step
            is_whole = abs(steps - round(steps)) <= STEP_TOLERANCE and round(steps) > 0
        except OverflowError:
            is_whole = False
        if not is_whole:
            problem = f"{shown(step)} does not divide max - min, {shown(low)} to {shown(high)}: max is out of reach"
            yield ("step",), problem + "; choose another step"
