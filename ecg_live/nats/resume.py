"""Where a bridge goes on: in the run that its killed predecessor left, or with a new one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

import nats.js.errors

from ecg_live.constants import MAX_BRIDGED_GAP_S
from ecg_live.events import Chunk, Gap, StreamEvent, StreamInfo
from ecg_live.nats.connection import Connection
from ecg_live.nats.frame_maker import shifted
from ecg_live.nats.frames import FrameKind, StreamFrame
from ecg_live.nats.names import SiteNames
from ecg_live.nats.payloads import info_of, info_payload

MAX_ABSENCE_S = 3600.0  # of a bridge, after which its wearer's stream begins again
AWAY_CAUSE = "its bridge was away, by the clock"


@dataclass(frozen=True, slots=True)
class WearerRecord:
    """What the key-value store holds of a wearer: the stream's description, its run, and where that begins.

    ``first`` is a sequence number of the raw stream, at or before the run's first message.
    """

    info: StreamInfo
    source: str
    run: int
    first: int

    def encode(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, value: bytes) -> WearerRecord:
        """From JSON. Raises `ProtocolError`."""
        info = info_of(value)
        fields: dict[str, Any] = json.loads(value)
        return cls(info, str(fields["source"]), int(fields["run"]), int(fields["first"]))


async def read_record(connection: Connection, names: SiteNames, wearer: str) -> WearerRecord | None:
    """The record of a wearer; None if it was never published."""
    try:
        entry = await connection.bucket(names.bucket).get(names.wearer_key(wearer))
    except nats.js.errors.NotFoundError:
        return None
    return WearerRecord.decode(entry.value or b"")


def same_stream(record: WearerRecord | None, info: StreamInfo, source: str) -> bool:
    """Whether a source is the one that a record describes."""
    return record is not None and record.source == source and info_payload(record.info, "") == info_payload(info, "")


class ItemPlacer:
    """Place a source's items on the counter of a run that goes on.

    A file's items are the same again: those that were published are left out. A device counts from 0 again: its
    samples follow after a gap as long as the clock shows, which is never bridged.

    Parameters
    ----------
    info : StreamInfo
    last : StreamFrame
        The run's last frame, of number 0 for a new run.
    shift : float
        Publisher's clock minus session clock.
    """

    def __init__(self, info: StreamInfo, last: StreamFrame, shift: float) -> None:
        self._info = info
        self._last = last
        self._shift = shift
        self._offset: int | None = None if last.number and info.rate and not info.replay else 0
        self._events = last.events if info.replay else 0  # that are still to be left out
        self._stop = last.stop if info.replay else 0  # samples before are left out

    def place(self, item: Chunk | StreamEvent) -> Iterator[Chunk | StreamEvent]:
        """Yield the item with the run's indices, after the gap before it; nothing if it was published."""
        if not isinstance(item, Chunk):
            if self._events:
                self._events -= 1
                return
            if self._offset is None and isinstance(item, Gap):
                return  # of a device that counts from 0 again: the gap by the clock holds it
            yield shifted(item, self._offset or 0)
            return
        if item.stop <= self._stop or not len(item.samples):
            return
        if item.start < self._stop:
            item = _without_first(item, self._stop - item.start, self._info.rate)
        if self._offset is None:
            gap = self._gap_before(item)
            self._offset = gap.stop - item.start
            yield gap
        yield shifted(item, self._offset)

    def _gap_before(self, chunk: Chunk) -> Gap:
        rate = self._info.rate
        shortest = ceil(MAX_BRIDGED_GAP_S * rate) + 1  # where the clock was set back meanwhile
        lost = max(shortest, round((chunk.time + self._shift - self._last.time) * rate))
        return Gap(self._last.stop, lost, AWAY_CAUSE, time=chunk.time - lost / rate)


def _without_first(chunk: Chunk, count: int, rate: float) -> Chunk:
    return replace(chunk, samples=chunk.samples[count:], start=chunk.start + count, time=chunk.time + count / rate)


def goes_on(record: WearerRecord | None, last: StreamFrame | None, info: StreamInfo, source: str, now: float) -> bool:
    """Whether a bridge goes on with the run whose last frame this is; ``now`` by the publisher's clock."""
    if record is None or last is None or last.kind is FrameKind.END or last.run != record.run:
        return False
    recent = info.replay or now - last.time < MAX_ABSENCE_S
    return recent and same_stream(record, info, source)
