"""Rows of scores from the predictions for windows: intervals, comparisons, other orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from training.evaluation.bootstrap import BootstrapScores, bootstrap, compare_paired, interval
from training.evaluation.metrics import Predictions, confusion, reliability, risk_coverage, scores
from training.evaluation.window_predictions import WindowPredictions
from training.results import OrderScores, PairedComparison, ResultRow

COMPARATORS = ("majority", "hrv", "random encoder")
OWN_COMPARATORS = {"embedding": ("frozen encoder",), "both": ("random encoder + hrv", "frozen encoder")}
Orders = Mapping[str, Sequence[WindowPredictions]]  # by features: the same windows in other orders


def make_rows(windows: Sequence[WindowPredictions], draws: int, orders: Orders | None = None) -> tuple[ResultRow, ...]:
    """A row for each of several kinds of features, all predicted for the same windows.

    Parameters
    ----------
    windows : sequence of WindowPredictions
        What each row is made from, in the natural order.
    draws : int
        Of the bootstrap over subjects.
    orders : mapping, optional
        By features, predictions in the other orders; features that are missing look at one window only.
    """
    predictions = {each.features: each.predictions for each in windows}
    drawn = {name: bootstrap(each, draws) for name, each in predictions.items()}
    return tuple(_row(each, predictions, drawn, (orders or {}).get(each.features, ()), draws) for each in windows)


def _row(
    windows: WindowPredictions,
    predictions: Mapping[str, Predictions],
    drawn: Mapping[str, BootstrapScores],
    orders: Sequence[WindowPredictions],
    draws: int,
) -> ResultRow:
    name, own = windows.features, windows.predictions
    comparators = [*COMPARATORS, *OWN_COMPARATORS.get(name, ())]
    versus = {
        other: _compare(name, other, predictions, drawn)
        for other in comparators
        if other != name and other in predictions
    }
    in_order = OrderScores(scores(own), _intervals(drawn[name]))
    others = {each.order: _order_scores(each.predictions, draws) for each in orders}
    return ResultRow(
        features=name,
        protocol=windows.protocol,
        baseline=windows.baseline,
        scores=in_order.scores,
        interval=in_order.interval,
        per_subject={each: scores(own.take(own.subject == each)) for each in np.unique(own.subject).tolist()},
        confusion=confusion(own),
        reliability=reliability(own),
        versus={other: value for other, value in versus.items() if value is not None},
        risk_coverage=risk_coverage(own),
        set=windows.set,
        orders={windows.order: in_order, **others} if others else {},
    )


def _order_scores(predictions: Predictions, draws: int) -> OrderScores:
    return OrderScores(scores(predictions), _intervals(bootstrap(predictions, draws)))


def _intervals(drawn: BootstrapScores) -> dict[str, tuple[float, float]]:
    """95 % intervals of the scores that are defined in any draw."""
    found = {key: interval(values) for key, values in drawn.items()}
    return {key: value for key, value in found.items() if value is not None}


def _compare(
    name: str, other: str, predictions: Mapping[str, Predictions], drawn: Mapping[str, BootstrapScores]
) -> PairedComparison | None:
    auroc, other_auroc = scores(predictions[name]).auroc, scores(predictions[other]).auroc
    if auroc is None or other_auroc is None:
        return None
    return compare_paired(drawn[name], drawn[other], auroc - other_auroc)
