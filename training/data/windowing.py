"""Windows of one session's recordings, made by the live signal path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from math import sqrt
from typing import NamedTuple

import numpy as np

from devices.files import OpenRecording, open_recording
from ecg_live.constants import PART_GAP_S, WINDOW_SAMPLES
from ecg_live.errors import DatasetError, RecordingError
from ecg_live.events import F32, Chunk, Gap, StreamEvent
from ecg_live.results import Trace, Window
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.zscore import MIN_SD_MV
from training.datasets.dataset import RecordingPart, SubjectSession

READ_BLOCK_S = 60.0  # read at a time: the windows that it completes are assessed together, to the bit as alone
CENTRAL_PERCENTILES = (2.5, 97.5)  # the authors' code takes the standard deviation of the central 95 %


class PlacedWindow(NamedTuple):
    """A window, the index of its recording, and its start in s from that recording's first sample."""

    window: Window
    part: int
    start: float


def session_windows(session: SubjectSession, hop: float, remarks: list[str]) -> Iterator[PlacedWindow]:
    """Windows of a session's recordings as if they had streamed one after the other, with a gap between them.

    The z-score's state is carried over, as it is live. A damaged recording is used up to the damage.

    Parameters
    ----------
    session : SubjectSession
        The recordings.
    hop : float
        Seconds from one window to the next.
    remarks : list of str
        Gets a line for each damaged recording.

    Raises
    ------
    RecordingError, ConfigError
        If a recording cannot be opened.
    DatasetError
        If the recordings' rates differ.
    """
    starts: list[float] = []
    path, items = _open_parts(session.parts, hop, starts, remarks)
    for output in chain(chain.from_iterable(map(path.push, items)), path.flush()):
        if isinstance(output, Window):
            yield _locate(output, starts)


def offline_windows(session: SubjectSession, hop: float, remarks: list[str]) -> Iterator[tuple[PlacedWindow, F32]]:
    """The same windows with the authors' normalisation: one mean and standard deviation for the whole session.

    Raises
    ------
    RecordingError, ConfigError, DatasetError
        As `session_windows`.
    """
    starts: list[float] = []
    path, items = _open_parts(session.parts, hop, starts, remarks)
    found: list[PlacedWindow] = []
    traces: dict[int, list[F32]] = {}
    for output in chain(chain.from_iterable(map(path.push, items)), path.flush()):
        if isinstance(output, Window):
            found.append(_locate(output, starts))
        elif isinstance(output, Trace):
            traces.setdefault(output.segment, []).append(output.samples)
    segments = {number: np.concatenate(parts) for number, parts in traces.items()}
    if not found:
        return
    everything = np.concatenate(list(segments.values())).astype(np.float64)
    low, high = np.percentile(everything, CENTRAL_PERCENTILES)
    mean, var = everything.mean(), everything[(everything >= low) & (everything <= high)].var()
    for placed in found:
        raw = segments[placed.window.segment][placed.window.first : placed.window.first + WINDOW_SAMPLES]
        yield placed, ((raw - mean) / max(sqrt(var), MIN_SD_MV)).astype(np.float32)


def _open_parts(
    parts: Sequence[RecordingPart], hop: float, starts: list[float], remarks: list[str]
) -> tuple[SignalPath, Iterator[Chunk | StreamEvent]]:
    recordings = [open_recording(part.path, part.opening) for part in parts]
    rates = sorted({recording.info.rate for recording in recordings})
    if len(rates) > 1:
        raise DatasetError(
            f"{parts[0].path.name} and what follows it have rates {rates} Hz",
            "make them separate sessions",
        )
    return SignalPath(recordings[0].info, hop), _joined_items(recordings, starts, remarks)


def _joined_items(
    recordings: Sequence[OpenRecording], starts: list[float], remarks: list[str]
) -> Iterator[Chunk | StreamEvent]:
    """All items as one stream; appends each recording's start, in s of that stream, to ``starts``."""
    offset = stop = 0
    for recording in recordings:
        rate = recording.info.rate
        starts.append(offset / rate)
        try:
            for item in recording.chunks(round(READ_BLOCK_S * rate)):
                if isinstance(item, Chunk):
                    stop = item.stop + offset
                    yield Chunk(item.samples, item.start + offset, item.time)
                elif isinstance(item, Gap):
                    yield Gap(item.start + offset, item.lost, item.cause)
        except RecordingError as error:
            remarks.append(f"{recording.info.name} is used up to where it breaks off: {error.message}")
        finally:
            recording.close()
        offset = stop + round(PART_GAP_S * rate)


def _locate(window: Window, starts: Sequence[float]) -> PlacedWindow:
    part = sum(window.start >= start for start in starts) - 1
    return PlacedWindow(window, part, window.start - starts[part])
