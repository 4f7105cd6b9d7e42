"""Tables for a paper, of labels that are numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecg_live.html.markup import number, with_interval
from training.report.sentences import RATING_FEATURE_NAMES
from training.report.text_tables import PaperTable
from training.results import LabelResult

RATING_HEADER = ("RMSE (95 %)", "CCC", "r within a subject", "within the 80 % interval", "windows", "subjects")


def rating_label_table(label: LabelResult) -> PaperTable:
    """Scores of all features of one label: a row for each protocol, baseline and kind of features."""
    rows = tuple(
        (
            RATING_FEATURE_NAMES.get(row.features, row.features),
            row.protocol,
            f"{row.baseline:g} s" if row.baseline else "none",
            with_interval(row.scores.rmse, row.interval.get("rmse")),
            *(number(value) for value in (row.scores.ccc, row.scores.within, row.scores.coverage)),
            *(str(value) for value in (row.scores.windows, row.scores.people)),
        )
        for row in label.regression
    )
    return PaperTable(f"Scores of {label.name}", ("features", "protocol", "baseline", *RATING_HEADER), rows, words=3)


def rating_bundle_table(evaluations: Sequence[Mapping[str, Any]]) -> PaperTable:
    """Scores of bundles on data sets, of heads that give a number: a row for each bundle, data set, head and set."""
    rows = tuple(
        (
            *(each["model"], each["dataset"], row["head"], row["set"]),
            with_interval(row["rmse"], row["interval"]),
            *(number(row[name]) for name in ("ccc", "within", "coverage")),
            *(str(row[name]) for name in ("windows", "people", "abstained")),
        )
        for each in evaluations
        for row in each["rows"]
        if "rmse" in row
    )
    header = ("model", "data set", "head", "set", *RATING_HEADER, "abstained")
    return PaperTable("Numbers of finished models", header, rows, words=4)
