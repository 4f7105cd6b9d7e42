"""A head as it is shipped: features in, calibrated probabilities and a distance from the training range out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ecg_live.model.features import HRV_SIZE, INPUT_SIZES, FeatureKind
from ecg_live.model.head_networks import EmotionHead

TRAINING_RANGE_SHARE = 0.995  # of training windows that count as inside the training range


class CalibratedHead(nn.Module):
    """Standardise features, classify, calibrate; measure their distance from the training features.

    Heart rate or variability that is NaN counts as average: beats are missing now and then.

    Parameters
    ----------
    classes, hidden, dropout
        See `EmotionHead`.
    inputs : {"embedding", "hrv", "both"}
        What its features are; see `combine`.
    """

    mean: Tensor
    sd: Tensor
    whiten: Tensor
    limit: Tensor
    temperature: Tensor

    def __init__(
        self, classes: int, inputs: FeatureKind = "embedding", hidden: Sequence[int] = (), dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.inputs: FeatureKind = inputs
        size = INPUT_SIZES[inputs]
        self.net = EmotionHead(classes, hidden, dropout, size)
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("sd", torch.ones(size))
        self.register_buffer("whiten", torch.eye(size))
        self.register_buffer("limit", torch.tensor(float(size)))
        self.register_buffer("temperature", torch.tensor(1.0))
        self.eval()

    def forward(self, features: Tensor) -> Tensor:
        """Calibrated probabilities (n, classes) of features (n, d)."""
        return self._probabilities(self._standardised(features))

    def distance(self, features: Tensor) -> Tensor:
        """Mahalanobis distance (n,) from the training features."""
        return self._distance(self._standardised(features))

    def outside(self, features: Tensor) -> Tensor:
        """Whether features (n, d) lie beyond 99.5 % of the training ones, or an embedding is NaN."""
        return ~(self.distance(features) <= self.limit)

    def probabilities_inside(self, features: Tensor) -> list[float] | None:
        """Calibrated probabilities (classes,) of one window's features (1, d); None where they lie `outside`."""
        z = self._standardised(features)
        if not bool(self._distance(z) <= self.limit):
            return None
        return [float(each) for each in self._probabilities(z)[0].tolist()]

    def _probabilities(self, z: Tensor) -> Tensor:
        logits: Tensor = self.net(z)
        return torch.softmax(logits / self.temperature, dim=-1)

    def _distance(self, z: Tensor) -> Tensor:
        distance: Tensor = torch.linalg.vector_norm(z @ self.whiten, dim=-1)
        return distance

    def _standardised(self, features: Tensor) -> Tensor:
        z = (features - self.mean) / self.sd
        if self.inputs == "embedding":
            return z
        embedding, beats = z[:, :-HRV_SIZE], z[:, -HRV_SIZE:]
        return torch.cat((embedding, torch.where(beats.isnan(), 0.0, beats)), dim=1)


class PersonalHead(CalibratedHead):
    """A head whose features are relative to the wearer's baseline, by ``spread`` (d,); see `baseline_normalise`."""

    spread: Tensor

    def __init__(
        self, classes: int, inputs: FeatureKind = "embedding", hidden: Sequence[int] = (), dropout: float = 0.0
    ) -> None:
        super().__init__(classes, inputs, hidden, dropout)
        self.register_buffer(
            "spread", torch.ones(INPUT_SIZES[inputs], dtype=torch.float64)
        )  # as precise as in training


HEAD_SETS: Mapping[str, type[CalibratedHead]] = {"population": CalibratedHead, "personal": PersonalHead}
