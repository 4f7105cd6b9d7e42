"""Control point of Polar's measurement data (PMD) service: requests, replies and errors (docs/pages/protocols.md)."""

from __future__ import annotations

import asyncio
from enum import IntEnum

from devices.link import Link, LinkLost

_PMD_UUID = "fb005c8{}-02e7-f387-1cad-8acd2d8df0c8"  # this and what follows: Polar's BLE SDK
PMD_SERVICE_UUID, PMD_CONTROL_UUID, PMD_DATA_UUID = (_PMD_UUID.format(digit) for digit in "012")
CONTROL_REPLY = 0xF0
_START, _STOP = 0x02, 0x03
_SETTING_RATE, _SETTING_RESOLUTION, _SETTING_RANGE = 0x00, 0x01, 0x02
_REPLY_TIMEOUT_S = 3.0


class Measurement(IntEnum):
    """What a strap can stream."""

    ECG = 0
    ACCELERATION = 2


def start_request(measurement: Measurement, rate: int, bits: int, range_g: int | None = None) -> bytes:
    """Return the request to start a measurement: rate in Hz, width of a sample in bits, range in g."""
    settings = [(_SETTING_RATE, rate), (_SETTING_RESOLUTION, bits)]
    if range_g is not None:
        settings.append((_SETTING_RANGE, range_g))
    parts = (bytes([kind, 1]) + value.to_bytes(2, "little") for kind, value in settings)
    return bytes([_START, measurement]) + b"".join(parts)


def stop_request(measurement: Measurement) -> bytes:
    """Return the request to stop a measurement."""
    return bytes([_STOP, measurement])


START_ECG_REQUEST = start_request(Measurement.ECG, 130, 14)
ALREADY_STREAMING_ERROR, MTU_TOO_SMALL_ERROR = 0x06, 0x0A
_ERROR_NAMES = {
    0x01: "unknown request", 0x02: "unknown measurement", 0x03: "not supported", 0x04: "wrong length",
    0x05: "wrong setting", ALREADY_STREAMING_ERROR: "it streams already, for another program",
    0x07: "resolution not supported", 0x08: "rate not supported", 0x09: "range not supported",
    MTU_TOO_SMALL_ERROR: "MTU too small", 0x0B: "wrong number of channels", 0x0C: "not now",
    0x0D: "it is in its charger",
}  # fmt: skip
TRANSIENT_ERRORS = (ALREADY_STREAMING_ERROR, 0x0C, 0x0D)


def error_name(error: int) -> str:
    """Return an error in words."""
    return _ERROR_NAMES.get(error, f"error {error:02X}")


class PmdControl:
    """The control point of one connection; `on_reply` takes its indications."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._replies: asyncio.Queue[bytes] = asyncio.Queue()

    def on_reply(self, data: bytes, _now: float) -> None:
        """Take an indication."""
        self._replies.put_nowait(data)

    async def start(self, request: bytes) -> int:
        """Start a measurement, once more after a stop if it runs already; return the error code.

        It may run for another program, or for one that was killed, or for this one before the link broke.

        Raises
        ------
        LinkLost
            There was no reply in time.
        """
        error = await self.request(request)
        if error == ALREADY_STREAMING_ERROR:
            await self.request(stop_request(Measurement(request[1])))
            error = await self.request(request)
        return error

    async def request(self, request: bytes) -> int:
        """Write a request and return the error code of its reply. Raises `LinkLost`."""
        while not self._replies.empty():  # late replies to earlier requests
            self._replies.get_nowait()
        await self._link.write(PMD_CONTROL_UUID, request)
        try:
            async with asyncio.timeout(_REPLY_TIMEOUT_S):
                while True:
                    reply = await self._replies.get()
                    if len(reply) >= 4 and reply[:3] == bytes([CONTROL_REPLY]) + request[:2]:
                        return reply[3]
        except TimeoutError as error:
            raise LinkLost(f"no answer within {_REPLY_TIMEOUT_S:g} s", "take the strap off for a minute") from error
