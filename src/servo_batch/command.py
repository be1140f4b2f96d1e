"""A command template and the values it names → what to execute.

Source: section 5 of the contract. The syntax is Python's format strings; fields are looked up in mappings and lists
only, never with ``getattr``, so nothing of Python is reachable through them.
"""

from collections import namedtuple

from servo_batch import protocol, shell

try:  # what string.Formatter.parse calls; the module string compiles a pattern that is not needed here
    from _string import formatter_parser  # type: ignore[import-not-found]
except ImportError:
    import string

    formatter_parser = string.Formatter().parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

SHELL = ["/bin/sh", "-c"]
RESERVED = ("state", "control", "_control")
MAX_WIDTH_DIGITS = 4  # Linux takes 128 KiB as one argument, and a request's control may name the width
LIST_FORM = "give the command as a list, which needs no shell: [program, argument, …]"


class TemplateError(ValueError):
    """What is wrong with a command template: ``problems``, a sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Placeholder(namedtuple("Placeholder", ("text", "path", "conversion", "spec", "context"))):
    """One ``{field!conversion:spec}``: its source text, its field's keys, and the shell context it stands in."""

    __slots__ = ()
    text: str
    path: "Tuple[str, ...]"
    conversion: "Optional[str]"
    spec: "Tuple[Union[str, Placeholder], ...]"
    context: "Optional[str]"  # None: an argument of its own, no shell


class Command(namedtuple("Command", ("templates", "uses_shell"))):
    """A checked command: per argument (or for the one shell script) its literal parts and placeholders."""

    __slots__ = ()
    templates: "Tuple[Tuple[Union[str, Placeholder], ...], ...]"
    uses_shell: bool


def parse_script(script: str) -> Command:
    """Return the command of a shell command line; raise ``TemplateError`` where a placeholder cannot be made safe."""
    parts = _parse(script)
    try:
        found = iter(shell.contexts(_source(parts)))
    except shell.UnclosedError as error:
        raise TemplateError("the shell could not read it: %s" % error) from None
    checked = tuple(part if isinstance(part, str) else part._replace(context=next(found)) for part in parts)
    problems = [_script_problem(part) for part in checked if isinstance(part, Placeholder)]
    if any(problems):
        raise TemplateError(*filter(None, problems))
    return Command((checked,), True)


def parse_arguments(arguments: "Sequence[str]") -> Command:
    """Return the command of a list of arguments, each formatted on its own; raise ``TemplateError``."""
    templates: "List[Tuple[Union[str, Placeholder], ...]]" = []
    unread: "List[str]" = []
    for argument in arguments:
        try:
            templates.append(_parse(argument))
        except TemplateError as error:
            unread.extend(error.problems)
    if unread:
        raise TemplateError(*unread)
    sources = [_source(parts) for parts in templates]
    problems = [
        _argument_problem(part, shell.danger_of_code(sources[:index], sources[index]))
        for index, parts in enumerate(templates)
        for part in parts
        if isinstance(part, Placeholder)
    ]
    if any(problems):
        raise TemplateError(*filter(None, problems))
    return Command(tuple(templates), False)


def _script_problem(placeholder: Placeholder) -> "Optional[str]":
    if isinstance(placeholder.context, shell.Unsafe):
        return "%s stands %s. No quoting is safe there: move it, or %s" % (
            placeholder.text,
            placeholder.context,
            LIST_FORM,
        )
    if placeholder.conversion == "w" and placeholder.context != shell.UNQUOTED:
        return "%s: !w (words) makes several words, which needs a place outside quotes" % placeholder.text
    return None


def _argument_problem(placeholder: Placeholder, danger: "Optional[str]") -> "Optional[str]":
    if danger:
        return "%s stands %s" % (placeholder.text, danger)
    if placeholder.conversion == "w":
        return (
            "%s: an item of a list is exactly one argument, so !w (words) has no place in it: "
            "write one item for each argument, or give the command as a string" % placeholder.text
        )
    return None


def _source(parts: "Tuple[Union[str, Placeholder], ...]") -> str:
    return "".join(part if isinstance(part, str) else shell.HOLE for part in parts)


def _parse(template: str) -> "Tuple[Union[str, Placeholder], ...]":
    if "\0" in template:
        raise TemplateError("it holds a NUL character, which no command can: remove it")
    return tuple(_parts(template, 2))


def _parts(template: str, levels: int) -> "List[Union[str, Placeholder]]":
    if not levels:
        raise TemplateError("%s nests placeholders too deep: a format specification can hold them once" % template)
    parts: "List[Union[str, Placeholder]]" = []
    problems: "List[str]" = []
    try:
        for literal, field, spec, conversion in formatter_parser(template):
            if literal:
                parts.append(literal)
            if field is not None:
                try:
                    parts.append(_placeholder(field, conversion, spec or "", levels))
                except TemplateError as error:
                    problems.extend(error.problems)
    except ValueError as error:
        problems.append("%s: write {{ and }} for literal braces" % _lowered(str(error)))
    if problems:
        raise TemplateError(*problems)
    return parts


def _placeholder(field: str, conversion: "Optional[str]", spec: str, levels: int) -> Placeholder:
    text = "{%s%s%s}" % (field, "!" + conversion if conversion else "", ":" + spec if spec else "")
    if conversion not in (None, "s", "r", "a", "w"):
        raise TemplateError("%s: there is no conversion !%s, only !s, !r, !a and !w" % (text, conversion))
    if conversion == "w" and spec:
        raise TemplateError("%s: !w (words) takes no format specification" % text)
    return Placeholder(
        text, _field_path(field, text), conversion, tuple(_parts(spec, levels - 1) if spec else ()), None
    )


def _field_path(field: str, text: str) -> "Tuple[str, ...]":
    """Return the keys of a field: ``a.b[c]`` is a, b, c."""
    end = _name_end(field, 0)
    keys = [field[:end]]
    while end < len(field):
        start = end + 1
        if field[end] == ".":
            end = _name_end(field, start)
            keys.append(field[start:end])
        else:
            close = field.find("]", start)
            keys.append(field[start:close] if close > 0 else "")
            end = close + 1
            if close > 0 and end < len(field) and field[end] not in ".[":
                raise TemplateError("%s: after a ] only a . or a [ can follow" % text)
        if not keys[-1]:
            break
    if not all(keys):
        raise TemplateError("%s does not name a value: write {component.setting}; literal braces are {{ and }}" % text)
    return tuple(keys)


def _name_end(field: str, pos: int) -> int:
    while pos < len(field) and field[pos] not in ".[":
        pos += 1
    return pos


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


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
        raise TemplateError("the width or precision in %s is more than a command can take" % protocol.shown(spec))
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
            "the value %s cannot be formatted: %s" % (protocol.shown(value), _lowered(str(error)) or "too wide")
        ) from None


def _words(value: str) -> "List[str]":
    import shlex

    try:
        return shlex.split(value)
    except ValueError as error:
        raise TemplateError(
            "the value %s cannot be split into words: %s" % (protocol.shown(value), _lowered(str(error)))
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
            raise TemplateError("%s is %s, which has no fields" % (where, protocol.kind(current)))
    if current is None:
        raise TemplateError(
            "%s has no value: give it one in the configuration, or adjust it first" % ".".join(path)
            if path[0] not in RESERVED[1:]
            else "%s has no value" % ".".join(path)
        )
    if isinstance(current, (dict, list)):
        inner = "; it holds %s" % _listed(current) if isinstance(current, dict) and current else ""
        raise TemplateError("%s is %s, not a value%s" % (".".join(path), protocol.kind(current), inner))
    return current


def _missing(key: str, where: str, mapping: "Dict[str, Any]") -> str:
    there = "there is only %s" % _listed(mapping) if mapping else "it is empty"
    subject = '%s has no "%s"' % (where, key) if where else 'there is no "%s"' % key
    return "%s; %s%s" % (subject, there, protocol.did_you_mean(key, mapping))


def _listed(names: "Dict[str, Any]") -> str:
    return ", ".join(map(protocol.named, sorted(names)))
