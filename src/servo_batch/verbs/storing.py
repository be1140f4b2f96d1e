"""What an adjust asks for, by a request or by arguments; whether it is allowed; and storing it."""

import os

from servo_batch import answers, state
from servo_batch.config import settings
from servo_batch.request import read_request
from servo_batch.store import replace
from servo_batch.wording import did_you_mean, kind, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from servo_batch.config.descriptions import Settings
    from servo_batch.config.document import Document
    from servo_batch.config.settings import Application
    from servo_batch.options import Options

    Assignment = Tuple[str, str, str]  # component, setting, value as typed


def stored_for(options: "Options", source: "Document", configured: "Settings", path: str) -> "Application":
    """Store what the arguments or the request on stdin ask for, and return it; raise ``ServoError``."""
    if options.assignments:
        wanted = assigned(options.assignments, configured, source.name)
        before = state.load(path)
        wanted = settings.overlay(before or {}, wanted)
    else:
        wanted = requested(read_request())
        before = state.load(path)  # a damaged state is somebody's to look at, not ours to overwrite
    stored = accepted(configured, wanted, state.current(configured, before), "nothing was changed")
    is_new = not os.path.lexists(path)
    replace(path, stored)
    undeclared = settings.undeclared(configured.application, stored)
    if undeclared:
        verb = "is" if len(undeclared) == 1 else "are"
        answers.complain(f"{', '.join(undeclared)} {verb} stored, though {source.name} has no such setting")
    if is_new and path == state.DEFAULT_PATH and os.path.dirname(source.name):
        answers.complain(
            f"the settings are stored in ./{path}, for whoever is called in this folder; batch.state in "
            f"{source.name} names a file that goes with the configuration"
        )
    return stored


def accepted(configured: "Settings", asked: "Application", present: "Application", consequence: str) -> "Application":
    """Return what is to be stored where ``asked`` is allowed; raise ``ServoError`` (rejected).

    ``present`` is the state as it is, and ``consequence`` what the error begins with. A formula's value is computed and
    never stored: the present one and the one that would result are taken, any other is rejected.
    """
    problems = settings.refusals(configured.application, asked)
    if configured.rules:
        from servo_batch.config import derived

        asked, formula_problems = derived.without_computed(configured.rules, configured.application, asked, present)
        problems += formula_problems
    if problems:
        raise answers.ServoError("rejected", "invalid-value", f"{consequence}: " + "; ".join(problems))
    if configured.rules:
        broken = derived.broken(configured.rules, settings.overlay(configured.application, asked))
        if broken:
            raise answers.ServoError("rejected", "constraint", f"{consequence}: " + "; ".join(broken))
    return asked


def assigned(assignments: "List[Assignment]", configured: "Settings", name: str) -> "Application":
    """Return the application that arguments ask for; raise ``ServoError`` (bad-request) for an undeclared setting.

    ``name`` is the configuration's, for the message.
    """
    components: "Dict[str, Any]" = {}
    problems = []
    for component, setting, text in assignments:
        described = settings.declared(configured.application, component, setting)
        if described is None:
            full_name = settings.full_name(component, setting)
            known = [settings.full_name(*each[:2]) for each in settings.walk(configured.application)]
            hint = did_you_mean(full_name, known) or "; adjust --query shows those it has"
            problems.append(f"{name} has no setting {shown(full_name)}{hint}")
        else:
            value = typed(described, text)
            components.setdefault(component, {"settings": {}})["settings"][setting] = {"value": value}
    if problems:
        raise answers.bad_request("; ".join(problems))
    return {"components": components}


def typed(setting: "Dict[str, Any]", text: str) -> "Any":
    """Return the value that ``text``, typed by a person, means for a described setting.

    Text where the setting's values or its default are text: the version ``1.10``, not a number. Else what JSON reads:
    for a setting that takes numbers however they are spelt, for any other only where it prints back as it was typed.
    """
    if settings.is_enum(setting):
        choices = setting["values"]
        if text in choices:
            return text
        value = _scalar(text)
        near = value if settings.is_numeric(setting) else text
        return next((choice for choice in choices if settings.is_same(value, choice)), near)
    default = setting.get("value")
    if isinstance(default, str):
        return text
    value = _scalar(text)
    if (
        settings.is_range(setting)
        or settings.is_formula(setting)
        or (default is not None and kind(value) == kind(default))
    ):
        return value
    return value if not isinstance(value, str) and shown(value) == text else text


def _scalar(text: str) -> "Any":
    from servo_batch.formats import strict_json

    try:
        value = strict_json.loads(text.encode("utf-8"))
    except strict_json.JsonError:
        return text
    return text if isinstance(value, (dict, list, str)) or value is None else value


def requested(request: "Dict[str, Any]") -> "Application":
    """Return the request's application after a look at its shape; raise ``ServoError`` (bad-request)."""
    application = _inner(request, "application", "")
    components = _inner(application, "components", "application")
    for name in components:
        path = f"application.components.{named(name)}"
        described = _inner(_inner(components, name, "application.components"), "settings", path)
        for setting in described:
            if "value" not in _inner(described, setting, path + ".settings"):
                raise answers.bad_request(
                    f'the request has no value for the setting: {path}.settings.{named(setting)} must be {{"value": …}}'
                )
    return application


def _inner(outer: "Dict[str, Any]", key: str, path: str) -> "Dict[str, Any]":
    full_path = f"{path}.{named(key)}" if path else key
    if key not in outer:
        raise answers.bad_request(
            f"the request has no {full_path}; "
            'adjust takes {"application": {"components": {COMPONENT: {"settings": {SETTING: {"value": …}}}}}} on '
            "stdin, or arguments, COMPONENT.SETTING=VALUE"
        )
    value = outer[key]
    if not isinstance(value, dict):
        raise answers.bad_request(f"the request's {full_path} must be an object, but is {kind(value)}")
    return value
