"""Keep one device streaming and reconnect it: find, connect, configure, watch, and again after each loss."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from devices.device_choice import DeviceChoice
from devices.link import DeviceTransport, Driver, Emit, FoundDevice, Link, LinkLost
from ecg_live.errors import DeviceError, DeviceLost, DeviceNotFound
from ecg_live.events import Beats, Chunk, Clock, State, StateName, StreamEvent
from ecg_live.text import duration_text

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_CONNECT_LOCK = Lock()  # BlueZ and many adapters fail when two connections are made at once
_POLL_INTERVAL_S = 0.02
_DISCONNECT_TIMEOUT_S = 3.0
_MIN_BACK_OFF_S, _MAX_BACK_OFF_S = 0.1, 1.0  # so that a device that is back in reach streams within 2 s
# After 10 min of absence the pauses grow with it, to spare both batteries: a return is noticed a 600th later.
_LONG_ABSENCE_S, _MAX_LONG_BACK_OFF_S = 600.0, 30.0
_LOST_REMEDY = "check that it is on, worn, charged and not connected to another program or phone"


@dataclass(frozen=True, slots=True)
class DeviceTimeouts:
    """How long each step may take, in seconds.

    ``find``: at the start, until the device is found, and from then on until it streams. ``reconnect``: from the last
    data until the session ends; by default never, since a night's recording outlasts hours without its device
    (polar-ble-sdk issue 595). ``no_data``: silence on a link that seems alive, since a
    stalled peripheral keeps its connection. ``no_beats``: the same for straps, which send once a second.
    """

    find: float = 30.0
    reconnect: float = math.inf
    no_data: float = 2.0
    no_beats: float = 4.0
    scan: float = 5.0
    connect: float = 10.0
    start: float = 15.0
    stop: float = 1.0


class Supervisor:
    """Runs a driver over a transport until it is cancelled.

    Parameters
    ----------
    driver : Driver
        The kind of device.
    transport : DeviceTransport
        Carries its bytes.
    emit : callable
        Receives the driver's chunks and events, and a `State` at every change.
    clock : Clock
        Session clock in s.
    timeouts : DeviceTimeouts
        How long each step may take.
    rng : Random
        Spreads the back-off, so that several devices do not retry in step.
    """

    def __init__(
        self,
        driver: Driver,
        transport: DeviceTransport,
        emit: Emit,
        clock: Clock,
        timeouts: DeviceTimeouts,
        rng: random.Random,
    ) -> None:
        self._driver = driver
        self._transport = transport
        self._emit = emit
        self._clock = clock
        self._timeouts = timeouts
        self._rng = rng
        self._max_silence = timeouts.no_data if driver.info.rate else timeouts.no_beats
        self._last_data = math.nan  # session time
        self._streaming = False
        self._found_at = math.nan  # session time
        self._failures = 0  # since the last data
        self._reported_reasons: set[str] = set()  # since the last data
        self._choice = DeviceChoice(driver)
        self._found: FoundDevice | None = None

    async def run(self) -> None:
        """Keep the device streaming; returns only by cancellation, which stops and disconnects the device.

        Raises
        ------
        DeviceNotFound
            The device was not in reach at the start.
        DeviceLost
            The device was lost, or could not be connected, for longer than the time-outs allow.
        ProtocolError
            The device is of another kind; only before it streamed.
        DeviceError
            At the start, there is no adapter, or this process may not use it, or two devices have the name.
        """
        began = self._clock()
        self._report_state("searching", f"looking for {self._driver.description}")
        while True:
            try:
                await self._run_once()
            except DeviceError as error:
                if math.isnan(self._last_data) and not isinstance(error, LinkLost):
                    raise  # a device that streamed before is the right one, so the error is transient
                self._handle_failure(error, began)
            await asyncio.sleep(self._back_off())

    async def _run_once(self) -> None:
        """Find, connect, stream. Always ends with `LinkLost`."""
        found = await self._transport.find(self._choice.matches, min(self._timeouts.scan, self._timeouts.find))
        if found is None:
            raise LinkLost("it is not in reach")
        await self._choice.check_unique(found, self._transport)
        self._found = found
        self._found_at = self._clock() if math.isnan(self._found_at) else self._found_at
        link = await self._connect(found)
        try:
            await self._start(link)
            await self._watch(link)
        finally:
            self._streaming = False
            await self._disconnect(link)

    async def _connect(self, found: FoundDevice) -> Link:
        self._report_state("connecting", f"connecting to {found.name or found.address}{self._lost_since()}")
        async with _connect_turn():
            seconds = self._timeouts.connect
            return await _with_timeout(2 * seconds, self._transport.connect(found, seconds), "it does not let connect")

    async def _start(self, link: Link) -> None:
        """Start the driver. Raises `LinkLost` at once if the link breaks meanwhile."""
        lost = asyncio.ensure_future(link.lost.wait())
        start = asyncio.ensure_future(self._driver.start(link, self._receive))
        try:
            await asyncio.wait({lost, start}, timeout=self._timeouts.start, return_when=asyncio.FIRST_COMPLETED)
            if not start.done():
                raise LinkLost("the connection broke" if lost.done() else "it does not start")
            start.result()
        finally:
            lost.cancel()
            start.cancel()
            await asyncio.gather(lost, start, return_exceptions=True)

    async def _watch(self, link: Link) -> None:
        """Wait until the link breaks or falls silent. Always ends with `LinkLost`."""
        started = self._clock()
        while not link.lost.is_set():
            silence = self._clock() - max(started, self._last_data if self._streaming else started)
            if silence >= self._max_silence:
                raise LinkLost(f"no data for {silence:.1f} s")
            lost = asyncio.ensure_future(link.lost.wait())
            await asyncio.wait({lost}, timeout=max(_POLL_INTERVAL_S, self._max_silence - silence))
            lost.cancel()
        raise LinkLost("the connection broke")

    async def _disconnect(self, link: Link) -> None:
        """Stop and disconnect, in any state of the link; a device that is not stopped stays on."""
        try:
            if not link.lost.is_set():
                await _with_timeout(self._timeouts.stop, self._driver.stop(link), "it does not stop")
        except LinkLost:
            pass
        finally:
            await asyncio.wait({asyncio.ensure_future(link.close())}, timeout=_DISCONNECT_TIMEOUT_S)

    def _receive(self, item: Chunk | StreamEvent) -> None:
        """Pass on the driver's items; report that it streams at the first data after a loss."""
        if self._is_data(item):
            self._last_data = self._clock()
            self._failures = 0
            if not self._streaming:
                self._streaming = True
                self._reported_reasons.clear()
                if self._found is not None:
                    self._choice.pin(self._found)
                self._report_state("streaming", f"{self._driver.description} streams")
        self._emit(item)

    def _is_data(self, item: Chunk | StreamEvent) -> bool:
        if self._driver.info.rate == 0:
            return isinstance(item, Beats)
        return isinstance(item, Chunk) and len(item.samples) > 0

    def _handle_failure(self, error: DeviceError, began: float) -> None:
        """Count a failure; raise when the time-outs have passed."""
        self._failures += 1
        is_new = error.message not in self._reported_reasons
        self._reported_reasons.add(error.message)
        _log.log(
            logging.WARNING if is_new else logging.DEBUG,
            "%s, attempt %d",
            self._driver.description,
            self._failures,
            exc_info=error,
        )
        now = self._clock()
        device, why, remedy = self._driver.description, error.message, error.remedy or _LOST_REMEDY
        if not math.isnan(self._last_data):
            # "lost" is listed and recorded: once for each reason, not at each attempt of a night
            self._report_state("lost" if is_new else "searching", f"{device}{self._lost_since()}: {why}")
            if now - self._last_data >= self._timeouts.reconnect:
                self._report_state("gave_up", f"{device} did not come back within {self._timeouts.reconnect:g} s")
                raise DeviceLost(
                    f"{device} was lost {duration_text(now - self._last_data)} ago: {why}", remedy
                ) from error
        elif math.isnan(self._found_at):
            if now - began >= self._timeouts.find:
                raise DeviceNotFound(f"no {device} in reach, looked for {now - began:.0f} s", remedy) from error
        elif now - self._found_at >= self._timeouts.find:
            raise DeviceLost(f"{device} is in reach but does not stream: {why}", remedy) from error
        else:
            self._report_state("searching", f"{device} is in reach but does not stream: {why}; trying again")

    def _lost_since(self) -> str:
        """How long ago data were lost, in words; empty before the first data."""
        if math.isnan(self._last_data):
            return ""
        return f", lost {duration_text(self._clock() - self._last_data)} ago, attempt {self._failures}"

    def _back_off(self) -> float:
        ceiling = min(_MAX_BACK_OFF_S, _MIN_BACK_OFF_S * 2.0 ** min(self._failures, 10))
        absence = self._clock() - self._last_data
        if absence > _LONG_ABSENCE_S:
            ceiling = min(_MAX_LONG_BACK_OFF_S, absence / _LONG_ABSENCE_S)
        return ceiling * self._rng.uniform(0.5, 1.0)

    def _report_state(self, state: StateName, detail: str) -> None:
        self._emit(State(state, detail, self._clock()))


@asynccontextmanager
async def _connect_turn() -> AsyncIterator[None]:
    """Hold the process-wide right to one connection attempt; loops on other threads wait as well."""
    while not _CONNECT_LOCK.acquire(blocking=False):  # noqa: ASYNC110 - no Event reaches from one loop to another
        await asyncio.sleep(_POLL_INTERVAL_S)
    try:
        yield
    finally:
        _CONNECT_LOCK.release()


async def _with_timeout(seconds: float, awaitable: Awaitable[_T], why: str) -> _T:
    """Await for at most ``seconds``. Raises `LinkLost` after that."""
    try:
        async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow a cancellation
            return await awaitable
    except TimeoutError as error:
        raise LinkLost(why) from error
