"""Lines to another program that reads when it likes: one that pauses holds nobody up, one that never reads no end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from typing import TextIO

from ecg_live.atomic_write import write_all
from ecg_live.errors import EcgLiveError

MAX_WAITING_BYTES = 32 << 20  # bytes that may wait: half a day of lines
READER_PATIENCE_S = 1.0  # s without anything read, after which somebody who wants to leave does
_LEAVING_POLL_S = 0.1  # s between two looks at whether somebody wants to leave


class StdoutWriter:
    """Hand text to a stream on a thread of its own.

    The path to a recorder must not wait for whoever reads standard output, who may be a paused pager. Once too much
    waits, a device's session cannot wait, and the output has failed; a replay can, and does.

    Parameters
    ----------
    stream : TextIO
        Not closed; where it is a file of the system, nothing else may write to it meanwhile.
    leaving : callable
        Whether the user wants to leave: then what nobody reads is waited for no longer.
    waits : bool
        There is no device that goes on meanwhile.
    limit : int
        Bytes that may wait.
    patience : float
        Seconds that leaving waits for a reader who does nothing.
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
        self._news = Condition()
        self._text: deque[str] = deque()
        # bytes that wait or are on their way, and that were taken by now
        self._size = 0
        self._taken = 0
        self._error: Exception | None = None
        self._over = False
        self._told = False
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
        with self._news:
            while self._waits and self._error is None and self._size > self._limit and not self._leaving():
                self._news.wait(_LEAVING_POLL_S)
            if self._error is None and self._size > self._limit:
                self._error = EcgLiveError(f"{self._size >> 20} MB wait for somebody to read them", "read faster")
            if self._error is not None:
                self._told = self._over = True
                self._news.notify_all()
                raise self._error
            self._text.append(text)
            self._size += len(text)
            self._news.notify_all()

    def flush(self) -> None:
        """Do nothing: what waits is never held back."""

    def drain(self) -> None:
        """Wait until all was taken, and end; while the user wants to leave, only for as long as somebody reads.

        Raises
        ------
        OSError
            The stream did not take all of it, and no `write` said so; not where its reader left.
        EcgLiveError
            Nobody read it.
        """
        with self._news:
            known, since = self._taken, time.monotonic()
            while self._size and self._error is None:
                self._news.wait(_LEAVING_POLL_S)
                if self._taken != known or not self._leaving():
                    known, since = self._taken, time.monotonic()
                elif time.monotonic() - since >= self._patience:
                    break
            self._over = True
            self._news.notify_all()
        if self._told or isinstance(self._error, BrokenPipeError):  # a reader may leave when it likes
            return
        if self._error is not None:
            raise self._error
        if self._size:
            raise EcgLiveError(f"nobody read the last {self._size} bytes", "keep reading until the session has ended")

    def _run(self) -> None:
        while (text := self._next()) is not None:
            try:
                self._out(text)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next one to write is told
                with self._news:
                    self._error = error
                    self._news.notify_all()
                return
            with self._news:
                self._size -= len(text)
                self._taken += len(text)
                self._news.notify_all()

    def _next(self) -> str | None:
        with self._news:
            self._news.wait_for(lambda: self._text or self._over)
            return self._text.popleft() if self._text and not self._over else None


def _writer_to(stream: TextIO) -> Callable[[str], object]:
    """How to write to a stream; where that may take for ever, without a lock that Python needs to end."""
    try:
        stream.flush()
        file = stream.fileno()
    except (OSError, ValueError, AttributeError):  # a stream of this process only

        def put(text: str) -> None:
            stream.write(text)
            stream.flush()

        return put
    return lambda text: write_all(file, text.encode())
