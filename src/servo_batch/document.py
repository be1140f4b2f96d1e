"""The configuration's file: found, read, and the place of everything in it.

Only the top-level key ``batch`` is read; other keys belong to other drivers.
"""

import os

from servo_batch.answers import bad_config
from servo_batch.wording import did_you_mean, found, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Union

    Path = Tuple[Union[str, int], ...]

SEARCHED = ("config.yaml", "config.yml", "config.json")


class Document:
    """What is under ``batch``, and the problems found so far, each with its place in the file."""

    def __init__(self, name: str, content: "Any") -> None:
        """Take the file's ``name``, as messages say it, and its whole ``content``."""
        self.name = name
        self.problems: "List[str]" = []
        self._content = content if isinstance(content, dict) else {}
        self.batch: "Dict[str, Any]" = self.mapping(("batch",), "command, default_state, …") or {}
        self.refuse_problems()
        self.state = self.file_name("state")

    def add(self, path: "Path", problem: str) -> None:
        """Note what is wrong with what stands under the keys ``path``."""
        self.problems.append(f"{self.place(path)}: {problem}")

    def refuse_problems(self) -> None:
        """Raise ``ServoError`` (bad-config) that lists every problem, one a line, if there is any."""
        if self.problems:
            raise bad_config("\n".join(self.problems))

    def place(self, path: "Path") -> str:
        """Return the file, the line where it is known, and the key path: ``config.yaml:3: batch.command``."""
        line, container = 0, self._content  # type: int, Any
        try:
            for key in path:
                line, container = container.line(key), container[key]
        except (AttributeError, LookupError, TypeError):
            pass  # JSON has no lines; a key that is missing has no place
        keys = "".join(f"[{key}]" if isinstance(key, int) else f".{named(key)}" for key in path)
        return ": ".join(filter(None, (f"{self.name}:{line}" if line else self.name, keys[1:])))

    def mapping(self, path: "Path", holds: str, default: "Any" = None) -> "Optional[Dict[str, Any]]":
        """Return the mapping under the keys ``path``, None after noting that something else, or nothing, is there."""
        outer: "Any" = self._content
        for key in path[:-1]:
            outer = outer.get(key) if isinstance(outer, dict) else None
        if not isinstance(outer, dict):
            return None  # which has been noted
        value = outer.get(path[-1], default)
        if isinstance(value, dict):
            return value
        others = did_you_mean(str(path[-1]), outer, "is it called %s here") if value is None else ""
        self.add(path, f"must be a mapping of {holds}, but is {found(value)}{others}")
        return None

    def refuse_unknown(self, path: "Path", keys: "Iterable[str]", known: "Iterable[str]") -> None:
        """Note each of the ``keys`` of the mapping at ``path`` that is none of ``known``."""
        for key in keys:
            if key not in known:
                hint = did_you_mean(key, known)
                self.add((*path, key), f"there is no such key; known are {', '.join(known)}{hint}")

    def value(self, key: str, default: "Any", read: "Callable[[Any], Any]", must: str) -> "Any":
        """Return what is under a key of ``batch``, as ``read`` returns it, None for what is wrong; else ``default``."""
        if key not in self.batch:
            return default
        value = read(self.batch[key])
        if value is None:
            self.add(("batch", key), f"must be {must}, but is {found(self.batch[key])}")
        return default if value is None else value

    def file_name(self, key: str) -> "Optional[str]":
        """Return the path, from the file's folder, under a key of ``batch``; None where it is not there or wrong."""

        def read(value: "Any") -> "Optional[str]":
            is_name = isinstance(value, str) and value and not set("\0{") & set(value)
            return os.path.join(os.path.dirname(self.name), value) if is_name else None

        name: "Optional[str]" = self.value(key, None, read, "the name of a file, without placeholders")
        return name


def path_of(path: "Optional[str]") -> "Optional[str]":
    """Return ``path``, else ``$OPTUNE_CONFIG``, else the first of the files SEARCHED that is there; else None."""
    return path or os.environ.get("OPTUNE_CONFIG") or next(filter(os.path.lexists, SEARCHED), None)


def find(path: "Optional[str]") -> "Tuple[str, Any]":
    """Return the name and content of the file that ``path_of`` gives.

    Raises ``ServoError`` (bad-config) where there is none, or it cannot be read.
    """
    name = path_of(path)
    if name is None:
        places = " nor ".join("./" + each for each in SEARCHED)
        others = "OPTUNE_CONFIG is not set and --config FILE not given; name the file by one of these"
        raise bad_config(f"no configuration: neither {places} is there, {others}")
    try:
        with open(name, "rb") as stream:
            data = stream.read()
        return name, parsed(name, data, name.endswith(".json"))
    except OSError as error:
        from servo_batch import files

        raise bad_config(f"{name}: the configuration cannot be read: {files.why(error)}") from None
    except ValueError as error:
        hint = "; a name that ends in .json is read as JSON" if name.endswith(".json") else ""
        raise bad_config(f"{error}{hint}") from None


def parsed(name: str, data: bytes, is_json: bool) -> "Any":
    """Return the value of a document, JSON or else YAML; raise ``ValueError`` that begins with the place."""
    if not is_json:
        from servo_batch.formats import yaml_subset

        return yaml_subset.loads(data, name)
    from servo_batch.formats import strict_json

    try:
        return strict_json.loads(data)
    except strict_json.JsonError as error:
        place = f"{name}:{error.lineno}:{error.colno}" if error.lineno else name
        raise ValueError(f"{place}: not JSON: {error.msg}") from None
