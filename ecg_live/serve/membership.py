"""What a site's workers know of each other: which ones live, and which of them holds which partition."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress

import nats.js.errors

from ecg_live.errors import ConfigError
from ecg_live.events import Clock
from ecg_live.nats.connection import Connection
from ecg_live.nats.lease import RENEW_INTERVAL_S, Holder, Lease
from ecg_live.nats.names import SiteNames, partition_token
from ecg_live.nats.reader import StreamReader
from ecg_live.nats.site import LEASE_S

DEAD_AFTER_S = LEASE_S + RENEW_INTERVAL_S  # without a sign of a worker, by this machine's clock
JOIN_TIMEOUT_S = 5.0
_MODEL_KEY = "site.model"


class Membership:
    """A worker among those of its site.

    Whether another lives is seen by its renewals as they arrive, on this machine's monotonic clock; no clocks are
    compared.

    Parameters
    ----------
    connection : Connection
    names : SiteNames
    holder : Holder
        This worker.
    clock : Clock
        Monotonic seconds.
    """

    def __init__(self, connection: Connection, names: SiteNames, holder: Holder, clock: Clock = time.monotonic) -> None:
        self._connection = connection
        self._names = names
        self._clock = clock
        self._bucket = connection.bucket(names.bucket)
        self._lease = Lease(connection.bucket(names.lease_bucket), f"worker.{holder.id}", holder, clock)
        self.holder = holder
        self._seen: dict[str, tuple[Holder, float]] = {}  # workers by id, and when their last sign came
        self._owners: dict[int, tuple[Holder | None, int]] = {}  # holder and revision of each partition's entry
        self._listed = 0  # of the two lists, those that were read once
        self._connected_since = clock()
        connection.listen(self._note_connection)

    async def join(self) -> None:
        """Become a worker of the site. Raises `AWAY_ERRORS`."""
        await self._lease.take()
        until = self._clock() + JOIN_TIMEOUT_S
        while self._listed < 2 and self._clock() < until:  # noqa: ASYNC110 - an event would need a time-out as well
            await asyncio.sleep(0.02)

    async def agree_on_model(self, model: str) -> None:
        """Check that all living workers predict with the same model and settings; the first one decides.

        Raises
        ------
        ConfigError
            Others predict with another one.
        """
        value = json.dumps({"model": model}).encode()
        while True:
            with suppress(nats.js.errors.KeyWrongLastSequenceError):
                await self._bucket.create(_MODEL_KEY, value)
            entry = await self._bucket.get(_MODEL_KEY)
            if entry.value == value:
                return
            if others := [holder for holder in self.living() if holder.id != self.holder.id]:
                theirs = json.loads(entry.value or b"{}").get("model", "another")
                raise ConfigError(
                    f"the other workers of site {self._names.site} predict with {theirs}, this one with {model} "
                    f"(such as {others[0]})",
                    "give all workers the same --model, --hop and --baseline, or another --site",
                )
            try:
                await self._bucket.update(_MODEL_KEY, value, last=entry.revision)
            except nats.js.errors.KeyWrongLastSequenceError:
                continue

    async def keep(self) -> None:
        """Renew this worker's lease, and follow the others, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lease.keep(lambda _: None))
            group.create_task(self._follow(self._names.lease_bucket, "worker.*", self._note_worker))
            group.create_task(self._follow(self._names.bucket, "partition.*", self._note_partition))

    async def leave(self) -> None:
        """Give the lease back."""
        await self._lease.release()

    async def trusted(self) -> None:
        """Wait until it is certain that the other workers take this one for alive."""
        while not self._lease.trusted:
            await self._connection.wait_connected()
            await asyncio.sleep(0.05)

    def living(self) -> list[Holder]:
        """Workers that live, this one included; after a connection was lost, all that lived before get time."""
        now = self._clock()
        patient = now - self._connected_since < DEAD_AFTER_S
        found = [
            holder for holder, seen in self._seen.values() if not holder.gone and (patient or now - seen < DEAD_AFTER_S)
        ]
        return found if any(holder.id == self.holder.id for holder in found) else [*found, self.holder]

    def holds(self, partition: int) -> bool:
        """Whether this worker holds a partition, as far as is known."""
        owner = self._owners.get(partition, (None, 0))[0]
        return owner is not None and owner.id == self.holder.id

    @property
    def held(self) -> list[int]:
        """Partitions that this worker holds."""
        return [partition for partition in sorted(self._owners) if self.holds(partition)]

    def free(self) -> list[int]:
        """Partitions that no living worker holds."""
        alive = {holder.id for holder in self.living()}
        owners = {partition: owner for partition, (owner, _) in self._owners.items()}
        return [
            partition
            for partition in range(self._names.partitions)
            if (owner := owners.get(partition)) is None or owner.id not in alive
        ]

    def share(self) -> int:
        """Partitions that each living worker should hold, rounded up."""
        return -(-self._names.partitions // max(1, len(self.living())))

    async def take(self, partition: int) -> bool:
        """Take a partition that is free; whether no other worker was faster. Raises `AWAY_ERRORS`."""
        return await self._write(partition, self.holder.value, self.holder)

    async def give(self, partition: int) -> bool:
        """Give a partition back. Raises `AWAY_ERRORS`."""
        return not self.holds(partition) or await self._write(partition, b"{}", None)

    async def _write(self, partition: int, value: bytes, owner: Holder | None) -> bool:
        key, revision = f"partition.{partition_token(partition)}", self._owners.get(partition, (None, 0))[1]
        try:
            self._owners[partition] = owner, await self._bucket.update(key, value, last=revision)
        except nats.js.errors.KeyWrongLastSequenceError:
            return False
        return True

    async def _follow(self, bucket: str, keys: str, note: Callable[[str, bytes, int], object]) -> None:
        reader = StreamReader(self._connection, f"KV_{bucket}", f"$KV.{bucket}.{keys}", last_of_each=True)
        listed = False
        async for message in reader.messages():
            if message is not None:
                note(message.subject.rpartition(".")[2], message.data, message.sequence)
            if not listed and reader.listed:
                listed = True
                self._listed += 1

    def _note_worker(self, name: str, value: bytes, _: int) -> None:
        holder = Holder.of(value)
        if holder is None:  # it has left
            self._seen.pop(name, None)
        else:
            self._seen[name] = holder, self._clock()

    def _note_partition(self, name: str, value: bytes, revision: int) -> None:
        partition = int(name.removeprefix("p"))
        if revision >= self._owners.get(partition, (None, 0))[1]:
            self._owners[partition] = Holder.of(value), revision

    def _note_connection(self, connected: bool) -> None:
        if connected:
            self._connected_since = self._clock()
