"""Contrastive predictive coding (van den Oord, Li & Vinyals 2018, arXiv 1807.03748): tell what comes next in a window.

What is known after a quarter of a second of a window (its context) predicts what the signal looks like some quarters
later; the right one must be told from those of all other times and windows of the pass (the InfoNCE loss). No sample
serves both context and target.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.s4d import PATCH_SAMPLES, PATCH_STRIDE
from training.networks import TrainableEncoder

STEP_SAMPLES = 64  # a quarter of a second
HORIZONS = 4  # steps ahead that are predicted, each by a layer of its own
TEMPERATURE = 0.1  # of cosines as scores; the paper's bilinear scores hardly begin to learn in a few hundred steps
CONV_STRIDE, CONV_FIELD = 4, 200  # samples from one feature map to the next, and that one looks at


class ContrastiveNet(nn.Module):
    """Encoder, context and predictions: windows (n, length) to scores (horizons, n times, n times).

    The convolutional encoder has a recurrent layer above it, which is dropped after training; the state-space encoder
    is its own context, and its patches are the targets.
    """

    def __init__(self, encoder: TrainableEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.recurrent = nn.GRU(EMBEDDING_SIZE, EMBEDDING_SIZE) if isinstance(encoder, ConvEncoder) else None
        self.predict = nn.ModuleList(nn.Linear(EMBEDDING_SIZE, EMBEDDING_SIZE) for _ in range(HORIZONS))

    def forward(self, x: Tensor) -> Tensor:
        """Scores of every target (columns) for every context (rows); the diagonal is right."""
        context, target, first = self._sequences(x)
        times = target.shape[2] - first - HORIZONS + 1
        known = _rows(context[..., :times])
        asked = [F.normalize(_rows(target[..., first + i : first + i + times])) for i in range(HORIZONS)]
        scores = [F.normalize(layer(known)) @ each.T for layer, each in zip(self.predict, asked, strict=True)]
        return torch.stack(scores) / TEMPERATURE

    def _sequences(self, x: Tensor) -> tuple[Tensor, Tensor, int]:
        """Contexts and targets (n, 128, steps), and the first step ahead that shares no sample with the context."""
        if isinstance(self.encoder, ConvEncoder):
            target = _steps(self.encoder.maps(x)[:, :, 0], STEP_SAMPLES // CONV_STRIDE)
            context = cast("nn.GRU", self.recurrent)(target.permute(2, 0, 1))[0].permute(1, 2, 0)
            return context, target, _first_step(CONV_STRIDE, CONV_FIELD)
        local = self.encoder.local(x)
        maps = STEP_SAMPLES // PATCH_STRIDE
        target = _steps(local, maps)
        context = self.encoder.context(local)[..., maps - 1 :: maps][..., : target.shape[2]]
        return context, target, _first_step(PATCH_STRIDE, PATCH_SAMPLES)


def contrastive_loss(scores: Tensor) -> Tensor:
    """InfoNCE: mean cross-entropy of the right target among all; scores (horizons, m, m)."""
    return F.cross_entropy(scores.flatten(0, 1).float(), _right(scores))


def contrastive_accuracy(scores: Tensor) -> Tensor:
    """Share of contexts whose right target has the highest score, as a tensor (1,)."""
    return (scores.flatten(0, 1).argmax(dim=1) == _right(scores)).float().mean()[None]


def _rows(sequences: Tensor) -> Tensor:
    """Sequences (n, c, times) as rows (n times, c)."""
    return sequences.transpose(1, 2).flatten(0, 1)


def _right(scores: Tensor) -> Tensor:
    return torch.arange(scores.shape[1], device=scores.device).repeat(len(scores))


def _steps(maps: Tensor, each: int) -> Tensor:
    """Means (n, c, m // each) of so many successive maps (n, c, m)."""
    return F.avg_pool1d(maps, each)


def _first_step(stride: int, field: int) -> int:
    """How many steps ahead a target begins after the last sample that the context knows."""
    seen = STEP_SAMPLES - stride + field  # samples that a step looks at
    return -(-seen // STEP_SAMPLES)
