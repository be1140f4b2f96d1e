"""A command template and the values it names → what to execute.

Source: Format String Syntax, in the documentation of Python's module string. Fields are looked up in mappings and lists
only, never with ``getattr``, so nothing of Python is reachable through them.
"""

import string
from collections import namedtuple

from servo_batch.command import word, words
from servo_batch.formats import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterator, List, Optional, Sequence, Tuple, Union

    IsNumber = Callable[[Tuple[str, ...]], bool]
    Parts = Tuple[Union[str, "Placeholder"], ...]

SHELL = ["/bin/sh", "-c"]
CONTROL = ("control", "_control")
RESERVED = ("state", *CONTROL)
NUMBER, INTEGER = "number", "integer"
NUMERIC_TYPES = "deEfFgG"  # presentation types that take numbers only, and make plain decimals of them
LIST_FORM = "or give the command as a list, which needs no shell: [program, argument, …]"


class TemplateError(ValueError):
    """What is wrong with a command template: ``problems``, a sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Placeholder(namedtuple("Placeholder", ("text", "path", "conversion", "spec", "quoting", "must_be"))):
    """One ``{field!conversion:spec}``: its source text, its field's keys, and what its place asks for."""

    __slots__ = ()
    text: str
    path: "Tuple[str, ...]"
    conversion: "Optional[str]"
    spec: "Parts"
    quoting: str  # word.UNQUOTED, SINGLE, DOUBLE or BARE
    must_be: "Optional[str]"  # NUMBER or INTEGER: it may stand there only because it is one


class Command(namedtuple("Command", ("templates", "uses_shell", "warnings"))):
    """A checked command: per argument (or for the one shell script) its literal parts and placeholders.

    ``warnings`` say what in it is allowed and may still not be what was meant, a sentence each.
    """

    __slots__ = ()
    templates: "Tuple[Parts, ...]"
    uses_shell: bool
    warnings: "Tuple[str, ...]"

    @property
    def fields(self) -> "Tuple[Tuple[str, ...], ...]":
        """The keys of each field that the command uses, in their order: ``("web", "cpu")``, ``("control", "n")``."""
        found = (placeholder.path for parts in self.templates for placeholder in _placeholders(parts))
        return tuple(dict.fromkeys(found))


def never(path: "Tuple[str, ...]") -> bool:
    """Return that nothing makes the field at ``path`` certain to be a number."""
    return False


def parse_script(script: str, is_number: "IsNumber" = never) -> Command:
    """Return the command of a shell command line; raise ``TemplateError`` where a placeholder cannot be made safe.

    ``is_number`` says whether the value of the field with these keys is certain to be a number.
    """
    parts = _parse(script)
    try:
        judged = _of_script(_source(parts, is_number))
    except word.UnclosedError as error:
        if not any(_placeholders(parts)):
            return Command((parts,), True, ())  # then the shell itself is asked, before the job runs
        raise TemplateError("the shell could not read it: %s" % error) from None
    return _checked((parts,), judged, is_number, True)


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
    judged = _of_arguments([_source(parts, is_number) for parts in templates])
    return _checked(tuple(templates), judged, is_number, False)


def _of_script(text: str) -> word.Judged:
    judged = words.of_plain_script(text)
    if judged is None:
        from servo_batch.command import places

        judged = places.of_script(text)
    return judged


def _of_arguments(texts: "Sequence[str]") -> word.Judged:
    judged = words.of_plain_arguments(texts)
    if judged is None:
        from servo_batch.command import places

        judged = places.of_arguments(texts)
    return judged


def _checked(templates: "Tuple[Parts, ...]", judged: word.Judged, is_number: "IsNumber", uses_shell: bool) -> Command:
    """Return the command whose placeholders stand in these places; raise ``TemplateError``."""
    found = iter(judged.places)
    problems: "List[str]" = []
    notes: "List[str]" = []

    def placed(part: "Union[str, Placeholder]") -> "Union[str, Placeholder]":
        if isinstance(part, str):
            return part
        place = next(found)
        certain = _is_certain(part, is_number)
        problem = _problem(part, place, certain, uses_shell)
        if problem:
            problems.append(problem)
        if place.warning and not certain:
            notes.append("%s stands %s" % (part.text, place.warning.replace("{v}", part.text)))
        needs = (INTEGER if place.in_arithmetic else NUMBER) if place.danger else None
        return part._replace(quoting=place.quoting, must_be=needs)

    checked = tuple(tuple(map(placed, parts)) for parts in templates)
    if problems:
        raise TemplateError(*dict.fromkeys(problems))
    notes.extend(map(_hidden_failure, dict.fromkeys(judged.warnings)))
    return Command(checked, uses_shell, tuple(dict.fromkeys(notes)))


def _problem(placeholder: Placeholder, place: word.Place, certain: bool, uses_shell: bool) -> "Optional[str]":
    text = placeholder.text
    if placeholder.conversion == "w" and not uses_shell:
        return (
            "%s: an item of a list is exactly one argument, so !w (words) has no place in it: "
            "write one item for each argument, or give the command as a string" % text
        )
    if certain and place.is_descriptor:
        return "%s stands where it would be the number of a redirection: write a blank after it" % text
    if certain or place.danger is None:
        return None
    if placeholder.conversion == "w" and place.quoting in (word.SINGLE, word.DOUBLE):
        return "%s: !w (words) makes several words, which needs a place outside quotes" % text
    if place.danger == word.AFTER_DOLLAR:
        name = text[1:-1]
        return "%s stands %s; a variable of the shell is %s${%s}" % (
            text,
            place.danger.replace("{v}", text),
            "$%s or " % name if name.isidentifier() else "",
            text,
        )
    number = "" if placeholder.spec or placeholder.conversion else "; if it is a number, say so: %s:d}" % text[:-1]
    other = ", " + LIST_FORM if place.quoting == word.BARE and uses_shell else ""
    return "%s stands %s%s%s" % (text, place.danger.replace("{v}", text), other, number)


def _hidden_failure(program: str) -> str:
    return (
        "where `%s` fails, the pipeline does not, and the job counts as one that ended well: write its output to a "
        "file (> FILE) or use --keep-output in the place of tee, or give the list [bash, -o, pipefail, -c, SCRIPT]"
        % program
    )


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
        return word.NUMBER
    return word.WORDS if placeholder.conversion == "w" else word.HOLE


def _placeholders(parts: "Parts") -> "Iterator[Placeholder]":
    for part in parts:
        if isinstance(part, Placeholder):
            yield part
            yield from _placeholders(part.spec)


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
        text, _keys(field, text), conversion, tuple(_parts(spec, levels - 1) if spec else ()), word.BARE, None
    )


def _keys(field: str, text: str) -> "Tuple[str, ...]":
    try:
        return fields.keys(field)
    except fields.FieldError as error:
        raise TemplateError("%s: %s" % (text, error)) from None


def lowered(sentence: str) -> str:
    """Return what Python says as a part of our sentence."""
    return sentence[:1].lower() + sentence[1:]
