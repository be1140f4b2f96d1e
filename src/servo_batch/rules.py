"""What an adjust asks for, whether it is allowed, and what follows from values: formula settings and constraints."""

from servo_batch import settings
from servo_batch.answers import ServoError, bad_request
from servo_batch.settings import declared, full_name, named_setting, nested, overlay, walk
from servo_batch.wording import did_you_mean, found, is_number, is_scalar, kind, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from servo_batch.document import Document
    from servo_batch.formulas import Formula
    from servo_batch.settings import Application, Setting, Settings

    Assignment = Tuple[str, str, str]  # component, setting, value as typed
    Note = Callable[[str], None]


class Names:
    """What a formula may name: of each what kind of value it will be, and its default where it has one."""

    def __init__(self, configured: "Settings", metrics: "Optional[Dict[str, Any]]" = None) -> None:
        """Take the settings, and of each metric what will be its value (``Later``)."""
        from servo_batch.formulas import NUMBER, Later

        self._kinds: "Dict[str, Any]" = {}
        for component, name, setting in walk(configured.application):
            kinds = {kind(each) for each in setting["values"]} if settings.is_enum(setting) else set()
            kinds.update([NUMBER] if settings.is_range(setting) else [])
            self._kinds[full_name(component, name)] = Later(kinds.pop() if len(kinds) == 1 else None)
        self._values = {**self._kinds, **settings.values(configured.application)}
        for (component, name), formula in configured.formulas.items():
            self.check(lambda problem: None, formula, None, name=full_name(component, name))
        self._kinds.update(metrics or {})
        self._values.update(metrics or {})

    def formula(
        self, note: "Note", text: "Any", due: "Optional[str]" = None, anything_in: "Tuple[str, ...]" = ()
    ) -> "Optional[Formula]":
        """Return the formula of a text, or None after noting what is wrong with it, its names or its values.

        ``anything_in`` are mappings of which nobody knows what they hold, ``due`` is what has to come of the formula.
        """
        formula = self.parse(note, text, anything_in)
        return formula if formula and self.check(note, formula, due, anything_in) else None

    def parse(self, note: "Note", text: "Any", anything_in: "Tuple[str, ...]" = ()) -> "Optional[Formula]":
        """Return the formula of a text whose values are not looked at yet, or None after noting what is wrong."""
        from servo_batch import formulas

        if not isinstance(text, str):
            problem = f"must be a formula, a string, but is {found(text)}"
            note("is missing: a setting of type formula needs one" if text is None else problem)
            return None
        try:
            formula = formulas.parse(text)
        except formulas.FormulaError as error:
            note(str(error))
            return None
        problems = formulas.unknown(formula, self._kinds, anything_in)
        for problem in problems:
            note(problem)
        return None if problems else formula

    def check(
        self,
        note: "Note",
        formula: "Formula",
        due: "Optional[str]",
        anything_in: "Tuple[str, ...]" = (),
        name: "Optional[str]" = None,
    ) -> bool:
        """Tell whether a formula can be computed, of whatever values and of the defaults; note why not.

        It becomes what is known of ``name``, where that is given.
        """
        from servo_batch import formulas

        for known in (self._kinds, self._values):

            def look_up(keys: "Tuple[str, ...]", known: "Dict[str, Any]" = known) -> "Any":
                return formulas.Later() if keys[0] in anything_in else known[".".join(keys)]

            try:
                value = formulas.evaluate(formula, look_up, due)
            except formulas.FormulaError as error:
                note(str(error))
                return False
            if name:
                is_later = isinstance(value, formulas.Later)
                known[name] = formulas.Later(kind(value)) if known is self._kinds and not is_later else value
        return True


def read(document: "Document", configured: "Settings") -> None:
    """Add to the settings what formulas and constraints say; what is wrong with them is noted in ``document``."""
    from servo_batch import formulas

    names = Names(configured)
    parsed: "Dict[str, Formula]" = {}
    places: "Dict[str, Tuple[str, str]]" = {}

    def note(name: str) -> "Note":
        component, setting = places[name]
        return _noting(document, (*configured.path, component, "settings", setting, "formula"))

    for component, setting, described in walk(configured.application):
        if settings.is_formula(described):
            name = full_name(component, setting)
            places[name] = (component, setting)
            formula = names.parse(note(name), described.get("formula"))
            if formula:
                parsed[name] = formula
    ordered, circles = formulas.order(parsed)
    for circle in circles:
        document.add(("batch",), circle)
    for name in ordered:
        if names.check(note(name), parsed[name], None, name=name):
            configured.formulas[places[name]] = parsed[name]
    given = document.batch.get("constraints", [])
    if not isinstance(given, list):
        document.add(("batch", "constraints"), f"must be a list of formulas, but is {found(given)}")
        given = []
    for index, text in enumerate(given):
        constraint = names.formula(_noting(document, ("batch", "constraints", index)), text, formulas.BOOLEAN)
        if constraint:
            configured.constraints.append(constraint)
    if not document.problems:
        for problem in broken(configured, configured.application):
            document.add(configured.path, f"the default state {problem}")


def _noting(document: "Document", path: "Any") -> "Note":
    return lambda problem: document.add(path, problem)


def broken(configured: "Settings", application: "Application") -> "List[str]":
    """Return a problem for each formula that cannot be computed and each constraint that does not hold.

    One over a setting that has no value yet says nothing yet.
    """
    if not configured.formulas and not configured.constraints:
        return []
    from servo_batch import formulas

    problems = []
    known = settings.values(configured.computed(application))

    def value_of(keys: "Tuple[str, ...]") -> "Any":
        return known[".".join(keys)]

    for (component, name), formula in configured.formulas.items():
        try:
            if known.keys() >= set(formula.names):
                formulas.evaluate(formula, value_of)
        except formulas.FormulaError as error:
            problems.append(f"does not give {named_setting(component, name)} a value: {error}")
    for formula in configured.constraints:
        try:
            if known.keys() >= set(formula.names) and not formulas.evaluate(formula, value_of, formulas.BOOLEAN):
                problems.append(f"breaks the constraint {formula.text}: {formulas.shown(formula, value_of)}")
        except formulas.FormulaError as error:
            problems.append(f"cannot be held against a constraint: {error}")
    return problems


def refusals(configured: "Settings", asked: "Application") -> "List[str]":
    """Return a problem for every value in ``asked`` that the configuration does not allow."""
    problems = []
    for component, name, setting in walk(asked):
        described = declared(configured.application, component, name) or {}
        if "value" in setting and not settings.is_formula(described):
            problem = settings.refusal(described, setting["value"])
            problems += [f"{named_setting(component, name)} {problem}"] if problem else []
    return problems


def scalar(text: str) -> "Any":
    """Return the number or boolean that a text is as JSON, where it prints back as it was typed; else the text."""
    value = _json(text)
    return value if shown(value) == text else text


def _json(text: str) -> "Any":
    from servo_batch.formats import strict_json

    try:
        value = strict_json.loads(text.encode("utf-8"))
    except strict_json.JsonError:
        return text
    return value if is_scalar(value) and not isinstance(value, str) else text


def typed(setting: "Setting", text: str) -> "Any":
    """Return the value that ``text``, typed by a person, means for a described setting.

    Text where the setting's values or its default are text: the version ``1.10``, not a number. Else what JSON reads:
    for a setting that takes numbers however they are spelt, for any other only where it prints back as it was typed.
    """
    value = _json(text)
    default = setting.get("value")
    if settings.is_enum(setting):
        near = value if all(map(is_number, setting["values"])) else text
        return next(
            (each for each in setting["values"] if any(settings.is_same(each, it) for it in (text, value))), near
        )
    if isinstance(default, str):
        return text
    if settings.is_range(setting) or settings.is_formula(setting):
        return settings.whole(setting, value)
    return value if default is not None and kind(value) == kind(default) else scalar(text)


def assigned(configured: "Settings", assignments: "List[Assignment]", name: str) -> "Application":
    """Return the application that arguments ask for; raise ``ServoError`` (bad-request) for an undeclared setting.

    ``name`` is the configuration's, for the message.
    """
    application: "Application" = {"components": {}}
    problems = []
    for component, setting, text in assignments:
        described = declared(configured.application, component, setting)
        if described is None:
            wanted = full_name(component, setting)
            known = [full_name(*each[:2]) for each in walk(configured.application)]
            hint = did_you_mean(wanted, known) or "; adjust --query shows those it has"
            problems.append(f"{name} has no setting {shown(wanted)}{hint}")
        else:
            application = overlay(application, nested(component, setting, {"value": typed(described, text)}))
    if problems:
        raise bad_request("; ".join(problems))
    return application


def requested(request: "Dict[str, Any]") -> "Application":
    """Return the request's application after a look at its shape; raise ``ServoError`` (bad-request)."""
    problem = settings.misshapen(request)
    for component, name, setting in walk(request["application"]) if not problem else ():
        if "value" not in setting:
            path = f"application.components.{named(component)}.settings.{named(name)}"
            problem = f'has no value for the setting: {path} must be {{"value": …}}'
    if problem:
        takes = '{"application": {"components": {COMPONENT: {"settings": {SETTING: {"value": …}}}}}}'
        raise bad_request(
            f"the request {problem}; adjust takes {takes} on stdin, or arguments, COMPONENT.SETTING=VALUE"
        )
    application: "Application" = request["application"]
    return application


def accepted(configured: "Settings", asked: "Application", present: "Application", consequence: str) -> "Application":
    """Return what is to be stored where ``asked`` is allowed; raise ``ServoError`` (rejected).

    ``present`` is the state as it is, and ``consequence`` what the error begins with. A formula's value is computed and
    never stored: a service sends back what it was told, so the present one and the one that would result are taken, any
    other is rejected.
    """
    import copy

    problems = refusals(configured, asked)
    bare = copy.deepcopy(asked)
    given = []
    for component, name, setting in walk(bare):
        if (component, name) in configured.formulas:
            given.append((component, name, setting.pop("value", None)))
        elif "value" in setting:
            described = declared(configured.application, component, name) or {}
            setting["value"] = settings.whole(described, setting["value"])
    future = configured.current(bare)
    for component, name, value in given:
        results = [(declared(state, component, name) or {}).get("value") for state in (present, future)]
        if value is not None and not any(_is_near(value, result) for result in results):
            problems.append(
                f"{named_setting(component, name)} is computed, {configured.formulas[component, name].text}, and "
                f"cannot be adjusted: leave it out, or send {shown(results[1])}, not {shown(value)}"
            )
    if problems:
        raise ServoError("rejected", "invalid-value", f"{consequence}: " + "; ".join(problems))
    against = broken(configured, future)
    if against:
        raise ServoError("rejected", "constraint", f"{consequence}: " + "; ".join(against))
    return bare


def _is_near(value: "Any", result: "Any") -> bool:
    """Tell whether two values are one, also after a float has been written and read by somebody else."""
    if is_number(value) and is_number(result):
        try:
            return bool(abs(value - result) <= 1e-9 * abs(result))
        except OverflowError:  # an integer that no float holds
            return False
    return result is not None and settings.is_same(value, result)
