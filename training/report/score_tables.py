"""Tables of scores, paired tests and confusion as text, from training and from ``evaluate``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.evaluation.metrics import confusion
from training.evaluation.paired_tests import PairedTest
from training.evaluation.prediction_table import NamedPredictions
from training.evaluation.window_predictions import NATURAL_ORDER
from training.report.rating_tables import rating_label_table
from training.report.sentences import FEATURE_NAMES, chosen_rows
from training.report.text_tables import PaperTable
from training.results import LabelResult, ResultRow

SCORE_HEADER = ("AUROC (95 %)", "bal. accuracy", "macro-F1", "ECE", "Brier", "windows", "subjects")
SCORE_NAMES = {"auroc": "AUROC", "brier": "Brier"}
MINUS, ARROW = "\u2212", "\u2192"


def label_table(label: LabelResult, shipped: str = "*") -> PaperTable:
    """All rows of a label's scores; ``shipped`` marks those whose features the bundle has."""
    repeated = any(row.repeats for row in label.rows)
    marked = [id(row) for row in chosen_rows(label).values()]
    rows = tuple(
        (
            FEATURE_NAMES.get(row.features, row.features) + (shipped if id(row) in marked else ""),
            row.protocol,
            row.baseline_text,
            *_scores(row),
            *([mean_and_sd(row)] if repeated else []),
        )
        for row in label.rows
    )
    header = ("features", "protocol", "baseline", *SCORE_HEADER, *(["AUROC over seeds"] if repeated else []))
    title = f"{label.name} ({' / '.join(label.classes)}); {shipped} in the bundle"
    return PaperTable(title, header, rows, words=3)


def training_tables(labels: Sequence[LabelResult], parts: Sequence[NamedPredictions]) -> list[PaperTable]:
    """Of each label its scores, and for each of the bundle's sets the confusion by subject.

    Parameters
    ----------
    labels : sequence of LabelResult
        The scores.
    parts : sequence of NamedPredictions
        What they were made from.
    """
    tables: list[PaperTable] = []
    for label in labels:
        if label.scale is not None:
            tables.append(rating_label_table(label))
            continue
        shipped = [(row.features, row.protocol, row.baseline, row.set) for row in chosen_rows(label).values()]
        own = [part for part in parts if part.label == label.name and part.windows.order == NATURAL_ORDER]
        keys = [(each.features, each.protocol, each.baseline, each.set) for each in (part.windows for part in own)]
        tables.append(label_table(label))
        tables += [confusion_table(part) for part, key in zip(own, keys, strict=True) if key in shipped]
    return tables


def bundle_table(evaluations: Sequence[Mapping[str, Any]]) -> PaperTable:
    """Scores of bundles on data sets: a row for each bundle, data set, head and set."""
    rows = tuple(
        (
            *(each["model"], each["dataset"], row["head"], row["set"]),
            with_interval(row["auroc"], row["interval"]),
            *(number(row[name]) for name in ("balanced_accuracy", "macro_f1", "ece", "brier")),
            *(str(row[name]) for name in ("windows", "people", "abstained")),
        )
        for each in evaluations
        for row in _class_rows(each)
    )
    header = ("model", "data set", "head", "set", *SCORE_HEADER, "abstained")
    return PaperTable("Scores of finished models", header, rows, words=4)


def data_set_matrix(evaluations: Sequence[Mapping[str, Any]]) -> PaperTable:
    """AUROC of each bundle's heads (rows) on each data set (columns)."""
    datasets = list(dict.fromkeys(each["dataset"] for each in evaluations))
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    for each in evaluations:
        for row in _class_rows(each):
            own = cells.setdefault((each["model"], row["head"], row["set"]), {})
            own[each["dataset"]] = with_interval(row["auroc"], row["interval"])
    rows = tuple((*key, *(found.get(name, "") for name in datasets)) for key, found in cells.items())
    return PaperTable("AUROC (95 %) by data set", ("model", "head", "set", *datasets), rows, words=3)


def _class_rows(evaluation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Rows of heads with classes; those of numbers have tables of their own."""
    return [row for row in evaluation["rows"] if "auroc" in row]


def comparison_table(tests: Sequence[tuple[str, PairedTest]], title: str = "Paired tests") -> PaperTable:
    """Paired tests, each with what was compared, such as the head and set."""
    rows = tuple(
        (
            what,
            f"{test.first} {MINUS} {test.second}",
            SCORE_NAMES[test.score],
            f"{signed(test.difference)} [{signed(test.interval[0])}, {signed(test.interval[1])}]",
            *(p_text(p) for p in (test.p, test.p_holm)),
            signed(test.within),
            *(p_text(p) for p in (test.p_wilcoxon, test.p_wilcoxon_holm)),
            f"{test.subjects}",
        )
        for what, test in tests
    )
    names = ("difference (95 %)", "p", "p (Holm)", "within (median)", "p (Wilcoxon)", "p (Wilcoxon, Holm)", "subjects")
    return PaperTable(title, ("of", "models", "score", *names), rows, words=3)


def confusion_table(part: NamedPredictions) -> PaperTable:
    """Windows of each subject by true and predicted class."""
    classes, answered = part.windows.classes, part.answered
    pairs = [f"{true} {ARROW} {predicted}" for true in classes for predicted in classes]
    rows = []
    for subject in np.unique(answered.subject).tolist():
        counts = confusion(answered.take(answered.subject == subject))
        rows.append((subject, *(str(count) for row in counts for count in row)))
    title = (
        f"Windows by true {ARROW} predicted class: {part.model}, {part.dataset}, {part.label}, {part.windows.set} set"
    )
    return PaperTable(title, ("subject", *pairs), tuple(rows))


def number(value: float | None) -> str:
    """A score with three places; empty without one."""
    return "" if value is None or math.isnan(value) else f"{value:.3f}"


def signed(value: float) -> str:
    """A difference with its sign and three places; empty without one."""
    return "" if math.isnan(value) else f"{value:+.3f}".replace("-", MINUS)


def p_text(p: float) -> str:
    """A p-value."""
    return "" if math.isnan(p) else "< .001" if p < 0.001 else f"{p:.3f}"


def mean_and_sd(row: ResultRow) -> str:
    """AUROC over repeats: mean and standard deviation; empty without repeats."""
    mean, sd = row.repeats.get("auroc", (math.nan, math.nan))
    return "" if math.isnan(mean) else f"{mean:.3f} \u00b1 {sd:.3f}"


def with_interval(value: float | None, interval: Sequence[float] | None) -> str:
    """A score with its interval."""
    bounds = f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval and value is not None else ""
    return number(value) + bounds


def _scores(row: ResultRow) -> tuple[str, ...]:
    scores = row.scores
    return (
        with_interval(scores.auroc, row.interval.get("auroc")),
        *(number(value) for value in (scores.balanced_accuracy, scores.macro_f1, scores.ece, scores.brier)),
        *(str(scores.windows), str(scores.people)),
    )
