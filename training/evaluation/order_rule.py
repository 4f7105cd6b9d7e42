"""What learnt the order of the conditions does not ship: a set whose AUROC falls when the windows come otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from ecg_live.model.chance import MAX_ORDER_LOSS, order_loss
from training.results import ResultRow

ALWAYS_SHIPPED = "population"  # looks at one window only


def falling_sets(rows: Iterable[ResultRow]) -> dict[str, str]:
    """Sets of which every kind of features falls in an order of the windows, and one remark on each.

    Only features that have scores in other orders can fall: those that look at one window only, and at a baseline of
    rest, have the same in every order.
    """
    by_set: dict[str, list[ResultRow]] = {}
    for row in rows:
        if row.orders:
            by_set.setdefault(row.set, []).append(row)
    return {
        name: _remark(name, own)
        for name, own in by_set.items()
        if name != ALWAYS_SHIPPED and all(falls(row) for row in own)
    }


def falls(row: ResultRow) -> bool:
    """Whether a row loses more than `MAX_ORDER_LOSS` of AUROC in another order; without an AUROC it does."""
    return bool(row.orders) and not _loss(row) <= MAX_ORDER_LOSS


def _loss(row: ResultRow) -> float:
    auroc = [each.scores.auroc for each in row.orders.values()]
    if row.scores.auroc is None or any(each is None for each in auroc):
        return float("inf")
    return order_loss(row.scores.auroc, [each for each in auroc if each is not None])


def _remark(name: str, rows: list[ResultRow]) -> str:
    best = max(rows, key=lambda row: row.scores.auroc or 0.0)
    found = ", ".join(f"{order} {each.scores.auroc or 0.0:.3f}" for order, each in best.orders.items())
    return (
        f"{name} set: not shipped: its AUROC by order of the windows is {found}; it may lose {MAX_ORDER_LOSS:g}, and "
        "has learnt the order of the conditions"
    )
