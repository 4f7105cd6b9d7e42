"""Cross-validation: every kind of features is scored and compared on windows that no fold's head learnt from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.baseline import MIN_BASELINE_WINDOWS
from training.data.feature_table import FeatureTable, Mask, Names
from training.evaluation.fold import (
    CHOICE,
    CHOSEN,
    FEATURE_SETS,
    FROZEN,
    SIMPLEST_FIRST,
    Fold,
    feature_variants,
    result_key,
    run_fold,
)
from training.evaluation.fold_cache import FoldArrays, run_folds
from training.evaluation.metrics import Predictions, scores
from training.evaluation.rows import make_rows
from training.evaluation.splits import check_scorable, fold_masks, untrainable_classes
from training.evaluation.window_predictions import ScoredTable, WindowPredictions
from training.parallel import Engine
from training.results import ResultRow
from training.settings import EvaluateSettings, HeadSettings

EmbedForFold = Callable[[str | None, Mask], F64]
FrozenEmbedding = Callable[[str | None], F64]


@dataclass(frozen=True, slots=True)
class CrossValidationPlan:
    """How to score.

    Parameters
    ----------
    evaluate : EvaluateSettings
        Protocol, baseline, number of bootstrap draws.
    head : HeadSettings
        How each fold fits its heads.
    seed : int
        Of splits and heads.
    folder : Path
        Cache of finished folds.
    engine : Engine
        Runs folds in parallel.
    report : callable
        Called with the number of finished folds and of all folds.
    embed : callable, optional
        Gives the embedding (n, 128) of all windows by an encoder that never saw the subject it is called with (None in
        ``kfold``, which leaves no subject out), nor labels of the fold's test windows (n,). Without it all folds share
        the embedding of the examples.
    frozen : callable, optional
        The same by an encoder that learnt no labels, called with the subject, where ``embed`` is by one that did: it is
        a row of its own.
    """

    evaluate: EvaluateSettings
    head: HeadSettings
    seed: int
    folder: Path
    engine: Engine
    report: Callable[[int, int], None] = lambda _done, _total: None
    embed: EmbedForFold | None = None
    frozen: FrozenEmbedding | None = None


class Evaluation(NamedTuple):
    """Rows of the report, remarks that belong to them, and the predictions for every window of each row."""

    rows: tuple[ResultRow, ...]
    remarks: tuple[str, ...]
    windows: tuple[WindowPredictions, ...] = ()


def cross_validate(examples: FeatureTable, random: F64, plan: CrossValidationPlan) -> Evaluation:
    """Score all kinds of features, with and without a resting baseline.

    ``random`` (m, n, 128) holds the embeddings of untrained encoders. The one with the median AUROC is scored, and a
    remark states the range: with few subjects, chance decides how good a random encoder is, and an average over all of
    them would be a better model than any.
    A class that a fold's training subjects lack cannot be predicted there: its windows count as wrong, and a remark
    states it. Subjects without a baseline are left out of the rows with one, and named.

    Raises
    ------
    DatasetError
        If subjects, classes or windows are too few for the protocol.
    """
    check_scorable(examples.take(examples.scored(relative=False)), plan.evaluate)
    tests = fold_masks(examples, plan.evaluate, plan.seed)
    remarks = untrainable_classes(examples, tests)
    baselines = [0.0]
    if plan.evaluate.baseline:
        possible, baseline_remarks = _check_baseline(examples, plan)
        remarks += baseline_remarks
        baselines += [plan.evaluate.baseline] if possible else []
    folds = _folds(examples, random, tests, plan, relative=len(baselines) > 1)
    arrays = run_folds(run_fold, folds, len(tests), plan.folder, plan.engine, plan.report)
    tables = [_make_rows(examples, tests, arrays, baseline, plan, len(random)) for baseline in baselines]
    if plan.head.inputs == CHOSEN and plan.evaluate.protocol != "kfold":
        remarks += [each for baseline in baselines for each in _choice_remarks(arrays, relative=baseline > 0)]
    mixed = "segments mixed, " if plan.evaluate.protocol == "kfold" else ""
    spread = "; ".join(remark for table in tables for remark in table.remarks)
    if spread:
        remarks.append(f"{mixed}random encoders: of {len(random)} seeds that with the median AUROC is shown ({spread})")
    return Evaluation(
        tuple(row for table in tables for row in table.rows),
        tuple(remarks),
        tuple(windows for table in tables for windows in table.windows),
    )


def _check_baseline(examples: FeatureTable, plan: CrossValidationPlan) -> tuple[bool, list[str]]:
    """Whether rows with a baseline are possible, and remarks on it."""
    kept = examples.take(examples.scored(relative=True))
    if not len(kept):
        return False, [f"no rows with a baseline: no subject has {MIN_BASELINE_WINDOWS} windows of rest for one"]
    try:
        check_scorable(kept, plan.evaluate)
    except DatasetError as error:
        return False, [f"no rows with a baseline: {error.message}"]
    lost = sorted(set(examples.take(examples.label >= 0).subjects) - set(kept.subjects))
    remarks = [f"subjects without a baseline of rest, left out of rows with one: {', '.join(lost)}"] if lost else []
    return True, remarks


def _folds(
    examples: FeatureTable, random: F64, tests: dict[str, Mask], plan: CrossValidationPlan, *, relative: bool
) -> Iterator[Fold]:
    mixed = plan.evaluate.protocol == "kfold"
    for name, test in tests.items():
        left_out = None if mixed else name
        embedded = examples.with_embedding(plan.embed(left_out, test)) if plan.embed else examples
        fold = Fold(name, embedded, random, test, plan.head, plan.seed, relative, mixed)
        if plan.frozen:
            fold = replace(fold, kinds=(*FEATURE_SETS, FROZEN), frozen=plan.frozen(left_out))
        yield fold


def _make_rows(
    examples: FeatureTable,
    tests: dict[str, Mask],
    arrays: dict[str, FoldArrays],
    baseline: float,
    plan: CrossValidationPlan,
    encoders: int,
) -> Evaluation:
    """Rows for all kinds of features with a ``baseline`` (s; 0: none), from the arrays of all folds.

    Of the ``encoders`` random encoders the one with the median AUROC makes the row; remarks state their range.
    """
    relative, settings = baseline > 0, plan.evaluate
    fold = fold_names(tests, len(examples))
    table = ScoredTable(examples, fold, examples.scored(relative=relative), settings.protocol, baseline)
    set_name = "personal" if relative else "population"
    windows: list[WindowPredictions] = []
    remarks: list[str] = []
    for name in (*FEATURE_SETS, *([FROZEN] if plan.frozen else []), *([CHOSEN] if plan.head.inputs == CHOSEN else [])):
        keys = [result_key(variant, relative=relative) for variant in feature_variants(name, encoders)]
        found = [table.row(name, _collect(examples, tests, arrays, key), set_name) for key in keys]
        ranked = sorted(found, key=lambda each: _auroc(each.predictions))
        windows.append(ranked[len(ranked) // 2])
        if len(ranked) > 1:
            rest = f" with {baseline:g} s of baseline" if baseline else ""
            low, high = (_auroc(each.predictions) for each in (ranked[0], ranked[-1]))
            remarks.append(f"{name}{rest}: {low:.3f} to {high:.3f}")
    return Evaluation(make_rows(windows, settings.draws), tuple(remarks), tuple(windows))


def _choice_remarks(arrays: dict[str, FoldArrays], *, relative: bool) -> list[str]:
    """How often the folds chose each kind of features."""
    key = result_key(CHOICE, relative=relative)
    found = Counter(SIMPLEST_FIRST[int(each[key][0])] for each in arrays.values() if np.isfinite(each[key]).any())
    counts = ", ".join(f"{kind} in {count}" for kind, count in found.most_common())
    name = "personal" if relative else "population"
    return [f"features of the {name} set, chosen in each of {found.total()} folds: {counts}"] if found else []


def fold_names(tests: dict[str, Mask], windows: int) -> Names:
    """The fold that tests each window (n,); empty where none does."""
    names: Names = np.full(windows, "", dtype=f"U{max(map(len, tests))}")
    for name, test in tests.items():
        names[test] = name
    return names


def _auroc(predictions: Predictions) -> float:
    return scores(predictions).auroc or 0.0


def _collect(examples: FeatureTable, tests: dict[str, Mask], arrays: dict[str, FoldArrays], key: str) -> F64:
    """Probabilities of all folds for all windows (n, classes); NaN where no fold tests one."""
    probability = np.full((len(examples), len(examples.classes)), np.nan)
    for fold, test in tests.items():
        probability[test] = arrays[fold][key]
    return probability
