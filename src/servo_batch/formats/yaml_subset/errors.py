"""What the YAML reader raises; the text of a refusal is in messages, which only a refused document pays for."""

TYPE_CHECKING = False  # as typing has it, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, NoReturn, Tuple

MAX_DEPTH = 100
# Section 7.4 of YAML 1.2.2: the ":" stands at most 1024 characters past the start of a key. To PyYAML everywhere.
MAX_KEY = 1024


class YamlError(ValueError):
    """A document that is refused.

    ``msg`` is one line: what is wrong and what to write instead. ``name`` is the document's name as given to ``loads``;
    ``lineno`` and ``colno`` count from 1. ``str()`` of the error has the place, the message, the line and a caret.
    """

    def __init__(self, msg: str, name: str, lineno: int, colno: int, text: str) -> None:
        super().__init__(text)
        self.msg = msg
        self.name = name
        self.lineno = lineno
        self.colno = colno

    def __reduce__(self) -> "Tuple[Any, ...]":
        return type(self), (self.msg, self.name, self.lineno, self.colno, self.args[0])


class RefusalError(Exception):
    """Why (a name that messages explains) and where (row and column, from 0) the text is refused."""

    def __init__(self, why: str, row: int, col: int, detail: object = None) -> None:
        super().__init__(why)
        self.why = why
        self.row = row
        self.col = col
        self.detail = detail


def refuse(why: str, row: int, col: int, detail: object = None) -> "NoReturn":
    """Stop reading: the text at this place is refused."""
    raise RefusalError(why, row, col, detail)
