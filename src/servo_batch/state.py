"""The default state overlaid with the stored one, and the atomic store.

Source: section 4 of the contract.
"""

import os

from servo_batch.protocol import failed
from servo_batch.wording import kind, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

    from servo_batch.protocol import ServoError

DEFAULT_PATH = "_state.json"


def path_of(option: "Optional[str]") -> str:
    """Return where the state is stored (section 1): ``--state``, else ``$OPTUNE_STATE``, else ``./_state.json``."""
    return option or os.environ.get("OPTUNE_STATE") or DEFAULT_PATH


def current(default: "Dict[str, Any]", path: str) -> "Dict[str, Any]":
    """Return the application as it is now: ``default`` overlaid with what is stored at ``path``.

    Raises ``ServoError`` (bad-state) where the stored state is damaged or cannot be read.
    """
    stored = load(path)
    return default if stored is None else overlay(default, stored)


def overlay(lower: "Dict[str, Any]", upper: "Dict[str, Any]") -> "Dict[str, Any]":
    """Return ``lower`` with ``upper`` laid over it: mappings are merged key by key, of other values the upper wins."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        result[key] = overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def load(path: str) -> "Optional[Dict[str, Any]]":
    """Return the stored application, or None where nothing has been stored; raise ``ServoError`` (bad-state)."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _bad_state(path, "cannot be read", error) from None
    from servo_batch.formats import strict_json  # not paid for where nothing is stored, or the configuration is YAML

    try:
        stored = strict_json.loads(data)
    except strict_json.JsonError as error:
        place = " at line %d, column %d" % (error.lineno, error.colno) if error.lineno else ""
        raise _damaged(path, "is not JSON%s: %s" % (place, error.msg)) from None
    problem = _misshapen(stored)
    if problem:
        raise _damaged(path, problem)
    application: "Dict[str, Any]" = stored["application"]
    return application


def _misshapen(stored: "Any") -> "Optional[str]":
    """Return where ``stored`` is not ``{"application": {"components": {C: {"settings": {S: {…}}}}}}``, or None."""
    application = stored.get("application") if isinstance(stored, dict) else None
    components = application.get("components") if isinstance(application, dict) else None
    if not isinstance(components, dict):
        return "has no application.components"
    for name, component in components.items():
        settings = component.get("settings", {}) if isinstance(component, dict) else None
        if not isinstance(settings, dict):
            return "has %s where the settings of the component %s belong" % (kind(settings), named(name))
        for setting, description in settings.items():
            if not isinstance(description, dict):
                return "has %s where the setting %s of the component %s belongs" % (
                    kind(description),
                    named(setting),
                    named(name),
                )
    return None


def _damaged(path: str, problem: str) -> "ServoError":
    return failed(
        "bad-state", "%s: the state file %s; mend it, or remove it to start from the default state" % (path, problem)
    )


def _bad_state(path: str, action: str, error: "Exception") -> "ServoError":
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return failed("bad-state", "%s: the state file %s: %s" % (path, action, reason))


def store(path: str, application: "Dict[str, Any]") -> None:
    """Store ``{"application": application}`` at ``path``, whole and on the disk, or leave what was there.

    Written beside the target, flushed, renamed over it, and the directory flushed: rename(2) replaces atomically, and
    only a flushed directory keeps the new name over a power cut. A symbolic link is followed, not replaced. What a
    crash leaves, ``PATH.partial``, the next store takes over. Raises ``ServoError`` (bad-state).
    """
    import json

    text = json.dumps({"application": application}, allow_nan=False, indent=2) + "\n"
    try:
        target = os.path.realpath(path)  # which asks for the working directory: it may be gone
        if os.path.isdir(target):
            raise IsADirectoryError(0, "it is a directory: name a file")
        _replace(target, text.encode("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad_state(path, "cannot be written and is as it was", error) from None
    try:
        _flush_directory(os.path.dirname(target))
    except OSError as error:
        raise _bad_state(path, "is written, but its folder could not be flushed to the disk", error) from None


def _replace(target: str, data: bytes) -> None:
    partial = target + ".partial"
    # The lock is held up to the end: whoever gets it next finds another file, or none, under the name.
    with open(_open_locked(partial), "wb") as stream:
        try:
            if os.path.exists(target):
                os.fchmod(stream.fileno(), os.stat(target).st_mode & 0o7777)
            stream.truncate()
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(partial, target)
        except BaseException:
            os.unlink(partial)
            raise


def _open_locked(path: str) -> int:
    """Return a descriptor of the file at ``path`` that no other process writes to: two may store at once."""
    import fcntl

    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks: then one store at a time is the caller's business
        try:
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # the process that had the lock has renamed this file to its target


def _flush_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
