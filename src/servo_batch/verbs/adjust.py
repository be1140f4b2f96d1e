"""The adjust driver: say what the settings are, or check the values asked for and store them."""

from servo_batch import answers, document, settings, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    from servo_batch.options import Options
    from servo_batch.settings import Application, Settings


def adjust(options: "Options") -> answers.Answer:
    """Do what the command line says; return the answer, or raise ``ServoError``.

    ``--query`` and ``--describe`` ask what the settings are, ``--reset`` removes what is stored. Else a request on
    stdin is the whole new state, and arguments change what was stored before. Settings that are stored and that the
    configuration does not have are said.
    """
    source = document.Document(*document.find(options.get("--config")))
    configured = settings.read(source)
    source.refuse_problems()
    file = state.find(options, source)
    if options.question == "--reset":
        file.reset()
    stored = file.load() if options.question else _store(options, source, configured, file)
    others = [settings.named_setting(full) for full, _ in settings.walk(stored) if full not in configured.described]
    if others:
        answers.complain(f"{file.stored_in} also has {', '.join(others)}, which {source.name} does not have")
    application = configured.current(stored)
    response: "Dict[str, Any]" = {"status": "ok", "reason": "success"}
    if options.question in ("--query", "--describe"):
        response = {"application": _configured(configured, application)}
    return answers.Answer(response, lambda: _table(application))


def _configured(configured: "Settings", application: "Application") -> "Application":
    """Return of an application the settings that the configuration has."""
    components = {}
    for name, described in configured.application["components"].items():
        component = application["components"][name]
        known = {setting: component["settings"][setting] for setting in described["settings"]}
        components[name] = {**component, "settings": known}
    return {**application, "components": components}


def _store(
    options: "Options", source: document.Document, configured: "Settings", file: state.StateFile
) -> "Application":
    """Store what the arguments or the request on stdin ask for, and return it; raise ``ServoError``."""
    from servo_batch import rules

    if options.assignments:
        values = rules.assigned(configured, options.assignments, source.name)
    else:
        from servo_batch import request

        requested = rules.requested(request.read())

    def merge(before: "Application") -> "Application":
        unchanged = "nothing was changed"
        if options.assignments:
            return rules.changed(configured, file.allowed(configured, before, values), values, unchanged)
        asked = settings.overlay(before, requested) if file.older else requested
        return rules.accepted(configured, asked, before, unchanged)

    return file.change(merge)


def _table(application: "Application") -> str:
    from servo_batch import terminal

    return terminal.table(("name", "value", "unit"), settings.rows(application))
