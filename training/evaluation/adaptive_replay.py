"""A bundle's adaptive sets on a subject's windows in every order, by the predictor that runs live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ecg_live.events import F32
from ecg_live.model.adaptive import RunningMean
from ecg_live.model.baseline import WINDOW_S
from ecg_live.model.bundle import Bundle
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadResult, Window
from training.data.window_orders import ORDERS, OrderName, PlacedWindows, window_order


def answers_in_orders(
    bundle: Bundle, windows: Sequence[Window], embeddings: Sequence[F32], places: PlacedWindows, head: str
) -> Iterator[tuple[OrderName, int, HeadResult]]:
    """Order, index of the window, and what a head's adaptive set answers.

    Parameters
    ----------
    bundle : Bundle
    windows : sequence of Window
        One subject's, as they were recorded.
    embeddings : sequence of F32
        Their embeddings (e,).
    places : PlacedWindows
        Where each is from, and its class.
    head : str
        Name of the head.
    """
    predictor = Predictor(bundle, WINDOW_S, show_unproven=True, embeds=False)
    for name in ORDERS:
        order = window_order(places, name)
        predictor.running_mean = RunningMean.unknown(predictor.running_mean.total.size)
        for row, start in zip(order.rows.tolist(), order.start.tolist(), strict=True):
            moved = replace(windows[row], start=start, stop=start + WINDOW_S)
            yield name, row, predictor.predict(moved, embeddings[row])[head]
