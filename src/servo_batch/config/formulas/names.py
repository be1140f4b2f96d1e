"""The names that formulas use: whether there are such, and which formula needs which."""

from servo_batch import wording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Container, Dict, Iterable, Iterator, List

    from servo_batch.config.formulas.words import Formula, Path

MAX_LISTED = 10


def name(path: "Path") -> str:
    """Return what a field names: ``web.mem``, of both ``{web.mem}`` and ``{web[mem]}``."""
    return ".".join(path)


def check_fields(formula: "Formula", names: "Iterable[str]", anything_in: "Container[str]" = ()) -> "List[str]":
    """Return a problem for each field that is none of ``names`` (``web.mem``, ``throughput``).

    ``anything_in`` are first keys below which every field is taken, such as ``control``.
    """
    known = dict.fromkeys(names)
    return [
        _unknown(name(path), known)
        for path in formula.fields
        if name(path) not in known and not (path[0] in anything_in and len(path) > 1)
    ]


def _unknown(wanted: str, known: "Dict[str, None]") -> str:
    inner = [other for other in known if other.startswith(wanted + ".")]
    if inner:
        return "{%s} is not a value; it holds %s" % (wanted, _listed(inner))
    outer = [other for other in known if other.endswith("." + wanted)]
    hint = " (did you mean %s?)" % wording.shown(outer[0]) if outer else wording.did_you_mean(wanted, known)
    if not hint:
        hint = "; there is only %s" % _listed(list(known)) if known else "; there is nothing that it could name"
    return "there is no %s%s" % (wording.shown(wanted), hint)


def _listed(names: "List[str]") -> str:
    listed = ["{%s}" % each if each.isprintable() and len(each) <= 80 else wording.shown(each) for each in names]
    return ", ".join(listed[:MAX_LISTED] + ["…"] * (len(listed) > MAX_LISTED))


def order(formulas: "Dict[str, Formula]") -> "List[str]":
    """Return the names of formulas so that each comes after those it needs; raise ``FormulaError`` for circles.

    A field that is none of these names is a value, which is there before.
    """
    ordered: "Dict[str, None]" = {}
    circles: "List[str]" = []
    for start in formulas:
        trail: "Dict[str, None]" = {}  # each needs the next
        pending: "List[Iterator[str]]" = [iter([start])]
        while pending:
            needed = next(pending[-1], None)
            if needed is None:
                pending.pop()
                if trail:
                    ordered[trail.popitem()[0]] = None
            elif needed in trail:
                steps = list(trail)
                circles.append(" → ".join(steps[steps.index(needed) :] + [needed]))
            elif needed in formulas and needed not in ordered:
                trail[needed] = None
                pending.append(map(name, formulas[needed].fields))
    if circles:
        from servo_batch.config.formulas.words import FormulaError

        raise FormulaError(*("%s: each needs the next, in a circle" % circle for circle in circles))
    return list(ordered)
