"""Every kind of source, fed with samples that are their own index, in microvolt, and count to 8000 again and again."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pylsl
import pytest

from devices.bitalino import BitalinoDriver
from devices.bluetooth.heart_rate import HeartRateDriver
from devices.bluetooth.movesense import MovesenseDriver
from devices.bluetooth.polar import PolarDriver
from devices.bluetooth.polar_frames import POLAR_RATE_HZ
from devices.device_source import DeviceSource
from devices.files.recording import FileRecording, SampleRun
from devices.link import Driver
from devices.lsl import open_lsl
from devices.lsl.resolve import LslTimeouts
from devices.read_options import ReadOptions
from devices.replay import Replay
from devices.serial_link import SerialTransport
from devices.shimmer import ShimmerDriver
from devices.simulate.bitalino import SimulatedBitalino
from devices.simulate.emulator import Emulator
from devices.simulate.movesense import SimulatedMovesense
from devices.simulate.player import Player
from devices.simulate.polar import SimulatedPolar
from devices.simulate.serial_host import SerialHost
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.events import F64, StreamInfo
from ecg_live.protocols import Source
from tests.emulators.strap import SimulatedStrap
from tests.emulators.wire_in_memory import Wire
from tests.support.hand_timed_loop import HandTime

ROUND = 8000
RAMP: F64 = np.arange(ROUND) / 1000.0  # mV
FLOW, AWAY = 4.0, 3.0  # s
RR = (0.75, 0.8125, 0.875)  # s: what the strap plays, in whole 1/1024 s


@dataclass
class Rig:
    """A source, and how a test moves it: let signal flow for so many seconds, or take it away for so many.

    ``sure`` is how much of the first flow comes for sure, ``away`` how long it really is away, and ``jitter`` how far
    its times may be off, all in s.
    """

    source: Source
    flow: Callable[[float], None] = lambda _: None
    interrupt: Callable[[float], None] = lambda _: None
    sure: float = 1.0
    away: float = AWAY
    jitter: float = 0.06
    close: Callable[[], object] = lambda: None


def replay() -> Rig:
    samples = np.tile(RAMP, 2)
    first, second = round(FLOW * 1000), round((FLOW + AWAY) * 1000)

    def runs() -> Iterator[SampleRun]:
        yield SampleRun(0, samples[:first])
        yield SampleRun(second, samples[second : second + first], "lost samples")

    recording = FileRecording(StreamInfo(1000.0, ("ECG",)), runs)
    return Rig(Replay(recording, ReadOptions(speed=math.inf)), jitter=math.inf)  # as fast as it goes: it has no times


def over_wire(driver: Callable[[HandTime], Driver], emulator: Emulator) -> Rig:
    moved = HandTime()
    wire = Wire(moved, emulator)

    def interrupt(seconds: float) -> None:
        wire.away.add(emulator.name)
        wire.lose(emulator.name)
        moved.advance(seconds)
        wire.away.clear()

    return Rig(DeviceSource(driver(moved), wire, moved, make_loop=moved.make_loop), moved.advance, interrupt)


class Port:
    """A serial port with a Shimmer behind it, that is pulled out and plugged in again under the same name."""

    def __init__(self) -> None:
        self.name = Path(tempfile.mkdtemp(prefix="ecg-live-")) / "rfcomm0"
        self._emulator = SimulatedShimmer(RAMP, hardware=3)
        self._plug_in()

    def again(self, _: float) -> None:
        self._host.unplug()
        self.name.unlink()
        self._plug_in()

    def _plug_in(self) -> None:
        self._host = SerialHost(self._emulator)
        self.name.symlink_to(self._host.__enter__().port)

    def close(self) -> None:
        self._host.unplug()
        shutil.rmtree(self.name.parent)


def serial() -> Rig:
    if not hasattr(os, "openpty"):
        pytest.skip("this system has no pseudo-terminals")
    port = Port()
    name = str(port.name)
    source = DeviceSource(ShimmerDriver(name), SerialTransport(name), time.monotonic)
    return Rig(source, interrupt=port.again, sure=0.1, away=0.5, jitter=1.0, close=port.close)


class Outlet:
    """A real LSL outlet of which the session may be a minute behind, so that nothing waits for time to pass."""

    def __init__(self) -> None:
        self.info = pylsl.StreamInfo(f"ramp {uuid.uuid4().int % 10**9}", "ECG", 1, 256.0, pylsl.cf_double64, "ramp")
        self.info.set_channel_units(["microvolts"])
        self._origin = pylsl.local_clock() - 60
        self._at = 0
        self._open()

    def flow(self, seconds: float) -> None:
        assert self._outlet.wait_for_consumers(10)
        rows = np.arange(self._at, self._at + round(seconds * 256))
        self._at = int(rows[-1]) + 1
        self._outlet.push_chunk(rows[:, None] % ROUND * 1.0, self._origin + rows[-1] / 256)

    def interrupt(self, seconds: float) -> None:
        del self._outlet
        self._at += round(seconds * 256)
        self._open()

    def _open(self) -> None:
        self._outlet = pylsl.StreamOutlet(self.info)


def lsl() -> Rig:
    outlet = Outlet()
    source = open_lsl(f"name={outlet.info.name()}", ReadOptions(), time.monotonic, LslTimeouts(others=0.1, no_data=0.5))
    return Rig(source, outlet.flow, outlet.interrupt, sure=FLOW)


ECG: dict[str, Callable[[], Rig]] = {
    "replay": replay,
    "lsl": lsl,
    "polar": lambda: over_wire(lambda time: PolarDriver("", time), SimulatedPolar(Player(RAMP, POLAR_RATE_HZ), ppm=40)),
    "movesense": lambda: over_wire(
        lambda time: MovesenseDriver("", clock=time), SimulatedMovesense(Player(RAMP, 256.0), ppm=40)
    ),
    "movesense before 2.3": lambda: over_wire(
        lambda time: MovesenseDriver("", clock=time), SimulatedMovesense(Player(RAMP, 256.0), has_mv_path=False)
    ),
    "shimmer3r": lambda: over_wire(lambda time: ShimmerDriver("", clock=time), SimulatedShimmer(RAMP)),
    "shimmer3": lambda: over_wire(
        lambda time: ShimmerDriver("", rate=256, clock=time), SimulatedShimmer(RAMP, hardware=3)
    ),
    "shimmer on a serial port": serial,
}
ALL = ECG | {
    "strap": lambda: over_wire(lambda time: HeartRateDriver("", time), SimulatedStrap(RR)),
    "bitalino": lambda: over_wire(  # 10 bits do not hold the index of a sample: its own tests count
        lambda time: BitalinoDriver("BITalino-12-34", clock=time), SimulatedBitalino(RAMP)
    ),
}
