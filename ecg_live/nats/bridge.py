"""A bridge: one wearer's source to the site's raw stream, through a spool, as the wearer's only publisher."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from ecg_live.errors import ConfigError
from ecg_live.events import Chunk, Clock, Gap, Marker, State, StateName, StreamEvent, StreamInfo
from ecg_live.nats.connection import AWAY_ERRORS, Connection
from ecg_live.nats.frame_maker import DEFAULT_FRAME_S, FrameMaker, pieces
from ecg_live.nats.frames import FrameKind, StreamFrame
from ecg_live.nats.lease import Holder, Lease, LeaseTaken
from ecg_live.nats.names import SiteNames
from ecg_live.nats.payloads import chunks_of, event_of
from ecg_live.nats.resume import ItemPlacer, WearerRecord, goes_on, read_record
from ecg_live.nats.spool import Spool
from ecg_live.nats.writer import MAX_MESSAGE_BYTES, SubjectWriter
from ecg_live.results import Item

SPOOL_FULL_CAUSE = "the spool was full"


class BridgeCounts(NamedTuple):
    """Samples taken and lost here, frames made, and frames acknowledged as stored."""

    samples: int
    lost: int
    frames: int
    stored: int


class WearerBridge:
    """Publish one wearer, on the loop that calls it: `claim` it, `begin`, `put` items, run `send` beside, `finish` it.

    Parameters
    ----------
    connection : Connection
    names : SiteNames
    wearer : str
        Checked id.
    source : str
        What the source is called, to recognise it again.
    spool : Spool
    report : callable
        Takes states and gaps for the user.
    clock, wall : callable
        Session clock, and seconds since 1970.
    seconds : float
        Of samples in a frame.
    holder : Holder, optional
        This program.
    """

    def __init__(
        self,
        connection: Connection,
        names: SiteNames,
        wearer: str,
        source: str,
        spool: Spool,
        report: Callable[[Item], object],
        clock: Clock = time.monotonic,
        wall: Callable[[], float] = time.time,
        seconds: float = DEFAULT_FRAME_S,
        holder: Holder | None = None,
    ) -> None:
        self._connection = connection
        self._names = names
        self._wearer = wearer
        self._source = source
        self._spool = spool
        self._report = report
        self._clock = clock
        self._shift = wall() - clock()
        self._seconds = seconds
        self._holder = holder or Holder()
        self._lease = Lease(connection.bucket(names.lease_bucket), f"bridge.{wearer}", self._holder)
        self._writer = SubjectWriter(
            connection, names.raw_stream, names.raw_subject(wearer), self._holder.id, self._warn
        )
        self._maker: FrameMaker | None = None
        self._placer: ItemPlacer | None = None
        self._record: WearerRecord | None = None
        self._starts = False  # the run's first frame is not stored yet
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._finished = False
        self._dropped: Gap | None = None  # that is still to be reported, since the spool was full
        self._samples = self._lost = self._frames = self._stored = 0
        self._held_since = 0.0
        self._lost_lease: LeaseTaken | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait to be stored."""
        return self._spool.waiting_bytes

    @property
    def counts(self) -> BridgeCounts:
        """Counts by now."""
        return BridgeCounts(self._samples, self._lost, self._frames, self._stored)

    async def claim(self) -> None:
        """Become the wearer's only bridge.

        Raises
        ------
        ConfigError
            Another one publishes the wearer.
        AWAY_ERRORS
            The server does not answer.
        """
        try:
            await self._lease.take()
        except LeaseTaken as error:
            raise self._taken(error) from error
        self._keeping = asyncio.create_task(self._lease.keep(self._note_lease))

    async def begin(self, info: StreamInfo) -> int | None:
        """Begin with a run, after `claim`; return the sample index at which a predecessor's goes on, or None.

        Raises
        ------
        AWAY_ERRORS
            The server does not answer.
        """
        record = await read_record(self._connection, self._names, self._wearer)
        last = self._last_frame(await self._writer.open())
        if record is not None and last is not None and goes_on(record, last, info, self._source, self._now):
            run, first, after = record.run, record.first, last._replace(payload=b"")
        else:
            run = max(record.run if record else 0, last.run if last else 0) + 1
            first = self._writer.sequence + 1
            after = StreamFrame(FrameKind.INFO, run, 0, b"", 0, self._now)
        self._maker = FrameMaker(info, after, self._seconds, self._shift)
        self._placer = ItemPlacer(info, after, self._shift)
        self._record = WearerRecord(info, self._source, run, first)
        self._starts = not after.number
        await self._put_record(self._record)
        self._keep(self._maker.description(info, self._source))
        self._connection.listen(self._note_connection)
        return after.stop if after.number else None

    @property
    def _now(self) -> float:
        """Seconds since 1970 by the publisher's clock."""
        return self._clock() + self._shift

    def _taken(self, error: LeaseTaken) -> ConfigError:
        found = f"wearer {self._wearer} of site {self._names.site} is published already: {error.message}"
        return ConfigError(found, "end that bridge, or give this one another --wearer")

    def put(self, item: Chunk | StreamEvent) -> None:
        """Take the source's next item; never waits."""
        assert self._placer is not None  # noqa: S101 - `begin` came first
        assert self._record is not None  # noqa: S101 - as above
        rate = self._record.info.rate
        for placed in (piece for whole in self._placer.place(item) for piece in pieces(whole, rate)):
            self._count(placed)
            if self._spool.full or not self._keep_dropped():
                self._drop(placed)
            else:
                self._keep_all(placed)

    async def put_patiently(self, item: Chunk | StreamEvent) -> None:
        """Take an item of a source that can wait, once little else waits to be stored."""
        while self._spool.waiting_bytes > 4 * MAX_MESSAGE_BYTES:
            self._room.clear()
            await self._room.wait()
        self.put(item)

    async def send(self) -> None:
        """Store frames until `finish` was called and none waits.

        Raises
        ------
        Superseded, ConfigError
            Another bridge publishes the wearer.
        DeviceError
            The server refuses this client for good.
        """
        flushing = asyncio.create_task(self._flush_late())
        try:
            while not (self._finished and not self._spool.waiting_bytes):
                if self._lost_lease is not None:
                    raise self._taken(self._lost_lease)
                await self._send_some()
        finally:
            flushing.cancel()

    def finish(self, reason: str) -> None:
        """The source has ended: the rest is stored, and the end."""
        assert self._maker is not None  # noqa: S101 - `begin` came first
        for frame in self._maker.end(reason):
            self._keep(frame)
        self._finished = True
        self._wake.set()

    async def close(self) -> None:
        """Give the wearer free; what waits stays in the spool's file."""
        if self._keeping is not None:
            self._keeping.cancel()
        await self._lease.release()
        self._spool.close()

    async def _send_some(self) -> None:
        frames = self._spool.first(MAX_MESSAGE_BYTES)
        if not frames:
            self._wake.clear()
            try:
                async with asyncio.timeout(1.0):
                    await self._wake.wait()
            except TimeoutError:
                return
            return
        sequence = await self._writer.write(frames)
        if self._starts:
            await self._note_start(frames, sequence)
        self._spool.drop(len(frames))
        self._stored += len(frames)
        self._room.set()

    async def _note_start(self, frames: list[StreamFrame], sequence: int) -> None:
        """State where a new run begins, once that is known: a worker may have to read it again."""
        assert self._record is not None  # noqa: S101 - `begin` came first
        if frames[-1].run != self._record.run:
            return
        self._record = replace(self._record, first=sequence)
        with suppress(*AWAY_ERRORS):  # the earlier number is right as well, only longer to read from
            await self._put_record(self._record)
        self._starts = False

    async def _put_record(self, record: WearerRecord) -> None:
        bucket = self._connection.bucket(self._names.bucket)
        await bucket.put(self._names.wearer_key(self._wearer), record.encode())

    async def _flush_late(self) -> None:
        """Make a frame of samples that have waited for longer than a frame lasts: their device is slow, or paused."""
        while True:
            await asyncio.sleep(self._seconds)
            if self._maker is not None and self._maker.holds and self._clock() - self._held_since >= self._seconds:
                for frame in self._maker.flush():
                    self._keep(frame)

    def _last_frame(self, stored: list[StreamFrame]) -> StreamFrame | None:
        """The wearer's last frame, be it stored or in the spool; what the spool holds in vain is put aside."""
        last = stored[-1] if stored else None
        waiting = self._spool.all_waiting()
        if waiting and last is not None:
            known = sum(frame.position <= last.position for frame in waiting)
            unknown = sum(frame.run < last.run for frame in waiting)
            if unknown:
                kept = self._spool.put_aside()
                self._warn(f"{unknown} frames of an earlier run can no longer be stored in order: they are in {kept}")
                return last
            self._spool.skip(waiting[:known])
            waiting = waiting[known:]
        return waiting[-1] if waiting else last

    def _keep_dropped(self) -> bool:
        """Report what was dropped, now that there may be room; whether that could be kept."""
        if self._dropped is None:
            return True
        dropped, self._dropped = self._dropped, None
        self._keep_all(dropped)
        if self._dropped is not None:  # `_keep_all` may drop it again
            return False
        self._report(dropped)
        return True

    def _keep_all(self, item: Chunk | StreamEvent) -> None:
        assert self._maker is not None  # noqa: S101 - `begin` came first
        if not self._maker.holds:
            self._held_since = self._clock()
        for frame in self._maker.push(item):
            self._keep(frame)

    def _keep(self, frame: StreamFrame) -> None:
        try:
            self._spool.put(frame)
        except OSError as error:  # its disk is full: the samples are lost, and counted
            self._forget(frame, error)
            return
        self._frames += 1
        self._wake.set()

    def _forget(self, frame: StreamFrame, error: OSError) -> None:
        assert self._maker is not None  # noqa: S101 - it made the frame
        self._maker.forget()
        if self._dropped is None:
            self._warn(f"the spool {self._spool.path} takes no more: {error.strerror}")
        if frame.kind is FrameKind.SAMPLES:
            for chunk in chunks_of(frame.payload):
                self._drop(chunk)
        elif frame.kind in (FrameKind.EVENT, FrameKind.AUXILIARY):
            self._drop(event_of(frame.kind, frame.payload))

    def _count(self, item: Chunk | StreamEvent) -> None:
        if isinstance(item, Chunk):
            self._samples += len(item.samples)
        elif isinstance(item, Gap):
            self._lost += 0 if item.pause else item.lost
            self._report(item)
        elif isinstance(item, State):
            self._report(item)

    def _drop(self, item: Chunk | StreamEvent) -> None:
        """Count what does not fit into the spool."""
        if isinstance(item, Marker):
            self._warn(f"the spool is full: the marker {item.text!r} is lost")
        if not isinstance(item, Chunk | Gap):
            return
        if isinstance(item, Chunk):
            self._samples -= len(item.samples)
            self._lost += len(item.samples)
        if self._dropped is None:
            self._warn(f"the spool is full: samples are lost from {item.start} on, until the server takes frames again")
            self._dropped = Gap(item.start, 0, SPOOL_FULL_CAUSE, time=item.time)
        first = self._dropped
        self._dropped = Gap(first.start, item.stop - first.start, SPOOL_FULL_CAUSE, time=first.time)

    def _note_lease(self, error: LeaseTaken) -> None:
        self._lost_lease = error
        self._wake.set()

    def _note_connection(self, connected: bool) -> None:
        if connected:
            self._state("streaming", "the NATS server is back: what waited is being stored")
        else:
            self._state("lost", "the NATS server is away: frames wait in the spool")

    def _warn(self, text: str) -> None:
        self._state("warning", text)

    def _state(self, state: StateName, text: str) -> None:
        self._report(State(state, f"wearer {self._wearer}: {text}", self._clock()))
