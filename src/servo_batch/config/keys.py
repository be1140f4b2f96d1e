"""The keys of a configuration beside the settings: their shapes, their defaults, and every problem with them.

What a command, a pattern or a formula says is for the rooms that know it; here it is a string in its place. Of most
configurations ``plain_keys.plain`` is enough.
"""

from servo_batch.config.plain_keys import GRACE_SECONDS, MAX_SECONDS, Schema
from servo_batch.wording import found, is_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple, Union

    from servo_batch.config.document import Document, Path

KEYS = (
    "command",
    "default_state",
    "application",
    "metrics",
    "prepare",
    "cleanup",
    "runs",
    "warmup_runs",
    "constraints",
    "objective",
    "history",
    "state",
    "expected_duration",
    "timeout",
    "grace_period",
    "default_control",
)
METRIC_KEYS = ("output_regex", "output_json", "resource", "formula", "stream", "file", "take", "convert", "unit")
HOLDS = "one of output_regex, output_json, resource and formula, and unit"
DIRECTIONS = ("minimize", "maximize")
MAX_RUNS = 1000000
COMMAND_PATH = ("batch", "command")
# Keys that somebody may look for one level too high, and what they belong under.
DEEPER = {**dict.fromkeys(DIRECTIONS, "objective"), **dict.fromkeys(METRIC_KEYS, "metrics: NAME")}


def read(document: "Document") -> Schema:
    """Return what the keys hold; what is wrong with their shapes is noted in ``document``."""
    batch = document.batch
    for key in batch:
        if key in DEEPER:
            document.add(("batch", key), f"belongs under {DEEPER[key]}: move it there")
    document.refuse_unknown(("batch",), (key for key in batch if key not in DEEPER), KEYS)
    if "command" not in batch:
        document.add(COMMAND_PATH, "is missing: give the job's command line, or a list of program and arguments")
    commands = {key: _command(document, key) for key in ("command", "prepare", "cleanup") if key in batch}
    described = document.mapping(("batch", "metrics"), batch.get("metrics", {}), "names of metrics")
    return Schema(
        {key: command for key, command in commands.items() if command is not None},
        {name: value for name, value in described.items() if _is_mapping(document, name, value)},
        _count(document, "runs", 1, 1),
        _count(document, "warmup_runs", 0, 0),
        _objective(document),
        document.file_name("history"),
        _seconds(document, "expected_duration", None),
        _seconds(document, "timeout", None),
        _seconds(document, "grace_period", GRACE_SECONDS, zero_allowed=True) or 0,
        document.mapping(("batch", "default_control"), batch.get("default_control", {}), "control values"),
    )


def _command(document: "Document", key: str) -> "Optional[Union[str, List[str]]]":
    value = document.batch[key]
    if isinstance(value, str) and value.strip():
        return value
    if not isinstance(value, list) or not value:
        problem = "must be a command line or a list of strings, and not empty, but is "
        document.add(("batch", key), problem + found(value))
        return None
    is_sound = True
    for index, item in enumerate(value):
        if not isinstance(item, str):
            document.add(("batch", key, index), f"must be a string, but is {found(item)}: quote it")
            is_sound = False
    if value[0] == "":
        document.add(("batch", key, 0), "must be the program to run, but is empty: name one")
    return value if is_sound and value[0] else None


def _is_mapping(document: "Document", name: str, value: "Any") -> bool:
    document.mapping(("batch", "metrics", name), value, HOLDS)
    return isinstance(value, dict)


def _objective(document: "Document") -> "Optional[Tuple[str, str]]":
    path: "Path" = ("batch", "objective")
    if "objective" not in document.batch:
        return None
    value = document.batch["objective"]
    entry = document.mapping(path, value, "minimize or maximize, with a formula")
    if not isinstance(value, dict):
        return None
    document.refuse_unknown(path, entry, DIRECTIONS)
    given = [key for key in DIRECTIONS if key in entry]
    if len(given) != 1:
        problem = "must have one of minimize and maximize, with a formula like '{total_runtime}'"
        document.add(path, problem + (", but has both" if given else ""))
        return None
    text = entry[given[0]]
    if not isinstance(text, str):
        document.add(path + (given[0],), f"must be a formula, a string, but is {found(text)}")
        return None
    return given[0], text


def _seconds(
    document: "Document", key: str, default: "Optional[float]", zero_allowed: bool = False
) -> "Optional[float]":
    if key not in document.batch:
        return default
    value = document.batch[key]
    if not is_number(value) or value < 0 or (value == 0 and not zero_allowed):
        allowed = "0 or more" if zero_allowed else "more than 0"
        document.add(("batch", key), f"must be a number of seconds, {allowed}, but is {found(value)}")
        return default
    return float(min(value, MAX_SECONDS))


def _count(document: "Document", key: str, default: int, least: int) -> int:
    if key not in document.batch:
        return default
    value = document.batch[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_RUNS:
        document.add(("batch", key), f"must be a whole number from {least} to {MAX_RUNS}, but is {found(value)}")
        return default
    return value
