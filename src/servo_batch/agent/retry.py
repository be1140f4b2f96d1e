"""How long the agent waits before it tries again what the service did not take."""

import email.utils
import random
import time
from typing import Iterator, Optional

# A pause is twice the one before, up to the first; a service that names one itself may have the second.
MAX_RETRY_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 600.0


def pauses(first_seconds: float) -> Iterator[float]:
    """Yield the pauses after each try of one exchange; agents that failed together come back apart."""
    seconds = first_seconds
    while True:
        yield seconds * random.uniform(0.75, 1)
        seconds = min(seconds * 2, max(first_seconds, MAX_RETRY_SECONDS))


def pause_of(retry_after: str) -> Optional[float]:
    """Return how long to wait by a header that has a number or a date (RFC 7231, section 7.1.3); None for neither."""
    try:
        if retry_after.isdecimal():
            seconds = float(retry_after)
        else:
            seconds = max(1.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return min(seconds * random.uniform(1, 1.1), MAX_RETRY_AFTER_SECONDS)
