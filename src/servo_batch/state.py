"""The state: what was last stored, and storing it, whole and on the disk or not at all.

It is kept as ``{"application": …}``, JSON, as an adjust asked for it. Until the first adjust an older servo-batch's
state, YAML, stands in for it.
"""

import os

from servo_batch import document, settings
from servo_batch.answers import ServoError, bad_config, bad_request, complain, failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterable, Optional

    from servo_batch.document import Document
    from servo_batch.options import Options
    from servo_batch.settings import Application, Settings

DEFAULT_PATH = "_state.json"
OLDER = ("_state.yaml", "state.yaml")  # of the older servo-batch, and of its branches
MEND = "mend it, remove it to start from the default state, or name another file for the state"
MEND_OLDER = "mend it, or start from the default state by adjust --reset, which passes over this file and keeps it"
ELSEWHERE = "name a file in a folder that may be written to, by --state FILE, $OPTUNE_STATE or batch.state"


class StateFile:
    """Where the state is stored: ``path``; the first of the ``others`` that is there may be an older servo-batch's."""

    def __init__(self, path: str, others: "Iterable[str]" = ()) -> None:
        self.path = path
        self._other = next(filter(os.path.lexists, others), None)

    @property
    def older(self) -> "Optional[str]":
        """The older servo-batch's file that is the state, None where it is not."""
        return None if os.path.lexists(self.path) else self._other

    @property
    def stored_in(self) -> str:
        """The file that is the state, or would be."""
        return self.older or self.path

    def load(self) -> "Application":
        """Return the stored application, an empty one where nothing is stored; raise ``ServoError`` (bad-state)."""
        older, path = self.older, self.stored_in
        try:
            if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
                raise OSError(0, "it is no regular file")  # a FIFO would be waited for
            with open(path, "rb") as stream:
                data = stream.read()
        except FileNotFoundError:
            return {"components": {}}
        except (OSError, ValueError) as error:
            raise _cannot(path, "cannot be read", error) from None
        try:
            stored = document.parsed(path, data, is_json=not older)
            if older and isinstance(stored, dict) and "application" not in stored:
                stored = {"application": stored}
            problem = settings.misshapen(stored)
        except ValueError as error:
            problem = f"cannot be read: {error}"
        if problem:
            raise failed("bad-state", f"{path}: the state file {problem}; {MEND_OLDER if older else MEND}")
        application: "Application" = stored["application"]
        return application

    def allowed(self, configured: "Settings", stored: "Application", besides: "Iterable[str]" = ()) -> "Application":
        """Return what ``load`` returned; raise ``ServoError`` (bad-state) where the configuration does not allow it.

        The settings ``besides`` will have other values, with which the constraints may hold.
        """
        from servo_batch import rules

        kept = settings.application_of({full: each for full, each in settings.walk(stored) if full not in besides})
        try:
            rules.accepted(configured, kept, stored, f"{self.stored_in}: what is stored is not allowed")
        except ServoError as error:
            if error.reason != "constraint" or not besides:
                way_out = "adjust it, or remove what is stored by adjust --reset"
                raise failed("bad-state", f"{error.message}; {way_out}") from None
        return stored

    def check_changeable(self) -> None:
        """Raise ``ServoError`` (bad-state) where ``change`` would fail, as far as it can be known."""
        from servo_batch import files

        try:
            files.check_folder(self.path)
        except OSError as error:
            raise _cannot(self.path, "cannot be changed", error) from None

    def change(self, merge: "Callable[[Application], Application]") -> "Application":
        """Store what ``merge`` makes of what is stored, and return it; nobody else stores meanwhile.

        Raises ``ServoError`` (bad-state), and what ``merge`` raises: then all is as it was.
        """
        return self._replace(lambda: merge(self.load()))

    def reset(self) -> None:
        """Have nothing stored, and an older servo-batch's state not come back; raise ``ServoError`` (bad-state)."""

        def nothing() -> "Application":
            if os.path.lexists(self.path):
                self.load()  # what is no state is not ours to remove
            return {"components": {}} if self._other else {}

        self._replace(nothing)

    def _replace(self, make: "Callable[[], Application]") -> "Application":
        """Store what ``make`` returns, called while nobody else stores; where that is empty, remove what is stored."""
        import json

        from servo_batch import files

        try:
            # A lock on the file itself would go with the old file.
            folder = os.open(os.path.dirname(os.path.realpath(self.path)), os.O_RDONLY)
            try:
                if not files.lock(folder):
                    held = f"another process has held the lock on its folder for {files.LOCK_SECONDS:g} s"
                    raise failed("bad-state", f"{self.path}: the state file is as it was: {held}; end it, or try again")
                application = make()
                if application:
                    text = json.dumps({"application": application}, allow_nan=False, indent=2) + "\n"
                    files.replace(self.path, text.encode("utf-8"))
                elif os.path.exists(self.path):
                    os.unlink(os.path.realpath(self.path))
                os.fsync(folder)  # only this keeps the new name over a power cut, says fsync(2)
            finally:
                os.close(folder)
        except (OSError, ValueError) as error:  # the working directory may be gone
            raise _cannot(self.path, "cannot be changed", error) from None
        return application


def find(options: "Options", configuration: "Optional[Document]") -> StateFile:
    """Return the state's file: ``--state``, else ``$OPTUNE_STATE``, else ``batch.state``, else ``./_state.json``.

    With --command there is none, which an empty path says. Raises ``ServoError`` where that is the
    configuration's file. Says it where the state is an older one.
    """
    if options.get("--command"):
        return StateFile("")
    named_by = [
        ("--state", options.get("--state"), bad_request),
        ("$OPTUNE_STATE", os.environ.get("OPTUNE_STATE"), bad_request),
    ]
    if configuration:
        named_by.append((configuration.place(("batch", "state")), configuration.state, bad_config))
    for name, path, error in named_by:
        if path:
            from servo_batch import files

            files.refuse_input(name, path, {"the configuration": configuration.name if configuration else None}, error)
            return StateFile(path)
    found = StateFile(DEFAULT_PATH, OLDER)
    if found.older:
        stores = f"the state until the first adjust, which stores ./{found.path}"
        complain(f"./{found.older}, which an older servo-batch stored, is {stores}")
    return found


def _cannot(path: str, action: str, error: Exception) -> ServoError:
    from servo_batch import files

    return failed("bad-state", f"{path}: the state file {action}: {files.why(error, ELSEWHERE)}")
