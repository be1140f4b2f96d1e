"""The adjust driver: say what the settings are, or check the values asked for and store them."""

from servo_batch import answers, document, settings, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from servo_batch.options import Options
    from servo_batch.settings import Application, Settings


def adjust(options: "Options") -> answers.Answer:
    """Do what the command line says; return the answer, or raise ``ServoError``.

    ``--query`` and ``--describe`` ask what the settings are, ``--reset`` removes what is stored. Else a request on
    stdin is the whole new state, and arguments change what was stored before.
    """
    source = document.Document(*document.find(options.get("--config")))
    configured = settings.read(source)
    source.refuse_problems()
    file = state.find(options.get("--state"), source)
    if options.question in ("--query", "--describe"):
        application = _described(configured, file)
        return answers.Answer({"application": application}, lambda: settings_table(application))
    stored = None
    if options.question == "--reset":
        file.reset()
    else:
        stored = _store(options, source, configured, file)
    application = configured.current(stored)
    return answers.Answer({"status": "ok", "reason": "success"}, lambda: settings_table(application))


def _described(configured: "Settings", file: state.StateFile) -> "Application":
    """Return the settings that the configuration has; what else is stored is said."""
    stored = file.load()
    others = settings.undeclared(configured.application, stored)
    if others:
        answers.complain(f"{file.stored_in} also has {', '.join(others)}, which the configuration does not have")
    application = configured.current(stored)
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
        from servo_batch.request import read_request

        requested = rules.requested(read_request())

    def merge(before: "Application") -> "Application":
        if options.assignments:
            asked = configured.with_values(before, values)
        else:
            asked = settings.overlay(before, requested) if file.older else requested
        return rules.accepted(configured, asked, before, "nothing was changed")

    stored = file.change(merge)
    undeclared = settings.undeclared(configured.application, stored)
    if undeclared:
        verb = "is" if len(undeclared) == 1 else "are"
        answers.complain(f"{', '.join(undeclared)} {verb} stored, though {source.name} has no such setting")
    return stored


def settings_table(application: "Application") -> str:
    """Return the settings as a person reads them: name, value, unit."""
    from servo_batch import terminal

    rows = [
        (settings.full_name(component, name), setting.get("value"), setting.get("unit"))
        for component, name, setting in settings.walk(application)
    ]
    return terminal.table(("name", "value", "unit"), rows)
