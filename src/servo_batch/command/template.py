"""The text of a command or of an environment variable → its literal parts and placeholders, and every problem of them.

A value is judged by its characters (see plain.py), not by the place where it stands. Of the few places that give a
meaning to plain text too places.py knows.

Source: Format String Syntax, in the documentation of Python's module string.
"""

import re
import string
from collections import namedtuple

from servo_batch.command import places, plain
from servo_batch.formats import paths
from servo_batch.wording import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple, Union

    Parts = Tuple[Union[str, "Placeholder"], ...]
    # What the configuration allows for a field, by its keys: enum and its values, range and its ends, formula, free.
    Allowed = Callable[[Tuple[str, ...]], Tuple[str, Sequence[Any]]]

NUMERIC_SPEC = re.compile(r"(\.[0-9]+)?[deEfFgG]\Z")  # makes a plain decimal number, or fails
WIDE = re.compile(r"[0-9]{5}")  # Linux takes 128 KiB as one argument
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
NO_COMMAND_CAN = re.compile("[\0\ud800-\udbff]")  # places.py uses some of these as its marks
LITERAL_BRACES = "literal braces are {{ and }}"


class TemplateError(ValueError):
    """What is wrong with a template: ``problems``, a sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Placeholder(namedtuple("Placeholder", ("field", "path", "conversion", "spec", "kind", "is_number"))):
    """One ``{field!conversion:spec}``, its field's keys, and what the configuration tells of the value.

    ``kind`` is "listed", "formula" (listed where it is no text) or "free", which has to be a number if ``is_number``.
    """

    __slots__ = ()
    field: str
    path: "Tuple[str, ...]"
    conversion: "Optional[str]"
    spec: str
    kind: str
    is_number: bool

    @property
    def text(self) -> str:
        """Return it as it stands in the template."""
        conversion = "!" + self.conversion if self.conversion else ""
        return "{%s%s%s}" % (self.field, conversion, ":" + self.spec if self.spec else "")


class Command(namedtuple("Command", ("templates", "uses_shell"))):
    """A checked command: per argument, or for the one shell script, its literal parts and placeholders."""

    __slots__ = ()
    templates: "Tuple[Parts, ...]"
    uses_shell: bool


def fields(templates: "Iterable[Parts]") -> "List[Tuple[str, ...]]":
    """Return the keys of each field that templates use, in their order: ``("web", "cpu")``, ``("control", "n")``."""
    return list(dict.fromkeys(part.path for parts in templates for part in parts if not isinstance(part, str)))


def parse(value: "Union[str, Sequence[str]]", allowed: "Allowed") -> Command:
    """Return the command that a shell command line or a list of arguments is; raise ``TemplateError``."""
    uses_shell = isinstance(value, str)
    problems: "List[str]" = []
    templates = [_parts(text, allowed, problems) for text in ([value] if isinstance(value, str) else value)]
    for parts in templates:
        for part in parts:
            if not isinstance(part, str):
                problems += _unlisted(part, uses_shell or len(parts) == 1) or _not_plain(part, allowed)
    templates = _placed(templates, problems)
    if problems:
        raise TemplateError(*dict.fromkeys(problems))
    return Command(tuple(templates), uses_shell)


def _placed(templates: "List[Parts]", problems: "List[str]") -> "List[Parts]":
    """Return the templates with each placeholder marked that has to be a number; note those that cannot stay."""
    texts = [
        "".join(part if isinstance(part, str) else places.mark(part.conversion == "w") for part in parts)
        for parts in templates
    ]
    places_of = iter(places.of_marks(texts))
    found = []
    for parts in templates:
        marked = list(parts)
        for at, part in enumerate(parts):
            if isinstance(part, str):
                continue
            closed, takes_numbers = next(places_of)
            problem = _lost(_literal(parts[:at][-1:]), _literal(parts[at + 1 : at + 2]))
            if not problem and closed and part.kind == "free" and not part.is_number:
                problem = (
                    f"free text stands {closed}, where it could choose what is run: {{{part.field}:d}} lets a number "
                    f"in, a setting of type: enum one of its values, and {way_out(part)}"
                )
            if problem:
                problems.append(f"{part.text}: {problem}")
            marked[at] = part._replace(is_number=part.is_number or takes_numbers)
        found.append(tuple(marked))
    return found


def _literal(parts: "Parts") -> str:
    """Return the one part that is there, if it is literal text."""
    return "".join(part for part in parts if isinstance(part, str))


def _lost(before: str, after: str) -> "Optional[str]":
    """Return why the value would be lost, whatever it is, for the text directly before and after a placeholder."""
    dollar = re.search(r"\$\{?\w*\Z", before)
    if dollar:
        name = dollar.group()
        return (
            f"{name} stands directly before it, so the shell would take the value for the name of a variable, or for a "
            f'part of one: leave the $ out, or put a variable in quotes, "{name}"'
        )
    if after[:1] in ("<", ">"):
        return f"{after[0]} stands directly after it, so a number would name a file that is open: put a blank between"
    return None


def parse_variable(name: str, text: str, allowed: "Allowed") -> "Parts":
    """Return the template of an environment variable's value; raise ``TemplateError``."""
    problems: "List[str]" = []
    if not VARIABLE.match(name):
        problems.append("is no name of a variable: letters, digits and _ make one, and no digit comes first")
    parts = list(_parts(text, allowed, problems))
    for at, part in enumerate(parts):
        if isinstance(part, str):
            continue
        if part.conversion == "w":
            problems.append(f"{part.text}: !w makes several words, and a variable holds one text: leave it out")
        if part.kind == "free" and not part.is_number and not name.startswith("SERVO_"):
            problems.append(
                f"{part.text} is free text, which goes only under a name that begins with SERVO_, since a shell, make "
                f"or an interpreter may read any other: call it {variable_for(part)}"
            )
        parts[at] = part._replace(is_number=part.is_number or not name.startswith("SERVO_"))
    if problems:
        raise TemplateError(*problems)
    return tuple(parts)


def refusal(part: Placeholder, text: str, is_listed: bool) -> "Optional[str]":
    """Return why a value, formatted, cannot stand in a command, and what to do; None where it can."""
    texts = plain.words(text) if part.conversion == "w" else [text]
    problem = next(filter(None, (plain.refusal(each, is_listed) for each in texts)), None)
    if problem is None:
        return None
    several = plain.words(text) if part.conversion is None and not part.spec else []
    remedy = ""
    is_control = part.path[0] in ("control", "_control")  # nothing lists it
    if len(several) > 1 and not is_control and not any(plain.refusal(word, True) for word in several):
        listing = "" if is_listed else "a setting with type: enum and such values is listed, and "
        remedy = f"{listing}{{{part.field}!w}} is several words; "
    are_plain = "letters, digits and _ - . / : , + @" + " % =" * is_listed
    return f"{shown(text)}, but {problem} ({are_plain} are plain); {remedy}{way_out(part)}"


def variable_for(part: Placeholder) -> str:
    """Return a name of an environment variable for the value of a placeholder."""
    key = part.path[-2] if part.path[-1] == "value" and len(part.path) > 2 else part.path[-1]
    return "SERVO_" + re.sub("[^A-Za-z0-9_]", "_", key).upper()


def way_out(part: Placeholder) -> str:
    """Return how any text gets into the job in place of a placeholder."""
    variable, text = variable_for(part), part._replace(conversion=None).text if part.conversion == "w" else part.text
    return (
        f"any text goes by the environment: under batch, env: {{{variable}: '{text}'}}, and in the script "
        f'"${variable}" (a list: [sh, -c, \'./job "${variable}"\'])'
    )


def _parts(template: str, allowed: "Allowed", problems: "List[str]") -> "Parts":
    if NO_COMMAND_CAN.search(template):
        problems.append("it holds a NUL character or half a surrogate pair, which no command can: remove it")
        return ()
    parts: "List[Union[str, Placeholder]]" = []
    try:
        for literal, field, spec, conversion in string.Formatter().parse(template):
            if literal and parts and isinstance(parts[-1], str):
                parts[-1] += literal  # a doubled brace ends a piece of it
            elif literal:
                parts.append(literal)
            if field is not None:
                parts.append(_placeholder(field, conversion, spec or "", allowed, problems))
    except ValueError as error:
        reason = str(error)
        problems.append(f"{reason[0].lower()}{reason[1:]}: {LITERAL_BRACES}")
    return tuple(parts)


def _placeholder(
    field: str, conversion: "Optional[str]", spec: str, allowed: "Allowed", problems: "List[str]"
) -> Placeholder:
    part = Placeholder(field, ("",), conversion, spec, "free", conversion is None and bool(NUMERIC_SPEC.match(spec)))
    problem = ""
    try:
        part = part._replace(path=paths.keys(field))
    except paths.PathError as error:
        problem = f"{error}: write {{component.setting}}; {LITERAL_BRACES}"
    if conversion not in (None, "s", "r", "a", "w"):
        problem = "there is no conversion !%s, only !s, !r, !a and !w; " % conversion + LITERAL_BRACES
    elif conversion == "w" and spec:
        problem = "!w (words) takes no format specification"
    elif "{" in spec:
        problem = "a format specification holds no placeholders: write the width as a number"
    elif WIDE.search(spec):
        problem = f"the width or precision in {shown(spec)} is more than a command can take"
    if problem:
        problems.append(f"{part.text}: {problem}")
        return part
    kind = allowed(part.path)[0]
    return part._replace(kind="listed" if kind in ("enum", "range") else kind)


def _unlisted(part: Placeholder, is_alone: bool) -> "List[str]":
    """Return why a placeholder of several words cannot be one."""
    if part.conversion != "w" or (part.kind == "listed" and is_alone):
        return []
    if part.kind == "listed":
        return [f"{part.text}: in a list, !w has to be the whole item, which it makes several of"]
    return [f"{part.text}: !w is for values that the configuration lists, and free text is one word; {way_out(part)}"]


def _not_plain(part: Placeholder, allowed: "Allowed") -> "List[str]":
    """Return a problem for each value that the configuration lists and that cannot stand in a command."""
    problems: "List[Optional[str]]" = []
    for value in allowed(part.path)[1] if part.kind == "listed" else ():
        try:
            problem = refusal(part, plain.formatted(value, part.conversion, part.spec), True)
            problems.append(problem and "it may be " + problem)
        except ValueError as error:
            problems.append(str(error))
    return [f"{part.text}: {problem}" for problem in problems if problem]
