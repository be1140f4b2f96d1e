"""The text of a command or a variable → its literal parts and placeholders, and every problem of them.

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

    Note = Callable[[str], None]  # takes what is wrong, as a sentence
    # What the configuration allows for a field, by its keys: "listed" and values, "formula", "free" and what is meant.
    Allowed = Callable[[Tuple[str, ...]], Tuple[str, Sequence[Any]]]

FREE = string.ascii_letters + string.digits + "_-./:,+@"
LISTED = FREE + "%="
NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z"  # RFC 8259, section 6
CONTROL = ("control", "_control")
NUMERIC_SPEC = r"(\.[0-9]+)?[deEfFgG]\Z"  # makes a plain decimal number, or fails
WIDE = "[0-9]{5}|{"  # Linux takes 128 KiB as one argument; a placeholder may make it as wide
VARIABLE = "[A-Za-z_][A-Za-z0-9_]*\\Z"
FORBIDDEN = re.compile(r"\.\.|SERVO_")  # a path that leads up; the names of variables that hold any text
FOR_NUMBERS = (
    "in arithmetic, in a here-document, in a script with a variable for a variable's name (export $X), "
    "in braces, behind a leading - or ~, with a format like :d"
)
LITERAL_BRACES = "literal braces are {{ and }}"


class Placeholder(namedtuple("Placeholder", "field path conversion spec kind values is_number is_in_variable")):
    """A placeholder, the keys of its field (its ``path``), and what the configuration tells of the value.

    ``conversion`` is as in Python, or "w": the words of the value. ``kind`` is "listed", with the ``values`` there are,
    "formula" (listed where it is no text) or "free", which has to be a number if ``is_number``; its ``values`` are the
    setting that may be meant, if any.
    """

    @property
    def text(self) -> str:
        """The placeholder as it stands in the template."""
        conversion = "!" + self.conversion if self.conversion else ""
        return "{%s%s%s}" % (self.field, conversion, ":" + self.spec if self.spec else "")

    @property
    def hint(self) -> str:
        """What may be meant in place of this, which is free text."""
        return "".join(f" (did you mean {{{name}}}?)" for name in self.values)

    @property
    def way_out(self) -> str:
        """How any text gets into the job in its place."""
        variable = "SERVO_" + re.sub("[^A-Za-z0-9_]", "_", self.path[-1]).upper()
        return (
            f"any text goes by the environment: under batch, env: {{{variable}: '{{{self.field}}}'}}, and in the "
            f'script "${variable}" (a list: [sh, -c, \'./job "${variable}"\'])'
        )

    def put_in(self, value: "Any") -> str:
        """Return what is put in for a JSON value; raise ``ValueError`` that says why nothing is.

        Numbers are as JSON writes them, booleans ``true`` and ``false``; between words one blank is left.
        """
        text, is_free = self._formatted(value), self.is_free(value)
        if is_free and self.is_number:
            if not is_json_number(text):
                raise ValueError(f"{shown(text)}, but only a number may stand there ({FOR_NUMBERS}); {self.way_out}")
        elif self.is_in_variable:
            if re.search("[\0\ud800-\udfff]", text):
                raise ValueError("a value with a NUL character or half a surrogate pair, which no variable holds")
        else:
            self._refuse_odd(text, is_free)
        return text

    def _refuse_odd(self, text: str, is_free: bool) -> None:
        """Raise ``ValueError`` where a text is not plain."""
        is_words = self.conversion == "w"
        odd = text.lstrip((FREE if is_free else LISTED) + " " * is_words)[:1]
        if odd:
            why = f"{shown(odd)} is not plain"
        elif not text and not is_words:
            why = "it is empty"
        elif is_free and is_like_an_option(text):
            why = f"it begins with {text[0]} and is no number"
        else:
            return
        plain = f"letters, digits and _ - . / : , + @{'' if is_free else ' % ='} are plain"
        remedy = f"{{{self.field}!w}} is several words; " if odd == " " else ""
        if is_free:
            remedy = "with type: enum it may have % = and any beginning, and with !w be several words; "
            remedy *= self.path[0] not in CONTROL
        raise ValueError(f"{shown(text)}, but {why} ({plain}); {remedy}{self.way_out}")

    def is_free(self, value: "Any") -> bool:
        """Tell whether a value is free text here."""
        return self.kind == "free" or (self.kind == "formula" and isinstance(value, str))

    def _formatted(self, value: "Any") -> str:
        if isinstance(value, bool) and self.conversion not in ("r", "a") and not self.spec:
            return "true" if value else "false"
        try:
            if self.conversion:
                value = {"r": repr, "a": ascii}.get(self.conversion, str)(value)
            text = format(value, self.spec)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"{shown(value)}, which cannot be formatted: {error}") from None
        return " ".join(words(text)) if self.conversion == "w" else text


class Template(namedtuple("Template", ("literals", "placeholders"))):
    """A text with placeholders: the literal text before each of them, and behind the last."""

    def filled(self, texts: "Iterable[str]") -> str:
        """Return the text with these in the places of the placeholders."""
        return "".join(literal + text for literal, text in zip(self.literals, [*texts, ""]))

    def forbidden(self, texts: "Sequence[str]", free: "Sequence[int]") -> "Iterator[int]":
        """Yield which of the ``free`` texts make .., SERVO_ or an option, also with what stands around."""
        whole = FORBIDDEN.findall(_joined(self.filled(texts)))
        beside = ""  # what the placeholders that stand directly side by side come to, up to here
        for at, text in enumerate(texts):
            beside = text if _joined(self.literals[at]) else beside + text
            if at in free:
                without = FORBIDDEN.findall(_joined(self.filled([*texts[:at], " ", *texts[at + 1 :]])))
                is_option = is_like_an_option(beside) and not is_json_number(text)
                if len(without) < len(whole) or is_option:
                    yield at


class Command(namedtuple("Command", ("templates", "uses_shell"))):
    """A checked command: a template per argument, or one for the script."""


def parse(value: "Union[str, Sequence[str]]", allowed: "Allowed", note: "Note") -> Command:
    """Return the command that a command line or a list of arguments is, after noting all that is wrong."""
    templates = [_template(text, allowed, note) for text in ([value] if isinstance(value, str) else value)]
    places = iter(_places(templates))
    for template in templates:
        for at, part in enumerate(template.placeholders):
            place = next(places)
            for problem in _problems(template, at, place, isinstance(value, str)):
                note(f"{part.text}: {problem}")
            template.placeholders[at] = part._replace(is_number=part.is_number or place != "")
    return Command(templates, isinstance(value, str))


def parse_variable(name: str, text: str, allowed: "Allowed", note: "Note") -> Template:
    """Return the template of an environment variable's value, after noting all that is wrong."""
    is_read_by_others = not name.startswith("SERVO_")
    if not re.match(VARIABLE, name):
        note("is no name of a variable: letters, digits and _ make one, and no digit comes first")
    template = _template(text, allowed, note)
    for at, part in enumerate(template.placeholders):
        if part.conversion == "w":
            note(f"{part.text}: !w makes several words, and a variable holds one text: leave it out")
        if part.kind == "free" and not part.is_number and is_read_by_others:
            why = "goes only under a name that begins with SERVO_, since a shell or make may read any other"
            note(f"{part.text} is free text{part.hint}, which {why}: call it SERVO_{name}")
        is_number = part.is_number or is_read_by_others
        template.placeholders[at] = part._replace(is_number=is_number, is_in_variable=True)
    return template


def _template(text: str, allowed: "Allowed", note: "Note") -> Template:
    template = Template([""], [])
    try:
        if set("\0\1\2") & set(text):
            raise ValueError("it holds U+0000, which no command can, or U+0001 or U+0002: remove it")
        for literal, field, spec, conversion in string.Formatter().parse(text):
            template.literals[-1] += literal  # a doubled brace ends a piece of it
            if field is not None:
                template.placeholders.append(_placeholder(field, conversion, spec or "", allowed, note))
                template.literals.append("")
    except ValueError as error:
        note(f"{error}; {LITERAL_BRACES}")
    return template


def _placeholder(field: str, conversion: "Optional[str]", spec: str, allowed: "Allowed", note: "Note") -> Placeholder:
    is_number = re.match(NUMERIC_SPEC, spec) is not None
    part = Placeholder(field, ("",), conversion, spec, "listed", (), is_number, False)  # of which nothing more is wrong
    try:
        if conversion not in (None, "s", "r", "a", "w"):
            raise ValueError("there is no conversion !%s, only !s, !r, !a and !w" % conversion)
        if re.search(WIDE, spec):
            raise ValueError(f"a format holds no placeholders, and no number above 9999: {shown(spec)}")
        if field != field.strip():
            raise ValueError("a name has no blanks around it")
        path = paths.keys(field)
    except ValueError as error:
        note(f"{part.text}: {error}; {LITERAL_BRACES}")
        return part
    kind, values = allowed(path)
    return part._replace(path=path, kind=kind, values=values)


def _places(templates: "List[Template]") -> "List[str]":
    """Return for each placeholder what is closed to free text there, or "number", or nothing."""
    parts = [part for template in templates for part in template.placeholders]
    if all(part.kind == "listed" for part in parts):
        return [""] * len(parts)
    from servo_batch.command import places

    texts = []
    for template in templates:
        holes = [places.WORDS if part.conversion == "w" else places.HOLE for part in template.placeholders]
        texts.append(template.filled(holes))
    return places.of_holes(texts)


def _problems(template: Template, at: int, place: str, uses_shell: bool) -> "Iterator[str]":
    """Yield what is wrong with a placeholder where it stands."""
    part = template.placeholders[at]
    before, after = (each.replace("\\\n", "") for each in template.literals[at : at + 2])
    if re.search(r"(?<!\\)(?:\\\\)*\\\Z", before):
        yield "a backslash stands directly before it, and may change its first letter: leave it out, or write two"
    dollar = re.search(r"\$\{?\w*\Z", before)
    if dollar:
        own = f'put a variable in quotes, "{dollar.group()}"'
        if dollar.group() == "$" and re.match(VARIABLE, part.field):
            own = f"write ${{{{{part.field}}}}} for a variable of the shell's own"
        yield (
            f"{dollar.group()} stands directly before it, so the shell would take the value for a part of a variable's "
            f"name: leave the $ out, or {own}"
        )
    elif re.match("[0-9]*[<>]", after):
        sign = after.lstrip("0123456789")[0]
        yield f"{sign} stands directly after it, so a number would be that of an open file: put a blank between"
    elif part.conversion == "w" and (part.kind != "listed" or not (uses_shell or template.literals == ["", ""])):
        yield f"!w is for values that the configuration lists, and in a list it is the whole item; {part.way_out}"
    elif part.kind == "free" and not part.is_number and place not in ("", "number"):
        yield (
            f"free text{part.hint} stands {place}, where it could choose what is run: {{{part.field}:d}} lets a number "
            f"in, a setting of type: enum one of its values, and {part.way_out}"
        )
    for value in part.values if part.kind == "listed" else ():
        try:
            part.put_in(value)
        except ValueError as error:
            yield f"it may be {error}"


def _joined(text: str) -> str:
    """Return a text without what a shell takes away between two characters: quotes, and a line's continuation."""
    return re.sub("\\\\\n|[\"']", "", text)


def words(text: str) -> "List[str]":
    """Return the words between the blanks of a text."""
    return re.findall("[^ \t\n]+", text)


def is_like_an_option(text: str) -> bool:
    """Tell whether a program may take a text for more than a text, by how it begins."""
    return text[:1] in ("-", "+", "@") and not is_json_number(text)


def is_json_number(text: str) -> bool:
    """Tell whether a text is a number as JSON writes it."""
    return re.match(NUMBER, text) is not None
