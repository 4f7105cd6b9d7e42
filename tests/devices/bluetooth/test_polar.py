"""Polar H10: frames, the counter from stamps, and the driver against a simulated strap."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Iterable

import numpy as np
import pytest

from devices.bluetooth.frame_timeline import FrameTimeline
from devices.bluetooth.pmd import PMD_CONTROL_UUID, PMD_DATA_UUID, START_ECG_REQUEST
from devices.bluetooth.polar import PolarDriver
from devices.bluetooth.polar_frames import POLAR_RATE_HZ, parse_frame
from devices.link import FoundDevice
from devices.simulate.emulator import Packet
from devices.simulate.heart_rate import SimulatedHeart
from devices.simulate.player import Player
from devices.simulate.polar import SET_STAMP_NS, SimulatedPolar
from ecg_live.errors import DeviceLost, ProtocolError
from ecg_live.events import Battery, Beats, Chunk, Gap, State, StreamEvent
from tests.support.driver_streaming import Streamed, stream
from tests.support.hand_timed_loop import HandTime

COUNT = Player(np.arange(8000) / 1000, POLAR_RATE_HZ)  # each sample is its own index, in microvolt


def frame(first: int, count: int = 73, stamp: int | None = None, kind: int = 0, type_: int = 0) -> bytes:
    stamp = SET_STAMP_NS + round((first + count - 1) * 1e9 / POLAR_RATE_HZ) if stamp is None else stamp
    values = b"".join((k % 8000).to_bytes(3, "little", signed=True) for k in range(first, first + count))
    return struct.pack("<BQB", kind, stamp, type_) + values


def laid(frames: Iterable[tuple[bytes, float]]) -> list[Chunk | StreamEvent]:
    timeline = FrameTimeline(POLAR_RATE_HZ, "strap")
    return [item for data, arrived in frames for item in timeline.push(parse_frame(data), arrived)]


def indices(samples: np.ndarray) -> np.ndarray:
    """Check that samples that came are a run of indices with holes of the right length."""
    at = np.flatnonzero(np.isfinite(samples))
    values = np.round(samples[at] * 1000).astype(int)
    assert ((values - at - values[0] + at[0]) % 8000 == 0).all()
    return at


def test_bytes_of_a_frame() -> None:
    data = bytes.fromhex("00 EA 54 A2 42 8B 45 52 08 00 FF FF FF 01 00 00 00 00 80 FF FF 7F")
    got = parse_frame(data)
    assert got.stamp == 0x0852458B42A254EA
    assert got.samples.tolist() == [-0.001, 0.001, -8388.608, 8388.607]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (frame(0, 4, kind=2), "frame of acceleration, type 0"),
        (frame(0, 4, type_=0x81), "frame of compressed ECG, type 1"),
        (frame(0, 4, kind=9), "frame of kind 9"),
        (frame(0, 4)[:-1], "21 bytes is cut short"),
        (b"", "0 bytes is cut short"),
    ],
)
def test_other_frames_are_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        parse_frame(data)


def test_lost_frames_are_counted_from_the_stamps() -> None:
    items = laid((frame(73 * k), 10 + 0.56 * k) for k in range(40) if k not in {7, 20, 21, 22})
    gaps = [item for item in items if isinstance(item, Gap)]
    assert [(gap.start, gap.lost, gap.cause) for gap in gaps] == [
        (7 * 73, 73, "lost frames"),
        (20 * 73, 3 * 73, "lost frames"),
    ]
    assert [item.start for item in items if isinstance(item, Chunk)] == [
        73 * k for k in range(40) if k not in {7, 20, 21, 22}
    ]


def test_a_frame_that_comes_twice_is_dropped_and_reported() -> None:
    items = laid([(frame(0), 1.0), (frame(73), 1.6), (frame(73), 1.7), (frame(146), 2.2)])
    assert [item.start for item in items if isinstance(item, Chunk)] == [0, 73, 146]
    assert [item.detail for item in items if isinstance(item, State)] == ["73 samples came twice and were dropped"]


def test_a_thousand_frames_that_come_twice_are_reported_and_counted_in_a_few_words() -> None:
    items = laid((frame(73 * (k // 2)), 1 + 0.28 * k) for k in range(2000))
    assert [item.start for item in items if isinstance(item, Chunk)] == [73 * k for k in range(1000)]
    said = [item.detail for item in items if isinstance(item, State) and item.state == "warning"]
    assert said == [
        f"73 samples came twice and were dropped{n}" for n in ("", *(f" ({10**k} times by now)" for k in (1, 2, 3)))
    ]


def test_jitter_of_stamps_is_no_loss() -> None:
    jitter = [0, 5, -5, 4, 0, -4, 3]  # ms
    frames = [
        (frame(73 * k, stamp=SET_STAMP_NS + round((73 * k) / POLAR_RATE_HZ * 1e9) + ms * 10**6), k * 0.56)
        for k, ms in enumerate(jitter)
    ]
    assert not [item for item in laid(frames) if not isinstance(item, Chunk)]


def test_a_strap_whose_rate_is_off_loses_nothing_over_a_long_gap() -> None:
    step = round(1e9 / 130.3)
    frames = [
        (frame(73 * k, stamp=SET_STAMP_NS + 73 * k * step), k * 73 / 130.3) for k in range(1000) if not 400 <= k < 600
    ]
    gaps = [item for item in laid(frames) if isinstance(item, Gap)]
    assert [(gap.start, gap.lost) for gap in gaps] == [(400 * 73, 200 * 73)]


@pytest.mark.parametrize("fallen", [-(10**17), 10**15])
def test_a_clock_that_was_set_is_a_gap_by_the_computers_clock(fallen: int) -> None:
    frames = [(frame(73 * k), 0.5615 * k) for k in range(10)]
    frames += [
        (frame(73 * k, stamp=SET_STAMP_NS + fallen + k * round(73e9 / POLAR_RATE_HZ)), 30 + 0.5615 * k)
        for k in range(10)
    ]
    (gap,) = [item for item in laid(frames) if isinstance(item, Gap)]
    assert gap.lost == pytest.approx((30 - 9 * 0.5615) * POLAR_RATE_HZ - 73, abs=3)
    assert "the strap's clock was set" in gap.cause


@pytest.mark.parametrize("mtu", [23, 64, 232, 517])
def test_driver_gives_what_the_strap_plays(mtu: int) -> None:
    time = HandTime()
    strap = SimulatedPolar(COUNT, ppm=80, heart=SimulatedHeart([0.8, 0.9]))
    got = stream(PolarDriver("", time), strap, time, lambda _: asyncio.sleep(70), mtu)
    assert len(indices(got.samples)) == pytest.approx(70 * POLAR_RATE_HZ, abs=100)
    assert not got.of(Gap)
    assert [battery.level for battery in got.of(Battery)] == [0.88]
    assert {beats.heart_rate for beats in got.of(Beats)} == {75.0, 67.0}
    assert got.chunks[-1].arrived is not None
    assert got.chunks[-1].time == pytest.approx(
        got.chunks[-1].arrived - len(got.chunks[-1].samples) / POLAR_RATE_HZ, abs=0.02
    )
    assert got.details("clock")[0].startswith("device clock +")
    assert got.details("streaming") == ["Polar H10 streams"]
    assert strap._next_frame is None  # stopped


def test_link_losses_are_gaps_to_the_sample() -> None:
    time = HandTime()
    strap = SimulatedPolar(COUNT, ppm=-30)

    async def script(got: Streamed) -> None:
        for away in (0.3, 4.0, 40.0):
            await asyncio.sleep(5)
            got.lose()
            await asyncio.sleep(away)
            got.back()
        await asyncio.sleep(5)

    got = stream(PolarDriver("12345678", time), strap, time, script)
    samples = got.samples
    first = round(float(samples[0]) * 1000)
    assert len(indices(samples)) < len(samples)
    assert first + len(samples) == pytest.approx(strap.played, abs=73)
    assert [gap.cause for gap in got.of(Gap)] == ["connection lost"] * 3


@pytest.mark.parametrize("faults", [12, pytest.param(200, marks=pytest.mark.soak)])
def test_random_faults_leave_nothing_unaccounted(faults: int) -> None:
    time, rng = HandTime(), random.Random(faults)  # noqa: S311
    strap = SimulatedPolar(COUNT, ppm=60)

    async def script(got: Streamed) -> None:
        await asyncio.sleep(2)
        for _ in range(faults):
            await asyncio.sleep(rng.uniform(0.05, 8))
            match rng.choice(("lose", "drop", "stall")):
                case "stall":
                    got.wire.stalled.add(strap.name)
                    await asyncio.sleep(rng.uniform(0.1, 9))
                    got.wire.stalled.clear()
                case "drop":
                    got.wire.drop(strap.name)
                case _:
                    got.lose()
                    await asyncio.sleep(rng.uniform(0.0, 40))
                    got.back()
        await asyncio.sleep(6)
        assert len(asyncio.all_tasks()) < 12

    got = stream(PolarDriver("", time), strap, time, script)
    samples = got.samples
    indices(samples)
    assert round(float(samples[0]) * 1000) + len(samples) == pytest.approx(strap.played, abs=73)
    assert len(got.of(Gap)) >= faults // 3


def test_off_the_skin_it_drops_the_link_and_its_clock_falls_back() -> None:
    time = HandTime()
    strap = SimulatedPolar(COUNT)
    began: list[float] = []

    async def script(got: Streamed) -> None:
        await asyncio.sleep(5)
        strap.set_skin_contact(time(), on=False)
        while strap.holds_link:  # noqa: ASYNC110 - the strap knows of no Event
            await asyncio.sleep(0.1)
        began.append(time())
        got.lose()
        await asyncio.sleep(100)
        strap.set_skin_contact(time(), on=True)
        got.back()
        await asyncio.sleep(5)

    got = stream(PolarDriver("", time), strap, time, script)
    assert began[0] == pytest.approx(1000 + 5 + 45, abs=0.3)
    (gap,) = got.of(Gap)
    assert "clock was set" in gap.cause
    assert gap.lost / POLAR_RATE_HZ == pytest.approx(100, abs=1.5)
    assert len(got.samples) / POLAR_RATE_HZ == pytest.approx(155, abs=1)


def test_a_strap_that_still_streams_for_somebody_else_is_stopped_first() -> None:
    time = HandTime()
    strap = SimulatedPolar(COUNT)
    strap.connect(time(), 232)
    strap.write(PMD_CONTROL_UUID, bytes.fromhex("02 00 00 01 82 00 01 01 0E 00"), time())
    got = stream(PolarDriver("", time), strap, time, lambda _: asyncio.sleep(3))
    assert got.chunks
    assert [data.hex() for _, data in got.wire.links[strap.name].written[:3]] == [
        "02000001820001010e00",
        "0300",
        "02000001820001010e00",
    ]


class Charging(SimulatedPolar):
    """Refuses the first requests."""

    refusals, refusal = 2, 0x0D

    def _execute(self, data: bytes) -> int:
        self.refusals -= 1
        return self.refusal if self.refusals >= 0 else super()._execute(data)


class Mute(SimulatedPolar):
    """Accepts its first requests to start, and sends no frame for them."""

    silent = 1

    def _execute(self, data: bytes) -> int:
        if data == START_ECG_REQUEST and self.silent:
            self.silent -= 1
            return 0
        return super()._execute(data)


def test_what_passes_is_waited_for() -> None:
    time = HandTime()
    got = stream(PolarDriver("", time), Charging(COUNT), time, lambda _: asyncio.sleep(9))
    assert len(got.samples) > 7 * POLAR_RATE_HZ


class Wrong(SimulatedPolar):
    """Says what a test wants it to say."""

    data = b""

    def due(self, now: float) -> list[Packet]:
        return [Packet(PMD_DATA_UUID, self.data)] if super().due(now) else []


def test_an_mtu_that_is_too_small_is_reported() -> None:
    time = HandTime()
    with pytest.raises(ProtocolError, match="refuses to send ECG: MTU too small") as error:
        stream(PolarDriver("", time), SimulatedPolar(COUNT, min_mtu=70), time, lambda _: asyncio.sleep(9), mtu=64)
    assert "adapter" in error.value.remedy


def test_frames_of_another_type_end_it() -> None:
    time = HandTime()
    strap = Wrong(COUNT)
    strap.data = frame(0, type_=0x80)
    with pytest.raises(ProtocolError, match="compressed ECG"):
        stream(PolarDriver("", time), strap, time, lambda _: asyncio.sleep(9))


@pytest.mark.parametrize("silent", [1, 2])
def test_a_strap_that_streams_nothing_has_its_stream_started_again_then_the_connection_made_again(silent: int) -> None:
    time = HandTime()
    strap = Mute(COUNT)
    strap.silent = silent
    got = stream(PolarDriver("", time), strap, time, lambda _: asyncio.sleep(25))
    assert got.wire.connects == silent
    assert got.details("warning") == ["Polar H10 is connected and sends no ECG: its stream is started again"]
    again = [detail for detail in got.details("searching") if "does not stream" in detail]
    why = "it sends no ECG, although its stream was started twice"
    assert again == (silent - 1) * [f"Polar H10 is in reach but does not stream: {why}; trying again"]
    assert len(indices(got.samples)) > 500


def test_a_strap_that_never_streams_ends_with_a_remedy() -> None:
    time = HandTime()
    strap = Mute(COUNT)
    strap.silent = 99
    with pytest.raises(DeviceLost, match="in reach but does not stream: it sends no ECG") as error:
        stream(PolarDriver("", time), strap, time, lambda _: asyncio.sleep(99))
    assert "end the other program" in error.value.remedy


def test_a_strap_that_another_program_goes_on_streaming_is_named() -> None:
    time = HandTime()
    strap = Charging(COUNT)
    strap.refusals, strap.refusal = 999, 0x06
    with pytest.raises(DeviceLost, match="it streams already, for another program") as error:
        stream(PolarDriver("", time), strap, time, lambda _: asyncio.sleep(99))
    assert "end the other program" in error.value.remedy


def test_a_strap_without_ecg_is_named() -> None:
    time = HandTime()
    strap = SimulatedPolar(COUNT)
    strap.services = strap.services[1:]
    with pytest.raises(ProtocolError, match=r"no PMD service\); it offers heart rate") as error:
        stream(PolarDriver("", time), strap, time, lambda _: asyncio.sleep(9))
    assert "hr:" in error.value.remedy


def test_a_broken_frame_amid_the_stream_is_a_gap_and_reported_once() -> None:
    time = HandTime()
    strap = SimulatedPolar(COUNT)

    async def script(got: Streamed) -> None:
        await asyncio.sleep(3)
        link = got.wire.links[strap.name]
        for _ in range(3):
            link._takes[PMD_DATA_UUID](b"\x00" * 12)
        await asyncio.sleep(3)

    got = stream(PolarDriver("", time), strap, time, script)
    assert got.details("warning") == ["Polar frame of 12 bytes is cut short (move the strap nearer)"]
    assert len(indices(got.samples)) > 600


def test_choice_by_name() -> None:
    for name, wanted in [("", "Polar H10 1"), ("1234", "Polar H10 12345678"), ("00:0a", "x")]:
        assert PolarDriver(name).matches(FoundDevice(wanted, "00:0A"))
    assert not PolarDriver("").matches(FoundDevice("Polar Sense 1", "00:0A"))
    assert not PolarDriver("99").matches(FoundDevice("Polar H10 1", "00:0A"))
    assert PolarDriver("1234").description == "Polar 1234"
