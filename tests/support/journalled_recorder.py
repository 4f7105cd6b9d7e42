"""A recorder that is fed by a made-up source until it is killed; what it was given is noted in a file in memory."""

from __future__ import annotations

import mmap
import struct
import sys
import time
from pathlib import Path

import numpy as np

from ecg_live.events import Chunk, State, StreamInfo
from ecg_live.results import HeadInfo
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_recorder import XdfRecorder

RATE = 256.0
ENTRIES = 1 << 17
SIZE = 16  # bytes of an entry: monotonic time, samples given by then (predictions: below 0)


def main(path: Path, journal: Path, speed: float) -> None:
    """Feed samples that are their own index, ``speed`` times real time."""
    info, heads = StreamInfo(RATE, ("ECG",), name="made up"), (HeadInfo("load", ("rest", "load")),)
    with journal.open("r+b") as file, mmap.mmap(file.fileno(), ENTRIES * SIZE) as memory:
        sink = XdfRecorder(path, stream_specs(info, heads), info, heads, {"session": "killed"}, time.monotonic)
        size, start, began = round(max(5.0, RATE * speed / 1000)), 0, time.monotonic()
        for k in range(ENTRIES):
            samples = np.arange(start, start + size, dtype=np.float64)[:, None]
            sink.write(Chunk(samples, start, began + start / RATE))
            sink.write(State("warning", "something happened", time.monotonic()))
            start += size
            struct.pack_into("<dq", memory, k * SIZE, time.monotonic(), start)
            time.sleep(max(0.0, began + start / RATE / speed - time.monotonic()))


def read(journal: Path, *, samples: bool = True) -> list[tuple[float, int]]:
    """All entries of samples, or of predictions: when, and how many by then."""
    found = np.frombuffer(journal.read_bytes(), np.dtype([("t", "<f8"), ("n", "<i8")]))
    sign = 1 if samples else -1
    return [(float(t), sign * int(n)) for t, n in found[sign * found["n"] > 0]]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
