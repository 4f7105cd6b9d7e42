"""Keep one radio device streaming: find, connect, configure, watch, and all of it again when it drops out."""

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

from devices.link import DeviceTransport, Driver, Emit, FoundDevice, Link, LinkLost
from ecg_live.errors import DeviceError, DeviceLost, DeviceNotFound
from ecg_live.events import Beats, Chunk, Clock, State, StateName, StreamEvent

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_CONNECT_LOCK = Lock()  # BlueZ and many adapters fail when two connections are made at once, whoever makes them
_POLL_INTERVAL_S = 0.02  # s between two looks at something
_DISCONNECT_TIMEOUT_S = 3.0  # s that a disconnect may take
_MIN_BACK_OFF_S, _MAX_BACK_OFF_S = 0.1, 1.0  # s of back-off: a device that is back shall give data again within 2 s
_LOST_REMEDY = "check that it is on, worn, charged and not connected to another program or phone"


@dataclass(frozen=True, slots=True)
class DeviceTimeouts:
    """How long each step may take, in seconds.

    ``first``: until the device is found at the start, and from then on until it streams. ``lost``: from the last data
    until the session ends; ``inf`` never gives up. ``silent``: without data on a link that seems alive, because a
    stalled peripheral keeps its connection (facts on bleak). ``beat``: the same for straps, which speak once a second.
    """

    first: float = 30.0
    lost: float = 600.0
    silent: float = 2.0
    beat: float = 4.0
    scan: float = 5.0
    connect: float = 10.0
    start: float = 15.0
    stop: float = 1.0


class Supervisor:
    """Runs a driver over a transport until it is cancelled.

    Parameters
    ----------
    driver : Driver
    transport : Transport
    emit : callable
        Takes what the driver gives, and a `State` at every change.
    clock : Clock
        Session clock in s.
    patience : Patience
    rng : Random
        Spreads the back-off, so that eight devices do not try in step.
    """

    def __init__(
        self,
        driver: Driver,
        transport: DeviceTransport,
        emit: Emit,
        clock: Clock,
        patience: DeviceTimeouts,
        rng: random.Random,
    ) -> None:
        self._driver, self._transport, self._emit, self._clock = driver, transport, emit, clock
        self._patience, self._rng = patience, rng
        self._silent = patience.silent if driver.info.rate else patience.beat
        self._last = math.nan  # when data came
        self._streaming = False
        self._found_at = math.nan
        self._failures = 0  # since data came

    async def run(self) -> None:
        """Keep the device streaming; returns only by cancellation, which disconnects politely.

        Raises
        ------
        DeviceNotFound
            Nothing in reach was wanted at the start.
        DeviceLost
            The device went away, or could not be connected, for longer than patience allows.
        ProtocolError
            The device is not what it should be, before it ever streamed.
        DeviceError
            There is no adapter at the start, or this process may not use it.
        """
        began = self._clock()
        self._tell("searching", f"looking for {self._driver.description}")
        while True:
            try:
                await self._once()
            except DeviceError as error:
                if math.isnan(self._last) and not isinstance(error, LinkLost):
                    raise  # what streamed before is the right device, whatever it says now
                self._fail(error, began)
            await asyncio.sleep(self._back_off())

    async def _once(self) -> None:
        """Find, connect, stream. Raises `LinkLost` in the end."""
        found = await self._transport.find(self._driver.matches, min(self._patience.scan, self._patience.first))
        if found is None:
            raise LinkLost("it is not in reach")
        self._found_at = self._clock() if math.isnan(self._found_at) else self._found_at
        link = await self._connect(found)
        try:
            await self._start(link)
            await self._watch(link)
        finally:
            self._streaming = False
            await self._part(link)

    async def _connect(self, found: FoundDevice) -> Link:
        self._tell("connecting", f"connecting to {found.name or found.address}{self._since()}")
        async with _connect_turn():
            seconds = self._patience.connect
            return await _with_timeout(2 * seconds, self._transport.connect(found, seconds), "it does not let connect")

    async def _start(self, link: Link) -> None:
        """Have the driver start, and look up when the link breaks meanwhile."""
        lost = asyncio.ensure_future(link.lost.wait())
        start = asyncio.ensure_future(self._driver.start(link, self._take))
        try:
            await asyncio.wait({lost, start}, timeout=self._patience.start, return_when=asyncio.FIRST_COMPLETED)
            if not start.done():
                raise LinkLost("the connection broke" if lost.done() else "it does not start")
            start.result()
        finally:
            lost.cancel()
            start.cancel()
            await asyncio.gather(lost, start, return_exceptions=True)

    async def _watch(self, link: Link) -> None:
        """Wait until the link breaks or falls silent. Raises `LinkLost`, always."""
        started = self._clock()
        while not link.lost.is_set():
            quiet = self._clock() - max(started, self._last if self._streaming else started)
            if quiet >= self._silent:
                raise LinkLost(f"no data for {quiet:.1f} s")
            lost = asyncio.ensure_future(link.lost.wait())
            await asyncio.wait({lost}, timeout=max(_POLL_INTERVAL_S, self._silent - quiet))
            lost.cancel()
        raise LinkLost("the connection broke")

    async def _part(self, link: Link) -> None:
        """Stop and disconnect, however the link is; a device that is not stopped stays on."""
        try:
            if not link.lost.is_set():
                await _with_timeout(self._patience.stop, self._driver.stop(link), "it does not stop")
        except LinkLost:
            pass
        finally:
            await asyncio.wait({asyncio.ensure_future(link.close())}, timeout=_DISCONNECT_TIMEOUT_S)

    def _take(self, item: Chunk | StreamEvent) -> None:
        """Pass on what the driver gives; the first data after a silence is news."""
        if isinstance(item, Beats) if self._driver.info.rate == 0 else isinstance(item, Chunk) and len(item.samples):
            self._last, self._failures = self._clock(), 0
            if not self._streaming:
                self._streaming = True
                self._tell("streaming", f"{self._driver.description} streams")
        self._emit(item)

    def _fail(self, error: DeviceError, began: float) -> None:
        """Note a failure; give up when patience is at its end."""
        self._failures += 1
        _log.warning("%s, attempt %d", self._driver.description, self._failures, exc_info=error)
        now = self._clock()
        heading, why, remedy = self._driver.description, error.message, error.remedy or _LOST_REMEDY
        if not math.isnan(self._last):
            self._tell("lost", f"{heading}{self._since()}: {why}")
            if now - self._last >= self._patience.lost:
                self._tell("gave_up", f"{heading} did not come back within {self._patience.lost:g} s")
                raise DeviceLost(f"{heading} was lost {now - self._last:.0f} s ago: {why}", remedy) from error
        elif math.isnan(self._found_at):
            if now - began >= self._patience.first:
                raise DeviceNotFound(f"no {heading} in reach, looked for {now - began:.0f} s", remedy) from error
        elif now - self._found_at >= self._patience.first:
            raise DeviceLost(f"{heading} is in reach but does not stream: {why}", remedy) from error

    def _since(self) -> str:
        """How long ago data were lost, in words; empty before there were any."""
        if math.isnan(self._last):
            return ""
        return f", lost {self._clock() - self._last:.0f} s ago, attempt {self._failures}"

    def _back_off(self) -> float:
        longest = min(_MAX_BACK_OFF_S, _MIN_BACK_OFF_S * 2.0 ** min(self._failures, 10))
        return longest * self._rng.uniform(0.5, 1.0)

    def _tell(self, state: StateName, detail: str) -> None:
        self._emit(State(state, detail, self._clock()))


@asynccontextmanager
async def _connect_turn() -> AsyncIterator[None]:
    """Wait for the one connection attempt that this process may make; loops on other threads wait as well."""
    while not _CONNECT_LOCK.acquire(blocking=False):  # noqa: ASYNC110 - no Event reaches from one loop to another
        await asyncio.sleep(_POLL_INTERVAL_S)
    try:
        yield
    finally:
        _CONNECT_LOCK.release()


async def _with_timeout(seconds: float, what: Awaitable[_T], why: str) -> _T:
    """Wait so long at most. Raises `LinkLost` when the time is up."""
    try:
        async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow a cancellation
            return await what
    except TimeoutError as error:
        raise LinkLost(why) from error
