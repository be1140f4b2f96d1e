"""The adjust driver: say what the settings are, or check the values asked for and store them."""

from servo_batch import answers, state
from servo_batch.config import descriptions, document, settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from servo_batch.config.settings import Application
    from servo_batch.options import Options


def adjust(options: "Options") -> answers.Answer:
    """Do what the command line says; return the answer, or raise ``ServoError``.

    ``--query`` and ``--describe`` ask what the settings are, ``--reset`` removes what is stored. Else a request on
    stdin is the whole new state, and arguments change what was stored before.
    """
    source = document.load(options.get("--config"))
    configured = descriptions.read(source)
    source.refuse_problems()
    path = state.path_of(options.get("--state"), configured.state)
    if options.question in ("--query", "--describe"):
        application = state.current(configured, state.load(path))
        return answers.Answer({"application": application}, lambda: settings_table(application))
    if options.question == "--reset":
        from servo_batch.store import remove

        remove(path)
        stored = None
    else:
        from servo_batch.verbs.storing import stored_for

        stored = stored_for(options, source, configured, path)
    application = state.current(configured, stored)
    return answers.Answer({"status": "ok", "reason": "success"}, lambda: settings_table(application))


def settings_table(application: "Application") -> str:
    """Return the settings as a person reads them: name, value, unit."""
    from servo_batch import terminal

    rows = [
        (settings.full_name(component, name), setting.get("value"), setting.get("unit"))
        for component, name, setting in settings.walk(application)
    ]
    return terminal.table(("name", "value", "unit"), rows)
