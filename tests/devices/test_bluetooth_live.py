"""Wearables through bleak's own BlueZ backend, over a virtual radio: every sample comes or is counted as lost."""

from __future__ import annotations

import gc
import os
import random
import threading
import time
from asyncio import Task
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devices.bluetooth.ble import BleTransport
from devices.bluetooth.movesense import MovesenseDriver
from devices.bluetooth.polar import PolarDriver
from devices.device_source import DeviceSource
from devices.link import Driver
from devices.shimmer import ShimmerDriver
from devices.simulate.emulator import Emulator
from devices.simulate.movesense import SimulatedMovesense
from devices.simulate.player import Player
from devices.simulate.polar import SimulatedPolar
from devices.simulate.shimmer import SimulatedShimmer
from tests.support.sample_ledger import Ledger, Listener, ramp

if TYPE_CHECKING:
    from tests.emulators.radio.radio import Radio
    from tests.emulators.radio.wearer import Wearer

SHIMMER_STEP = 2420 / 4 / (2**23 - 1)  # mV of a Shimmer at gain 4 and 24 bit
POLAR_STEP = 0.001  # mV of a Polar
MOVESENSE_STEP = 1000 / 20 / 2**17  # mV of a Movesense's counts
STARTED = 4.5  # s from the start to a second of data, with the search for another device of the same name
BACK = 2.0  # s from a device's return to its data
FAULTS = int(os.environ.get("ECG_LIVE_SOAK_FAULTS", "200"))
SOAK = float(os.environ.get("ECG_LIVE_SOAK_SECONDS", "60"))  # s; the long form is 600


class Worn:
    """A device on the air and what listens to it; ``late`` is how many samples may be under way."""

    def __init__(self, radio: Radio, emulator: Emulator, driver: Driver, step: float, number: int, late: int) -> None:
        self.emulator, self.rate, self._radio, self._late = emulator, driver.info.rate, radio, late
        self.wearer: Wearer = radio.add(emulator, f"F1:F1:F1:F1:F1:{number:02X}")
        source = DeviceSource(driver, BleTransport(), rng=random.Random(number))  # noqa: S311 - no secret
        self.listener = Listener(source, Ledger(step))

    @property
    def ledger(self) -> Ledger:
        return self.listener.ledger

    def close(self) -> None:
        """Stop listening, which lets go of the device."""
        self.listener.close()
        assert not self._radio.call(lambda: self.wearer.connected)

    def add_up(self) -> None:
        """All that was played came or is a gap, in order, but for what is under way."""
        assert self.listener.error is None
        assert self.ledger.wrong == []
        assert self.ledger.first is not None
        assert self.ledger.received + self.ledger.lost == self.ledger.stop - self.ledger.first
        assert 0 <= self._radio.call(lambda: self.emulator.played) - self.ledger.stop <= self._late


@contextmanager
def shimmer(radio: Radio, number: int = 1, rate: float = 512) -> Iterator[Worn]:
    name = f"Shimmer3R-{number:04X}-BLE"
    emulator = SimulatedShimmer(ramp(SHIMMER_STEP), name=name)
    worn = Worn(radio, emulator, ShimmerDriver(name, rate), SHIMMER_STEP, number, late=round(rate / 2))
    try:
        yield worn
    finally:
        worn.close()


@contextmanager
def polar(radio: Radio, number: int = 99) -> Iterator[Worn]:
    name = f"Polar H10 {number:08}"
    emulator = SimulatedPolar(Player(ramp(POLAR_STEP), 130), name)
    worn = Worn(radio, emulator, PolarDriver(name), POLAR_STEP, number, late=73 + 65)
    try:
        yield worn
    finally:
        worn.close()


@contextmanager
def movesense(radio: Radio, number: int = 77) -> Iterator[Worn]:
    name = f"Movesense {number:012}"
    emulator = SimulatedMovesense(Player(ramp(MOVESENSE_STEP), 512), name, has_mv_path=False)
    worn = Worn(radio, emulator, MovesenseDriver(name, 512), MOVESENSE_STEP, number, late=256)
    try:
        yield worn
    finally:
        worn.close()


def test_a_movesense_streams_is_lost_and_reboots(radio: Radio) -> None:
    with movesense(radio) as sensor:
        assert sensor.listener.hear(512, 8) < STARTED
        assert sensor.ledger.lost == 0
        radio.call(sensor.wearer.lose)
        assert sensor.listener.hear(32, 5) < BACK
        sensor.add_up()
        assert sensor.ledger.gaps == 1
        emulator = sensor.emulator
        assert isinstance(emulator, SimulatedMovesense)
        emulator.slots_used_up = True
        radio.run(sensor.wearer.disconnect())
        assert sensor.listener.hear(64, 15) < 12
        assert [state.detail[:28] for state in sensor.listener.states if state.state == "warning"] == [
            "the sensor answers 429: its "
        ]


def test_two_devices_stream_drop_out_and_come_back(radio: Radio) -> None:
    with shimmer(radio) as ecg, polar(radio) as strap:
        assert ecg.listener.hear(512, 8) < STARTED
        assert strap.listener.hear(73, 8) < STARTED
        assert ecg.ledger.lost == 0
        assert strap.ledger.lost == 0
        radio.call(ecg.wearer.lose)
        radio.run(strap.wearer.disconnect())
        assert ecg.listener.hear(10, 5) < BACK
        assert strap.listener.hear(73, 5) < BACK + 73 / 130
        for worn in (ecg, strap):
            assert worn.ledger.gaps == 1
            worn.add_up()


@pytest.mark.soak
def test_shimmer_and_polar_together_for_long(radio: Radio) -> None:
    with shimmer(radio) as ecg, polar(radio) as strap:
        assert ecg.listener.hear(1, 5) < 5
        assert strap.listener.hear(1, 5) < 5
        began, used = time.monotonic(), client_cpu(radio)
        assert ecg.listener.hear(round(512 * SOAK), SOAK + 5) < SOAK + 2
        share = (client_cpu(radio) - used) / (time.monotonic() - began)
        print(f"\n{SOAK:.0f} s: {ecg.ledger.received} and {strap.ledger.received} samples; {share:.1%} of a core")
        for worn in (ecg, strap):
            assert worn.ledger.lost == 0
            worn.add_up()
        assert share < 0.25


@pytest.mark.soak
def test_eight_wearers_at_once(radio: Radio) -> None:
    with ExitStack() as stack:
        wearers = [stack.enter_context(shimmer(radio, number, 256)) for number in range(1, 9)]
        for worn in wearers:
            assert worn.listener.hear(1, 20) < 20
        began, used = time.monotonic(), client_cpu(radio)
        assert wearers[-1].listener.hear(round(256 * SOAK / 2), SOAK) < SOAK
        share = (client_cpu(radio) - used) / (time.monotonic() - began)
        print(f"\n8 x 256 Hz: {sum(worn.ledger.received for worn in wearers)} samples; {share:.1%} of a core")
        for worn in wearers:
            assert worn.ledger.lost == 0
            worn.add_up()


@pytest.mark.soak
def test_two_hundred_random_faults(radio: Radio) -> None:
    rng = random.Random(4)  # noqa: S311 - no secret
    with shimmer(radio) as ecg, polar(radio) as strap:
        assert ecg.listener.hear(256, 5) < 5
        assert strap.listener.hear(73, 5) < 5
        slowest, held = 0.0, list[tuple[int, int, int, int]]()
        for number in range(FAULTS):
            worn, more = rng.choice(((ecg, 100), (ecg, 100), (strap, 2 * 73)))  # more than may be under way
            ecg.wearer.slices = rng.choice((None, lambda: rng.randrange(1, 21)))
            fault = rng.choice(KINDS)
            fault(radio, worn.wearer, rng)
            took = worn.listener.hear(more, 20) - more / worn.rate
            assert took < BACK, f"fault {number}: {fault.__name__} of {worn.emulator.name}"
            slowest = max(slowest, took)
            worn.listener.hear(rng.randrange(1, 300), 5)
            if number % 20 == 19:
                for both in (ecg, strap):
                    assert both.listener.hear(100, 10) < 10
                held.append(holdings())
        print(f"\nslowest return {slowest:.2f} s; threads, tasks, files, KiB: {held}")
        for worn in (ecg, strap):
            print(
                f"{worn.emulator.name}: {worn.ledger.received} came, {worn.ledger.lost} lost in {worn.ledger.gaps} gaps"
            )
            worn.add_up()
    threads, tasks, files, _ = zip(*held, strict=True)
    assert len(set(threads)) == 1
    assert len(set(files)) == 1
    assert max(tasks[1:]) <= tasks[0] + 1  # a wait ends and begins now and then; a leak grows with the faults
    assert held[-1][3] - held[1][3] < 8 * 1024


def lose(radio: Radio, wearer: Wearer, _rng: random.Random) -> None:
    radio.call(wearer.lose)


def drop(radio: Radio, wearer: Wearer, _rng: random.Random) -> None:
    radio.run(wearer.disconnect())


def leave(radio: Radio, wearer: Wearer, rng: random.Random) -> None:
    radio.run(wearer.leave())
    threading.Event().wait(rng.uniform(0, 3))
    radio.run(wearer.advertise())


def stall(radio: Radio, wearer: Wearer, rng: random.Random) -> None:
    radio.call(lambda: wearer.stall(True))
    threading.Event().wait(rng.uniform(0, 3))
    radio.call(lambda: wearer.stall(False))


def switch_adapter(radio: Radio, _wearer: Wearer, rng: random.Random) -> None:
    radio.run(radio.bluez.power(on=False))
    threading.Event().wait(rng.uniform(0, 1))
    radio.run(radio.bluez.power(on=True))


KINDS: tuple[Callable[[Radio, Wearer, random.Random], None], ...] = (lose, drop, leave, stall, switch_adapter)


def client_cpu(radio: Radio) -> float:
    """Processor time (s) of all threads but the radio's."""
    return time.process_time() - radio.cpu


def holdings() -> tuple[int, int, int, int]:
    """Threads, unfinished tasks, open files and memory (KiB) of this process."""
    gc.collect()
    tasks = sum(isinstance(one, Task) and not one.done() for one in gc.get_objects())
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    return threading.active_count(), tasks, len(list(Path("/proc/self/fd").iterdir())), resident
