"""Stage two for a label that is a number: scores, and the heads that are shipped."""

from __future__ import annotations

from dataclasses import replace

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.calibrated_head import CalibratedHead
from ecg_live.model.card import HeadCard
from ecg_live.model.chance import answering_sets, describe_evidence
from training.data.corpus import Corpus
from training.data.feature_table import FeatureTable
from training.data.labelled_windows import LabelledWindows
from training.evaluation.cross_validation import CrossValidationPlan
from training.evaluation.fold import HEAD_INPUTS
from training.evaluation.regression import RegressionEvaluation, choose_rating_features, cross_validate_ratings
from training.heads.ridge import FittedRidge, fit_ridge, ridge_head
from training.pretext.stage import Encoders
from training.report import card_scores
from training.results import LabelResult, ScoreCheck
from training.run_context import RunContext
from training.settings import TrainSettings
from training.stage_two import KeptBack, TrainedLabel, failed_checks, rival_embeddings

RATING_SELECTION_CAVEAT = (
    "The head's features are those with the least error on the very folds that its score is reported on, which "
    "flatters that score slightly; head.inputs names them beforehand."
)


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

    def embed(subject: str | None) -> F64:
        return encoders.embedding(subject)[windows.index]

    plan = CrossValidationPlan(evaluate, head, seed, context.folder / "folds", context.engine, report, embed)
    rows, remarks = cross_validate_ratings(table, rivals, plan)
    chosen = choose_rating_features(rows, plan.head.inputs)
    if plan.head.inputs == "auto":
        remarks = (*remarks, RATING_SELECTION_CAVEAT)
    if plan.evaluate.protocol != "kfold":
        mixed = _mixed_segments(table, rivals, plan)
        rows, remarks = (*rows, *mixed.rows), (*remarks, *mixed.remarks)
    if kept_back.subjects:
        remarks = (*remarks, f"kept back, in no fit, fold or choice, and not scored: {', '.join(kept_back.subjects)}")
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
    fitted = {name: _fit_shipped(name, table, features) for name, features in chosen.items()}
    card = HeadCard(
        classes=(),
        sets=tuple(chosen),
        inputs={which: HEAD_INPUTS[features] for which, features in chosen.items()},
        baseline=plan.evaluate.baseline if "personal" in chosen else 0.0,
        scores=card_scores(result) | {"trained_on": {corpus.dataset.name: list(table.subjects)}},
        data=f"{len(table.subjects)} subjects of {corpus.dataset.title}",
        caveats=corpus.dataset.caveats,
        split="none",
        scale=table.scale,
        margins={name: ridge.margin for name, (_, ridge) in fitted.items()},
    )
    mute = [f"{name} set: {describe_evidence(card, name)}" for name in card.sets if name not in answering_sets(card)]
    if mute:
        result = replace(result, remarks=(*remarks, *mute))
        card = replace(card, scores={**card.scores, "remarks": list(result.remarks)})
    heads = {name: shipped for name, (shipped, _) in fitted.items()}
    return TrainedLabel(result, heads, card, labelled.class_names(len(corpus.rows)))


def _mixed_segments(table: FeatureTable, rivals: F64, plan: CrossValidationPlan) -> RegressionEvaluation:
    """Rows and remarks with segments mixed, for comparison; all folds share the encoder."""
    settings = replace(plan.evaluate, protocol="kfold")
    try:
        return cross_validate_ratings(table, rivals, replace(plan, evaluate=settings, embed=None))
    except DatasetError as error:
        return RegressionEvaluation((), (f"segments mixed: not scored: {error.message}",))


def _fit_shipped(which: str, table: FeatureTable, features: str) -> tuple[CalibratedHead, FittedRidge]:
    """The head of a set, fitted on all subjects."""
    inputs = HEAD_INPUTS[features]
    keep = table.scored(relative=which == "personal")
    std = table.within_subject_std(inputs) if which == "personal" else None
    x = table.features(inputs) if std is None else table.baseline_normalised(inputs, std)
    fitted = fit_ridge(x[keep], table.ratings[keep], table.subject[keep], inputs, table.scale)
    return ridge_head(fitted, x[keep], table.subject[keep], std), fitted
