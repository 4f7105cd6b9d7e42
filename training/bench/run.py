"""Run the benchmark: data sets x protocols x pipelines; cells that are done are kept, and one that fails is marked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from ecg_live.errors import ConfigError, DatasetError
from ecg_live.resources import DEFAULT_MODEL
from training.bench.cell import adaptive_applies, run_bench_cell
from training.bench.fixed_splits import FixedSplit, fix_split, given_split, read_splits, write_splits
from training.bench.inputs import BenchInputs, write_inputs
from training.bench.page import BenchPage, write_page
from training.bench.pipelines import ADAPTIVE, ADAPTIVE_NEEDS, BUILT_IN_PIPELINES, check_pipeline
from training.bench.rows import BenchRow, make_row, paper_tables, write_bench_table
from training.data.labelled_windows import LabelledWindows, check_label, label_windows
from training.datasets import open_dataset
from training.datasets.class_order import choose_labels
from training.datasets.dataset import Dataset
from training.encoders import kind_of, padding_of
from training.evaluation.splits import check_scorable, fold_masks
from training.parallel import open_engine
from training.pretext.embedding import cached_embedding, random_encoder
from training.pretext.stage import load_encoder
from training.pretext.train_step import launch_fabric
from training.progress import ProgressDisplay
from training.report.text_tables import write_text_tables
from training.run_context import RunContext
from training.settings import ScoringProtocol, TrainSettings, as_dict
from training.sweep.engines import run_locally, run_on_ray
from training.sweep.plan import SweepCell
from training.sweep.trial import SweepTrial, prepare, read_problem, read_scores

BENCH_VERSION = 1  # of what a cell's scores mean; raise it with any change
CELL_DIGITS = 12  # hexadecimal, of a cell's folder
DEFAULT_PIPELINES = (*BUILT_IN_PIPELINES, ADAPTIVE)


@dataclass(frozen=True, slots=True)
class BenchJob:
    """What to compare.

    Parameters
    ----------
    datasets : tuple
        Names of data sets, each with its folder.
    out : Path
        Folder of the results.
    protocols, pipelines : tuple of str
        How windows are split, and what is scored.
    label : str
        Learnt in the data sets that have it; in others their first.
    model : Path
        A bundle, or an encoder, that the embedding is made by.
    splits : Path, optional
        A file of an earlier run: its splits are used, and other windows are refused.
    settings : TrainSettings
        Windows, ratings to classes, folds, draws, seed.
    engine : str
        Where cells run: ``local`` or ``ray``.
    jobs : int
        Cells at a time.
    """

    datasets: tuple[tuple[str, Path], ...]
    out: Path
    protocols: tuple[ScoringProtocol, ...] = ("loso",)
    pipelines: tuple[str, ...] = DEFAULT_PIPELINES
    label: str = ""
    model: Path = DEFAULT_MODEL
    splits: Path | None = None
    settings: TrainSettings = field(default_factory=TrainSettings)
    engine: Literal["local", "ray"] = "local"
    jobs: int = 1


class Bench(NamedTuple):
    """Rows of the table, how many cells failed, and the files."""

    rows: tuple[BenchRow, ...]
    failed: int
    files: tuple[Path, ...]


class _Prepared(NamedTuple):
    """A data set's inputs in a file, its splits, and what a reader of its scores must know."""

    data: Dataset
    remarks: tuple[str, ...]
    inputs: BenchInputs
    path: Path
    splits: tuple[FixedSplit, ...]


def run_bench(job: BenchJob, report: Callable[[str], None], display: ProgressDisplay) -> Bench:
    """Run all cells that are not done yet, and write ``bench.parquet``, ``.csv``, ``.md`` and ``.html``.

    Raises
    ------
    ConfigError
        An option cannot be used, or the given splits are of other windows.
    DatasetError
        A data set has nothing to score, or nothing can be written.
    """
    _check(job)
    given = read_splits(job.splits) if job.splits else None
    prepared = [_prepare(name, folder, job, given, display) for name, folder in job.datasets]
    splits = [split for each in prepared for split in each.splits]
    splits_path = (job.out / "splits.json").absolute()
    write_splits(splits_path, splits)
    trials = [
        _trial(job, each, split, splits_path, pipeline)
        for each in prepared
        for split in each.splits
        for pipeline in applicable_pipelines(job.pipelines, each.inputs, split, report)
    ]
    _run_cells(job, trials, report)
    rows = tuple(
        make_row(trial.cell.values, read_scores(trial.cell), read_problem(trial.cell), trial.table["split"])
        for trial in trials
    )
    files = _write(job, prepared, rows, splits)
    return Bench(rows, sum(bool(row.problem) for row in rows), (*files, splits_path))


def applicable_pipelines(
    asked: tuple[str, ...], inputs: BenchInputs, split: FixedSplit, report: Callable[[str], None]
) -> tuple[str, ...]:
    """The pipelines; where all that there are were asked for, without the adaptive set if it cannot be scored.

    One that was asked for by name is run, and fails with the reason.
    """
    if asked != DEFAULT_PIPELINES or adaptive_applies(inputs, split):
        return asked
    report(f"{split.dataset}, {split.label}, {split.protocol}: without {ADAPTIVE}: {ADAPTIVE_NEEDS}")
    return tuple(name for name in asked if name != ADAPTIVE)


def _check(job: BenchJob) -> None:
    if not job.datasets or len({name for name, _ in job.datasets}) < len(job.datasets):
        raise ConfigError(
            f"the data sets are {', '.join(name for name, _ in job.datasets) or 'missing'}; each can be there once",
            "give --dataset NAME --data DIR for each",
        )
    if job.jobs < 1:
        raise ConfigError(f"{job.jobs} cells at a time; at least one is needed", "give a positive number")
    for name in job.pipelines:
        check_pipeline(name)
    open_engine(job.engine)
    try:
        job.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{job.out}: {error.strerror}", "choose another folder with --out") from error


def _prepare(
    name: str, folder: Path, job: BenchJob, given: Sequence[FixedSplit] | None, display: ProgressDisplay
) -> _Prepared:
    """Windows, features and splits of a data set."""
    settings = job.settings
    data = open_dataset(name, folder)
    if not data.labels:
        raise ConfigError(f"{name} has no labels, so that there is nothing to score", "give labelled data sets")
    label = job.label if job.label in data.labels else next(iter(data.labels))
    data, _ = choose_labels(data, (label,))
    check_label(label, data, settings.head.split, settings.corpus.label)
    context = RunContext(job.out / "work", launch_fabric(settings.pretext), display, open_engine("local", job.jobs))
    corpus = context.build_corpus(data, settings.corpus, settings.corpus.hop, "windows")
    windows = label_windows(label, corpus, settings.head.split, rule=settings.corpus.rating, lag=settings.corpus.lag)
    encoders = load_encoder(job.model, corpus, context, unseen_only=True)
    rival = random_encoder(padding_of(encoders.encoder), settings.seed, kind_of(encoders.encoder))
    random = cached_embedding(rival, corpus, context)[windows.index]
    examples = windows.with_embedding(encoders.embedding())
    stored = getattr(corpus.windows, "filename", "")
    inputs = BenchInputs(data.name, label, examples, random, Path(stored), windows.index)
    path = (job.out / "work" / "inputs" / f"{data.name}.npz").absolute()
    write_inputs(path, inputs)
    splits = tuple(_split(inputs, windows, protocol, job, given) for protocol in job.protocols)
    return _Prepared(data, (*data.caveats, *data.remarks, *corpus.remarks), inputs, path, splits)


def _split(
    inputs: BenchInputs,
    windows: LabelledWindows,
    protocol: ScoringProtocol,
    job: BenchJob,
    given: Sequence[FixedSplit] | None,
) -> FixedSplit:
    evaluate = replace(job.settings.evaluate, protocol=protocol)
    table = inputs.examples
    try:
        check_scorable(table.take(table.scored(relative=False)), evaluate)
    except DatasetError as error:
        raise DatasetError(f"{inputs.dataset}, {windows.name}, {protocol}: {error.message}", error.remedy) from error
    ours = fix_split(inputs.dataset, windows.name, protocol, table, fold_masks(table, evaluate, job.settings.seed))
    return ours if given is None or job.splits is None else given_split(ours, given, job.splits)


def _trial(job: BenchJob, each: _Prepared, split: FixedSplit, splits_path: Path, pipeline: str) -> SweepTrial:
    """A cell, named by a hash of everything that decides its scores."""
    table = {"inputs": str(each.path), "splits": str(splits_path), "split": split.digest, "pipeline": pipeline}
    features = hashlib.sha256(each.path.read_bytes()).hexdigest()
    values = {"dataset": split.dataset, "label": split.label, "protocol": split.protocol, "pipeline": pipeline}
    known = [BENCH_VERSION, values, split.digest, features, as_dict(job.settings)]
    name = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:CELL_DIGITS]
    cell = SweepCell(name, values, job.settings, (job.out / "cells" / name).absolute())
    return SweepTrial(cell, run_bench_cell, table)


def _run_cells(job: BenchJob, trials: Sequence[SweepTrial], report: Callable[[str], None]) -> None:
    waiting = [trial for trial in trials if read_scores(trial.cell) is None]
    report(f"{len(trials)} cells, {len(trials) - len(waiting)} of them done already")

    def ended(trial: SweepTrial) -> None:
        cell = trial.cell
        how = "done" if read_scores(cell) is not None else f"failed: {read_problem(cell)}"
        report(f"{', '.join(map(str, cell.values.values()))}: {how}")

    try:
        for trial in waiting:
            prepare(trial.cell, trial.table)
        if job.engine == "ray" and waiting:
            run_on_ray(waiting, job.jobs, ended, job.out)
        else:
            run_locally(waiting, job.jobs, ended)
    except OSError as error:
        raise DatasetError(
            f"{error.filename or job.out}: {error.strerror}", "choose another folder, or make room"
        ) from error


def _write(
    job: BenchJob, prepared: Sequence[_Prepared], rows: Sequence[BenchRow], splits: Sequence[FixedSplit]
) -> tuple[Path, ...]:
    files = tuple(job.out / f"bench{suffix}" for suffix in (".parquet", ".csv", ".md", ".html"))
    for path in files[:2]:
        write_bench_table(path, rows)
    write_text_tables(files[2], paper_tables(rows))
    write_page(files[3], BenchPage(tuple(rows), tuple(splits), {each.data.title: each.remarks for each in prepared}))
    return files
