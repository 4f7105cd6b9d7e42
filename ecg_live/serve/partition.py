"""Serve one partition of a site: read its wearers' streams, predict, store results, keep the wearers' states."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

import nats.errors
import nats.js.errors
from nats.js.kv import KeyValue

from ecg_live.errors import EcgLiveError, ProtocolError
from ecg_live.events import Clock, State, StreamInfo
from ecg_live.nats.connection import Connection
from ecg_live.nats.frames import FrameKind, StreamFrame, decode_frames
from ecg_live.nats.names import SiteNames, partition_token, wearer_of
from ecg_live.nats.payloads import info_of
from ecg_live.nats.reader import StoredMessage, StreamReader, latest_messages
from ecg_live.nats.resume import read_record
from ecg_live.nats.writer import SubjectWriter, Superseded
from ecg_live.serve.engine import ServedItem, ServedResult, SourceItem, WearerEngine
from ecg_live.serve.state import StateMismatch
from ecg_live.serve.wearer import Progress, ServedWearer, decode_progress, encode_progress, served_items

CHECKPOINT_S = 20.0  # between two entries of a wearer's state: no more than this is processed again after a crash
CHECKPOINT_MESSAGES = 120  # of a wearer between two entries, while a backlog is processed: 30 s of signal
MAX_BATCH, MAX_BATCH_BYTES = 256, 1 << 18  # messages that are processed together
MAX_SAVES = 8  # of states after a batch, so that they spread
_T = TypeVar("_T")
ReportResult = Callable[[str, ServedItem], object]


class CallEngine(Protocol):
    """Calls a function of the engine, and waits for it."""

    def __call__(self, function: Callable[[], _T], /) -> Awaitable[_T]:
        """Call it."""
        ...


class PartitionServer:
    """One partition, for as long as this worker holds it.

    Parameters
    ----------
    connection : Connection
    names : SiteNames
    partition : int
    engine : WearerEngine
    call : callable
        Calls the engine on a thread of its own, one call at a time: leases are renewed meanwhile.
    worker : str
        Id of the worker, under which results are stored.
    trusted : callable
        Waits until it is certain that no other worker holds the partition.
    report : callable
        Takes states for the user.
    on_result : callable
        Takes each result with its wearer, once it is stored.
    clock : Clock
        Monotonic seconds.
    checkpoint : float
        Seconds between two entries of a wearer's state.
    """

    def __init__(
        self,
        connection: Connection,
        names: SiteNames,
        partition: int,
        engine: WearerEngine,
        call: CallEngine,
        worker: str,
        trusted: Callable[[], Awaitable[None]],
        report: Callable[[State], object],
        on_result: ReportResult,
        clock: Clock = time.monotonic,
        checkpoint: float = CHECKPOINT_S,
    ) -> None:
        self._connection = connection
        self._names = names
        self._partition = partition
        self._engine = engine
        self._call = call
        self._worker = worker
        self._trusted = trusted
        self._report = report
        self._on_result = on_result
        self._clock = clock
        self._checkpoint = checkpoint
        self._bucket: KeyValue = connection.bucket(names.bucket)
        self._wearers: dict[str, ServedWearer] = {}
        self._stopping = False
        self._unstorable = False  # which was reported
        self._new: list[ServedResult] = []
        self._last_sequence = 0
        self._position = 0  # that the key-value store holds
        self._position_at = 0.0
        self.messages = 0
        self.pending = 0  # messages that are stored and not read yet

    @property
    def wearers(self) -> Sequence[ServedWearer]:
        """Wearers that came by now."""
        return tuple(self._wearers.values())

    def stop(self) -> None:
        """Ask `serve` to end: it stores all states first, so that the next worker begins where this one ends."""
        self._stopping = True

    async def serve(self) -> None:
        """Serve until `stop`.

        Raises
        ------
        Superseded
            Another worker stores results or states of the partition.
        DeviceError
            The server refuses this client for good.
        """
        try:
            start = await self._connection.retried(self._load)
            reader = StreamReader(self._connection, self._names.raw_stream, self._subjects, start)
            batch, size = list[StoredMessage](), 0
            async with aclosing(reader.messages()) as messages:
                async for message in messages:
                    if message is not None:
                        batch.append(message)
                        size += len(message.data)
                        if reader.ready and len(batch) < MAX_BATCH and size < MAX_BATCH_BYTES:
                            continue
                    self.pending = reader.pending
                    await self._process(batch)
                    batch, size = [], 0
                    if self._stopping:
                        break
                    await self._save_due()
            await self._save_all()
        finally:
            for name in self._wearers:
                self._engine.close(name)

    async def _save_all(self) -> None:
        for wearer in self.wearers:
            if wearer.dirty:
                await self._save(wearer)
        await self._save_position()

    @property
    def _subjects(self) -> str:
        return self._names.raw_subjects(self._partition)

    async def _load(self) -> int:
        """Restore the partition's wearers; return the sequence number to begin with."""
        self._wearers.clear()
        start = await self._stored_position() + 1
        for name in await self._known_wearers():
            try:
                record = await read_record(self._connection, self._names, name)
            except ProtocolError as error:  # of a bridge of another version
                self._report(State("warning", f"wearer {name}: {error}", self._clock()))
                start = min(start, await self._restore(name, self._position + 1) + 1)
                continue
            if record is not None:
                start = min(start, await self._restore(name, record.first) + 1)
        self._last_sequence = start - 1
        return start

    async def _stored_position(self) -> int:
        try:
            entry = await self._bucket.get(self._position_key)
        except nats.js.errors.NotFoundError:
            return 0
        self._position = int(entry.value or b"0")
        return self._position

    @property
    def _position_key(self) -> str:
        return f"position.{partition_token(self._partition)}"

    async def _known_wearers(self) -> list[str]:
        """Wearers of the partition that were published by now."""
        keys = f"$KV.{self._names.bucket}.wearer.{partition_token(self._partition)}.*"
        found = await latest_messages(self._connection, f"KV_{self._names.bucket}", keys)
        return [message.subject.rpartition(".")[2] for message in found if message.data]

    async def _restore(self, name: str, first: int) -> int:
        """Restore a wearer whose run begins at ``first``; return the sequence number after which it is to be processed.

        All messages up to the partition's stored position are in the stored states.
        """
        revision, after = 0, max(self._position, first - 1)
        progress, info = Progress(after), None
        try:
            entry = await self._bucket.get(self._names.state_key(name))
            revision = entry.revision or 0
            progress, info, state = decode_progress(entry.value or b"")
            after = max(self._position, progress.sequence)
            if info is not None and not progress.ended:
                await self._call(partial(self._engine.restore, name, info, state))
        except nats.js.errors.NotFoundError:
            pass
        except (StateMismatch, ValueError) as error:
            after = first - 1
            progress, info = Progress(after), None
            text = error.message if isinstance(error, EcgLiveError) else str(error)
            self._report(State("warning", f"wearer {name}: {text}: it is rebuilt from the stream", self._clock()))
        await self._add(name, progress, info, revision)
        return after

    async def _add(self, name: str, progress: Progress, info: StreamInfo | None, revision: int) -> ServedWearer:
        def warn(text: str) -> None:
            self._report(State("warning", f"results of wearer {name}: {text}", self._clock()))

        writer = SubjectWriter(
            self._connection, self._names.result_stream, self._names.result_subject(name), self._worker, warn
        )
        stored = await writer.open()
        wearer = ServedWearer(name, writer, stored[-1] if stored else None, progress, info, revision)
        wearer.saved_at = self._clock()
        self._wearers[name] = wearer
        return wearer

    async def _process(self, batch: Sequence[StoredMessage]) -> None:
        """Process messages, and store what they complete."""
        waiting: dict[str, list[SourceItem]] = {}
        for message in batch:
            self._last_sequence = message.sequence
            self.messages += 1
            wearer = await self._wearer(wearer_of(message.subject), message.sequence)
            if message.sequence <= wearer.progress.sequence:
                continue
            for frame in self._frames(wearer, message):
                if frame.run != wearer.progress.run or frame.kind is FrameKind.END:
                    await self._end_run(wearer, waiting.pop(wearer.name, []))
                if frame.run != wearer.progress.run:
                    await self._begin_run(wearer, frame)
                waiting.setdefault(wearer.name, []).extend(self._items(wearer, frame))
                wearer.note(frame)
            wearer.progress.sequence = message.sequence
            wearer.unsaved_messages += 1
        if batch:
            items = [(name, items) for name, items in waiting.items() if items]
            self._take(await self._call(partial(self._engine.push, items)))
        await self._store()

    def _frames(self, wearer: ServedWearer, message: StoredMessage) -> list[StreamFrame]:
        """Frames of a message that are new; none of one that cannot be read."""
        try:
            return [frame for frame in decode_frames(message.data) if wearer.is_new(frame)]
        except EcgLiveError as error:
            self._warn(wearer, error)
            return []

    def _items(self, wearer: ServedWearer, frame: StreamFrame) -> list[SourceItem]:
        """Items of a frame; none of one that cannot be read, or whose run cannot."""
        if wearer.info is None:
            return []
        try:
            return served_items(frame, len(wearer.info.channels))
        except ProtocolError as error:
            self._warn(wearer, error)
            return []

    def _warn(self, wearer: ServedWearer, error: EcgLiveError) -> None:
        self._report(State("warning", f"wearer {wearer.name}: {error}", self._clock()))

    async def _end_run(self, wearer: ServedWearer, items: list[SourceItem]) -> None:
        """Process the last items of a run, and what its stages still hold."""
        if wearer.progress.ended:
            return
        self._take(await self._call(partial(self._engine.push, [(wearer.name, items)])))
        self._take(await self._call(partial(self._engine.flush, wearer.name)))
        self._engine.close(wearer.name)
        wearer.progress.ended = True

    async def _begin_run(self, wearer: ServedWearer, frame: StreamFrame) -> None:
        try:
            info = await self._info_of_run(wearer, frame)
        except ProtocolError as error:
            self._warn(wearer, error)
            wearer.begin_run(frame, None)
            return
        if info is None:
            return
        wearer.begin_run(frame, info)
        refused = await self._call(partial(self._engine.open, wearer.name, info))
        self._take(refused)
        states = [item for _, item in refused if isinstance(item, State)]
        for state in states or [State("streaming", f"wearer {wearer.name} is served")]:
            self._report(replace(state, time=self._clock()))

    async def _info_of_run(self, wearer: ServedWearer, frame: StreamFrame) -> StreamInfo | None:
        """Description of the run that a frame begins; None if it is not known. Raises `ProtocolError`."""
        if frame.kind is FrameKind.INFO:
            return info_of(frame.payload)
        record = await self._connection.retried(lambda: read_record(self._connection, self._names, wearer.name))
        if record is None or record.run != frame.run:
            return None
        text = f"wearer {wearer.name}: the stream begins at frame {frame.number}; what came before was removed"
        self._report(State("warning", text, self._clock()))
        return record.info

    async def _wearer(self, name: str, sequence: int) -> ServedWearer:
        if name not in self._wearers:
            progress = Progress(sequence - 1)
            await self._connection.retried(lambda: self._add(name, progress, None, 0))
        return self._wearers[name]

    def _take(self, results: Sequence[ServedResult]) -> None:
        """Number results; those that are not stored yet wait to be."""
        for name, item in results:
            if self._wearers[name].add_result(item, getattr(item, "time", None) or 0.0):
                self._new.append((name, item))

    async def _store(self) -> None:
        """Store the results that wait; they are reported once that is done."""
        if not self._new:
            return
        await self._trusted()
        async with asyncio.TaskGroup() as group:
            for name in {name for name, _ in self._new}:
                group.create_task(self._wearers[name].store())
        new, self._new = self._new, []
        for name, item in new:
            self._on_result(name, item)

    async def _save_due(self) -> None:
        """Store the states that are due, a few at a time, and how far the partition is processed."""
        now = self._clock()
        due = [one for one in self._wearers.values() if one.dirty and self._is_due(one, now)]
        for wearer in sorted(due, key=lambda one: one.saved_at)[:MAX_SAVES]:
            await self._save(wearer)
        if now - self._position_at >= self._checkpoint:
            await self._save_position()

    def _is_due(self, wearer: ServedWearer, now: float) -> bool:
        return now - wearer.saved_at >= self._checkpoint or wearer.unsaved_messages >= CHECKPOINT_MESSAGES

    async def _save(self, wearer: ServedWearer) -> None:
        """Store a wearer's progress and state, all of whose results are stored."""
        progress = wearer.progress
        try:
            state = b"" if progress.ended else await self._call(partial(self._engine.snapshot, wearer.name))
        except TypeError as error:  # of an encoder from a plug-in
            self._note_unstorable(wearer, error)
            return
        value = encode_progress(progress, wearer.info, state)
        sequence = progress.sequence
        key = self._names.state_key(wearer.name)
        await self._trusted()
        try:
            wearer.revision = await self._connection.retried(lambda: self._replace(key, value, wearer.revision))
        except nats.errors.MaxPayloadError as error:
            self._note_unstorable(wearer, error)
            return
        wearer.saved_sequence, wearer.saved_at, wearer.unsaved_messages = sequence, self._clock(), 0

    def _note_unstorable(self, wearer: ServedWearer, error: Exception) -> None:
        wearer.saved_at, wearer.unsaved_messages = self._clock(), 0
        if not self._unstorable:
            self._unstorable = True
            text = f"wearers' states cannot be stored ({error}): after a crash they are rebuilt from the stream"
            self._report(State("warning", text, self._clock()))

    async def _replace(self, key: str, value: bytes, revision: int) -> int:
        """Write an entry that only this worker writes; return its revision. Raises `Superseded`."""
        try:
            return await self._bucket.update(key, value, last=revision)
        except nats.js.errors.KeyWrongLastSequenceError:
            pass
        try:
            found = await self._bucket.get(key)
        except nats.js.errors.NotFoundError:
            return await self._bucket.update(key, value, last=0)
        if found.value == value and found.revision is not None:  # its acknowledgement was lost
            return found.revision
        raise Superseded(f"another worker keeps {key}", "end one of the two")

    async def _save_position(self) -> None:
        unsaved = [wearer.saved_sequence for wearer in self._wearers.values() if wearer.dirty]
        position = min([self._last_sequence, *unsaved])
        if position > self._position:
            await self._connection.retried(lambda: self._bucket.put(self._position_key, str(position).encode()))
            self._position = position
        self._position_at = self._clock()
