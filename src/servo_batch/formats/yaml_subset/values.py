"""What the YAML reader returns for a mapping and a sequence: plain ones that know their places."""

from servo_batch.formats.yaml_subset.errors import refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple


class Mapping(dict):  # type: ignore[type-arg]  # to subscript would cost an import of typing
    """A dict that knows where its keys stand: ``marks`` has the line and the column, from 1, of each key."""

    def __init__(self, *args: "Any", **kwargs: "Any") -> None:
        super().__init__(*args, **kwargs)
        self.marks: "Dict[str, Tuple[int, int]]" = {}


class Sequence(list):  # type: ignore[type-arg]
    """A list that knows where its items stand: ``marks`` has the line and the column, from 1, of each item."""

    def __init__(self, *args: "Any") -> None:
        super().__init__(*args)
        self.marks: "List[Tuple[int, int]]" = []


def is_mapping(value: "Any") -> bool:
    """Tell a mapping."""
    return isinstance(value, dict)


def enter(mapping: Mapping, key: str, value: "Any", row: int, col: int) -> None:
    """Put an entry, whose key stands at this place, into the mapping."""
    if key == "<<" and (isinstance(value, dict) or (isinstance(value, list) and all(map(is_mapping, value)))):
        # Psych merges them into the mapping, also where the key is in quotes.
        refuse("merge", row, col)
    mapping[key] = value
    mapping.marks[key] = (row + 1, col + 1)
