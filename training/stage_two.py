"""Stage two: from frozen features to the scores of one label and to the heads that are shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.calibrated_head import CalibratedHead
from ecg_live.model.card import HeadCard
from ecg_live.model.chance import answering_sets, describe_evidence
from training.data.corpus import Corpus
from training.data.feature_table import FeatureTable, Names
from training.data.labelled_windows import LabelledWindows
from training.datasets.dataset import Dataset
from training.encoders import kind_of, padding_of
from training.evaluation.cross_validation import CrossValidationPlan, Evaluation, choose_features, cross_validate
from training.evaluation.fold import HEAD_INPUTS
from training.evaluation.window_predictions import WindowPredictions
from training.heads.fit import fit_head, to_head
from training.pretext.embedding import cached_embedding, random_encoder
from training.pretext.stage import Encoders
from training.report import card_scores
from training.results import LabelResult
from training.run_context import RunContext
from training.settings import EvaluateSettings, HeadSettings

SELECTION_CAVEAT = (
    "The head's features are the best of three on the very folds that its score is reported on, which flatters that "
    "score slightly; head.inputs names them beforehand."
)


@dataclass(frozen=True, slots=True, eq=False)
class TrainedLabel:
    """What stage two makes of one label.

    Parameters
    ----------
    result : LabelResult
        Its scores.
    heads : mapping
        The head of each set: ``population``, and ``personal`` where there is a baseline.
    card : HeadCard
        Their card.
    class_names : Names
        The class of every window of the corpus (n,), empty where it has none.
    predictions : tuple of WindowPredictions
        Those for every scored window, of each row of the result.
    """

    result: LabelResult
    heads: Mapping[str, CalibratedHead]
    card: HeadCard
    class_names: Names
    predictions: tuple[WindowPredictions, ...] = ()


def train_label(
    windows: LabelledWindows,
    corpus: Corpus,
    encoders: Encoders,
    context: RunContext,
    *,
    head: HeadSettings,
    evaluate: EvaluateSettings,
    seed: int,
) -> TrainedLabel:
    """Score all kinds of features for a label, choose the best, and fit the heads to ship on all subjects.

    Parameters
    ----------
    windows : LabelledWindows
        Windows with the label.
    corpus : Corpus
        All windows.
    encoders : Encoders
        What stage one gave.
    context : RunContext
        Runs and keeps the folds.
    head : HeadSettings
        How heads are fitted.
    evaluate : EvaluateSettings
        How they are scored.
    seed : int
        Decides all that is random.

    Raises
    ------
    DatasetError
        If subjects, classes or windows are too few for the protocol.
    """
    table = windows.with_embedding(encoders.embedding())
    seeds = range(evaluate.rivals * seed, evaluate.rivals * (seed + 1))
    rivals = rival_embeddings(windows, corpus, encoders, context, seeds)

    def report(done: int, total: int) -> None:
        context.display.progress(f"{windows.name}: folds", done, total)

    def embed(subject: str | None) -> F64:
        return encoders.embedding(subject)[windows.index]

    plan = CrossValidationPlan(evaluate, head, seed, context.folder / "folds", context.engine, report, embed)
    rows, remarks, predictions = cross_validate(table, rivals, plan)
    chosen = choose_features(rows, head.inputs)
    if head.inputs == "auto":
        remarks = (*remarks, SELECTION_CAVEAT)
    if evaluate.protocol == "loso":
        mixed = _mixed_segments(table, rivals, plan)
        rows, remarks = (*rows, *mixed.rows), (*remarks, *mixed.remarks)
        predictions = (*predictions, *mixed.windows)
    remarks = tuple(dict.fromkeys((*windows.all_remarks, *remarks)))  # both protocols leave out the same subjects
    result = LabelResult(windows.name, table.classes, windows.split, rows, chosen, remarks)
    heads = {name: _fit_shipped_head(name, table, chosen[name], head, seed) for name in chosen}
    card = _head_card(result, corpus.dataset, table, head, evaluate.baseline)
    mute = [f"{name} set: {describe_evidence(card, name)}" for name in card.sets if name not in answering_sets(card)]
    if mute:
        result = replace(result, remarks=(*remarks, *mute))
        card = replace(card, scores={**card.scores, "remarks": list(result.remarks)})
    return TrainedLabel(result, heads, card, windows.class_names(len(corpus.rows)), predictions)


def rival_embeddings(
    windows: LabelledWindows, corpus: Corpus, encoders: Encoders, context: RunContext, seeds: range
) -> F64:
    """Features (seeds, m, 128) of the label's windows by untrained encoders."""
    padding, kind = padding_of(encoders.encoder), kind_of(encoders.encoder)
    untrained = (random_encoder(padding, seed, kind) for seed in seeds)
    return np.stack([cached_embedding(each, corpus, context)[windows.index] for each in untrained])


def _mixed_segments(table: FeatureTable, rivals: F64, plan: CrossValidationPlan) -> Evaluation:
    """Rows and remarks of the paper's protocol, for comparison; all folds share the encoder."""
    settings = replace(plan.evaluate, protocol="kfold")
    try:
        return cross_validate(table, rivals, replace(plan, evaluate=settings, embed=None))
    except DatasetError as error:
        return Evaluation((), (f"segments mixed: not scored: {error.message}",))


def _fit_shipped_head(
    which: str, table: FeatureTable, features: str, settings: HeadSettings, seed: int
) -> CalibratedHead:
    """The head of a set, fitted on all subjects."""
    inputs = HEAD_INPUTS[features]
    keep = table.scored(relative=which == "personal")
    std = table.within_subject_std(inputs) if which == "personal" else None
    x = table.features(inputs) if std is None else table.baseline_normalised(inputs, std)
    subject, classes = table.subject[keep], len(table.classes)
    fitted = fit_head(x[keep], table.label[keep], subject, classes, inputs, settings, seed)
    return to_head(fitted, x[keep], subject, std)


def _head_card(
    result: LabelResult, dataset: Dataset, table: FeatureTable, settings: HeadSettings, baseline: float
) -> HeadCard:
    hidden, dropout = (settings.hidden, settings.dropout) if settings.kind == "dense" else ((), 0.0)
    return HeadCard(
        classes=result.classes,
        hidden=hidden,
        dropout=dropout,
        sets=tuple(result.chosen),
        inputs={which: HEAD_INPUTS[features] for which, features in result.chosen.items()},
        baseline=baseline if "personal" in result.chosen else 0.0,
        scores=card_scores(result) | {"trained_on": {dataset.name: list(table.subjects)}},
        data=f"{len(table.subjects)} subjects of {dataset.title}",
        caveats=dataset.caveats,
        split=settings.split,
    )
