"""Stage two for a label that is a number: scores, and the heads that are shipped."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.calibrated_head import CalibratedHead
from ecg_live.model.card import HeadCard
from ecg_live.model.chance import answering_sets, describe_evidence
from training.data.corpus import Corpus
from training.data.feature_table import FeatureTable, Mask
from training.data.labelled_windows import LabelledWindows
from training.evaluation.cross_validation import CrossValidationPlan
from training.evaluation.fold import HEAD_INPUTS
from training.evaluation.permuted_ratings import check_permuted_ratings
from training.evaluation.regression import (
    RegressionEvaluation,
    choose_rating_features,
    cross_validate_ratings,
    make_rating_row,
)
from training.evaluation.regression_metrics import RatingPredictions, bootstrap_regression
from training.evaluation.set_fit import KEPT_BACK
from training.evaluation.window_ratings import WindowRatings, rated_windows
from training.heads.ridge import FittedRidge, constant_estimates, fit_ridge, ridge_head
from training.pretext.stage import Encoders
from training.report import card_scores
from training.results import LabelResult, RegressionRow, ScoreCheck
from training.run_context import RunContext
from training.settings import EvaluateSettings, TrainSettings
from training.stage_two import KeptBack, TrainedLabel, failed_checks, rival_embeddings

RATING_SELECTION_CAVEAT = (
    "The head's features are those with the least error on the very folds that its score is reported on, which "
    "flatters that score slightly; head.inputs names them beforehand."
)


class RatingFit(NamedTuple):
    """The regression of a set, as it is shipped.

    Parameters
    ----------
    set, features : str
        Which set, and what it looks at.
    std : F64, optional
        Standard deviation of the features (d,) within one subject at rest, of a personal set.
    ridge : FittedRidge
    """

    set: str
    features: str
    std: F64 | None
    ridge: FittedRidge

    def shipped(self, table: FeatureTable) -> CalibratedHead:
        """What a bundle holds of it; ``table`` is that which it was fitted on."""
        keep, x = _inputs_of(table, self.features, self.std)
        return ridge_head(self.ridge, x, table.subject[keep], self.std)


def train_rating(
    labelled: LabelledWindows,
    corpus: Corpus,
    encoders: Encoders,
    context: RunContext,
    settings: TrainSettings,
    kept_back: KeptBack,
    *checks: ScoreCheck,
) -> TrainedLabel:
    """Score all kinds of features, choose those with the least error, and fit the heads to ship on all subjects.

    Parameters and errors are those of `training.stage_two.train_label`.
    """
    head, evaluate, seed = settings.head, settings.evaluate, settings.seed
    windows = labelled.take_subjects(kept_back.subjects, inside=False)
    table = windows.with_embedding(encoders.embedding())
    seeds = range(evaluate.rivals * seed, evaluate.rivals * (seed + 1))
    rivals = rival_embeddings(windows, corpus, encoders, context, seeds)

    def report(done: int, total: int) -> None:
        context.display.progress(f"{windows.name}: folds", done, total)

    def embed(subject: str | None, test: Mask) -> F64:
        return encoders.fold_embedding(subject, test)[windows.index]

    plan = CrossValidationPlan(evaluate, head, seed, context.folder / "folds", context.engine, report, embed)
    rows, remarks, predictions = cross_validate_ratings(table, rivals, plan)
    chosen = choose_rating_features(rows, plan.head.inputs)
    if plan.head.inputs == "auto":
        remarks = (*remarks, RATING_SELECTION_CAVEAT)
    context.display.progress(f"{windows.name}: checks", 0, 1)
    checks = (*checks, check_permuted_ratings(table, chosen, plan))
    if plan.evaluate.protocol != "kfold":
        mixed = _mixed_segments(table, rivals, plan)
        rows, remarks = (*rows, *mixed.rows), (*remarks, *mixed.remarks)
        predictions = (*predictions, *mixed.windows)
    fits = [_fit_shipped(name, table, features) for name, features in chosen.items()]
    if kept_back.subjects:
        unseen = labelled.take_subjects(kept_back.subjects, inside=True).with_embedding(encoders.embedding())
        last = [each for fit in fits for each in _score_kept_back(fit, unseen, table, evaluate)]
        last = last if kept_back.score else []
        rows, predictions = (*rows, *(row for _, row in last)), (*predictions, *(each for each, _ in last))
        scored = "" if last else ", and not scored"
        remarks = (*remarks, f"kept back, in no fit, fold or choice{scored}: {', '.join(kept_back.subjects)}")
    remarks = tuple(dict.fromkeys((*failed_checks(checks), *windows.all_remarks, *remarks)))
    result = LabelResult(
        windows.name,
        (),
        windows.split,
        (),
        chosen,
        remarks,
        checks=checks,
        regression=rows,
        scale=table.scale,
    )
    card = HeadCard(
        classes=(),
        sets=tuple(chosen),
        inputs={which: HEAD_INPUTS[features] for which, features in chosen.items()},
        baseline=plan.evaluate.baseline if "personal" in chosen else 0.0,
        scores=card_scores(result) | {"trained_on": {corpus.dataset.name: list(table.subjects)}},
        data=f"{len(table.subjects)} subjects of {corpus.dataset.title}",
        caveats=corpus.dataset.caveats,
        sources=corpus.dataset.sources,
        split="none",
        scale=table.scale,
        margins={fit.set: fit.ridge.margin for fit in fits},
    )
    mute = [f"{name} set: {describe_evidence(card, name)}" for name in card.sets if name not in answering_sets(card)]
    if mute:
        result = replace(result, remarks=(*remarks, *mute))
        card = replace(card, scores={**card.scores, "remarks": list(result.remarks)})
    heads = {fit.set: fit.shipped(table) for fit in fits}
    return TrainedLabel(result, heads, card, labelled.class_names(len(corpus.rows)), ratings=predictions)


def _mixed_segments(table: FeatureTable, rivals: F64, plan: CrossValidationPlan) -> RegressionEvaluation:
    """Rows and remarks with segments mixed, for comparison; all folds share the encoder."""
    settings = replace(plan.evaluate, protocol="kfold")
    try:
        return cross_validate_ratings(table, rivals, replace(plan, evaluate=settings, embed=None))
    except DatasetError as error:
        return RegressionEvaluation((), (f"segments mixed: not scored: {error.message}",))


def _fit_shipped(which: str, table: FeatureTable, features: str) -> RatingFit:
    """The regression of a set, fitted on all subjects of a table."""
    inputs = HEAD_INPUTS[features]
    std = table.within_subject_std(inputs) if which == "personal" else None
    keep, x = _inputs_of(table, features, std)
    ridge = fit_ridge(x, table.ratings[keep], table.subject[keep], inputs, table.scale)
    return RatingFit(which, features, std, ridge)


def _inputs_of(table: FeatureTable, features: str, std: F64 | None) -> tuple[Mask, F64]:
    """Windows (n,) that a set learns from and is scored on, and their features (m, d), relative by ``std`` (d,)."""
    inputs, keep = HEAD_INPUTS[features], table.scored(relative=std is not None)
    x = table.features(inputs) if std is None else table.baseline_normalised(inputs, std)
    return keep, x[keep]


def _score_kept_back(
    fit: RatingFit, unseen: FeatureTable, table: FeatureTable, evaluate: EvaluateSettings
) -> list[tuple[WindowRatings, RegressionRow]]:
    """Ratings and row of a set on subjects that were kept back, against the others' mean; none without windows."""
    keep, x = _inputs_of(unseen, fit.features, fit.std)
    if not keep.any():
        return []
    truth, subject = unseen.ratings[keep], unseen.subject[keep]
    known = table.ratings[table.scored(relative=fit.set == "personal")]
    found = {
        fit.features: RatingPredictions(fit.ridge.estimates(x), truth, subject),
        "majority": RatingPredictions(constant_estimates(known, len(truth)), truth, subject),
    }
    draws = {name: bootstrap_regression(each, evaluate.draws) for name, each in found.items()}
    baseline = evaluate.baseline if fit.set == "personal" else 0.0
    fold, estimate = np.full(len(unseen), KEPT_BACK), found[fit.features].estimate
    windows = rated_windows(unseen, keep, fold, estimate, fit.features, KEPT_BACK, baseline)
    return [(windows, make_rating_row(fit.features, found, draws, baseline, KEPT_BACK))]
