"""A checked command and the values it names → the arguments and the environment variables to execute it with."""

from servo_batch import wording
from servo_batch.answers import ServoError, failed
from servo_batch.command import plain
from servo_batch.command.template import Command, Placeholder, refusal, way_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple, Union

    from servo_batch.command.template import Parts

    Names = Dict[str, Any]
    Filled = List[Tuple[Union[str, Placeholder], str]]  # each part with its text

SHELL = ["/bin/sh", "-c"]
CONTROL = ("control", "_control")
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


def render(command: Command, names: "Names", configured: "Names", place: str = "command") -> "List[str]":
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
        several = [part for part in parts if isinstance(part, Placeholder) and part.conversion == "w"]
        arguments += plain.words(text) if several and not command.uses_shell else [text]
    rendering.refuse()
    return SHELL + arguments if command.uses_shell else arguments


def render_variable(name: str, parts: "Parts", names: "Names", configured: "Names", place: str = "env") -> str:
    """Return the value of an environment variable, any text; raise ``ServoError`` as ``render`` does."""
    rendering = _Rendering(names, configured, place)
    filled = rendering.filled(parts)
    value = "".join(text for _, text in filled)
    is_long = len(f"{name}={value}".encode("utf-8", "replace")) >= MAX_BYTES
    for part, text in filled:
        if isinstance(part, Placeholder) and ("\0" in text or any("\ud800" <= char <= "\udfff" for char in text)):
            rendering.add(part, "its value has a NUL character or half a surrogate pair, which no variable can hold")
        elif isinstance(part, Placeholder) and is_long:
            rendering.add(part, "with its value the variable has 128 KiB or more, which the system does not take")
    rendering.refuse()
    return value


class _Rendering:
    """The values for one command or variable, and what is wrong with them."""

    def __init__(self, names: "Names", configured: "Names", place: str) -> None:
        self._names = names
        self._configured = configured
        self._place = place
        self._problems: "Dict[str, str]" = {}  # each with its reason

    def add(self, part: Placeholder, problem: str, reason: str = "") -> None:
        """Note what is wrong with the value of a placeholder."""
        self._problems[f"{self._place}: the command needs {part.text}: {problem}"] = reason or self._origin(part.path)

    def _origin(self, path: "Tuple[str, ...]") -> str:
        """Return where the value of a field came from, as the reason of an error."""
        try:
            if _look_up(path, self._configured) == _look_up(path, self._names):
                return "bad-config"
        except _MissingError:
            pass  # then it is not configured
        return "bad-request" if path[0] in CONTROL else "bad-state"

    def refuse(self) -> None:
        """Raise the one ``ServoError`` for all problems, if there is any."""
        for reason in CAME:
            if reason in self._problems.values():
                status = "bad-request" if reason == "bad-request" else "failed"
                raise ServoError(status, reason, "\n".join(self._problems))

    def filled(self, parts: "Parts") -> "Filled":
        """Return each part with its text, "0" after noting why there is none; a formula's text is free from here on."""
        filled: "Filled" = []
        for part in parts:
            text = part if isinstance(part, str) else "0"
            if isinstance(part, Placeholder):
                try:
                    value = _look_up(part.path, self._names)
                    if part.kind == "formula":
                        part = part._replace(kind="free" if isinstance(value, str) else "listed")
                    text = self._number(part, plain.formatted(value, part.conversion, part.spec))
                except _MissingError as error:
                    self.add(part, str(error), "bad-request" if part.path[0] in CONTROL else "bad-config")
                except ValueError as error:
                    self.add(part, str(error))
            filled.append((part, text))
        return filled

    def _number(self, part: Placeholder, text: str) -> str:
        """Return a text that is no number only where it need not be one; raise ``ValueError``."""
        if part.is_number and part.kind == "free" and not plain.NUMBER.match(text):
            where = "in arithmetic, in a here-document, behind a leading - and with a format like :d"
            came = CAME[self._origin(part.path)]
            raise ValueError(
                f"only a number may stand there ({where}), but {came} has {wording.shown(text)}; {way_out(part)}"
            )
        return text

    def judge(self, filled: "Filled") -> None:
        """Note what in a command is not plain; free text is judged as one with free text directly before it."""
        whole = "".join(text for _, text in filled)
        at, begin = 0, 0
        for number, (part, text) in enumerate(filled):
            end = at + len(text)
            if isinstance(part, Placeholder):
                is_free = part.kind == "free"
                before = filled[number - 1][0] if number else ""
                if not (is_free and isinstance(before, Placeholder) and before.kind == "free"):
                    begin = at
                problem = refusal(part, whole[begin:end], not is_free)
                if is_free and not problem:
                    problem = _with_neighbours(part, whole, begin, end)
                if problem:
                    self.add(part, f"{CAME[self._origin(part.path)]} has {problem}")
            at = end


def _with_neighbours(part: Placeholder, whole: str, begin: int, end: int) -> str:
    """Return what is wrong with free text because of what stands beside it, empty where nothing is."""
    for match in plain.FORBIDDEN.finditer(whole, max(0, begin - 6), end + 6):
        if match.start() < end and match.end() > begin:
            value = wording.shown(whole[begin:end])
            return f"{value}, which makes {match.group()} of what stands beside it; {way_out(part)}"
    return ""


class _MissingError(ValueError):
    """A field that is not there, has no value, or holds others."""


def _look_up(path: "Tuple[str, ...]", names: "Dict[str, Any]") -> "Any":
    """Return the value of a field, a string, a number or a boolean; raise ``_MissingError``."""
    current: "Any" = names
    for depth, key in enumerate(path):
        where = ".".join(path[:depth])
        if isinstance(current, dict):
            # state.application.components.C.settings.S.value: a setting without a value, not a mistaken name
            lacks_value = path[0] == "state" and path[depth:] == ("value",) and depth == 6
            if key not in current and not lacks_value:
                raise _MissingError(_missing(key, where, current) + _give(path))
            current = current.get(key)
        elif isinstance(current, list):
            if not key.isdecimal() or len(key) > 9 or int(key) >= len(current):
                raise _MissingError(f"{where} is a list of {len(current)}: write a number below that" + _give(path))
            current = current[int(key)]
        else:
            raise _MissingError(f"{where} is {wording.kind(current)}, which has no fields" + _give(path))
    if current is None:
        remedy = _give(path) or ": give it one in the configuration, or adjust it first"
        raise _MissingError(f"{'.'.join(path)} has no value{remedy}")
    if isinstance(current, (dict, list)):
        inner = f"; it holds {_listed(current)}" if isinstance(current, dict) and current else ""
        raise _MissingError(f"{'.'.join(path)} is {wording.kind(current)}, not a value{inner}" + _give(path))
    return current


def _give(path: "Tuple[str, ...]") -> str:
    if path[0] not in CONTROL:
        return ""
    return "; give it in the request's control (--control JSON) or under batch.default_control"


def _missing(key: str, where: str, mapping: "Dict[str, Any]") -> str:
    there = f"there is only {_listed(mapping)}" if mapping else "it is empty"
    nearest = wording.did_you_mean(key, mapping)
    if where:
        return f'{where} has no "{key}"; {there}{nearest}'
    braces = "" if nearest else "; braces that are no placeholder are doubled: {{ and }}"
    return f'there is no "{key}"; {there}{nearest}{braces}'


def _listed(names: "Dict[str, Any]") -> str:
    return ", ".join(map(wording.named, sorted(names)))


def have_shell_read(arguments: "List[str]", place: str = "command") -> None:
    """Start ``/bin/sh -n``, which reads a script without running it; raise ``ServoError`` (bad-config) where it cannot.

    ``arguments`` is what ``render`` returned; ``place`` is where the command stands, for the message. A shell reads a
    script as it runs it, so without this a job could run for hours up to a syntax error. Source: POSIX.1-2017, set -n.
    """
    import subprocess

    if arguments[:2] != SHELL or len(arguments) == 2:
        return
    try:
        shell_read = subprocess.run(
            ["/bin/sh", "-n", "-c", arguments[2].encode("utf-8", "surrogateescape")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    except OSError:
        return  # whatever it is, it meets the job as well, which reports it
    if shell_read.returncode:
        reason = shell_read.stderr.decode("utf-8", "replace").strip()
        raise failed("bad-config", f"{place}: the shell cannot read the command: {reason}\ncommand: {arguments[2]}")
