"""Made-up signals whose every feature is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from ecg_live.events import F32, F64, Chunk, Gap, LeadOff, State, StreamEvent, StreamInfo
from ecg_live.results import Trace, Window
from ecg_live.signal.pipeline import PathOutput, SignalPath
from tests.support.chunk_cutting import cut
from tests.support.simulated_view import synthetic_ecg


def ecg(seconds: float, rate: float, noise: float = 0.005) -> F64:
    """Samples (n, 1) in mV of a heart that beats 72 times a minute."""
    n = round(seconds * rate)
    x = synthetic_ecg(0, n, rate).astype(np.float64)
    return (x + np.random.default_rng(0).normal(size=n) * noise)[:, None]


def info(rate: float, full_scale: tuple[float, float] | None = None) -> StreamInfo:
    return StreamInfo(rate, ("ECG",), full_scale)


@dataclass
class Tape:
    """A stream as a device would have sent it: samples (n, 1), pieces that were lost on the way, electrodes off."""

    samples: F64
    rate: float
    lost: tuple[tuple[int, int], ...] = ()  # first sample, number
    leads: tuple[LeadOff, ...] = ()

    def items(self, into: Iterable[int] = ()) -> Iterator[Chunk | StreamEvent]:
        """Play it in chunks of these sizes; an event comes before the chunk that holds its sample."""
        leads = list(self.leads)
        for chunk in self._chunks(list(into)):
            while leads and leads[0].start < chunk.stop:
                yield leads.pop(0)
            yield chunk

    def _chunks(self, into: list[int]) -> Iterator[Chunk]:
        begin = 0
        for start, count in (*self.lost, (len(self.samples), 0)):
            yield from cut(self.samples[begin:start], self.rate, into, begin)
            begin = start + count


def eventful(rate: float) -> Tape:
    """50 s in which everything happens that may: bridged and unbridged gaps, no numbers, an electrode off."""
    x = ecg(50, rate)
    short, brief = round(0.030 * rate), max(1, round(0.010 * rate))
    at = round(4 * rate)
    x[at : at + brief] = np.nan  # bridged
    at = round(14 * rate)
    x[at : at + round(1.7 * rate)] = np.nan  # not bridged
    x[-brief:] = np.nan
    lost = ((round(6.5 * rate), short), (round(29.3 * rate), round(0.5 * rate)))
    leads = (LeadOff(round(33.2 * rate), off=True), LeadOff(round(35.1 * rate), off=False))
    return Tape(x, rate, lost, leads)


@dataclass
class Played:
    """What a path made of a tape, sorted."""

    windows: list[Window] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    order: list[str] = field(default_factory=list)  # of all but traces

    def trace(self, segment: int = 0) -> F32:
        """The whole trace of a segment; checks that its pieces follow each other."""
        own = [trace for trace in self.traces if trace.segment == segment]
        stop = own[0].start
        for piece in own:
            assert abs(piece.start - stop) < 1e-9
            stop = piece.start + len(piece.samples) / 256
        return np.concatenate([piece.samples for piece in own])


def play(path: SignalPath, items: Iterable[Chunk | StreamEvent]) -> Played:
    """Everything that a path makes of a stream."""
    out = Played()
    for item in items:
        sort_outputs(out, path.push(item))
    sort_outputs(out, path.flush())
    return out


def sort_outputs(out: Played, made: Iterable[PathOutput]) -> None:
    for each in made:
        match each:
            case Trace():
                out.traces.append(each)
                continue
            case Window():
                out.windows.append(each)
            case Gap():
                out.gaps.append(each)
            case State():
                out.states.append(each)
        out.order.append(type(each).__name__)


def assert_same(one: Played, other: Played) -> None:
    assert one.order == other.order
    assert one.gaps == other.gaps
    for a, b in zip(one.states, other.states, strict=True):
        assert replace(a, time=0) == replace(b, time=0)
        assert a.time == pytest.approx(b.time, abs=1e-9, nan_ok=True)
    for c, d in zip(one.windows, other.windows, strict=True):
        assert c.data.tobytes() == d.data.tobytes()
        assert c.time == pytest.approx(d.time, abs=1e-9)  # read off other chunks' clocks, hence the last bit
        for name in set(Window.__slots__) - {"data", "time"}:
            assert getattr(c, name) == getattr(d, name)
    for segment in {trace.segment for trace in one.traces + other.traces}:
        assert one.trace(segment).tobytes() == other.trace(segment).tobytes()
