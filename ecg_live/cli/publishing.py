"""Run a bridge: read a source on a thread, publish it on the main thread's loop, and report what happens."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli import print_notice
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.config import LiveSettings, load_settings
from ecg_live.errors import ConfigError, DeviceError, RecordingError
from ecg_live.events import STATES, Gap, State
from ecg_live.nats.options import SERVER_VARIABLE, ServerOptions, require_nats, server_options
from ecg_live.protocols import Source
from ecg_live.results import Item

if TYPE_CHECKING:  # needs the extra
    from ecg_live.nats.bridge import WearerBridge
    from ecg_live.nats.connection import Connection
    from ecg_live.nats.names import SiteNames

MIN_FRAME_S, MAX_FRAME_S = 0.02, 10.0
LEAVING_S = 3.0  # to store the rest after Ctrl-C
READ_SETTINGS = ("channel", "rate", "unit", "annotations", "gain", "signal", "speed", "seconds", "json")


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """Options of ``publish`` beside those of a source."""

    wearer: str
    site: str
    server: str | None
    creds: str | None
    ca: str | None
    frame: float
    spool_mb: float


def run_bridge(uri: str, options: Mapping[str, object], publishing: PublishOptions) -> int:
    """Publish a source until it ends or a signal comes; return the exit code.

    Raises
    ------
    EcgLiveError
        The source, the server or an option cannot be used, or another bridge publishes the wearer.
    """
    require_nats()
    from devices.read_options import ReadOptions
    from devices.uri import check_source, open_source
    from ecg_live.nats.names import check_name

    check_name("wearer", publishing.wearer)
    check_name("site", publishing.site)
    _check_numbers(publishing)
    settings = load_settings(options, only=READ_SETTINGS)
    server = local_or_given_server(publishing.server, publishing.creds, publishing.ca)
    known = {field.name for field in fields(ReadOptions)}
    source = open_source(uri, ReadOptions(**{k: v for k, v in asdict(settings).items() if k in known}), time.monotonic)
    check_source(source)
    program = BridgeProgram(source, source_name(uri), settings, publishing)
    with program.caught.handled(program.stop, *session_signals()):
        asyncio.run(program.run(server))
    return program.caught.exit_code


def local_or_given_server(url: str | None, creds: str | None, ca: str | None) -> ServerOptions:
    """Server of the options, the environment or this machine; warns where others could listen.

    Raises
    ------
    DeviceError
        There is none.
    ConfigError
        As `server_options`.
    """
    server = server_options(url, creds, ca)
    if server is None:
        raise DeviceError(
            "no NATS server runs on this machine",
            f"start ecg-live serve in another terminal, or give --server or {SERVER_VARIABLE}",
        )
    if not server.local and not server.encrypted:
        print_notice(f"the connection to {server.url} is not encrypted unless the server insists; use tls://")
    return server


def source_name(uri: str) -> str:
    """What a source is called on the server: a file without its folder, a device's URI as it is."""
    path = Path(uri.removeprefix("file:"))
    return path.name if path.exists() else uri


def _check_numbers(publishing: PublishOptions) -> None:
    if not MIN_FRAME_S <= publishing.frame <= MAX_FRAME_S:
        raise ConfigError(
            f"--frame is {publishing.frame:g}; it must be from {MIN_FRAME_S:g} to {MAX_FRAME_S:g} s", "try --frame 0.25"
        )
    if not 0 < publishing.spool_mb < float("inf"):
        raise ConfigError(f"--spool-mb is {publishing.spool_mb:g}; it must be above 0", "try --spool-mb 1000")


class BridgeProgram:
    """One source, one bridge, and what they report."""

    def __init__(self, source: Source, name: str, settings: LiveSettings, publishing: PublishOptions) -> None:
        self._source = source
        self._name = name
        self._settings = settings
        self._publishing = publishing
        self._write = _output(settings.json, source.info.rate)
        self._began: float | None = None
        self.caught = CaughtSignals()

    def stop(self) -> None:
        """End the source; what came is still stored."""
        self._source.close()

    async def run(self, server: ServerOptions) -> None:
        """Publish to the end. Raises `EcgLiveError`."""
        from ecg_live.nats.connection import connect, site_names

        async with await connect(server, f"ecg-live publish {self._publishing.wearer}") as connection:
            names = await site_names(connection, self._publishing.site)
            bridge = self._bridge(connection, names)
            try:
                await connection.retried(bridge.claim)
                await self._publish(connection, bridge)
            finally:
                await bridge.close()
                self._sum_up(bridge)

    def _bridge(self, connection: Connection, names: SiteNames) -> WearerBridge:
        from ecg_live.nats.bridge import WearerBridge
        from ecg_live.nats.server_file import server_folder
        from ecg_live.nats.spool import Spool

        options = self._publishing
        path = server_folder() / "spool" / options.site / f"{options.wearer}.frames"
        try:
            spool = Spool(path, round(options.spool_mb * 1e6))
        except BlockingIOError as error:
            found = f"wearer {options.wearer} of site {options.site} is published by another program of this machine"
            raise ConfigError(found, "end that bridge, or give this one another --wearer") from error
        except OSError as error:
            raise RecordingError(f"the spool {path} cannot be opened: {error.strerror}", "check the folder") from error
        return WearerBridge(
            connection, names, options.wearer, self._name, spool, self._write, time.monotonic, seconds=options.frame
        )

    async def _publish(self, connection: Connection, bridge: WearerBridge) -> None:
        loop = asyncio.get_running_loop()

        def begin() -> int | None:
            work = connection.retried(lambda: bridge.begin(self._source.info))
            return asyncio.run_coroutine_threadsafe(work, loop).result()

        sending = asyncio.create_task(self._send(bridge))
        reading = loop.run_in_executor(None, self._read, bridge, begin, loop)
        await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
        self._source.close()
        error = (await asyncio.gather(reading, return_exceptions=True))[0]
        if sending.done():
            await sending
        if self._began is not None:
            bridge.finish("stopped" if self.caught else "end of the source" if error is None else "lost")
        await self._drain(bridge, sending)
        if isinstance(error, BaseException):
            raise error

    async def _send(self, bridge: WearerBridge) -> None:
        while self._began is None:  # noqa: ASYNC110 - set on the reading thread
            await asyncio.sleep(0.02)
        await bridge.send()

    async def _drain(self, bridge: WearerBridge, sending: asyncio.Task[None]) -> None:
        """Wait until all is stored; once the user wants to leave, for a moment only."""
        since = time.monotonic()
        while self._began is not None and not sending.done():
            if self.caught and time.monotonic() - since > LEAVING_S:
                print_notice(
                    f"{bridge.waiting_bytes} bytes are not stored yet: publish this wearer again to store them"
                )
                break
            await asyncio.wait({sending}, timeout=0.1)
        if sending.done():
            await sending
        sending.cancel()

    def _read(self, bridge: WearerBridge, begin: Callable[[], int | None], loop: asyncio.AbstractEventLoop) -> None:
        """Read the source, on a thread of its own."""
        from devices.replay import Replay

        with self._source as source:
            stop = begin()
            self._began = time.monotonic()
            self._write(State("streaming", self._greeting(resumed=stop is not None), self._began))
            patient = source.info.replay
            if patient and stop is not None and isinstance(source, Replay):
                source.begin_at(stop / source.info.rate)  # what is stored already is not waited for
            for item in source:
                if patient:
                    asyncio.run_coroutine_threadsafe(bridge.put_patiently(item), loop).result()
                else:
                    loop.call_soon_threadsafe(bridge.put, item)
                if self._expired():
                    break

    def _expired(self) -> bool:
        limit = self._settings.seconds
        return bool(self.caught) or (
            limit is not None and self._began is not None and time.monotonic() - self._began >= limit
        )

    def _greeting(self, *, resumed: bool) -> str:
        options = self._publishing
        how = "goes on where its bridge stopped" if resumed else "begins"
        return (
            f"wearer {options.wearer} of site {options.site} {how}; watch it with: "
            f"ecg-live run nats:{options.site}/{options.wearer}"
        )

    def _sum_up(self, bridge: WearerBridge) -> None:
        counts = bridge.counts._asdict()
        wall = 0.0 if self._began is None else time.monotonic() - self._began
        if self._settings.json:
            print(json.dumps({"type": "summary"} | counts | {"wall": round(wall, 6)}), flush=True)
        elif self._began is not None:
            print_notice(", ".join(f"{count} {name}" for name, count in counts.items()))


def _output(as_json: bool, rate: float) -> Callable[[Item], object]:
    """Function that shows states and gaps."""
    if as_json:
        from ecg_live.sinks.jsonl import JsonLines

        return JsonLines(sys.stdout, rate).write

    def show(item: Item) -> None:
        if isinstance(item, Gap):
            print_notice(f"{item.lost} samples lost from {item.start} on ({item.cause})")
        elif isinstance(item, State) and ("ongoing" in STATES[item.state] or "listed" in STATES[item.state]):
            print_notice(f"{item.state}: {item.detail}")

    return show
