"""The adjust driver: check the values asked for, and store them (sections 2 and 4 of the contract)."""

from servo_batch import protocol, state, wording
from servo_batch.config import schema as config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from servo_batch.cli import Options
    from servo_batch.config.schema import Config

    Assignment = Tuple[str, str, str]  # component, setting, value as typed


def query(options: "Options") -> "Dict[str, Any]":
    """Return the answer to ``adjust --query``: the default state overlaid with what was last stored."""
    loaded = config.load(options.config)
    return {"application": state.current(loaded.application, state.path_of(options.state))}


def adjust(options: "Options") -> "Dict[str, Any]":
    """Store what is asked for, if the configuration allows all of it, and return the answer.

    A request on stdin is the whole new state; arguments (``options.assignments``) change what was stored before.
    """
    loaded = config.load(options.config)
    asked = assigned(options.assignments, loaded) if options.assignments else requested(protocol.read_request())
    problems = refused_values(loaded, asked)
    if problems:
        raise protocol.ServoError("rejected", "invalid-value", "nothing was changed: " + "; ".join(problems))
    path = state.path_of(options.state)
    stored = state.load(path)  # a damaged state is somebody's to look at, not ours to overwrite
    state.store(path, state.overlay(stored or {}, asked) if options.assignments else asked)
    _complain_of_undeclared(options.assignments, loaded)
    return {"status": "ok", "reason": "success"}


def assigned(assignments: "List[Assignment]", loaded: "Config") -> "Dict[str, Any]":
    """Return the application that arguments ask for; a value is a JSON scalar, else a string.

    Where the configuration lists the text as it stands among a setting's ``values``, that is what is meant: the version
    ``"1.10"``, not the number 1.1.
    """
    components: "Dict[str, Any]" = {}
    for component, setting, text in assignments:
        described = _declared(loaded, component).get(setting, {})
        value = text if config.is_enum(described) and text in described["values"] else _scalar(text)
        components.setdefault(component, {"settings": {}})["settings"][setting] = {"value": value}
    return {"components": components}


def _scalar(text: str) -> "Any":
    from servo_batch.formats import strict_json

    try:
        value = strict_json.loads(text.encode("utf-8"))
    except strict_json.JsonError:
        return text
    return text if isinstance(value, (dict, list)) else value


def _complain_of_undeclared(assignments: "List[Assignment]", loaded: "Config") -> None:
    """Say it where a person stored something that the configuration does not have: it may be a slip."""
    declared = [
        "%s.%s" % (component, setting)
        for component in loaded.application["components"]
        for setting in _declared(loaded, component)
    ]
    for component, setting, _ in assignments:
        name = "%s.%s" % (component, setting)
        if name not in declared:
            shown = "%s.%s" % (wording.named(component), wording.named(setting))
            hint = wording.did_you_mean(name, declared)
            protocol.complain("%s is stored, though %s has no such setting%s" % (shown, loaded.name, hint))


def requested(request: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return the request's application after a look at its shape; raise ``ServoError`` (bad-request)."""
    application = _inner(request, "application", "")
    components = _inner(application, "components", "application")
    for name in components:
        path = "application.components"
        settings = _inner(_inner(components, name, path), "settings", "%s.%s" % (path, wording.named(name)))
        for setting in settings:
            inner_path = "%s.%s.settings" % (path, wording.named(name))
            if "value" not in _inner(settings, setting, inner_path):
                raise protocol.bad_request(
                    'the request has no value for the setting: %s.%s must be {"value": …}'
                    % (inner_path, wording.named(setting))
                )
    return application


def _inner(outer: "Dict[str, Any]", key: str, path: str) -> "Dict[str, Any]":
    full_path = "%s.%s" % (path, wording.named(key)) if path else key
    if key not in outer:
        raise protocol.bad_request(
            'the request has no %s; adjust takes {"application": {"components": {COMPONENT: {"settings": '
            '{SETTING: {"value": …}}}}}} on stdin, or arguments, COMPONENT.SETTING=VALUE' % full_path
        )
    value = outer[key]
    if not isinstance(value, dict):
        raise protocol.bad_request("the request's %s must be an object, but is %s" % (full_path, wording.kind(value)))
    return value


def refused_values(loaded: "Config", application: "Dict[str, Any]") -> "List[str]":
    """Return a problem for every value in ``application`` that the configuration does not allow."""
    problems: "List[str]" = []
    for component, description in application["components"].items():
        declared = _declared(loaded, component)
        for setting, asked in description.get("settings", {}).items():
            problem = "value" in asked and config.refusal(declared.get(setting, {}), asked["value"])
            if problem:
                problems.append("%s.%s %s" % (wording.named(component), wording.named(setting), problem))
    return problems


def _declared(loaded: "Config", component: str) -> "Dict[str, Any]":
    """Return the settings that the configuration describes for a component."""
    settings: "Dict[str, Any]" = loaded.application["components"].get(component, {}).get("settings", {})
    return settings
