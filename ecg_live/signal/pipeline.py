"""The signal path, live and in training: raw chunks in; windows, trace, gaps and states out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
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


class SignalPath:
    """Resample, high-pass, normalise and window one ECG channel.

    However the input is cut into chunks, the output is the same to the bit.

    Parameters
    ----------
    info : StreamInfo
        The stream; its nominal rate counts.
    hop : float
        Seconds from one window to the next; a whole number of 256 Hz samples.
    scale : Scale, optional
        The wearer's mean and variance, if known from before.

    Raises
    ------
    ConfigError
        If ``hop`` or the rate cannot be.
    """

    def __init__(self, info: StreamInfo, hop: float = 1.0, scale: zscore.WearerScale | None = None) -> None:
        if not 0 < hop <= WINDOW_SAMPLES / MODEL_RATE_HZ or hop * MODEL_RATE_HZ != round(hop * MODEL_RATE_HZ):
            raise ConfigError(
                f"hop of {hop:g} s; it must be above 0 and at most 10 s, in steps of 1/256 s", "try --hop 1"
            )
        self._rate = info.rate
        self._hop = round(hop * MODEL_RATE_HZ)
        self._channel = info.ecg
        self._speed = info.speed
        self._gaps = GapFinder(info.rate, hop)
        self._blocks = raw_quality.RawQualityMeter(info.rate, info.full_scale)
        self._resample = resample.Resampler(info.rate)
        self._units = UnitCheck(info)
        self._highpass = highpass.HighPass()
        self._zscore = zscore.StreamingZScore(self._blocks.usable, scale)
        self._rings = RingBuffer(), RingBuffer(), RingBuffer()  # before the high-pass, after it, normalised
        self._segment = -1
        self._start = 0
        self._open = False
        self._bridged: list[tuple[int, int]] = []  # of the segment: start and stop
        self._times: deque[tuple[int, float]] = deque()  # of the segment: index and session clock (s) of each chunk
        self._next = WINDOW_SAMPLES  # index on the segment's grid at which the next window is full
        self._said = 0  # hops of warming up that were told
        self._leads: list[LeadOff] = []  # as far as segments to come may need them

    @property
    def samples(self) -> int:
        """How many samples came by now, as numbers."""
        return self._gaps.delivered

    @property
    def delay(self) -> float:
        """How late the path's output comes, in seconds, held first second apart."""
        return self._resample.delay

    @property
    def scale(self) -> zscore.WearerScale | None:
        """What is known of the wearer by now."""
        return self._zscore.scale

    def push(self, item: Chunk | StreamEvent) -> Iterator[PathOutput]:
        """Take the next item of the stream; give what it completes, in order.

        Raises
        ------
        ProtocolError
            If the stream's counter goes backward.
        """
        if isinstance(item, Gap):
            self._gaps.announce(item)
        elif isinstance(item, LeadOff):
            self._leads = [*_leads_from(self._gaps.stop, self._leads), item]
            if self._open:
                self._note_lead(item)
        elif isinstance(item, Chunk):
            one = item.samples[:, self._channel, None]
            for part in self._gaps.push(Chunk(one, item.start, item.time)):
                yield from self._take(part)

    def flush(self) -> Iterator[PathOutput]:
        """End of the stream: give all that is still inside."""
        yield from self._end_segment()
        yield from self._gaps.flush()
        yield from self._units.flush()

    def _take(self, part: Chunk | Gap | State) -> Iterator[PathOutput]:
        if isinstance(part, Chunk):
            yield from self._run(part)
        elif isinstance(part, Gap) and part.bridged:
            self._bridged.append((part.start - self._start, part.stop - self._start))
            yield part
        else:
            yield from self._end_segment()
            yield part

    def _run(self, chunk: Chunk) -> Iterator[PathOutput]:
        if not self._open:
            yield from self._begin_segment(chunk)
        self._times.append((chunk.start - self._start, chunk.time))
        self._blocks.push(chunk.samples[:, 0])
        yield from self._units.push(chunk.samples[:, 0], chunk.time)
        yield from self._through(self._resample.push(chunk))

    def _through(self, resampled: Chunk) -> Iterator[PathOutput]:
        filtered = self._highpass.push(resampled)
        yield from self._keep(resampled, filtered, self._zscore.push(filtered))

    def _keep(self, resampled: Chunk, filtered: Chunk, scaled: Chunk) -> Iterator[PathOutput]:
        for ring, chunk in zip(self._rings, (resampled, filtered, scaled), strict=True):
            ring.append(chunk.samples[:, 0])
        if len(filtered.samples):
            start = self._start / self._rate + filtered.start / MODEL_RATE_HZ
            time = self._clock(filtered.start / MODEL_RATE_HZ * self._rate)
            yield Trace(filtered.samples[:, 0].astype(np.float32), start, self._segment, time)
        yield from self._due()

    def _begin_segment(self, chunk: Chunk) -> Iterator[State]:
        self._segment, self._start, self._open = self._segment + 1, chunk.start, True
        self._bridged = []
        self._times = deque([(0, chunk.time)])
        self._next, self._said = WINDOW_SAMPLES, 0
        for lead in _leads_from(chunk.start, self._leads):
            self._note_lead(lead)
        yield self._waiting(0)

    def _note_lead(self, lead: LeadOff) -> None:
        self._blocks.lead_off(max(0, lead.start - self._start), off=lead.off)

    def _end_segment(self) -> Iterator[PathOutput]:
        if not self._open:
            return
        self._blocks.flush()
        yield from self._through(self._resample.flush())
        held = self._highpass.flush()
        yield from self._keep(Chunk(held.samples[:0], 0, 0.0), held, self._zscore.push(held))
        yield from self._keep(Chunk(held.samples[:0], 0, 0.0), Chunk(held.samples[:0], 0, 0.0), self._zscore.flush())
        for part in (self._blocks, self._resample, self._highpass, self._zscore, *self._rings):
            part.reset()
        self._open = False

    def _due(self) -> Iterator[State | Window]:
        """Windows and states that the normalised samples by now complete."""
        ready = self._rings[2].stop
        while (self._said + 1) * self._hop <= min(ready, WINDOW_SAMPLES - 1):
            self._said += 1
            yield self._waiting(self._said * self._hop)
        while self._next <= ready:
            yield self._window(self._next - WINDOW_SAMPLES)
            self._next += self._hop
            for ring in self._rings:
                ring.forget(self._next - WINDOW_SAMPLES - beats.DETECTOR_WARMUP_SAMPLES)
            self._blocks.forget((self._next - WINDOW_SAMPLES) // BLOCK_SAMPLES)

    def _waiting(self, have: int) -> State:
        left = (WINDOW_SAMPLES - have) / MODEL_RATE_HZ
        time = self._clock(have / MODEL_RATE_HZ * self._rate)
        if self._segment == 0:
            return State("warming_up", f"first window in {left:.0f} s", time, left)
        return State("gap", f"signal is back, next window in {left:.0f} s", time, left)

    def _window(self, first: int) -> Window:
        baseline, filtered, scaled = (ring.window(first) for ring in self._rings)
        lead = min(first, beats.DETECTOR_WARMUP_SAMPLES)
        rhythm = beats.find_rhythm(self._rings[1].window(first - lead, lead + WINDOW_SAMPLES), lead)
        begin, end = (
            first / MODEL_RATE_HZ * self._rate,
            (first + WINDOW_SAMPLES) / MODEL_RATE_HZ * self._rate,
        )  # raw samples of the segment
        bridged = sum(max(0.0, min(stop, end) - max(start, begin)) for start, stop in self._bridged) / (end - begin)
        self._bridged = [(start, stop) for start, stop in self._bridged if stop > begin]
        while len(self._times) > 1 and self._times[1][0] <= begin:
            self._times.popleft()
        touched = [
            self._blocks[k] for k in range(first // BLOCK_SAMPLES, (first + WINDOW_SAMPLES) // BLOCK_SAMPLES)
        ]  # those that are whole
        start = self._start / self._rate + first / MODEL_RATE_HZ
        grade = quality.assess_window(touched, baseline, filtered, rhythm, bridged)
        borne_out = grade.grade != "unusable"
        return Window(
            data=scaled.astype(np.float32),
            first=first,
            start=start,
            stop=start + WINDOW_SAMPLES / MODEL_RATE_HZ,
            time=self._clock(begin),
            segment=self._segment,
            quality=grade,
            bridged=bridged,
            heart_rate=rhythm.heart_rate if borne_out else None,
            rmssd=rhythm.rmssd if borne_out else None,
            beats=tuple((start + rhythm.beats / MODEL_RATE_HZ).tolist()),
        )

    def _clock(self, raw: float) -> float:
        """Session clock at a raw sample of the segment."""
        start, time = next(known for known in reversed(self._times) if known[0] <= raw)
        return time + (raw - start) / self._rate / self._speed


def _leads_from(start: int, leads: list[LeadOff]) -> list[LeadOff]:
    """What still tells of the electrodes from a raw sample on."""
    before = sum(lead.start <= start for lead in leads)
    return leads[max(0, before - 1) :]


def windows(items: Iterator[Chunk | StreamEvent], path: SignalPath) -> Iterator[Window]:
    """All windows of a stream, as training takes them."""
    outputs = chain(chain.from_iterable(map(path.push, items)), path.flush())
    return (output for output in outputs if isinstance(output, Window))
