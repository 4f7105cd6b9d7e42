"""Some of the windows of some corpora, as if they were one array; nothing is copied before it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from functools import partial
from operator import index
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.events import F32
from training.data.corpus import WINDOW_S, Corpus

VALIDATION_EVERY = 20  # of so many recordings, or windows of one, one is kept back to measure what was learnt


class WindowSubset:
    """Windows (n, 2560) of corpora, each with the indices that are wanted of it: a map-style data set for PyTorch.

    An index gives one window (2560,), an array of them (n, 2560). Another process, such as a ``DataLoader``'s worker,
    gets the names of their files, not the windows.
    """

    def __init__(self, parts: Iterable[tuple[Corpus, npt.NDArray[np.int64]]]) -> None:
        self._parts = [(corpus.windows, corpus.key, at) for corpus, at in parts if len(at)]
        self._ends = np.cumsum([len(at) for _, _, at in self._parts], dtype=np.int64)

    def __getstate__(self) -> Any:
        return [(_reopenable(windows), key, at) for windows, key, at in self._parts], self._ends

    def __setstate__(self, state: Any) -> None:
        parts, self._ends = state
        self._parts = [(opened() if callable(opened) else opened, key, at) for opened, key, at in parts]

    def __len__(self) -> int:
        return int(self._ends[-1]) if self._parts else 0

    def __getitem__(self, at: SupportsIndex | npt.NDArray[np.int64]) -> F32:
        if not isinstance(at, np.ndarray):
            one = index(at)
            if not -len(self) <= one < len(self):
                raise IndexError(f"window {one} of {len(self)}")
            return np.asarray(self[np.array([one % len(self)])][0])
        out = np.empty((len(at), WINDOW_SAMPLES), np.float32)
        part = np.searchsorted(self._ends, at, side="right")
        for i in np.unique(part):
            windows, _, rows = self._parts[i]
            first = self._ends[i] - len(rows)
            out[part == i] = windows[rows[at[part == i] - first]]
        return out

    @property
    def key(self) -> str:
        """Changes with any window."""
        sha = hashlib.sha256()
        for _, key, at in self._parts:
            sha.update(key.encode() + at.tobytes())
        return sha.hexdigest()[:16]


def train_validation_split(corpora: Iterable[tuple[Corpus, Collection[str]]]) -> tuple[WindowSubset, WindowSubset]:
    """Windows to learn from, and those kept back, which overlap with none of them; each corpus with whom to leave out.

    Of every twentieth recording all are kept back. Where a corpus has fewer, it is the last twentieth of each recording
    (none of one with fewer than twenty windows): what is measured then is of people whom the encoder knows.
    """
    learnt, kept = [], []
    for corpus, without in corpora:
        sittings = corpus.rows["sitting"]
        allowed = np.array([sitting.subject not in without for sitting in corpus.dataset.sessions])[sittings]
        if len(corpus.dataset.sessions) >= VALIDATION_EVERY:
            back = sittings % VALIDATION_EVERY == VALIDATION_EVERY - 1
            near = np.zeros_like(back)
        else:
            back, near = _validation_tails(corpus)
        learnt.append((corpus, np.flatnonzero(allowed & ~back & ~near)))
        kept.append((corpus, _non_overlapping(corpus, np.flatnonzero(allowed & back))))
    return WindowSubset(learnt), WindowSubset(kept)


def _validation_tails(corpus: Corpus) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The last twentieth of each recording's windows, and those before that overlap with them."""
    back, near = np.zeros(len(corpus.rows), np.bool_), np.zeros(len(corpus.rows), np.bool_)
    recording = np.unique(corpus.rows[["sitting", "part"]], return_inverse=True)[1]
    for i in range(recording.max(initial=-1) + 1):
        rows = np.flatnonzero(recording == i)
        first = len(rows) - len(rows) // VALIDATION_EVERY
        back[rows[first:]] = True
        if first < len(rows):
            start = corpus.rows["start"]
            near[rows[:first]] = start[rows[:first]] > start[rows[first]] - WINDOW_S
    return back, near


def _non_overlapping(corpus: Corpus, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of windows in order those that do not overlap."""
    chosen: list[int] = []
    for i in at.tolist():
        row, last = corpus.rows[i], corpus.rows[chosen[-1]] if chosen else None
        same = last is not None and (row["sitting"], row["part"]) == (last["sitting"], last["part"])
        if last is None or not same or row["start"] >= last["start"] + WINDOW_S:
            chosen.append(i)
    return np.array(chosen, np.int64)


def _reopenable(windows: F32) -> F32 | partial[F32]:
    """Windows that lie in a file as what opens it again."""
    if not isinstance(windows, np.memmap):
        return windows
    return partial(np.memmap, windows.filename, windows.dtype, "r", shape=windows.shape)
