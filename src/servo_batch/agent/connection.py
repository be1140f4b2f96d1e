"""One exchange with the service under way: its connection, its limits, and how it is broken off."""

import contextlib
import http.client
import io
import socket
from typing import Any, Callable, Dict, NamedTuple, Optional

# For all of an exchange, from the name look-up to the last byte.
REQUEST_SECONDS = 60.0
# Commands are small: an answer above this, its headers included, is no answer.
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class Outcome(NamedTuple):
    """What came of an exchange: the answer, or what went wrong as a phrase for the log."""

    answer: Optional[Dict[str, Any]]
    error: str = ""


class TooLongError(Exception):
    """The service sent more than an answer can be."""

    def __str__(self) -> str:
        return "the answer is longer than %d bytes" % MAX_ANSWER_BYTES


class Exchange:
    """An exchange under way: ``outcome`` is None until it is done."""

    def __init__(self) -> None:
        self.outcome: Optional[Outcome] = None
        self._given_up = False
        # A second name for the connection's socket: urllib and TLS hide the first one.
        self._lifeline: Optional[socket.socket] = None

    def end(self) -> Outcome:
        """Return the outcome; if there is none yet, break the connection, so that the thread ends too."""
        if self.outcome is not None:
            return self.outcome
        self._given_up = True
        if self._lifeline is not None:
            with contextlib.suppress(OSError):  # it ended by itself meanwhile
                self._lifeline.shutdown(socket.SHUT_RDWR)
        return Outcome(None, "no answer in time")

    def connected(self, connection: socket.socket) -> None:
        """Note the connection, before anything is sent; raise ``OSError`` when it comes too late.

        Nothing may be sent then: a stale WHATS_NEXT would be answered with a command that nobody carries out.
        """
        self._lifeline = connection.dup()
        if self._given_up:
            raise OSError("given up")

    def close(self) -> None:
        """Let go of the connection."""
        if self._lifeline is not None:
            self._lifeline.close()


class _Metered(io.RawIOBase):
    """What comes from a connection, up to the limit of an answer; then it raises ``TooLongError``."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._left = MAX_ANSWER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Optional[int]:
        if self._left <= 0:
            raise TooLongError
        count = self._raw.readinto(memoryview(buffer)[: self._left])
        self._left -= count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A response of limited size, whatever it consists of.

    http.client alone reads interim responses, trailers and a chunk of the size -1 for as long as there are any.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.fp = io.BufferedReader(_Metered(self.fp.detach()))


class Connection(http.client.HTTPConnection):
    """A connection that hands its socket to ``exchange`` as soon as there is one."""

    exchange: Exchange
    response_class = _Response

    @classmethod
    def of(cls, exchange: Exchange) -> "Callable[..., Connection]":
        """Return what makes connections for ``exchange``, with the arguments that urllib has for http.client."""

        def connection(*arguments: Any, **keywords: Any) -> Connection:
            made = cls(*arguments, **keywords)
            made.exchange = exchange
            return made

        return connection

    def connect(self) -> None:
        """Connect, as http.client does."""
        super().connect()
        self.exchange.connected(self.sock)
