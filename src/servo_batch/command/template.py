"""The text of a command or of an environment variable → its literal parts and placeholders, and every problem of them.

Source: Format String Syntax, in the documentation of Python's module string.
"""

import re
import string
from collections import namedtuple

from servo_batch.command import places
from servo_batch.command.placeholder import Placeholder, lowered
from servo_batch.formats import paths
from servo_batch.wording import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

    Parts = Tuple[Union[str, Placeholder], ...]
    # What the configuration allows for a field, by its keys: enum and its values, range and its ends, formula, free.
    Allowed = Callable[[Tuple[str, ...]], Tuple[str, Sequence[Any]]]

NUMERIC_SPEC = r"(\.[0-9]+)?[deEfFgG]\Z"  # makes a plain decimal number, or fails
WIDE = "[0-9]{5}"  # Linux takes 128 KiB as one argument
VARIABLE = "[A-Za-z_][A-Za-z0-9_]*\\Z"
DOLLAR = r"\$\{?\w*\Z"
LITERAL_BRACES = "literal braces are {{ and }}"


class TemplateError(ValueError):
    """What is wrong with a template: ``problems``, a sentence each."""

    def __init__(self, problems: "Iterable[str]") -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("; ".join(self.problems))


class Command(namedtuple("Command", ("templates", "uses_shell"))):
    """A checked command: per argument, or for the one shell script, its literal parts and placeholders."""

    __slots__ = ()
    templates: "Tuple[Parts, ...]"
    uses_shell: bool


def fields(templates: "Iterable[Parts]") -> "List[Tuple[str, ...]]":
    """Return the keys of each field that templates use, in their order: ``("web", "cpu")``, ``("control", "n")``."""
    return list(dict.fromkeys(part.path for parts in templates for part in parts if isinstance(part, Placeholder)))


def parse(value: "Union[str, Sequence[str]]", allowed: "Allowed") -> Command:
    """Return the command that a shell command line or a list of arguments is; raise ``TemplateError``."""
    uses_shell = isinstance(value, str)
    problems: "List[str]" = []
    templates = [_parts(text, allowed, problems) for text in ([value] if isinstance(value, str) else value)]
    marked = ["".join(places.mark(part) for part in parts) for parts in templates]
    found = iter(places.of_marks(marked))
    for parts in templates:
        for at, part in enumerate(parts):
            if isinstance(part, Placeholder):
                closed, takes_numbers = next(found)
                before, after = parts[at - 1] if at else "", parts[at + 1] if at + 1 < len(parts) else ""
                problem = _lost(before, after) or _misplaced(part, closed, uses_shell or len(parts) == 1)
                problems += [
                    f"{part.text}: {problem}" for problem in ([problem] if problem else _values(part, allowed))
                ]
                parts[at] = part._replace(is_number=part.is_number or takes_numbers)
    if problems:
        raise TemplateError(problems)
    return Command(tuple(map(tuple, templates)), uses_shell)


def parse_variable(name: str, text: str, allowed: "Allowed") -> "Parts":
    """Return the template of an environment variable's value; raise ``TemplateError``."""
    problems: "List[str]" = []
    if not re.match(VARIABLE, name):
        problems.append("is no name of a variable: letters, digits and _ make one, and no digit comes first")
    parts = _parts(text, allowed, problems)
    for at, part in enumerate(parts):
        if isinstance(part, Placeholder):
            if part.conversion == "w":
                problems.append(f"{part.text}: !w makes several words, and a variable holds one text: leave it out")
            if part.kind == "free" and not part.is_number and not name.startswith("SERVO_"):
                why = "goes only under a name that begins with SERVO_, since a shell or make may read any other"
                problems.append(f"{part.text} is free text, which {why}: call it SERVO_{name}")
            parts[at] = part._replace(is_number=part.is_number or not name.startswith("SERVO_"))
    if problems:
        raise TemplateError(problems)
    return tuple(parts)


def _parts(template: str, allowed: "Allowed", problems: "List[str]") -> "List[Union[str, Placeholder]]":
    parts: "List[Union[str, Placeholder]]" = []
    try:
        if "\0" in template:
            raise ValueError("it holds a NUL character, which no command can: remove it")
        template.encode("utf-8", "surrogateescape")  # a lone surrogate is a ValueError
        for literal, field, spec, conversion in string.Formatter().parse(template):
            if literal and parts and isinstance(parts[-1], str):
                parts[-1] += literal  # a doubled brace ends a piece of it
            elif literal:
                parts.append(literal)
            if field is not None:
                parts.append(_placeholder(field, conversion, spec or "", allowed, problems))
    except ValueError as error:
        problems.append(f"{lowered(error)}; {LITERAL_BRACES}")
    return parts


def _placeholder(
    field: str, conversion: "Optional[str]", spec: str, allowed: "Allowed", problems: "List[str]"
) -> Placeholder:
    part = Placeholder(
        field, ("",), conversion, spec, "free", conversion is None and re.match(NUMERIC_SPEC, spec) is not None
    )
    try:
        if conversion not in (None, "s", "r", "a", "w"):
            raise ValueError("there is no conversion !%s, only !s, !r, !a and !w" % conversion)
        if part.conversion == "w" and spec:
            raise ValueError("!w (words) takes no format specification")
        if "{" in spec:
            raise ValueError("a format specification holds no placeholders: write the width as a number")
        if re.search(WIDE, spec):
            raise ValueError(f"the width or precision in {shown(spec)} is more than a command can take")
        path = paths.keys(field)
    except ValueError as error:
        problems.append(f"{part.text}: {error}; {LITERAL_BRACES}")
        return part
    kind = allowed(path)[0]
    return part._replace(path=path, kind="listed" if kind in ("enum", "range") else kind)


def _lost(before: "Union[str, Placeholder]", after: "Union[str, Placeholder]") -> str:
    """Return why any value would be lost between what stands directly before and after it, empty where none would."""
    dollar = re.search(DOLLAR, before) if isinstance(before, str) and "$" in before else None
    if dollar:
        return (
            f"{dollar.group()} stands directly before it, so the shell would take the value for a part of a variable's "
            f'name: leave the $ out, or put a variable in quotes, "{dollar.group()}"'
        )
    if isinstance(after, str) and after[:1] in ("<", ">"):
        return f"{after[:1]} stands directly after it, so a number would be that of an open file: put a blank between"
    return ""


def _misplaced(part: Placeholder, closed: str, is_alone: bool) -> str:
    """Return why a placeholder cannot stand where it does, empty where it can."""
    if part.conversion == "w" and part.kind != "listed":
        return f"!w is for values that the configuration lists, and free text is one word; {part.way_out}"
    if part.conversion == "w" and not is_alone:
        return "in a list, !w has to be the whole item, which it makes several of"
    if closed and part.kind == "free" and not part.is_number:
        return (
            f"free text stands {closed}, where it could choose what is run: {{{part.field}:d}} lets a number in, a "
            f"setting of type: enum one of its values, and {part.way_out}"
        )
    return ""


def _values(part: Placeholder, allowed: "Allowed") -> "Iterator[str]":
    """Yield a problem for each value that the configuration lists and no command can take."""
    for value in allowed(part.path)[1] if part.kind == "listed" else ():
        try:
            problem = part.refusal(part.formatted(value), True)
            yield from [f"it may be {problem}"] if problem else []
        except ValueError as error:
            yield str(error)
