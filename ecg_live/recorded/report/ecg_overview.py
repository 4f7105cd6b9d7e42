"""One pass over the ECG of a recording: its envelope, its markers, and a snippet around each marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.events import F64, Chunk, Marker
from ecg_live.recorded.open_signal import RecordedSignal
from ecg_live.recorded.report.recording_parts import RecordedFile

OVERVIEW_COLUMNS = 790  # one for each pixel
SNIPPET_HALF_WIDTH_S = 5.0
MAX_SNIPPETS = 12
RECENT_BLOCKS = 2  # kept for markers that come after their samples


@dataclass(slots=True)
class EcgEnvelope:
    """Lowest and highest sample (mV) of each column of ``per`` samples; NaN for columns without samples."""

    per: int
    low: F64 = field(default_factory=lambda: np.full(OVERVIEW_COLUMNS, np.nan))
    high: F64 = field(default_factory=lambda: np.full(OVERVIEW_COLUMNS, np.nan))

    def add(self, start: int, samples: F64) -> None:
        """Add samples (n,) from index ``start`` on."""
        column = np.clip((start + np.arange(len(samples))) // self.per, 0, OVERVIEW_COLUMNS - 1)
        edges = np.flatnonzero(np.diff(column, prepend=-1))
        at = column[edges]
        self.low[at] = np.fmin(self.low[at], np.fmin.reduceat(samples, edges))
        self.high[at] = np.fmax(self.high[at], np.fmax.reduceat(samples, edges))


@dataclass(slots=True)
class EcgSnippet:
    """Samples (mV) around a marker, from index ``start`` on; NaN where samples are missing."""

    time: float
    text: str
    start: int
    samples: F64

    def add(self, start: int, samples: F64) -> None:
        """Add samples (n,) from index ``start`` on, as far as they are in the snippet."""
        begin, end = max(start, self.start), min(start + len(samples), self.start + len(self.samples))
        if begin < end:
            self.samples[begin - self.start : end - self.start] = samples[begin - start : end - start]


@dataclass(slots=True)
class EcgOverview:
    """The ECG of a recording at a glance.

    Attributes
    ----------
    rate : float
        Sampling rate, Hz.
    channel : str
    envelope : EcgEnvelope
    stop : int
        Index after the last sample.
    markers : dict of int to list
        Markers as (s, text), by the number of their file.
    snippets : list of EcgSnippet
        Around the first `MAX_SNIPPETS` markers.
    recent_blocks : list of (int, ndarray)
        The newest samples, with the index of the first in each block.
    error : RecordingError, optional
        Why reading stopped early.
    """

    rate: float
    channel: str
    envelope: EcgEnvelope
    stop: int = 0
    markers: dict[int, list[tuple[float, str]]] = field(default_factory=dict)
    snippets: list[EcgSnippet] = field(default_factory=list)
    recent_blocks: list[tuple[int, F64]] = field(default_factory=list, repr=False)
    error: RecordingError | None = None


def summarise_ecg(files: Sequence[RecordedFile]) -> EcgOverview | None:
    """Read the assessed ECG channel of all files; None without samples.

    Sample indices and times begin with the first sample of the recording.
    """
    ranges = [(e.start, e.stop) for file in files if (e := file.ecg) and e.samples]
    known = [(first, stop) for first, stop in ranges if first is not None and stop is not None]
    if not known:
        return None
    first = min(first for first, _ in known)
    length = max(stop for _, stop in known) - first
    overview: EcgOverview | None = None
    for file in files:
        try:
            signal = RecordedSignal([open_recording(file.path, ReadOptions())])
        except EcgLiveError:
            continue  # no usable sample in the file; the result of `verify` states why
        overview = overview or EcgOverview(
            signal.rate, signal.channels[0], EcgEnvelope(max(1, -(-length // OVERVIEW_COLUMNS)))
        )
        _add_file(overview, file.number, signal, file.contents.first_sample_index - first)
    return overview


def _add_file(overview: EcgOverview, file: int, signal: RecordedSignal, offset: int) -> None:
    """Add a file; its first sample has the index ``offset``."""
    markers = overview.markers.setdefault(file, [])
    for piece in signal.items():
        if isinstance(piece, Chunk):
            newest = piece.start + offset, piece.samples[:, 0]
            overview.recent_blocks = [*overview.recent_blocks[1 - RECENT_BLOCKS :], newest]
            overview.envelope.add(*newest)
            overview.stop = max(overview.stop, piece.stop + offset)
            for snippet in overview.snippets:
                snippet.add(*newest)
        elif isinstance(piece, Marker):
            markers.append((piece.time + offset / overview.rate, piece.text))
            _begin_snippet(overview, *markers[-1])
    overview.error = overview.error or signal.error


def _begin_snippet(overview: EcgOverview, time: float, text: str) -> None:
    if len(overview.snippets) < MAX_SNIPPETS:
        width = round(2 * SNIPPET_HALF_WIDTH_S * overview.rate)
        snippet = EcgSnippet(time, text, round((time - SNIPPET_HALF_WIDTH_S) * overview.rate), np.full(width, np.nan))
        for start, samples in overview.recent_blocks:
            snippet.add(start, samples)
        overview.snippets.append(snippet)
