"""A command template and the values it names → what to execute.

Source: section 5 of the contract. The syntax is Python's format strings; fields are looked up in mappings and lists
only, never with ``getattr``, so nothing of Python is reachable through them.
"""

import string
from collections import namedtuple

from servo_batch.command import shell
from servo_batch.formats import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence, Tuple, Union

SHELL = ["/bin/sh", "-c"]
RESERVED = ("state", "control", "_control")
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
        for literal, field, spec, conversion in string.Formatter().parse(template):
            if literal:
                parts.append(literal)
            if field is not None:
                try:
                    parts.append(_placeholder(field, conversion, spec or "", levels))
                except TemplateError as error:
                    problems.extend(error.problems)
    except ValueError as error:
        problems.append("%s: write {{ and }} for literal braces" % lowered(str(error)))
    if problems:
        raise TemplateError(*problems)
    return parts


def _placeholder(field: str, conversion: "Optional[str]", spec: str, levels: int) -> Placeholder:
    text = "{%s%s%s}" % (field, "!" + conversion if conversion else "", ":" + spec if spec else "")
    if conversion not in (None, "s", "r", "a", "w"):
        raise TemplateError("%s: there is no conversion !%s, only !s, !r, !a and !w" % (text, conversion))
    if conversion == "w" and spec:
        raise TemplateError("%s: !w (words) takes no format specification" % text)
    return Placeholder(text, _keys(field, text), conversion, tuple(_parts(spec, levels - 1) if spec else ()), None)


def _keys(field: str, text: str) -> "Tuple[str, ...]":
    try:
        return fields.keys(field)
    except fields.FieldError as error:
        raise TemplateError("%s: %s" % (text, error)) from None


def lowered(sentence: str) -> str:
    """Return what Python says as a part of our sentence."""
    return sentence[:1].lower() + sentence[1:]
