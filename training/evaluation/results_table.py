"""Rows of the report: what folds said of people whom they never saw, scored and compared on the same windows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from training.data.feature_table import FeatureTable, Mask
from training.evaluation.fold import FEATURE_SETS, feature_variants, result_key
from training.evaluation.fold_cache import FoldArrays
from training.evaluation.metrics import (
    BootstrapScores,
    Predictions,
    bootstrap,
    compare_paired,
    confusion,
    interval,
    reliability,
    scores,
)
from training.results import PairedComparison, ResultRow
from training.settings import EvaluateSettings

COMPARATORS = ("majority", "hrv", "random encoder")


class Evaluation(NamedTuple):
    """Rows of the report, and what should be said with them."""

    rows: tuple[ResultRow, ...]
    remarks: tuple[str, ...]


def make_rows(
    examples: FeatureTable,
    tests: dict[str, Mask],
    found: dict[str, FoldArrays],
    baseline: float,
    settings: EvaluateSettings,
    encoders: int,
) -> Evaluation:
    """Rows for all kinds of features, with a ``baseline`` (s) or without: scored on what all folds ``found``.

    Of so many random ``encoders`` the one with the median AUROC makes the row; remarks tell their range.
    """
    keep = examples.scored(relative=baseline > 0)
    judged: dict[str, Predictions] = {}
    remarks: list[str] = []
    for name in FEATURE_SETS:
        columns = [result_key(each, relative=baseline > 0) for each in feature_variants(name, encoders)]
        ranked = sorted((_collect(examples, tests, found, each).take(keep) for each in columns), key=_auroc)
        judged[name] = ranked[len(ranked) // 2]
        if len(ranked) > 1:
            rest = f" with {baseline:g} s of baseline" if baseline else ""
            remarks.append(f"{name}{rest}: {_auroc(ranked[0]):.3f} to {_auroc(ranked[-1]):.3f}")
    judged["majority"] = Predictions(
        judged["majority"].probability,
        np.zeros_like(judged["majority"].ranking),
        judged["majority"].label,
        judged["majority"].subject,
    )
    drawn = {name: bootstrap(each, settings.draws) for name, each in judged.items()}
    return Evaluation(
        tuple(_row(name, judged, drawn, baseline, settings.protocol) for name in FEATURE_SETS), tuple(remarks)
    )


def _auroc(judged: Predictions) -> float:
    return scores(judged).auroc or 0.0


def _collect(examples: FeatureTable, tests: dict[str, Mask], found: dict[str, FoldArrays], name: str) -> Predictions:
    """What all folds say of all windows."""
    out = np.full((len(examples), len(examples.classes)), np.nan)
    for fold, test in tests.items():
        out[test] = found[fold][name]
    return Predictions(out, out, examples.label, examples.subject)


def _row(
    name: str, judged: dict[str, Predictions], drawn: dict[str, BootstrapScores], baseline: float, protocol: Any
) -> ResultRow:
    ours = judged[name]
    people = np.unique(ours.subject).tolist()
    rivals = [*COMPARATORS, *(["random encoder + hrv"] if name == "both" else [])]
    intervals = {key: interval(values) for key, values in drawn[name].items()}
    versus = {rival: _compare(name, rival, judged, drawn) for rival in rivals if rival != name}
    return ResultRow(
        features=name,
        protocol=protocol,
        baseline=baseline,
        scores=scores(ours),
        interval={key: value for key, value in intervals.items() if value is not None},
        per_subject={who: scores(ours.take(ours.subject == who)) for who in people},
        confusion=confusion(ours),
        reliability=reliability(ours),
        versus={rival: value for rival, value in versus.items() if value is not None},
    )


def _compare(
    name: str, rival: str, judged: dict[str, Predictions], drawn: dict[str, BootstrapScores]
) -> PairedComparison | None:
    ours, theirs = scores(judged[name]).auroc, scores(judged[rival]).auroc
    if ours is None or theirs is None:
        return None
    return compare_paired(drawn[name], drawn[rival], ours - theirs)
