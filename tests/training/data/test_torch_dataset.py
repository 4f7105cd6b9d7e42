"""PyTorch reads the windows of a corpus, in this process and in others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from ecg_live.errors import ConfigError
from tests.support.small_datasets import corpus
from training.data.corpus import Corpus
from training.data.torch_dataset import CorpusDataset

INF = float("inf")


def numbered() -> Corpus:
    """Two subjects; every window holds its own number."""
    made = corpus([[10.0, INF, INF], [INF, INF]], [[2, 1, 0], [-1, 1]])
    return replace(made, windows=np.repeat(np.arange(5, dtype=np.float32)[:, None], 2560, axis=1))


def test_windows_come_with_their_class() -> None:
    data = CorpusDataset(numbered(), "task")
    assert data.classes == ("rest", "load")
    assert [(int(window[0]), target) for window, target in DataLoader(data, batch_size=None)] == [
        (1, 1),
        (2, 0),
        (4, 1),
    ]
    assert data.targets.tolist() == [1, 0, 1]
    assert data.subjects.tolist() == ["p0", "p0", "p1"]
    window, _ = data[0]
    assert (window.shape, window.dtype) == ((2560,), torch.float32)


def test_without_a_label_all_windows_are_there() -> None:
    data = CorpusDataset(numbered())
    (windows, targets), *more = DataLoader(data, batch_size=5)
    assert windows[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert targets.tolist() == [-1] * 5
    assert (more, data.classes) == ([], ())


def test_a_rating_is_split_as_asked() -> None:
    assert CorpusDataset(numbered(), "valence").classes == ("low", "high")
    assert CorpusDataset(numbered(), "valence", "raw").classes == ("3", "7")


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no label joy"):
        CorpusDataset(numbered(), "joy")
