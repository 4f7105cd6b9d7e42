"""An imported encoder in the place of a PyTorch module: for training's code, which holds encoders as such."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ecg_live.model.encoder import Encoder
from ecg_live.model.imported.card import GRAPH, ImportedCard
from ecg_live.model.imported.engine import ImportedEngine


class ImportedEncoder(Encoder):
    """A frozen encoder whose only buffer is its ONNX graph; ONNX Runtime runs it, so that it has no gradient.

    Parameters
    ----------
    card : ImportedCard
    content : bytes, optional
        The graph; to be loaded later without it.
    """

    graph: Tensor

    def __init__(self, card: ImportedCard, content: bytes | None = None) -> None:
        super().__init__()
        self.card = card
        known = np.zeros(card.bytes, np.uint8) if content is None else np.frombuffer(content, np.uint8).copy()
        self.register_buffer(GRAPH, torch.from_numpy(known))

    def engine(self) -> ImportedEngine:
        """The engine that runs it live."""
        return ImportedEngine(self.graph.numpy().tobytes(), self.card)

    def forward(self, x: Tensor) -> Tensor:
        """Embeddings (n, size) of windows (n, 2560)."""
        return torch.from_numpy(self.engine().embed(x.detach().numpy()))
