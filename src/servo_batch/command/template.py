"""The text of a command or of an environment variable → its literal parts and placeholders, and every problem of them.

A command takes *plain* text, of which no shell, inner or remote shell, makefile or sourced file makes anything but
itself. *Listed* values, which the configuration lists, may have more than *free* text: nobody outside chooses others.

Source: Format String Syntax, in the documentation of Python's module string.
"""

import re
import string
from collections import namedtuple

from servo_batch.formats import paths
from servo_batch.wording import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

    Parts = Tuple[Union[str, "Placeholder"], ...]
    # What the configuration allows for a field, by its keys: enum and its values, range and its ends, formula, free.
    Allowed = Callable[[Tuple[str, ...]], Tuple[str, Sequence[Any]]]

PLAIN = "letters, digits and _ - . / : , + @"
FREE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,+@")
LISTED = FREE | frozenset("%=")
NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z"  # RFC 8259, section 6
FORBIDDEN = r"\.\.|SERVO_"  # a path that leads up; the names of variables that hold any text
CONTROL = ("control", "_control")
NAMES = {" ": "a blank", "\t": "a tab", "\n": "a line break", "\0": "a NUL character"}
NUMERIC_SPEC = r"(\.[0-9]+)?[deEfFgG]\Z"  # makes a plain decimal number, or fails
WIDE = "[0-9]{5}"  # Linux takes 128 KiB as one argument
VARIABLE = "[A-Za-z_][A-Za-z0-9_]*\\Z"
LITERAL_BRACES = "literal braces are {{ and }}"


class TemplateError(ValueError):
    """What is wrong with a template: ``problems``, a sentence each."""

    def __init__(self, problems: "Iterable[str]") -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("; ".join(self.problems))


class Placeholder(namedtuple("Placeholder", ("field", "path", "conversion", "spec", "kind", "is_number"))):
    """A placeholder, the keys of its field (its ``path``), and what the configuration tells of the value.

    ``conversion`` is as in Python, or "w": the words of the value. ``kind`` is "listed", "formula" (listed where it is
    no text) or "free", which has to be a number if ``is_number``.
    """

    __slots__ = ()

    @property
    def text(self) -> str:
        """The placeholder as it stands in the template."""
        conversion = "!" + self.conversion if self.conversion else ""
        return "{%s%s%s}" % (self.field, conversion, ":" + self.spec if self.spec else "")

    @property
    def way_out(self) -> str:
        """How any text gets into the job in its place."""
        key = self.path[-2] if self.path[-1] == "value" and len(self.path) > 2 else self.path[-1]
        variable = "SERVO_" + re.sub("[^A-Za-z0-9_]", "_", key).upper()
        text = "{%s}" % self.field if self.conversion == "w" else self.text
        return (
            f"any text goes by the environment: under batch, env: {{{variable}: '{text}'}}, and in the script "
            f'"${variable}" (a list: [sh, -c, \'./job "${variable}"\'])'
        )

    def formatted(self, value: "Any") -> str:
        """Return what is put in for a JSON value; raise ``ValueError`` that says why it cannot be.

        Numbers are as JSON writes them, booleans ``true`` and ``false``; between words one blank is left.
        """
        if isinstance(value, bool) and self.conversion not in ("r", "a") and not self.spec:
            return "true" if value else "false"
        if self.conversion == "w":
            return " ".join(words(str(value)))
        try:
            as_text = {"r": repr, "a": ascii}.get(self.conversion or "", str)
            return format(as_text(value) if self.conversion else value, self.spec)
        except (ValueError, TypeError, OverflowError, MemoryError) as error:
            raise ValueError(f"{shown(value)}, which cannot be formatted: {lowered(error)}") from None

    def refusal(self, text: str, is_listed: bool) -> str:
        """Return why what it was formatted to cannot stand in a command, and what to do; empty where it can."""
        if self.is_number and not is_listed and not re.match(NUMBER, text):
            where = "in arithmetic, in a here-document, behind a leading - and with a format like :d"
            return f"{shown(text)}, but only a number may stand there ({where}); {self.way_out}"
        texts = words(text) if self.conversion == "w" else [text]
        odd = next(filter(None, (_odd(each, is_listed) for each in texts)), "")
        if not odd:
            return ""
        can_be_listed = not any(_odd(word, True) for word in words(text)) and self.path[0] not in CONTROL
        is_several = can_be_listed and len(words(text)) > 1 and not self.conversion and not self.spec
        remedy = "give the setting type: enum and its values; " if can_be_listed and not is_listed else ""
        remedy += f"{{{self.field}!w}} is several words; " if is_several else ""
        return f"{shown(text)}, but {odd} ({PLAIN}{' % =' * is_listed} are plain); {remedy}{self.way_out}"


class Command(namedtuple("Command", ("templates", "uses_shell"))):
    """A checked command: per argument, or for the one shell script, its literal parts and placeholders."""

    __slots__ = ()


def fields(templates: "Iterable[Parts]") -> "List[Tuple[str, ...]]":
    """Return the keys of each field that templates use, in their order: ``("web", "cpu")``, ``("control", "n")``."""
    return list(dict.fromkeys(part.path for parts in templates for part in parts if isinstance(part, Placeholder)))


def parse(value: "Union[str, Sequence[str]]", allowed: "Allowed") -> Command:
    """Return the command that a shell command line or a list of arguments is; raise ``TemplateError``."""
    uses_shell = isinstance(value, str)
    problems: "List[str]" = []
    templates = [_parts(text, allowed, problems) for text in ([value] if isinstance(value, str) else value)]
    places = _places(templates)
    for parts in templates:
        for at, part in enumerate(parts):
            if isinstance(part, Placeholder):
                closed, takes_numbers = next(places)
                found = _problems(part, parts[:at], parts[at + 1 :], closed, uses_shell, allowed)
                problems += [f"{part.text}: {problem}" for problem in found]
                parts[at] = part._replace(is_number=part.is_number or takes_numbers)
    if problems:
        raise TemplateError(problems)
    return Command(tuple(map(tuple, templates)), uses_shell)


def _places(templates: "List[List[Union[str, Placeholder]]]") -> "Iterator[Tuple[str, bool]]":
    """Return for each placeholder what is closed to free text there, and whether it has to be a number there."""
    found = [part for parts in templates for part in parts if isinstance(part, Placeholder)]
    if all(part.kind == "listed" for part in found):
        return iter([("", False)] * len(found))
    from servo_batch.command import places

    def marked(part: "Union[str, Placeholder]") -> str:
        if isinstance(part, str):
            return places.MARKS.sub("", part)
        return places.WORDS if part.conversion == "w" else places.HOLE

    return iter(places.of_marks(["".join(map(marked, parts)) for parts in templates]))


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
    is_number = conversion is None and re.match(NUMERIC_SPEC, spec) is not None
    part = Placeholder(field, ("",), conversion, spec, "listed", is_number)  # in whose place nothing else is wrong
    try:
        if conversion not in (None, "s", "r", "a", "w"):
            raise ValueError("there is no conversion !%s, only !s, !r, !a and !w" % conversion)
        if conversion == "w" and spec:
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


def _problems(
    part: Placeholder, left: "Sequence[Any]", right: "Sequence[Any]", closed: str, uses_shell: bool, allowed: "Allowed"
) -> "Iterator[str]":
    """Yield what is wrong with a placeholder where it stands, between what is ``left`` of it and ``right`` of it."""
    before, after = (each[0] if each and isinstance(each[0], str) else "" for each in (left[-1:], right[:1]))
    if re.search(r"(?<!\\)(?:\\\\)*\\\Z", before):
        yield "a backslash stands directly before it, and may change its first letter: leave it out, or write two"
    dollar = re.search(r"\$\{?\w*\Z", before)
    if dollar:
        yield (
            f"{dollar.group()} stands directly before it, so the shell would take the value for a part of a variable's "
            f'name: leave the $ out, or put a variable in quotes, "{dollar.group()}"'
        )
    elif after[:1] in ("<", ">"):
        yield f"{after[0]} stands directly after it, so a number would be that of an open file: put a blank between"
    elif part.conversion == "w" and part.kind != "listed":
        yield f"!w is for values that the configuration lists, and free text is one word; {part.way_out}"
    elif part.conversion == "w" and not uses_shell and (left or right):
        yield "in a list, !w has to be the whole item, which it makes several of"
    elif closed and part.kind == "free" and not part.is_number:
        yield (
            f"free text stands {closed}, where it could choose what is run: {{{part.field}:d}} lets a number in, a "
            f"setting of type: enum one of its values, and {part.way_out}"
        )
    for value in allowed(part.path)[1] if part.kind == "listed" else ():
        try:
            problem = part.refusal(part.formatted(value), True)
            yield from [f"it may be {problem}"] if problem else []
        except ValueError as error:
            yield f"it may be {error}"


def words(text: str) -> "List[str]":
    """Return the words between the blanks of a text."""
    return [word for word in re.split("[ \t\n]", text) if word]


def lowered(error: Exception) -> str:
    """Return what Python says as a part of a sentence of ours."""
    return (str(error)[:1].lower() + str(error)[1:]) or "it is too wide"


def _odd(text: str, is_listed: bool) -> str:
    """Return what of a text is not plain, as half a sentence; empty where it is plain."""
    odd = next((char for char in text if char not in (LISTED if is_listed else FREE)), "")
    if odd:
        why = "is plain only in values that the configuration lists" if odd in LISTED else "is not plain"
        return f"{NAMES.get(odd, odd if '!' <= odd <= '~' else shown(odd))} {why}"
    if not text or is_listed or re.match(NUMBER, text):
        return "" if text else "it is empty"
    return f"it begins with {text[0]} and is no number" if text[0] in "-+@" else ""
