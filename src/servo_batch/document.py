"""The configuration's file: found, read, and the place of everything in it.

Only the top-level key ``batch`` is read; other keys belong to other drivers.
"""

import os
import re

from servo_batch.answers import HostError, failed
from servo_batch.wording import did_you_mean, found, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

    Path = Tuple[Union[str, int], ...]

SEARCHED = ("config.yaml", "config.yml", "config.json")


class Document:
    """What is under ``batch``, and the problems found so far, each with its place in the file."""

    def __init__(self, name: str, content: "Any", path: "Optional[str]" = None) -> None:
        """Take the file's ``name``, as messages say it, its whole ``content``, and its path if it is a file."""
        self.name = name
        self.path = path
        self.problems: "List[str]" = []
        self._content = content
        self.batch: "Dict[str, Any]" = {}
        top = self.mapping((), content, "drivers, with the key batch")
        if "batch" in top:
            self.batch = self.mapping(("batch",), top["batch"], "the keys command, default_state, …")
        elif not self.problems:
            hint = did_you_mean("batch", top)
            self.add((), f'the key "batch" is missing; this driver is configured under it{hint}')
        self.refuse_problems()

    def add(self, path: "Path", problem: str) -> None:
        """Note what is wrong with what stands under the keys ``path``."""
        self.problems.append(f"{self.place(path)}: {problem}")

    def refuse_problems(self) -> None:
        """Raise ``ServoError`` (bad-config) that lists every problem, one a line, if there is any."""
        if self.problems:
            raise failed("bad-config", "\n".join(self.problems))

    def place(self, path: "Path") -> str:
        """Return the file, the line where it is known, and the key path: ``config.yaml:3: batch.command``."""
        keys = "".join(f"[{key}]" if isinstance(key, int) else f".{named(key)}" for key in path)
        line = self._line(path)
        return ": ".join(filter(None, (f"{self.name}:{line}" if line else self.name, keys[1:])))

    def _line(self, path: "Path") -> int:
        """Return the line of the last key of ``path`` that the document has, or 0 where it carries no lines."""
        line = 0
        container = self._content
        for key in path:
            marks = getattr(container, "marks", None)
            try:
                line = marks[key][0] if marks is not None else line
                container = container[key]
            except (KeyError, IndexError, TypeError):
                break
        return line

    def beside(self, path: str) -> str:
        """Return a path that the file gives relative to its own folder."""
        return os.path.join(os.path.dirname(self.path or ""), path)

    def mapping(self, path: "Path", value: "Any", holds: str) -> "Dict[str, Any]":
        """Return ``value`` if it is a mapping, else an empty one after noting the problem."""
        if isinstance(value, dict):
            return value
        self.add(path, f"must be a mapping of {holds}, but is {found(value)}")
        return {}

    def refuse_unknown(self, path: "Path", keys: "Iterable[str]", known: "Iterable[str]") -> None:
        """Note each of the ``keys`` of the mapping at ``path`` that is none of ``known``."""
        for key in keys:
            if key not in known:
                hint = did_you_mean(key, known)
                self.add((*path, key), f"there is no such key; known are {', '.join(known)}{hint}")

    def file_name(self, key: str) -> "Optional[str]":
        """Return the path under a key of ``batch`` that names a file, or None where it is not there or wrong."""
        value = self.batch.get(key)
        if key not in self.batch:
            return None
        if not isinstance(value, str) or not value or "\0" in value:
            self.add(("batch", key), f"must be the name of a file, but is {found(value)}")
        elif re.search(r"\{[\w.[\]]+\}", value):
            self.add(("batch", key), f"{shown(value)} holds a placeholder, and here nothing is put in: write a name")
        else:
            return self.beside(value)
        return None


def load(path: "Optional[str]") -> Document:
    """Return the configuration at ``path``, or where ``find`` looks for it; raise ``ServoError`` (bad-config)."""
    name, content = find(path)
    return Document(name, content, name)


def find(path: "Optional[str]") -> "Tuple[str, Any]":
    """Return the name and content of the file at ``path``, else at ``$OPTUNE_CONFIG``, else where one is looked for.

    Raises ``ServoError`` (bad-config) where there is none, or it cannot be read.
    """
    name = path or os.environ.get("OPTUNE_CONFIG") or _search()
    return name, _read(name)


def _search() -> str:
    for name in SEARCHED:
        if os.path.lexists(name):
            return name
    raise failed(
        "bad-config",
        f"no configuration: neither {' nor '.join('./' + name for name in SEARCHED)} is there, "
        "OPTUNE_CONFIG is not set and --config FILE not given; name the file by one of these",
    )


def _read(name: str) -> "Any":
    try:
        with open(name, "rb") as stream:
            data = stream.read()
    except (OSError, ValueError) as error:
        from servo_batch import files

        message = f"{name}: the configuration cannot be read: {files.why(error)}"
        raise HostError(message) if files.is_of_machine(error) else failed("bad-config", message) from None
    if name.endswith(".json"):
        from servo_batch.formats import strict_json

        try:
            return strict_json.loads(data)
        except strict_json.JsonError as error:
            place = f"{name}:{error.lineno}:{error.colno}" if error.lineno else name
            raise failed("bad-config", f"{place}: not JSON: {error.msg}") from None
    from servo_batch.formats import yaml_subset

    try:
        return yaml_subset.loads(data, name)
    except yaml_subset.YamlError as error:
        raise failed("bad-config", str(error)) from None
