"""A command that is not plain → the command with each placeholder quoted for its place, or why none is safe there."""

from servo_batch.command.grammar.word import AFTER_DOLLAR, Judged, Place, UnclosedError
from servo_batch.command.marks import BARE, DOUBLE, SINGLE
from servo_batch.command.placeholder import (
    ANY_NUMBER,
    INTEGER,
    Command,
    Placeholder,
    TemplateError,
    placeholders,
)
from servo_batch.command.safety import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Sequence, Tuple, Union

    from servo_batch.command.placeholder import Parts

    IsCertain = Callable[[Placeholder], bool]  # whether the text is certain to be a number

LIST_FORM = "or give the command as a list, which needs no shell: [program, argument, …]"


def of_script(parts: "Parts", text: str, is_certain: "IsCertain") -> Command:
    """Return the command of a script, ``text`` with marks for its placeholders; raise ``TemplateError``."""
    try:
        judged = places.of_script(text)
    except UnclosedError as error:
        if not any(placeholders(parts)):
            return Command((parts,), True, ())  # then the shell itself is asked, before the job runs
        raise TemplateError("the shell could not read it: %s" % error) from None
    return _checked((parts,), judged, is_certain, True)


def of_arguments(templates: "Tuple[Parts, ...]", texts: "Sequence[str]", is_certain: "IsCertain") -> Command:
    """Return the command of a list, ``texts`` with marks for their placeholders; raise ``TemplateError``."""
    return _checked(templates, places.of_arguments(texts), is_certain, False)


def _checked(templates: "Tuple[Parts, ...]", judged: Judged, is_certain: "IsCertain", uses_shell: bool) -> Command:
    """Return the command whose placeholders stand in these places; raise ``TemplateError``."""
    found = iter(judged.places)
    problems: "List[str]" = []
    notes: "List[str]" = []

    def placed(part: "Union[str, Placeholder]") -> "Union[str, Placeholder]":
        if isinstance(part, str):
            return part
        place = next(found)
        certain = is_certain(part)
        problem = _problem(part, place, certain, uses_shell)
        if problem:
            problems.append(problem)
        if place.warning and not certain:
            notes.append("%s stands %s" % (part.text, place.warning.replace("{v}", part.text)))
        needs = (INTEGER if place.in_arithmetic else ANY_NUMBER) if place.danger else None
        return part._replace(quoting=place.quoting, must_be=needs)

    checked = tuple(tuple(map(placed, parts)) for parts in templates)
    if problems:
        raise TemplateError(*dict.fromkeys(problems))
    notes.extend(map(_hidden_failure, dict.fromkeys(judged.warnings)))
    return Command(checked, uses_shell, tuple(dict.fromkeys(notes)))


def _problem(placeholder: Placeholder, place: Place, certain: bool, uses_shell: bool) -> "Optional[str]":
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
    if placeholder.conversion == "w" and place.quoting in (SINGLE, DOUBLE):
        return "%s: !w (words) makes several words, which needs a place outside quotes" % text
    if place.danger == AFTER_DOLLAR:
        name = text[1:-1]
        return "%s stands %s; a variable of the shell is %s${%s}" % (
            text,
            place.danger.replace("{v}", text),
            "$%s or " % name if name.isidentifier() else "",
            text,
        )
    number = "" if placeholder.spec or placeholder.conversion else "; if it is a number, say so: %s:d}" % text[:-1]
    other = ", " + LIST_FORM if place.quoting == BARE and uses_shell else ""
    return "%s stands %s%s%s" % (text, place.danger.replace("{v}", text), other, number)


def _hidden_failure(program: str) -> str:
    return (
        "where `%s` fails, the pipeline does not, and the job counts as one that ended well: write its output to a "
        "file (> FILE) or use --keep-output in the place of tee, or give the list [bash, -o, pipefail, -c, SCRIPT]"
        % program
    )
