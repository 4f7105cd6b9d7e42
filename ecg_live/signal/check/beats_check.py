"""Check a strap that gives heartbeats and no ECG: its beats must come, and go on coming."""

from __future__ import annotations

from collections.abc import Iterator

from ecg_live.events import Beats, Chunk, StreamEvent
from ecg_live.preview_items import NEEDED_GOOD_S, SignalFault, SignalVerdict
from ecg_live.results import Trace
from ecg_live.signal.beats import MAX_HEART_RATE_BPM, MIN_HEART_RATE_BPM

MAX_SILENCE_S = 4.0  # a strap reports once a second


class BeatsCheck:
    """Give a verdict at every report of a strap."""

    def __init__(self) -> None:
        self._began: float | None = None  # session clock of the first report
        self._good_from: float | None = None
        self._last = 0.0

    def push(self, item: Chunk | StreamEvent) -> Iterator[Trace | SignalVerdict]:
        """Take the next item of the stream; yield a verdict for a report of beats."""
        if not isinstance(item, Beats):
            return
        self._began = item.time if self._began is None else self._began
        plausible = MIN_HEART_RATE_BPM <= item.heart_rate <= MAX_HEART_RATE_BPM
        if not plausible:
            self._good_from = None
        elif self._good_from is None or item.time - self._last > MAX_SILENCE_S:
            self._good_from = item.time
        self._last = item.time
        good = 0.0 if self._good_from is None else min(item.time - self._good_from, NEEDED_GOOD_S)
        faults = () if plausible else (SignalFault("no_heartbeat"),)
        yield SignalVerdict(item.time - self._began, good, faults, item.heart_rate if plausible else None)
