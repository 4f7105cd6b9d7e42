"""When samples arrived, for the latency test: arrival and time of each chunk, and one channel."""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

import numpy as np

from ecg_live.events import F64, Chunk, Clock
from ecg_live.results import Item


class Arrivals(NamedTuple):
    """Of each chunk: raw index after its last sample, arrival, and session clock of its last sample; shapes (n,)."""

    stop: F64
    arrived: F64
    newest: F64


class ArrivalLog:
    """A sink that notes when chunks arrived.

    Parameters
    ----------
    rate : float
        Raw rate in Hz.
    clock : Clock
    channel : int, optional
        Column of which all samples are kept.
    """

    name = "latency test"
    passive = True  # no session goes on for it alone

    def __init__(self, rate: float, clock: Clock, channel: int | None = None) -> None:
        self._rate = rate
        self._clock = clock
        self._channel = channel
        self._lock = Lock()
        self._chunks: list[tuple[float, float, float]] = []
        self._samples: list[tuple[float, F64]] = []

    def write(self, item: Item) -> None:
        """Take one item."""
        if not isinstance(item, Chunk) or not len(item.samples):
            return
        arrived = self._clock() if item.arrived is None else item.arrived
        with self._lock:
            self._chunks.append((item.stop, arrived, item.time + (len(item.samples) - 1) / self._rate))
            if self._channel is not None:
                self._samples.append((item.time, item.samples[:, self._channel].copy()))

    def close(self) -> None:
        """Nothing is held."""

    def arrivals(self) -> Arrivals:
        """All chunks by now."""
        with self._lock:
            rows = np.array(self._chunks, dtype=np.float64).reshape(-1, 3)
        return Arrivals(*rows.T)

    def channel(self) -> tuple[F64, F64]:
        """Times (n,) on the session clock and values (n,) of the channel that is kept."""
        with self._lock:
            parts = list(self._samples)
        times = [time + np.arange(len(values)) / self._rate for time, values in parts]
        return np.concatenate([np.empty(0), *times]), np.concatenate([np.empty(0), *(values for _, values in parts)])


def sample_to_pixel_delays(arrivals: Arrivals, painted: F64, drawn: F64, rate: float, display_rate: float) -> F64:
    """From the arrival of each displayed sample to the end of the first paint that showed it, in s.

    Parameters
    ----------
    arrivals : Arrivals
    painted : F64
        Session clock (m,) at the end of each paint.
    drawn : F64
        Display index (m,) after the newest sample that it showed.
    rate, display_rate : float
        Of raw samples and of the trace, Hz.
    """
    if len(drawn) < 2 or not len(arrivals.stop):
        return np.empty(0)
    counts = np.diff(drawn).astype(np.int64)
    shown = np.repeat(painted[1:], np.maximum(counts, 0))
    samples = np.arange(drawn[0], drawn[0] + len(shown))
    chunk = np.searchsorted(arrivals.stop, samples * (rate / display_rate), side="right")
    known = chunk < len(arrivals.stop)
    return shown[known] - arrivals.arrived[chunk[known]]
