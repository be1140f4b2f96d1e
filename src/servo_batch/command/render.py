"""A checked command and the values it names → the arguments to execute."""

import re

from servo_batch import answers, wording
from servo_batch.command.marks import BARE, DOUBLE, SINGLE
from servo_batch.command.placeholder import ANY_NUMBER, Command, Placeholder, TemplateError
from servo_batch.command.template import CONTROL, SHELL, lowered

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
            of_control = part.path[0] in CONTROL
            problem = "%s: the command needs %s: %s" % (place, part.text, error)
            if of_control:
                problem += "; give it in the request's control (--control JSON) or under batch.default_control"
            problems[problem] = of_control
            return ""

    arguments = ["".join(map(rendered, parts)) for parts in command.templates]
    if problems:
        message = "\n".join(problems)
        raise answers.bad_request(message) if all(problems.values()) else answers.failed("bad-config", message)
    return SHELL + arguments if command.uses_shell else arguments


def quote(value: str) -> str:
    """Return ``value`` quoted as one word or a part of one, for a place outside quotes.

    Always quoted: ``shlex.quote`` leaves ``2`` bare, and ``echo 2>file`` is a redirection.
    """
    return "'" + _escape_single(value) + "'"


def quote_for(quoting: str, value: str) -> str:
    """Return ``value`` as it has to stand in a place of this quoting to be itself.

    Inside double quotes the value is set in single quotes between two double-quoted parts: then a ``$name`` before
    it cannot grow by it.
    """
    if quoting == BARE:
        return value
    if quoting == SINGLE:
        return _escape_single(value)
    if quoting == DOUBLE:
        return '"' + quote(value) + '"'
    return quote(value)


def _escape_single(value: str) -> str:
    return value.replace("'", "'\"'\"'")


def _render(part: Placeholder, names: "Dict[str, Any]") -> str:
    value = _format(part, names)
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise TemplateError(
            "its value holds a NUL or half a surrogate pair, which no command can: adjust it to another"
        )
    if part.must_be is not None:
        value = _number(part, value, _look_up(part.path, names))
    if part.conversion == "w":
        return " ".join(quote(word) for word in _words(value))
    return quote_for(part.quoting, value)


def _number(part: Placeholder, text: str, value: "Any") -> str:
    """Return a formatted number as it may stand in code; raise ``TemplateError`` where it is no plain number.

    Only its text counts: no state file and no request can bring anything else here. Arithmetic takes whole numbers of
    64 bits, reads 010 as 8, and 5--3 as a decrement in some shells.
    """
    digits = text.strip(" ")
    if isinstance(value, bool) or not _is_plain_number(digits):
        raise TemplateError("it stands where only a number may, and %s is none" % wording.shown(text))
    if part.must_be == ANY_NUMBER:
        return text
    magnitude = digits.lstrip("+-")
    if not magnitude.isdigit() or (magnitude[0] == "0" and len(magnitude) > 1) or int(magnitude) >= 2**63:
        raise TemplateError(
            "the shell's arithmetic takes whole numbers of 64 bits without leading zeros, not %s; {…:.0f} rounds"
            % wording.shown(text)
        )
    return "(%s)" % digits if digits[0] == "-" else text


def _is_plain_number(text: str) -> bool:
    """Return whether a text is a plain decimal number, in ASCII digits."""
    if not text.isprintable() or set(text) - set("0123456789+-.eE") or text[-1:] not in tuple("0123456789"):
        return False
    try:
        return bool(text[:1] not in (".", "") and float(text) is not None)
    except ValueError:
        return False


def _format(placeholder: Placeholder, names: "Dict[str, Any]") -> str:
    value = _look_up(placeholder.path, names)
    spec = "".join(part if isinstance(part, str) else _format(part, names) for part in placeholder.spec)
    if re.search(r"\d{%d}" % (MAX_WIDTH_DIGITS + 1), spec):
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
            if path[0] not in CONTROL
            else "%s has no value" % ".".join(path)
        )
    if isinstance(current, (dict, list)):
        inner = "; it holds %s" % _listed(current) if isinstance(current, dict) and current else ""
        raise TemplateError("%s is %s, not a value%s" % (".".join(path), wording.kind(current), inner))
    return current


def _missing(key: str, where: str, mapping: "Dict[str, Any]") -> str:
    there = "there is only %s" % _listed(mapping) if mapping else "it is empty"
    nearest = wording.did_you_mean(key, mapping)
    if where:
        return '%s has no "%s"; %s%s' % (where, key, there, nearest)
    braces = "" if nearest else "; braces that are no placeholder are doubled: {{ and }}"
    return 'there is no "%s"; %s%s%s' % (key, there, nearest, braces)


def _listed(names: "Dict[str, Any]") -> str:
    return ", ".join(map(wording.named, sorted(names)))
