"""Polar H10: ECG at 130 Hz over Polar's measurement data (PMD) service, and the strap's own beats."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from devices.bluetooth.frame_timeline import FrameTimeline
from devices.bluetooth.gatt import describe_services, name_matches, notify_on_loop, watch_battery
from devices.bluetooth.heart_rate import watch_beats
from devices.bluetooth.polar_frames import POLAR_RATE_HZ, parse_frame
from devices.link import Emit, FoundDevice, Link, LinkLost
from devices.repeated_warnings import WarningCounter
from ecg_live.errors import DeviceError, ProtocolError
from ecg_live.events import Clock, State, StreamInfo

_PMD_UUID = "fb005c8{}-02e7-f387-1cad-8acd2d8df0c8"  # this and what follows: Polar's BLE SDK
PMD_SERVICE_UUID, PMD_CONTROL_UUID, PMD_DATA_UUID = (_PMD_UUID.format(digit) for digit in "012")
START_ECG_REQUEST = bytes.fromhex("02 00 00 01 82 00 01 01 0E 00")  # ECG, 130 Hz, 14 bit
STOP_ECG_REQUEST = bytes.fromhex("03 00")
CONTROL_REPLY = 0xF0
ALREADY_STREAMING_ERROR, MTU_TOO_SMALL_ERROR = 0x06, 0x0A
_ERROR_NAMES = {
    0x01: "unknown request", 0x02: "unknown measurement", 0x03: "not supported", 0x04: "wrong length",
    0x05: "wrong setting", ALREADY_STREAMING_ERROR: "already streaming", 0x07: "resolution not supported",
    0x08: "rate not supported", 0x09: "range not supported", MTU_TOO_SMALL_ERROR: "MTU too small",
    0x0B: "wrong number of channels", 0x0C: "not now", 0x0D: "it is in its charger",
}  # fmt: skip
_TRANSIENT_ERROR_CODES = (0x0C, 0x0D)
_REPLY_TIMEOUT_S = 3.0
_FIRST_FRAME_TIMEOUT_S = 5.0  # a frame lasts 0.56 s


class PolarDriver:
    """Driver of a Polar H10.

    Parameters
    ----------
    name : str
        Part of its name (its number), or its address; empty for the first one in reach.
    clock : Clock
        Session clock in s.
    """

    def __init__(self, name: str = "", clock: Clock = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._timeline = FrameTimeline(POLAR_RATE_HZ, "strap")
        self._link: Link | None = None
        self._replies: asyncio.Queue[bytes] = asyncio.Queue()
        self._rejected_frames = WarningCounter()

    @property
    def info(self) -> StreamInfo:
        """One channel at 130 Hz."""
        return StreamInfo(POLAR_RATE_HZ, ("ECG",), name=self.description, source_id=self._name)

    @property
    def description(self) -> str:
        """The strap searched for."""
        name = self._name or "Polar H10"
        return name if name.casefold().startswith("polar") else f"Polar {name}"

    def matches(self, found: FoundDevice) -> bool:
        """Whether the name matches; without a name, whether it is an H10."""
        return name_matches(self._name or "Polar H10", found)

    async def start(self, link: Link, emit: Emit) -> None:
        """Start the ECG and wait for its first frame.

        Raises
        ------
        LinkLost
            There was no reply or no frame in time, or the strap is busy.
        ProtocolError
            It is not an H10, refuses, or sends frames of another type.
        """
        if PMD_SERVICE_UUID not in link.services:
            raise ProtocolError(
                f"{self.description} has no ECG (no PMD service); it offers {describe_services(link)}",
                "a strap without ECG is read by hr:",
            )
        self._link, self._replies = link, asyncio.Queue()
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._timeline.connect()
        await link.subscribe(
            PMD_CONTROL_UUID, notify_on_loop(lambda data, _: self._replies.put_nowait(data), self._clock)
        )
        await link.subscribe(
            PMD_DATA_UUID, notify_on_loop(lambda data, now: self._on_frame(link, data, now, emit, first), self._clock)
        )
        await self._start_ecg(link)
        try:
            async with asyncio.timeout(_FIRST_FRAME_TIMEOUT_S):
                await first
        except TimeoutError as error:
            raise LinkLost(f"no ECG within {_FIRST_FRAME_TIMEOUT_S:g} s", "moisten the strap and wear it") from error
        await watch_beats(link, emit, self._clock)
        await watch_battery(link, emit, self._clock)

    async def stop(self, link: Link) -> None:
        """Stop the ECG: the strap would stay on otherwise."""
        with suppress(DeviceError):
            await self._request(link, STOP_ECG_REQUEST)

    async def _start_ecg(self, link: Link) -> None:
        error = await self._request(link, START_ECG_REQUEST)
        if error == ALREADY_STREAMING_ERROR:  # for another program, or for this one before the link broke
            await self._request(link, STOP_ECG_REQUEST)
            error = await self._request(link, START_ECG_REQUEST)
        if error:
            why = _ERROR_NAMES.get(error, f"error {error:02X}")
            if error in _TRANSIENT_ERROR_CODES:
                raise LinkLost(f"it refuses to send ECG: {why}")
            remedy = "take it off for a minute, then try again"
            if error == MTU_TOO_SMALL_ERROR:
                remedy = "use another Bluetooth adapter"
            raise ProtocolError(f"{self.description} refuses to send ECG: {why}", remedy)

    async def _request(self, link: Link, request: bytes) -> int:
        """Write to the control point and return the error code of its reply. Raises `LinkLost`."""
        await link.write(PMD_CONTROL_UUID, request)
        try:
            async with asyncio.timeout(_REPLY_TIMEOUT_S):
                while True:
                    reply = await self._replies.get()
                    if len(reply) >= 4 and reply[0] == CONTROL_REPLY and reply[1] == request[0]:
                        return reply[3]
        except TimeoutError as error:
            raise LinkLost(f"no answer within {_REPLY_TIMEOUT_S:g} s", "take the strap off for a minute") from error

    def _on_frame(self, link: Link, data: bytes, now: float, emit: Emit, first: asyncio.Future[None]) -> None:
        if link is not self._link:  # from an earlier connection
            return
        try:
            frame = parse_frame(data)
        except ProtocolError as error:
            self._reject_frame(error, now, emit, first)
            return
        for item in self._timeline.push(frame, now):
            emit(item)
        if not first.done():
            first.set_result(None)

    def _reject_frame(self, error: ProtocolError, now: float, emit: Emit, first: asyncio.Future[None]) -> None:
        """Fail the start if the first frame is malformed; later, a malformed frame is a gap."""
        if not first.done():
            first.set_exception(error)
        elif (times := self._rejected_frames.add()) is not None:
            emit(State("warning", f"{error}{times}", now))
