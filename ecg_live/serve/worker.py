"""A worker: joins its site, takes its share of the partitions, serves them, and hands them over when it leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple, TypeVar

from ecg_live.events import Clock, State, StateName
from ecg_live.nats.connection import AWAY_ERRORS, Connection
from ecg_live.nats.lease import Holder
from ecg_live.nats.names import SiteNames
from ecg_live.nats.writer import Superseded
from ecg_live.serve.engine import WearerEngine
from ecg_live.serve.membership import Membership
from ecg_live.serve.partition import CHECKPOINT_S, PartitionServer, ReportResult

_T = TypeVar("_T")
BALANCE_INTERVAL_S = 0.5
HAND_OVER_TIMEOUT_S = 10.0


class WorkerCounts(NamedTuple):
    """Partitions and wearers that a worker serves, messages it processed, results it stored, messages that wait."""

    partitions: int
    wearers: int
    messages: int
    results: int
    waiting: int


class Worker:
    """Serve a share of a site's wearers.

    Parameters
    ----------
    connection : Connection
    names : SiteNames
    engine : WearerEngine
    report : callable
        Takes states for the user.
    on_result : callable
        Takes each stored result with its wearer.
    holder : Holder, optional
        This worker.
    clock : Clock
        Monotonic seconds.
    checkpoint : float
        Seconds between two stored states of a wearer.
    """

    def __init__(
        self,
        connection: Connection,
        names: SiteNames,
        engine: WearerEngine,
        report: Callable[[State], object],
        on_result: ReportResult = lambda _wearer, _item: None,
        holder: Holder | None = None,
        clock: Clock = time.monotonic,
        checkpoint: float = CHECKPOINT_S,
    ) -> None:
        self._connection = connection
        self._names = names
        self._engine = engine
        self._report = report
        self._on_result = on_result
        self._clock = clock
        self._checkpoint = checkpoint
        self._members = Membership(connection, names, holder or Holder(), clock)
        self._serving: dict[int, tuple[PartitionServer, asyncio.Task[None]]] = {}
        self._past_messages = self._past_results = 0  # of partitions that were handed over
        self._stopping = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "engine")
        self._reported_share = -1

    @property
    def counts(self) -> WorkerCounts:
        """Counts by now."""
        servers = [server for server, _ in self._serving.values()]
        wearers = [wearer for server in servers for wearer in server.wearers]
        return WorkerCounts(
            len(servers),
            sum(not wearer.progress.ended for wearer in wearers),
            self._past_messages + sum(server.messages for server in servers),
            self._past_results + sum(wearer.stored_results for wearer in wearers),
            sum(server.pending for server in servers),
        )

    def stop(self) -> None:
        """Ask the worker to end; on its loop."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until `stop`.

        Raises
        ------
        ConfigError
            The site's other workers predict with another model.
        DeviceError
            The server refuses this client for good.
        """
        following = asyncio.create_task(self._members.keep())
        self._connection.listen(self._note_connection)
        try:
            await self._connection.retried(self._members.join)
            await self._connection.retried(lambda: self._members.agree_on_model(self._engine.model))
            while not self._stopping.is_set():
                await self._balance()
                if following.done():
                    await following
                await self._pause()
        finally:
            await self._hand_over(list(self._serving))
            following.cancel()
            await self._members.leave()
            self._thread.shutdown(wait=False)

    async def _call(self, function: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(BALANCE_INTERVAL_S):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _balance(self) -> None:
        """Drop partitions that others hold, end what failed, and come to this worker's share."""
        for partition in list(self._serving):
            if not self._members.holds(partition):
                await self._drop(partition)
            elif self._serving[partition][1].done():
                await self._end(partition)
        if not self._connection.connected:
            return
        try:
            share = self._members.share()
            held = self._members.held
            if extra := held[share:]:
                await self._hand_over(extra)
            for partition in self._members.free()[: share - len(held)]:
                await self._members.take(partition)
        except AWAY_ERRORS:
            return
        for partition in self._members.held:
            if partition not in self._serving:
                self._begin(partition)
        if len(self._serving) != self._reported_share:
            self._reported_share = len(self._serving)
            workers, count = len(self._members.living()), len(self._serving)
            self._state("streaming", f"serving {count} of {self._names.partitions} partitions; workers: {workers}")

    def _begin(self, partition: int) -> None:
        server = PartitionServer(
            self._connection,
            self._names,
            partition,
            self._engine,
            self._call,
            self._members.holder.id,
            self._members.trusted,
            self._report,
            self._on_result,
            self._clock,
            self._checkpoint,
        )
        self._serving[partition] = server, asyncio.create_task(server.serve())

    async def _end(self, partition: int) -> None:
        """Forget a partition whose task has ended; it begins again if it is still held."""
        task = self._serving[partition][1]
        self._forget(partition)
        error = task.exception()
        if isinstance(error, Superseded | ExceptionGroup):  # another worker was at it: the last state counts
            self._state("warning", f"partition {partition} is taken up again: {_text(error)}")
        elif error is not None:
            raise error

    async def _drop(self, partition: int) -> None:
        """Stop serving a partition that another worker has taken: what is not stored is the other's."""
        await _cancelled(self._serving[partition][1])
        self._forget(partition)
        self._state("warning", f"partition {partition} is served by another worker now")

    async def _hand_over(self, partitions: list[int]) -> None:
        """Store states and give partitions back."""
        serving = {partition: self._serving[partition] for partition in partitions if partition in self._serving}
        for server, _ in serving.values():
            server.stop()
        if serving:
            await asyncio.wait([task for _, task in serving.values()], timeout=HAND_OVER_TIMEOUT_S)
        for partition, (_, task) in serving.items():
            in_order = task.done() and task.exception() is None
            await _cancelled(task)
            if not in_order:
                self._state("warning", f"partition {partition} is not handed over in order; nothing is lost")
            with suppress(*AWAY_ERRORS):
                await self._members.give(partition)
            self._forget(partition)

    def _forget(self, partition: int) -> None:
        server, _ = self._serving.pop(partition)
        self._past_messages += server.messages
        self._past_results += sum(wearer.stored_results for wearer in server.wearers)

    def _note_connection(self, connected: bool) -> None:
        if connected:
            self._state("streaming", "the NATS server is back")
        else:
            self._state("lost", "the NATS server is away: results wait")

    def _state(self, state: StateName, detail: str) -> None:
        self._report(State(state, detail, self._clock()))


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # it is no news any more


def _text(error: BaseException) -> str:
    if isinstance(error, ExceptionGroup):
        return "; ".join(sorted({_text(each) for each in error.exceptions}))
    return str(error) or type(error).__name__
