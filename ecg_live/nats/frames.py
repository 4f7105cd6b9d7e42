"""The wire format: frames of samples, events, descriptions and predictions, numbered by their stream's own counter.

A message, and a spool file, is one frame after the other; all numbers are little-endian::

    2 bytes  "EL"                               8 bytes  stop: sample index after all samples by then (signed)
    1 byte   version, 1                         8 bytes  time of that index, by the publisher's clock (float)
    1 byte   kind                               4 bytes  events of the run by then (unsigned)
    4 bytes  CRC-32 of all the rest             4 bytes  length of the payload (unsigned)
    4 bytes  run of the bridge (unsigned)       then the payload
    8 bytes  number in the run (unsigned, from 1)

The CRC covers version and kind, then run to length, then the payload.
See `ecg_live.nats.payloads` for the payloads.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum
from typing import NamedTuple

from ecg_live.errors import ProtocolError

FRAME_VERSION = 1
_MAGIC = b"EL"
_HEAD = struct.Struct("<2sBBIIQqdII")  # magic, version, kind, CRC-32, run, number, stop, time, events, length
_CHECKED = struct.Struct("<BBIQqdII")  # what of it the CRC covers


class FrameKind(IntEnum):
    """What a payload holds."""

    INFO = 1  # StreamInfo, as JSON; the first frame of a run, and of a bridge that goes on with one
    SAMPLES = 2  # contiguous samples in mV
    EVENT = 3  # JSON
    AUXILIARY = 4  # samples beside the ECG
    END = 5  # of the run: JSON with the reason
    PREDICTION = 6  # JSON, and the features


_KINDS = frozenset(FrameKind)


class StreamFrame(NamedTuple):
    """One frame; ``number`` counts the frames of a ``run`` from 1.

    ``stop`` is the sample index after all samples that came, or are reported lost, by then, ``time`` the time of that
    index, and ``events`` the number of events by then.
    """

    kind: FrameKind
    run: int
    number: int
    payload: bytes
    stop: int = 0
    time: float = 0.0
    events: int = 0

    @property
    def position(self) -> tuple[int, int]:
        """Place in the wearer's stream: run and number."""
        return self.run, self.number

    @property
    def size(self) -> int:
        """Bytes of the whole frame."""
        return _HEAD.size + len(self.payload)

    def encode(self) -> bytes:
        """The frame as bytes."""
        fields = self.run, self.number, self.stop, self.time, self.events, len(self.payload)
        check = zlib.crc32(self.payload, zlib.crc32(_CHECKED.pack(FRAME_VERSION, self.kind, *fields)))
        return _HEAD.pack(_MAGIC, FRAME_VERSION, self.kind, check, *fields) + self.payload


def decode_frames(data: bytes) -> list[StreamFrame]:
    """All frames of a message.

    Raises
    ------
    ProtocolError
        It is no sequence of whole frames of this version.
    """
    frames, used = intact_frames(data)
    if used < len(data):
        _check_version(data[used:])
        raise ProtocolError(f"a message of {len(data)} bytes is damaged at byte {used}", "check what publishes it")
    return frames


def intact_frames(data: bytes | memoryview) -> tuple[list[StreamFrame], int]:
    """The whole frames at the start of some bytes, and how many bytes they take."""
    frames, at = [], 0
    view = memoryview(data)
    while (frame := _frame_at(view, at)) is not None:
        frames.append(frame)
        at += frame.size
    return frames, at


def _frame_at(data: memoryview, at: int) -> StreamFrame | None:
    """The frame at a place; None if it is not whole, or not one of this version."""
    if len(data) - at < _HEAD.size:
        return None
    magic, version, kind, check, *fields = _HEAD.unpack_from(data, at)
    run, number, stop, time, events, length = fields
    payload = bytes(data[at + _HEAD.size : at + _HEAD.size + length])
    if magic != _MAGIC or version != FRAME_VERSION or len(payload) < length or kind not in _KINDS:
        return None
    if check != zlib.crc32(payload, zlib.crc32(_CHECKED.pack(version, kind, *fields))):
        return None
    return StreamFrame(FrameKind(kind), run, number, payload, stop, time, events)


def _check_version(data: bytes) -> None:
    if data[:2] == _MAGIC and len(data) > 2 and data[2] != FRAME_VERSION:
        raise ProtocolError(
            f"frames of version {data[2]}; this ecg-live reads version {FRAME_VERSION}",
            "use one version on all machines",
        )
