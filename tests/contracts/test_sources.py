"""What every source keeps to: order, arithmetic of gaps, units, and how it ends.

Each plays samples that are their own index, in microvolt, and count to 8000 again and again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from devices.files.recording import FileRecording, Run
from devices.link import Driver
from devices.polar import PolarDriver
from devices.polar_frames import RATE
from devices.radio import RadioSource
from devices.replay import Replay
from devices.shimmer import ShimmerDriver
from devices.simulate.emulator import Emulator
from devices.simulate.player import Player
from devices.simulate.polar import SimulatedPolar
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.types import F64, Chunk, Gap, Opening, Source, StreamInfo
from tests.contracts.hand_loop import HandTime
from tests.contracts.reading import Reader
from tests.emulators.wire import Wire

ROUND = 8000
RAMP: F64 = np.arange(ROUND) / 1000.0  # mV
FLOW, AWAY = 4.0, 3.0  # s


@dataclass
class Rig:
    """A source, and how a test moves it: let signal flow for so many seconds, or take it away for so many."""

    source: Source
    flow: Callable[[float], None]
    interrupt: Callable[[float], None]


def replay() -> Rig:
    samples = np.tile(RAMP, 2)
    first, second = round(FLOW * 1000), round((FLOW + AWAY) * 1000)

    def runs() -> Iterator[Run]:
        yield Run(0, samples[:first])
        yield Run(second, samples[second : second + first], "lost samples")

    recording = FileRecording(StreamInfo(1000.0, ("ECG",)), runs)
    return Rig(Replay(recording, Opening(speed=math.inf)), lambda _: None, lambda _: None)


def over_wire(driver: Callable[[HandTime], Driver], emulator: Emulator) -> Rig:
    time = HandTime()
    wire = Wire(time, emulator)

    def interrupt(seconds: float) -> None:
        wire.away.add(emulator.name)
        wire.lose(emulator.name)
        time.advance(seconds)
        wire.away.clear()

    return Rig(RadioSource(driver(time), wire, time, loop=time.make_loop), time.advance, interrupt)


MAKERS: dict[str, Callable[[], Rig]] = {
    "replay": replay,
    "polar": lambda: over_wire(lambda time: PolarDriver("", time), SimulatedPolar(Player(RAMP, RATE), ppm=40)),
    "shimmer3r": lambda: over_wire(lambda time: ShimmerDriver("", clock=time), SimulatedShimmer(RAMP)),
    "shimmer3": lambda: over_wire(
        lambda time: ShimmerDriver("", rate=256, clock=time), SimulatedShimmer(RAMP, hardware=3)
    ),
}


@pytest.fixture(params=list(MAKERS))
def rig(request: pytest.FixtureRequest) -> Rig:
    return MAKERS[request.param]()


def read(rig: Rig) -> Reader:
    """Signal, a loss, and signal again."""
    with Reader(rig.source) as reader:
        rig.flow(FLOW)
        rig.interrupt(AWAY)
        rig.flow(FLOW)
        reader.until(lambda reader: bool(reader.gaps) and reader.stop >= rig.source.info.rate * (2 * FLOW + AWAY - 2))
    return reader


def test_chunks_come_in_order_and_have_the_shape_that_the_stream_promises(rig: Rig) -> None:
    reader = read(rig)
    info = rig.source.info
    assert info.rate > 0
    assert 0 <= info.ecg < len(info.channels)
    times = []
    for item in reader.counted():
        times.append(item.time)
        if isinstance(item, Chunk):
            assert item.samples.shape[1] == len(info.channels)
            assert item.samples.dtype == np.float64
            assert np.isfinite(item.samples).all()
            assert not item.arrived < item.time
    assert all(a <= b for a, b in pairwise(times))


def test_delivered_and_lost_is_played_to_the_sample_and_in_millivolt(rig: Rig) -> None:
    reader = read(rig)
    ecg, first = rig.source.info.ecg, reader.chunks[0]
    begun = round(float(first.samples[0, ecg]) * 1000) - first.start  # what the first sample says of itself
    for item in reader.counted():
        if isinstance(item, Chunk):
            expected = (begun + np.arange(item.start, item.stop)) % ROUND
            assert item.samples[:, ecg] == pytest.approx(expected / 1000, abs=2e-4)
    assert sum(gap.lost for gap in reader.gaps) / rig.source.info.rate == pytest.approx(AWAY, abs=1.5)


def test_it_goes_on_after_a_loss_and_says_why(rig: Rig) -> None:
    reader = read(rig)
    kinds = [type(item) for item in reader.counted()]
    assert Chunk in kinds[kinds.index(Gap) + 1 :]
    assert all(gap.cause and gap.lost > 0 and not gap.bridged for gap in reader.gaps)


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "replay"])  # as fast as it goes has no times
def test_times_run_at_the_streams_rate(name: str) -> None:
    rig = MAKERS[name]()
    reader = read(rig)
    first, last = reader.chunks[0], reader.chunks[-1]
    assert last.time - first.time == pytest.approx((last.start - first.start) / rig.source.info.rate, abs=0.06)


def test_closing_wakes_an_iterator_that_waits_and_is_final(rig: Rig) -> None:
    before = set(threading.enumerate())
    with Reader(rig.source) as reader:
        rig.flow(FLOW)
        reader.close()  # fails when it takes more than 0.5 s
        assert list(rig.source) == []
        rig.source.close()
    assert reader.error is None
    assert set(threading.enumerate()) <= before


def test_closing_before_anything_came(rig: Rig) -> None:
    rig.source.close()
    with rig.source as source:
        assert list(source) == []


def test_a_replay_at_real_time_wakes_too() -> None:
    recording = FileRecording(StreamInfo(10.0, ("ECG",)), lambda: iter([Run(0, RAMP)]))
    with Reader(Replay(recording, Opening(chunk=60.0))) as reader:
        pass
    assert reader.items == []
