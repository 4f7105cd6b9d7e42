"""The benchmark as one HTML page without external files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ecg_live.atomic_write import write_whole
from ecg_live.errors import DatasetError
from ecg_live.html.document import document
from ecg_live.html.markup import bullet_list, table, tag
from training.bench.fixed_splits import FixedSplit
from training.bench.peeking import GROUPS, PERMUTATIONS
from training.bench.rows import BenchRow, paper_tables

BENCH_TERMS = (
    "AUROC is over the windows of all subjects; per subject, over each one's own, without differences between them.",
    "Brier: mean squared error of the probabilities; RMSE: root mean squared error of the numbers. Lower is better.",
    "A constant answers each fold's training shares, or mean; better is what has its whole interval of error below it.",
    "Intervals: 95 %, bootstrap over subjects, not windows.",
    "No pipeline gets labels of test windows, or their order.",
    (
        f"Each learns permuted labels ({PERMUTATIONS} times, {GROUPS} groups of subjects): what then knows true ones "
        "is shown as failed."
    ),
)


class BenchPage(NamedTuple):
    """Rows, splits, and caveats by the title of each data set."""

    rows: Sequence[BenchRow]
    splits: Sequence[FixedSplit]
    caveats: Mapping[str, Sequence[str]]


def write_page(path: Path, page: BenchPage) -> None:
    """Write the page.

    Raises
    ------
    DatasetError
        It cannot be written.
    """
    scores = [table(each.title, each.header, each.rows, "scores") for each in paper_tables(page.rows)]
    splits = [
        (each.title, str(len(each.tests)), str(len(each.subjects)), str(each.windows), each.digest)
        for each in page.splits
    ]
    caveats = [f"{title}: {caveat}" for title, own in page.caveats.items() for caveat in own]
    content = (
        tag("header", tag("h1", "Benchmark")),
        *scores,
        tag("div", tag("h3", "Read this with the scores"), bullet_list(caveats), class_="caveats"),
        table("Splits", ("split", "folds", "subjects", "windows", "SHA-256"), splits),
        tag("footer", tag("h3", "Terms"), bullet_list(BENCH_TERMS), class_="note"),
    )
    try:
        write_whole(path, document("Benchmark", content, "training.report").encode())
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "choose a place that can be written to") from error
