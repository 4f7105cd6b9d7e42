"""What many wearers cost, from parts that are measured here: ``python docs/examples/nats_simulation.py``.

Measures, in CPU time of this machine: a frame through a bridge, the server and a worker's reader; a second of signal
through the engine; a stored state. From these follow cores, memory, disk and network for any number of wearers, under
the assumptions below. Nothing of it is a run with so many wearers. Needs the extra ``ecg-live[nats]``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from devices import open_source
from devices.read_options import ReadOptions
from ecg_live.cli.serving import make_engine
from ecg_live.config import LiveSettings
from ecg_live.events import Chunk, StreamInfo
from ecg_live.nats.connection import connect
from ecg_live.nats.frame_maker import FrameMaker
from ecg_live.nats.frames import FrameKind, StreamFrame, decode_frames
from ecg_live.nats.options import ServerOptions
from ecg_live.nats.payloads import chunks_of, prediction_payload
from ecg_live.nats.reader import StreamReader
from ecg_live.nats.server import EmbeddedServer
from ecg_live.nats.site import make_site
from ecg_live.nats.writer import SubjectWriter
from ecg_live.resources import recordings_folder
from ecg_live.results import Prediction

FRAMES_PER_S = 4.0  # publish --frame 0.25
RATE_HZ = 130.0
RESULTS_PER_S = 1.0
WEARERS_AT_ONCE = 32  # that an engine has in a call
ENGINE_RATE_HZ = 125.0  # of the bundled recording, thinned
CHECKPOINT_S = 20.0
MAX_USE = 0.6  # of a core or disk: what is left is for peaks, restarts and catching up
REPLICAS = 3  # of a cluster: each frame is stored so often
SITE_FRAMES_PER_S = 8000.0  # that one site's stream shall take: sites are the unit that is added
INFO = StreamInfo(RATE_HZ, ("ECG",), (-5.0, 5.0), "made-up")
SAMPLES_A_FRAME = round(RATE_HZ / FRAMES_PER_S)


@dataclass(frozen=True)
class Parts:
    """Measured costs: CPU ms, bytes."""

    publish_ms: float
    read_ms: float
    server_ms: float  # a frame that is stored, and delivered once
    frame_bytes: float  # on the wire
    stored_bytes: float  # on the disk
    second_ms: float  # of one wearer's signal, through the engine
    result_bytes: float
    state_ms: float
    state_bytes: float


async def _streamed(options: ServerOptions, frames: int) -> tuple[float, float, float]:
    """CPU ms to publish and to read a frame, and bytes of one."""
    async with await connect(options, "parts") as connection:
        names = await make_site(connection, "parts")
        writers = [SubjectWriter(connection, names.raw_stream, names.raw_subject(f"W{k}"), "parts") for k in range(50)]
        signal = np.random.default_rng(1).normal(size=(SAMPLES_A_FRAME, 1)) * 0.1
        maker = FrameMaker(INFO, StreamFrame(FrameKind.INFO, 1, 0, b""), 1 / FRAMES_PER_S, 0.0)
        size, began = 0, time.process_time()
        for k in range(frames // len(writers)):
            for frame in maker.push(Chunk(signal, k * SAMPLES_A_FRAME, float(k))):
                size += frame.size
                await asyncio.gather(*(writer.write([frame]) for writer in writers))
        published, began = time.process_time() - began, time.process_time()
        count = 0
        async for message in StreamReader(connection, names.raw_stream, names.raw_subjects(), 1).messages():
            for frame in decode_frames(message.data) if message is not None else ():
                count += len(chunks_of(frame.payload)) > 0
            if count >= frames:
                break
        read = time.process_time() - began
    return published / frames * 1000, read / frames * 1000, size / (frames // len(writers))


def _engine_parts() -> tuple[float, float, float, float]:
    """CPU ms of a second of signal, bytes of a result, CPU ms and bytes of a stored state."""
    engine = make_engine(LiveSettings())
    source = open_source(str(recordings_folder() / "supine_1min.txt"), ReadOptions(speed=float("inf")))
    signal = np.concatenate([item.samples for item in source if isinstance(item, Chunk)])
    signal, size = signal[:: round(source.info.rate / ENGINE_RATE_HZ)], round(ENGINE_RATE_HZ)
    chunks = [Chunk(signal[k : k + size], k, k / size) for k in range(0, len(signal), size)]
    names = [f"P{k}" for k in range(WEARERS_AT_ONCE)]
    for name in names:
        engine.open(name, replace(source.info, rate=ENGINE_RATE_HZ))
    engine.push([(name, chunks[:15]) for name in names])
    began = time.process_time()
    results = [item for chunk in chunks[15:] for _, item in engine.push([(name, [chunk]) for name in names])]
    second = (time.process_time() - began) / len(chunks[15:]) / len(names) * 1000
    began = time.process_time()
    states = [engine.snapshot("P0") for _ in range(10)]
    state = (time.process_time() - began) / 10 * 1000
    sizes = [len(prediction_payload(item)) + 44 for item in results if isinstance(item, Prediction)]
    return second, sum(sizes) / len(sizes), state, len(states[0])


def measure(frames: int) -> Parts:
    """Measure all parts, in half a minute."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), "1") as server:
        running = server.running
        publish, read, size = asyncio.run(_streamed(ServerOptions(running.url, token=running.token), frames))
        fields = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*.blk"))
    second, result, state, state_bytes = _engine_parts()
    return Parts(publish, read, cpu / frames * 1000, size, disk / frames, second, result, state, state_bytes)


def simulate(parts: Parts, wearers: int) -> dict[str, float]:
    """Cores, memory, disk and network for so many wearers."""
    frames = wearers * FRAMES_PER_S
    messages = frames + wearers * RESULTS_PER_S
    worker_ms = FRAMES_PER_S * parts.read_ms + RESULTS_PER_S * parts.publish_ms
    worker_ms += parts.second_ms + parts.state_ms / CHECKPOINT_S
    raw_mb = frames * parts.stored_bytes / 1e6
    state_mb = wearers * parts.state_bytes / CHECKPOINT_S / 1e6
    result_mb = wearers * RESULTS_PER_S * parts.result_bytes / 1e6
    return {
        "wearers": wearers,
        "messages a second": messages,
        "sites": max(1.0, -(-messages // SITE_FRAMES_PER_S)),
        "worker cores": wearers * worker_ms / 1000 / MAX_USE,
        "server cores, all replicas": messages * parts.server_ms / 1000 * REPLICAS / MAX_USE,
        "disk MB/s, each replica": raw_mb + state_mb + result_mb,
        "raw data TB a day, each replica": raw_mb * 86400 / 1e6,
        "network from bridges, Mbit/s": frames * parts.frame_bytes * 8 / 1e6,
        "stored states GB": wearers * parts.state_bytes / 1e9,
    }


def main() -> None:
    """Print the parts, and what follows for some numbers of wearers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wearers", type=int, nargs="+", default=[50, 2000, 100_000])
    parser.add_argument("--frames", type=int, default=5000)
    given = parser.parse_args()
    parts = measure(given.frames)
    print(
        json.dumps({"parts": {name: round(getattr(parts, name), 3) for name in Parts.__dataclass_fields__}}, indent=1)
    )
    for wearers in given.wearers:
        print(json.dumps({name: round(value, 2) for name, value in simulate(parts, wearers).items()}, indent=1))


if __name__ == "__main__":
    main()
