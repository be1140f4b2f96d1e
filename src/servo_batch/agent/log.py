"""The agent's log on stdout: one line an event, safe to show on a terminal, without the token."""

import contextlib
import json
import select
import time
from typing import List
from urllib.parse import quote

from servo_batch import answers
from servo_batch.wording import visible

MAX_LINE = 4000
CONCEALED = "[token]"
# So long a line waits for a reader that has stalled; after it none does, until there is room again.
STALLED_SECONDS = 1.0


class Log:
    """Writes lines that start with the time in UTC; control characters are escaped, long lines cut."""

    def __init__(self) -> None:
        self._forms: List[str] = []
        self._patience_seconds = STALLED_SECONDS

    def conceal(self, secret: str) -> None:
        """Never show ``secret`` again, as it is written, URL-escaped, in JSON, or in JSON that stands in JSON."""
        forms = {secret, quote(secret, safe="")}
        for _ in range(2):
            forms |= {json.dumps(form)[1:-1] for form in forms}
        self._forms = sorted(forms, key=len, reverse=True)

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
        for form in self._forms:
            text = text.replace(form, CONCEALED)
        left = len(text) - MAX_LINE
        text = text[:MAX_LINE] + ("… (%d characters more)" % left if left > 0 else "")
        return visible(text)
