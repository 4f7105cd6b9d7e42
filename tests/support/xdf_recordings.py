"""What the tests of recordings share: a recorder that is fed by hand, and what pyxdf makes of its file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pyxdf

from ecg_live.events import F64, Chunk, Gap, Marker, State, StreamInfo
from ecg_live.results import HeadInfo, HeadResult, Item, Prediction, Quality, Summary
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_parts import ONE_FILE, RollLimits
from ecg_live.sinks.xdf_recorder import XdfRecorder
from tests.support.scripted_source import HandClock

RATE = 256.0
INFO = StreamInfo(RATE, ("ECG",), (-1.5, 1.5), "Made up", "made-up")
HEADS = (HeadInfo("load", ("rest", "load")),)
TEXTS = {"participant": "P01", "session": "S1", "configuration": '{"hop": 1.0}', "model": '{"name": "<&> \\u0001"}'}
BEGAN = 100.0  # session clock of the first sample


def recorder(
    path: Path,
    clock: Callable[[], float] | None = None,
    info: StreamInfo = INFO,
    *,
    roll: RollLimits = ONE_FILE,
    limit: int = 1 << 28,
    interval: float = 0.01,
    patience: float = 60.0,
    sync: Callable[[int], None] = os.fsync,
    elsewhere: Sequence[Path] = (),
    moved: Callable[[Path], object] = lambda _: None,
    texts: Mapping[str, str] = TEXTS,
    heads: Sequence[HeadInfo] = HEADS,
) -> XdfRecorder:
    return XdfRecorder(
        path, stream_specs(info, heads), info, heads, texts, clock or HandClock(),
        roll=roll, limit=limit, interval=interval,
        patience=patience, sync=sync, elsewhere=elsewhere, moved=moved,
    )  # fmt: skip


def record(path: Path, items: Iterable[Item], info: StreamInfo = INFO, **options: Any) -> None:
    """Write items and close."""
    sink = recorder(path, info=info, **options)
    for item in items:
        sink.write(item)
    sink.close()


def counted(start: int, stop: int, sizes: Sequence[int] = (20,), rate: float = RATE) -> Iterable[Chunk]:
    """Chunks whose samples are their own index."""
    k = 0
    while start < stop:
        n = min(sizes[k % len(sizes)], stop - start)
        samples = np.arange(start, start + n, dtype=np.float64)[:, None]
        yield Chunk(samples, start, BEGAN + start / rate)
        start, k = start + n, k + 1


def eventful(sizes: Sequence[int] = (20,), rate: float = RATE) -> list[Item]:
    """Two stretches with 100 samples lost between them, and one item of each kind."""
    return [
        *counted(0, 3000, sizes, rate),
        Marker(BEGAN + 11.25, "Grüße, <b>\n\x01", raw=11.25),
        prediction(),
        *counted(3100, 4000, sizes, rate),
        Gap(3000, 100, "radio lost", time=BEGAN + 3000 / rate),
        State("warning", "careful", BEGAN + 12.0),
        Summary(3900, 100, 1, 1, 0, 15.0, 1.0),
    ]


def prediction(start: float = 1.0) -> Prediction:
    heads = {"load": HeadResult({"rest": 0.25, "load": 0.75}, "load")}
    return Prediction(
        start, start + 10, BEGAN + start, heads, 72.0, None, Quality("poor", ("baseline step", "rail")), 0.01,
        (), np.arange(128, dtype=np.float32),
    )  # fmt: skip


def load(path: Path, *, dejitter: bool = False) -> dict[str, dict[str, Any]]:
    """All streams by key."""
    streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=dejitter)
    return {stream["info"]["desc"][0]["ecg_live"][0]["key"][0]: stream for stream in streams}


def ecg(path: Path) -> F64:
    return np.asarray(load(path)["ecg"]["time_series"][:, 0], dtype=np.float64)


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread or process, at most 60 s."""
    waiting, end = Event(), time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        waiting.wait(0.001)


def settled(sink: XdfRecorder) -> None:
    """Wait until all that was given to a recorder is on the disk, whatever its clock says."""
    backlog = sink._backlog
    until(lambda: not backlog._items and backlog._writing is None)
