"""A checked command and the values it names → the arguments and the environment variables to execute it with."""

from typing import Any, Callable, Dict, List, Tuple

from servo_batch import wording
from servo_batch.answers import ServoError, failed
from servo_batch.command.template import (
    CONTROL,
    FORBIDDEN,
    Command,
    Placeholder,
    Template,
    is_json_number,
    is_like_an_option,
    words,
)
from servo_batch.formats import paths

Names = Dict[str, Any]

SHELL = ["/bin/sh", "-c"]
MAX_BYTES = 128 * 1024  # what Linux takes as one NAME=VALUE, with the NUL at its end
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
            texts = self._texts(template, place, Placeholder.plain)
            self._note_forbidden(template, texts, place)
            text = template.filled(texts)
            is_several = not command.uses_shell and any(part.conversion == "w" for part in template.placeholders)
            arguments += words(text) if is_several else [text]
        return SHELL + arguments if command.uses_shell else arguments

    def variable(self, name: str, template: Template, place: str) -> str:
        """Return the value of an environment variable, any text."""
        value = template.filled(self._texts(template, place, Placeholder.any_text))
        if len(f"{name}={value}".encode("utf-8", "replace")) >= MAX_BYTES:
            for part in template.placeholders:
                problem = "a value with which the variable has 128 KiB or more, and the system takes less"
                self._note_value(part, problem, place)
        return value

    def refuse(self) -> None:
        """Raise the one ``ServoError`` for all problems, if there is any; its reason is where a fault came from."""
        for reason in CAME:
            if reason in self._problems.values():
                status = "bad-request" if reason == "bad-request" else "failed"
                raise ServoError(status, reason, "\n".join(self._problems))

    def _texts(self, template: Template, place: str, put_in: Callable[[Placeholder, Any], str]) -> List[str]:
        texts = []
        for part in template.placeholders:
            text = part.text
            try:
                text = put_in(part, _look_up(part.path, self._names))
            except LookupError as error:
                self._note(part, str(error), place, "bad-request" if part.path[0] in CONTROL else "bad-config")
            except ValueError as error:
                self._note_value(part, str(error), place)
            texts.append(text)
        return texts

    def _note_forbidden(self, template: Template, texts: List[str], place: str) -> None:
        """Note the free text that makes .., SERVO_ or an option, by itself or with what stands around it."""
        whole = FORBIDDEN.findall(template.filled(texts))
        beside = ""  # what the placeholders that stand directly side by side come to, up to here
        for at, part in enumerate(template.placeholders):
            beside = texts[at] if template.literals[at] else beside + texts[at]
            if texts[at] == part.text or not part.is_free(_look_up(part.path, self._names)):
                continue
            without = FORBIDDEN.findall(template.filled([*texts[:at], " ", *texts[at + 1 :]]))
            if len(without) < len(whole) or (is_like_an_option(beside) and not is_json_number(texts[at])):
                made = f"{wording.shown(texts[at])}, which makes .., SERVO_ or an option where it stands"
                self._note_value(part, f"{made}; {part.way_out}", place)

    def _note_value(self, part: Placeholder, problem: str, place: str) -> None:
        reason = "bad-request" if part.path[0] in CONTROL else "bad-state"
        try:
            if paths.look_up(self._configured, part.path) == paths.look_up(self._names, part.path):
                reason = "bad-config"
        except LookupError:
            pass  # it is not configured
        self._note(part, f"{CAME[reason]} has {problem}", place, reason)

    def _note(self, part: Placeholder, problem: str, place: str, reason: str) -> None:
        self._problems[f"{place}: the command needs {part.text}: {problem}"] = reason


def _look_up(path: Tuple[str, ...], names: Names) -> Any:
    """Return the value of a field, a string, a number or a boolean; raise ``LookupError`` that says why it has none."""
    give = "; give it in the request's control (--control JSON) or under batch.default_control"
    give *= path[0] in CONTROL
    try:
        value = paths.look_up(names, path)
    except LookupError as error:
        braces = "" if path[0] in names else "; braces that are no placeholder are doubled: {{ and }}"
        raise LookupError(f"{error}{give}{braces}") from None
    if value is None:
        remedy = give or ": give it one in the configuration, or adjust it first"
        raise LookupError(f"{'.'.join(path)} has no value{remedy}")
    if isinstance(value, (dict, list)):
        inner = f"; it holds {paths.listed(value)}" if isinstance(value, dict) and value else ""
        raise LookupError(f"{'.'.join(path)} is {wording.kind(value)}, not a value{inner}{give}")
    return value


def have_shell_read(arguments: List[str], place: str) -> None:
    """Have ``/bin/sh -n`` read a script of ``Rendering.arguments``; raise ``ServoError`` (bad-config) where it cannot.

    A shell reads a script as it runs it, so without this a job could run for hours up to a syntax error. Source:
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
        raise failed("bad-config", f"{place}: the shell cannot read the command: {reason}\ncommand: {arguments[2]}")
