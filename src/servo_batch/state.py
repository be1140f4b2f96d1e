"""The state: the default state overlaid with what was last stored.

It is kept as ``{"application": …}``, JSON, as an adjust asked for it.
"""

import os

from servo_batch.answers import failed
from servo_batch.config.settings import overlay, refusals
from servo_batch.wording import kind, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from servo_batch.answers import ServoError
    from servo_batch.config.descriptions import Settings

DEFAULT_PATH = "_state.json"


def path_of(option: "Optional[str]", configured: "Optional[str]") -> str:
    """Return the state's file: ``--state``, else ``$OPTUNE_STATE``, else ``batch.state``, else ``./_state.json``."""
    return option or os.environ.get("OPTUNE_STATE") or configured or DEFAULT_PATH


def load(path: str) -> "Optional[Dict[str, Any]]":
    """Return the stored application, or None where nothing is stored; raise ``ServoError`` (bad-state)."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise cannot(path, "cannot be read", error) from None
    from servo_batch.formats import strict_json

    try:
        stored = strict_json.loads(data)
    except strict_json.JsonError as error:
        place = f" at line {error.lineno}, column {error.colno}" if error.lineno else ""
        raise _damaged(path, f"is not JSON{place}: {error.msg}") from None
    problem = _misshapen(stored)
    if problem:
        raise _damaged(path, problem)
    application: "Dict[str, Any]" = stored["application"]
    return application


def _misshapen(stored: "Any") -> "Optional[str]":
    """Return where ``stored`` is not ``{"application": {"components": {C: {"settings": {S: {…}}}}}}``, or None."""
    application = stored.get("application") if isinstance(stored, dict) else None
    components = application.get("components") if isinstance(application, dict) else None
    if not isinstance(components, dict):
        return "has no application.components"
    for name, component in components.items():
        if not isinstance(component, dict):
            return "has %s where the component %s belongs" % (kind(component), named(name))
        settings = component.get("settings", {})
        if not isinstance(settings, dict):
            return f"has {kind(settings)} where the settings of the component {named(name)} belong"
        for setting, description in settings.items():
            if not isinstance(description, dict):
                where = f"the setting {named(setting)} of the component {named(name)}"
                return f"has {kind(description)} where {where} belongs"
    return None


def _damaged(path: str, problem: str) -> "ServoError":
    return failed(
        "bad-state", f"{path}: the state file {problem}; mend it, or remove it to start from the default state"
    )


def cannot(path: str, action: str, error: "Exception", remedy: str = "") -> "ServoError":
    """Return the error (bad-state) for a state file that cannot be read or written."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return failed("bad-state", f"{path}: the state file {action}: {reason}{remedy}")


def current(settings: "Settings", stored: "Optional[Dict[str, Any]]") -> "Dict[str, Any]":
    """Return the application as a command sees it: the default one overlaid with ``stored``, its formulas computed."""
    application = overlay(settings.application, stored or {})
    if settings.rules:
        from servo_batch.config import derived

        application = derived.computed(settings.rules, application)
    return application


def problems(settings: "Settings", stored: "Optional[Dict[str, Any]]", path: str) -> "List[str]":
    """Return what of ``stored`` the configuration does not allow, any more: nothing may be measured with it."""
    if stored is None:
        return []
    remedy = "adjust it, or remove what is stored by adjust --reset"
    found = [f"{path}: the stored {problem}: {remedy}" for problem in refusals(settings.application, stored)]
    if settings.rules and not found:
        from servo_batch.config import derived

        broken = derived.broken(settings.rules, overlay(settings.application, stored))
        found = [f"{path}: the stored state {problem}: {remedy}" for problem in broken]
    return found


def refuse_problems(settings: "Settings", stored: "Optional[Dict[str, Any]]", path: str) -> None:
    """Raise ``ServoError`` (bad-state) where the configuration does not allow what is stored."""
    found = problems(settings, stored, path)
    if found:
        raise failed("bad-state", "\n".join(found))
