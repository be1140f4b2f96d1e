"""The request on stdin: one JSON object, or nothing (the manual's page "Requests and answers")."""

import os
import select
import sys
from typing import Any, Collection, Dict, List, Optional

from servo_batch.answers import STDIN, bad_request, complain
from servo_batch.wording import did_you_mean, kind, shown

MAX_REQUEST_BYTES = 64 * 1024 * 1024
PATIENCE_SECONDS = 2.0  # whoever waits longer for a request may not know that one is awaited
NO_REQUEST = "where there is no request, give it </dev/null"


def read() -> Dict[str, Any]:
    """Return the request on stdin; an empty stdin, a closed one and a terminal are ``{}``.

    Raises ``ServoError`` (bad-request) for anything that is not one JSON object.
    """
    if sys.stdin is None or os.isatty(STDIN):
        return {}
    try:
        data = _read_stdin()
    except OSError as error:
        raise bad_request(f"the request on stdin cannot be read: {error.strerror}") from None
    if not data.strip():
        return {}
    from servo_batch.formats import strict_json

    try:
        request = strict_json.loads(data)
    except strict_json.JsonError as error:
        place = f", line {error.lineno}, column {error.colno}" if error.lineno else ""
        raise bad_request(f"the request on stdin is not JSON{place}: {error.msg}; {NO_REQUEST}") from None
    if not isinstance(request, dict):
        raise bad_request(f"the request on stdin is {kind(request)}: send a JSON object; {NO_REQUEST}")
    return request


def _read_stdin() -> bytes:
    """Return all that is on stdin; say it once where that has to be waited for. Raises ``OSError``."""
    data = bytearray()
    patience: Optional[float] = PATIENCE_SECONDS
    while len(data) <= MAX_REQUEST_BYTES:
        if not select.select([STDIN], [], [], patience)[0]:
            complain(f"waiting for the request on stdin to come and to end; {NO_REQUEST}")
            patience = None
            continue
        piece = os.read(STDIN, 1 << 20)
        if not piece:
            return bytes(data)
        data += piece
    raise bad_request(f"the request on stdin has more than 64 MiB, which no request has; {NO_REQUEST}")


def metrics(request: Dict[str, Any], known: Collection[str]) -> List[str]:
    """Return the metrics that a request asks for, all that are known where it names none.

    Raises ``ServoError`` (bad-request).
    """
    asked = request.get("metrics", list(known))
    if not isinstance(asked, (list, dict)) or not all(isinstance(name, str) for name in asked):
        must = "the request's metrics must be a list of names, or an object whose keys are names"
        raise bad_request(f"{must}, but is {shown(asked)}")
    for name in asked:
        if name not in known:
            hint = f"known are {', '.join(known)}{did_you_mean(name, known)}"
            raise bad_request(f"the request asks for the metric {shown(name)}; {hint}")
    return list(asked)


def control(request: Dict[str, Any]) -> Dict[str, Any]:
    """Return the control of a request, empty where it has none; raise ``ServoError`` (bad-request)."""
    found = request.get("control", {})
    if not isinstance(found, dict):
        raise bad_request(f"the request's control must be an object, but is {kind(found)}")
    return found
