"""The engine of imported encoders: ONNX Runtime on one thread, window by window."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from onnxruntime import InferenceSession as Session
from onnxruntime.capi import onnxruntime_pybind11_state as state

from ecg_live.errors import ModelError
from ecg_live.events import F32
from ecg_live.model.engine.onnx_engine import open_session
from ecg_live.model.engine.protocol import EngineStream
from ecg_live.model.imported.card import ImportedCard
from ecg_live.model.imported.window_input import make_input

RUNTIME_ERRORS = (
    state.EPFail,
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.NotImplemented,
    state.RuntimeException,
    RuntimeError,
    MemoryError,
    ValueError,
)


class ImportedEngine:
    """Run an imported encoder.

    Parameters
    ----------
    graph : bytes
        The ONNX file, as `ecg_live.model.imported.graph_file.read_graph` makes it.
    card : ImportedCard
    """

    streams = False

    def __init__(self, graph: bytes, card: ImportedCard) -> None:
        self._graph = graph
        self._card = card
        self.size = card.size

    def embed(self, windows: F32) -> F32:
        """Embeddings (n, size) of windows (n, 2560); NaN for a window whose embedding is not finite.

        Raises
        ------
        ModelError
            ONNX Runtime cannot run the graph, or it gives another shape than the card says.
        """
        found = np.empty((len(windows), self.size), np.float32)
        for window, out in zip(windows, found, strict=True):
            embedding = self.raw(make_input(window, self._card))
            if embedding.shape != (1, self.size):
                raise ModelError(
                    f"the encoder {self._card.name} gives {embedding.shape} for one window, expected (1, {self.size})",
                    "import it again",
                )
            out[:] = embedding[0] if np.isfinite(embedding).all() else np.nan
        return found

    def raw(self, x: F32) -> F32:
        """What the graph gives for an input (samples,)."""
        try:
            (wanted,) = self._session.get_inputs()
            (embedding,) = self._session.run(None, {wanted.name: x.reshape(wanted.shape)})
        except RUNTIME_ERRORS as error:
            raise ModelError(_message(self._card, error), "export it again, with standard operators") from error
        return np.asarray(embedding)

    def stream(self, wearers: int = 1) -> EngineStream:
        """Refuse: nothing is known of what overlapping windows share."""
        raise NotImplementedError("an imported encoder runs window by window")

    @cached_property
    def _session(self) -> Session:
        return open_session(self._graph)


def _message(card: ImportedCard, error: BaseException) -> str:
    return f"ONNX Runtime cannot run the encoder {card.name}: {' '.join(str(error).split())[:200]}"
