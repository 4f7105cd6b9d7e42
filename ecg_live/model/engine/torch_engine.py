"""An engine that runs a PyTorch module: a plug-in's encoder, or the reference of the built-in engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.events import F32
from ecg_live.model.encoder import Encoder
from ecg_live.model.engine.protocol import EngineStream, WearerIndices


class TorchEngine:
    """Run a module in evaluation mode, one window and one wearer at a time.

    Parameters
    ----------
    encoder : Encoder
    """

    size = EMBEDDING_SIZE

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.streams = encoder.maps_per_window > 0

    @torch.no_grad()
    def embed(self, windows: F32) -> F32:
        """Embeddings (n, 128) of windows (n, 2560)."""
        with one_thread():
            found = [self._encoder(torch.from_numpy(window[None])).numpy() for window in np.ascontiguousarray(windows)]
        return np.concatenate([np.empty((0, EMBEDDING_SIZE), np.float32), *found])

    def stream(self, wearers: int = 1) -> EngineStream:
        """One stream of the module for each wearer."""
        return TorchStream(self._encoder, wearers)


class TorchStream:
    """Streams of a module that declares them, and the feature maps of each wearer's last window."""

    def __init__(self, encoder: Encoder, wearers: int) -> None:
        self.wearers = wearers
        self._maps_per_window = encoder.maps_per_window
        self._streams = [encoder.stream() for _ in range(wearers)]
        self._maps = [torch.empty(EMBEDDING_SIZE, 0) for _ in range(wearers)]

    def reset(self, wearers: WearerIndices) -> None:
        """Begin a new segment for these wearers."""
        for wearer in wearers:
            self._streams[wearer].reset()
            self._maps[wearer] = torch.empty(EMBEDDING_SIZE, 0)

    def push(self, wearers: WearerIndices, blocks: F32) -> None:
        """Take the next second of each of these wearers."""
        with one_thread():
            for wearer, block in zip(wearers, torch.from_numpy(blocks), strict=True):
                maps = torch.cat((self._maps[wearer], self._streams[wearer].push(block)), dim=1)
                self._maps[wearer] = maps[:, -self._maps_per_window :]

    def kept(self, wearer: int) -> list[Any]:
        """What is kept of a wearer."""
        return [self._streams[wearer], self._maps[wearer]]

    def put_back(self, wearer: int, kept: list[Any]) -> None:
        """Go on from what was kept."""
        self._streams[wearer], self._maps[wearer] = kept

    def push_seconds(self, wearer: int, blocks: F32) -> F32:
        """Take many seconds of one wearer; embeddings after each."""
        found, own = np.full((len(blocks), EMBEDDING_SIZE), np.nan, np.float32), np.array([wearer])
        for block, out in zip(blocks[:, None], found, strict=True):
            self.push(own, block)
            if self._maps[wearer].shape[1] == self._maps_per_window:
                out[:] = self.embeddings(own)[0]
        return found

    def embeddings(self, wearers: WearerIndices) -> F32:
        """Embeddings of the last ten seconds of these wearers."""
        return np.stack([_highest(self._maps[wearer]) for wearer in wearers])


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch adds in the same order wherever it runs: on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _highest(maps: Tensor) -> F32:
    return np.asarray(maps.amax(dim=1).numpy(), np.float32)
