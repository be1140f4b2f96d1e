"""What is no plain option on a command line → its meaning: numbers, JSON, COMPONENT.SETTING=VALUE, an APP_ID."""

import os

from servo_batch.formats import strict_json
from servo_batch.invocation.options import OPTIONS, UsageError
from servo_batch.wording import kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

LEAST = {"--runs": 1, "--warmup-runs": 0, "--measurements": 1, "--confirm": 0, "--seed": 0}
MOST = 1000000
CONFIG_ENDINGS = (".yaml", ".yml", ".json")


def value(name: str, text: str) -> "Any":
    """Return what ``text`` means as an option's value: for --control a mapping, else a number; raise ``UsageError``."""
    if name == "--control":
        return _json_object(text)
    if name == "--cap":
        return _factor(text)
    # Not more digits than MOST has: newer Pythons refuse to read thousands of them.
    if not text.isdecimal() or len(text) > len(str(MOST)) or not LEAST[name] <= int(text) <= MOST:
        raise UsageError(f"{name} needs a whole number from {LEAST[name]} to {MOST}, not {text}")
    return int(text)


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 1 < factor < MOST:
        raise UsageError(f"--cap needs a number more than 1, how many times the best so far a run may take, not {text}")
    return factor


def _json_object(text: str) -> "Dict[str, Any]":
    try:
        control = strict_json.loads(os.fsencode(text))
    except strict_json.JsonError as error:
        example = '{"userdata": {"timeout": 60}}'
        raise UsageError(f"--control is not JSON, as '{example}' is: {error.msg}") from None
    if not isinstance(control, dict):
        raise UsageError(f"--control must be a JSON object, but is {kind(control)}")
    return control


def assignments(verb: str, words: "List[str]", question: "Optional[str]") -> "List[Tuple[str, str, str]]":
    """Return the settings among the words: component, setting, value as typed.

    Raises ``UsageError`` where a word is neither one nor the only APP_ID.
    """
    settings = [word for word in words if "=" in word]
    others = [word for word in words if "=" not in word]
    if verb not in ("adjust", "measure"):
        remedy = f": a configuration is named by --config {words[0]}" if words[0].endswith(CONFIG_ENDINGS) else ""
        raise UsageError(f"{verb} takes options only, not {' '.join(words)}{remedy}")
    if settings and question:
        raise UsageError(f"{question} takes no settings: {verb} {' '.join(settings)}")
    for word in others:
        if word.endswith(CONFIG_ENDINGS) or os.path.isfile(word):
            raise UsageError(f"{word} is a file, not an APP_ID; a configuration is named by --config {word}")
    if len(others) > 1:
        raise UsageError(f"only one APP_ID can be given, not {' '.join(others)}; a setting is COMPONENT.SETTING=VALUE")
    return [_assignment(verb, word) for word in settings]


def _assignment(verb: str, word: str) -> "Tuple[str, str, str]":
    """Return what ``COMPONENT.SETTING=VALUE`` names and says; a component may have dots."""
    try:
        # As it was typed; Python decoded it by a locale that need not be UTF-8.
        name, _, value = os.fsencode(word).decode("utf-8").partition("=")
    except UnicodeDecodeError:
        raise UsageError(f"{word!a} is not UTF-8") from None
    component, _, setting = name.rpartition(".")
    if not component or not setting:
        hint = f", or --{word}" if "--" + name in OPTIONS[verb] else ""
        raise UsageError(f"{word} does not name a setting: write COMPONENT.SETTING=VALUE{hint}")
    return component, setting, value
