"""Write frames to one subject: in order, each once, acknowledged only when stored, and never beside another writer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import nats.errors
import nats.js.errors
from nats.js import api

from ecg_live.errors import DeviceError, EcgLiveError
from ecg_live.nats.connection import AWAY_ERRORS, Connection
from ecg_live.nats.frames import StreamFrame, intact_frames

WRITER_HEADER = "Ecg-Writer"
MAX_MESSAGE_BYTES = 1 << 16  # of several frames together, while a backlog is sent
RETRY_PAUSE_S, MAX_RETRY_PAUSE_S = 0.1, 1.0
WRONG_SEQUENCE_CODES = (10071, 10164)
FULL_CODES = (  # JetStream's error codes for: no room
    10023,  # insufficient resources
    10047,  # insufficient storage resources
    10054,  # message size exceeds maximum allowed
    10077,  # maximum bytes, messages or messages per subject of the stream are reached
    10122,  # the account's limit
)
_log = logging.getLogger(__name__)


class Superseded(EcgLiveError):
    """Another program has written to the subject since."""

    exit_code = 3


class SubjectWriter:
    """The only writer of a subject.

    Each message names the sequence number of the one before it on the subject, and the server stores it only if that
    is still so: a writer that was thought dead, and a message that was sent twice, change nothing. Where an
    acknowledgement was lost, the last message of the subject shows whether it is stored.

    Parameters
    ----------
    connection : Connection
    stream, subject : str
    writer : str
        Id of this writer.
    report : callable
        Takes one sentence when the store is full, and one when it takes frames again.
    """

    def __init__(
        self,
        connection: Connection,
        stream: str,
        subject: str,
        writer: str,
        report: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._subject = subject
        self._writer = writer
        self._report = report
        self._sequence = 0  # of the last message on the subject
        self._full = False

    @property
    def sequence(self) -> int:
        """Sequence number of the last message on the subject, 0 if there is none."""
        return self._sequence

    async def open(self) -> list[StreamFrame]:
        """Find the end of the subject; return the frames of its last message, none if there is none.

        Raises
        ------
        AWAY_ERRORS
            The server does not answer.
        """
        sequence, frames, _ = await self._last()
        self._sequence = sequence
        return frames

    async def write(self, frames: Sequence[StreamFrame]) -> int:
        """Store frames as one message; return its sequence number. Waits for a server that is away, or full.

        Raises
        ------
        Superseded
            Another program writes to the subject.
        DeviceError
            The server refuses this client, or so large a message, for good.
        """
        data = b"".join(frame.encode() for frame in frames)
        run, number = frames[-1].position
        headers = {WRITER_HEADER: self._writer, api.Header.MSG_ID.value: f"{self._subject}.{run}.{number}"}
        pause = RETRY_PAUSE_S
        while not await self._attempt(data, headers, frames[-1]):
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_RETRY_PAUSE_S)
            await self._connection.wait_connected()
        if self._full:
            self._full = False
            self._report("the store has room again: what waited is being stored")
        return self._sequence

    async def _attempt(self, data: bytes, headers: dict[str, str], last: StreamFrame) -> bool:
        """Try once; whether it is stored."""
        expected = headers | {api.Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(self._sequence)}
        try:
            done = await self._connection.js.publish(self._subject, data, headers=expected)
        except nats.js.errors.APIError as error:
            if error.err_code in WRONG_SEQUENCE_CODES:
                return await self._is_stored(last)
            if not isinstance(error, AWAY_ERRORS) or error.err_code in FULL_CODES:
                self._note_refusal(error)
            return False
        except nats.errors.MaxPayloadError as error:
            raise DeviceError(
                f"the NATS server takes no message of {len(data)} bytes", "set max_payload: 8MB in its configuration"
            ) from error
        except AWAY_ERRORS as error:
            _log.info("%s: %s", self._subject, type(error).__name__)
            return False
        self._sequence = done.seq
        return True

    async def _is_stored(self, last: StreamFrame) -> bool:
        """Whether the message at the subject's end is the one whose acknowledgement was lost; or raise `Superseded`."""
        try:
            sequence, frames, writer = await self._last()
        except AWAY_ERRORS:
            return False
        if not sequence:  # its operator has emptied the stream
            self._sequence = 0
            return False
        if writer != self._writer or not frames:
            raise Superseded(f"another program writes to {self._subject}", "end one of the two")
        self._sequence = sequence
        return frames[-1].position >= last.position

    async def _last(self) -> tuple[int, list[StreamFrame], str]:
        """Sequence, frames and writer of the subject's last message."""
        message = await self._connection.last_message(self._stream, self._subject)
        if message is None or message.seq is None:
            return 0, [], ""
        frames, _ = intact_frames(message.data or b"")
        return message.seq, frames, (message.headers or {}).get(WRITER_HEADER, "")

    def _note_refusal(self, error: nats.js.errors.APIError) -> None:
        if self._full:
            return
        self._full = True
        why = error.description or f"error {error.err_code}"
        full = error.err_code in FULL_CODES
        problem = "the store is full" if full else "the store takes no message"
        self._report(f"{problem} ({why}): frames wait here until there is room")
