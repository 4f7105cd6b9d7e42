"""Run a worker, or the overview of a site, until it is stopped."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecg_live.cli import print_notice
from ecg_live.cli.publishing import local_or_given_server
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.config import LiveSettings, load_settings
from ecg_live.errors import ConfigError
from ecg_live.events import STATES, State
from ecg_live.nats.options import ServerOptions, require_nats, server_options
from ecg_live.parse_number import parse_number
from ecg_live.resources import model_path

if TYPE_CHECKING:  # needs the extra, or takes long to load
    from ecg_live.nats.connection import Connection
    from ecg_live.nats.names import SiteNames
    from ecg_live.serve.engine import ServedItem, WearerEngine
    from ecg_live.serve.worker import Worker

SERVE_SETTINGS = ("model", "hop", "baseline", "show_unproven", "seconds", "json")
MIN_SYNC_S, MAX_SYNC_S = 0.01, 3600.0
STATUS_INTERVAL_S = 10.0


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Options of ``serve`` beside the model's."""

    site: str
    server: str | None
    creds: str | None
    ca: str | None
    sync: str
    store_gb: float
    partitions: int
    replicas: int
    overview: bool


def serve_site(options: Mapping[str, object], serving: ServeOptions) -> int:
    """Serve, or show, a site until a signal comes; return the exit code.

    Raises
    ------
    EcgLiveError
        The server, the model or an option cannot be used, or other workers predict with another model.
    """
    require_nats()
    from ecg_live.nats.names import check_name

    check_name("site", serving.site)
    _check_numbers(serving)
    settings = load_settings(options, only=SERVE_SETTINGS)
    program = ServeProgram(settings, serving)
    with program.caught.handled(program.stop, *session_signals()):
        if serving.overview:
            asyncio.run(program.run(local_or_given_server(serving.server, serving.creds, serving.ca), None))
        else:
            with _server(serving) as server:
                asyncio.run(program.run(server, make_engine(settings)))
    return program.caught.exit_code


def make_engine(settings: LiveSettings) -> WearerEngine:
    """Engine for the settings' model. Raises `ModelError`."""
    from ecg_live.model.bundle import load_bundle
    from ecg_live.serve.batched_engine import BatchedEngine

    path = model_path(settings.model)
    bundle = load_bundle(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return BatchedEngine(bundle, digest, settings.hop, settings.baseline, show_unproven=settings.show_unproven)


@contextmanager
def _server(serving: ServeOptions) -> Iterator[ServerOptions]:
    """The server that is given, or this machine's own, which is started if it does not run."""
    if serving.server is not None or server_options() is not None:
        yield local_or_given_server(serving.server, serving.creds, serving.ca)
        return
    from ecg_live.nats.server import MachineServer

    with MachineServer(serving.sync, print_notice) as machine:
        if machine.started:
            print_notice(f"a NATS server runs on {machine.found.url} until this command ends")
        yield ServerOptions(machine.found.url, token=machine.found.token)


def _check_numbers(serving: ServeOptions) -> None:
    if serving.sync != "always":
        try:
            seconds = parse_number(serving.sync)
        except ValueError:
            seconds = float("nan")
        if not MIN_SYNC_S <= seconds <= MAX_SYNC_S:
            raise ConfigError(
                f"--sync is {serving.sync!r}; it is always, or from {MIN_SYNC_S:g} to {MAX_SYNC_S:g} s", "try --sync 1"
            )
    if not 0 < serving.store_gb < float("inf"):
        raise ConfigError(f"--store-gb is {serving.store_gb:g}; it must be above 0", "try --store-gb 10")


class ServeProgram:
    """A worker or an overview, and what it reports."""

    def __init__(self, settings: LiveSettings, serving: ServeOptions) -> None:
        self._settings = settings
        self._serving = serving
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: Callable[[], object] | None = None
        self.caught = CaughtSignals()

    def stop(self) -> None:
        """Ask the program to end."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping)

    async def run(self, server: ServerOptions, engine: WearerEngine | None) -> None:
        """Run to the end. Raises `EcgLiveError`."""
        from ecg_live.nats.connection import connect, site_names
        from ecg_live.nats.site import make_site

        self._loop = asyncio.get_running_loop()
        async with await connect(server, "ecg-live serve") as connection:
            if engine is None:
                await self._watch(connection, await site_names(connection, self._serving.site))
                return
            limit = round(self._serving.store_gb * 1e9)
            serving = self._serving
            names = await make_site(connection, serving.site, serving.partitions, limit, serving.replicas)
            await self._serve(connection, names, engine)

    async def _serve(self, connection: Connection, names: SiteNames, engine: WearerEngine) -> None:
        from ecg_live.serve.worker import Worker

        worker = Worker(connection, names, engine, self._report, self._show_result)
        await self._until_stopped(worker.run(), worker.stop, lambda: self._show_counts(worker), STATUS_INTERVAL_S)
        self._show_counts(worker, last=True)

    async def _watch(self, connection: Connection, names: SiteNames) -> None:
        from rich.console import Console
        from rich.live import Live

        from ecg_live.cli.overview import overview_json, overview_lines, overview_table
        from ecg_live.serve.overview import SiteOverview

        overview, console = SiteOverview(connection, names), Console()
        following = asyncio.create_task(overview.follow())
        if self._settings.json or not console.is_terminal:
            as_text = overview_json if self._settings.json else overview_lines

            def show() -> None:
                for line in as_text(overview.rows, time.monotonic()):
                    print(line, flush=True)

            await self._until_stopped(following, following.cancel, show, 1.0)
            return
        with Live(console=console, auto_refresh=False) as live:
            await self._until_stopped(
                following,
                following.cancel,
                lambda: live.update(overview_table(names.site, overview.rows, time.monotonic()), refresh=True),
                0.5,
            )

    async def _until_stopped(
        self,
        work: Coroutine[Any, Any, None] | asyncio.Task[None],
        stop: Callable[[], object],
        show: Callable[[], object],
        interval: float,
    ) -> None:
        """Wait for work that ends when it is stopped, by a signal or after ``--seconds``; show what there is."""
        task = work if isinstance(work, asyncio.Task) else asyncio.create_task(work)
        self._stopping, began, shown = stop, time.monotonic(), time.monotonic()
        limit = self._settings.seconds
        if self.caught:
            stop()
        while not task.done():
            await asyncio.wait({task}, timeout=0.1 if limit is not None else 0.5)
            if limit is not None and time.monotonic() - began >= limit:
                stop()
            if time.monotonic() - shown >= interval:
                shown = time.monotonic()
                show()
        if not task.cancelled():
            await task

    def _report(self, state: State) -> None:
        if self._settings.json:
            print(json.dumps({"type": "state", "state": state.state, "detail": state.detail}), flush=True)
        elif "ongoing" in STATES[state.state] or "alarm" in STATES[state.state]:
            print_notice(f"{state.state}: {state.detail}")

    def _show_result(self, wearer: str, item: ServedItem) -> None:
        if not self._settings.json:
            return
        from ecg_live.sinks.jsonl import line_fields, round_floats

        fields = line_fields(item, 1.0)
        if fields is not None and fields["type"] != "gap":
            print(json.dumps({"wearer": wearer} | round_floats(fields), allow_nan=False), flush=True)

    def _show_counts(self, worker: Worker, *, last: bool = False) -> None:
        counts = worker.counts._asdict()
        if self._settings.json:
            print(json.dumps({"type": "summary" if last else "counts"} | counts), flush=True)
        elif last or sys.stderr.isatty():
            print_notice(", ".join(f"{count} {name}" for name, count in counts.items()))
