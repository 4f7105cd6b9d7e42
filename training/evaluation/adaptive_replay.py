"""A bundle's adaptive sets on a subject's windows in every order, by the predictor that runs live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ecg_live.events import F32
from ecg_live.model.adaptive import RunningMean
from ecg_live.model.baseline import WINDOW_S
from ecg_live.model.bundle import Bundle
from ecg_live.model.engine.embedders import Embedder
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadResult, Window
from training.data.window_orders import ORDERS, OrderName, PlacedWindows, window_order


class RememberedEmbeddings:
    """Embeddings of windows by their segment, each computed once; every window is a segment of its own."""

    def __init__(self, engine: Embedder) -> None:
        self._engine = engine
        self._known: dict[int, F32] = {}

    def look_ahead(self, windows: Sequence[Window]) -> None:
        """Pass on windows that will come."""
        self._engine.look_ahead(windows)

    def features(self, window: Window) -> F32:
        """Embedding (1, 128) of a window."""
        if window.segment not in self._known:
            self._known[window.segment] = self._engine.features(window).copy()
        return self._known[window.segment]


def answers_in_orders(
    bundle: Bundle, windows: Sequence[Window], places: PlacedWindows, head: str
) -> Iterator[tuple[OrderName, int, HeadResult]]:
    """Order, index of the window, and what a head's adaptive set answers.

    Parameters
    ----------
    bundle : Bundle
    windows : sequence of Window
        One subject's, as they were recorded; each a segment of its own.
    places : PlacedWindows
        Where each is from, and its class.
    head : str
        Name of the head.
    """
    predictor = Predictor(bundle, WINDOW_S, show_unproven=True)
    predictor.engine = RememberedEmbeddings(predictor.engine)
    for name in ORDERS:
        order = window_order(places, name)
        predictor.running_mean = RunningMean.unknown()
        for row, start in zip(order.rows.tolist(), order.start.tolist(), strict=True):
            moved = replace(windows[row], start=start, stop=start + WINDOW_S)
            yield name, row, predictor.predict(moved)[head]
