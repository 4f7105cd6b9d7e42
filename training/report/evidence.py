"""What makes scores worth believing: the checks that ran, and the same windows in other orders."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ecg_live.html.markup import join, number, table, tag, with_interval
from ecg_live.model.chance import MAX_ORDER_LOSS
from ecg_live.model.score_text import SAME_IN_EVERY_ORDER
from training.results import ResultRow, ScoreCheck

ORDER_COLUMNS = ("order", "AUROC (95 %)", "within a subject", "false positives at rest", "label never changes", "Brier")


def checks_list(checks: Sequence[ScoreCheck]) -> Markup:
    """What was checked, and whether it is as it must be; a set of a head that fails a check does not answer."""
    if not checks:
        return Markup("")
    items = [
        tag(
            "li",
            tag("span", "passed" if check.passed else "failed", class_="yes" if check.passed else "no"),
            f" {check.name}: {check.text}.",
        )
        for check in checks
    ]
    return join((tag("h3", "Checks that ran with this training"), tag("ul", items)))


def orders_note(baseline: float) -> Markup:
    """Why a set that looks at one window, and perhaps at a ``baseline`` (s), has the same scores in every order."""
    rest = " and its baseline is of rest whatever came first" if baseline else ""
    return tag("p", f"By order of the conditions: {SAME_IN_EVERY_ORDER}{rest}.", class_="note")


def orders_table(row: ResultRow) -> Markup:
    """Scores in each order of the windows, or why there is one only."""
    if not row.orders:
        return orders_note(row.baseline)
    rows = [
        [
            name,
            with_interval(each.scores.auroc, each.interval.get("auroc")),
            number(each.scores.auroc_within),
            number(each.scores.false_positive_rate),
            number(each.scores.unchanging_label),
            f"{number(each.scores.brier)} ({number(each.scores.brier_constant)})",
        ]
        for name, each in row.orders.items()
    ]
    caption = f"The same windows in other orders; a set that loses more than {MAX_ORDER_LOSS:g} of AUROC is not shipped"
    return table(caption, ORDER_COLUMNS, rows)
