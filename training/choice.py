"""Some of the windows of some corpora, as if they were one array; nothing is copied before it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ecg_live.types import F32, WIDTH
from training.corpus import Corpus

HELD_BACK = 20  # of so many recordings one is kept back to measure what was learnt


class Choice:
    """Windows (n, 2560) of corpora, each with the indices that are wanted of it."""

    def __init__(self, parts: Iterable[tuple[Corpus, npt.NDArray[np.int64]]]) -> None:
        self._parts = [(corpus, at) for corpus, at in parts if len(at)]
        self._ends = np.cumsum([len(at) for _, at in self._parts], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if self._parts else 0

    def __getitem__(self, at: npt.NDArray[np.int64]) -> F32:
        out = np.empty((len(at), WIDTH), np.float32)
        part = np.searchsorted(self._ends, at, side="right")
        for i in np.unique(part):
            corpus, rows = self._parts[i]
            first = self._ends[i] - len(rows)
            out[part == i] = corpus.windows[rows[at[part == i] - first]]
        return out

    @property
    def key(self) -> str:
        """Changes with any window."""
        sha = hashlib.sha256()
        for corpus, at in self._parts:
            sha.update(corpus.key.encode() + at.tobytes())
        return sha.hexdigest()[:16]


def learnt_and_held_back(corpora: Iterable[Corpus], without: str | None) -> tuple[Choice, Choice]:
    """Windows to learn from, and of every twentieth recording those kept back (none where a corpus has fewer).

    ``without`` names a wearer that neither may hold.
    """
    learnt, kept = [], []
    for corpus in corpora:
        sittings = corpus.rows["sitting"]
        allowed = np.array([sitting.subject != without for sitting in corpus.dataset.sittings])[sittings]
        back = (sittings % HELD_BACK == HELD_BACK - 1) & (len(corpus.dataset.sittings) >= HELD_BACK)
        learnt.append((corpus, np.flatnonzero(allowed & ~back)))
        kept.append((corpus, _apart(corpus, np.flatnonzero(allowed & back))))
    return Choice(learnt), Choice(kept)


def _apart(corpus: Corpus, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of windows in order those that do not overlap."""
    chosen: list[int] = []
    for i in at.tolist():
        row, last = corpus.rows[i], corpus.rows[chosen[-1]] if chosen else None
        same = last is not None and (row["sitting"], row["part"]) == (last["sitting"], last["part"])
        if last is None or not same or row["start"] >= last["start"] + 10:
            chosen.append(i)
    return np.array(chosen, np.int64)
