"""List the streams of an XDF file with their clock offsets, and join those of one device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from devices.files.xdf.clock_offsets import SenderClock
from devices.files.xdf.damage import intact_chunks
from ecg_live.errors import FormatError
from ecg_live.events import F64
from ecg_live.xdf.decode import ChunkLocation, StreamHeader, read_clock_offset, read_samples, read_stream_header
from ecg_live.xdf.encode import CLOCK_OFFSET_TAG, SAMPLE_FORMATS, SAMPLES_TAG, STREAM_HEADER_TAG

_MIN_SAMPLES_CHUNK_BYTES = 16  # a larger chunk of samples holds at least one


@dataclass(slots=True)
class XdfTrack:
    """A stream of a file: clock offsets as `SenderClock` takes them, and its first and last chunk of samples."""

    stream: StreamHeader
    offsets: list[tuple[float, float]] = field(default_factory=list)
    first: ChunkLocation | None = None
    last: ChunkLocation | None = None

    @property
    def is_marker_stream(self) -> bool:
        """Whether it is a marker stream: of text, or irregular numbers of type "Markers"."""
        stream = self.stream
        numbers = stream.form in SAMPLE_FORMATS and stream.rate == 0 and "marker" in stream.kind.casefold()
        return bool(stream.labels) and (numbers or stream.form == "string")

    @property
    def is_signal(self) -> bool:
        """Whether it is a stream of numbers that may be a signal."""
        return self.stream.form in SAMPLE_FORMATS and bool(self.stream.labels) and not self.is_marker_stream

    def clock(self, interval: float = 0.0) -> SenderClock:
        """Return the conversion to the recorder's clock; ``interval`` in s, 0 for an irregular stream."""
        return SenderClock(self.offsets, interval)


def read_tracks(path: Path) -> list[XdfTrack]:
    """Read all streams; of a file without a boundary after damage, those before the damage.

    Raises
    ------
    FormatError
        It is damaged before the first stream.
    """
    tracks: dict[int, XdfTrack] = {}
    damage: FormatError | None = None
    try:
        for file, chunk in intact_chunks(path):
            if not isinstance(chunk, ChunkLocation):
                continue
            try:
                _read_track_chunk(path, tracks, file, chunk)
            except FormatError as error:
                damage = damage or error
    except FormatError as error:
        damage = damage or error
    if damage is not None and not tracks:  # else it is raised after the samples before it
        raise damage
    return list(tracks.values())


def _read_track_chunk(path: Path, tracks: dict[int, XdfTrack], file: BinaryIO, chunk: ChunkLocation) -> None:
    if chunk.tag == STREAM_HEADER_TAG:
        found = read_stream_header(path, chunk.stream, file.read(chunk.size))
        tracks.setdefault(chunk.stream, XdfTrack(found)).stream = found
        return
    track = tracks.get(chunk.stream)
    if track is not None and chunk.tag == CLOCK_OFFSET_TAG:
        track.offsets.append(read_clock_offset(path, file.read(chunk.size)))
    elif (
        track is not None
        and chunk.tag == SAMPLES_TAG
        and (chunk.size >= _MIN_SAMPLES_CHUNK_BYTES or any(file.read(chunk.size)[1:5]))
    ):
        track.first = track.first or chunk
        track.last = chunk


def join_tracks(path: Path, tracks: Iterable[XdfTrack]) -> list[tuple[XdfTrack, ...]]:
    """Return the signals of a file, each of one track, or of several if the device was restarted.

    Streams without samples, which an earlier run left, count only if there are no others.
    """
    signals = [track for track in tracks if track.is_signal]
    alive = [track for track in signals if track.first is not None]
    found: list[tuple[XdfTrack, ...]] = []
    for track in alive or signals:
        before = next((parts for parts in found if _continues(path, parts[-1], track)), None)
        if before is None:
            found.append((track,))
        else:
            found[found.index(before)] = (*before, track)
    return found


def _continues(path: Path, before: XdfTrack, after: XdfTrack) -> bool:
    """Whether a stream continues one of the same device that had ended, in the file and on the recorder's clock."""
    one, two = before.stream, after.stream
    alike = all(
        getattr(one, name) == getattr(two, name) for name in ("name", "kind", "form", "rate", "labels", "units")
    )
    if not alike or (one.source_id and two.source_id and one.source_id != two.source_id):
        return False
    if before.last is None or after.first is None or before.last.end > after.first.begin:
        return False
    ended = [stamp for chunk in (before.first, before.last) if chunk for stamp in _chunk_timestamps(path, one, chunk)]
    began = _chunk_timestamps(path, two, after.first)
    return bool(ended and began) and before.clock().last(ended[-1]) < after.clock().corrected(np.array(began[:1]))[0]


def _chunk_timestamps(path: Path, stream: StreamHeader, chunk: ChunkLocation) -> list[float]:
    """Return the timestamps that a chunk states."""
    try:
        stamps = read_chunk_samples(path, stream, chunk)[0]
    except FormatError:
        return []
    return [float(stamp) for stamp in stamps[np.isfinite(stamps)]]


def read_chunk_samples(path: Path, stream: StreamHeader, chunk: ChunkLocation) -> tuple[F64, F64]:
    """Read timestamps and values of a chunk at a known offset."""
    with path.open("rb") as file:
        file.seek(chunk.at)
        return read_samples(path, stream, file.read(chunk.size))
