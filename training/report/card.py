"""The scores that a model carries in its card."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from training.report.sentences import (
    FEATURE_NAMES,
    KEPT_BACK,
    PROTOCOL_TEXTS,
    RATING_FEATURE_NAMES,
    chosen_rows,
    kept_back_rows,
    main_protocol,
)
from training.results import LabelResult, RegressionRow, ResultRow, Scores

DECIMAL_PLACES = 4
CARD_COVERAGES = (0.2, 0.4, 0.6, 0.8, 1.0)  # of the risk-coverage curve
CARD_SCORES = (
    "balanced_accuracy",
    "macro_f1",
    "ece",
    "brier",
    "brier_constant",
    "auroc_within",
    "false_positive_rate",
    "unchanging_label",
)


def card_scores(label: LabelResult) -> dict[str, Any]:
    """Compact rows for ``HeadCard.scores``: what ``ecg-live models`` prints.

    Rows of the main protocol, which ``protocol`` states: those of mixed segments only where there are no others.
    """
    rows = label.regression or label.rows
    protocol = main_protocol(label)
    longest = max((row.baseline for row in rows), default=0.0)
    rest = f"; baseline = features minus the wearer's mean over {longest:g} s of rest, which are not scored then"
    return {
        "protocol": PROTOCOL_TEXTS[protocol] + (rest if longest else ""),
        "rows": [
            *(card_row(row) for row in label.rows if row.protocol == protocol),
            *(card_rating_row(row) for row in label.regression if row.protocol == protocol),
        ],
        "kept_back": [
            *(card_row(row) for row in kept_back_rows(label).values()),
            *(card_rating_row(row) for row in label.regression if row.protocol == KEPT_BACK),
        ],
        "checks": [asdict(check) for check in label.checks],
        "rest_class": label.rest_class,
        "chosen": dict(label.chosen),
        "auroc_per_subject": {
            name: {one: _round(scores.auroc) for one, scores in row.per_subject.items()}
            for name, row in chosen_rows(label).items()
        },
        "remarks": list(label.remarks),
    }


def card_row(row: ResultRow) -> dict[str, Any]:
    """One row of scores as plain values."""
    return {
        "features": FEATURE_NAMES.get(row.features, row.features),
        "baseline": f"{row.baseline:g} s" if row.baseline else "no",
        "set": row.set,
        **_scores(row.scores, row.interval),
        "windows": row.scores.windows,
        "people": row.scores.people,
        "risk_coverage": [
            [share, _round(risk)] for share, risk in row.risk_coverage if round(share, 2) in CARD_COVERAGES
        ],
        "orders": {name: _scores(each.scores, each.interval) for name, each in row.orders.items()},
        "versus": {
            FEATURE_NAMES.get(comparator, comparator): {
                "difference": _round(paired.difference),
                "interval": [_round(edge) for edge in paired.interval],
                "p": _round(paired.p),
            }
            for comparator, paired in row.versus.items()
        },
    }


def card_rating_row(row: RegressionRow) -> dict[str, Any]:
    """One row of scores of a label that is a number, as plain values."""
    scores = row.scores
    return {
        "features": RATING_FEATURE_NAMES.get(row.features, row.features),
        "baseline": f"{row.baseline:g} s" if row.baseline else "no",
        "set": "personal" if row.baseline else "population",
        "ccc": _round(scores.ccc),
        "rmse": _round(scores.rmse),
        "within": _round(scores.within),
        "coverage": _round(scores.coverage),
        "width": _round(scores.width),
        "intervals": {name: [_round(edge) for edge in edges] for name, edges in row.interval.items()},
        "windows": scores.windows,
        "people": scores.people,
        "orders": {},  # no set of a number looks further back than its window, but for the baseline
        "versus": {
            RATING_FEATURE_NAMES.get(comparator, comparator): {
                "difference": _round(paired.difference),
                "interval": [_round(edge) for edge in paired.interval],
                "p": _round(paired.p),
            }
            for comparator, paired in row.versus.items()
        },
    }


def _scores(scores: Scores, intervals: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    interval = intervals.get("auroc")
    return {
        "auroc": _round(scores.auroc),
        "interval": [_round(edge) for edge in interval] if interval and all(map(math.isfinite, interval)) else None,
        **{name: _round(getattr(scores, name)) for name in CARD_SCORES},
    }


def _round(value: float | None) -> float | None:
    """Four decimal places; None for NaN and infinity."""
    return None if value is None or not math.isfinite(value) else round(value, DECIMAL_PLACES)
