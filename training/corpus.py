"""Windows of recordings, made by the live signal path and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from devices.files import Recording, open_recording
from ecg_live.errors import DatasetError
from ecg_live.signal.path import SignalPath, windows
from ecg_live.types import F32, WIDTH, Chunk, Event, Gap, Opening, Window

HOP = 10.0  # s: no overlap, as the paper's
BETWEEN = 60.0  # s of gap between two recordings of one session


def session_windows(
    paths: Sequence[Path], hop: float = HOP, opening: Opening | None = None
) -> list[tuple[Window, int]]:
    """Windows of one wearer's recordings as if they had streamed in one session, with a gap between them.

    The wearer's scale is carried over, as it is live. Each window comes with the number of its recording.

    Raises
    ------
    RecordingError, ConfigError
        If a recording cannot be read.
    DatasetError
        If their rates differ.
    """
    recordings = [open_recording(path, opening or Opening()) for path in paths]
    rates = {recording.info.rate for recording in recordings}
    if len(rates) > 1:
        raise DatasetError(f"{paths[0]} and what follows it have rates {sorted(rates)} Hz", "make them sessions apart")
    path = SignalPath(recordings[0].info, hop)
    starts: list[float] = []
    found = windows(_joined(recordings, starts), path)
    return [(window, sum(window.start >= start for start in starts) - 1) for window in found]


def pretext_windows(paths: Iterable[Path], hop: float, processes: int = 2) -> tuple[F32, int]:
    """Windows (n, 2560) of many recordings, each a wearer of its own, and how many were left out as unusable.

    Raises
    ------
    DatasetError
        If there is no recording, or no usable window in any.
    """
    with ProcessPoolExecutor(processes) as pool:
        made = list(pool.map(partial(_usable, hop=hop), sorted(paths), chunksize=16))
    kept = np.concatenate([data for data, _ in made]) if made else np.empty((0, WIDTH), np.float32)
    if not len(kept):
        raise DatasetError(f"no usable window in {len(made)} recordings", "give a folder of WFDB records")
    return kept, sum(dropped for _, dropped in made)


def _usable(path: Path, hop: float) -> tuple[F32, int]:
    found = [window for window, _ in session_windows([path], hop)]
    kept = [window.data for window in found if window.quality.grade != "unusable"]
    return np.stack(kept) if kept else np.empty((0, WIDTH), np.float32), len(found) - len(kept)


def _joined(recordings: Sequence[Recording], starts: list[float]) -> Iterator[Chunk | Event]:
    """All items as of one stream; ``starts`` gathers where each recording begins, in seconds of it."""
    offset = stop = 0
    for recording in recordings:
        rate = recording.info.rate
        starts.append(offset / rate)
        for item in recording.chunks(round(rate)):
            if isinstance(item, Chunk):
                stop = item.stop + offset
                yield Chunk(item.samples, item.start + offset, item.time)
            elif isinstance(item, Gap):
                yield Gap(item.start + offset, item.lost, item.cause)
        offset = stop + round(BETWEEN * rate)
