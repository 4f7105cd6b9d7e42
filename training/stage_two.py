"""One label: from frozen features to honest scores and to the heads that are shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ecg_live.errors import ConfigError, DatasetError
from ecg_live.events import F64
from ecg_live.model.calibrated_head import CalibratedHead
from ecg_live.model.card import HeadCard
from ecg_live.model.features import FeatureKind
from training.data.corpus import Corpus
from training.data.feature_table import FeatureTable, Ints, Names
from training.data.rest_windows import baseline_windows, overlapping
from training.datasets.class_order import order_remark
from training.datasets.dataset import Rating
from training.datasets.labels import NO_LABEL, classify
from training.evaluation.cross_validation import CrossValidationPlan, choose_features, cross_validate
from training.evaluation.fold import HEAD_INPUTS
from training.heads.fit import fit_head, to_head
from training.parallel import Engine
from training.pretext.embedding import random_encoder
from training.pretext.stage import Encoders, RunContext, cached_embedding
from training.report import card_scores
from training.results import LabelResult, ResultRow
from training.settings import TrainSettings

SELECTION_CAVEAT = (
    "The head's features are the best of three on the very folds that its score is reported on, which flatters that "
    "score slightly; head.inputs names them beforehand."
)


class LabelledWindows(NamedTuple):
    """Windows of a corpus that have a label or are rest (m,), and their class (m,), -1 where there is none.

    ``classes`` are their names, ``remarks`` what was decided on the way.
    """

    at: Ints
    label: Ints
    classes: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedLabel:
    """What came of one label: its scores, the heads by set, their card; ``names`` of the class of every window."""

    result: LabelResult
    heads: Mapping[str, CalibratedHead]
    card: HeadCard
    names: Names


def train_label(
    name: str, corpus: Corpus, encoders: Encoders, settings: TrainSettings, place: RunContext, engine: Engine
) -> TrainedLabel:
    """Score all kinds of features for a label, choose the best, and fit what is shipped on everybody.

    Raises
    ------
    ConfigError
        If the data set has no such label.
    DatasetError
        If it does not bear scores out.
    """
    found = label_windows(name, corpus, settings)
    examples = make_feature_table(corpus, found, encoders.embedding(None), settings.evaluate.baseline)
    padding, count = encoders.encoder.padding, settings.evaluate.rivals
    seeds = range(count * settings.seed, count * (settings.seed + 1))
    rivals = np.stack([cached_embedding(random_encoder(padding, seed), corpus, place)[found.at] for seed in seeds])

    def report(done: int, total: int) -> None:
        place.show.progress(f"{name}: folds", done, total)

    plan = CrossValidationPlan(
        settings.evaluate,
        settings.head,
        settings.seed,
        place.folder / "folds",
        engine,
        report,
        lambda person: encoders.embedding(person)[found.at],
    )
    rows, remarks = cross_validate(examples, rivals, plan)
    chosen = choose_features(rows, settings.head.inputs)
    if settings.head.inputs == "auto":
        remarks = (*remarks, SELECTION_CAVEAT)
    if settings.evaluate.protocol == "loso":
        mixed, more = _mixed_segments(examples, rivals, plan)
        rows, remarks = (*rows, *mixed), (*remarks, *more)
    split = settings.head.split if isinstance(corpus.dataset.labels[name], Rating) else "named"
    said = tuple(dict.fromkeys((*found.remarks, *remarks)))  # both protocols leave out the same people
    result = LabelResult(name, examples.classes, split, rows, chosen, said)
    heads = {which: _fit_shipped_head(which, examples, chosen, settings) for which in chosen}
    names = np.full(len(corpus.rows), "", dtype=f"U{max(map(len, examples.classes))}")
    names[found.at] = np.array([*examples.classes, ""])[found.label]  # -1 is the last
    return TrainedLabel(result, heads, _head_card(result, corpus, examples, settings), names)


def label_windows(name: str, corpus: Corpus, settings: TrainSettings) -> LabelledWindows:
    """Windows that have a label, and its class by the split that settings ask for.

    Raises
    ------
    ConfigError
        If the data set has no such label.
    DatasetError
        If no window has it.
    """
    data = corpus.dataset
    if name not in data.labels:
        known = ", ".join(data.labels) or "none"
        raise ConfigError(f"{data.name} has no label {name}; its labels are {known}", "choose one with --label")
    stretches = [(i, j) for i, sitting in enumerate(data.sessions) for j in range(len(sitting.annotations))]
    values = [data.sessions[i].annotations[j].labels.get(name) for i, j in stretches]
    who = [data.sessions[i].subject for i, _ in stretches]
    made = classify(values, who, data.labels[name], settings.head.split)
    index = dict(zip(stretches, made.indices.tolist(), strict=True))
    pairs = zip(corpus.rows["sitting"].tolist(), corpus.rows["span"].tolist(), strict=True)
    label = np.array([index.get(pair, NO_LABEL) for pair in pairs], np.int64)
    at = np.flatnonzero((label != NO_LABEL) | np.isfinite(corpus.rows["rest"]))
    if not (label != NO_LABEL).any():
        raise DatasetError(f"no usable window of {data.title} has the label {name}", "look at the summary of the data")
    unsure = order_remark(name, data.labels[name])
    return LabelledWindows(at, label[at], made.names, (*made.remarks, unsure) if unsure else made.remarks)


def make_feature_table(corpus: Corpus, found: LabelledWindows, embedding: F64, baseline: float) -> FeatureTable:
    """Windows with a label, or of rest, as heads learn from them."""
    subjects = np.array([sitting.subject for sitting in corpus.dataset.sessions])[corpus.rows["sitting"]]
    rest = baseline_windows(corpus, subjects, baseline)
    return FeatureTable(
        embedding[found.at],
        np.asarray(corpus.rows["hrv"][found.at]),
        found.label,
        subjects[found.at],
        rest[found.at],
        overlapping(corpus.rows, rest)[found.at],
        found.classes,
    )


def _mixed_segments(
    examples: FeatureTable, rivals: F64, plan: CrossValidationPlan
) -> tuple[tuple[ResultRow, ...], tuple[str, ...]]:
    """The paper's protocol, to be printed beside; all folds share the encoder."""
    settings = replace(plan.evaluate, protocol="kfold")
    try:
        return cross_validate(examples, rivals, replace(plan, evaluate=settings, embed=None))
    except DatasetError as error:
        return (), (f"segments mixed: not scored: {error.message}",)


def _fit_shipped_head(
    which: str, examples: FeatureTable, chosen: Mapping[str, str], settings: TrainSettings
) -> CalibratedHead:
    """A set's head, fitted on everybody."""
    inputs: FeatureKind = HEAD_INPUTS[chosen[which]]
    keep = examples.scored(relative=which == "personal")
    spread = examples.spread(inputs) if which == "personal" else None
    x = examples.features(inputs) if spread is None else examples.relative(inputs, spread)
    people, classes = examples.subject[keep], len(examples.classes)
    fitted = fit_head(x[keep], examples.label[keep], people, classes, inputs, settings.head, settings.seed)
    return to_head(fitted, x[keep], people, spread)


def _head_card(result: LabelResult, corpus: Corpus, examples: FeatureTable, settings: TrainSettings) -> HeadCard:
    hidden, dropout = (settings.head.hidden, settings.head.dropout) if settings.head.kind == "dense" else ((), 0.0)
    personal = "personal" in result.chosen
    scores = card_scores(result) | {"trained_on": {corpus.dataset.name: list(examples.people)}}
    return HeadCard(
        classes=result.classes,
        hidden=hidden,
        dropout=dropout,
        sets=tuple(result.chosen),
        inputs={which: HEAD_INPUTS[features] for which, features in result.chosen.items()},
        baseline=settings.evaluate.baseline if personal else 0.0,
        scores=scores,
        data=f"{len(examples.people)} people of {corpus.dataset.title}",
        caveats=corpus.dataset.caveats,
        split=settings.head.split,
    )
