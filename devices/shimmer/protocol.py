"""Bytes of LogAndStream, the firmware of Shimmer3 and 3R: commands, replies, packets (docs/pages/protocols.md)."""

from __future__ import annotations

from binascii import crc_hqx
from enum import IntEnum
from typing import NamedTuple

from ecg_live.errors import ProtocolError

TICK_RATE_HZ = 32768.0  # of the device's clock
SHIMMER3, SHIMMER3R = 3, 10  # hardware ids
LOG_AND_STREAM = 3
_FIRMWARE_NAMES = {1: "BtStream", 2: "SDLog", LOG_AND_STREAM: "LogAndStream"}  # ShimmerVerDetails of Shimmer's Java API
ACK, NACK = 0xFF, 0xFE
DATA_PACKET = 0x00


class Command(IntEnum):
    """First byte of a command."""

    INQUIRY = 0x01
    SET_RATE = 0x05
    START = 0x07
    SET_SENSORS = 0x08
    STOP = 0x20
    FIRMWARE = 0x2E
    HARDWARE = 0x3F
    POWER = 0x5E
    SET_EXG = 0x61
    GET_EXG = 0x63
    STATUS = 0x72
    SET_CRC = 0x8B
    BATTERY = 0x95
    ACK_PREFIX = 0xA3


class ReplyCode(IntEnum):
    """First byte of a reply."""

    INQUIRY = 0x02
    HARDWARE = 0x25
    FIRMWARE = 0x2F
    EXG = 0x62
    STATUS = 0x8A


REPLY_CODES = {
    Command.INQUIRY: ReplyCode.INQUIRY,
    Command.HARDWARE: ReplyCode.HARDWARE,
    Command.FIRMWARE: ReplyCode.FIRMWARE,
    Command.GET_EXG: ReplyCode.EXG,
    Command.STATUS: ReplyCode.STATUS,
    Command.BATTERY: ReplyCode.STATUS,
}
STATUS_REPLY, BATTERY_REPLY = 0x71, 0x94  # second byte of a reply that may come between data packets


class StatusBits:
    """The bits of the first status byte that are used here."""

    DOCKED = 0x01
    SENSING = 0x02
    STREAMING = 0x10
    SD_ERROR = 0x40


class Uart(NamedTuple):
    """A serial line over BLE: UUIDs of its service, and of the characteristics to write and to be notified."""

    service: str
    write: str
    notify: str


UARTS = {
    SHIMMER3: Uart(
        "49535343-fe7d-4ae5-8fa9-9fafd205e455",
        "49535343-8841-43f4-a8d4-ecbe34729bb3",
        "49535343-1e4d-4bd9-ba61-23c647249616",
    ),
    SHIMMER3R: Uart(
        "65333333-a115-11e2-9e9a-0800200ca100",
        "65333333-a115-11e2-9e9a-0800200ca102",
        "65333333-a115-11e2-9e9a-0800200ca101",
    ),
}


class ShimmerFirmware(NamedTuple):
    """Firmware of a device."""

    kind: int
    major: int
    minor: int
    internal: int

    @classmethod
    def parse(cls, payload: bytes) -> ShimmerFirmware:
        """Parse the six bytes after ``2F``."""
        return cls(int.from_bytes(payload[:2], "little"), int.from_bytes(payload[2:4], "little"), *payload[4:6])

    @property
    def tick_bits(self) -> int:
        """Width of the ticks in a data packet: 16 before firmware 0.5.4, otherwise 24."""
        return 16 if self[1:] < (0, 5, 4) else 24

    def __str__(self) -> str:
        name = _FIRMWARE_NAMES.get(self.kind, f"kind {self.kind}")
        return f"{name} {self.major}.{self.minor}.{self.internal}"


class Inquiry(NamedTuple):
    """A device's settings: ``divider`` of the clock, and the channels of a data packet."""

    divider: int
    channels: tuple[int, ...]

    @classmethod
    def parse(cls, payload: bytes, config: int) -> Inquiry:
        """Parse the bytes after ``02``; ``config`` of them are other settings."""
        count = payload[2 + config]
        return cls(int.from_bytes(payload[:2], "little"), tuple(payload[4 + config : 4 + config + count]))


def config_bytes(hardware: int) -> int:
    """Length of the settings in the reply to an inquiry."""
    return 7 if hardware == SHIMMER3R else 4


def status_bytes(hardware: int) -> int:
    """Length of a status."""
    return 2 if hardware == SHIMMER3R else 1


def checksum(data: bytes, mode: int = 2) -> bytes:
    """Return the CRC that follows ``data``: two bytes in mode 2, the lower one in mode 1, none in mode 0.

    The firmware's byte-wise steps are CRC-CCITT, started at 0xB0CA: `binascii.crc_hqx`.
    """
    even = data + bytes(len(data) % 2)
    return crc_hqx(even, 0xB0CA).to_bytes(2, "little")[:mode]


_STATUS_1, _STATUS_2 = 0x1D, 0x20
_CHANNEL_BYTES = {
    _STATUS_1: 1,
    0x1E: 3,
    0x1F: 3,
    _STATUS_2: 1,
    0x21: 3,
    0x22: 3,
    0x23: 2,
    0x24: 2,
    0x25: 2,
    0x26: 2,
}  # bytes
LEADS = {"LL-RA": (0x1E, 0x23), "LA-RA": (0x1F, 0x24), "Vx-RL": (0x22, 0x26)}  # channel at 24 and at 16 bits


class PacketLayout:
    """Positions of ticks, status and samples in a data packet.

    Parameters
    ----------
    channels : tuple of int
        Ids in the order of the inquiry.
    bits : int
        Width of the samples, 24 or 16.
    tick_bits : int
        Width of the ticks, 24 or 16.

    Raises
    ------
    ProtocolError
        A channel is unknown, and with it the packet's length, or a channel of the ECG is missing.
    """

    def __init__(self, channels: tuple[int, ...], bits: int = 24, tick_bits: int = 24) -> None:
        places: dict[int, int] = {}
        at = 1 + tick_bits // 8
        for channel in channels:
            if channel not in _CHANNEL_BYTES:
                raise ProtocolError(
                    f"the Shimmer sends channel {channel:#04x}, which is not part of the ECG",
                    "install another version of LogAndStream",
                )
            places[channel] = at
            at += _CHANNEL_BYTES[channel]
        wanted = [_STATUS_1, _STATUS_2, *(ids[bits == 16] for ids in LEADS.values())]
        if missing := [f"{channel:#04x}" for channel in wanted if channel not in places]:
            raise ProtocolError(
                f"the Shimmer sends no ECG: channel {', '.join(missing)} is missing",
                "fit an ECG board, and LogAndStream as firmware",
            )
        self.size = at
        self.tick_bits = tick_bits
        self._ticks = slice(1, 1 + tick_bits // 8)
        self._status = places[_STATUS_1], places[_STATUS_2]
        self._samples = [slice(places[channel], places[channel] + bits // 8) for channel in wanted[2:]]

    def ticks(self, packet: bytes) -> int:
        """Device clock of a packet, in ticks."""
        return int.from_bytes(packet[self._ticks], "little")

    def status(self, packet: bytes) -> tuple[int, int]:
        """Status bytes of both chips."""
        one, two = self._status
        return packet[one], packet[two]

    def samples(self, packet: bytes) -> tuple[int, ...]:
        """One count per lead, in the order of `LEADS`."""
        return tuple(int.from_bytes(packet[place], "big", signed=True) for place in self._samples)
