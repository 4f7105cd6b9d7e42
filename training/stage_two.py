"""Stage two: from frozen features to the scores of one label and to the heads that are shipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.calibrated_head import HEAD_SETS, CalibratedHead
from ecg_live.model.card import HeadCard
from ecg_live.model.chance import answering_sets, describe_evidence
from training.data.corpus import Corpus
from training.data.feature_table import FeatureTable, Mask, Names
from training.data.labelled_windows import LabelledWindows
from training.datasets.dataset import Dataset
from training.encoders import kind_of, padding_of
from training.evaluation.adaptive_rows import score_adaptive
from training.evaluation.adaptive_set_fit import AdaptiveSetFit, fit_adaptive_set
from training.evaluation.cross_validation import CrossValidationPlan, Evaluation, cross_validate
from training.evaluation.fold import HEAD_INPUTS
from training.evaluation.order_rule import falling_sets
from training.evaluation.permuted_labels import check_permuted_labels
from training.evaluation.repeats import cross_validate_repeatedly
from training.evaluation.rows import make_rows
from training.evaluation.set_fit import SetFit, fit_set
from training.evaluation.window_predictions import WindowPredictions
from training.evaluation.window_ratings import WindowRatings
from training.pretext.embedding import cached_embedding, random_encoder
from training.pretext.stage import Encoders
from training.report import card_scores
from training.results import LabelResult, ResultRow, ScoreCheck
from training.run_context import RunContext
from training.settings import EvaluateSettings, HeadSettings, TrainSettings


@dataclass(frozen=True, slots=True)
class KeptBack:
    """Subjects that take part in no fit, fold or choice, and whether the heads are scored on them at the end."""

    subjects: tuple[str, ...] = ()
    score: bool = True


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
    ratings : tuple of WindowRatings
        The same of a label that is a number.
    """

    result: LabelResult
    heads: Mapping[str, CalibratedHead]
    card: HeadCard
    class_names: Names
    predictions: tuple[WindowPredictions, ...] = ()
    ratings: tuple[WindowRatings, ...] = ()

    def with_digests(self, digests: Mapping[str, str]) -> TrainedLabel:
        """The same with the digests of settings and split in its card."""
        return replace(self, card=replace(self.card, scores={**self.card.scores, "digests": dict(digests)}))


def train_label(
    labelled: LabelledWindows,
    corpus: Corpus,
    encoders: Encoders,
    context: RunContext,
    settings: TrainSettings,
    kept_back: KeptBack,
    *checks: ScoreCheck,
) -> TrainedLabel:
    """Score all kinds of features for a label, choose the best, and fit the heads on all subjects not kept back.

    Parameters
    ----------
    labelled : LabelledWindows
        Windows with the label.
    corpus : Corpus
        All windows.
    encoders : Encoders
        What stage one gave.
    context : RunContext
        Runs and keeps the folds.
    settings : TrainSettings
        How heads are fitted and scored.
    kept_back : KeptBack
        Who takes no part.
    *checks : ScoreCheck
        Those of the whole run.

    Raises
    ------
    DatasetError
        If subjects, classes or windows are too few for the protocol.
    """
    head, evaluate, seed = settings.head, settings.evaluate, settings.seed
    windows = labelled.take_subjects(kept_back.subjects, inside=False)
    table = windows.with_embedding(encoders.embedding())
    seeds = range(evaluate.rivals * seed, evaluate.rivals * (seed + 1))
    rivals = rival_embeddings(windows, corpus, encoders, context, seeds)

    def report(done: int, total: int) -> None:
        context.display.progress(f"{windows.name}: folds", done, total)

    def report_adaptive(done: int, total: int) -> None:
        context.display.progress(f"{windows.name}: folds of the adaptive set", done, total)

    def embed(subject: str | None, test: Mask) -> F64:
        return encoders.fold_embedding(subject, test)[windows.index]

    def frozen(subject: str | None) -> F64:
        return encoders.frozen.embedding(subject)[windows.index]

    tuned = encoders.frozen is not encoders
    plan = CrossValidationPlan(
        evaluate, head, seed, context.folder / "folds", context.engine, report, embed, frozen if tuned else None
    )
    adaptive = replace(plan, report=report_adaptive)
    rows, remarks, predictions = _joined(
        cross_validate_repeatedly(table, rivals, plan), score_adaptive(table, adaptive)
    )
    fallen = falling_sets(rows)
    sets = [name for name in dict.fromkeys(row.set for row in rows) if name not in fallen]
    fits = [
        fit_adaptive_set(table, head, seed) if name == "adaptive" else fit_set(table, name, head, seed)
        for name in sorted(sets, key=[*HEAD_SETS].index)
    ]
    chosen = {fit.set: fit.features for fit in fits}
    context.display.progress(f"{windows.name}: checks", 0, 1)
    checks = (*checks, check_permuted_labels(table, chosen, plan))
    if evaluate.protocol != "kfold":
        mixed = _mixed_segments(table.with_embedding(frozen(None)), rivals, plan)
        rows, remarks = (*rows, *mixed.rows), (*remarks, *mixed.remarks)
        predictions = (*predictions, *mixed.windows)
    if kept_back.subjects:
        unseen = labelled.take_subjects(kept_back.subjects, inside=True).with_embedding(encoders.embedding())
        last = _score_kept_back(fits, unseen, evaluate) if kept_back.score else ()
        rows, predictions = (*rows, *(row for _, row in last)), (*predictions, *(each for each, _ in last))
        remarks = (*remarks, _kept_back_remark(kept_back, scored=bool(last)))
    remarks = (*failed_checks(checks), *fallen.values(), *windows.all_remarks, *encoders.remarks, *remarks)
    remarks = tuple(dict.fromkeys(remarks))  # both protocols leave out the same subjects
    rest_class = table.classes[table.rest_class]
    result = LabelResult(windows.name, table.classes, windows.split, rows, chosen, remarks, rest_class, checks)
    prior = {fit.set: fit.fitted.prior for fit in fits}
    card = _head_card(result, corpus.dataset, table, head, evaluate.baseline, prior)
    mute = [f"{name} set: {describe_evidence(card, name)}" for name in card.sets if name not in answering_sets(card)]
    if mute:
        result = replace(result, remarks=(*remarks, *mute))
        card = replace(card, scores={**card.scores, "remarks": list(result.remarks)})
    heads = {fit.set: fit.shipped(table) for fit in fits}
    return TrainedLabel(result, heads, card, labelled.class_names(len(corpus.rows)), predictions)


def _joined(first: Evaluation, more: Evaluation) -> Evaluation:
    return Evaluation((*first.rows, *more.rows), (*first.remarks, *more.remarks), (*first.windows, *more.windows))


def _score_kept_back(
    fits: Sequence[SetFit | AdaptiveSetFit], table: FeatureTable, evaluate: EvaluateSettings
) -> list[tuple[WindowPredictions, ResultRow]]:
    """Predictions and row of each set on subjects that were kept back; none of a set without a window to score."""
    found = [fit.predict_kept_back(table, evaluate.baseline if fit.set == "personal" else 0.0) for fit in fits]
    return [
        (each, make_rows([each], evaluate.draws, {each.features: fit.orders_kept_back(table)})[0])
        for fit, each in zip(fits, found, strict=True)
        if len(each)
    ]


def failed_checks(checks: Iterable[ScoreCheck]) -> list[str]:
    """A remark on each check that failed."""
    return [f"check failed: {check.name}: {check.text}" for check in checks if not check.passed]


def _kept_back_remark(kept_back: KeptBack, *, scored: bool) -> str:
    named = f"kept back before anything was scored, in no fit, fold or choice: {', '.join(kept_back.subjects)}"
    if not kept_back.score:
        return f"{named}; not scored in a sweep, whose choice would look at them"
    return named if scored else f"{named}; none has a window that can be scored"


def rival_embeddings(
    windows: LabelledWindows, corpus: Corpus, encoders: Encoders, context: RunContext, seeds: range
) -> F64:
    """Features (seeds, m, 128) of the label's windows by untrained encoders."""
    padding, kind = padding_of(encoders.encoder), kind_of(encoders.encoder)
    untrained = (random_encoder(padding, seed, kind) for seed in seeds)
    return np.stack([cached_embedding(each, corpus, context)[windows.index] for each in untrained])


def _mixed_segments(table: FeatureTable, rivals: F64, plan: CrossValidationPlan) -> Evaluation:
    """Rows and remarks of the paper's protocol, for comparison; all folds share the encoder, which knows no labels."""
    settings = replace(plan.evaluate, protocol="kfold")
    try:
        return cross_validate(table, rivals, replace(plan, evaluate=settings, embed=None, frozen=None))
    except DatasetError as error:
        return Evaluation((), (f"segments mixed: not scored: {error.message}",))


def _head_card(
    result: LabelResult,
    dataset: Dataset,
    table: FeatureTable,
    settings: HeadSettings,
    baseline: float,
    prior: Mapping[str, tuple[float, ...]],
) -> HeadCard:
    hidden, dropout = (settings.hidden, settings.dropout) if settings.kind == "dense" else ((), 0.0)
    return HeadCard(
        classes=result.classes,
        hidden=hidden,
        dropout=dropout,
        sets=tuple(result.chosen),
        inputs={name: HEAD_INPUTS[features] for name, features in result.chosen.items()},
        baseline=baseline if "personal" in result.chosen else 0.0,
        scores=card_scores(result) | {"trained_on": {dataset.name: list(table.subjects)}},
        data=f"{len(table.subjects)} subjects of {dataset.title}",
        caveats=dataset.caveats,
        sources=dataset.sources,
        split=settings.split,
        prior=prior,
    )
