"""A session's items as the chunks of an XDF file, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ecg_live.events import F64, AuxiliarySamples, Chunk, Clock, StreamInfo
from ecg_live.results import HeadInfo, Item
from ecg_live.sinks.stream_layout import StreamRow, StreamRows
from ecg_live.sinks.xdf_salvage import SampleCount
from ecg_live.xdf import encode
from ecg_live.xdf.headers import stream_footer, stream_header
from ecg_live.xdf.stream_spec import StreamKey, StreamSpec

OFFSET_INTERVAL_S = 5.0  # between two clock offsets, as LabRecorder writes them
BOUNDARY_INTERVAL_S = 10.0  # (ibid.)
TIMESTAMP_TOLERANCE_S = 1e-6  # of a timestamp that follows from the one before at the nominal rate
MAX_CHUNK_SAMPLES = 4096  # lost when one is damaged


@dataclass(slots=True)
class _StreamTally:
    """Samples of one stream in a file."""

    number: int
    spec: StreamSpec
    first: float = 0.0
    last: float = 0.0
    count: int = 0

    def add(self, stamp: float, count: int) -> None:
        self.first = self.first if self.count else stamp
        self.last = stamp + (count - 1) / self.spec.rate if self.spec.rate else stamp
        self.count += count

    def add_stamped(self, stamps: F64) -> None:
        """Count samples that each have a timestamp."""
        self.first = self.first if self.count else float(stamps[0])
        self.last = float(stamps[-1])
        self.count += len(stamps)


@dataclass(slots=True)
class FileTally:
    """Content of a file by now.

    ``stop`` is the raw sample index after its newest sample, None if the next one needs a sample-index chunk;
    ``offsets`` and ``boundary`` are the session clock when these were written last.
    """

    streams: dict[StreamKey, _StreamTally] = field(default_factory=dict)
    stop: int | None = None
    offsets: float = 0.0
    boundary: float = 0.0

    def restart(self, counted: Iterable[SampleCount]) -> None:
        """Set the tallies to the content that was found in a file."""
        self.stop = None
        self.streams = {key: _StreamTally(each.number, each.spec) for key, each in self.streams.items()}
        numbered = {each.number: each for each in self.streams.values()}
        for each in counted:
            numbered[each.stream].add(each.stamp, each.number)


class XdfEncoder:
    """Encodes items as chunks; consecutive samples share a chunk and its timestamp.

    Parameters
    ----------
    streams : sequence of StreamSpec
        Those to be written; rows of others are left out.
    info : StreamInfo
    heads : sequence of HeadInfo
    texts : mapping
        Further fields of the stream headers.
    clock : Clock
        Session clock.
    """

    def __init__(
        self,
        streams: Sequence[StreamSpec],
        info: StreamInfo,
        heads: Sequence[HeadInfo],
        texts: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._streams = tuple(streams)
        self._info = info
        self._texts = dict(texts)
        self._clock = clock
        self._rows = StreamRows(info, heads, clock)
        self.tally = FileTally()  # of the current file; restored if the next one fails
        self._held: list[F64] = []
        self._stamp = 0.0  # of the first sample held
        self.first: int | None = None  # raw counter of the first sample of all
        self.stop = 0  # and after the last one

    @property
    def seconds(self) -> float:
        """Length of the ECG packed by now."""
        return (self.stop - self.first) / self._info.rate if self.first is not None else 0.0

    def begin(self) -> bytes:
        """Stream headers of a new file."""
        now = self._clock()
        streams = {spec.key: _StreamTally(number, spec) for number, spec in enumerate(self._streams, 1)}
        self.tally = FileTally(streams, boundary=now)
        heads = [
            encode.chunk(
                encode.STREAM_HEADER_TAG, stream_header(each.spec, self._info, now, self._texts), stream=each.number
            )
            for each in self.tally.streams.values()
        ]
        return b"".join(heads) + self._clock_offsets(now)

    def encode_items(self, items: Iterable[Item]) -> Iterator[bytes]:
        """Whole chunks with all that the items add."""
        for item in items:
            for row in self._rows.rows_for(item):
                if row.key in self.tally.streams:
                    yield from self._encode_row(row, item)
        yield from self._encode_held()

    def tick(self) -> bytes:
        """Clock offsets and a boundary, where they are due."""
        now = self._clock()
        due = self._clock_offsets(now) if now - self.tally.offsets >= OFFSET_INTERVAL_S else b""
        if now - self.tally.boundary >= BOUNDARY_INTERVAL_S:
            self.tally.boundary = now
            due += encode.chunk(encode.BOUNDARY_TAG, encode.BOUNDARY_UUID)
        return due

    def end(self) -> bytes:
        """Last clock offsets, and the footers."""
        feet = [
            encode.chunk(encode.STREAM_FOOTER_TAG, stream_footer(each.first, each.last, each.count), each.number)
            for each in self.tally.streams.values()
        ]
        return self._clock_offsets(self._clock()) + b"".join(feet)

    def _clock_offsets(self, now: float) -> bytes:
        self.tally.offsets = now
        return b"".join(encode.clock_offset_chunk(each.number, now) for each in self.tally.streams.values())

    def _encode_row(self, row: StreamRow, item: Item) -> Iterator[bytes]:
        tally = self.tally.streams[row.key]
        if isinstance(item, Chunk):
            yield from self._hold_signal(row.stamp, item, tally)
            return
        if not isinstance(item, AuxiliarySamples):  # the order among streams means nothing there
            yield from self._encode_held()
        if row.stamps is not None and isinstance(row.values, np.ndarray):
            tally.add_stamped(row.stamps)
            yield encode.stamped_samples_chunk(tally.number, tally.spec.form, row.stamps, row.values)
            return
        tally.add(row.stamp, len(row.values))
        if isinstance(row.values, np.ndarray):
            yield encode.numeric_samples_chunk(tally.number, tally.spec.form, row.stamp, row.values)
        else:
            yield encode.text_samples_chunk(tally.number, row.stamp, row.values)

    def _hold_signal(self, stamp: float, item: Chunk, tally: _StreamTally) -> Iterator[bytes]:
        held = sum(map(len, self._held))
        off = abs(stamp - (self._stamp + held / self._info.rate))
        if item.start != self.tally.stop or off > TIMESTAMP_TOLERANCE_S or held + len(item.samples) > MAX_CHUNK_SAMPLES:
            yield from self._encode_held()
            self._stamp = stamp
        if item.start != self.tally.stop:
            yield encode.sample_index_chunk(tally.number, item.start)
        self._held.append(item.samples)
        self.tally.stop = self.stop = item.stop
        self.first = item.start if self.first is None else self.first

    def _encode_held(self) -> Iterator[bytes]:
        if not self._held:
            return
        samples, self._held = np.concatenate(self._held), []
        tally = self.tally.streams["ecg"]
        tally.add(self._stamp, len(samples))
        yield encode.numeric_samples_chunk(tally.number, tally.spec.form, self._stamp, samples)
