"""Write lines to another program on an own thread: a paused reader blocks neither the session nor its end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from typing import TextIO

from ecg_live.atomic_write import write_all
from ecg_live.errors import EcgLiveError

MAX_WAITING_BYTES = 32 << 20  # half a day of lines
READER_PATIENCE_S = 1.0  # without anything read, while the user wants to leave
_LEAVING_POLL_S = 0.1


class StdoutWriter:
    """Hand text to a stream on a thread of its own.

    The path to a recorder must not wait for the reader of standard output, which may be a paused pager. Once too much
    waits, the output of a device's session fails; a replay waits.

    Parameters
    ----------
    stream : TextIO
        Not closed; where it is a file of the system, nothing else may write to it meanwhile.
    leaving : callable
        Whether the user wants to leave: the writer then no longer waits for an idle reader.
    waits : bool
        `write` may wait: no device goes on meanwhile.
    limit : int
        Bytes that may wait.
    patience : float
        Seconds that leaving waits for an idle reader.
    """

    def __init__(
        self,
        stream: TextIO,
        leaving: Callable[[], bool],
        *,
        waits: bool = False,
        limit: int = MAX_WAITING_BYTES,
        patience: float = READER_PATIENCE_S,
    ) -> None:
        self._out = _writer_to(stream)
        self._leaving = leaving
        self._waits = waits
        self._limit = limit
        self._patience = patience
        self._changed = Condition()
        self._text: deque[str] = deque()
        self._size = 0  # bytes that wait or are being written
        self._taken = 0  # bytes that were written by now
        self._error: Exception | None = None
        self._over = False
        self._error_raised = False
        Thread(target=self._run, name="output", daemon=True).start()

    def write(self, text: str) -> None:
        """Add text (ASCII).

        Raises
        ------
        OSError
            The stream did not take what came before.
        EcgLiveError
            Too much waits for a reader.
        """
        with self._changed:
            while self._waits and self._error is None and self._size > self._limit and not self._leaving():
                self._changed.wait(_LEAVING_POLL_S)
            if self._error is None and self._size > self._limit:
                self._error = EcgLiveError(f"{self._size >> 20} MB wait for a reader", "read faster")
            if self._error is not None:
                self._error_raised = self._over = True
                self._changed.notify_all()
                raise self._error
            self._text.append(text)
            self._size += len(text)
            self._changed.notify_all()

    def flush(self) -> None:
        """Do nothing: what waits is never held back."""

    def drain(self) -> None:
        """Wait until all was read, and end; while the user wants to leave, only for as long as the reader reads.

        Raises
        ------
        OSError
            The stream did not take all of it, and no `write` has raised; not if its reader left.
        EcgLiveError
            It was not read.
        """
        with self._changed:
            known, since = self._taken, time.monotonic()
            while self._size and self._error is None:
                self._changed.wait(_LEAVING_POLL_S)
                if self._taken != known or not self._leaving():
                    known, since = self._taken, time.monotonic()
                elif time.monotonic() - since >= self._patience:
                    break
            self._over = True
            self._changed.notify_all()
        if self._error_raised or isinstance(self._error, BrokenPipeError):  # a reader may leave when it likes
            return
        if self._error is not None:
            raise self._error
        if self._size:
            raise EcgLiveError(f"the last {self._size} bytes were not read", "keep reading until the session has ended")

    def _run(self) -> None:
        while (text := self._next()) is not None:
            try:
                self._out(text)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next `write` raises it
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            with self._changed:
                self._size -= len(text)
                self._taken += len(text)
                self._changed.notify_all()

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._text or self._over)
            return self._text.popleft() if self._text and not self._over else None


def _writer_to(stream: TextIO) -> Callable[[str], object]:
    """Function that writes to a stream; to a file descriptor without a lock that would block Python's exit."""
    try:
        stream.flush()
        file = stream.fileno()
    except (OSError, ValueError, AttributeError):  # a stream of this process only

        def put(text: str) -> None:
            stream.write(text)
            stream.flush()

        return put
    return lambda text: write_all(file, text.encode())
