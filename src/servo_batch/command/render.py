"""A checked command and the values it names → the arguments to execute."""

from servo_batch import protocol, wording
from servo_batch.command import shell
from servo_batch.command.template import RESERVED, SHELL, Command, Placeholder, TemplateError, lowered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple, Union

MAX_WIDTH_DIGITS = 4  # Linux takes 128 KiB as one argument, and a request's control may name the width


def values(state: "Dict[str, Any]", control: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return what a command can name: ``state``, ``control``, ``_control`` and each component's settings' values.

    ``state`` is ``{"application": …}``. A setting without a value is there as None.
    """
    names: "Dict[str, Any]" = {}
    for component, description in state["application"]["components"].items():
        settings = description.get("settings", {})
        names[component] = {setting: settings[setting].get("value") for setting in settings}
    names.update(state=state, control=control, _control=control)
    return names


def render(command: Command, names: "Dict[str, Any]", place: str = "command") -> "List[str]":
    """Return the arguments to execute, as ``["/bin/sh", "-c", script]`` or as the list was given.

    Raises ``ServoError`` that lists every field that is missing, has no value or cannot be formatted, each on a line
    that begins with ``place``: bad-request where all are fields of the request's control, else bad-config.
    """
    problems: "Dict[str, bool]" = {}  # whether each is about the request's control

    def rendered(part: "Union[str, Placeholder]") -> str:
        if isinstance(part, str):
            return part
        try:
            return _render(part, names)
        except TemplateError as error:
            of_control = part.path[0] in RESERVED[1:]
            problem = "%s: the command needs %s: %s" % (place, part.text, error)
            if of_control:
                problem += "; give it in the request's control (--control JSON) or under batch.default_control"
            problems[problem] = of_control
            return ""

    arguments = ["".join(map(rendered, parts)) for parts in command.templates]
    if problems:
        message = "\n".join(problems)
        raise protocol.bad_request(message) if all(problems.values()) else protocol.failed("bad-config", message)
    return SHELL + arguments if command.uses_shell else arguments


def check_syntax(arguments: "List[str]", place: str = "command") -> None:
    """Have the shell read a script without running it; raise ``ServoError`` (bad-config) where it cannot.

    ``place`` is where the command stands, for the message. A shell reads a script as it runs it, so without this a job
    could run for hours up to a syntax error.
    """
    if arguments[:2] != SHELL or len(arguments) == 2:
        return
    import subprocess

    try:
        # -n: read commands but do not execute them (POSIX.1-2017, set).
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
        raise protocol.failed(
            "bad-config", "%s: the shell cannot read the command: %s\ncommand: %s" % (place, reason, arguments[2])
        )


def _render(part: Placeholder, names: "Dict[str, Any]") -> str:
    value = _format(part, names)
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise TemplateError(
            "its value holds a NUL or half a surrogate pair, which no command can: adjust it to another"
        )
    if part.conversion == "w":
        return " ".join(shell.quote(word) for word in _words(value))
    return value if part.context is None else shell.quote_for(part.context, value)


def _format(placeholder: Placeholder, names: "Dict[str, Any]") -> str:
    value = _look_up(placeholder.path, names)
    spec = "".join(part if isinstance(part, str) else _format(part, names) for part in placeholder.spec)
    if any(len(number) > MAX_WIDTH_DIGITS for number in "".join(c if c.isdecimal() else " " for c in spec).split()):
        raise TemplateError("the width or precision in %s is more than a command can take" % wording.shown(spec))
    if placeholder.conversion in ("s", "w"):
        value = str(value)
    elif placeholder.conversion == "r":
        value = repr(value)
    elif placeholder.conversion == "a":
        value = ascii(value)
    try:
        return format(value, spec)
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise TemplateError(
            "the value %s cannot be formatted: %s" % (wording.shown(value), lowered(str(error)) or "too wide")
        ) from None


def _words(value: str) -> "List[str]":
    import shlex

    try:
        return shlex.split(value)
    except ValueError as error:
        raise TemplateError(
            "the value %s cannot be split into words: %s" % (wording.shown(value), lowered(str(error)))
        ) from None


def _look_up(path: "Tuple[str, ...]", names: "Dict[str, Any]") -> "Any":
    current: "Any" = names
    for depth, key in enumerate(path):
        where = ".".join(path[:depth])
        if isinstance(current, dict):
            # state.application.components.C.settings.S.value: a setting without a value, not a mistaken name
            lacks_value = path[0] == "state" and path[depth:] == ("value",) and depth == 6
            if key not in current and not lacks_value:
                raise TemplateError(_missing(key, where, current))
            current = current.get(key)
        elif isinstance(current, list):
            if not key.isdecimal() or len(key) > 9 or int(key) >= len(current):
                raise TemplateError("%s is a list of %d: write a number below that" % (where, len(current)))
            current = current[int(key)]
        else:
            raise TemplateError("%s is %s, which has no fields" % (where, wording.kind(current)))
    if current is None:
        raise TemplateError(
            "%s has no value: give it one in the configuration, or adjust it first" % ".".join(path)
            if path[0] not in RESERVED[1:]
            else "%s has no value" % ".".join(path)
        )
    if isinstance(current, (dict, list)):
        inner = "; it holds %s" % _listed(current) if isinstance(current, dict) and current else ""
        raise TemplateError("%s is %s, not a value%s" % (".".join(path), wording.kind(current), inner))
    return current


def _missing(key: str, where: str, mapping: "Dict[str, Any]") -> str:
    there = "there is only %s" % _listed(mapping) if mapping else "it is empty"
    subject = '%s has no "%s"' % (where, key) if where else 'there is no "%s"' % key
    return "%s; %s%s" % (subject, there, wording.did_you_mean(key, mapping))


def _listed(names: "Dict[str, Any]") -> str:
    return ", ".join(map(wording.named, sorted(names)))
