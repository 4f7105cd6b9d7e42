"""The signal path, live and in training: raw chunks in; windows, trace, gaps and states out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES, MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.errors import ConfigError
from ecg_live.events import Chunk, Gap, LeadOff, State, StreamEvent, StreamInfo
from ecg_live.results import Trace, Window
from ecg_live.signal import beats, highpass, quality, raw_quality, resample, zscore
from ecg_live.signal.batch.assessment import assess_run
from ecg_live.signal.gaps import GapFinder
from ecg_live.signal.ring_buffer import SPARE_SAMPLES, RingBuffer
from ecg_live.signal.segment import Segment, WindowCut
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


@dataclass(frozen=True, slots=True)
class Stages:
    """The parts of a path, each with its own state."""

    gaps: GapFinder
    blocks: raw_quality.RawQualityMeter
    units: UnitCheck
    resample: resample.Resampler
    highpass: highpass.HighPass
    zscore: zscore.StreamingZScore
    rings: tuple[RingBuffer, RingBuffer, RingBuffer]  # before the high-pass, after it, normalised


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
    batched : bool
        For one of many wearers, whose input comes a second at a time: rings without room to spare, and a resampler
        that ends each second alike.

    Raises
    ------
    ConfigError
        If ``hop`` or the rate is out of range.
    """

    def __init__(
        self,
        info: StreamInfo,
        hop: float = 1.0,
        scale: zscore.WearerScale | None = None,
        *,
        batched: bool = False,
    ) -> None:
        check_hop(hop)
        self.channel = info.ecg
        self.hop = round(hop * MODEL_RATE_HZ)
        self._rate = info.rate
        self._speed = info.speed
        spare = 0 if batched else SPARE_SAMPLES
        resampler = resample.Resampler(info.rate, batched=batched)  # first: it refuses an impossible rate
        blocks = raw_quality.RawQualityMeter(info.rate, info.full_scale)
        self.stages = Stages(
            GapFinder(info.rate, hop),
            blocks,
            UnitCheck(info),
            resampler,
            highpass.HighPass(),
            zscore.StreamingZScore(blocks.usable, scale),
            (RingBuffer(spare=spare), RingBuffer(spare=spare), RingBuffer(np.float32, spare)),
        )
        self.segment: Segment | None = None
        self._segments = 0  # that have begun
        self._leads: list[LeadOff] = []  # as far as segments to come may need them

    @property
    def samples(self) -> int:
        """Valid samples that came by now."""
        return self.stages.gaps.delivered

    @property
    def delay(self) -> float:
        """Delay of the path's output in seconds, without a segment's held first second."""
        return self.stages.resample.delay

    @property
    def scale(self) -> zscore.WearerScale | None:
        """The wearer's mean and variance as estimated by now."""
        return self.stages.zscore.scale

    def push(self, item: Chunk | StreamEvent, *, continued: bool = False) -> Iterator[PathOutput]:
        """Take the next item of the stream; yield the output that it completes, in order.

        A chunk may be ``continued``: it is the rest of the one before, whose clock goes on.

        Raises
        ------
        ProtocolError
            If the stream's sample counter goes backward.
        """
        if isinstance(item, Gap):
            self.stages.gaps.announce(item)
        elif isinstance(item, LeadOff):
            self._leads = [*_leads_from(self.stages.gaps.stop, self._leads), item]
            if self.segment is not None:
                self._note_lead(self.segment, item)
        elif isinstance(item, Chunk):
            one = item.samples[:, self.channel, None]
            for part in self.stages.gaps.push(Chunk(one, item.start, item.time)):
                yield from self._process(part, continued=continued)

    def flush(self) -> Iterator[PathOutput]:
        """End of the stream: yield all output that is still held."""
        yield from self._end_segment()
        yield from self.stages.gaps.flush()
        yield from self.stages.units.flush()

    def _process(self, part: Chunk | Gap | State, *, continued: bool) -> Iterator[PathOutput]:
        if isinstance(part, Chunk):
            yield from self._process_chunk(part, continued=continued)
        elif isinstance(part, Gap) and part.bridged and self.segment is not None:
            self.segment.bridged.append((part.start - self.segment.start, part.stop - self.segment.start))
            yield part
        else:
            yield from self._end_segment()
            yield part

    def _process_chunk(self, chunk: Chunk, *, continued: bool) -> Iterator[PathOutput]:
        segment = self.segment
        if segment is None:
            segment = self._begin_segment(chunk)
            yield segment.countdown(0)
        if not continued:
            segment.chunk_times.append((chunk.start - segment.start, chunk.time))
        self.stages.blocks.push(chunk.samples[:, 0])
        yield from self.stages.units.push(chunk.samples[:, 0], chunk.time)
        yield from self._filter(segment, self.stages.resample.push(chunk))

    def _filter(self, segment: Segment, resampled: Chunk) -> Iterator[PathOutput]:
        filtered = self.stages.highpass.push(resampled)
        yield from self._store(segment, resampled, filtered, self.stages.zscore.push(filtered))

    def _store(self, segment: Segment, resampled: Chunk, filtered: Chunk, scaled: Chunk) -> Iterator[PathOutput]:
        for ring, chunk in zip(self.stages.rings, (resampled, filtered, scaled), strict=True):
            ring.append(chunk.samples[:, 0])
        if len(filtered.samples):
            start = segment.raw_time(filtered.start)
            time = segment.session_clock(segment.raw_position(filtered.start))
            yield Trace(filtered.samples[:, 0].astype(np.float32), start, segment.number, time)
        yield from self._complete(segment)

    def _begin_segment(self, chunk: Chunk) -> Segment:
        segment = Segment(self._segments, chunk.start, self._rate, self._speed, deque([(0, chunk.time)]))
        self.segment, self._segments = segment, self._segments + 1
        for lead in _leads_from(chunk.start, self._leads):
            self._note_lead(segment, lead)
        return segment

    def _note_lead(self, segment: Segment, lead: LeadOff) -> None:
        self.stages.blocks.lead_off(max(0, lead.start - segment.start), off=lead.off)

    def _end_segment(self) -> Iterator[PathOutput]:
        segment = self.segment
        if segment is None:
            return
        self.stages.blocks.flush()
        yield from self._filter(segment, self.stages.resample.flush())
        held = self.stages.highpass.flush()
        nothing = Chunk(held.samples[:0], 0, 0.0)
        yield from self._store(segment, nothing, held, self.stages.zscore.push(held))
        yield from self._store(segment, nothing, nothing, self.stages.zscore.flush())
        for part in (
            self.stages.blocks,
            self.stages.resample,
            self.stages.highpass,
            self.stages.zscore,
            *self.stages.rings,
        ):
            part.reset()
        self.segment = None

    def _complete(self, segment: Segment) -> Iterator[State | Window]:
        """Windows and states that the normalised samples by now complete."""
        yield from self.countdowns(segment)
        cuts = []
        while (cut := self.next_cut(segment)) is not None:
            cuts.append(cut)
        if len(cuts) > 1:  # nobody waits for the first of them
            yield from assess_run(cuts)
            return
        for cut in cuts:
            rhythm = beats.find_rhythm(cut.searched, cut.warmup)
            yield cut.window(rhythm, quality.assess_window(cut.blocks, cut.baseline, cut.filtered, rhythm, cut.bridged))

    def countdowns(self, segment: Segment) -> Iterator[State]:
        """States that the normalised samples by now complete."""
        ready = self.stages.rings[2].stop
        while (segment.countdowns + 1) * self.hop <= min(ready, WINDOW_SAMPLES - 1):
            segment.countdowns += 1
            yield segment.countdown(segment.countdowns * self.hop)

    def next_cut(self, segment: Segment) -> WindowCut | None:
        """The next window that the normalised samples by now complete, if there is one."""
        if segment.window_stop > self.stages.rings[2].stop:
            return None
        cut = self._cut(segment, segment.window_stop - WINDOW_SAMPLES)
        segment.window_stop += self.hop
        first = segment.window_stop - WINDOW_SAMPLES
        baseline, filtered, scaled = self.stages.rings
        baseline.forget(first)
        filtered.forget(first - beats.DETECTOR_WARMUP_SAMPLES)
        scaled.forget(first)
        self.stages.blocks.forget(first // BLOCK_SAMPLES)
        return cut

    def _cut(self, segment: Segment, first: int) -> WindowCut:
        baseline, filtered, scaled = self.stages.rings
        warmup = min(first, beats.DETECTOR_WARMUP_SAMPLES)
        begin, end = segment.raw_position(first), segment.raw_position(first + WINDOW_SAMPLES)
        bridged = segment.bridged_share(begin, end)
        segment.forget_times(begin)
        return WindowCut(
            data=scaled.window(first),
            baseline=baseline.view(first),
            searched=filtered.view(first - warmup, warmup + WINDOW_SAMPLES),
            blocks=self.stages.blocks.verdicts(first // BLOCK_SAMPLES, (first + WINDOW_SAMPLES) // BLOCK_SAMPLES),
            first=first,
            start=segment.raw_time(first),
            time=segment.session_clock(begin),
            segment=segment.number,
            bridged=bridged,
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
