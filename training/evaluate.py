"""Honest scores: people left out, intervals over people, simple rivals on the same windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedKFold

from ecg_live.errors import DatasetError
from ecg_live.model.baseline import FEWEST
from ecg_live.model.features import Inputs
from ecg_live.types import F64
from training.datasets.labels import NONE
from training.engines import Engine
from training.examples import Examples, Mask
from training.fold import FEATURES, Fold, column, variants, work_out
from training.folds import Arrays, run_folds
from training.results import Paired, Row
from training.scores import Drawn, Judged, confusion, draw, interval, paired, reliability, scores
from training.settings import EvaluateSettings, HeadSettings, Wanted

FEWEST_PEOPLE = 3  # to leave one out, and hold one out among the others
TIE = 0.005  # of AUROC: nobody should choose by less
SIMPLEST_FIRST: tuple[Inputs, ...] = ("hrv", "embedding", "both")
RIVALS = ("majority", "hrv", "random encoder")
Embed = Callable[[str | None], F64]


class Evaluation(NamedTuple):
    """Rows of the report, and what should be said with them."""

    rows: tuple[Row, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
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
    embed: Embed | None = None


def evaluate(examples: Examples, random: F64, plan: Plan) -> Evaluation:
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
    check(examples.take(examples.scored(relative=False)), plan.evaluate)
    tests = _tests(examples, plan)
    remarks = _lacking(examples, tests)
    baselines = [0.0]
    if plan.evaluate.baseline:
        problem, more = _baseline_remarks(examples, plan)
        remarks += more
        baselines += [] if problem else [plan.evaluate.baseline]
    jobs = _jobs(examples, random, tests, plan, relative=len(baselines) > 1)
    found = run_folds(work_out, jobs, len(tests), plan.folder, plan.engine, plan.report)
    made = [_rows(examples, tests, found, baseline, plan.evaluate, len(random)) for baseline in baselines]
    mixed = "segments mixed, " if plan.evaluate.protocol == "kfold" else ""
    spread = "; ".join(said for each in made for said in each.remarks)
    remarks.append(f"{mixed}random encoders: of {len(random)} seeds that with the median AUROC is shown ({spread})")
    return Evaluation(tuple(row for each in made for row in each.rows), tuple(remarks))


def check(examples: Examples, settings: EvaluateSettings) -> None:
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
    if settings.protocol == "loso" and len(examples.people) < FEWEST_PEOPLE:
        raise DatasetError(
            f"{len(examples.people)} people; leaving one out needs {FEWEST_PEOPLE}",
            "give recordings of more people, or --protocol kfold",
        )
    if settings.protocol == "kfold" and not 2 <= settings.folds <= counts.min():
        raise DatasetError(
            f"{settings.folds} folds; the smallest class, {examples.classes[int(counts.argmin())]}, has "
            f"{counts.min()} windows, and two folds are the fewest",
            "set evaluate.folds to a number between them",
        )


def choose(rows: Sequence[Row], inputs: Wanted) -> dict[str, str]:
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
            chosen[name] = next(features for features in able if own[features] >= best - TIE)
    return chosen


def _tests(examples: Examples, plan: Plan) -> dict[str, Mask]:
    """Windows that each fold holds out, by its name."""
    if plan.evaluate.protocol == "loso":
        return {who: examples.subject == who for who in examples.take(examples.label >= 0).people}
    folds = StratifiedKFold(plan.evaluate.folds, shuffle=True, random_state=plan.seed)
    rows = np.flatnonzero(examples.label >= 0)
    split = folds.split(np.zeros((len(rows), 1)), examples.label[rows])
    parts = [np.isin(np.arange(len(examples)), rows[test]) for _, test in split]
    return {f"{number} of {len(parts)}": part for number, part in enumerate(parts, 1)}


def _lacking(examples: Examples, tests: dict[str, Mask]) -> list[str]:
    remarks = []
    for name, test in tests.items():
        lost = sorted({*examples.label.tolist()} - {*examples.label[~test].tolist(), NONE})
        remarks += [f"only {name} has {examples.classes[each]}: no fold can get it right" for each in lost]
    return remarks


def _baseline_remarks(examples: Examples, plan: Plan) -> tuple[bool, list[str]]:
    """Whether rows with a baseline are out of the question, and what is to be said."""
    kept = examples.take(examples.scored(relative=True))
    if not len(kept):
        return True, [f"no rows with a baseline: nobody has {FEWEST} windows of rest to take one from"]
    try:
        check(kept, plan.evaluate)
    except DatasetError as error:
        return True, [f"no rows with a baseline: {error.message}"]
    lost = sorted(set(examples.take(examples.label >= 0).people) - set(kept.people))
    return False, [f"people without a baseline of rest, left out of rows with one: {', '.join(lost)}"] if lost else []


def _jobs(examples: Examples, random: F64, tests: dict[str, Mask], plan: Plan, *, relative: bool) -> Iterator[Fold]:
    mixed = plan.evaluate.protocol == "kfold"
    for name, test in tests.items():
        seen = examples.seen_by(plan.embed(None if mixed else name)) if plan.embed else examples
        yield Fold(name, seen, random, test, plan.head, plan.seed, relative, mixed)


def _rows(
    examples: Examples,
    tests: dict[str, Mask],
    found: dict[str, Arrays],
    baseline: float,
    settings: EvaluateSettings,
    encoders: int,
) -> Evaluation:
    keep = examples.scored(relative=baseline > 0)
    judged: dict[str, Judged] = {}
    remarks: list[str] = []
    for name in FEATURES:
        columns = [column(each, relative=baseline > 0) for each in variants(name, encoders)]
        ranked = sorted((_gathered(examples, tests, found, each).take(keep) for each in columns), key=_auroc)
        judged[name] = ranked[len(ranked) // 2]
        if len(ranked) > 1:
            rest = f" with {baseline:g} s of baseline" if baseline else ""
            remarks.append(f"{name}{rest}: {_auroc(ranked[0]):.3f} to {_auroc(ranked[-1]):.3f}")
    judged["majority"] = Judged(
        judged["majority"].probability,
        np.zeros_like(judged["majority"].ranking),
        judged["majority"].label,
        judged["majority"].subject,
    )
    drawn = {name: draw(each, settings.draws) for name, each in judged.items()}
    return Evaluation(
        tuple(_row(name, judged, drawn, baseline, settings.protocol) for name in FEATURES), tuple(remarks)
    )


def _auroc(judged: Judged) -> float:
    return scores(judged).auroc or 0.0


def _gathered(examples: Examples, tests: dict[str, Mask], found: dict[str, Arrays], name: str) -> Judged:
    """What all folds say of all windows."""
    out = np.full((len(examples), len(examples.classes)), np.nan)
    for fold, test in tests.items():
        out[test] = found[fold][name]
    return Judged(out, out, examples.label, examples.subject)


def _row(name: str, judged: dict[str, Judged], drawn: dict[str, Drawn], baseline: float, protocol: Any) -> Row:
    ours = judged[name]
    people = np.unique(ours.subject).tolist()
    rivals = [*RIVALS, *(["random encoder + hrv"] if name == "both" else [])]
    intervals = {key: interval(values) for key, values in drawn[name].items()}
    versus = {rival: _versus(name, rival, judged, drawn) for rival in rivals if rival != name}
    return Row(
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


def _versus(name: str, rival: str, judged: dict[str, Judged], drawn: dict[str, Drawn]) -> Paired | None:
    ours, theirs = scores(judged[name]).auroc, scores(judged[rival]).auroc
    if ours is None or theirs is None:
        return None
    return paired(drawn[name], drawn[rival], ours - theirs)
