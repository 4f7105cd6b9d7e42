"""Load a site with made-up wearers and measure it: ``python docs/examples/nats_load.py --wearers 2000 --seconds 600``.

Publishes frames of 73 samples (a Polar H10's packet at 130 Hz, or ``--samples``) for each wearer through a server, and
reads them back, each frame with the time at which it was made; every frame must come once and in order.
Needs the extra ``ecg-live[nats]``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecg_live.events import Chunk, StreamInfo
from ecg_live.nats.connection import Connection, connect
from ecg_live.nats.frame_maker import FrameMaker
from ecg_live.nats.frames import FrameKind, StreamFrame, decode_frames
from ecg_live.nats.names import SiteNames
from ecg_live.nats.options import ServerOptions
from ecg_live.nats.payloads import chunks_of
from ecg_live.nats.reader import StreamReader
from ecg_live.nats.server import EmbeddedServer
from ecg_live.nats.site import make_site
from ecg_live.nats.writer import SubjectWriter

RATE = 130.0
INFO = StreamInfo(RATE, ("ECG",), (-5.0, 5.0), "made-up")


async def publish(
    connection: Connection, names: SiteNames, number: int, seconds: float, samples: int, late: list[float]
) -> int:
    """Publish one wearer in frames of so many samples, due at times of its own; return the frames that were stored."""
    period = samples / RATE
    wearer = f"W{number}"
    writer = SubjectWriter(connection, names.raw_stream, names.raw_subject(wearer), "load")
    maker = FrameMaker(INFO, StreamFrame(FrameKind.INFO, 1, 0, b""), period, 0.0)
    await writer.write([maker.description(INFO, "load")])
    signal = np.random.default_rng(number).normal(size=(samples, 1)) * 0.1
    began, stored = time.monotonic() + (number * 0.6180339887 % 1) * period, 1
    for k in range(int(seconds / period)):
        due = began + (k + 1) * period
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        late.append(time.monotonic() - due)
        chunk = Chunk(signal, k * samples, time.monotonic() - period, time.monotonic())
        for frame in maker.push(chunk):
            await writer.write([frame])
            stored += 1
    return stored


async def read(connection: Connection, names: SiteNames, ages: list[float], seen: dict[str, int]) -> None:
    """Read all frames; note how old each is, and count those of each wearer, which come in order."""
    async for message in StreamReader(connection, names.raw_stream, names.raw_subjects(), 1).messages():
        if message is None:
            continue
        for frame in decode_frames(message.data):
            wearer = message.subject.split(".")[3]
            if frame.number != seen.get(wearer, 0) + 1:
                raise SystemExit(f"frame {frame.number} of {wearer} follows frame {seen.get(wearer, 0)}")
            seen[wearer] = frame.number
            if frame.kind is FrameKind.SAMPLES:
                arrived = chunks_of(frame.payload)[-1].arrived
                ages.append(time.monotonic() - (arrived or 0.0))


async def load(options: ServerOptions, wearers: Sequence[int], seconds: float, samples: int) -> dict[str, object]:
    """Publish and read at once; return what was measured."""
    async with await connect(options, "publishers") as out, await connect(options, "reader") as back:
        names = await make_site(out, "load")
        ages, late, seen = list[float](), list[float](), dict[str, int]()
        reading = asyncio.create_task(read(back, names, ages, seen))
        began, used = time.monotonic(), time.process_time()
        stored = sum(await asyncio.gather(*(publish(out, names, k, seconds, samples, late) for k in wearers)))
        wall = time.monotonic() - began
        for _ in range(600):  # at most 30 s for the reader to come after
            if sum(seen.values()) >= stored:
                break
            await asyncio.sleep(0.05)
        reading.cancel()
        return {
            "wearers": len(wearers),
            "samples a frame": samples,
            "seconds": round(wall, 1),
            "frames sent and acknowledged": stored,
            "frames read": sum(seen.values()),
            "frames a second": round(stored / wall),
            **{f"age p{p} ms": round(float(np.percentile(ages, p)) * 1000, 1) for p in (50, 99, 99.9)},
            "publisher late p99 ms": round(float(np.percentile(late, 99)) * 1000, 1),
            "CPU of publishers and reader, s": round(time.process_time() - used, 1),
            "MB of publishers and reader": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


def server_use(pid: int) -> dict[str, float]:
    """CPU seconds and MB of the server's process, on Linux."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return {
        "server CPU, s": round(ticks / os.sysconf("SC_CLK_TCK"), 1),
        "server MB": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20),
    }


def main() -> None:
    """Run the load and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wearers", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--samples", type=int, default=73, help="in a frame")
    parser.add_argument("--sync", default="1", help="as of ecg-live serve")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), given.sync) as server:
        running = server.running
        options = ServerOptions(running.url, token=running.token)
        found = asyncio.run(load(options, range(given.wearers), given.seconds, given.samples))
        print(json.dumps(found | server_use(running.pid) | {"sync": given.sync}, indent=1))


if __name__ == "__main__":
    main()
