"""Check a source's signal second by second, before a session; chunk-size invariant."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64, Chunk, Gap, LeadOff, StreamEvent, StreamInfo
from ecg_live.preview_items import NEEDED_GOOD_S, SignalVerdict
from ecg_live.results import Trace
from ecg_live.signal.beats import find_rhythm
from ecg_live.signal.check.faults import (
    ShapeMeasures,
    block_faults,
    loss_faults,
    rate_faults,
    shape_faults,
    unit_faults,
)
from ecg_live.signal.check.measure import MAINS_HZ, baseline_wander, mains_hum, qrs_size
from ecg_live.signal.check.rate_meter import RateMeter
from ecg_live.signal.check.raw_seconds import RawSeconds
from ecg_live.signal.gaps import GapFinder
from ecg_live.signal.highpass import HighPass
from ecg_live.signal.resample import Resampler

JUDGED_S = 6  # the seconds that a verdict looks at: five beats at 50 bpm, and a fault that is mended is soon gone
WARMUP_S = 2  # before them, searched for beats as well


class SignalCheck:
    """Resample and high-pass one ECG channel as a session does, and give a verdict at every second.

    Parameters
    ----------
    info : StreamInfo
        The stream; its ECG channel is checked.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._gaps = GapFinder(info.rate)
        self._resampler = Resampler(info.rate)
        self._highpass = HighPass()
        self._raw = RawSeconds(info)
        self._rate = RateMeter(info.rate)
        self._baseline: F64 = np.empty(0)  # 256 Hz, before the high-pass, of the segment
        self._filtered: F64 = np.empty(0)
        self._dropped = 0  # samples of the segment before those
        self._judged = 0  # seconds of the segment with a verdict
        self._good_from: int | None = 0  # second from which on no fault was found
        self._segment = -1
        self._start = 0.0  # of the segment, s of stream time
        self._lost: deque[Gap] = deque()

    def push(self, item: Chunk | StreamEvent) -> Iterator[Trace | SignalVerdict]:
        """Take the next item of the stream; yield the trace and the verdicts that it completes."""
        if isinstance(item, Gap):
            self._gaps.announce(item)
        elif isinstance(item, LeadOff):
            self._raw.lead_off(item)
        elif isinstance(item, Chunk):
            one = item.samples[:, self._info.ecg, None]
            for part in self._gaps.push(Chunk(one, item.start, item.time)):
                if isinstance(part, Chunk):
                    for piece in self._pieces(part):
                        yield from self._process(piece)
                elif isinstance(part, Gap):
                    self._lost.append(part)
                    if not part.bridged:
                        self._end_segment()

    def _pieces(self, chunk: Chunk) -> Iterator[Chunk]:
        """Cut a chunk into pieces of a second at most: no more than a second's verdict waits for another."""
        rate, length = self._info.rate, max(1, int(self._info.rate))
        for at in range(0, len(chunk.samples), length):
            yield Chunk(chunk.samples[at : at + length], chunk.start + at, chunk.time + at / rate)

    def _process(self, chunk: Chunk) -> Iterator[Trace | SignalVerdict]:
        if self._resampler.state.n_in == 0:
            self._segment += 1
            self._start = chunk.start / self._info.rate
            self._raw.begin_segment(chunk.start)
            self._rate.begin_segment()
        self._raw.push(chunk.samples[:, 0])
        self._rate.push(chunk)
        resampled = self._resampler.push(chunk)
        filtered = self._highpass.push(resampled)
        self._baseline = np.concatenate((self._baseline, resampled.samples[:, 0]))
        self._filtered = np.concatenate((self._filtered, filtered.samples[:, 0]))
        if len(filtered.samples):
            start = self._start + filtered.start / MODEL_RATE_HZ
            yield Trace(filtered.samples[:, 0].astype(np.float32), start, self._segment, chunk.time)
        while self._dropped + len(self._filtered) >= (self._judged + 1) * MODEL_RATE_HZ:
            self._judged += 1
            yield self._judge()
        self._drop()

    def _judge(self) -> SignalVerdict:
        """Verdict at the end of a whole second of the segment."""
        second = self._judged
        now = self._start + second
        measures = self._measure() if second >= JUDGED_S else None
        raw = self._raw.last(second, JUDGED_S)
        faults = list(unit_faults(raw, self._info)) or [  # without a unit, the others mean nothing
            *block_faults(raw, clipped=self._raw.clipped(raw)),
            *loss_faults(self._lost_share(now)),
            *(shape_faults(measures, self._info) if measures else ()),
        ]
        rate = self._rate.measured(second)
        if not self._info.replay:
            faults += rate_faults(rate, self._info.rate)
        if faults:
            self._good_from = None
        elif self._good_from is None:
            self._good_from = max(0, second - JUDGED_S)
        good = 0.0 if self._good_from is None else min(float(second - self._good_from), NEEDED_GOOD_S)
        heart_rate = measures.heart_rate if measures else None
        amplitude = measures.qrs.amplitude if measures and measures.qrs else None
        return SignalVerdict(float(second), good, tuple(faults), heart_rate, amplitude, rate)

    def _measure(self) -> ShapeMeasures:
        stop = self._judged * MODEL_RATE_HZ - self._dropped
        first = stop - JUDGED_S * MODEL_RATE_HZ
        warmup = min(first, WARMUP_S * MODEL_RATE_HZ)
        rhythm = find_rhythm(self._filtered[first - warmup : stop], warmup)
        baseline = self._baseline[first:stop]
        return ShapeMeasures(
            heart_rate=rhythm.heart_rate,
            hum={mains: mains_hum(baseline, mains) for mains in MAINS_HZ if 2 * mains < self._info.rate},
            wander=baseline_wander(baseline),
            qrs=qrs_size(self._filtered[first:stop], rhythm.beats) if len(rhythm.beats) else None,
        )

    def _lost_share(self, now: float) -> float:
        """Share of the samples of the last 10 s that were lost."""
        begin, end = (now - NEEDED_GOOD_S) * self._info.rate, now * self._info.rate
        while self._lost and self._lost[0].stop <= begin:
            self._lost.popleft()
        lost = sum(min(gap.stop, end) - max(gap.start, begin) for gap in self._lost)
        return lost / (end - begin)

    def _drop(self) -> None:
        """Drop what no verdict to come looks at."""
        keep = (JUDGED_S + WARMUP_S + 1) * MODEL_RATE_HZ
        if (over := len(self._filtered) - keep) > 0:
            self._baseline, self._filtered = self._baseline[over:], self._filtered[over:]
            self._dropped += over

    def _end_segment(self) -> None:
        for part in (self._resampler, self._highpass):
            part.reset()
        self._baseline = self._filtered = np.empty(0)
        self._dropped = self._judged = 0
        self._good_from = 0
