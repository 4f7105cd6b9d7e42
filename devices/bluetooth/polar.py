"""Polar H10: ECG at 130 Hz over Polar's PMD service, the strap's own beats, and its acceleration beside them."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from devices.bluetooth.frame_timeline import FrameTimeline
from devices.bluetooth.gatt import describe_services, name_matches, notify_on_loop, watch_battery
from devices.bluetooth.heart_rate import watch_beats
from devices.bluetooth.pmd import (
    ALREADY_STREAMING_ERROR,
    MTU_TOO_SMALL_ERROR,
    PMD_CONTROL_UUID,
    PMD_DATA_UUID,
    PMD_SERVICE_UUID,
    START_ECG_REQUEST,
    TRANSIENT_ERRORS,
    Measurement,
    PmdControl,
    error_name,
    stop_request,
)
from devices.bluetooth.polar_acceleration import Acceleration
from devices.bluetooth.polar_frames import POLAR_RATE_HZ, parse_frame
from devices.link import Emit, FoundDevice, Link, LinkLost
from devices.repeated_warnings import WarningCounter
from ecg_live.errors import DeviceError, ProtocolError
from ecg_live.events import Clock, State, StreamInfo

_FIRST_FRAME_TIMEOUT_S = 5.0  # a frame lasts 0.56 s
_RESTART_REMEDY = "take it off for a minute, then try again"
_HELD_REMEDY = "end the other program or app that reads it, or take the strap off for a minute"


class PolarDriver:
    """Driver of a Polar H10.

    Parameters
    ----------
    name : str
        Part of its name (its number), or its address; empty for the first one in reach.
    clock : Clock
        Session clock in s.
    acceleration : int, optional
        Rate in Hz at which acceleration is recorded beside the ECG; None: it is not.

    Raises
    ------
    ConfigError
        An H10 does not have this rate of acceleration.
    """

    def __init__(self, name: str = "", clock: Clock = time.monotonic, acceleration: int | None = None) -> None:
        self._name = name
        self._clock = clock
        self._acceleration = None if acceleration is None else Acceleration(acceleration, self.description, name)
        self._timeline = FrameTimeline(POLAR_RATE_HZ, "strap")
        self._connection: _PmdConnection | None = None
        self._rejected_frames = WarningCounter()
        self._restarts = WarningCounter()  # of a stream that sends nothing

    @property
    def info(self) -> StreamInfo:
        """One channel at 130 Hz."""
        auxiliary = () if self._acceleration is None else (self._acceleration.stream,)
        return StreamInfo(POLAR_RATE_HZ, ("ECG",), name=self.description, source_id=self._name, auxiliary=auxiliary)

    @property
    def description(self) -> str:
        """The strap searched for."""
        name = self._name or "Polar H10"
        return name if name.casefold().startswith("polar") else f"Polar {name}"

    def matches(self, found: FoundDevice) -> bool:
        """Whether the name matches; without a name, whether it is an H10."""
        return name_matches(self._name or "Polar H10", found)

    async def start(self, link: Link, emit: Emit) -> None:
        """Start the ECG, again if no frame comes, and what is recorded beside it.

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
        connection = self._connection = _PmdConnection(link)
        self._timeline.connect()
        if self._acceleration is not None:
            self._acceleration.connect()
        await link.subscribe(PMD_CONTROL_UUID, notify_on_loop(connection.control.on_reply, self._clock))
        await link.subscribe(
            PMD_DATA_UUID, notify_on_loop(lambda data, now: self._on_frame(connection, data, now, emit), self._clock)
        )
        await self._start_ecg(connection, emit)
        await self._start_acceleration(connection, emit)
        await watch_beats(link, emit, self._clock)
        await watch_battery(link, emit, self._clock)

    async def stop(self, link: Link) -> None:
        """Stop all measurements: the strap would stay on otherwise."""
        connection = self._connection
        if connection is None or connection.link is not link:
            return
        with suppress(DeviceError):
            for measurement in sorted(connection.to_stop):
                await connection.control.request(stop_request(measurement))

    async def _start_ecg(self, connection: _PmdConnection, emit: Emit) -> None:
        """Start the ECG and wait for its first frame; start it once more if none comes."""
        await self._request_ecg(connection)
        if await connection.has_first_frame():
            return
        if (times := self._restarts.add()) is not None:
            detail = f"{self.description} is connected and sends no ECG: its stream is started again{times}"
            emit(State("warning", detail, self._clock()))
        await connection.control.request(stop_request(Measurement.ECG))
        await self._request_ecg(connection)
        if not await connection.has_first_frame():
            raise LinkLost(
                "it sends no ECG, although its stream was started twice",
                f"moisten the strap and wear it; {_HELD_REMEDY}",
            )

    async def _request_ecg(self, connection: _PmdConnection) -> None:
        error = await connection.control.start(START_ECG_REQUEST)
        if error:
            why = f"refuses to send ECG: {error_name(error)}"
            remedy = "use another Bluetooth adapter" if error == MTU_TOO_SMALL_ERROR else _RESTART_REMEDY
            if error in TRANSIENT_ERRORS:
                raise LinkLost(f"it {why}", _HELD_REMEDY if error == ALREADY_STREAMING_ERROR else _RESTART_REMEDY)
            raise ProtocolError(f"{self.description} {why}", remedy)

    async def _start_acceleration(self, connection: _PmdConnection, emit: Emit) -> None:
        """Start the acceleration if it is wanted; the ECG goes on without one that fails."""
        if self._acceleration is None:
            return
        connection.to_stop.add(Measurement.ACCELERATION)
        try:
            error = await connection.control.start(self._acceleration.start_request)
            why = f"the strap refuses it: {error_name(error)}" if error else ""
        except LinkLost as lost:
            if connection.link.lost.is_set():
                raise
            why = lost.message
        if why:
            name = self._acceleration.stream.name
            emit(State("warning", f"{name}: {why}; the ECG goes on", self._clock()))
            return
        connection.has_acceleration = True
        self._acceleration.started(self._clock())

    def _on_frame(self, connection: _PmdConnection, data: bytes, now: float, emit: Emit) -> None:
        if connection is not self._connection:  # from an earlier connection
            return
        if data[:1] == bytes([Measurement.ACCELERATION]):
            connection.to_stop.add(Measurement.ACCELERATION)
            # before it was started, it streams for a program that was killed, at that program's rate
            if self._acceleration is not None and connection.has_acceleration:
                for event in self._acceleration.push(data, now):
                    emit(event)
            return
        try:
            frame = parse_frame(data)
        except ProtocolError as error:
            self._reject_frame(error, now, emit, connection.first_frame)
            return
        for item in self._timeline.push(frame, now):
            emit(item)
        if not connection.first_frame.done():
            connection.first_frame.set_result(None)
        if self._acceleration is not None:
            for warning in self._acceleration.check_silence(now):
                emit(warning)

    def _reject_frame(self, error: ProtocolError, now: float, emit: Emit, first: asyncio.Future[None]) -> None:
        """Fail the start if the first frame is malformed; later, a malformed frame is a gap."""
        if not first.done():
            first.set_exception(error)
        elif (times := self._rejected_frames.add()) is not None:
            emit(State("warning", f"{error}{times}", now))


class _PmdConnection:
    """One connection: its control point, its first frame of ECG, and the measurements to stop at its end."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.control = PmdControl(link)
        self.first_frame: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.to_stop = {Measurement.ECG}
        self.has_acceleration = False

    async def has_first_frame(self) -> bool:
        """Wait for the first frame of ECG. Raises `ProtocolError` if it is malformed."""
        await asyncio.wait({self.first_frame}, timeout=_FIRST_FRAME_TIMEOUT_S)
        if not self.first_frame.done():
            return False
        self.first_frame.result()
        return True
