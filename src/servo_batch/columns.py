"""Texts as wide as they are shown: measured, shortened, folded, and lined up in columns."""

import shutil
import unicodedata
from typing import Iterable, List, Sequence, Tuple

UNLIMITED = 1 << 20


def of_terminal(elsewhere: int = 80) -> int:
    """Return how many columns the terminal has, 80 where it says none; ``elsewhere`` where stdout is no terminal."""
    return shutil.get_terminal_size((elsewhere, 24)).columns or 80  # Python before 3.8 passes 0 on


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    total = 0
    for char in text:
        if unicodedata.category(char) not in ("Mn", "Me", "Cf"):  # accents, and what joins or varies emoji
            total += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return total


def clipped(text: str, room: int) -> str:
    """Return a text that fits: where it is too wide, its start and its end, which often tell names apart."""
    if width(text) <= room:
        return text
    for kept in range(min(len(text) - 1, room), 0, -1):
        tail = kept // 3
        shorter = text[: kept - tail].rstrip() + ".." + text[len(text) - tail :].lstrip()
        if width(shorter) <= room:
            return shorter
    return ".."


def folded(text: str, room: int) -> List[str]:
    """Return a text in pieces of at most ``room`` columns, broken at blanks where there are such."""
    if width(text) <= room:
        return [text]
    pieces = [""]
    for char in text:
        if width(pieces[-1] + char) > max(room, 2):
            head, _, rest = pieces[-1].rpartition(" ")
            pieces[-1:] = [head, rest] if head.strip() else [pieces[-1], ""]
        pieces[-1] += char
    return [piece.rstrip() for piece in pieces]


def lined_up(columns: Iterable[Tuple[Sequence[str], bool]]) -> List[str]:
    """Return columns as lines, two blanks between them; each is its cells, and whether they stand to the right."""
    padded = []
    for cells, to_right in columns:
        widest = max(map(width, cells))
        blanks = [" " * (widest - width(cell)) for cell in cells]
        padded.append([blank + cell if to_right else cell + blank for cell, blank in zip(cells, blanks)])
    return ["  ".join(cells).rstrip() for cells in zip(*padded)]
