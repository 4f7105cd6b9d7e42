"""Embed the windows of many wearers in few calls of the encoder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES, WINDOW_SAMPLES
from ecg_live.events import F32
from ecg_live.model.engine.embedders import streams_windows
from ecg_live.model.engine.protocol import EncoderEngine, EngineStream, WearerIndices
from ecg_live.results import Window

MAX_CALL = 64  # wearers in a call of the encoder; more of them cost as much each, and need more memory
FIRST_POOL = 16  # wearers that share the first stream; each later one has room for a quarter more


@dataclass(slots=True)
class Place:
    """A wearer's place in the encoder's states, and how far they are: ``stop`` (samples) in ``segment``."""

    pool: int
    index: int
    segment: int = -1
    stop: int = 0


class BatchEmbedder:
    """Embeddings of overlapping windows of many wearers, each interior value of the encoder computed once.

    Parameters
    ----------
    engine : EncoderEngine
    hop : float
        Seconds between windows.
    """

    def __init__(self, engine: EncoderEngine, hop: float) -> None:
        self._engine = engine
        self._streams = streams_windows(engine, hop)
        self._pools: list[EngineStream] = []
        self._free: list[Place] = []

    def warm_up(self, wearers: int) -> None:
        """Call the encoder once with zeros for so many wearers."""
        count = min(wearers, MAX_CALL)
        if self._streams:
            self._engine.stream(count).push(np.arange(count), np.zeros((count, BLOCK_SAMPLES), np.float32))
        else:
            self._engine.embed(np.zeros((1, WINDOW_SAMPLES), np.float32))

    def join(self) -> Place:
        """Take a place for a wearer."""
        if not self._streams:
            return Place(0, 0)
        if not self._free:
            room = max(FIRST_POOL, sum(pool.wearers for pool in self._pools) // 4)
            self._free = [Place(len(self._pools), index) for index in reversed(range(room))]
            self._pools.append(self._engine.stream(room))
        return self._free.pop()

    def leave(self, place: Place) -> None:
        """Give a place back."""
        if self._streams:
            self._free.append(Place(place.pool, place.index))

    def kept(self, place: Place) -> list[object]:
        """What is kept of a wearer, to be put back later, here or elsewhere."""
        states = self._pools[place.pool].kept(place.index) if self._streams else None
        return [place.segment, place.stop, states]

    def put_back(self, place: Place, kept: list[Any]) -> None:
        """Go on from what was kept."""
        place.segment, place.stop, states = kept
        if self._streams:
            self._pools[place.pool].put_back(place.index, states)

    def embed(self, windows: Sequence[tuple[Place, Window]]) -> F32:
        """Embeddings (b, e) of the next window of each of b wearers."""
        out = np.empty((len(windows), self._engine.size), np.float32)
        pools: defaultdict[int, list[int]] = defaultdict(list)
        for k, (place, _) in enumerate(windows):
            pools[place.pool].append(k)
        for pool, members in pools.items():
            for at in range(0, len(members), MAX_CALL):
                part = members[at : at + MAX_CALL]
                out[part] = self._embed_together(pool, [windows[k] for k in part])
        return out

    def _embed_together(self, pool: int, windows: list[tuple[Place, Window]]) -> F32:
        if not self._streams:
            return self._engine.embed(np.stack([window.data for _, window in windows]))
        stream = self._pools[pool]
        begun = [place.index for place, window in windows if _begin(place, window)]
        if begun:
            stream.reset(np.array(begun))
        waiting = [_new_blocks(place, window) for place, window in windows]
        indices = np.array([place.index for place, _ in windows])
        _push(stream, indices, waiting)
        return stream.embeddings(indices)

    def look_ahead(self, ahead: Sequence[tuple[Place, int, F32]]) -> None:
        """Take whole seconds (n,) of wearers before a window is full, so that the first one is not ten seconds' work.

        Each comes with its segment; the seconds begin with the segment, or where the wearer's states are.
        """
        pools: defaultdict[int, list[tuple[Place, int, F32]]] = defaultdict(list)
        for each in ahead if self._streams else ():
            pools[each[0].pool].append(each)
        for pool, members in pools.items():
            begun = [place.index for place, segment, _ in members if place.segment != segment]
            if begun:
                self._pools[pool].reset(np.array(begun))
            blocks = [samples.reshape(-1, BLOCK_SAMPLES) for _, _, samples in members]
            _push(self._pools[pool], np.array([place.index for place, _, _ in members]), blocks)
            for place, segment, samples in members:
                place.stop = len(samples) + (place.stop if place.segment == segment else 0)
                place.segment = segment


def _push(stream: EngineStream, indices: WearerIndices, waiting: Sequence[F32]) -> None:
    """Push the seconds (n, 256) of each wearer in their order, as many wearers at once as have one left."""
    for k in range(max(map(len, waiting), default=0)):
        having = [row for row, blocks in enumerate(waiting) if len(blocks) > k]
        for at in range(0, len(having), MAX_CALL):
            part = having[at : at + MAX_CALL]
            stream.push(indices[part], np.stack([waiting[row][k] for row in part]))


def _begin(place: Place, window: Window) -> bool:
    """Whether the states must begin anew for a window: it does not follow what they have seen."""
    follows = window.first <= place.stop <= window.first + WINDOW_SAMPLES
    if window.segment == place.segment and follows:
        return False
    place.segment, place.stop = window.segment, window.first
    return True


def _new_blocks(place: Place, window: Window) -> F32:
    """Seconds (n, 256) of a window that the states have not seen."""
    new = window.data[place.stop - window.first :].reshape(-1, BLOCK_SAMPLES)
    place.stop = window.first + WINDOW_SAMPLES
    return new
