"""Selected windows of several corpora as one array and PyTorch data set; read from disk when indexed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from functools import partial
from operator import index
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.events import F32
from ecg_live.model.baseline import WINDOW_S
from training.data.corpus import Corpus

VALIDATION_EVERY = 20  # of so many sessions, or windows of one, one is for validation


class WindowSubset(Dataset[F32]):
    """Windows (n, 2560) of corpora at chosen indices: a map-style data set for PyTorch.

    An integer gives one window (2560,), an array of integers (m,) gives (m, 2560). Pickling, as for a ``DataLoader``'s
    workers, takes the paths of memory-mapped windows, not the windows.
    """

    def __init__(self, parts: Iterable[tuple[Corpus, npt.NDArray[np.int64]]]) -> None:
        self._parts = [(corpus.windows, corpus.key, indices) for corpus, indices in parts if len(indices)]
        self._ends = np.cumsum([len(indices) for _, _, indices in self._parts], dtype=np.int64)

    def __getstate__(self) -> Any:
        return [(_reopenable(windows), key, indices) for windows, key, indices in self._parts], self._ends

    def __setstate__(self, state: Any) -> None:
        parts, self._ends = state
        self._parts = [(opened() if callable(opened) else opened, key, indices) for opened, key, indices in parts]

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
            windows, _, indices = self._parts[i]
            first = self._ends[i] - len(indices)
            out[part == i] = windows[indices[at[part == i] - first]]
        return out

    @property
    def key(self) -> str:
        """Changes with any window."""
        sha = hashlib.sha256()
        for _, key, indices in self._parts:
            sha.update(key.encode() + indices.tobytes())
        return sha.hexdigest()[:16]


def train_validation_split(corpora: Iterable[tuple[Corpus, Collection[str]]]) -> tuple[WindowSubset, WindowSubset]:
    """Windows for training and for validation, without overlap; each corpus comes with the subjects to leave out.

    Validation gets every twentieth session. A corpus with fewer sessions gives the last twentieth of each recording
    (none of one with fewer than twenty windows): validation subjects are then training subjects, too.
    """
    train, validation = [], []
    for corpus, excluded in corpora:
        session = corpus.rows["session"]
        allowed = np.array([subject not in excluded for subject in corpus.subjects.tolist()], np.bool_)
        if len(corpus.dataset.sessions) >= VALIDATION_EVERY:
            held_out = session % VALIDATION_EVERY == VALIDATION_EVERY - 1
            near = np.zeros_like(held_out)
        else:
            held_out, near = _validation_tails(corpus)
        train.append((corpus, np.flatnonzero(allowed & ~held_out & ~near)))
        validation.append((corpus, _non_overlapping(corpus, np.flatnonzero(allowed & held_out))))
    return WindowSubset(train), WindowSubset(validation)


def _validation_tails(corpus: Corpus) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The last twentieth of each recording's windows (n,), and those before that overlap with them (n,)."""
    tail, near = np.zeros(len(corpus.rows), np.bool_), np.zeros(len(corpus.rows), np.bool_)
    start = corpus.rows["start"]
    recording = np.unique(corpus.rows[["session", "part"]], return_inverse=True)[1]
    for i in range(recording.max(initial=-1) + 1):
        rows = np.flatnonzero(recording == i)
        first = len(rows) - len(rows) // VALIDATION_EVERY
        tail[rows[first:]] = True
        if first < len(rows):
            near[rows[:first]] = start[rows[:first]] > start[rows[first]] - WINDOW_S
    return tail, near


def _non_overlapping(corpus: Corpus, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of windows in order, each that does not overlap with the one chosen before."""
    chosen: list[int] = []
    for i in indices.tolist():
        row, last = corpus.rows[i], corpus.rows[chosen[-1]] if chosen else None
        same = last is not None and (row["session"], row["part"]) == (last["session"], last["part"])
        if last is None or not same or row["start"] >= last["start"] + WINDOW_S:
            chosen.append(i)
    return np.array(chosen, np.int64)


def _reopenable(windows: F32) -> F32 | partial[F32]:
    """The windows; for those of a file a function that opens it again."""
    if not isinstance(windows, np.memmap):
        return windows
    return partial(np.memmap, windows.filename, windows.dtype, "r", shape=windows.shape)
