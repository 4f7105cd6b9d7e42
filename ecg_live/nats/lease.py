"""Leases in a key-value bucket: held while they are renewed, gone when their holder is."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Self

import nats.js.errors
from nats.js.kv import KeyValue

from ecg_live.errors import EcgLiveError
from ecg_live.events import Clock
from ecg_live.nats.connection import AWAY_ERRORS
from ecg_live.nats.server_file import process_lives
from ecg_live.nats.site import LEASE_S, SITE_ERRORS

RENEW_INTERVAL_S = LEASE_S / 4
TRUSTED_S = 0.7 * LEASE_S  # since the last renewal was asked for; by this machine's monotonic clock alone


class LeaseTaken(EcgLiveError):
    """Another program holds the lease."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that holds leases: host and process, and an id of its own."""

    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    id: str = field(default_factory=lambda: secrets.token_hex(6))

    @classmethod
    def of(cls, value: bytes | None) -> Self | None:
        """Holder as a lease states it; None if it cannot be read."""
        try:
            return cls(**json.loads(value or b""))
        except (ValueError, TypeError):
            return None

    @property
    def value(self) -> bytes:
        """What a lease states."""
        return json.dumps(asdict(self)).encode()

    @property
    def gone(self) -> bool:
        """Whether it was a process of this machine that runs no more."""
        return self.host == socket.gethostname() and not process_lives(self.pid)

    def __str__(self) -> str:
        """For messages."""
        return f"process {self.pid} on {self.host}"


class Lease:
    """One key of a lease bucket.

    Parameters
    ----------
    bucket : KeyValue
        Its entries vanish `LEASE_S` after they were written last, by the server's clock.
    key : str
    holder : Holder
    clock : Clock
        Monotonic seconds.
    """

    def __init__(self, bucket: KeyValue, key: str, holder: Holder, clock: Clock = time.monotonic) -> None:
        self._bucket = bucket
        self._key = key
        self._holder = holder
        self._clock = clock
        self._revision = 0
        self._asked = -float("inf")  # when the last renewal that succeeded was asked for

    @property
    def trusted(self) -> bool:
        """Whether it is certain that no other program holds the lease."""
        return self._clock() - self._asked < TRUSTED_S

    async def take(self) -> None:
        """Take the lease.

        Raises
        ------
        LeaseTaken
            Another program holds it that lives, or may live.
        AWAY_ERRORS
            The server does not answer.
        """
        asked = self._clock()
        try:
            self._revision = await self._bucket.create(self._key, self._holder.value)
        except nats.js.errors.KeyWrongLastSequenceError:
            self._revision = await self._replace()
        self._asked = asked

    async def renew(self) -> None:
        """Renew the lease; one that has expired is taken again, if it is free.

        Raises
        ------
        LeaseTaken
            Another program has taken it.
        AWAY_ERRORS
            The server does not answer.
        """
        asked = self._clock()
        try:
            self._revision = await self._bucket.update(self._key, self._holder.value, last=self._revision)
        except nats.js.errors.KeyWrongLastSequenceError:
            await self.take()
            return
        self._asked = asked

    async def keep(self, lost: Callable[[LeaseTaken], object]) -> None:
        """Renew until cancelled; ``lost`` is called when another program has taken the lease."""
        while True:
            await asyncio.sleep(RENEW_INTERVAL_S)
            try:
                await self.renew()
            except LeaseTaken as error:
                lost(error)
                return
            except AWAY_ERRORS:
                continue

    async def release(self) -> None:
        """Give the lease back; without an answer it expires by itself."""
        self._asked = -float("inf")
        try:
            await self._bucket.delete(self._key, last=self._revision)
        except SITE_ERRORS:
            return

    async def _replace(self) -> int:
        """Take over from a holder that is gone, or from this program's own earlier entry."""
        other: Holder | None = None
        try:
            entry = await self._bucket.get(self._key)
            other = Holder.of(entry.value)
            if other is not None and (other.id == self._holder.id or other.gone):
                return await self._bucket.update(self._key, self._holder.value, last=entry.revision)
        except nats.js.errors.NotFoundError:  # it has just expired: the next attempt takes it
            pass
        except nats.js.errors.KeyWrongLastSequenceError:
            pass
        raise LeaseTaken(f"{self._key} is held by {other or 'another program'}", "end that one first")
