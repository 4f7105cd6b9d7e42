"""From windows, as they come, to their embeddings: streamed where an encoder can be, or window by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES, MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import F32
from ecg_live.model.bundle import Bundle
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.engine.protocol import EncoderEngine
from ecg_live.results import Window

ONE_WEARER = np.zeros(1, np.int64)


def streams_windows(engine: EncoderEngine, hop: float) -> bool:
    """Whether windows ``hop`` seconds apart are embedded through a stream: at whole seconds, where the engine can."""
    return engine.streams and hop * MODEL_RATE_HZ % BLOCK_SAMPLES == 0


class StreamingEmbedder:
    """Embeddings of one wearer's overlapping windows through a stream in steps of 256 samples, each computed once."""

    def __init__(self, engine: EncoderEngine) -> None:
        self._engine = engine
        self._stream = engine.stream()
        self._segment = -1
        self._stop = 0  # index after the segment's last sample that the stream has
        self._ahead: dict[tuple[int, int], F32] = {}  # by segment and first sample

    def prepare(self) -> None:
        """Load what the first window would wait for, or fail as that would."""
        self._engine.stream().push(ONE_WEARER, np.zeros((1, BLOCK_SAMPLES), np.float32))

    def look_ahead(self, windows: Sequence[Window]) -> None:
        """Compute the features of windows to come, many seconds at once; the same to the bit as one by one."""
        self._ahead = {}
        for run in _overlapping_runs(windows):
            begin = self._begin(run[0])
            signal = np.concatenate([run[0].data[begin - run[0].first :], *(_new(a, b) for a, b in pairwise(run))])
            found = self._stream.push_seconds(0, signal.reshape(-1, BLOCK_SAMPLES))
            for window in run:
                last = (window.first + WINDOW_SAMPLES - begin) // BLOCK_SAMPLES - 1
                if last >= 0:
                    self._ahead[window.segment, window.first] = found[last][None]
            self._stop = run[-1].first + WINDOW_SAMPLES

    def features(self, window: Window) -> F32:
        """Features (1, 128) of the next window of a segment; ``first`` a multiple of 256."""
        if (known := self._ahead.pop((window.segment, window.first), None)) is not None:
            return known
        begin = self._begin(window)
        for block in window.data[begin - window.first :].reshape(-1, 1, BLOCK_SAMPLES):
            self._stream.push(ONE_WEARER, block)
        self._stop = window.first + WINDOW_SAMPLES
        return self._stream.embeddings(ONE_WEARER)

    def _begin(self, window: Window) -> int:
        """First sample of a window that the stream lacks; of a window that does not go on from it, all are."""
        if window.segment != self._segment or not window.first <= self._stop <= window.first + WINDOW_SAMPLES:
            self._stream.reset(ONE_WEARER)
            self._segment, self._stop = window.segment, window.first
        return self._stop


class WindowEmbedder:
    """Features window by window; for any encoder and any hop."""

    def __init__(self, engine: EncoderEngine) -> None:
        self._engine = engine

    def prepare(self) -> None:
        """Load what the first window would wait for, or fail as that would."""
        self._engine.embed(np.zeros((1, WINDOW_SAMPLES), np.float32))

    def look_ahead(self, windows: Sequence[Window]) -> None:
        """Nothing is gained: windows have nothing in common."""

    def features(self, window: Window) -> F32:
        """Features (1, 128) of any window."""
        return self._engine.embed(window.data[None])


class NoEmbedder:
    """In the place of an embedder where windows come with their embeddings."""

    def prepare(self) -> None:
        """Do nothing."""

    def look_ahead(self, windows: Sequence[Window]) -> None:
        """Do nothing."""

    def features(self, window: Window) -> F32:
        """Refuse: the caller has forgotten the embedding."""
        raise ValueError(f"the window at {window.start:g} s comes without its embedding")


def open_embedder(bundle: Bundle, hop: float) -> StreamingEmbedder | WindowEmbedder | NoEmbedder:
    """An embedder of one wearer's windows ``hop`` seconds apart, by a bundle's encoder."""
    engine = open_engine(bundle)
    return StreamingEmbedder(engine) if streams_windows(engine, hop) else WindowEmbedder(engine)


def _overlapping_runs(windows: Sequence[Window]) -> Iterator[list[Window]]:
    """Windows of one segment each, none of which begins after the end of the one before."""
    run: list[Window] = []
    for window in windows:
        if run and not (window.segment == run[-1].segment and 0 <= window.first - run[-1].first <= WINDOW_SAMPLES):
            yield run
            run = []
        run.append(window)
    if run:
        yield run


def _new(before: Window, window: Window) -> F32:
    """Samples of a window that the one before lacks."""
    return window.data[WINDOW_SAMPLES - (window.first - before.first) :]
