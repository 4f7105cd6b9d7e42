"""Bytes of a BITalino: commands, replies, data frames and their CRC (docs/pages/protocols.md, BITalino)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

PORT_NAMES = ("A1", "A2", "A3", "A4", "A5", "A6")
RATES_HZ = (10, 100, 1000)  # 1 Hz as well, which is no use here
STOP_COMMAND, VERSION_COMMAND, STATE_COMMAND = bytes([0x00]), bytes([0x07]), bytes([0x0B])
SEQUENCE_COUNT = 16  # values of a frame's sequence number
STATE_SINCE_VERSION = (4, 2)  # of the firmware
_LONG_STATE_SINCE_VERSION = (5, 2)
_STATE_BYTES, _LONG_STATE_BYTES = 16, 17
_BATTERY_PLACE = slice(12, 14)  # in the state, after six channels of two bytes
_VOLTS_PER_BATTERY_COUNT = 2 * 3.3 / 1023  # behind a divider by two; the firmware's threshold of 527 is 3.4 V
_EMPTY_BATTERY_V, _FULL_BATTERY_V = 3.4, 4.2  # the firmware's lowest threshold, and a charged lithium cell
_VERSION_PATTERN = re.compile(rb"BITalino\D*(\d+)\.(\d+)[^\n]*\n")

_HEAD_BITS = 12  # of a frame: sequence number, CRC, digital ports
_WIDE_PORTS = 4  # ports with 10 bits; more have 6
# Remainders by x^4 + x + 1 of each nibble, moved up by four bits.
_CRC_OF_NIBBLE = (0, 3, 6, 5, 12, 15, 10, 9, 11, 8, 13, 14, 7, 4, 1, 2)
_CRC_AFTER_BYTE = tuple(_CRC_OF_NIBBLE[_CRC_OF_NIBBLE[crc]] for crc in range(16))
_CRC_OF_BYTE = tuple(_CRC_OF_NIBBLE[byte >> 4] ^ (byte & 15) for byte in range(256))


class BitalinoFirmware(NamedTuple):
    """Version of a device's firmware."""

    major: int
    minor: int

    @classmethod
    def parse(cls, received: bytes) -> BitalinoFirmware | None:
        """Find the version in received bytes; None if it is not complete, or not a BITalino's."""
        found = _VERSION_PATTERN.search(received)
        return None if found is None else cls(int(found[1]), int(found[2]))

    @property
    def state_bytes(self) -> int:
        """Length of the reply to `STATE_COMMAND`; 0 for firmware that knows no state."""
        if self < STATE_SINCE_VERSION:
            return 0
        return _STATE_BYTES if self < _LONG_STATE_SINCE_VERSION else _LONG_STATE_BYTES


def rate_command(rate: int) -> bytes:
    """Command that sets the sampling rate: 10, 100 or 1000 Hz."""
    return bytes([(RATES_HZ.index(rate) + 1) << 6 | 0x03])


def start_command(ports: Sequence[int]) -> bytes:
    """Command that starts the stream of some ports, 0 to 5."""
    return bytes([0x01 | sum(1 << (2 + port) for port in ports)])


def has_valid_crc(message: bytes) -> bool:
    """Whether the last nibble is the CRC of all bits before it."""
    return _crc(message) == message[-1] & 15


def with_crc(message: bytes) -> bytes:
    """Replace the last nibble by the CRC."""
    return message[:-1] + bytes([message[-1] & 0xF0 | _crc(message)])


def _crc(message: bytes) -> int:
    """CRC of a message without its last nibble, each byte's high bits first."""
    crc = 0
    for byte in message[:-1]:
        crc = _CRC_AFTER_BYTE[crc] ^ _CRC_OF_BYTE[byte]
    return _CRC_OF_NIBBLE[_CRC_OF_NIBBLE[crc] ^ message[-1] >> 4]


def battery_level(state: bytes) -> float:
    """Charge from 0 to 1 in a device's state: linear from 3.4 to 4.2 V."""
    volts = int.from_bytes(state[_BATTERY_PLACE], "little") * _VOLTS_PER_BATTERY_COUNT
    return min(1.0, max(0.0, (volts - _EMPTY_BATTERY_V) / (_FULL_BATTERY_V - _EMPTY_BATTERY_V)))


def state_reply(battery_volts: float, size: int) -> bytes:
    """Return the state of a device whose ports all read 0."""
    state = bytearray(size)
    state[_BATTERY_PLACE] = round(battery_volts / _VOLTS_PER_BATTERY_COUNT).to_bytes(2, "little")
    return with_crc(bytes(state))


class FrameLayout:
    """Positions in a data frame, read as one little-endian number: from its top sequence number, CRC, digital ports.

    Parameters
    ----------
    count : int
        Number of ports in a frame, 1 to 6. The first four have 10 bits, the fifth and the sixth have 6.
    """

    def __init__(self, count: int) -> None:
        self.bits = tuple(10 if place < _WIDE_PORTS else 6 for place in range(count))
        self.size = (_HEAD_BITS + sum(self.bits) + 7) // 8
        stops = [_HEAD_BITS + sum(self.bits[: place + 1]) for place in range(count)]
        self._shifts = [8 * self.size - stop for stop in stops]

    def counts(self, frame: bytes) -> tuple[int, ...]:
        """One count per port."""
        number = int.from_bytes(frame, "little")
        return tuple(number >> shift & (1 << bits) - 1 for shift, bits in zip(self._shifts, self.bits, strict=True))

    def frame(self, sequence: int, counts: Sequence[int]) -> bytes:
        """Return the frame of one sample, all digital ports low."""
        number = sequence << 8 * self.size - 4
        for shift, count in zip(self._shifts, counts, strict=True):
            number |= count << shift
        return with_crc(number.to_bytes(self.size, "little"))
