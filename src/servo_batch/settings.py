"""The settings: one way to walk over them, and what a configuration says of them.

An *application* is ``{"components": {COMPONENT: {"settings": {SETTING: DESCRIPTION}}}}``, wherever it comes from: the
configuration's default state, a request, or the stored state. A description has ``value`` and, in the configuration,
what is allowed: ``type``, ``min``, ``max``, ``step``, ``scale``, ``values``, ``formula``.
"""

from servo_batch.wording import found, is_number, is_scalar, kind, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from servo_batch.document import Document, Path
    from servo_batch.formulas import Formula

    Application = Dict[str, Any]
    Setting = Dict[str, Any]
else:
    Application = Setting = dict  # what modules see that need not start as soon as this one

SCALAR = "a string, a number or a boolean"
KEYS = ("type", "min", "max", "step", "scale", "values", "value", "default", "unit", "formula")
TYPES, SCALES = ("range", "enum", "formula"), ("linear", "log")
# How far max - min may be from a whole number of steps, in steps: binary floats hold no 0.1.
STEP_TOLERANCE = 1 / 1024


def walk(application: "Application") -> "Iterator[Tuple[str, Setting]]":
    """Yield each setting's full name, ``web.cpu``, and its description, in their order."""
    for component, description in application["components"].items():
        for name, setting in description.get("settings", {}).items():
            yield f"{component}.{name}", setting


def rows(application: "Application") -> "List[Tuple[str, Any, Any]]":
    """Return of each setting what a table shows: its full name, its value and its unit, None for what it lacks."""
    return [(full, setting.get("value"), setting.get("unit")) for full, setting in walk(application)]


def application_of(described: "Dict[str, Setting]") -> "Application":
    """Return the application with these settings by full name; a component may have dots, a setting has none."""
    components: "Dict[str, Any]" = {}
    for full, setting in described.items():
        component, _, name = full.rpartition(".")
        components.setdefault(component, {"settings": {}})["settings"][name] = setting
    return {"components": components}


def named_setting(full: str) -> str:
    """Return how a message names a setting, which may come from outside: ``web.cpu``, ``"web.a b"``."""
    plain = full.replace(".", "_")
    return full if named(plain) == plain else shown(full)


def values(application: "Application") -> "Dict[str, Any]":
    """Return the value of each setting that has one, ``{"web.cpu": 4, …}``."""
    return {full: setting["value"] for full, setting in walk(application) if setting.get("value") is not None}


def overlay(lower: "Dict[str, Any]", upper: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return ``lower`` with ``upper`` laid over it: mappings are merged key by key, of other values the upper wins."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        result[key] = overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def misshapen(
    value: "Any", path: str = "", keys: "Tuple[str, ...]" = ("application", "components", "", "settings", "")
) -> "Optional[str]":
    """Return where something is not ``{"application": {"components": {C: {"settings": {S: {…}}}}}}``, or None.

    ``keys`` are those below ``path``, where ``value`` is; "" is any.
    """
    if not isinstance(value, dict):
        path = path or "application"
        return f"has no {path}" if value is None else f"has {kind(value)} where the object {path} belongs"
    for key in () if not keys else keys[:1] if keys[0] else value:
        problem = misshapen(value.get(key), f"{path}.{named(key)}" if path else key, keys[1:])
        if problem:
            return problem
    return None


def type_of(setting: "Setting") -> str:
    """Return "range", "enum" or "formula", as a described setting is, or "" where it is none of these.

    With ``min`` or ``max`` and without a type it is a range.
    """
    given = setting.get("type", "range" if "min" in setting or "max" in setting else "")
    return given if given in TYPES else ""


def is_same(value: "Any", choice: "Any") -> bool:
    """Compare as JSON does: 1 and 1.0 are one number, and neither is true."""
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)


def as_configured(setting: "Setting", value: "Any") -> "Any":
    """Return a value as a setting has it, 4 for ``4.0`` where its enum lists that or its range is of whole numbers."""
    if type_of(setting) == "enum":
        return next((choice for choice in setting["values"] if is_same(choice, value)), value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 and type_of(setting) == "range":
        other = "max" if setting.get("scale") == "log" else "step"
        steps: "List[Any]" = [setting.get("min"), setting.get(other)]
        if all(is_number(each) and each == each // 1 for each in steps):
            return int(value)
    return value


def refusal(setting: "Setting", value: "Any") -> "Optional[str]":
    """Return why ``value`` is not allowed for a described setting, naming what is, or None where it is allowed.

    A setting without a type and bounds takes any string, number or boolean.
    """
    if type_of(setting) == "range":
        allowed = f"a number from {shown(setting['min'])} to {shown(setting['max'])}"
        is_allowed = is_number(value) and setting["min"] <= value <= setting["max"]
    elif type_of(setting) == "enum":
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

    def __init__(self, application: "Application") -> None:
        self.application = application  # the default state; each `default` is a `value`
        self.described = dict(walk(application))
        self.formulas: "Dict[str, Formula]" = {}  # by the setting's full name
        self.constraints: "List[Formula]" = []

    def with_values(self, application: "Application", values: "Dict[str, Any]") -> "Application":
        """Return an application with these values, ``{"web.cpu": 4, …}``, of settings that the configuration has."""
        components = {}
        for component, described in self.application["components"].items():
            names = {name: f"{component}.{name}" for name in described["settings"]}
            given = {name: {"value": values[full]} for name, full in names.items() if full in values}
            components.update({component: {"settings": given}} if given else {})
        return overlay(application, {"components": components})

    def current(self, stored: "Optional[Application]" = None) -> "Application":
        """Return the application as a command sees it: the default overlaid with ``stored``, formulas computed.

        The value of a formula that cannot be computed is None.
        """
        application = overlay(self.application, stored or {})
        return self.with_values(application, self._computed(application)[0])

    def broken(self, stored: "Application") -> "Dict[Formula, str]":
        """Return a problem of each formula that cannot be computed and of each constraint that does not hold.

        One over a setting that has no value yet says nothing yet.
        """
        if not self.formulas and not self.constraints:
            return {}
        from servo_batch import formulas

        computed, failed = self._computed(overlay(self.application, stored))
        known = {**dict.fromkeys(self.described), **computed}
        problems = {self.formulas[name]: f"does not give {name} a value: {why}" for name, why in failed.items()}
        for formula in self.constraints:
            try:
                if formulas.evaluate(formula, known) is False:
                    problems[formula] = f"breaks the constraint {formula.text}: {formulas.shown(formula, known)}"
            except formulas.FormulaError as error:
                problems[formula] = f"cannot be held against a constraint: {error}"
        return problems

    def _computed(self, application: "Application") -> "Tuple[Dict[str, Any], Dict[str, str]]":
        """Return the values of those settings that have one, None of formulas without, and why these have none."""
        given = values(application)
        known = {name: as_configured(each, given[name]) for name, each in self.described.items() if name in given}
        if not self.formulas:
            return known, {}
        from servo_batch import formulas

        known.update(dict.fromkeys(self.formulas))
        found, failed = formulas.computed(self.formulas, {**dict.fromkeys(self.described), **known})
        return {**known, **found}, failed


# The settings as a configuration describes them: what is wrong with them is noted in the document.


def read(document: "Document") -> Settings:
    """Return the settings of a configuration, with what its formulas and constraints say."""
    path: "Path" = ("batch", "application")
    if "application" not in document.batch:
        path = ("batch", "default_state", "application")
        document.refuse_unknown(path[:2], document.mapping(path[:2], "the key application") or {}, ("application",))
    elif "default_state" in document.batch:
        document.add(path, "is given twice, here and under batch.default_state: remove one")
    application = document.mapping(path, "the key components") or {}
    path += ("components",)
    components: "Dict[str, Any]" = {}
    places: "Dict[str, Path]" = {}
    for component in document.mapping(path, "components") or {}:
        place = path + (component,)
        description = document.mapping(place, "the key settings") or {}
        place += ("settings",)
        names = document.mapping(place, "settings") or {}
        described = {name: _setting(document, place + (name,)) for name in names}
        components[component] = {**description, "settings": described}
        for name in described:
            full = f"{component}.{name}"
            if full in places:  # b.c of the component a, and c of a.b
                other = named(str(places[full][-3]))
                problem = f"is called {full}, as one of the component {other} is: rename one of them"
                document.add(place + (name,), problem)
            places[full] = place + (name,)
    configured = Settings({**application, "components": components})
    if "constraints" in document.batch or "formula" in map(type_of, configured.described.values()):
        _read_formulas(document, configured, places)
    return configured


def _setting(document: "Document", path: "Path") -> "Setting":
    """Return the setting with its ``default`` as ``value``, after noting every problem it has."""
    setting = dict(document.mapping(path, "type, min, max, values, value, …") or {})
    problems = list(_problems(setting))
    key = "default" if "default" in setting else "value"
    default = setting.pop("default", None)
    if type_of(setting) == "formula":
        setting["value"] = None
    elif key == "default":
        setting["value"] = default
    if not problems and setting.get("value") is not None:
        problem = refusal(setting, setting["value"])
        problems += [((key,), problem)] if problem else []
        setting["value"] = as_configured(setting, setting["value"])
    for keys, problem in problems:
        document.add(path + keys, problem)
    return setting


def _read_formulas(document: "Document", configured: Settings, places: "Dict[str, Path]") -> None:
    """Add to the settings what formulas and constraints say, after noting what is wrong with them."""
    from servo_batch import formulas

    described = configured.described
    names = {(*places[name], "formula"): name for name, each in described.items() if type_of(each) == "formula"}
    texts: "Dict[Path, Any]" = {path: described[name].get("formula") for path, name in names.items()}
    given = document.value(
        "constraints", [], lambda value: value if isinstance(value, list) else None, "a list of formulas"
    )
    texts.update((("batch", "constraints", index), text) for index, text in enumerate(given))
    read: "Dict[Formula, Path]" = {}
    for path, text in texts.items():
        due = None if path in names else formulas.BOOLEAN
        try:
            read[formulas.read(text, dict.fromkeys(described), due)] = path
        except formulas.FormulaError as error:
            document.add(path, str(error))
    configured.formulas = {names[path]: each for each, path in read.items() if path in names}
    configured.constraints = [each for each, path in read.items() if path not in names]
    for formula, problem in configured.broken({}).items():
        document.add(read[formula], f"the default state {problem}")


def _problems(setting: "Setting") -> "Iterator[Tuple[Path, str]]":
    """Yield what is wrong with a described setting but for its value: the keys, and a sentence."""
    if "type" in setting and setting["type"] not in TYPES:
        yield ("type",), f"must be {', '.join(TYPES)}, but is {found(setting['type'])}"
    elif type_of(setting) == "formula":
        for key in ("min", "max", "step", "values", "value"):
            if key in setting:
                yield (key,), "is given beside a formula, which computes the value: remove one of them"
        return
    elif type_of(setting) == "enum":
        yield from _problems_of_enum(setting)
    elif type_of(setting) == "range":
        yield from _problems_of_range(setting)
    if "default" in setting and "value" in setting:
        yield ("default",), "is given twice, here and as value: remove one"


def _problems_of_enum(setting: "Setting") -> "Iterator[Tuple[Path, str]]":
    choices = setting.get("values")
    if not isinstance(choices, list) or not choices:
        yield ("values",), f"must be the list of what an enum may be, but is {found(choices)}"
        choices = setting["values"] = []  # whoever asks what is allowed finds a list
    for index, choice in enumerate(choices):
        if not is_scalar(choice):
            yield ("values", index), f"must be {SCALAR}, but is {found(choice)}"


def _problems_of_range(setting: "Setting") -> "Iterator[Tuple[Path, str]]":
    wrong = [key for key in ("min", "max") if not is_number(setting.get(key))]
    for key in wrong:
        yield (key,), f"must be a number, as a range has min and max, but is {found(setting.get(key))}"
    if wrong:
        return
    low, high, scale = setting["min"], setting["max"], setting.get("scale", SCALES[0])
    step: "Any" = setting.get("step")
    if low > high:
        yield ("min",), f"{shown(low)} is more than max, {shown(high)}: correct one of them"
    elif scale not in SCALES:
        yield ("scale",), f"must be {' or '.join(SCALES)}, but is {found(scale)}"
    elif scale == "log" and low <= 0:
        yield ("min",), f"must be more than 0 where scale is log, but is {shown(low)}"
    elif scale == "log" and "step" in setting:
        yield ("step",), "is given beside scale: log, which has no steps: remove one of them"
    elif "step" not in setting or low == high:
        return
    elif not is_number(step) or step <= 0:
        yield ("step",), f"must be a number more than 0, but is {found(step)}"
    elif not _divides(step, low, high):
        problem = f"{shown(step)} does not divide max - min, {shown(low)} to {shown(high)}: max is out of reach"
        yield ("step",), f"{problem}; choose another step"


def _divides(step: "Any", low: "Any", high: "Any") -> bool:
    try:
        steps = (high - low) / step
        return bool(abs(steps - round(steps)) <= STEP_TOLERANCE and round(steps) > 0)
    except OverflowError:  # more steps than a float holds
        return False
