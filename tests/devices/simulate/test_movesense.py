"""The simulated Movesense, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

from devices.bluetooth.gsp import GSP_COMMAND_UUID
from devices.simulate.movesense import BOOT_S, SimulatedMovesense
from devices.simulate.player import Player
from ecg_live.errors import RecordingError

PATH_MV, PATH_COUNTS = b"/Meas/ECG/200/mV\0", b"/Meas/ECG/200\0"


class Bench:
    """A sensor that plays its own index, in microvolt, at 200 Hz."""

    def __init__(self, mtu: int = 247, stamp: int = 0, *, has_mv_path: bool = True) -> None:
        player = Player(np.arange(1000) / 1000, 200)
        self.device = SimulatedMovesense(player, stamp=stamp, has_mv_path=has_mv_path)
        self.now = 50.0
        self.device.connect(self.now, mtu)

    def say(self, code: int, reference: int = 7, payload: bytes = b"") -> list[bytes]:
        packets = self.device.write(GSP_COMMAND_UUID, bytes([code, reference]) + payload, self.now)
        return [packet.data for packet in packets]

    def wait(self, seconds: float) -> list[bytes]:
        self.now += seconds
        return [packet.data for packet in self.device.due(self.now)]


def microvolt(first: int) -> bytes:
    return np.arange(first, first + 16).astype("<i2").tobytes()


def test_hello_has_no_status() -> None:
    (reply,) = Bench().say(0)
    assert reply.startswith(b"\x01\x07\x01174430000123\0Movesense Simulated\0")


def test_what_it_has() -> None:
    bench = Bench()
    assert bench.say(4, 9, b"/Meas/ECG/Info\0") == [
        bytes.fromhex("01 09 c800 01 c800 1000 03 2800 6400 9600 01 0000003f")
    ]
    assert bench.say(4, 9, b"/System/Energy/Level\0") == [bytes.fromhex("01 09 c800 4b")]
    assert bench.say(4, 9, b"/Meas/Nonsense\0") == [bytes.fromhex("01 09 9401")]


def test_packets_of_both_paths() -> None:
    bench = Bench(stamp=1000)
    assert bench.say(1, 7, PATH_MV) == [bytes.fromhex("01 07 c800")]
    first, second = bench.wait(0.16)
    assert first == b"\x02\x07" + (1005).to_bytes(4, "little") + microvolt(1)  # it ran before the subscription
    assert second == b"\x02\x07" + (1085).to_bytes(4, "little") + microvolt(17)
    bench = Bench()
    bench.say(1, 7, PATH_COUNTS)
    (packet,) = bench.wait(0.09)
    counts = np.frombuffer(packet, "<i4", offset=6)
    assert np.rint(counts * 0.38147).astype(int).tolist() == list(range(1, 17))


def test_what_exceeds_a_notification_continues() -> None:
    whole, cut = Bench(), Bench(mtu=23)
    for bench in (whole, cut):
        bench.say(1, 7, PATH_COUNTS)
    (packet,), parts = whole.wait(0.09), cut.wait(0.09)
    assert [(part[0], part[1], len(part)) for part in parts] == [(2, 7, 20), (3, 7, 20), (3, 7, 20), (3, 7, 16)]
    assert b"".join(part[2:] for part in parts) == packet[2:]


def test_old_firmware_has_counts_only() -> None:
    bench = Bench(has_mv_path=False)
    assert bench.say(1, 7, PATH_MV) == [bytes.fromhex("01 07 9401")]
    assert bench.say(1, 8, PATH_COUNTS) == [bytes.fromhex("01 08 c800")]
    assert bench.say(1, 9, b"/Meas/ECG/256\0") == [bytes.fromhex("01 09 9401")]


def test_a_subscription_ends_with_its_reference_or_the_connection() -> None:
    bench = Bench()
    bench.say(1, 7, PATH_MV)
    assert bench.say(2, 8) == [bytes.fromhex("01 08 9401")]
    assert bench.wait(0.2)
    assert bench.say(2, 7) == [bytes.fromhex("01 07 c800")]
    assert bench.wait(0.2) == []
    bench.say(1, 7, PATH_MV)
    bench.device.disconnect(bench.now)
    bench.device.connect(bench.now, 247)
    assert bench.wait(0.2) == []


def test_used_up_slots_outlast_the_connection_and_a_reboot_frees_them() -> None:
    bench = Bench()
    bench.device.slots_used_up = True
    bench.device.disconnect(bench.now)
    bench.device.connect(bench.now, 247)
    assert bench.say(4, 7, b"/Meas/ECG/Info\0") == bench.say(1, 7, PATH_MV) == [bytes.fromhex("01 07 ad01")]
    assert bench.say(7, 7, b"\x05") == [bytes.fromhex("01 07 ca00")]
    assert not bench.device.holds_link
    bench.device.connect(bench.now, 247)
    bench.wait(BOOT_S - 0.1)
    assert bench.say(0) == []
    bench.wait(0.1)
    bench.say(1, 7, PATH_MV)
    (packet,) = bench.wait(0.09)
    assert int.from_bytes(packet[2:6], "little") == 5  # ms: its clock began anew


def test_a_lost_packet_is_a_step_of_the_stamp() -> None:
    bench = Bench()
    bench.device.lost_packets = {2}
    bench.say(1, 7, PATH_MV)
    assert [int.from_bytes(packet[2:6], "little") for packet in bench.wait(0.4)] == [5, 85, 245, 325]


def test_a_rate_that_no_movesense_has() -> None:
    with pytest.raises(RecordingError, match=r"at 130 Hz, a Movesense plays 125, 128, .* \(resample them"):
        SimulatedMovesense(Player(np.zeros(10), 130))
    with pytest.raises(RecordingError, match="no sample to play"):
        SimulatedMovesense(Player(np.empty(0), 256))
