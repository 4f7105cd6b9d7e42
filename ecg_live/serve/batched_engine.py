"""The engine of many wearers for a worker: paths and encoder advance together, each to the bit what it is alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ecg_live import __version__
from ecg_live.events import Clock, Gap, SetChange, State, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.predictor import Predictor
from ecg_live.results import Prediction, Window
from ecg_live.serve.engine import SILENT_STATE, ServedItem, ServedResult, WearerItems, refused_signal
from ecg_live.serve.state import pack_state, restore_state, state_maker
from ecg_live.session_results import window_results
from ecg_live.signal.batch.feed import PathFeed
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_pipeline import RrPath
from ecg_live.wearers.engine import Output, WearerLane, WearersEngine


@dataclass(slots=True)
class _LaneWearer:
    """A wearer in the engine; ``known`` is its path: a feed, or a strap's path."""

    info: StreamInfo
    lane: WearerLane
    known: PathFeed | RrPath
    predictor: Predictor
    sets: dict[str, str] = field(default_factory=dict)  # of each head at the last prediction


class BatchedEngine:
    """Predict for wearers together; see `ecg_live.serve.engine.WearerEngine` and `PipelineEngine`.

    Parameters
    ----------
    bundle : Bundle
    digest : str
        Of the bundle's file.
    hop, baseline, show_unproven
        As of a session.
    clock : Clock
        Monotonic seconds.
    """

    def __init__(
        self,
        bundle: Bundle,
        digest: str,
        hop: float = 1.0,
        baseline: float = 0.0,
        *,
        show_unproven: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        self._bundle = bundle
        self._settings = hop, baseline, show_unproven
        self._clock = clock
        self._engine = WearersEngine(open_engine(bundle), hop)
        self._wearers: dict[str, _LaneWearer] = {}
        self._makers: dict[StreamInfo, str] = {}
        self.model = f"{digest} hop={hop:g} baseline={baseline:g} unproven={show_unproven}"

    def open(self, wearer: str, info: StreamInfo) -> list[ServedResult]:
        """Begin with a wearer, or begin again."""
        self.close(wearer)
        if (refused := refused_signal(self._bundle, wearer, info)) is not None:
            return [(wearer, refused)]
        self._join(wearer, info)
        return []

    def _join(self, wearer: str, info: StreamInfo) -> _LaneWearer:
        path = self._path(info)
        lane = self._engine.join(path, info)
        known = path if isinstance(path, RrPath) else lane.feed
        assert known is not None  # noqa: S101 - a path with samples has a feed
        self._wearers[wearer] = _LaneWearer(info, lane, known, self._predictor())
        return self._wearers[wearer]

    def push(self, batch: Sequence[WearerItems]) -> list[ServedResult]:
        """Take items of several wearers; return what they complete."""
        names = [wearer for wearer, _ in batch if wearer in self._wearers]
        arrived = self._clock()
        for wearer, items in batch:
            for item in items if wearer in self._wearers else ():
                self._wearers[wearer].lane.add(item)
        try:
            outputs = self._engine.step([self._wearers[name].lane for name in names])
        except Exception as error:  # noqa: BLE001 - other wearers' predictions go on
            return [result for name in names for result in self._failed(name, error)]
        results: list[ServedResult] = []
        for name, made in zip(names, outputs, strict=True):
            results += self._guarded(name, self._wearers[name], made, arrived)
        return results

    def _guarded(
        self, wearer: str, one: _LaneWearer, outputs: Sequence[Output], arrived: float
    ) -> Iterator[ServedResult]:
        """Results of a wearer; at a fault of its path or predictor, those before it, and what it is."""
        try:
            for item in self._results(one, outputs, arrived):
                yield wearer, item
        except Exception as error:  # noqa: BLE001 - other wearers' predictions go on
            yield from self._failed(wearer, error)
            return
        if one.lane.error is not None:
            yield from self._failed(wearer, one.lane.error)

    def flush(self, wearer: str) -> list[ServedResult]:
        """End of a wearer's run."""
        one = self._wearers.pop(wearer, None)
        if one is None:
            return []
        try:
            outputs = self._engine.leave(one.lane)
        except Exception as error:  # noqa: BLE001 - as in `push`
            return self._failed(wearer, error)
        return list(self._guarded(wearer, one, outputs, self._clock()))

    def snapshot(self, wearer: str) -> bytes:
        """All that is known of a wearer."""
        if wearer not in self._wearers:
            return SILENT_STATE
        one = self._wearers[wearer]
        parts = [one.known, one.predictor, one.sets, self._engine.kept(one.lane)]
        return pack_state(parts, [*self._fresh(one.info), {}, None], self._maker(one.info))

    def restore(self, wearer: str, info: StreamInfo, state: bytes) -> None:
        """Begin where a snapshot was taken. Raises `StateMismatch`."""
        self.close(wearer)
        if state == SILENT_STATE:
            return
        one = self._join(wearer, info)
        restored = restore_state(state, [one.known, one.predictor, one.sets, None], self._maker(info))
        one.sets = restored[2]
        self._engine.put_back(one.lane, restored[3])

    def close(self, wearer: str) -> None:
        """Forget a wearer."""
        if (one := self._wearers.pop(wearer, None)) is not None:
            self._engine.drop(one.lane)

    def _path(self, info: StreamInfo) -> SignalPath | RrPath:
        hop = self._settings[0]
        return SignalPath(info, hop, batched=True) if info.channels else RrPath(self._bundle.head_infos, hop)

    def _predictor(self) -> Predictor:
        hop, baseline, show_unproven = self._settings
        return Predictor(self._bundle, hop, baseline, show_unproven=show_unproven, embeds=False)

    def _fresh(self, info: StreamInfo) -> tuple[PathFeed | RrPath, Predictor]:
        path = self._path(info)
        return path if isinstance(path, RrPath) else PathFeed(path, info), self._predictor()

    def _maker(self, info: StreamInfo) -> str:
        if info not in self._makers:
            self._makers[info] = state_maker(list(self._fresh(info)), self.model, __version__)
        return self._makers[info]

    def _failed(self, wearer: str, error: Exception) -> list[ServedResult]:
        self.close(wearer)
        text = f"wearer {wearer}: {type(error).__name__}: {error}; no results until its next run"
        return [(wearer, State("error", text))]

    def _results(self, one: _LaneWearer, outputs: Sequence[Output], arrived: float) -> Iterator[ServedItem]:
        for item, embedding in outputs:
            if isinstance(item, Window):
                heads = one.predictor.predict(item, embedding)
                late = max(0.0, self._clock() - arrived)
                results, one.sets = window_results(item, heads, one.predictor, one.sets, late)
                yield from results
            elif isinstance(item, Prediction):  # of a strap: it has no windows
                yield replace(item, latency=max(0.0, self._clock() - arrived))
            elif isinstance(item, Gap | State | SetChange):
                yield item
