"""The adjust driver: check the values asked for, and store them (sections 2 and 4 of the contract)."""

from servo_batch import config, protocol, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    from servo_batch.cli import Options
    from servo_batch.config import Config


def query(options: "Options") -> "Dict[str, Any]":
    """Return the answer to ``adjust --query``: the default state overlaid with what was last stored."""
    loaded = config.load(options.config)
    return {"application": state.current(loaded.application, state.path_of(options.state))}


def adjust(options: "Options") -> "Dict[str, Any]":
    """Store what the request on stdin asks for, if the configuration allows all of it, and return the answer."""
    loaded = config.load(options.config)
    application = requested(protocol.read_request())
    refuse_values(loaded, application)
    path = state.path_of(options.state)
    state.load(path)  # a damaged state is somebody's to look at, not ours to overwrite
    state.store(path, application)
    return {"status": "ok", "reason": "success"}


def requested(request: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return the request's application after a look at its shape; raise ``ServoError`` (bad-request)."""
    application = _inner(request, "application", "")
    components = _inner(application, "components", "application")
    for name in components:
        path = "application.components"
        settings = _inner(_inner(components, name, path), "settings", "%s.%s" % (path, protocol.named(name)))
        for setting in settings:
            inner_path = "%s.%s.settings" % (path, protocol.named(name))
            if "value" not in _inner(settings, setting, inner_path):
                raise protocol.bad_request(
                    'the request has no value for the setting: %s.%s must be {"value": …}'
                    % (inner_path, protocol.named(setting))
                )
    return application


def _inner(outer: "Dict[str, Any]", key: str, path: str) -> "Dict[str, Any]":
    full_path = "%s.%s" % (path, protocol.named(key)) if path else key
    if key not in outer:
        raise protocol.bad_request(
            'the request has no %s; adjust takes {"application": {"components": {COMPONENT: {"settings": '
            '{SETTING: {"value": …}}}}}}' % full_path
        )
    value = outer[key]
    if not isinstance(value, dict):
        raise protocol.bad_request("the request's %s must be an object, but is %s" % (full_path, protocol.kind(value)))
    return value


def refuse_values(loaded: "Config", application: "Dict[str, Any]") -> None:
    """Raise ``ServoError`` (invalid-value) that lists every value that the configuration does not allow."""
    problems: "List[str]" = []
    for component, description in application["components"].items():
        declared = loaded.application["components"].get(component, {}).get("settings", {})
        for setting, asked in description["settings"].items():
            problem = config.refusal(declared.get(setting, {}), asked["value"])
            if problem:
                problems.append("%s.%s %s" % (protocol.named(component), protocol.named(setting), problem))
    if problems:
        raise protocol.ServoError("rejected", "invalid-value", "nothing was changed: " + "; ".join(problems))
