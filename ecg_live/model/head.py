"""A head as it is shipped: features in, calibrated probabilities and a distance from the training range out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ecg_live.model.encoder import FEATURES
from ecg_live.model.heads import EmotionHead

INSIDE = 0.995  # share of training windows that count as inside the training range (DESIGN)


class Head(nn.Module):
    """Standardise features, classify, calibrate; and measure how far they are from those of training.

    Parameters
    ----------
    classes, hidden, dropout
        See `EmotionHead`.
    """

    mean: Tensor
    sd: Tensor
    whiten: Tensor
    limit: Tensor
    temperature: Tensor

    def __init__(self, classes: int, hidden: Sequence[int] = (), dropout: float = 0.0) -> None:
        super().__init__()
        self.net = EmotionHead(classes, hidden, dropout)
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("sd", torch.ones(FEATURES))
        self.register_buffer("whiten", torch.eye(FEATURES))
        self.register_buffer("limit", torch.tensor(float(FEATURES)))
        self.register_buffer("temperature", torch.tensor(1.0))
        self.eval()

    def forward(self, features: Tensor) -> Tensor:
        """Calibrated probabilities (n, classes) of features (n, 128)."""
        logits: Tensor = self.net((features - self.mean) / self.sd)
        return torch.softmax(logits / self.temperature, dim=-1)

    def distance(self, features: Tensor) -> Tensor:
        """Mahalanobis distance (n,) from the training features."""
        distance: Tensor = torch.linalg.vector_norm(((features - self.mean) / self.sd) @ self.whiten, dim=-1)
        return distance

    def outside(self, features: Tensor) -> Tensor:
        """Whether features (n, 128) lie beyond 99.5 % of the training ones, or are no numbers."""
        return ~(self.distance(features) <= self.limit)
