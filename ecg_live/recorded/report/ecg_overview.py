"""One pass over a recording's ECG: its markers, what it looks like from afar, and a close look at each marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.events import F64, Chunk, Marker
from ecg_live.recorded.open_signal import RecordedSignal
from ecg_live.recorded.report.recording_parts import RecordingFile

OVERVIEW_COLUMNS = 790  # of the picture of the whole: one a pixel
SNIPPET_HALF_WIDTH_S = 5.0  # s shown before and behind a marker
MAX_SNIPPETS = 12  # markers that are shown closely
RECENT_BLOCKS = 2  # pieces kept for markers that come behind their samples


@dataclass(slots=True)
class EcgEnvelope:
    """Lowest and highest sample (mV) of each column, NaN where there is none; ``per`` samples make a column."""

    per: int
    low: F64 = field(default_factory=lambda: np.full(OVERVIEW_COLUMNS, np.nan))
    high: F64 = field(default_factory=lambda: np.full(OVERVIEW_COLUMNS, np.nan))

    def add(self, start: int, samples: F64) -> None:
        """Take samples (n,) from index ``start`` on."""
        column = np.clip((start + np.arange(len(samples))) // self.per, 0, OVERVIEW_COLUMNS - 1)
        edges = np.flatnonzero(np.diff(column, prepend=-1))
        at = column[edges]
        self.low[at] = np.fmin(self.low[at], np.fmin.reduceat(samples, edges))
        self.high[at] = np.fmax(self.high[at], np.fmax.reduceat(samples, edges))


@dataclass(slots=True)
class EcgSnippet:
    """Samples (mV) around a marker, NaN where there is none; ``start`` is the index of the first."""

    time: float
    text: str
    start: int
    samples: F64

    def add(self, start: int, samples: F64) -> None:
        """Take those of the samples from index ``start`` on that it shows."""
        begin, end = max(start, self.start), min(start + len(samples), self.start + len(self.samples))
        if begin < end:
            self.samples[begin - self.start : end - self.start] = samples[begin - start : end - start]


@dataclass(slots=True)
class EcgOverview:
    """What was seen: ``rate`` in Hz, ``channel``, ``stop`` behind the last sample, markers of each part as (s, text).

    ``pieces`` are the newest samples, each with the index of its first; ``error`` is what stopped the reading.
    """

    rate: float
    channel: str
    envelope: EcgEnvelope
    stop: int = 0
    markers: dict[int, list[tuple[float, str]]] = field(default_factory=dict)
    snippets: list[EcgSnippet] = field(default_factory=list)
    pieces: list[tuple[int, F64]] = field(default_factory=list, repr=False)
    error: RecordingError | None = None


def summarise_ecg(parts: Sequence[RecordingFile]) -> EcgOverview | None:
    """Look at the judged channel of all parts; None where nothing was measured.

    The axis begins with the first sample of the first part.
    """
    ranges = [(e.start, e.stop) for part in parts if (e := part.ecg) and e.samples]
    known = [(first, stop) for first, stop in ranges if first is not None and stop is not None]
    if not known:
        return None
    first = min(first for first, _ in known)
    length = max(stop for _, stop in known) - first
    trace: EcgOverview | None = None
    for part in parts:
        try:
            signal = RecordedSignal([open_recording(part.path, ReadOptions())])
        except EcgLiveError:
            continue  # the part holds no sample, or none that can be placed; its checks say so
        trace = trace or EcgOverview(
            signal.rate, signal.channels[0], EcgEnvelope(max(1, -(-length // OVERVIEW_COLUMNS)))
        )
        _add_file(trace, part.number, signal, part.contents.first_sample_index - first)
    return trace


def _add_file(trace: EcgOverview, part: int, signal: RecordedSignal, offset: int) -> None:
    """Take a part whose first sample has the index ``offset``."""
    markers = trace.markers.setdefault(part, [])
    for piece in signal.pieces():
        if isinstance(piece, Chunk):
            newest = piece.start + offset, piece.samples[:, 0]
            trace.pieces = [*trace.pieces[1 - RECENT_BLOCKS :], newest]
            trace.envelope.add(*newest)
            trace.stop = max(trace.stop, piece.stop + offset)
            for snippet in trace.snippets:
                snippet.add(*newest)
        elif isinstance(piece, Marker):
            markers.append((piece.time + offset / trace.rate, piece.text))
            _begin_snippet(trace, *markers[-1])
    trace.error = trace.error or signal.error


def _begin_snippet(trace: EcgOverview, time: float, text: str) -> None:
    if len(trace.snippets) < MAX_SNIPPETS:
        width = round(2 * SNIPPET_HALF_WIDTH_S * trace.rate)
        snippet = EcgSnippet(time, text, round((time - SNIPPET_HALF_WIDTH_S) * trace.rate), np.full(width, np.nan))
        for start, samples in trace.pieces:
            snippet.add(start, samples)
        trace.snippets.append(snippet)
