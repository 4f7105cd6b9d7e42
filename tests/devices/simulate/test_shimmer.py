"""The simulated Shimmer by itself, byte for byte against the facts on devices."""

from __future__ import annotations

import numpy as np
import pytest

from devices.shimmer.protocol import LOG_AND_STREAM, ShimmerFirmware
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.errors import RecordingError

T0 = 50.0
UUIDS = {
    3: (
        "49535343-fe7d-4ae5-8fa9-9fafd205e455",
        "49535343-8841-43f4-a8d4-ecbe34729bb3",
        "49535343-1e4d-4bd9-ba61-23c647249616",
    ),
    10: (
        "65333333-a115-11e2-9e9a-0800200ca100",
        "65333333-a115-11e2-9e9a-0800200ca102",
        "65333333-a115-11e2-9e9a-0800200ca101",
    ),
}
SETUP = "05 40 00  08 18 00 00"
COUNT = 2420 / 4 / (2**23 - 1)  # mV


def crc(data: bytes) -> bytes:
    """The facts' steps, written out."""
    c = 0xB0CA
    for byte in data + bytes(len(data) % 2):
        c = (c << 8 | c >> 8) & 0xFFFF
        c ^= byte
        c = (c ^ (c & 0xFF) >> 4) & 0xFFFF
        c = (c ^ c << 12) & 0xFFFF
        c = (c ^ (c & 0xFF) << 5) & 0xFFFF
    return c.to_bytes(2, "little")


class Bench:
    """Says bytes to a device and hears its bytes."""

    def __init__(self, device: SimulatedShimmer) -> None:
        self.device = device
        self.now = T0
        device.connect(self.now, 247)

    def say(self, message: str) -> bytes:
        data = bytes.fromhex(message)
        return b"".join(packet.data for packet in self.device.write("", data, self.now))

    def wait(self, seconds: float) -> bytes:
        self.now += seconds
        return b"".join(packet.data for packet in self.device.due(self.now))


@pytest.fixture
def bench() -> Bench:
    return Bench(SimulatedShimmer(np.arange(1000.0) * COUNT))


def ramp(hardware: int = 10, **settings: object) -> Bench:
    return Bench(SimulatedShimmer(np.arange(1000.0) * COUNT, hardware, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("hardware", [3, 10])
def test_services(hardware: int) -> None:
    device = SimulatedShimmer(np.zeros(1), hardware)
    (service,) = device.services
    by = {one.uuid: one.properties for one in service.characteristics}
    advertised, write, notify = UUIDS[hardware]
    assert device.advertised == (service.uuid,) == (advertised,)
    assert "write-without-response" in by[write]
    assert by[notify] == {"notify"}
    assert device.name.startswith("Shimmer3R-" if hardware == 10 else "Shimmer3-")


@pytest.mark.parametrize(("hardware", "code", "config", "status"), [(3, 3, 4, "00"), (10, 10, 7, "00 00")])
def test_questions(hardware: int, code: int, config: int, status: str) -> None:
    bench = ramp(hardware)
    assert bench.say("3F") == bytes([0xFF, 0x25, code])
    assert bench.say("2E") == bytes.fromhex("FF 2F 03 00 01 00 00 09")
    assert bench.say("72") == bytes.fromhex(f"FF 8A 71 {status}")
    assert bench.say(SETUP) == b"\xff\xff"
    ids = "06 01 1D 1E 1F 20 21 22"
    assert bench.say("01") == bytes.fromhex("FF 02 40 00" + "00" * config + ids)
    bench.say("08 00 00 18")
    assert bench.say("01")[-6:] == bytes.fromhex("1D 23 24 20 25 26")


def test_registers_as_written_save_for_the_bit_that_new_boards_set(bench: Bench) -> None:
    assert bench.say("61 00 00 0A 02 A0 10 40 40 2D 00 00 02 03") == b"\xff"
    assert bench.say("63 00 00 0A") == bytes.fromhex("FF 62 0A 02 A8 10 40 40 2D 00 00 02 03")
    bench.device.exg.clock_out = False
    assert bench.say("63 00 01 02") == bytes.fromhex("FF 62 02 A0 10")
    assert bench.say("61 01 03 01 17") == b"\xff"
    assert bench.say("63 01 00 0A") == bytes.fromhex("FF 62 0A 00 A0 10 17 47 00 00 00 02 01")
    assert bench.say("61 01 08 05 01 02 03 04 05") == b"\xff"  # beyond the last
    assert bench.say("63 01 00 0B") == bytes.fromhex("FF 62 0A 00 A0 10 17 47 00 00 00 01 02")


def test_crc_modes(bench: Bench) -> None:
    assert bench.say("8B 02") == bytes.fromhex("FF F4 65")
    assert bench.say("3F") == bytes.fromhex("FF 25 0A") + crc(bytes.fromhex("FF 25 0A"))
    assert bench.say("8B 01") == bytes.fromhex("FF F4")
    assert bench.say("8B 00") == bytes.fromhex("FF")


def test_packets(bench: Bench) -> None:
    bench.say(SETUP + "8B 02")
    assert bench.say("07") == bytes.fromhex("FF F4 65")
    assert bench.wait(0.0649) == b""
    data = bench.wait(0.0002 + 2 / 512)
    packets = [data[at : at + 20] for at in range(0, len(data), 20)]
    assert len(packets) == bench.device.played == 3
    for k, packet in enumerate(packets):
        body = bytes.fromhex("80 0000") + bytes([k]) + bytes.fromhex("0000") + bytes([k])
        body += bytes.fromhex("80 000000 0000") + bytes([k])
        ticks = round(0.065 * 32768) + 64 * k
        assert packet[:18] == b"\x00" + ticks.to_bytes(3, "little") + body
        assert packet[18:] == crc(packet[:18])


def test_packets_of_16_bits_are_coarser(bench: Bench) -> None:
    bench.say("05 40 00 08 00 00 18")
    bench.device.exg._samples = np.array([[2420 / 8 / 32767 * 258, -605.0, 605.0]])
    bench.say("07")
    assert bench.wait(0.0655)[4:] == bytes.fromhex("80 0102 8000 80 0000 7FFF")


@pytest.mark.parametrize(("version", "bits"), [((0, 5, 3), 16), ((0, 5, 4), 24)])
def test_ticks_wrap(version: tuple[int, int, int], bits: int) -> None:
    bench = ramp(firmware=ShimmerFirmware(LOG_AND_STREAM, *version), initial_ticks=(1 << bits) - 2130 - 64)
    bench.say(SETUP + "07")
    data = bench.wait(0.0655 + 1 / 512)
    size = 1 + bits // 8 + 14
    ticks = [int.from_bytes(data[at + 1 : at + 1 + bits // 8], "little") for at in range(0, len(data), size)]
    assert ticks == [(1 << bits) - 64, 0]


def test_settings_are_refused_while_it_streams(bench: Bench) -> None:
    bench.say(SETUP + "07")
    for message in ("05 80 00", "08 00 00 00", "5E 01", "61 00 00 01 00"):
        assert bench.say(message) == b"\xfe"
    assert bench.say("20") == b"\xff"
    assert bench.wait(1.0) == b""
    assert bench.say("05 80 00") == b"\xff"


def test_status_between_packets_loses_its_prefix_on_demand(bench: Bench) -> None:
    bench.say(SETUP + "8B 02 07")
    with_prefix, without = bytes.fromhex("FF 8A 71 12 00"), bytes.fromhex("8A 71 12 00")
    bench.device.send_status()
    assert bench.wait(0) == with_prefix + crc(with_prefix)
    assert bench.say("A3 00") == bytes.fromhex("FF F4 65")
    bench.device.send_status()
    assert bench.wait(0) == without + crc(without)
    assert bench.say("72") == without + crc(without)


def test_lead_off_shows_where_comparators_and_inputs_are_on(bench: Bench) -> None:
    bench.say(SETUP)
    bench.device.exg.electrodes_off = frozenset({"LL", "RA", "Vx"})
    bench.say("07")
    assert bench.wait(0.0655)[4::7] == b"\x80\x80"
    bench.say("20 61 00 01 01 E0 61 00 06 01 07 61 01 01 01 E0 61 01 06 01 04 07")
    data = bench.wait(0.0675)
    assert data[4:5] + data[11:12] == b"\x83\x84"


def test_stale_samples_say_so_and_are_old(bench: Bench) -> None:
    bench.say(SETUP)
    bench.device.exg.stale = {10: 1}
    bench.say("07")
    packet = bench.wait(0.0651 + 10 / 512)[-18:]
    assert packet[4:8] == bytes.fromhex("00 000006")
    assert packet[11:12] == b"\x80"


def test_disconnect_ends_stream_crc_and_half_a_command_but_not_the_clock(bench: Bench) -> None:
    bench.say(SETUP + "8B 02 A3 00 07")
    bench.wait(1.0)
    before = bench.device.played
    bench.say("05 80")
    bench.device.disconnect(bench.now)
    assert bench.wait(700.0) == b""
    assert bench.device.played == before + 700 * 512
    bench.device.connect(bench.now, 247)
    assert bench.say("3F") == bytes.fromhex("FF 25 0A")
    bench.say("07")
    packet = bench.wait(0.0675)[-18:]
    k = bench.device.played - 1
    assert int.from_bytes(packet[1:4], "little") == (2130 + 64 * k) % 2**24
    assert int.from_bytes(packet[5:8], "big") == k % 1000


@pytest.mark.parametrize("notify", [42, 7])
def test_notifications_are_slices_of_a_byte_stream(notify: int) -> None:
    bench = ramp(notify=notify)
    bench.say(SETUP + "07")
    bench.now += 1
    sizes = [len(packet.data) for packet in bench.device.due(bench.now)]
    assert set(sizes[:-1]) == {notify}
    assert sum(sizes) == 18 * bench.device.played
    bench.device.connect(bench.now, 23)
    bench.now += 1
    assert max(len(packet.data) for packet in bench.device.due(bench.now)) == min(notify, 20)


def test_commands_may_come_in_pieces(bench: Bench) -> None:
    assert [bench.say(byte) for byte in SETUP.split()] == [b"", b"", b"\xff", b"", b"", b"", b"\xff"]
    assert bench.say("EE 3F") == bytes.fromhex("FF 25 0A")  # the first is no command


def test_full_buffer_drops_whole_packets() -> None:
    bench = ramp(buffer=100)
    bench.say(SETUP + "07")
    data = bench.wait(1.0)
    assert len(data) == 6 * 18
    data = bench.wait(0.002)
    assert int.from_bytes(data[5:8], "big") == bench.device.played - 1


def test_ends_where_the_recording_does() -> None:
    bench = ramp(loop=False)
    bench.say(SETUP + "07")
    assert len(bench.wait(10.0)) == 1000 * 18
    assert bench.wait(10.0) == b""
    assert bench.device.played == 1000


def test_clock_of_its_own() -> None:
    bench = ramp(ppm=100)
    bench.say(SETUP + "07")
    bench.wait(1000.0)
    assert bench.device.played == pytest.approx((1000 * 1.0001 - 0.065) * 512, abs=1.1)


def test_logging_board_and_old_firmware() -> None:
    bench = ramp(exg=False, crc=False)
    assert bench.say("61 00 00 01 00") == b"\xfe"
    assert bench.say("8B 02") == b""
    assert bench.say("A3 00") == b""
    bench.say("08 18 00 00")
    assert bench.say("01")[-2:] == b"\x00\x01"
    bench.device.logging = True
    assert bench.say("3F") == b"\xfe"


@pytest.mark.parametrize("samples", [np.empty(0), np.array([1.0, np.nan])])
def test_nothing_to_play(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    with pytest.raises(RecordingError):
        SimulatedShimmer(samples)
