"""A check that runs with every training: labels that were permuted cannot be learnt, or the scores are no scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ecg_live.events import F64
from ecg_live.model.features import FeatureKind
from training.data.feature_table import FeatureTable, Mask
from training.evaluation.adaptive_fold import run_adaptive_fold
from training.evaluation.adaptive_rows import adaptive_folds, adaptive_predictions
from training.evaluation.bootstrap import bootstrap
from training.evaluation.cross_validation import CrossValidationPlan
from training.evaluation.fold import Fold, result_key, run_fold
from training.evaluation.fold_cache import run_folds
from training.evaluation.metrics import Predictions, scores
from training.evaluation.splits import fold_masks
from training.parallel import local_engine
from training.results import ScoreCheck

PERMUTATIONS = 3
PERCENTILES = (0.5, 99.5)  # of a 99 % interval: one sound data set in 200 fails
CHANCE_AUROC = 0.5
CHECK_NAME = "permuted labels"
ABOVE_CHANCE = "above chance, so that windows of the same subject or recording are on both sides of the folds"


def check_permuted_labels(
    examples: FeatureTable, chosen: Mapping[str, FeatureKind], plan: CrossValidationPlan
) -> ScoreCheck:
    """Score heads that learn permuted labels in the same folds: the AUROC must not be above chance.

    Labels are permuted over all windows, so that nothing, not even the subject, goes with them. Heads are linear
    and expect all classes alike, whatever ``plan.head`` is: data and splits are checked, and a prior by the subjects
    that are not left out would rank the windows (.37 on eegmat). So an AUROC below .5 is no fault.

    Parameters
    ----------
    examples : FeatureTable
        The windows.
    chosen : mapping
        The features of each set.
    plan : CrossValidationPlan
        Protocol and seed.
    """
    plan = replace(plan, engine=local_engine(1))  # a linear head takes less time than a process to start

    def draw(name: str, number: int) -> tuple[F64, float]:
        return _permuted_auroc(examples, name, chosen[name], plan, number)

    return judge_permuted("AUROC of heads that learnt permuted labels", chosen, draw, CHANCE_AUROC, (0.0, 1.0))


def judge_permuted(
    what: str,
    sets: Iterable[str],
    draw: Callable[[str, int], tuple[F64, float]],
    chance: float,
    scale: tuple[float, float],
) -> ScoreCheck:
    """Judge scores of what was permuted: the interval of none may lie above chance.

    Parameters
    ----------
    what : str
        What is scored, in words.
    sets : iterable of str
    draw : callable
        For a set and the number of a permutation: the score in each bootstrap draw (draws,), and over all subjects.
    chance : float
    scale : (float, float)
        All that there can be: the interval of a score that no draw defines.
    """
    found, passed = [], True
    for name in sets:
        drawn = [draw(name, number) for number in range(PERMUTATIONS)]
        draws = np.mean([each for each, _ in drawn], axis=0)
        known = draws[~np.isnan(draws)]
        low, high = np.percentile(known, PERCENTILES) if len(known) else scale
        passed &= bool(low <= chance)
        found.append(f"{name} set {np.mean([each for _, each in drawn]):.3f} ({low:.2f} to {high:.2f})")
    text = f"{what}, {PERMUTATIONS} times, 99 % interval: {'; '.join(found)}"
    return ScoreCheck(CHECK_NAME, text if passed else f"{text}: {ABOVE_CHANCE}", passed)


def _permuted_auroc(
    examples: FeatureTable, set_name: str, kind: FeatureKind, plan: CrossValidationPlan, number: int
) -> tuple[F64, float]:
    """AUROC of permutation ``number``: in each bootstrap draw (draws,), and over all subjects (.5 if undefined)."""
    relative = set_name == "personal"
    keep = np.flatnonzero(examples.scored(relative=relative))
    label = examples.label.copy()
    label[keep] = np.random.default_rng((plan.seed, number)).permutation(label[keep])
    permuted = replace(examples, label=label)
    tests = fold_masks(permuted, plan.evaluate, plan.seed)
    if set_name == "adaptive":
        plan = replace(plan, head=replace(plan.head, kind="linear"))
        folds = adaptive_folds(permuted, tests, plan, (kind,))
        arrays = run_folds(run_adaptive_fold, folds, len(tests), plan.folder, plan.engine, report_nothing)
        found = adaptive_predictions(permuted, tests, arrays, kind)[0].predictions
    else:
        splits = _folds(permuted, kind, tests, plan, relative=relative)
        arrays = run_folds(run_fold, splits, len(tests), plan.folder, plan.engine, report_nothing)
        probability = np.full((len(label), len(examples.classes)), np.nan)
        for name, test in tests.items():
            probability[test] = arrays[name][result_key(kind, relative=relative)]
        found = Predictions(probability[keep], probability[keep], label[keep], examples.subject[keep])
    auroc = scores(found).auroc
    return bootstrap(found, plan.evaluate.draws)["auroc"], CHANCE_AUROC if auroc is None else auroc


def _folds(
    examples: FeatureTable, kind: FeatureKind, tests: dict[str, Mask], plan: CrossValidationPlan, *, relative: bool
) -> Iterator[Fold]:
    head, mixed = replace(plan.head, kind="linear", prior="balanced"), plan.evaluate.protocol == "kfold"
    none = np.empty((0, *examples.embedding.shape))
    for name, test in tests.items():
        embedded = examples.with_embedding(plan.embed(None if mixed else name, test)) if plan.embed else examples
        yield Fold(name, embedded, none, test, head, plan.seed, relative, mixed, (kind,))


def report_nothing(_done: int, _total: int) -> None:
    """Report nothing."""
