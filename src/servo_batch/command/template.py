"""The text of a command template → a checked command with its placeholders.

Source: Format String Syntax, in the documentation of Python's module string.
"""

import string

from servo_batch.command import marks
from servo_batch.command.placeholder import Command, Placeholder, TemplateError
from servo_batch.command.safety import plain
from servo_batch.formats import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Sequence, Tuple, Union

    from servo_batch.command.placeholder import Parts

    IsNumber = Callable[[Tuple[str, ...]], bool]

SHELL = ["/bin/sh", "-c"]
CONTROL = ("control", "_control")
RESERVED = ("state", *CONTROL)
NUMERIC_TYPES = "deEfFgG"  # presentation types that take numbers only, and make plain decimals of them


def never(path: "Tuple[str, ...]") -> bool:
    """Return that nothing makes the field at ``path`` certain to be a number."""
    return False


def parse_script(script: str, is_number: "IsNumber" = never) -> Command:
    """Return the command of a shell command line; raise ``TemplateError`` where a placeholder cannot be made safe.

    ``is_number`` says whether the value of the field with these keys is certain to be a number.
    """
    parts = _parse(script)
    text = _source(parts, is_number)
    if plain.is_plain_script(text):
        return Command((_quoted(parts, marks.UNQUOTED),), True, ())
    from servo_batch.command.safety import quoted

    return quoted.of_script(parts, text, lambda placeholder: _is_certain(placeholder, is_number))


def parse_arguments(items: "Sequence[str]", is_number: "IsNumber" = never) -> Command:
    """Return the command of a list of arguments, each formatted on its own; raise ``TemplateError``."""
    templates: "List[Parts]" = []
    unread: "List[str]" = []
    for argument in items:
        try:
            templates.append(_parse(argument))
        except TemplateError as error:
            unread.extend(error.problems)
    if unread:
        raise TemplateError(*unread)
    texts = [_source(parts, is_number) for parts in templates]
    if plain.is_plain_list(texts):
        return Command(tuple(_quoted(parts, marks.BARE) for parts in templates), False, ())
    from servo_batch.command.safety import quoted

    return quoted.of_arguments(tuple(templates), texts, lambda placeholder: _is_certain(placeholder, is_number))


def _quoted(parts: "Parts", quoting: str) -> "Parts":
    return tuple(part if isinstance(part, str) else part._replace(quoting=quoting) for part in parts)


def _is_certain(placeholder: Placeholder, is_number: "IsNumber") -> bool:
    """Return whether the text is certain to be a number: by its format, or by what the configuration says."""
    spec = "".join(part if isinstance(part, str) else "1" for part in placeholder.spec)
    literal_type = isinstance(placeholder.spec[-1], str) if placeholder.spec else False
    numeric = bool(literal_type and spec[-1:] in tuple(NUMERIC_TYPES) and placeholder.conversion is None)
    if spec.rstrip(NUMERIC_TYPES).strip("0123456789. +-"):
        return False  # it may be filled with something else, or grouped
    return numeric or (is_number(placeholder.path) and placeholder.conversion != "w")


def _source(parts: "Parts", is_number: "IsNumber") -> str:
    return "".join(part if isinstance(part, str) else _stand_in(part, is_number) for part in parts)


def _stand_in(placeholder: Placeholder, is_number: "IsNumber") -> str:
    if _is_certain(placeholder, is_number):
        return marks.NUMBER
    return marks.WORDS if placeholder.conversion == "w" else marks.HOLE


def _parse(template: str) -> "Parts":
    if "\0" in template:
        raise TemplateError("it holds a NUL character, which no command can: remove it")
    if any("\ud800" <= char <= "\udbff" for char in template):
        raise TemplateError("it holds half a surrogate pair, which no command can: remove it")
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
        raise TemplateError(
            "%s: there is no conversion !%s, only !s, !r, !a and !w; literal braces are {{ and }}" % (text, conversion)
        )
    if conversion == "w" and spec:
        raise TemplateError("%s: !w (words) takes no format specification" % text)
    return Placeholder(
        text, _keys(field, text), conversion, tuple(_parts(spec, levels - 1) if spec else ()), marks.BARE, None
    )


def _keys(field: str, text: str) -> "Tuple[str, ...]":
    try:
        return paths.keys(field)
    except paths.PathError as error:
        raise TemplateError("%s: %s; write {component.setting}; literal braces are {{ and }}" % (text, error)) from None


def lowered(sentence: str) -> str:
    """Return what Python says as a part of our sentence."""
    return sentence[:1].lower() + sentence[1:]
