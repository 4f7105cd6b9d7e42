"""Bridges, workers and a server as programs of their own, killed at any instant; and what must be stored in the end."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from devices.files import open_recording
from devices.read_options import ReadOptions
from devices.replay import Replay
from ecg_live.cli.serving import make_engine
from ecg_live.config import LiveSettings
from ecg_live.events import F64, Chunk
from ecg_live.nats.connection import connect, site_names
from ecg_live.nats.frames import FrameKind, StreamFrame
from ecg_live.nats.payloads import chunks_of
from ecg_live.nats.server import EmbeddedServer
from ecg_live.serve.engine import ServedItem
from tests.support.nats_site import Place, options_of, served_item, stored_frames, without_clock
from tests.support.synthetic_signals import ecg

RATE = 130.0
SITE = "kills"
PARTITIONS = 4
NO_SERVER_EXIT_CODE = 3
PYTHON = (sys.executable, "-m", "ecg_live")


@dataclass
class Program:
    """A program that is started again whenever it was killed."""

    name: str
    command: list[str]
    environ: dict[str, str]
    output: IO[bytes]
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*PYTHON, *self.command], env=self.environ, stdout=self.output, stderr=self.output, stdin=subprocess.DEVNULL
        )

    def kill(self) -> bool:
        """Kill it if it runs; whether it did."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.start()
        return True

    @property
    def over(self) -> bool:
        """Whether it has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass
class Cluster:
    """A server, workers, and a bridge for each wearer's file."""

    folder: Path
    server: EmbeddedServer
    bridges: list[Program]
    workers: list[Program]
    server_kills: int = 0
    outputs: list[Path] = field(default_factory=list)

    def kill_any(self, rng: random.Random) -> str:
        """Kill the server, a worker or a bridge, each with the same chance; give its name."""
        kind = rng.choice(("server", "worker", "bridge"))
        if kind == "server":
            self.server.kill()
            self.server_kills += 1
            return kind
        running = [one for one in (self.workers if kind == "worker" else self.bridges) if not one.over]
        one = rng.choice(running) if running else None
        return one.name if one is not None and one.kill() else ""

    @property
    def kills(self) -> dict[str, int]:
        return {
            "server": self.server_kills,
            "workers": sum(one.kills for one in self.workers),
            "bridges": sum(one.kills for one in self.bridges),
        }

    def published(self) -> bool:
        """Whether all bridges have ended by themselves; what found no server is started again."""
        for one in (*self.bridges, *self.workers):
            if one.process is not None and one.process.poll() is not None and one.process.returncode != 0:
                assert one.process.returncode == NO_SERVER_EXIT_CODE, self.output_text()
                one.start()
        return all(one.over for one in self.bridges)

    def output_text(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in self.outputs)


def write_recording(path: Path, seconds: float, seed: int) -> None:
    """A made-up ECG with noise of its own, as a CSV file."""
    signal = ecg(seconds, RATE)[:, 0]
    noise = np.random.default_rng(seed).normal(size=len(signal)) * 0.02
    path.write_text(
        "ECG\n" + "\n".join(f"{value:.4f}" for value in (signal * (1 + 0.1 * seed) + noise).tolist()) + "\n"
    )


@contextmanager
def cluster(folder: Path, wearers: int, seconds: float, speed: float, workers: int = 2) -> Iterator[Cluster]:
    """Start all programs; end them, and the server last."""
    with EmbeddedServer(folder / "server", sync="1") as server:
        environ = os.environ | {
            "ECG_LIVE_DATA": str(folder / "data"),
            "ECG_LIVE_NATS_SERVER": server.running.url,
            "ECG_LIVE_NATS_TOKEN": server.running.token,
            "OMP_NUM_THREADS": "1",
        }
        made = Cluster(folder, server, [], [])

        def program(name: str, *command: str) -> Program:
            path = folder / f"{name}.out"
            made.outputs.append(path)
            one = Program(name, list(command), environ, path.open("ab"))
            one.start()
            return one

        for k in range(workers):
            options = ("--site", SITE, "--json", "--partitions", str(PARTITIONS))
            made.workers.append(program(f"worker{k}", "serve", *options))
        _until_site_is_made(made)
        for k in range(wearers):
            path = folder / f"wearer{k}.csv"
            write_recording(path, seconds, k)
            reading = ("--site", SITE, "--rate", f"{RATE:g}", "--unit", "mV", "--speed", f"{speed:g}")
            made.bridges.append(program(f"bridge{k}", "publish", str(path), "--wearer", f"P{k}", *reading))
        try:
            yield made
        finally:
            for one in (*made.bridges, *made.workers):
                one.end()
                one.output.close()


def _until_site_is_made(made: Cluster) -> None:
    async def look() -> None:
        async with await connect(options_of(made.server), "test") as connection:
            async with asyncio.timeout(60):
                while True:
                    try:
                        await site_names(connection, SITE)
                    except Exception:  # noqa: BLE001 - it is not there yet
                        await asyncio.sleep(0.1)
                    else:
                        return

    asyncio.run(look())


@dataclass(frozen=True)
class Outcome:
    """What is stored of a wearer: samples and results, and how many frames."""

    samples: F64
    results: list[ServedItem]
    frames: int


def stored(made: Cluster, wearer: str, results: int, seconds: float) -> Outcome:
    """What is stored of a wearer, once there are so many results."""

    async def look() -> Outcome:
        async with await connect(options_of(made.server), "test") as connection:
            place = Place(connection, await site_names(connection, SITE), options_of(made.server))
            until = time.monotonic() + seconds
            while True:
                found = await stored_frames(place, wearer, results=True)
                if len(found) >= results or time.monotonic() > until:
                    break
                await asyncio.sleep(0.3)
            _check_numbers(found)
            raw = await stored_frames(place, wearer)
            _check_numbers(raw)
            chunks = [chunk for frame in raw if frame.kind is FrameKind.SAMPLES for chunk in chunks_of(frame.payload)]
            starts = [chunk.start for chunk in chunks]
            assert starts == np.cumsum([0, *(len(chunk.samples) for chunk in chunks)])[:-1].tolist()
            samples = np.concatenate([chunk.samples for chunk in chunks])
            return Outcome(samples, [served_item(one) for one in found], len(raw))

    return asyncio.run(look())


def _check_numbers(frames: Sequence[StreamFrame]) -> None:
    """One run, all frames, each once, in order."""
    assert [frame.position for frame in frames] == [(1, k) for k in range(1, len(frames) + 1)]


def uninterrupted(path: Path) -> tuple[F64, list[ServedItem]]:
    """Samples of a file, and the results of one worker that nothing interrupts."""
    engine = make_engine(LiveSettings())
    options = ReadOptions(rate=RATE, unit="mV", speed=float("inf"))
    source = Replay(open_recording(path, options), options)
    engine.open("P", source.info)
    results, chunks = [], []
    with source:
        for item in source:
            if isinstance(item, Chunk):
                chunks.append(item.samples)
                results += engine.push([("P", [item])])
    results += engine.flush("P")
    return np.concatenate(chunks), [item for _, item in results]


def same_results(found: Sequence[ServedItem], expected: Sequence[ServedItem]) -> None:
    """Results are equal but for their times on a clock and their latency, embeddings to the bit."""
    assert [without_clock(one) for one in found] == [without_clock(one) for one in expected]
    for one, other in zip(found, expected, strict=True):
        if (features := getattr(one, "features", None)) is not None:
            np.testing.assert_array_equal(features, other.features)  # type: ignore[union-attr]  # both are predictions


def reported_twice(made: Cluster) -> list[str]:
    """Results that two workers, or one of them twice, reported as stored by them."""
    lines: Counter[str] = Counter()
    for path in made.outputs:
        for line in path.read_bytes().splitlines():
            try:
                fields = json.loads(line)
            except ValueError:
                continue  # torn by a kill
            if isinstance(fields, dict) and fields.get("type") == "prediction" and "wearer" in fields:
                lines[f"{fields['wearer']} {fields['stop']}"] += 1
    return [key for key, count in lines.items() if count > 1]
