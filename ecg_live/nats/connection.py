"""A connection to a NATS server that is kept: it reconnects for ever, and callers see when it is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

import nats.errors
import nats.js.errors
from nats.js import api
from nats.js.client import JetStreamContext
from nats.js.kv import KeyValue

from ecg_live.errors import ConfigError, DeviceError
from ecg_live.nats.client import Client
from ecg_live.nats.names import SiteNames
from ecg_live.nats.options import ServerOptions

CONNECT_TIMEOUT_S = 3.0
REQUEST_TIMEOUT_S = 2.0
RECONNECT_PAUSE_S = 0.2
PING_INTERVAL_S, MAX_MISSED_PINGS = 3, 2  # a server that vanished without a word is noticed after 9 s
_T = TypeVar("_T")
_log = logging.getLogger(__name__)

# What a request raises while the server is away, or is coming back: to be tried again.
AWAY_ERRORS: tuple[type[BaseException], ...] = (
    nats.errors.TimeoutError,
    nats.errors.ConnectionClosedError,
    nats.errors.NoRespondersError,
    nats.errors.OutboundBufferLimitError,
    nats.errors.StaleConnectionError,
    nats.js.errors.NoStreamResponseError,
    nats.js.errors.ServiceUnavailableError,
    nats.errors.NoServersError,
    asyncio.TimeoutError,
    OSError,
)


class Connection:
    """A client that is connected; make it with `connect`.

    Attributes
    ----------
    js : JetStreamContext
    generation : int
        Number of connections by now: it grows when the server was away.
    """

    def __init__(self, client: Client, options: ServerOptions) -> None:
        self._client = client
        self.options = options
        self.js: JetStreamContext = client.jetstream(timeout=REQUEST_TIMEOUT_S)
        self.generation = 1
        self.refused: str | None = None
        self._connected = asyncio.Event()
        self._connected.set()
        self._listeners: list[Callable[[bool], object]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def client(self) -> Client:
        """The client below."""
        return self._client

    @property
    def connected(self) -> bool:
        """Whether the server is connected now."""
        return self._connected.is_set()

    def listen(self, listener: Callable[[bool], object]) -> None:
        """Call ``listener`` at each change, with whether the server is connected."""
        self._listeners.append(listener)

    async def wait_connected(self) -> None:
        """Wait until the server is connected.

        Raises
        ------
        DeviceError
            The server refuses this client for good.
        """
        while not self._connected.is_set():
            if self._client.is_closed:
                raise DeviceError(
                    f"the NATS server refuses the connection: {self.refused or 'it was closed'}", "check credentials"
                )
            try:
                async with asyncio.timeout(1.0):
                    await self._connected.wait()
            except TimeoutError:
                continue

    async def retried(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Repeat a request until the server answers.

        Raises
        ------
        DeviceError
            The server refuses this client for good.
        """
        while True:
            try:
                return await call()
            except AWAY_ERRORS:
                await asyncio.sleep(RECONNECT_PAUSE_S)
                await self.wait_connected()

    def bucket(self, name: str) -> KeyValue:
        """A key-value bucket, without a request: a client with few permissions may not ask about it."""
        return KeyValue(name, f"KV_{name}", f"$KV.{name}.", self.js, direct=True)

    async def last_message(self, stream: str, subject: str) -> api.RawStreamMsg | None:
        """The last message of a subject; None if there is none.

        Raises
        ------
        AWAY_ERRORS
            The server does not answer.
        """
        try:
            return await self.js.get_msg(stream, subject=subject, direct=True)
        except nats.js.errors.NotFoundError:
            return None

    async def close(self) -> None:
        """Send what waits, and disconnect."""
        self._listeners.clear()
        if not self._client.is_closed:
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT_S):
                    if self._client.is_connected:
                        await self._client.flush()
            except AWAY_ERRORS as error:
                _log.info("closing: %s", type(error).__name__)
            await self._client.close_soon()

    async def note_lost(self) -> None:
        """The client reports that the connection is lost."""
        self._connected.clear()
        self._announce(connected=False)

    async def note_back(self) -> None:
        """The client reports that it is connected again."""
        self.generation += 1
        self._connected.set()
        self._announce(connected=True)

    def _announce(self, *, connected: bool) -> None:
        for listener in tuple(self._listeners):
            listener(connected)


async def connect(options: ServerOptions, name: str) -> Connection:
    """Connect to a server; ``name`` is shown to its operator.

    Raises
    ------
    DeviceError
        None answers, or it refuses the credentials.
    ConfigError
        A file of TLS or credentials cannot be used.
    """
    client, failures = Client(), list[Exception]()
    held: list[Connection] = []

    async def note_error(error: Exception) -> None:
        failures[:] = [*failures[-4:], error]
        if held:
            held[0].refused = str(error)
        _log.info("NATS: %s", error)

    async def lost() -> None:
        for connection in held:
            await connection.note_lost()

    async def back() -> None:
        for connection in held:
            await connection.note_back()

    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await client.connect(
                options.urls,
                name=name,
                error_cb=note_error,
                disconnected_cb=lost,
                reconnected_cb=back,
                allow_reconnect=False,  # at first: a wrong address is to be known at once
                max_reconnect_attempts=2,
                reconnect_time_wait=RECONNECT_PAUSE_S,  # type: ignore[arg-type]  # it is only slept and compared
                ping_interval=PING_INTERVAL_S,
                max_outstanding_pings=MAX_MISSED_PINGS,
                tls=options.tls(),
                user=options.user,
                password=options.password,
                token=options.token,
                user_credentials=options.credentials,
                inbox_prefix=f"_INBOX_{options.user}" if options.user else "_INBOX",
            )
    except (nats.errors.Error, OSError, TimeoutError, ValueError) as error:
        await client.close_soon()
        raise _why_not(options, [*failures, error]) from error
    client.options["allow_reconnect"] = True
    client.options["max_reconnect_attempts"] = -1
    held.append(Connection(client, options))
    return held[0]


def _why_not(options: ServerOptions, failures: list[Exception]) -> DeviceError | ConfigError:
    """Error for a connection that cannot be made."""
    texts = " ".join(f"{type(error).__name__} {error}" for error in failures).casefold()
    if "authorization" in texts or "authentication" in texts:
        return ConfigError(
            f"the NATS server at {options.url} refuses the credentials",
            "set ECG_LIVE_NATS_USER and ECG_LIVE_NATS_PASSWORD, or ECG_LIVE_NATS_TOKEN, or give --creds",
        )
    if "certificate" in texts or "ssl" in texts or "tls" in texts:
        return DeviceError(
            f"no TLS with the NATS server at {options.url}: {failures[-1]}", "check --ca, and tls:// or nats://"
        )
    return DeviceError(
        f"no NATS server answers at {options.url}", "start it, or check the address and firewalls on the way"
    )


async def site_names(connection: Connection, site: str) -> SiteNames:
    """Names of a site that exists.

    Raises
    ------
    DeviceError
        The server has no such site.
    """
    try:
        entry = await connection.bucket(f"ecg_{site}").get("site.partitions")
    except (nats.js.errors.NotFoundError, nats.errors.NoRespondersError) as error:
        raise DeviceError(
            f"the NATS server at {connection.options.url} has no site {site}",
            f"start ecg-live serve --site {site}, or check the name",
        ) from error
    except AWAY_ERRORS as error:
        raise DeviceError(
            f"the NATS server at {connection.options.url} does not answer for site {site}",
            "check that JetStream is on and that these credentials may use the site",
        ) from error
    return SiteNames(site, int(entry.value or b"0"))
