"""What an adjust asks for, in a request or in arguments, and whether the configuration allows it."""

import copy
from typing import Any, Dict

from servo_batch import settings
from servo_batch.answers import ServoError, bad_request
from servo_batch.formats import strict_json
from servo_batch.settings import Application, Setting, Settings, named_setting, walk
from servo_batch.wording import did_you_mean, is_scalar, shown


def scalar(text: str) -> Any:
    """Return the number or boolean that a text is as JSON, where it prints back as it was typed; else the text."""
    value = _json(text)
    return value if shown(value) == text else text


def _json(text: str) -> Any:
    try:
        value = strict_json.loads(text.encode("utf-8"))
    except strict_json.JsonError:
        return text
    return value if is_scalar(value) and not isinstance(value, str) else text


def typed(setting: Setting, text: str) -> Any:
    """Return the value that ``text``, typed by a person, means for a described setting.

    Text where the setting's values or its default are text: the version ``1.10``, not a number. Else what JSON reads:
    for a setting that takes numbers however they are spelt, for any other only where it prints back as it was typed.
    """
    type_of = settings.type_of(setting)
    if not type_of:
        return text if isinstance(setting.get("value"), str) else scalar(text)
    is_choice = type_of == "enum" and text in setting["values"]
    return text if is_choice else settings.as_configured(setting, _json(text))


def assigned(configured: Settings, assignments: Dict[str, str], name: str) -> Dict[str, Any]:
    """Return the values that arguments ask for, ``{"web.cpu": 4, …}``.

    Raises ``ServoError`` (bad-request) for an undeclared setting; ``name`` is the configuration's, for the message.
    """
    described = configured.described
    unknown = [f"{shown(full)}{did_you_mean(full, described)}" for full in assignments if full not in described]
    if unknown:
        raise bad_request(f"{name} has no setting {', '.join(unknown)}; adjust --query shows those it has")
    return {full: typed(described[full], text) for full, text in assignments.items()}


def requested(request: Dict[str, Any]) -> Application:
    """Return the request's application after a look at its shape; raise ``ServoError`` (bad-request)."""
    problem = settings.misshapen(request)
    for full, setting in walk(request["application"]) if not problem else ():
        if "value" not in setting:
            problem = f"has no value for the setting {named_setting(full)}"
    if problem:
        takes = '{"application": {"components": {COMPONENT: {"settings": {SETTING: {"value": …}}}}}}'
        raise bad_request(
            f"the request {problem}; adjust takes {takes} on stdin, or arguments, COMPONENT.SETTING=VALUE"
        )
    application: Application = request["application"]
    return application


def changed(configured: Settings, stored: Application, values: Dict[str, Any], consequence: str) -> Application:
    """Return what is to be stored where settings get ``values``, ``{"web.cpu": 4, …}``; else as ``accepted``."""
    return accepted(configured, configured.with_values(stored, values), stored, consequence)


def accepted(configured: Settings, asked: Application, stored: Application, consequence: str) -> Application:
    """Return what is to be stored in place of ``stored`` where ``asked`` is allowed; raise ``ServoError`` (rejected).

    It stores nothing, so it serves whoever only judges, too. ``consequence`` is what the error begins with. A formula's
    value is computed and never stored: a service sends back what it was told, so the present one is taken, and any
    other is rejected.
    """
    present = settings.values(configured.current(stored))
    bare = copy.deepcopy(asked)
    problems = []
    for full, setting in walk(bare):
        described, problem = configured.described.get(full, {}), None
        if settings.type_of(described) == "formula":
            value, computed = setting.pop("value", None), present.get(full)
            if value is not None and not settings.is_same(value, computed):
                remedy = f"leave it out, or send {shown(computed)}, not {shown(value)}"
                problem = f"is computed, {described['formula']}, and cannot be adjusted: {remedy}"
        elif "value" in setting:
            problem = settings.refusal(described, setting["value"])
            setting["value"] = settings.as_configured(described, setting["value"])
        problems += [f"{named_setting(full)} {problem}"] if problem else []
    if problems:
        raise ServoError("rejected", "invalid-value", f"{consequence}: {'; '.join(problems)}")
    broken = configured.broken(bare).values()
    if broken:
        raise ServoError("rejected", "constraint", f"{consequence}: {'; '.join(broken)}")
    return bare
