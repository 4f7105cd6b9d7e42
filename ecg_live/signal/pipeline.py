"""The signal path, live and in training: raw chunks in; windows, trace, gaps and states out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES, MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.errors import ConfigError
from ecg_live.events import Chunk, Gap, LeadOff, State, StreamEvent, StreamInfo
from ecg_live.results import Trace, Window
from ecg_live.signal import beats, highpass, quality, raw_quality, resample, zscore
from ecg_live.signal.gaps import GapFinder
from ecg_live.signal.ring_buffer import RingBuffer
from ecg_live.signal.unit_check import UnitCheck

PathOutput = Gap | State | Window | Trace

PREPROCESSING = {
    "rate": MODEL_RATE_HZ,
    "window": WINDOW_SAMPLES,
    "resampler": {"design": "kaiser", "beta": resample.KAISER_BETA, "lobes": resample.FILTER_LOBES},
    "highpass": {"design": "butterworth", "order": highpass.FILTER_ORDER, "hz": highpass.CUTOFF_HZ},
    "zscore": {
        "block": BLOCK_SAMPLES,
        "clip": list(zscore.CLIP_PERCENTILES),
        "slowest": zscore.MIN_UPDATE_WEIGHT,
        "floor_mv": zscore.MIN_SD_MV,
    },
}


@dataclass(slots=True)
class _Segment:
    """State of the running segment.

    ``number`` counts segments from 0, ``start`` is the sample index of its first sample on the raw counter. Raw
    positions below are sample indices within the segment.
    """

    number: int
    start: int
    rate: float  # raw, in Hz
    speed: float  # seconds of signal in a second of the session clock
    chunk_times: deque[tuple[int, float]]  # raw position and session clock (s) of each chunk
    bridged: list[tuple[int, int]] = field(default_factory=list)  # raw start and stop of each bridged gap
    window_stop: int = WINDOW_SAMPLES  # index on the 256 Hz grid at which the next window is full
    countdowns: int = 0  # hops of the first window that were announced

    def raw_time(self, position: float) -> float:
        """Stream time (s) at a position on the 256 Hz grid."""
        return self.start / self.rate + position / MODEL_RATE_HZ

    def raw_position(self, position: float) -> float:
        """Raw position at a position on the 256 Hz grid."""
        return position / MODEL_RATE_HZ * self.rate

    def session_clock(self, raw: float) -> float:
        """Session clock (s) at a raw position."""
        start, time = next(known for known in reversed(self.chunk_times) if known[0] <= raw)
        return time + (raw - start) / self.rate / self.speed

    def bridged_share(self, begin: float, end: float) -> float:
        """Share of the raw samples from ``begin`` to ``end`` that were bridged; earlier ones are forgotten."""
        self.bridged = [(start, stop) for start, stop in self.bridged if stop > begin]
        return sum(max(0.0, min(stop, end) - max(start, begin)) for start, stop in self.bridged) / (end - begin)

    def forget_times(self, before: float) -> None:
        """Drop the times of chunks that end before a raw position."""
        while len(self.chunk_times) > 1 and self.chunk_times[1][0] <= before:
            self.chunk_times.popleft()


class SignalPath:
    """Resample, high-pass, normalise and window one ECG channel; chunk-size invariant (bit-identical).

    Parameters
    ----------
    info : StreamInfo
        The stream; its nominal rate counts.
    hop : float
        Seconds from one window to the next; a whole number of 256 Hz samples.
    scale : WearerScale, optional
        The wearer's mean and variance, if known from an earlier session.

    Raises
    ------
    ConfigError
        If ``hop`` or the rate is out of range.
    """

    def __init__(self, info: StreamInfo, hop: float = 1.0, scale: zscore.WearerScale | None = None) -> None:
        check_hop(hop)
        self._rate = info.rate
        self._speed = info.speed
        self._channel = info.ecg
        self._hop = round(hop * MODEL_RATE_HZ)
        self._gaps = GapFinder(info.rate, hop)
        self._blocks = raw_quality.RawQualityMeter(info.rate, info.full_scale)
        self._resample = resample.Resampler(info.rate)
        self._units = UnitCheck(info)
        self._highpass = highpass.HighPass()
        self._zscore = zscore.StreamingZScore(self._blocks.usable, scale)
        self._rings = RingBuffer(), RingBuffer(), RingBuffer()  # before the high-pass, after it, normalised
        self._segment: _Segment | None = None
        self._segments = 0  # that have begun
        self._leads: list[LeadOff] = []  # as far as segments to come may need them

    @property
    def samples(self) -> int:
        """Valid samples that came by now."""
        return self._gaps.delivered

    @property
    def delay(self) -> float:
        """Delay of the path's output in seconds, without a segment's held first second."""
        return self._resample.delay

    @property
    def scale(self) -> zscore.WearerScale | None:
        """The wearer's mean and variance as estimated by now."""
        return self._zscore.scale

    def push(self, item: Chunk | StreamEvent) -> Iterator[PathOutput]:
        """Take the next item of the stream; yield the output that it completes, in order.

        Raises
        ------
        ProtocolError
            If the stream's sample counter goes backward.
        """
        if isinstance(item, Gap):
            self._gaps.announce(item)
        elif isinstance(item, LeadOff):
            self._leads = [*_leads_from(self._gaps.stop, self._leads), item]
            if self._segment is not None:
                self._note_lead(self._segment, item)
        elif isinstance(item, Chunk):
            one = item.samples[:, self._channel, None]
            for part in self._gaps.push(Chunk(one, item.start, item.time)):
                yield from self._process(part)

    def flush(self) -> Iterator[PathOutput]:
        """End of the stream: yield all output that is still held."""
        yield from self._end_segment()
        yield from self._gaps.flush()
        yield from self._units.flush()

    def _process(self, part: Chunk | Gap | State) -> Iterator[PathOutput]:
        if isinstance(part, Chunk):
            yield from self._process_chunk(part)
        elif isinstance(part, Gap) and part.bridged and self._segment is not None:
            self._segment.bridged.append((part.start - self._segment.start, part.stop - self._segment.start))
            yield part
        else:
            yield from self._end_segment()
            yield part

    def _process_chunk(self, chunk: Chunk) -> Iterator[PathOutput]:
        segment = self._segment
        if segment is None:
            segment = self._begin_segment(chunk)
            yield self._countdown(segment, 0)
        segment.chunk_times.append((chunk.start - segment.start, chunk.time))
        self._blocks.push(chunk.samples[:, 0])
        yield from self._units.push(chunk.samples[:, 0], chunk.time)
        yield from self._filter(segment, self._resample.push(chunk))

    def _filter(self, segment: _Segment, resampled: Chunk) -> Iterator[PathOutput]:
        filtered = self._highpass.push(resampled)
        yield from self._store(segment, resampled, filtered, self._zscore.push(filtered))

    def _store(self, segment: _Segment, resampled: Chunk, filtered: Chunk, scaled: Chunk) -> Iterator[PathOutput]:
        for ring, chunk in zip(self._rings, (resampled, filtered, scaled), strict=True):
            ring.append(chunk.samples[:, 0])
        if len(filtered.samples):
            start = segment.raw_time(filtered.start)
            time = segment.session_clock(segment.raw_position(filtered.start))
            yield Trace(filtered.samples[:, 0].astype(np.float32), start, segment.number, time)
        yield from self._complete(segment)

    def _begin_segment(self, chunk: Chunk) -> _Segment:
        segment = _Segment(self._segments, chunk.start, self._rate, self._speed, deque([(0, chunk.time)]))
        self._segment, self._segments = segment, self._segments + 1
        for lead in _leads_from(chunk.start, self._leads):
            self._note_lead(segment, lead)
        return segment

    def _note_lead(self, segment: _Segment, lead: LeadOff) -> None:
        self._blocks.lead_off(max(0, lead.start - segment.start), off=lead.off)

    def _end_segment(self) -> Iterator[PathOutput]:
        segment = self._segment
        if segment is None:
            return
        self._blocks.flush()
        yield from self._filter(segment, self._resample.flush())
        held = self._highpass.flush()
        nothing = Chunk(held.samples[:0], 0, 0.0)
        yield from self._store(segment, nothing, held, self._zscore.push(held))
        yield from self._store(segment, nothing, nothing, self._zscore.flush())
        for part in (self._blocks, self._resample, self._highpass, self._zscore, *self._rings):
            part.reset()
        self._segment = None

    def _complete(self, segment: _Segment) -> Iterator[State | Window]:
        """Windows and states that the normalised samples by now complete."""
        ready = self._rings[2].stop
        while (segment.countdowns + 1) * self._hop <= min(ready, WINDOW_SAMPLES - 1):
            segment.countdowns += 1
            yield self._countdown(segment, segment.countdowns * self._hop)
        while segment.window_stop <= ready:
            yield self._window(segment, segment.window_stop - WINDOW_SAMPLES)
            segment.window_stop += self._hop
            first = segment.window_stop - WINDOW_SAMPLES
            for ring in self._rings:
                ring.forget(first - beats.DETECTOR_WARMUP_SAMPLES)
            self._blocks.forget(first // BLOCK_SAMPLES)

    def _countdown(self, segment: _Segment, ready: int) -> State:
        """State that counts down to a segment's first window; ``ready`` samples of it are there."""
        left = (WINDOW_SAMPLES - ready) / MODEL_RATE_HZ
        time = segment.session_clock(segment.raw_position(ready))
        if segment.number == 0:
            return State("warming_up", f"first window in {left:.0f} s", time, left)
        return State("gap", f"signal is back, next window in {left:.0f} s", time, left)

    def _window(self, segment: _Segment, first: int) -> Window:
        baseline, filtered, scaled = (ring.window(first) for ring in self._rings)
        warmup = min(first, beats.DETECTOR_WARMUP_SAMPLES)
        rhythm = beats.find_rhythm(self._rings[1].window(first - warmup, warmup + WINDOW_SAMPLES), warmup)
        begin, end = segment.raw_position(first), segment.raw_position(first + WINDOW_SAMPLES)
        bridged = segment.bridged_share(begin, end)
        segment.forget_times(begin)
        whole_blocks = range(first // BLOCK_SAMPLES, (first + WINDOW_SAMPLES) // BLOCK_SAMPLES)
        grade = quality.assess_window([self._blocks[k] for k in whole_blocks], baseline, filtered, rhythm, bridged)
        plausible = grade.grade != "unusable"
        start = segment.raw_time(first)
        return Window(
            data=scaled.astype(np.float32),
            first=first,
            start=start,
            stop=start + WINDOW_SAMPLES / MODEL_RATE_HZ,
            time=segment.session_clock(begin),
            segment=segment.number,
            quality=grade,
            bridged=bridged,
            heart_rate=rhythm.heart_rate if plausible else None,
            rmssd=rhythm.rmssd if plausible else None,
            beats=tuple((start + rhythm.beats / MODEL_RATE_HZ).tolist()),
        )


def check_hop(hop: float) -> None:
    """Refuse seconds between windows that no path can have.

    Raises
    ------
    ConfigError
        They are not above 0 and at most 10 s, in steps of a sample.
    """
    if not 0 < hop <= WINDOW_SAMPLES / MODEL_RATE_HZ or hop * MODEL_RATE_HZ != round(hop * MODEL_RATE_HZ):
        raise ConfigError(f"hop of {hop:g} s; it must be above 0 and at most 10 s, in steps of 1/256 s", "try --hop 1")


def _leads_from(start: int, leads: list[LeadOff]) -> list[LeadOff]:
    """Lead-off events that state the electrodes from a raw sample index on."""
    before = sum(lead.start <= start for lead in leads)
    return leads[max(0, before - 1) :]


def windows(items: Iterator[Chunk | StreamEvent], path: SignalPath) -> Iterator[Window]:
    """All windows of a stream, as training takes them."""
    outputs = chain(chain.from_iterable(map(path.push, items)), path.flush())
    return (output for output in outputs if isinstance(output, Window))
