"""Buffer of a session's newest minutes for a screen, which never blocks the worker."""

from __future__ import annotations

from collections import deque
from itertools import islice
from threading import Lock
from typing import TypeVar

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import (
    F32,
    AffectRating,
    AuxiliarySamples,
    Beats,
    Chunk,
    Clock,
    State,
    StreamEvent,
    states_that_are,
)
from ecg_live.protocols import Recorder
from ecg_live.results import HrvResult, Item, Poll, Prediction, RrInterval, Snapshot, Summary, Trace

_T = TypeVar("_T")

KEPT_S = 600.0  # of the trace
PREDICTIONS_PER_S = 6  # that are kept, over the seconds of the trace
KEPT_EVENTS = 1000
HRV_PER_S = 1
RR_INTERVALS_PER_S = 4  # that are kept, over the seconds of the trace
LATENCY_PREDICTIONS = 60  # newest ones, for the latency's percentile
ONGOING_STATES = states_that_are("ongoing")


class DisplayBuffer:
    """A sink that keeps a session's newest output for `poll`.

    Parameters
    ----------
    rate : float
        Raw rate in Hz.
    clock : Clock
        Session clock.
    kept_s : float
        Seconds of trace and predictions that a screen which falls behind still finds.
    """

    name = "screen"

    def __init__(self, rate: float, clock: Clock, kept_s: float = KEPT_S) -> None:
        self._rate = rate
        self._kept = round(kept_s * MODEL_RATE_HZ)  # samples
        self._clock = clock
        self._lock = Lock()
        self._trace: F32 = np.full(self._kept, np.nan, dtype=np.float32)
        self._stop = 0  # display index after the newest sample
        self._segment = -1  # of the newest sample
        self._predictions: deque[Prediction] = deque(maxlen=round(kept_s * PREDICTIONS_PER_S))
        self._events: deque[StreamEvent] = deque(maxlen=KEPT_EVENTS)
        self._rr_intervals: deque[RrInterval] = deque(maxlen=round(kept_s * RR_INTERVALS_PER_S))
        self._hrv: deque[HrvResult] = deque(maxlen=round(kept_s * HRV_PER_S))
        self._n_predictions = 0  # ever
        self._n_events = 0  # ever
        self._n_rr_intervals = 0  # ever
        self._n_hrv = 0  # ever
        self._state = State("connecting")
        self._arrived = clock()
        self._samples = 0
        self._lost = 0
        self._now = 0.0
        self._ended = False
        self._error: str | None = None
        self._recorder: Recorder | None = None

    def follow(self, recorder: Recorder | None) -> None:
        """Show the status of a recorder from now on."""
        with self._lock:
            self._recorder = recorder

    def write(self, item: Item) -> None:
        """Take one item."""
        with self._lock:
            match item:
                case AuxiliarySamples() | AffectRating():  # only recorded
                    pass
                case Chunk() if not len(item.samples):
                    pass
                case Chunk():
                    self._arrived, self._now = self._clock(), item.stop / self._rate
                case Trace():
                    self._add_trace(item)
                case Prediction():
                    self._predictions.append(item)
                    self._now = max(self._now, item.stop)
                    self._n_predictions += 1
                    if self._state.state != "baseline" or self._state.seconds_left is None:
                        self._state = State("streaming", time=item.time)
                case RrInterval():
                    self._rr_intervals.append(item)
                    self._n_rr_intervals += 1
                case HrvResult():
                    self._hrv.append(item)
                    self._n_hrv += 1
                case Summary():
                    self._samples, self._lost, self._ended = item.samples, item.lost, True
                case _:
                    if isinstance(item, Beats) and self._rate == 0:  # all that a strap gives
                        self._arrived = self._clock()
                    self._add_event(item)

    def count(self, samples: int, lost: int) -> None:
        """Note how many raw samples came and were lost by now."""
        with self._lock:
            self._samples, self._lost = samples, lost

    def close(self) -> None:
        """End of the output."""
        with self._lock:
            self._ended = True

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        """Return what is new since the cursor, and the next cursor."""
        with self._lock:
            first = max(since.trace, self._stop - self._kept)
            at = np.arange(first, self._stop) % self._kept
            latencies = [p.latency for p in islice(reversed(self._predictions), LATENCY_PREDICTIONS)]
            snapshot = Snapshot(
                state=self._state,
                trace=self._trace[at],
                trace_start=first,
                predictions=_last(self._predictions, self._n_predictions - since.predictions),
                events=_last(self._events, self._n_events - since.events),
                now=self._now,
                age=max(0.0, self._clock() - self._arrived),
                samples=self._samples,
                lost=self._lost,
                latency_p95=float(np.percentile(latencies, 95)) if latencies else None,
                ended=self._ended,
                error=self._error,
                recording=self._recorder.status if self._recorder else None,
                rr_intervals=_last(self._rr_intervals, self._n_rr_intervals - since.rr_intervals),
                hrv=_last(self._hrv, self._n_hrv - since.hrv),
            )
            return snapshot, Poll(self._stop, self._n_predictions, self._n_events, self._n_rr_intervals, self._n_hrv)

    def _add_event(self, event: StreamEvent) -> None:
        self._events.append(event)
        self._n_events += 1
        if isinstance(event, State) and event.state in ONGOING_STATES:
            self._state = event
            self._error = event.detail if event.state == "error" else self._error

    def _add_trace(self, trace: Trace) -> None:
        """Add samples: a segment at its raw time, contiguous inside; NaN between segments."""
        first = self._stop if trace.segment == self._segment else max(round(trace.start * MODEL_RATE_HZ), self._stop)
        self._segment = trace.segment
        blank = min(first - self._stop, self._kept)
        self._trace[np.arange(first - blank, first) % self._kept] = np.nan
        samples = trace.samples[-self._kept :]
        self._stop = first + len(trace.samples)
        self._trace[np.arange(self._stop - len(samples), self._stop) % self._kept] = samples


def _last(items: deque[_T], count: int) -> tuple[_T, ...]:
    """The last ``count`` items, oldest first."""
    return tuple(islice(reversed(items), max(0, count)))[::-1]
