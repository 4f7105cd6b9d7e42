"""The engine of many wearers: their items in, their paths' outputs and their windows' embeddings out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from ecg_live.constants import BLOCK_SAMPLES
from ecg_live.errors import EcgLiveError
from ecg_live.events import F32, Chunk, StreamEvent, StreamInfo
from ecg_live.model.engine.protocol import EncoderEngine
from ecg_live.results import Prediction, Window
from ecg_live.signal.batch.feed import PathFeed, advance, finish
from ecg_live.signal.pipeline import PathOutput, SignalPath
from ecg_live.signal.rr_pipeline import RrPath
from ecg_live.wearers.embedding import BatchEmbedder, Place


class Output(NamedTuple):
    """An output of a wearer's path; ``embedding`` (e,) is a window's."""

    item: PathOutput | Prediction
    embedding: F32 | None = None


class WearerLane:
    """One wearer in the engine.

    Parameters
    ----------
    path : SignalPath or RrPath
        Made for a batch, see `SignalPath`.
    info : StreamInfo
        The path's stream.
    place : Place
        In the encoder's states.
    """

    def __init__(self, path: SignalPath | RrPath, info: StreamInfo, place: Place) -> None:
        self.place = place
        self._strap = path if isinstance(path, RrPath) else None
        self._feed = None if isinstance(path, RrPath) else PathFeed(path, info)
        self._made: list[PathOutput | Prediction] = []  # by a strap's path, which is nothing to batch

    @property
    def error(self) -> EcgLiveError | None:
        """Why the path cannot go on."""
        return self._feed.error if self._feed else None

    @property
    def due(self) -> bool:
        """Whether `WearersEngine.step` would give something, or has something to compute."""
        return bool(self._made) if self._feed is None else self._feed.due

    @property
    def feed(self) -> PathFeed | None:
        """The feed of a path that has samples; None of a strap's."""
        return self._feed

    def add(self, item: Chunk | StreamEvent) -> None:
        """Add the next item of the wearer's source."""
        if self._feed is not None:
            self._feed.add(item)
        elif self._strap is not None:
            self._made += self._strap.push(item)

    def seconds_ahead(self) -> tuple[Place, int, F32] | None:
        """Whole normalised seconds of the running segment that the encoder's states have not seen, if there are any."""
        if self._feed is None or (segment := self._feed.path.segment) is None:
            return None
        ring = self._feed.path.stages.rings[2]
        begin = self.place.stop if self.place.segment == segment.number else 0
        stop = ring.stop // BLOCK_SAMPLES * BLOCK_SAMPLES
        return (self.place, segment.number, ring.window(begin, stop - begin)) if stop > begin else None

    def take_made(self) -> list[PathOutput | Prediction]:
        """Outputs that were made without a batch."""
        made, self._made = self._made, []
        return made

    def rest(self) -> Sequence[PathOutput | Prediction]:
        """Remaining outputs of a stream that has ended."""
        if self._feed is not None:
            return finish(self._feed)
        return [*self.take_made(), *(self._strap.flush() if self._strap else ())]


class WearersEngine:
    """Advance the paths of many wearers together, and embed their windows together.

    Not for several threads. A wearer's outputs are those of `SignalPath` and `StreamingEmbedder` alone: the path's to
    the bit, the embeddings within the bound that the encoder's engine states.

    Parameters
    ----------
    encoder : EncoderEngine
    hop : float
        Seconds between windows.
    """

    def __init__(self, encoder: EncoderEngine, hop: float = 1.0) -> None:
        self._embedder = BatchEmbedder(encoder, hop)

    def warm_up(self, wearers: int) -> None:
        """Have the encoder ready for so many wearers: what it prepares at its first call would delay a window."""
        self._embedder.warm_up(wearers)

    def join(self, path: SignalPath | RrPath, info: StreamInfo) -> WearerLane:
        """Take in a wearer, at any time."""
        return WearerLane(path, info, self._embedder.join())

    def leave(self, lane: WearerLane) -> list[Output]:
        """Let a wearer go, whose stream has ended; return the rest of the output."""
        made = self._embedded([lane], [lane.rest()])[0]
        self._embedder.leave(lane.place)
        return made

    def drop(self, lane: WearerLane) -> None:
        """Let a wearer go without the rest of the output."""
        self._embedder.leave(lane.place)

    def kept(self, lane: WearerLane) -> list[object]:
        """What the encoder keeps of a wearer, to be put back later, here or elsewhere."""
        return self._embedder.kept(lane.place)

    def put_back(self, lane: WearerLane, kept: list[Any]) -> None:
        """Go on for a wearer from what was kept."""
        self._embedder.put_back(lane.place, kept)

    def step(self, lanes: Sequence[WearerLane]) -> list[list[Output]]:
        """Advance these wearers as far as they can go; return each one's outputs, in its order."""
        fed = [(k, lane.feed) for k, lane in enumerate(lanes) if lane.feed is not None and lane.feed.due]
        made: list[Sequence[PathOutput | Prediction]] = [lane.take_made() for lane in lanes]
        for (k, _), outputs in zip(fed, advance([feed for _, feed in fed]), strict=True):
            made[k] = outputs
        embedded = self._embedded(lanes, made)
        ahead = (lanes[k].seconds_ahead() for k, _ in fed)
        self._embedder.look_ahead([each for each in ahead if each is not None])
        return embedded

    def _embedded(
        self, lanes: Sequence[WearerLane], made: Sequence[Sequence[PathOutput | Prediction]]
    ) -> list[list[Output]]:
        """The outputs, their windows with embeddings."""
        waiting = [[item for item in items if isinstance(item, Window)] for items in made]
        found: list[list[F32]] = [[] for _ in lanes]
        for round_ in zip_longest(*waiting):
            due = [(k, window) for k, window in enumerate(round_) if window is not None]
            rows = self._embedder.embed([(lanes[k].place, window) for k, window in due])
            for (k, _), row in zip(due, rows, strict=True):
                found[k].append(row)
        return [list(_with_embeddings(items, rows)) for items, rows in zip(made, found, strict=True)]


def _with_embeddings(items: Sequence[PathOutput | Prediction], embeddings: list[F32]) -> Iterator[Output]:
    rows = iter(embeddings)
    for item in items:
        yield Output(item, next(rows)) if isinstance(item, Window) else Output(item)
