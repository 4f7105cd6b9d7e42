"""The small networks on top of the encoder: seven pretext heads, and one head per label."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.encoder_layout import LEAKY_SLOPE
from ecg_live.model.imported.module import ImportedEncoder
from ecg_live.model.s4d import S4DEncoder
from training.paper import EMOTION_WIDTH, PRETEXT_DROPOUT, PRETEXT_TASKS, PRETEXT_WIDTH

TrainableEncoder = ConvEncoder | S4DEncoder
FrozenEncoder = TrainableEncoder | ImportedEncoder  # what heads may stand on


class PretextHead(nn.Sequential):
    """One task's yes or no: features (n, 128) to logits (n, 1); 33,153 weights."""

    def __init__(self) -> None:
        super().__init__(
            nn.Linear(EMBEDDING_SIZE, PRETEXT_WIDTH),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Dropout(PRETEXT_DROPOUT),
            nn.Linear(PRETEXT_WIDTH, PRETEXT_WIDTH),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Dropout(PRETEXT_DROPOUT),
            nn.Linear(PRETEXT_WIDTH, 1),
        )


class PretextNet(nn.Module):
    """Encoder and seven heads: windows (n, 2560) to logits (n, 7); 561,223 weights."""

    def __init__(self, encoder: TrainableEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleList(PretextHead() for _ in PRETEXT_TASKS)

    def forward(self, x: Tensor) -> Tensor:
        """Logits in the order of `PRETEXT_TASKS`."""
        features = self.encoder(x)
        return torch.cat([head(features) for head in self.heads], dim=1)


class EmotionHead(nn.Sequential):
    """Features (n, ``size``) to logits (n, classes), through dense ReLU layers.

    Parameters
    ----------
    classes : int
        Number of classes.
    hidden : sequence of int
        Widths; the paper's are ``(512, 512)`` for WESAD and SWELL, ``(512, 512, 512)`` for AMIGOS and DREAMER. Empty:
        logistic regression.
    dropout : float
        After every hidden layer; the paper's is 0 for WESAD and SWELL, 0.2 for DREAMER, 0.4 for AMIGOS.
    size : int
        Of the features; the paper's are the encoder's 128.
    """

    def __init__(
        self,
        classes: int,
        hidden: Sequence[int] = (EMOTION_WIDTH, EMOTION_WIDTH),
        dropout: float = 0,
        size: int = EMBEDDING_SIZE,
    ) -> None:
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((size, *hidden)):
            layers += [nn.Linear(n_in, n_out), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
        super().__init__(*layers, nn.Linear((size, *hidden)[-1], classes))
