"""What runs an encoder, wherever its weights come from: one wearer or many, live, in scoring and in training."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ecg_live.events import F32

WearerIndices = npt.NDArray[np.int64]  # places on the wearers' axis of a stream, each at most once


class EngineStream(Protocol):
    """An encoder over the growing signals of ``wearers`` wearers, each at its own place and pace.

    It holds all state; the engine that made it holds none. A wearer's embeddings do not depend on who else is in a
    call, nor on how the calls are cut, save for rounding within the bound that the engine states.
    """

    wearers: int

    def reset(self, wearers: WearerIndices) -> None:
        """Begin a new segment for these wearers (b,)."""
        ...

    def push(self, wearers: WearerIndices, blocks: F32) -> None:
        """Take the next second of each of these wearers (b,): normalised samples (b, 256) at 256 Hz."""
        ...

    def push_seconds(self, wearer: int, blocks: F32) -> F32:
        """Take many seconds (k, 256) of one wearer; embeddings (k, 128) after each, NaN before there are ten.

        The same to the bit as second by second.
        """
        ...

    def kept(self, wearer: int) -> list[Any]:
        """What is kept of a wearer, to be put back later, into a stream of the same encoder and engine."""
        ...

    def put_back(self, wearer: int, kept: list[Any]) -> None:
        """Go on from what was kept."""
        ...

    def embeddings(self, wearers: WearerIndices) -> F32:
        """Embeddings (b, 128) of the last ten seconds of these wearers (b,); they must have had as many."""
        ...


class EncoderEngine(Protocol):
    """An encoder that is ready to run. It keeps no state between calls, and threads may share it.

    Attributes
    ----------
    streams : bool
        Whether `stream` shares what overlapping windows have in common. Where it is false, only `embed` may be called.
    size : int
        Numbers in an embedding: 128, but for an imported encoder.
    """

    streams: bool
    size: int

    def embed(self, windows: F32) -> F32:
        """Embeddings (n, size) of windows (n, 2560); a window's are the same whatever the others are."""
        ...

    def stream(self, wearers: int = 1) -> EngineStream:
        """State for the growing signals of so many wearers."""
        ...
