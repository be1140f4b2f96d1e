"""The agent's log on stdout: one line an event, safe to show on a terminal, without the token."""

import contextlib
import re
import select
import time

from servo_batch import answers
from servo_batch.wording import visible

MAX_LINE = 4000
CONCEALED = "[token]"
FORMS = r"(?:\\*%s|(?i:%%%s|\\+u00%s))"  # of a character: itself, with backslashes, in a URL, in JSON
# So long a line waits for a reader that has stalled; after it none does, until there is room again.
STALLED_SECONDS = 1.0


class Log:
    """Writes lines that start with the time in UTC; control characters are escaped, long lines cut."""

    def __init__(self) -> None:
        self._secret = re.compile(r"(?!)")  # nothing
        self._patience_seconds = STALLED_SECONDS

    def conceal(self, secret: str) -> None:
        """Never show ``secret``, which is ASCII: as it is written, or as URLs, JSON, and JSON in JSON may escape it."""
        forms = (char if char.isalnum() else FORMS % (re.escape(char), *["%02x" % ord(char)] * 2) for char in secret)
        self._secret = re.compile("".join(forms))

    def __call__(self, text: str) -> None:
        """Write one line."""
        line = "%s %s\n" % (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), self.clean(text))
        # A reader of the log who has gone or stalled does not stop the agent.
        with contextlib.suppress(answers.ServoError):
            answers.write_text(line, self._wait)

    def _wait(self) -> None:
        has_room = bool(select.select([], [answers.STDOUT], [], self._patience_seconds)[1])
        self._patience_seconds = STALLED_SECONDS if has_room else 0.0
        if not has_room:
            raise answers.failed("cancelled", "nobody reads the log")

    def clean(self, text: str) -> str:
        """Return ``text`` as one line that is fit to be seen."""
        text = self._secret.sub(CONCEALED, text)
        left = len(text) - MAX_LINE
        text = text[:MAX_LINE] + ("… (%d characters more)" % left if left > 0 else "")
        return visible(text)
