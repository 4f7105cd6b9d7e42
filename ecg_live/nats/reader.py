"""Read a stream's messages in order, each once, from a place on; a server that goes away is waited for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

import nats.errors
import nats.js.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from ecg_live.nats.connection import AWAY_ERRORS, Connection

HEARTBEAT_S = 1.0  # of the server, while there is nothing to deliver
MAX_SILENCE_S = 4.0  # then the consumer is gone
INACTIVE_S = 30.0  # after which the server forgets a consumer that nothing listens to
RETRY_PAUSE_S = 0.3
_CONTROL_STATUS = "100"
_SHORT_REPLY_FIELDS = 9
_log = logging.getLogger(__name__)


class StoredMessage(NamedTuple):
    """A message of a stream: its sequence number there, and when the server stored it (s since 1970, its clock)."""

    sequence: int
    subject: str
    data: bytes
    stored: float


class StreamReader:
    """Messages of a stream whose subjects match, in the stream's order.

    An own consumer without acknowledgements delivers them, with flow control; when its numbers show a hole, it falls
    silent or the connection was lost, a new one goes on after the last message that came. Losses on the way are thus
    made good; what the stream itself no longer has is skipped.

    Parameters
    ----------
    connection : Connection
    stream : str
    subjects : str
        A subject, or a pattern.
    start : int, optional
        Sequence number to begin with; without it, the reader begins with what is stored from now on.
    last_of_each : bool
        Begin with the last message of each subject instead.
    """

    def __init__(
        self,
        connection: Connection,
        stream: str,
        subjects: str,
        start: int | None = None,
        *,
        last_of_each: bool = False,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._subjects = subjects
        self._next = start
        self._last_of_each = last_of_each
        self._subscription: Subscription | None = None
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._expected = 1  # number of the next delivery
        self._generation = 0
        self.pending = 0  # messages in the stream after the last one that came
        self.listed = False  # all that was there at the start has come

    @property
    def ready(self) -> bool:
        """Whether another message is here already."""
        return not self._arrived.empty()

    async def messages(self) -> AsyncGenerator[StoredMessage | None]:
        """Messages without end; None when all that is there has come, and whenever none came for a second.

        Raises
        ------
        DeviceError
            The server refuses this client for good.
        """
        try:
            while True:
                try:
                    await self._open()
                    if not self.pending:
                        yield None
                    async for message in self._deliveries():
                        yield message
                except AWAY_ERRORS as error:
                    _log.info("reading %s: %s", self._subjects, type(error).__name__)
                except nats.js.errors.NotFoundError:
                    _log.info("reading %s: the stream is not there", self._subjects)
                yield None
                await asyncio.sleep(RETRY_PAUSE_S)
                await self._connection.wait_connected()
        finally:
            await self._close()

    async def _open(self) -> None:
        await self._close()
        client = self._connection.client
        self._generation, self._expected, self._arrived = self._connection.generation, 1, asyncio.Queue()
        inbox = client.new_inbox()
        self._subscription = await client.subscribe(inbox, cb=self._take, pending_bytes_limit=0)
        found = await self._connection.js.add_consumer(self._stream, self._config(inbox))
        self.pending = found.num_pending or 0
        self.listed = self.listed or not self.pending
        if self._next is None and not self._last_of_each and found.delivered is not None:
            self._next = found.delivered.stream_seq + 1

    async def _take(self, message: Msg) -> None:
        """The client's task for this subscription brings a message."""
        self._arrived.put_nowait(message)

    async def _next_arrived(self) -> Msg | None:
        """The next message; None after a second without one."""
        if not self._arrived.empty():
            return self._arrived.get_nowait()
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                return await self._arrived.get()
        except TimeoutError:
            return None

    def _config(self, inbox: str) -> api.ConsumerConfig:
        started = self._next is not None
        others = api.DeliverPolicy.LAST_PER_SUBJECT if self._last_of_each else api.DeliverPolicy.NEW
        policy = api.DeliverPolicy.BY_START_SEQUENCE if started else others
        return api.ConsumerConfig(
            name=f"reader-{inbox.rpartition('.')[2]}",
            deliver_policy=policy,
            opt_start_seq=self._next if started else None,
            ack_policy=api.AckPolicy.NONE,
            filter_subject=self._subjects,
            deliver_subject=inbox,
            flow_control=True,
            idle_heartbeat=HEARTBEAT_S,
            inactive_threshold=INACTIVE_S,
            mem_storage=True,
            num_replicas=1,
        )

    async def _deliveries(self) -> AsyncGenerator[StoredMessage | None]:
        """Messages of the present consumer; ends when it has to be replaced."""
        silent = 0.0
        while self._generation == self._connection.generation:
            message = await self._next_arrived()
            if message is None:
                silent += HEARTBEAT_S
                yield None
                if silent >= MAX_SILENCE_S:
                    return
                continue
            silent = 0.0
            if message.headers and message.headers.get(api.Header.STATUS) == _CONTROL_STATUS and not message.data:
                if await self._is_behind(message):
                    return
                yield None
                continue
            stored, delivered, when, pending = _numbers(message.reply)
            if delivered != self._expected:
                return
            self._expected, self.pending = delivered + 1, pending
            self.listed = self.listed or not pending
            if self._next is not None or not self._last_of_each or not pending:
                self._next = stored + 1
            yield StoredMessage(stored, message.subject, message.data, when / 1e9)

    async def _is_behind(self, control: Msg) -> bool:
        """Answer a message of flow control; whether a heartbeat shows deliveries that did not come."""
        headers = control.headers or {}
        if control.reply:
            await control.respond(b"")
            return False
        if stalled := headers.get(api.Header.CONSUMER_STALLED):
            await self._connection.client.publish(stalled)
        last = headers.get(api.Header.LAST_CONSUMER)
        return last is not None and int(last) >= self._expected

    async def _close(self) -> None:
        if self._subscription is None:
            return
        subscription, self._subscription = self._subscription, None
        try:
            await subscription.unsubscribe()
        except nats.errors.Error as error:
            _log.info("unsubscribing: %s", type(error).__name__)


async def latest_messages(connection: Connection, stream: str, subjects: str) -> list[StoredMessage]:
    """The last message of each subject now. Raises `DeviceError` if the server refuses this client for good."""
    reader = StreamReader(connection, stream, subjects, last_of_each=True)
    found: list[StoredMessage] = []
    async with aclosing(reader.messages()) as messages:
        async for message in messages:
            if message is not None:
                found.append(message)
            if reader.listed:
                break
    return found


def _numbers(reply: str) -> tuple[int, int, int, int]:
    """Sequence in the stream, number of the delivery, time (ns) and pending messages, of a reply subject.

    ``$JS.ACK.STREAM.CONSUMER.DELIVERIES.SEQUENCE.NUMBER.TIME.PENDING``; newer servers put a domain and an account
    before the stream.
    """
    fields = reply.split(".")
    first = 5 if len(fields) == _SHORT_REPLY_FIELDS else 7
    stored, delivered, when, pending = (int(field) for field in fields[first : first + 4])
    return stored, delivered, when, pending
