"""Polar H10: ECG at 130 Hz by Polar's measurement data (PMD) service, and the strap's own beats beside it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from devices.bluetooth.gatt import describe_services, name_matches, notify_on_loop, watch_battery
from devices.bluetooth.heart_rate import watch_beats
from devices.bluetooth.polar_frames import POLAR_RATE_HZ, PolarTimeline, parse_frame
from devices.link import Emit, FoundDevice, Link, LinkLost
from devices.repeated_warnings import WarningCounter
from ecg_live.errors import DeviceError, ProtocolError
from ecg_live.events import Clock, State, StreamInfo

_PMD_UUID = "fb005c8{}-02e7-f387-1cad-8acd2d8df0c8"  # this and what follows: facts on Polar, after Polar's BLE SDK
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
_TRANSIENT_ERROR_CODES = (0x0C, 0x0D)  # that pass
_REPLY_TIMEOUT_S = 3.0  # s that a reply may take
_FIRST_FRAME_TIMEOUT_S = 5.0  # s to the first frame, of 0.56 s each


class PolarDriver:
    """A Polar H10.

    Parameters
    ----------
    name : str
        Part of its name (its number), or its address; empty takes the first one in reach.
    clock : Clock
        Session clock in s.
    """

    def __init__(self, name: str = "", clock: Clock = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._timeline = PolarTimeline()
        self._link: Link | None = None
        self._replies: asyncio.Queue[bytes] = asyncio.Queue()
        self._unread = WarningCounter()  # frames

    @property
    def info(self) -> StreamInfo:
        """One channel at 130 Hz."""
        return StreamInfo(POLAR_RATE_HZ, ("ECG",), name=self.description, source_id=self._name)

    @property
    def description(self) -> str:
        """What it looks for."""
        name = self._name or "Polar H10"
        return name if name.casefold().startswith("polar") else f"Polar {name}"

    def matches(self, found: FoundDevice) -> bool:
        """Whether it is called so; without a name, whether it is an H10."""
        return name_matches(self._name or "Polar H10", found)

    async def start(self, link: Link, emit: Emit) -> None:
        """Start the ECG and wait for its first frame.

        Raises
        ------
        LinkLost
            No answer, no frame, or not now.
        ProtocolError
            It is no H10, refuses, or sends frames of another type.
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
            PMD_DATA_UUID, notify_on_loop(lambda data, now: self._frame(link, data, now, emit, first), self._clock)
        )
        await self._begin(link)
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
            await self._ask(link, STOP_ECG_REQUEST)

    async def _begin(self, link: Link) -> None:
        error = await self._ask(link, START_ECG_REQUEST)
        if error == ALREADY_STREAMING_ERROR:  # for whoever had it before, or for us before the link broke
            await self._ask(link, STOP_ECG_REQUEST)
            error = await self._ask(link, START_ECG_REQUEST)
        if error:
            why = _ERROR_NAMES.get(error, f"error {error:02X}")
            if error in _TRANSIENT_ERROR_CODES:
                raise LinkLost(f"it refuses to send ECG: {why}")
            remedy = (
                "use another Bluetooth adapter"
                if error == MTU_TOO_SMALL_ERROR
                else "take it off for a minute, then try again"
            )
            raise ProtocolError(f"{self.description} refuses to send ECG: {why}", remedy)

    async def _ask(self, link: Link, request: bytes) -> int:
        """Write to the control point and give its answer's error code. Raises `LinkLost`."""
        await link.write(PMD_CONTROL_UUID, request)
        try:
            async with asyncio.timeout(_REPLY_TIMEOUT_S):
                while True:
                    reply = await self._replies.get()
                    if len(reply) >= 4 and reply[0] == CONTROL_REPLY and reply[1] == request[0]:
                        return reply[3]
        except TimeoutError as error:
            raise LinkLost(f"no answer within {_REPLY_TIMEOUT_S:g} s", "take the strap off for a minute") from error

    def _frame(self, link: Link, data: bytes, now: float, emit: Emit, first: asyncio.Future[None]) -> None:
        if link is not self._link:  # of a connection that was given up
            return
        try:
            frame = parse_frame(data)
        except ProtocolError as error:
            self._refuse(error, now, emit, first)
            return
        for item in self._timeline.push(frame, now):
            emit(item)
        if not first.done():
            first.set_result(None)

    def _refuse(self, error: ProtocolError, now: float, emit: Emit, first: asyncio.Future[None]) -> None:
        """Before the first frame, the device is the wrong one; behind it, the frame is a gap."""
        if not first.done():
            first.set_exception(error)
        elif (times := self._unread.add()) is not None:
            emit(State("warning", f"{error}{times}", now))
