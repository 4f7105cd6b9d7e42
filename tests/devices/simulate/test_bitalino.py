"""The simulated BITalino keeps to the protocol."""

from __future__ import annotations

import numpy as np
import pytest

from devices.bitalino.protocol import FrameLayout, has_valid_crc
from devices.simulate.bitalino import SimulatedBitalino
from ecg_live.errors import RecordingError

LINE = ""


def started(emulator: SimulatedBitalino, start: int = 0x05) -> SimulatedBitalino:
    emulator.connect(0.0, 1024)
    assert emulator.write(LINE, bytes([0xC3, start]), 0.0) == []
    return emulator


def test_version_and_state_are_told_while_it_is_idle() -> None:
    emulator = SimulatedBitalino(np.zeros(10))
    (version,) = emulator.write(LINE, b"\x07", 0.0)
    (state,) = emulator.write(LINE, b"\x0b", 0.0)
    assert version.data == b"BITalino_v5.1\n"
    assert len(state.data) == 16
    assert has_valid_crc(state.data)


def test_old_firmware_has_no_state() -> None:
    assert SimulatedBitalino(np.zeros(10), version="BITalino_v3.0").write(LINE, b"\x0b", 0.0) == []


def test_frames_number_from_zero_after_each_start() -> None:
    emulator = started(SimulatedBitalino(np.zeros(10)))
    assert [packet.data[-1] >> 4 for packet in emulator.due(0.0305)] == [k % 16 for k in range(31)]
    emulator.write(LINE, b"\x00", 0.04)
    assert emulator.due(1.0) == []
    emulator.write(LINE, b"\x05", 2.0)
    assert emulator.due(2.0)[0].data[-1] >> 4 == 0


def test_a_full_buffer_drops_whole_frames_and_the_sequence_counts_them() -> None:
    emulator = started(SimulatedBitalino(np.zeros(10)), 0xFD)
    packets = emulator.due(1.0)
    assert {len(packet.data) for packet in packets} == {FrameLayout(6).size}
    assert len(packets) == 187
    assert emulator.due(1.001)[0].data[-1] >> 4 == 1001 % 16


@pytest.mark.parametrize(("mv", "count"), [(0.0, 512), (-1.5, 0), (-9.0, 0), (9.0, 1023)])
def test_counts(mv: float, count: int) -> None:
    emulator = started(SimulatedBitalino(np.full(3, mv)))
    assert FrameLayout(1).counts(emulator.due(0.0)[0].data) == (count,)


def test_nothing_to_play() -> None:
    with pytest.raises(RecordingError):
        SimulatedBitalino(np.empty((0, 1)))
