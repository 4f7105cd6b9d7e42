"""One wearer of a partition: how far its stream is processed, what is stored of its results, and its stored state."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import Any

from ecg_live.errors import ProtocolError
from ecg_live.events import Beats, Chunk, Gap, LeadOff, StreamInfo
from ecg_live.nats.frames import FrameKind, StreamFrame
from ecg_live.nats.payloads import chunks_of, event_of, event_payload, info_of, prediction_payload
from ecg_live.nats.writer import MAX_MESSAGE_BYTES, SubjectWriter
from ecg_live.results import Prediction
from ecg_live.serve.engine import ServedItem, SourceItem

_LENGTH = struct.Struct("<I")


@dataclass(slots=True)
class Progress:
    """How far a wearer's stream is processed.

    ``sequence`` of the last message in the raw stream, ``run`` and ``number`` of its last frame, ``result`` the number
    of results of the run by then; ``ended``: the run is over.
    """

    sequence: int = 0
    run: int = 0
    number: int = 0
    result: int = 0
    ended: bool = True


def encode_progress(progress: Progress, info: StreamInfo | None, state: bytes) -> bytes:
    """A wearer's entry in the key-value store: progress, the stream's description, and the engine's state."""
    text = json.dumps({"progress": asdict(progress), "info": None if info is None else asdict(info)}).encode()
    return _LENGTH.pack(len(text)) + text + state


def decode_progress(value: bytes) -> tuple[Progress, StreamInfo | None, bytes]:
    """Progress, description and state of an entry. Raises `ValueError` if it is none."""
    try:
        end = _LENGTH.size + _LENGTH.unpack_from(value)[0]
        text = value[_LENGTH.size : end]
        fields: dict[str, Any] = json.loads(text)
        info = None if fields["info"] is None else info_of(text)
        return Progress(**fields["progress"]), info, value[end:]
    except (ProtocolError, KeyError, TypeError, struct.error) as error:
        raise ValueError(f"no stored progress: {error}") from error


class ServedWearer:
    """A wearer that this worker serves.

    Parameters
    ----------
    name : str
    writer : SubjectWriter
        Of its results, open.
    stored : StreamFrame, optional
        Its last result that is stored.
    progress : Progress
    info : StreamInfo, optional
        Of the present run.
    revision : int
        Of its entry in the key-value store, 0 if there is none.
    """

    def __init__(
        self,
        name: str,
        writer: SubjectWriter,
        stored: StreamFrame | None,
        progress: Progress,
        info: StreamInfo | None,
        revision: int,
    ) -> None:
        self.name = name
        self.progress = progress
        self.info = info
        self.revision = revision
        self.saved_sequence = progress.sequence
        self.saved_at = 0.0
        self.unsaved_messages = 0
        self._writer = writer
        self._stored = stored.position if stored is not None else (0, 0)
        self._waiting: list[StreamFrame] = []
        self.stored_results = 0

    @property
    def dirty(self) -> bool:
        """Whether messages were processed since its entry was written."""
        return self.progress.sequence > self.saved_sequence

    def is_new(self, frame: StreamFrame) -> bool:
        """Whether a frame was not processed yet."""
        return frame.position > (self.progress.run, self.progress.number)

    def note(self, frame: StreamFrame) -> None:
        """A frame is processed."""
        self.progress.number = frame.number

    def begin_run(self, frame: StreamFrame, info: StreamInfo | None) -> None:
        """Another run begins; without a description if that cannot be read."""
        self.progress.run, self.progress.number, self.progress.result = frame.run, 0, 0
        self.progress.ended, self.info = False, info

    def add_result(self, item: ServedItem, time: float) -> bool:
        """Number a result, which will be stored unless it is already; return whether it was not."""
        self.progress.result += 1
        if isinstance(item, Prediction):
            kind, payload = FrameKind.PREDICTION, prediction_payload(item)
        else:
            kind, payload = event_payload(item)
        frame = StreamFrame(kind, self.progress.run, self.progress.result, payload, 0, time)
        if frame.position <= self._stored:
            return False
        self._waiting.append(frame)
        return True

    async def store(self) -> None:
        """Store the results that wait.

        Raises
        ------
        Superseded
            Another worker stores results of this wearer.
        """
        while self._waiting:
            count, size = 0, 0
            for frame in self._waiting:
                size += frame.size
                if count and size > MAX_MESSAGE_BYTES:
                    break
                count += 1
            await self._writer.write(self._waiting[:count])
            self._stored = self._waiting[count - 1].position
            self.stored_results += count
            del self._waiting[:count]


def served_items(frame: StreamFrame, channels: int) -> list[SourceItem]:
    """What of a frame an engine takes, of a stream with so many channels. Raises `ProtocolError`."""
    if frame.kind is FrameKind.SAMPLES:
        chunks = chunks_of(frame.payload)
        if any(chunk.samples.shape[1] != channels for chunk in chunks):
            found = chunks[0].samples.shape[1]
            raise ProtocolError(f"samples of {found} channels, expected {channels}", "check what publishes it")
        return list[SourceItem](chunks)
    if frame.kind is not FrameKind.EVENT:
        return []
    event = event_of(frame.kind, frame.payload)
    return [event] if isinstance(event, Gap | LeadOff | Beats | Chunk) else []
