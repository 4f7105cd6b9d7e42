"""Movesense's GATT SensorData Protocol (GSP), sans I/O: commands, replies, and what the sensor says of itself.

Source of codes and layouts: docs/pages/protocols.md, Movesense.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple, Self

from ecg_live.errors import ProtocolError

_GSP_UUID = "{}-7185-4d5d-b431-630e7050e8f0"
GSP_SERVICE_UUID, GSP_COMMAND_UUID, GSP_NOTIFY_UUID = (
    _GSP_UUID.format(start) for start in ("34802252", "34800001", "34800002")
)
ECG_INFO_PATH, BATTERY_LEVEL_PATH = "/Meas/ECG/Info", "/System/Energy/Level"
REBOOT_MODE = bytes([5])  # of PUT_SYSTEM_MODE
_HEADER_BYTES, _STATUS_BYTES = 2, 2


class GspCommand(IntEnum):
    """First byte of a command; its reference, which the client chooses, follows, then its payload."""

    HELLO = 0
    SUBSCRIBE = 1
    UNSUBSCRIBE = 2
    GET = 4
    PUT_SYSTEM_MODE = 7


class MessageKind(IntEnum):
    """First byte of a notification."""

    REPLY = 1
    DATA = 2
    CONTINUATION = 3


class GspStatus(IntEnum):
    """Status of a reply, as in HTTP."""

    OK = 200
    ACCEPTED = 202
    NOT_FOUND = 404
    CONFLICT = 409
    SLOTS_USED_UP = 429
    UNAVAILABLE = 503


class GspMessage(NamedTuple):
    """One notification, to the command with the same reference."""

    kind: MessageKind
    reference: int
    payload: bytes


class GspReply(NamedTuple):
    """Status and data of a reply; only HELLO's reply has no status."""

    status: int
    data: bytes

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Parse a reply's payload. Raises `ProtocolError` if it is too short for a status."""
        if len(payload) < _STATUS_BYTES:
            raise ProtocolError(
                f"Movesense's reply {payload.hex(' ') or 'of no byte'} is cut short", "update the sensor's firmware"
            )
        return cls(int.from_bytes(payload[:_STATUS_BYTES], "little"), payload[_STATUS_BYTES:])


def parse_message(data: bytes) -> GspMessage:
    """Parse a notification. Raises `ProtocolError` if it is none of GSP's."""
    if len(data) < _HEADER_BYTES or data[0] not in list(MessageKind):
        raise ProtocolError(
            f"Movesense's message {data[:8].hex(' ') or 'of no byte'} is none of its protocol's (kinds 1, 2, 3)",
            "update the sensor's firmware",
        )
    return GspMessage(MessageKind(data[0]), data[1], data[_HEADER_BYTES:])


def path_payload(path: str) -> bytes:
    """Return the payload that names a resource: its path, ended by a NUL."""
    return path.encode() + b"\0"


def describe_status(status: int) -> str:
    """Return a status as number and words."""
    known = status in list(GspStatus)
    return f"{status} {GspStatus(status).name.lower().replace('_', ' ')}" if known else f"status {status}"


class Hello(NamedTuple):
    """What a sensor says of itself; a field that is missing is empty."""

    serial: str
    product: str
    app: str
    app_version: str

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Parse the reply to HELLO: protocol version, then NUL-separated serial, product, DFU address, app, version."""
        texts = [part.decode("utf-8", "replace") for part in payload[1:].split(b"\0")]
        serial, product, _, app, version = (texts + [""] * 5)[:5]
        return cls(serial, product, app, version)

    def __str__(self) -> str:
        """Product, serial number and app, as far as they are known."""
        device = " ".join(part for part in (self.product, self.serial) if part) or "a sensor without a name"
        app = " ".join(part for part in (self.app, self.app_version) if part)
        return f"{device}, app {app}" if app else device


class EcgInfo(NamedTuple):
    """Sampling rates (Hz) that a sensor's ECG has, and the samples in a packet."""

    rates: tuple[int, ...]
    packet_samples: int

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Parse ``GET /Meas/ECG/Info``: count and u16 rates, u16 samples a packet, then filters; None if cut short."""
        words = 1 + (data[0] if data else 0)
        if len(data) < 1 + 2 * words or not data[0]:
            return None
        values = [int.from_bytes(data[at : at + 2], "little") for at in range(1, 1 + 2 * words, 2)]
        return cls(tuple(values[:-1]), values[-1])
