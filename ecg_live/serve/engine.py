"""Engines that a worker predicts with: any number of wearers, each with its own state."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from ecg_live import __version__
from ecg_live.errors import IncompatibleBundle
from ecg_live.events import Chunk, Clock, Gap, SetChange, State, StreamEvent, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.model.card import check_signal
from ecg_live.model.predictor import Predictor
from ecg_live.results import Prediction, Window
from ecg_live.serve.state import pack_state, restore_state, state_maker
from ecg_live.session_results import window_results
from ecg_live.signal.batch.feed import PathFeed, advance, finish
from ecg_live.signal.pipeline import PathOutput, SignalPath
from ecg_live.signal.rr_pipeline import RrPath

ServedItem = Prediction | SetChange | Gap | State
SourceItem = Chunk | StreamEvent
SILENT_STATE = b"silent"  # of a wearer whose data was refused, or cannot be processed
WearerItems = tuple[str, Sequence[SourceItem]]  # a wearer, and what came of it, in order
ServedResult = tuple[str, ServedItem]


class WearerEngine(Protocol):
    """Predictions for many wearers. A wearer's results do not depend on the other wearers, or on how items are cut."""

    @property
    def model(self) -> str:
        """Digest of the model and of all settings that change results: workers of one site share it."""
        ...

    def open(self, wearer: str, info: StreamInfo) -> list[ServedResult]:
        """Begin with a wearer, or begin again; one ``error`` state, and nothing more, for a signal not the model's."""
        ...

    def push(self, batch: Sequence[WearerItems]) -> list[ServedResult]:
        """Take items of several wearers; return what they complete, each wearer's in order.

        A wearer whose data cannot be processed gets one ``error`` state, and nothing more until it is opened again.
        """
        ...

    def flush(self, wearer: str) -> list[ServedResult]:
        """End of a wearer's run: return what is left."""
        ...

    def snapshot(self, wearer: str) -> bytes:
        """All that is known of a wearer; `SILENT_STATE` for one that gives nothing more until it is opened again."""
        ...

    def restore(self, wearer: str, info: StreamInfo, state: bytes) -> None:
        """Begin where a snapshot was taken. Raises `StateMismatch`."""
        ...

    def close(self, wearer: str) -> None:
        """Forget a wearer; one that is not there is no error."""
        ...


def refused_signal(bundle: Bundle, wearer: str, info: StreamInfo) -> State | None:
    """Why a wearer's signal is not the model's, as a session would refuse it; None if it is, or there is none."""
    try:
        if info.channels:
            check_signal(bundle.card, info.signal, f"wearer {wearer}")
    except IncompatibleBundle as error:
        return State("error", f"{error.message}; no results until its next run")
    return None


class WearerPipeline:
    """Signal path and predictor of one wearer, with the outputs of a session.

    Parameters
    ----------
    info : StreamInfo
    bundle : Bundle
    hop : float
    baseline : float
        Seconds of rest at the start.
    show_unproven : bool
        As of `Predictor`.
    clock : Clock
        Monotonic seconds, for the latency.
    """

    def __init__(
        self, info: StreamInfo, bundle: Bundle, hop: float, baseline: float, *, show_unproven: bool, clock: Clock
    ) -> None:
        self.signal: PathFeed | RrPath = (
            PathFeed(SignalPath(info, hop, batched=True), info) if info.channels else RrPath(bundle.head_infos, hop)
        )
        self.predictor = Predictor(bundle, hop, baseline, show_unproven=show_unproven)
        self.sets: dict[str, str] = {}  # of each head at the last prediction
        self._clock = clock

    def add(self, items: Sequence[SourceItem]) -> list[PathOutput | Prediction]:
        """Take items; return what a path makes of them that has no signal to wait for."""
        if isinstance(self.signal, RrPath):
            return [output for item in items for output in self.signal.push(item)]
        for item in items:
            self.signal.add(item)
        return []

    def rest(self) -> Sequence[PathOutput | Prediction]:
        """What is left of the path's output at the end."""
        return list(self.signal.flush()) if isinstance(self.signal, RrPath) else finish(self.signal)

    def results(self, outputs: Sequence[PathOutput | Prediction], arrived: float) -> Iterator[ServedItem]:
        """Yield the results of outputs, whose items came at a time of the clock."""
        for output in outputs:
            yield from self._results(output, arrived)
        if isinstance(self.signal, PathFeed) and self.signal.error is not None:
            raise self.signal.error

    def _results(self, output: object, arrived: float) -> Iterator[ServedItem]:
        if isinstance(output, Window):
            heads = self.predictor.predict(output)
            late = max(0.0, self._clock() - arrived)
            results, self.sets = window_results(output, heads, self.predictor, self.sets, late)
            yield from results
        elif isinstance(output, Prediction):  # of a strap: it has no windows
            yield replace(output, latency=max(0.0, self._clock() - arrived))
        elif isinstance(output, Gap | State):
            yield output


class PipelineEngine:
    """An engine of one `WearerPipeline` a wearer.

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
        self._wearers: dict[str, WearerPipeline] = {}
        self._infos: dict[str, StreamInfo] = {}
        self._makers: dict[StreamInfo, str] = {}
        self.model = f"{digest} hop={hop:g} baseline={baseline:g} unproven={show_unproven}"

    def open(self, wearer: str, info: StreamInfo) -> list[ServedResult]:
        """Begin with a wearer, or begin again."""
        self.close(wearer)
        if (refused := refused_signal(self._bundle, wearer, info)) is not None:
            return [(wearer, refused)]
        self._wearers[wearer], self._infos[wearer] = self._fresh(info), info
        return []

    def push(self, batch: Sequence[WearerItems]) -> list[ServedResult]:
        """Take items of several wearers; return what they complete."""
        arrived, made = self._clock(), dict[str, list[PathOutput | Prediction]]()
        results: list[ServedResult] = []
        for wearer, items in batch:
            if (pipeline := self._wearers.get(wearer)) is not None:
                made.setdefault(wearer, []).extend(pipeline.add(items))
        feeds = {wearer: pipe.signal for wearer in made if isinstance((pipe := self._wearers[wearer]).signal, PathFeed)}
        for wearer, advanced in zip(feeds, advance(list(feeds.values())), strict=True):
            made[wearer] += advanced
        for wearer, outputs in made.items():
            results += [(wearer, result) for result in self._results(wearer, outputs, arrived)]
        return results

    def _results(self, wearer: str, outputs: Sequence[PathOutput | Prediction], arrived: float) -> Iterator[ServedItem]:
        try:
            yield from self._wearers[wearer].results(outputs, arrived)
        except Exception as error:  # noqa: BLE001 - one wearer's data must not end the others' predictions
            self.close(wearer)
            yield State(
                "error", f"wearer {wearer}: {type(error).__name__}: {error}; no predictions until it begins again"
            )

    def flush(self, wearer: str) -> list[ServedResult]:
        """End of a wearer's run."""
        pipeline = self._wearers.get(wearer)
        if pipeline is None:
            return []
        return [(wearer, result) for result in pipeline.results(pipeline.rest(), self._clock())]

    def snapshot(self, wearer: str) -> bytes:
        """All that is known of a wearer."""
        if wearer not in self._wearers:
            return SILENT_STATE
        info = self._infos[wearer]
        parts = _parts(self._wearers[wearer])
        return pack_state(parts, _parts(self._fresh(info)), self._maker(info))

    def restore(self, wearer: str, info: StreamInfo, state: bytes) -> None:
        """Begin where a snapshot was taken. Raises `StateMismatch`."""
        if state == SILENT_STATE:
            return
        made = self._fresh(info)
        parts = _parts(made)
        restored = restore_state(state, parts, self._maker(info))
        made.signal, made.predictor, made.sets = restored[0], restored[1], restored[2]
        self._wearers[wearer], self._infos[wearer] = made, info

    def close(self, wearer: str) -> None:
        """Forget a wearer."""
        self._wearers.pop(wearer, None)
        self._infos.pop(wearer, None)

    def _fresh(self, info: StreamInfo) -> WearerPipeline:
        hop, baseline, show_unproven = self._settings
        return WearerPipeline(info, self._bundle, hop, baseline, show_unproven=show_unproven, clock=self._clock)

    def _maker(self, info: StreamInfo) -> str:
        if info not in self._makers:
            self._makers[info] = state_maker(list(_parts(self._fresh(info))), self.model, __version__)
        return self._makers[info]


def _parts(pipeline: WearerPipeline) -> list[object]:
    """What a pipeline knows of its wearer."""
    return [pipeline.signal, pipeline.predictor, pipeline.sets]
