"""The built-in encoder in ONNX Runtime: one thread, graphs of fixed shapes.

Each result is the same to the bit however many seconds, and whichever other wearers, are in a call; many take a quarter
less time. It equals PyTorch's within `MAX_ERROR`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES, EMBEDDING_SIZE, WINDOW_SAMPLES
from ecg_live.events import F32
from ecg_live.model.encoder_layout import Padding, state_shapes
from ecg_live.model.engine.protocol import EngineStream, WearerIndices
from ecg_live.model.tensor_file import Array

if TYPE_CHECKING:  # at run time with the first step: a window need not wait for them
    from onnx import ModelProto
    from onnxruntime import InferenceSession as Session

MAX_ERROR = 4e-6  # of the largest feature: float32 sums of up to 1,024 products in another order, 2**-23 * 1024**0.5
LONG_STEP_SECONDS = 16  # in one call, where nobody waits; more are no faster
BATCHES = (16, 4, 1)  # wearers in a call, as many as there are
WINDOW_STEPS = 10  # of a second, whose maxima make up a window
LONG_STEP = (LONG_STEP_SECONDS, BLOCK_SAMPLES)
STEP_INPUTS = ("block", *(f"state_{number}" for number in range(len(state_shapes()))))


class OnnxEngine:
    """Run the encoder of a bundle.

    Parameters
    ----------
    weights : mapping of str to ndarray
        As `encoder_tensors` names them.
    padding : {"same", "valid"}
        Only a ``valid`` encoder streams: one with padding differs at every window's edges.
    """

    size = EMBEDDING_SIZE

    def __init__(self, weights: Mapping[str, Array], padding: Padding) -> None:
        self._weights = weights
        self._padding: Padding = padding
        self._steps: dict[tuple[int, int], Session] = {}
        self.streams = padding == "valid"

    def embed(self, windows: F32) -> F32:
        """Embeddings (n, 128) of windows (n, 2560)."""
        found = np.empty((len(windows), EMBEDDING_SIZE), np.float32)
        for window, out in zip(windows, found, strict=True):
            (embedding,) = self._window.run(None, {"windows": window.reshape(1, WINDOW_SAMPLES)})
            out[:] = embedding[0]
        return found

    def stream(self, wearers: int = 1) -> EngineStream:
        """State for so many wearers."""
        return OnnxStream(self.step, wearers)

    def step(self, batch: int, seconds: int) -> Session:
        """The session of a step of so many streams and seconds, opened when it is asked for first."""
        if (batch, seconds) not in self._steps:
            from ecg_live.model.engine.graph import step_graph  # noqa: PLC0415 - loads ONNX

            self._steps[batch, seconds] = open_session(step_graph(self._weights, batch, seconds))
        return self._steps[batch, seconds]

    @cached_property
    def _window(self) -> Session:
        from ecg_live.model.engine.graph import window_graph  # noqa: PLC0415 - loads ONNX

        return open_session(window_graph(self._weights, self._padding))


class OnnxStream:
    """What each wearer's layers keep from step to step (17 kB), and the maxima of its last ten steps (10 kB)."""

    def __init__(self, step: Callable[[int, int], Session], wearers: int) -> None:
        self._step = step
        self.wearers = wearers
        self._states = [_begin() for _ in range(wearers)]
        self._maxima = [deque[tuple[F32, F32]](maxlen=WINDOW_STEPS) for _ in range(wearers)]

    def reset(self, wearers: WearerIndices) -> None:
        """Begin a new segment for these wearers."""
        for wearer in wearers:
            self._states[wearer] = _begin()
            self._maxima[wearer].clear()

    def push(self, wearers: WearerIndices, blocks: F32) -> None:
        """Take the next second of each of these wearers."""
        begin = 0
        for size in BATCHES:
            while len(wearers) - begin >= size:
                part = slice(begin, begin + size)
                for wearer, pair in zip(wearers[part], self._run(wearers[part], blocks[part, None]), strict=True):
                    self._maxima[wearer].append(pair)
                begin += size

    def push_seconds(self, wearer: int, blocks: F32) -> F32:
        """Take many seconds of one wearer; embeddings after each."""
        found = np.full((len(blocks), EMBEDDING_SIZE), np.nan, np.float32)
        whole, own = len(blocks) // LONG_STEP_SECONDS * LONG_STEP_SECONDS, np.array([wearer])
        steps = [*blocks[:whole].reshape(-1, 1, *LONG_STEP), *blocks[whole:, None, None]]
        maxima = self._maxima[wearer]
        pairs = (pair for step in steps for both in self._run(own, step) for pair in zip(*both, strict=True))
        for (highest, tail), out in zip(pairs, found, strict=True):
            maxima.append((highest[None], tail[None]))
            if len(maxima) == WINDOW_STEPS:
                out[:] = _embedding(maxima)[0]
        return found

    def _run(self, wearers: WearerIndices, blocks: F32) -> Iterator[tuple[F32, F32]]:
        """Take seconds (b, s, 256); for each wearer the maxima (s, 128) over all maps of a second, and the last."""
        batch, seconds, samples = blocks.shape
        states = zip(*(self._states[wearer] for wearer in wearers), strict=True)
        joined = (kept[0] if batch == 1 else np.concatenate(kept) for kept in states)
        inputs = (blocks.reshape(batch, 1, 1, seconds * samples), *joined)
        session = self._step(batch, seconds)
        highest, tail, *after = session.run(None, dict(zip(STEP_INPUTS, inputs, strict=True)))
        for k, wearer in enumerate(wearers):  # copies: a view would keep what is the others' alive
            self._states[wearer] = after if batch == 1 else [kept[k : k + 1].copy() for kept in after]
            yield highest[k].copy(), tail[k].copy()

    def kept(self, wearer: int) -> list[Any]:
        """What is kept of a wearer."""
        return [self._states[wearer], self._maxima[wearer]]

    def put_back(self, wearer: int, kept: list[Any]) -> None:
        """Go on from what was kept."""
        self._states[wearer], self._maxima[wearer] = kept

    def embeddings(self, wearers: WearerIndices) -> F32:
        """Embeddings of the last ten seconds of these wearers."""
        return np.concatenate([_embedding(self._maxima[wearer]) for wearer in wearers])


def open_session(graph: ModelProto | bytes) -> Session:
    """A session on one thread of a processor."""
    import onnxruntime  # noqa: PLC0415 - a tenth of a second, for which no window waits

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors: nothing else is for a user
    content = graph if isinstance(graph, bytes) else graph.SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _embedding(maxima: deque[tuple[F32, F32]]) -> F32:
    """Maximum (1, 128) over a window's feature maps: of its first second, only the last ones belong to it."""
    (_, tail), *later = maxima
    return np.asarray(np.maximum.reduce([tail, *(highest for highest, _ in later)]))


def _begin() -> list[F32]:
    return [np.zeros((1, channels, 1, samples), np.float32) for channels, samples in state_shapes()]
