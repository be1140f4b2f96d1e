"""What follows from the settings' values: formula settings, which are computed, and constraints, which must hold.

Imported only where a configuration has one of them.
"""

from collections import namedtuple

from servo_batch.config import formulas
from servo_batch.config.settings import (
    declared,
    full_name,
    is_enum,
    is_formula,
    is_numeric,
    is_same,
    named_setting,
    overlay,
    values,
    walk,
)
from servo_batch.wording import found, is_number, kind, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from servo_batch.config.document import Document, Path
    from servo_batch.config.formulas import Formula
    from servo_batch.config.settings import Application, Setting

    LookUp = Callable[[Tuple[str, ...]], Any]


class Rules(namedtuple("Rules", ("formulas", "constraints", "kinds"))):
    """The formulas of a configuration that are about settings alone."""

    __slots__ = ()
    formulas: "Dict[Tuple[str, str], Formula]"  # by component and setting, each after those it needs
    constraints: "List[Formula]"
    kinds: "Dict[str, Optional[str]]"  # what each setting's value is certain to be, by its full name


def read(document: "Document", application: "Application") -> Rules:
    """Return the rules of a configuration; what is wrong with them is noted in ``document``."""
    kinds = {full_name(component, name): _kind(setting) for component, name, setting in walk(application)}
    settings_path = ("batch", *_settings_path(document))
    parsed: "Dict[str, Formula]" = {}
    places: "Dict[str, Tuple[Tuple[str, str], Path]]" = {}
    for component, name, setting in walk(application):
        if is_formula(setting):
            path = (*settings_path, component, "settings", name, "formula")
            formula = parse(document, path, setting.get("formula"), kinds)
            if formula:
                parsed[full_name(component, name)] = formula
                places[full_name(component, name)] = ((component, name), path)
    ordered: "List[str]" = []
    try:
        ordered = formulas.order(parsed)
    except formulas.FormulaError as error:
        for problem in error.problems:
            document.add(("batch",), problem)
    for name in ordered:
        kinds[name], problems = formulas.check_types(parsed[name], lambda field: kinds.get(".".join(field)))
        for problem in problems:
            document.add(places[name][1], problem)
    rules = Rules({places[name][0]: parsed[name] for name in ordered}, _constraints(document, kinds), kinds)
    if not document.problems:
        for problem in broken(rules, application):
            document.add(settings_path, f"the default state {problem}")
    return rules


def _settings_path(document: "Document") -> "Tuple[str, ...]":
    where = ("application",) if "application" in document.batch else ("default_state", "application")
    return (*where, "components")


def _kind(setting: "Setting") -> "Optional[str]":
    """Return what a setting's value is certain to be, or None; of a formula it is found out later."""
    if is_numeric(setting):
        return formulas.NUMBER
    if is_enum(setting):
        kinds = {kind(value) for value in setting["values"]}
        return kinds.pop() if len(kinds) == 1 else None
    return None


def parse(
    document: "Document",
    path: "Path",
    text: "Any",
    names: "Dict[str, Optional[str]]",
    anything_in: "Tuple[str, ...]" = (),
    due: "Optional[str]" = None,
) -> "Optional[Formula]":
    """Return the formula at ``path``, or None after noting what is wrong with it, its names or its types.

    ``names`` has every name that it may use, with what its value is certain to be. ``anything_in`` are mappings of
    which nobody knows what they hold, and ``due`` is what has to come of it.
    """
    if not isinstance(text, str):
        problem = f"must be a formula, a string, but is {found(text)}"
        document.add(path, "is missing: a setting of type formula needs one" if text is None else problem)
        return None
    try:
        formula = formulas.parse(text)
    except formulas.FormulaError as error:
        for problem in error.problems:
            document.add(path, problem)
        return None
    problems = formulas.check_fields(formula, names, anything_in)
    if not problems and due:
        problems = formulas.check_types(formula, lambda field: names.get(".".join(field)), due)[1]
    for problem in problems:
        document.add(path, problem)
    return None if problems else formula


def _constraints(document: "Document", kinds: "Dict[str, Optional[str]]") -> "List[Formula]":
    given = document.batch.get("constraints", [])
    if not isinstance(given, list):
        document.add(("batch", "constraints"), f"must be a list of formulas, but is {found(given)}")
        return []
    parsed = [
        parse(document, ("batch", "constraints", index), text, kinds, due=formulas.BOOLEAN)
        for index, text in enumerate(given)
    ]
    return [formula for formula in parsed if formula]


def look_up(application: "Application") -> "LookUp":
    """Return a function from the keys of a field, ``("web", "cpu")``, to the setting's value; it raises KeyError."""
    known = values(application)
    return lambda field: known[".".join(field)]


def computed(rules: Rules, application: "Application") -> "Application":
    """Return the application with each formula's value; one that cannot be computed has none."""
    for (component, name), formula in rules.formulas.items():
        try:
            value = formulas.evaluate(formula, look_up(application))
        except formulas.FormulaError:
            value = None
        application = _with_value(application, component, name, value)
    return application


def _with_value(application: "Application", component: str, name: str, value: "Any") -> "Application":
    """Return a copy in which a setting has ``value``, or none where that is None."""
    setting = {
        key: item for key, item in application["components"][component]["settings"][name].items() if key != "value"
    }
    if value is not None:
        setting["value"] = value
    described = application["components"][component]
    described = {**described, "settings": {**described["settings"], name: setting}}
    return {**application, "components": {**application["components"], component: described}}


def broken(rules: Rules, application: "Application") -> "List[str]":
    """Return a problem for each formula that cannot be computed and each constraint that does not hold.

    A constraint or formula over a setting that has no value yet says nothing yet.
    """
    problems = []
    application = computed(rules, application)
    value_of = look_up(application)
    for (component, name), formula in rules.formulas.items():
        if _has_values(formula, value_of):
            try:
                formulas.evaluate(formula, value_of)
            except formulas.FormulaError as error:
                problems.append(f"does not give {named_setting(component, name)} a value: {error}")
    for formula in rules.constraints:
        if _has_values(formula, value_of):
            try:
                if not formulas.evaluate(formula, value_of, formulas.BOOLEAN):
                    problems.append(f"breaks the constraint {formula.text}: {formulas.shown(formula, value_of)}")
            except formulas.FormulaError as error:
                problems.append(f"cannot be held against a constraint: {error}")
    return problems


def _has_values(formula: "Formula", value_of: "LookUp") -> bool:
    try:
        for field in formula.fields:
            value_of(field)
    except KeyError:
        return False
    return True


def without_computed(
    rules: Rules, default: "Application", asked: "Application", present: "Application"
) -> "Tuple[Application, List[str]]":
    """Return ``asked`` without the values of formula settings, and a problem for each that is not as computed.

    ``default`` is the configuration's application. A service sends back what it was told: so the value of the state
    that is, ``present``, is taken, and also the one that is to be.
    """
    bare = asked
    for component, name in rules.formulas:
        setting = declared(asked, component, name)
        if setting and "value" in setting:
            bare = _with_value(bare, component, name, None)
    future = computed(rules, overlay(default, bare))
    problems = []
    for component, name in rules.formulas:
        setting = declared(asked, component, name)
        if setting and setting.get("value") is not None:
            results = [(declared(state, component, name) or {}).get("value") for state in (present, future)]
            if not any(_is_near(setting["value"], result) for result in results):
                problems.append(
                    f"{named_setting(component, name)} is computed, {rules.formulas[component, name].text}, and cannot "
                    f"be adjusted: leave it out, or send {shown(results[1])}, not {shown(setting['value'])}"
                )
    return bare, problems


def _is_near(value: "Any", result: "Any") -> bool:
    """Tell whether two values are one, also after a float has been written and read by somebody else."""
    if is_number(value) and is_number(result):
        return bool(abs(value - result) <= 1e-9 * abs(result))
    return result is not None and is_same(value, result)
