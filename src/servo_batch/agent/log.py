"""The agent's log: one line an event, on stdout, safe to show on a terminal and never with the token in it."""

import contextlib
import json
import time
from typing import Set

from servo_batch import protocol

MAX_LINE = 4000


class Log:
    """Writes lines that start with the time in UTC; control characters in them are escaped, long ones are cut."""

    def __init__(self) -> None:
        self._secrets: Set[str] = set()

    def conceal(self, secret: str) -> None:
        """Never show ``secret`` again: a service may echo it, a driver may have read its file."""
        self._secrets = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]}

    def __call__(self, text: str) -> None:
        """Write one line."""
        line = "%s %s\n" % (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), self.clean(text))
        # A reader of the log who has gone does not stop the agent.
        with contextlib.suppress(OSError):
            protocol.write_text(line)

    def clean(self, text: str) -> str:
        """Return ``text`` as one line that is fit to be seen."""
        for secret in self._secrets:
            text = text.replace(secret, "[token]")
        if len(text) > MAX_LINE:
            text = "%s… (%d characters more)" % (text[:MAX_LINE], len(text) - MAX_LINE)
        return "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
            for character in text
        )
