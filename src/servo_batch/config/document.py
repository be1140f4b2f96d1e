"""The configuration file: found, read, and the place of everything in it.

Only the top-level key ``batch`` is read; other keys belong to other drivers.
"""

import os

from servo_batch.answers import failed
from servo_batch.wording import did_you_mean, found, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

    Path = Tuple[Union[str, int], ...]

SEARCHED = ("config.yaml", "config.yml", "config.json")


class Document:
    """What is under ``batch``, and the problems found so far, each with its place in the file."""

    def __init__(self, name: str, content: "Any") -> None:
        """Take the file's ``name``, as messages say it, and its whole ``content``."""
        self.name = name
        self.batch: "Dict[str, Any]" = {}
        self.problems: "List[str]" = []
        self._content = content

    def add(self, path: "Path", problem: str) -> None:
        """Note what is wrong with what stands under the keys ``path``."""
        self.problems.append(f"{self.place(path)}: {problem}")

    def refuse_problems(self) -> None:
        """Raise ``ServoError`` (bad-config) that lists every problem, one a line, if there is any."""
        if self.problems:
            raise failed("bad-config", "\n".join(self.problems))

    def place(self, path: "Path") -> str:
        """Return the file, the line where it is known, and the key path: ``config.yaml:3: batch.command``."""
        line = self._line(path)
        return ": ".join(filter(None, (f"{self.name}:{line}" if line else self.name, _key_path(path))))

    def beside(self, path: str) -> str:
        """Return a path that the file gives relative to its own folder."""
        return os.path.join(os.path.dirname(self.name), path)

    def mapping(self, path: "Path", value: "Any", holds: str) -> "Dict[str, Any]":
        """Return ``value`` if it is a mapping, else an empty one after noting the problem."""
        if isinstance(value, dict):
            return value
        self.add(path, f"must be a mapping of {holds}, but is {found(value)}")
        return {}

    def refuse_unknown(self, path: "Path", keys: "Iterable[str]", known: "Tuple[str, ...]") -> None:
        """Note each of the ``keys`` of the mapping at ``path`` that is none of ``known``."""
        for key in keys:
            if key not in known:
                hint = did_you_mean(key, known)
                self.add((*path, key), f"there is no such key; known are {', '.join(known)}{hint}")

    def file_name(self, key: str) -> "Optional[str]":
        """Return the path under a key of ``batch`` that names a file, or None where it is not there or wrong."""
        value = self.batch.get(key)
        if isinstance(value, str) and value and "\0" not in value:
            return self.beside(value)
        if key in self.batch:
            self.add(("batch", key), f"must be the name of a file, but is {found(value)}")
        return None

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


def load(path: "Optional[str]") -> Document:
    """Return the configuration at ``path``, else at ``$OPTUNE_CONFIG``, else where one is looked for.

    Raises ``ServoError`` (bad-config) where there is none, or it cannot be read or has no ``batch``.
    """
    name = path or os.environ.get("OPTUNE_CONFIG") or _search()
    content = _read(name)
    document = Document(name, content)
    top = document.mapping((), content, "drivers, with the key batch")
    if "batch" in top:
        document.batch = document.mapping(("batch",), top["batch"], "the keys command, default_state, …")
    elif not document.problems:
        hint = did_you_mean("batch", top)
        document.add((), f'the key "batch" is missing; this driver is configured under it{hint}')
    document.refuse_problems()
    return document


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
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise failed("bad-config", f"{name}: the configuration cannot be read: {reason}") from None
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


def _key_path(path: "Path") -> str:
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + named(key)
    return text
