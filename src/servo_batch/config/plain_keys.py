"""What the keys of a configuration hold beside the settings; ``keys`` reads them, here are those that are plain.

Imported by ``measure --describe``, so it holds the keys that most configurations have, and no messages.
"""

from collections import namedtuple

from servo_batch.wording import is_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple, Union

GRACE_SECONDS = 5
# A century: longer is never, and no clock or poll has to hold it.
MAX_SECONDS = 100 * 365 * 86400
SECONDS = ("expected_duration", "timeout", "grace_period")
PLAIN_KEYS = frozenset(
    ("command", "default_state", "application", "state", "constraints", "metrics", "default_control", *SECONDS)
)


class Schema(
    namedtuple(
        "Schema",
        (
            "commands",
            "metrics",
            "runs",
            "warmup_runs",
            "objective",
            "history",
            "expected_seconds",
            "timeout_seconds",
            "grace_seconds",
            "default_control",
        ),
    )
):
    """The shapes that the keys have; what stands in strings has not been looked at."""

    __slots__ = ()
    commands: "Dict[str, Union[str, List[str]]]"  # "command" and, where they are given, "prepare" and "cleanup"
    metrics: "Dict[str, Dict[str, Any]]"  # as they stand
    runs: int
    warmup_runs: int
    objective: "Optional[Tuple[str, str]]"  # a direction, and a formula
    history: "Optional[str]"  # a file
    expected_seconds: "Optional[float]"  # None where nobody knows
    timeout_seconds: "Optional[float]"
    grace_seconds: float
    default_control: "Dict[str, Any]"


def plain(batch: "Dict[str, Any]") -> "Optional[Schema]":
    """Return what the keys hold where they are of the most common ones and right, as ``keys.read`` does; else None."""
    command, metrics, control = batch.get("command"), batch.get("metrics", {}), batch.get("default_control", {})
    seconds = {key: batch[key] for key in SECONDS if key in batch}
    if (
        not PLAIN_KEYS.issuperset(batch)
        or not isinstance(command, str)
        or not command.strip()
        or not isinstance(metrics, dict)
        or not isinstance(control, dict)
        or not all(map(_is_plain_metric, metrics.values()))
        or not all(is_number(value) and 0 < value <= MAX_SECONDS for value in seconds.values())
    ):
        return None
    expected, timeout, grace = (float(seconds[key]) if key in seconds else None for key in SECONDS)
    if grace is None:
        grace = GRACE_SECONDS
    return Schema({"command": command}, metrics, 1, 0, None, None, expected, timeout, grace, control)


def _is_plain_metric(value: "Any") -> bool:
    return (
        isinstance(value, dict)
        and "output_regex" in value
        and set(value) <= {"output_regex", "unit"}
        and all(isinstance(text, str) for text in value.values())
    )
