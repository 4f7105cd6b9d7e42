"""Items of a source to numbered frames: small chunks are joined, events keep their place between samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ecg_live.events import Chunk, Gap, StreamEvent, StreamInfo
from ecg_live.nats.frames import FrameKind, StreamFrame
from ecg_live.nats.payloads import event_payload, info_payload, moved, samples_payload

DEFAULT_FRAME_S = 0.25  # of samples in a frame: four messages a second, and as much delay
MAX_CHUNKS = 1000  # in a frame; their number has 16 bits
MAX_SAMPLES_BYTES = (
    1 << 18
)  # of a frame that is full, and of a chunk: a server takes messages of 1 MB, if not told else
_VALUE_BYTES = 8


class FrameMaker:
    """Make the frames of one run, in order.

    Parameters
    ----------
    info : StreamInfo
    after : StreamFrame
        The frame before the first one that is made: of number 0 at the start of a run.
    seconds : float
        Of samples in a frame.
    shift : float
        Publisher's clock (s since 1970) minus session clock.
    """

    def __init__(self, info: StreamInfo, after: StreamFrame, seconds: float, shift: float) -> None:
        self._rate = info.rate
        self._last = self._before = after
        self._size = max(1, min(round(seconds * info.rate), _most_samples(len(info.channels))))
        self._shift = shift
        self._chunks: list[Chunk] = []
        self._count = 0  # samples of those

    @property
    def last(self) -> StreamFrame:
        """The frame that was made last."""
        return self._last

    @property
    def holds(self) -> bool:
        """Whether samples wait for a frame to be full."""
        return bool(self._chunks)

    def description(self, info: StreamInfo, source: str) -> StreamFrame:
        """Frame with the stream's description."""
        return self._frame(FrameKind.INFO, info_payload(info, source))

    def push(self, item: Chunk | StreamEvent) -> Iterator[StreamFrame]:
        """Take an item, whose indices are the run's own; yield the frames that it completes."""
        item = moved(item, lambda time: time + self._shift)
        if not isinstance(item, Chunk):
            yield from self.flush()
            self._before = self._last
            if isinstance(item, Gap):
                time = self._last.time + item.lost / self._rate if self._rate else self._last.time
                self._last = self._last._replace(stop=item.stop, time=time)
            self._last = self._last._replace(events=self._last.events + 1)
            yield self._frame(*event_payload(item))
            return
        if not len(item.samples):
            return
        if self._chunks and item.start != self._chunks[-1].stop:
            yield from self.flush()
        self._chunks.append(item)
        self._count += len(item.samples)
        if self._count >= self._size or len(self._chunks) >= MAX_CHUNKS:
            yield from self.flush()

    def flush(self) -> Iterator[StreamFrame]:
        """Yield a frame with the samples that wait, if there are any."""
        if not self._chunks:
            return
        self._before, last = self._last, self._chunks[-1]
        end = last.time + len(last.samples) / self._rate
        self._last = self._last._replace(stop=last.stop, time=end)
        payload = samples_payload(self._chunks)
        self._chunks, self._count = [], 0
        yield self._frame(FrameKind.SAMPLES, payload)

    def end(self, reason: str) -> Iterator[StreamFrame]:
        """Yield what waits, and the end of the run."""
        yield from self.flush()
        yield self._frame(FrameKind.END, f'{{"reason": "{reason}"}}'.encode())

    def forget(self) -> None:
        """Take back the last frame, which could not be kept: its number is used again, its items never were."""
        self._last = self._before

    def _frame(self, kind: FrameKind, payload: bytes) -> StreamFrame:
        self._last = self._last._replace(kind=kind, number=self._last.number + 1, payload=payload)
        frame = self._last
        self._last = frame._replace(payload=b"")
        return frame


def pieces(item: Chunk | StreamEvent, rate: float) -> Iterator[Chunk | StreamEvent]:
    """An item as it is; a chunk that is too large for a frame in pieces, whose times follow at the rate (Hz)."""
    most = _most_samples(item.samples.shape[1]) if isinstance(item, Chunk) else 0
    if not isinstance(item, Chunk) or len(item.samples) <= most:
        yield item
        return
    for at in range(0, len(item.samples), most):
        time = item.time + at / rate
        yield replace(item, samples=item.samples[at : at + most], start=item.start + at, time=time)


def _most_samples(channels: int) -> int:
    return max(1, MAX_SAMPLES_BYTES // (_VALUE_BYTES * max(1, channels)))


def shifted(item: Chunk | StreamEvent, offset: int) -> Chunk | StreamEvent:
    """An item whose sample indices are moved by so many."""
    start = getattr(item, "start", None)
    return item if start is None or not offset else replace(item, start=start + offset)
