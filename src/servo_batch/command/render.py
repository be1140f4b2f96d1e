"""A checked command and the values it names → the arguments and the variables to execute it with."""

from typing import Any, Dict, List, Tuple

from servo_batch import wording
from servo_batch.answers import ServoError, bad_config
from servo_batch.command.template import CONTROL, Command, Placeholder, Template, words
from servo_batch.formats import paths

Names = Dict[str, Any]

SHELL = ["/bin/sh", "-c"]
MAX_BYTES = 128 * 1024  # what Linux takes as one NAME=VALUE, with the NUL at its end
GIVE = "; give it in the request's control (--control JSON) or under batch.default_control"
CAME = {"bad-config": "the configuration", "bad-state": "the state", "bad-request": "the request"}


def values(state: Dict[str, Any], control: Dict[str, Any]) -> Names:
    """Return what a command can name: ``state``, ``control``, ``_control`` and each component's settings' values.

    ``state`` is ``{"application": …}``. A setting without a value is there as None.
    """
    names: Names = {}
    for component, description in state["application"]["components"].items():
        settings = description.get("settings", {})
        names[component] = {setting: settings[setting].get("value") for setting in settings}
    names.update(state=state, control=control, _control=control)
    return names


class Rendering:
    """What commands and variables come to with the values, and what is wrong with these.

    ``names`` is what ``values`` returned, and ``configured`` what it returns where nothing is stored or requested. A
    placeholder that has no value, or one that is not plain, is left as it is: ``refuse`` tells of all.
    """

    def __init__(self, names: Names, configured: Names) -> None:
        self._names = names
        self._configured = configured
        self._problems: Dict[str, str] = {}  # each with its reason

    def arguments(self, command: Command, place: str) -> List[str]:
        """Return the arguments to execute, as ``["/bin/sh", "-c", script]`` or as the list was given."""
        arguments: List[str] = []
        for template in command.templates:
            text = self._filled(template, place)
            is_several = not command.uses_shell and any(part.conversion == "w" for part in template.placeholders)
            arguments += words(text) if is_several else [text]
        if not arguments:
            self._note_value(command.templates[0].placeholders[0], place, "no word, and the first names the program")
        return SHELL + arguments if command.uses_shell else arguments

    def variable(self, name: str, template: Template, place: str) -> str:
        """Return the value of an environment variable, any text."""
        value = self._filled(template, place)
        if len(f"{name}={value}".encode("utf-8", "replace")) >= MAX_BYTES:
            for part in template.placeholders:
                problem = "a value with which the variable has 128 KiB or more, and the system takes less"
                self._note_value(part, place, problem)
        return value

    def refuse(self) -> None:
        """Raise one ``ServoError`` for all problems, if any; its reason is where a fault came from."""
        for reason in CAME:
            if reason in self._problems.values():
                status = "bad-request" if reason == "bad-request" else "failed"
                raise ServoError(status, reason, "\n".join(self._problems))

    def _filled(self, template: Template, place: str) -> str:
        texts, free = [], []
        for at, part in enumerate(template.placeholders):
            text = part.text
            try:
                value = _look_up(part.path, self._names)
                text = part.put_in(value)
                if part.is_free(value) and not part.is_in_variable:
                    free.append(at)
            except LookupError as error:
                self._note(part, place, str(error), "bad-request" if part.path[0] in CONTROL else "bad-config")
            except ValueError as error:
                self._note_value(part, place, str(error))
            texts.append(text)
        for at in template.forbidden(texts, free):
            part = template.placeholders[at]
            made = f"{wording.shown(texts[at])}, which makes .., SERVO_ or an option where it stands"
            self._note_value(part, place, f"{made}; {part.way_out}")
        return template.filled(texts)

    def _note_value(self, part: Placeholder, place: str, problem: str) -> None:
        reason = "bad-request" if part.path[0] in CONTROL else "bad-state"
        try:
            if paths.look_up(self._configured, part.path) == paths.look_up(self._names, part.path):
                reason = "bad-config"
        except LookupError:
            pass  # it is not configured
        self._note(part, place, f"{CAME[reason]} has {problem}", reason)

    def _note(self, part: Placeholder, place: str, problem: str, reason: str) -> None:
        self._problems[f"{place}: the command needs {part.text}: {problem}"] = reason


def _look_up(path: Tuple[str, ...], names: Names) -> Any:
    """Return the value of a field, no container and no null; raise ``LookupError`` that says why it has none."""
    give = GIVE if path[0] in CONTROL else ""
    try:
        value = paths.look_up(names, path)
    except LookupError as error:
        braces = "" if path[0] in names else "; braces that are no placeholder are doubled: {{ and }}"
        raise LookupError(f"{error}{give}{braces}") from None
    if value is None:
        remedy = give or ": give it one in the configuration, or adjust it first; of a formula, what that needs"
        raise LookupError(f"{'.'.join(path)} has no value{remedy}")
    if isinstance(value, (dict, list)):
        inner = f"; it holds {paths.listed(value)}" if isinstance(value, dict) and value else ""
        raise LookupError(f"{'.'.join(path)} is {wording.kind(value)}, not a value{inner}{give}")
    return value


def have_shell_read(arguments: List[str], place: str) -> None:
    """Have ``/bin/sh -n`` read a script of ``Rendering.arguments``; raise ``ServoError`` (bad-config) where it cannot.

    A shell reads a script as it runs it: without this a job could run for hours up to a syntax error. Source:
    POSIX.1-2017, set -n.
    """
    import subprocess

    if arguments[:2] != SHELL or len(arguments) == 2:
        return
    command = [b"/bin/sh", b"-n", b"-c", arguments[2].encode("utf-8", "surrogateescape")]
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except OSError:
        return  # whatever it is, it meets the job as well, which reports it
    if ended.returncode:
        reason = ended.stderr.decode("utf-8", "replace").strip()
        raise bad_config(f"{place}: the shell cannot read the command: {reason}\ncommand: {arguments[2]}")
