"""A fitted head, linear or not, and the folds within the training subjects that calibrate it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from sklearn.model_selection import GroupKFold

from ecg_live.events import F64
from ecg_live.model.features import FeatureKind
from training.data.feature_table import Ints, Names
from training.networks import EmotionHead

INNER_FOLDS = 5  # over subjects


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """Standardise features by ``mean`` and ``sd`` (d,), send them through ``net``, divide by ``temperature``.

    ``net`` holds the tensors of an `EmotionHead` with layers of ``hidden`` and ``dropout``. ``shares`` are the weights
    of the feature blocks' logits. ``prior`` (classes,) is how often its probabilities expect each class. ``held_out``
    (n, classes) are logits of the n windows that it was fitted on, each by a head that had not seen the window's
    subject; NaN where there was none: features are chosen by them.
    """

    inputs: FeatureKind
    mean: F64
    sd: F64
    net: Mapping[str, F64]
    temperature: float
    classes: int
    hidden: tuple[int, ...] = ()
    dropout: float = 0.0
    shares: tuple[float, ...] = (1.0,)
    prior: tuple[float, ...] = ()
    held_out: F64 | None = None

    def with_prior(self, prior: F64) -> Self:
        """The same head for classes that occur as often as ``prior`` (classes,)."""
        last = list(self.net)[-1]  # the biases of the last layer
        shift = self.temperature * np.log(prior / np.array(self.prior))
        return replace(self, net={**self.net, last: self.net[last] + shift}, prior=tuple(prior.tolist()))

    def probabilities(self, x: F64) -> F64:
        """Calibrated probabilities (n, classes) of features (n, d); features that are NaN count as average."""
        net = EmotionHead(self.classes, self.hidden, self.dropout, len(self.mean)).double().eval()
        net.load_state_dict({name: torch.from_numpy(value) for name, value in self.net.items()})
        with torch.inference_mode():
            logits = net(torch.from_numpy(np.nan_to_num((x - self.mean) / self.sd)))
            return np.asarray(torch.softmax(logits / self.temperature, dim=1).numpy())


def inner_folds(subject: Names) -> list[tuple[Ints, Ints]]:
    """Training and held-out rows by subject; by time where there is one subject only."""
    groups = np.unique(subject, return_inverse=True)[1]
    if groups.max() == 0:
        groups = np.arange(len(subject)) * INNER_FOLDS // len(subject)
    count = min(INNER_FOLDS, len(np.unique(groups)))
    return list(GroupKFold(count).split(np.zeros((len(subject), 1)), groups=groups))
