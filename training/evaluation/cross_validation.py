"""Honest scores: people left out, intervals over people, simple rivals on the same windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.baseline import MIN_BASELINE_WINDOWS
from ecg_live.model.features import FeatureKind
from training.data.feature_table import FeatureTable, Mask
from training.datasets.labels import NO_LABEL
from training.evaluation.fold import Fold, run_fold
from training.evaluation.fold_cache import run_folds
from training.evaluation.results_table import Evaluation, make_rows
from training.parallel import Engine
from training.results import ResultRow
from training.settings import EvaluateSettings, HeadInputs, HeadSettings

MIN_SUBJECTS = 3  # to leave one out, and hold one out among the others
AUROC_TIE = 0.005  # of AUROC: nobody should choose by less
SIMPLEST_FIRST: tuple[FeatureKind, ...] = ("hrv", "embedding", "both")
EmbedForSubject = Callable[[str | None], F64]


@dataclass(frozen=True, slots=True)
class CrossValidationPlan:
    """How to score: protocol, head and seed; where folds run and are kept; who is told how many are done.

    ``embed`` gives the embedding (n, 128) of all windows by an encoder that never saw the subject it is given (None: in
    ``kfold``, where nobody is left out). Without it all folds share that of the examples.
    """

    evaluate: EvaluateSettings
    head: HeadSettings
    seed: int
    folder: Path
    engine: Engine
    report: Callable[[int, int], None] = lambda _done, _total: None
    embed: EmbedForSubject | None = None


def cross_validate(examples: FeatureTable, random: F64, plan: CrossValidationPlan) -> Evaluation:
    """Score all kinds of features, ``random`` (m, n, 128) being those of encoders that learnt nothing.

    Of the latter the one with the median AUROC is scored, and a remark tells the range: with people so few, chance
    decides how good a random encoder is, and all of them together would be a better model than any.
    A class that a fold's training people lack cannot be predicted there: its windows count as wrong, and a remark says
    so. Wearers without a baseline are left out of the rows with one, and named.

    Raises
    ------
    DatasetError
        If people, classes or windows are too few for the protocol.
    """
    check_scorable(examples.take(examples.scored(relative=False)), plan.evaluate)
    tests = _test_masks(examples, plan)
    remarks = _untrainable_classes(examples, tests)
    baselines = [0.0]
    if plan.evaluate.baseline:
        problem, more = _baseline_remarks(examples, plan)
        remarks += more
        baselines += [] if problem else [plan.evaluate.baseline]
    jobs = _jobs(examples, random, tests, plan, relative=len(baselines) > 1)
    found = run_folds(run_fold, jobs, len(tests), plan.folder, plan.engine, plan.report)
    made = [make_rows(examples, tests, found, baseline, plan.evaluate, len(random)) for baseline in baselines]
    mixed = "segments mixed, " if plan.evaluate.protocol == "kfold" else ""
    spread = "; ".join(said for each in made for said in each.remarks)
    if spread:
        remarks.append(f"{mixed}random encoders: of {len(random)} seeds that with the median AUROC is shown ({spread})")
    return Evaluation(tuple(row for each in made for row in each.rows), tuple(remarks))


def check_scorable(examples: FeatureTable, settings: EvaluateSettings) -> None:
    """Refuse what cannot be scored.

    Raises
    ------
    DatasetError
        Saying what there is too little of.
    """
    counts = np.bincount(examples.label, minlength=len(examples.classes))
    if (counts > 0).sum() < 2:
        there = [name for name, count in zip(examples.classes, counts, strict=True) if count]
        raise DatasetError(
            f"all {len(examples)} windows are of {' '.join(there) or 'no class'}; two classes are needed",
            "give recordings of another class, or split the label otherwise",
        )
    if not counts.all():
        raise DatasetError(
            f"no window is of class {examples.classes[int(counts.argmin())]}",
            "leave that class out, or give recordings",
        )
    if settings.protocol == "loso" and len(examples.people) < MIN_SUBJECTS:
        raise DatasetError(
            f"{len(examples.people)} people; leaving one out needs {MIN_SUBJECTS}",
            "give recordings of more people, or --protocol kfold",
        )
    if settings.protocol == "kfold" and not 2 <= settings.folds <= counts.min():
        raise DatasetError(
            f"{settings.folds} folds; the smallest class, {examples.classes[int(counts.argmin())]}, has "
            f"{counts.min()} windows, and two folds are the fewest",
            "set evaluate.folds to a number between them",
        )


def choose_features(rows: Sequence[ResultRow], inputs: HeadInputs) -> dict[str, str]:
    """The features of the population set (by rows without baseline) and of the personal set (with; if there are any).

    Those that ``inputs`` names; with ``auto`` the highest AUROC wins, and within 0.005 of it the simplest features.
    """
    wanted = SIMPLEST_FIRST if inputs == "auto" else (inputs,)
    chosen: dict[str, str] = {}
    for name, personal in (("population", False), ("personal", True)):
        own = {row.features: row.scores.auroc or 0.0 for row in rows if (row.baseline > 0) == personal}
        able = [features for features in wanted if features in own]
        if able:
            best = max(own[features] for features in able)
            chosen[name] = next(features for features in able if own[features] >= best - AUROC_TIE)
    return chosen


def _test_masks(examples: FeatureTable, plan: CrossValidationPlan) -> dict[str, Mask]:
    """Windows that each fold holds out, by its name."""
    if plan.evaluate.protocol == "loso":
        return {who: examples.subject == who for who in examples.take(examples.label >= 0).people}
    folds = StratifiedKFold(plan.evaluate.folds, shuffle=True, random_state=plan.seed)
    rows = np.flatnonzero(examples.label >= 0)
    split = folds.split(np.zeros((len(rows), 1)), examples.label[rows])
    parts = [np.isin(np.arange(len(examples)), rows[test]) for _, test in split]
    return {f"{number} of {len(parts)}": part for number, part in enumerate(parts, 1)}


def _untrainable_classes(examples: FeatureTable, tests: dict[str, Mask]) -> list[str]:
    remarks = []
    for name, test in tests.items():
        lost = sorted({*examples.label.tolist()} - {*examples.label[~test].tolist(), NO_LABEL})
        remarks += [f"only {name} has {examples.classes[each]}: no fold can get it right" for each in lost]
    return remarks


def _baseline_remarks(examples: FeatureTable, plan: CrossValidationPlan) -> tuple[bool, list[str]]:
    """Whether rows with a baseline are out of the question, and what is to be said."""
    kept = examples.take(examples.scored(relative=True))
    if not len(kept):
        return True, [f"no rows with a baseline: nobody has {MIN_BASELINE_WINDOWS} windows of rest to take one from"]
    try:
        check_scorable(kept, plan.evaluate)
    except DatasetError as error:
        return True, [f"no rows with a baseline: {error.message}"]
    lost = sorted(set(examples.take(examples.label >= 0).people) - set(kept.people))
    return False, [f"people without a baseline of rest, left out of rows with one: {', '.join(lost)}"] if lost else []


def _jobs(
    examples: FeatureTable, random: F64, tests: dict[str, Mask], plan: CrossValidationPlan, *, relative: bool
) -> Iterator[Fold]:
    mixed = plan.evaluate.protocol == "kfold"
    for name, test in tests.items():
        seen = examples.with_embedding(plan.embed(None if mixed else name)) if plan.embed else examples
        yield Fold(name, seen, random, test, plan.head, plan.seed, relative, mixed)
