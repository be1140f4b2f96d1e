"""A checked command and the values it names → the arguments and the environment variables to execute it with."""

import re

from servo_batch import wording
from servo_batch.answers import ServoError, failed
from servo_batch.command.template import CONTROL, FORBIDDEN, Placeholder, words
from servo_batch.formats import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple, Union

    from servo_batch.command.template import Command, Parts

    Names = Dict[str, Any]
    Filled = List[Tuple[Union[str, Placeholder], str]]  # each part with its text

SHELL = ["/bin/sh", "-c"]
MAX_BYTES = 128 * 1024  # what Linux takes as one NAME=VALUE, with the NUL at its end
CAME = {"bad-config": "the configuration", "bad-state": "the state", "bad-request": "the request"}


def values(state: "Dict[str, Any]", control: "Dict[str, Any]") -> "Names":
    """Return what a command can name: ``state``, ``control``, ``_control`` and each component's settings' values.

    ``state`` is ``{"application": …}``. A setting without a value is there as None.
    """
    names: "Names" = {}
    for component, description in state["application"]["components"].items():
        settings = description.get("settings", {})
        names[component] = {setting: settings[setting].get("value") for setting in settings}
    names.update(state=state, control=control, _control=control)
    return names


def render(command: "Command", names: "Names", configured: "Names", place: str = "command") -> "List[str]":
    """Return the arguments to execute, as ``["/bin/sh", "-c", script]`` or as the list was given.

    ``names`` is what ``values`` returned, and ``configured`` what it returns where nothing is stored or requested.
    Raises ``ServoError`` that lists, each on a line that begins with ``place``, every field that is missing or has no
    value, and every value that is not plain; its reason is where the fault came from.
    """
    rendering = _Rendering(names, configured, place)
    arguments: "List[str]" = []
    for parts in command.templates:
        filled = rendering.filled(parts)
        rendering.judge(filled)
        text = "".join(text for _, text in filled)
        is_several = any(isinstance(part, Placeholder) and part.conversion == "w" for part in parts)
        arguments += words(text) if is_several and not command.uses_shell else [text]
    rendering.refuse()
    return SHELL + arguments if command.uses_shell else arguments


def render_variable(name: str, parts: "Parts", names: "Names", configured: "Names", place: str = "env") -> str:
    """Return the value of an environment variable, any text; raise ``ServoError`` as ``render`` does."""
    rendering = _Rendering(names, configured, place)
    filled = rendering.filled(parts)
    value = "".join(text for _, text in filled)
    is_long = len(f"{name}={value}".encode("utf-8", "replace")) >= MAX_BYTES
    for part, text in filled:
        if isinstance(part, Placeholder):
            if part.is_number and part.kind == "free":
                rendering.note(part, part.refusal(text, False))
            elif re.search("[\0\ud800-\udfff]", text):
                rendering.note(part, "a value with a NUL character or half a surrogate pair, which no variable holds")
            elif is_long:
                rendering.note(part, "a value with which the variable has 128 KiB or more, and the system takes less")
    rendering.refuse()
    return value


class _Rendering:
    """The values for one command or variable, and what is wrong with them."""

    def __init__(self, names: "Names", configured: "Names", place: str) -> None:
        self._names = names
        self._configured = configured
        self._place = place
        self._problems: "Dict[str, str]" = {}  # each with its reason

    def filled(self, parts: "Parts") -> "Filled":
        """Return each part with its text, "0" after noting why it has none; the text of a formula is free."""
        filled: "Filled" = []
        for part in parts:
            text = part if isinstance(part, str) else "0"
            if isinstance(part, Placeholder):
                try:
                    value = _look_up(part.path, self._names)
                    if part.kind == "formula":
                        part = part._replace(kind="free" if isinstance(value, str) else "listed")
                    text = part.formatted(value)
                except LookupError as error:
                    reason = "bad-request" if part.path[0] in CONTROL else "bad-config"
                    self._problems[f"{self._place}: the command needs {part.text}: {error}"] = reason
                except ValueError as error:
                    self.note(part, str(error))
            filled.append((part, text))
        return filled

    def judge(self, filled: "Filled") -> None:
        """Note what in a command is not plain, by itself or by what stands beside it; free text beside free is one."""
        whole = "".join(text for _, text in filled)
        forbidden = list(re.finditer(FORBIDDEN, whole))
        begin, end, before = 0, 0, ""
        for part, text in filled:
            kind = part.kind if isinstance(part, Placeholder) else ""
            begin, end, before = (begin if kind == before == "free" else end), end + len(text), kind
            if isinstance(part, Placeholder):
                self.note(part, part.refusal(whole[begin:end], kind != "free"))
                for match in forbidden if kind == "free" else ():
                    if match.start() < end and match.end() > begin:
                        value = f"{wording.shown(whole[begin:end])}, which makes {match.group()} where it stands"
                        self.note(part, f"{value}; {part.way_out}")

    def note(self, part: Placeholder, problem: str) -> None:
        """Note what is wrong, if anything, with the value of a placeholder, and where that came from."""
        if not problem:
            return
        reason = "bad-request" if part.path[0] in CONTROL else "bad-state"
        try:
            if _look_up(part.path, self._configured) == _look_up(part.path, self._names):
                reason = "bad-config"
        except LookupError:
            pass  # it is not configured
        self._problems[f"{self._place}: the command needs {part.text}: {CAME[reason]} has {problem}"] = reason

    def refuse(self) -> None:
        """Raise the one ``ServoError`` for all problems, if there is any."""
        for reason in CAME:
            if reason in self._problems.values():
                status = "bad-request" if reason == "bad-request" else "failed"
                raise ServoError(status, reason, "\n".join(self._problems))


def _look_up(path: "Tuple[str, ...]", names: "Names") -> "Any":
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


def have_shell_read(arguments: "List[str]", place: str = "command") -> None:
    """Have ``/bin/sh -n`` read the script that ``render`` returned; raise ``ServoError`` (bad-config) where it cannot.

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
