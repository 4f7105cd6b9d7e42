"""RR intervals of a stream: from the windows of its ECG, or from the notifications of a strap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import Beats, Gap, LeadOff, SignalKind, State
from ecg_live.results import RrInterval, Trace, Window
from ecg_live.signal.beats import DETECTOR_WARMUP_SAMPLES, MIN_HEART_RATE_BPM
from ecg_live.signal.qrs import REFRACTORY_S
from ecg_live.signal.rr_flags import BeatInterval, RrFlagger
from ecg_live.signal.rr_pipeline import MAX_NOTIFICATION_GAP_S

# At the end of a window, where beats are left to the next one: a T wave is told from a beat by what comes 0.36 s
# before or after it, and a complex is compared over 0.08 s on either side.
LATE_MARGIN_S = 0.5
# A notification tells of the beats since the one before it: the last may be a beat of 30 bpm and a second ago. More
# than that and its like away, intervals were lost on the way.
MAX_NOTIFICATION_ERROR_S = 60 / MIN_HEART_RATE_BPM + 1.0


class WindowIntervals:
    """RR intervals between the R peaks of successive windows: each beat once, none across a gap.

    What comes out depends on the windows alone. One that is unusable or has no plausible beats gives none; the next
    usable one goes back to where beats were known, or else to its own beginning. A beat's raw time is that of its R
    peak in the raw signal: the resampler's delay is trimmed, and the high-pass moves a QRS complex by less than 2 ms.

    Parameters
    ----------
    signal : str
        ``ecg`` or ``ppg``.
    speed : float
        Seconds of signal in a second of the session clock.
    """

    def __init__(self, signal: SignalKind = "ecg", speed: float = 1.0) -> None:
        self._speed = speed
        self._flagger = RrFlagger(signal)
        self._segment = -1
        self._searched = 0.0  # raw time (s) up to which beats were taken
        self._last: float | None = None  # raw time of the last beat of this run
        self._late: tuple[float, ...] = ()  # beats near the end of the last window
        self._newest: Window | None = None  # that had beats

    def push(self, window: Window) -> Iterator[RrInterval]:
        """Take the next window; yield the intervals whose flags are known by now."""
        if window.segment != self._segment:
            yield from self.end_segment()
            self._segment, self._searched = window.segment, window.start
        if not window.r_peaks or window.quality.grade == "unusable":
            return
        begin = self._searched
        if (
            window.start - DETECTOR_WARMUP_SAMPLES / MODEL_RATE_HZ > begin
        ):  # a stretch without usable beats lies between
            begin = window.start  # what came before was part of no usable window
            yield from self._add(self._late)
            yield from self._end_run()
        self._newest = window
        until = window.stop - LATE_MARGIN_S
        yield from self._add(tuple(peak for peak in window.r_peaks if begin < peak <= until))
        self._late = tuple(peak for peak in window.r_peaks if peak > until)
        self._searched = max(self._searched, until)

    def end_segment(self) -> Iterator[RrInterval]:
        """A gap, or the end of the stream: yield what is left."""
        yield from self._add(self._late)
        yield from self._end_run()

    def _add(self, peaks: tuple[float, ...]) -> Iterator[RrInterval]:
        for peak in peaks:
            if self._last is not None:
                if peak - self._last < REFRACTORY_S:  # the same beat, as another window sees it
                    continue
                yield from self._flagger.push(BeatInterval(self._session_clock(peak), peak, peak - self._last))
            self._last = peak

    def _end_run(self) -> Iterator[RrInterval]:
        yield from self._flagger.end_run()
        self._last, self._late = None, ()

    def _session_clock(self, raw: float) -> float:
        window = self._newest
        return float("nan") if window is None else window.time + (raw - window.start) / self._speed


def intervals_of(outputs: Iterable[Gap | State | Window | Trace], found: WindowIntervals) -> Iterator[RrInterval]:
    """RR intervals that a path's outputs give, as a session finds them; `end_segment` gives the rest at the end."""
    for output in outputs:
        if isinstance(output, Window):
            yield from found.push(output)
        elif isinstance(output, Gap) and not output.bridged:
            yield from found.end_segment()


class NotifiedIntervals:
    """RR intervals that a strap notifies, each where the one before ended.

    A notification comes at a time of its own and may hold several intervals, or none. So the beats are placed by adding
    up: the first notification's last beat is at its time. Intervals that no longer follow each other (a silence, a
    strap off the skin, notifications that were lost) begin again at the time of theirs.
    """

    def __init__(self) -> None:
        self._flagger = RrFlagger("device")
        self._last: float | None = None  # session clock of the last beat of this run
        self._notified = 0.0  # session clock of the last notification

    def push(self, item: Beats | LeadOff, origin: float | None) -> Iterator[RrInterval]:
        """Take a notification or a change of skin contact; yield the intervals whose flags are known by now.

        Parameters
        ----------
        item : Beats or LeadOff
        origin : float, optional
            Session clock at raw time 0; None while it is not known.
        """
        if isinstance(item, LeadOff):
            yield from self.end_run() if item.off else ()
            return
        away = 0.0 if self._last is None else abs(item.time - self._last - sum(item.rr))
        if item.time - self._notified > MAX_NOTIFICATION_GAP_S or away > MAX_NOTIFICATION_ERROR_S:
            yield from self.end_run()
        self._notified = item.time
        begin = item.time - sum(item.rr) if self._last is None else self._last
        for rr in item.rr:
            begin += rr
            self._last = begin
            yield from self._flagger.push(BeatInterval(begin, None if origin is None else begin - origin, rr))

    def end_run(self) -> Iterator[RrInterval]:
        """The next interval will not follow the last one: yield what is left."""
        self._last = None
        yield from self._flagger.end_run()
