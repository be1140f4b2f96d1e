"""How long the agent waits before it tries again what the service did not take."""

import random
from typing import Optional

# A pause is twice the one before, up to the first; a service that names one itself may have the second.
MAX_RETRY_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 600.0


class Pauses:
    """The pauses between the tries of one exchange; agents that failed together come back apart."""

    def __init__(self, first_seconds: float) -> None:
        self._seconds = first_seconds
        self._most = max(first_seconds, MAX_RETRY_SECONDS)

    def following(self, retry_after_seconds: Optional[float]) -> float:
        """Return the seconds of the next pause, at least what the service asks for, if it does."""
        pause = self._seconds * random.uniform(0.75, 1)
        self._seconds = min(self._seconds * 2, self._most)
        if retry_after_seconds:
            pause = min(retry_after_seconds * random.uniform(1, 1.1), MAX_RETRY_AFTER_SECONDS)
        return pause
