"""Windows of a corpus as a data set for PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ecg_live.constants import Split
from training.data.corpus import Corpus
from training.data.labelled_windows import label_windows
from training.data.subset import WindowSubset
from training.datasets.labels import NO_LABEL


class CorpusDataset(Dataset[tuple[Tensor, int]]):
    """Windows float32 (2560,) of a corpus, each with the index of its class.

    Windows are read from disk when they are asked for; a ``DataLoader`` may have several workers.

    Parameters
    ----------
    corpus : Corpus
        From `training.data.corpus.build_corpus`.
    label : str, optional
        A label of its data set: windows without it are left out. Without one all windows are there, of class -1.
    split : str
        How a rating becomes classes: ``middle`` of its scale, the subject's own ``median``, or ``raw``.

    Attributes
    ----------
    classes : tuple of str
        Names of the classes.
    targets : ndarray of int64 (n,)
        Index of each window's class.
    subjects : ndarray of str (n,)
        Subject of each window, for splits by subject such as scikit-learn's ``GroupKFold``.

    Raises
    ------
    ConfigError
        If the data set has no such label.
    DatasetError
        If no window has it.
    """

    def __init__(self, corpus: Corpus, label: str | None = None, split: Split = "middle") -> None:
        if label is None:
            index = np.arange(len(corpus.rows))
            self.classes: tuple[str, ...] = ()
            self.targets = np.full(len(index), NO_LABEL, np.int64)
        else:
            found = label_windows(label, corpus, split)
            kept = found.table.label != NO_LABEL
            index = found.index[kept]
            self.classes = found.table.classes
            self.targets = found.table.label[kept]
        self.subjects = corpus.subjects[index]
        self._windows = WindowSubset([(corpus, index)])

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.from_numpy(self._windows[index]), int(self.targets[index])
