"""The scores that a model carries in its card."""

from __future__ import annotations

import math
from typing import Any

from training.report.sentences import FEATURE_NAMES, LOSO, PROTOCOL_TEXTS, RATING_FEATURE_NAMES, chosen_rows
from training.results import LabelResult, RegressionRow, ResultRow

DECIMAL_PLACES = 4


def card_scores(label: LabelResult) -> dict[str, Any]:
    """Compact rows for ``HeadCard.scores``: what ``ecg-live models`` prints.

    Leave-one-subject-out rows, or where there are none, k-fold rows, which ``protocol`` then states.
    """
    rows = label.regression or label.rows
    protocol = LOSO if any(row.protocol == LOSO for row in rows) else "kfold"
    longest = max((row.baseline for row in rows), default=0.0)
    rest = f"; baseline = features minus the wearer's mean over {longest:g} s of rest, which are not scored then"
    return {
        "protocol": PROTOCOL_TEXTS[protocol] + (rest if longest else ""),
        "rows": [
            *(_row(row) for row in label.rows if row.protocol == protocol),
            *(_rating_row(row) for row in label.regression if row.protocol == protocol),
        ],
        "chosen": dict(label.chosen),
        "auroc_per_subject": {
            name: {one: _round(scores.auroc) for one, scores in row.per_subject.items()}
            for name, row in chosen_rows(label).items()
        },
        "remarks": list(label.remarks),
    }


def _row(row: ResultRow) -> dict[str, Any]:
    scores, interval = row.scores, row.interval.get("auroc")
    return {
        "features": FEATURE_NAMES.get(row.features, row.features),
        "baseline": f"{row.baseline:g} s" if row.baseline else "no",
        "auroc": _round(scores.auroc),
        "interval": [_round(edge) for edge in interval] if interval and all(map(math.isfinite, interval)) else None,
        "balanced_accuracy": _round(scores.balanced_accuracy),
        "macro_f1": _round(scores.macro_f1),
        "ece": _round(scores.ece),
        "brier": _round(scores.brier),
        "windows": scores.windows,
        "people": scores.people,
        "versus": {
            FEATURE_NAMES.get(comparator, comparator): {
                "difference": _round(paired.difference),
                "interval": [_round(edge) for edge in paired.interval],
                "p": _round(paired.p),
            }
            for comparator, paired in row.versus.items()
        },
    }


def _rating_row(row: RegressionRow) -> dict[str, Any]:
    scores = row.scores
    return {
        "features": RATING_FEATURE_NAMES.get(row.features, row.features),
        "baseline": f"{row.baseline:g} s" if row.baseline else "no",
        "ccc": _round(scores.ccc),
        "rmse": _round(scores.rmse),
        "within": _round(scores.within),
        "coverage": _round(scores.coverage),
        "width": _round(scores.width),
        "intervals": {name: [_round(edge) for edge in edges] for name, edges in row.interval.items()},
        "windows": scores.windows,
        "people": scores.people,
        "versus": {
            RATING_FEATURE_NAMES.get(comparator, comparator): {
                "difference": _round(paired.difference),
                "interval": [_round(edge) for edge in paired.interval],
                "p": _round(paired.p),
            }
            for comparator, paired in row.versus.items()
        },
    }


def _round(value: float | None) -> float | None:
    """Four decimal places; None for NaN and infinity."""
    return None if value is None or not math.isfinite(value) else round(value, DECIMAL_PLACES)
