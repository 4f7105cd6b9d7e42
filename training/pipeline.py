"""From recordings to a bundle and its report: what ``ecg-live train`` does, from top to bottom."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live.errors import ConfigError, DatasetError
from ecg_live.model.bundle import load_bundle, save_bundle
from training.data.corpus import Corpus, build_corpus
from training.datasets import open_dataset
from training.datasets.class_order import choose_labels, order_remark
from training.datasets.dataset import Dataset
from training.evaluation.splits import check_scorable
from training.outcome import make_bundle, make_report
from training.parallel import Engine, open_engine
from training.pretext.stage import Encoders, RunContext, load_encoder, train_encoders
from training.pretext.train_step import launch_fabric
from training.progress import ProgressDisplay
from training.report import write_report
from training.results import TrainingReport
from training.settings import TrainSettings
from training.stage_two import label_windows, make_feature_table, train_label

__all__ = ["TrainJob", "run_cell", "run_training"]

SWEPT_FEATURES = ("embedding", "random encoder")  # of a sweep, which is about encoders


@dataclass(frozen=True, slots=True)
class TrainJob:
    """What to train.

    Parameters
    ----------
    dataset, data
        Name and folder of the labelled data set.
    out : Path
        Bundle to write; the report goes beside it (``.html``, ``.json``).
    labels : tuple of str
        Which of the data set's, as in ``arousal`` or ``arousal[low,high]``; its first without them.
    pretrain : tuple of Path
        Folders of recordings that the encoder learns from; the labelled ones without them.
    encoder : Path, optional
        An encoder, or a bundle to take it from, in place of learning one.
    start : Path, optional
        An encoder, or a bundle, whose weights the encoder begins with.
    add_head : Path, optional
        A bundle whose encoder is taken and whose heads are kept beside the new ones.
    name : str
        Of the model, for its card.
    engine : str
        Where folds run: ``local`` or ``ray``.
    processes : int, optional
        How many at a time; as many as there are cores without it.
    work : Path, optional
        Where windows, checkpoints and folds are kept; ``OUT.work`` without it.
    fresh : bool
        Start over: what earlier runs left of checkpoints and folds is removed.
    """

    dataset: str
    data: Path
    out: Path
    labels: tuple[str, ...] = ()
    pretrain: tuple[Path, ...] = ()
    encoder: Path | None = None
    start: Path | None = None
    add_head: Path | None = None
    name: str = ""
    engine: str = "local"
    processes: int | None = None
    work: Path | None = None
    fresh: bool = False


def run_training(job: TrainJob, settings: TrainSettings, show: ProgressDisplay) -> TrainingReport | None:
    """Train, score, and write bundle and report; None in all processes but the first.

    Raises
    ------
    EcgLiveError
        If settings, data or disk do not allow it; what was made by then is kept for the next time.
    """
    began = time.monotonic()
    _check_job(job)
    before = load_bundle(job.add_head) if job.add_head else None
    folds = open_engine(job.engine, job.processes)
    data = open_dataset(job.dataset, job.data)
    data, wanted = _select_labels(job, data)
    place = _open_context(job, settings, show)
    corpus = _labelled_corpus(data, settings, place)
    for name in wanted:
        _check_scorable(name, corpus, settings)
        if unsure := order_remark(name, data.labels[name]):
            show.line(f"warning: {unsure}")
    encoders = _encoders(job, corpus, settings, place, folds)
    if encoders is None:
        return None
    learnt = {name: train_label(name, corpus, encoders, settings, place, folds) for name in wanted}
    bundle = make_bundle(job.name, corpus, encoders, learnt, before, settings.corpus.scale)
    given = job.add_head or job.encoder
    report = make_report(job.name, given, corpus, encoders, learnt, settings, time.monotonic() - began)
    write_report(report, job.out.with_suffix(".html"), job.out.with_suffix(".json"))
    save_bundle(bundle, job.out)
    return report


def _check_job(job: TrainJob) -> None:
    """What cannot be, before anything is read."""
    if job.out.suffix != ".safetensors":
        raise ConfigError(f"--out {job.out}: a bundle's name ends in .safetensors", "rename it")
    if not job.out.parent.is_dir():
        raise ConfigError(f"--out {job.out}: there is no folder {job.out.parent}", "make it, or choose another")
    for path in (job.out, job.out.with_suffix(".html"), job.out.with_suffix(".json")):
        if path.is_dir():
            raise ConfigError(f"--out {job.out}: {path} is a folder", "rename it, or choose another")
    if job.add_head and (job.encoder or job.pretrain or job.start):
        raise ConfigError("--add-head takes the bundle's encoder", "leave --encoder, --pretrain and --start out")
    if job.encoder and (job.pretrain or job.start):
        raise ConfigError("--encoder is not trained any more", "leave it out, or --pretrain and --start")


def _select_labels(job: TrainJob, data: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """The data set with classes in the order that was asked for, and the labels to learn, all of which it has."""
    if not data.labels:
        raise ConfigError(
            f"{data.name} has no labels, so that there is nothing for heads to learn",
            f"give labelled data as --dataset, and {job.data} as --pretrain",
        )
    return choose_labels(data, job.labels or tuple(data.labels)[:1])


def _open_context(job: TrainJob, settings: TrainSettings, show: ProgressDisplay) -> RunContext:
    folder = job.work or job.out.with_suffix(".work")
    on = launch_fabric(settings.pretext)
    if job.fresh and on.is_global_zero:
        for kind in ("pretext", "folds"):
            shutil.rmtree(folder / kind, ignore_errors=True)
    on.barrier()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "give another folder with --work") from error
    return RunContext(folder, on, show, job.processes)


def _labelled_corpus(data: Dataset, settings: TrainSettings, place: RunContext) -> Corpus:
    def report(done: int, total: int, windows: int) -> None:
        place.show.progress(f"windows of {data.title}", done, total, f"{windows} windows")

    return build_corpus(data, settings.corpus, settings.corpus.hop, place.folder / "corpus", report, place.processes)


def _check_scorable(name: str, corpus: Corpus, settings: TrainSettings) -> None:
    """Find out before stage one, which may take hours, whether a label bears scores out."""
    found = label_windows(name, corpus, settings)
    made = make_feature_table(corpus, found, np.empty((len(corpus.rows), 0)), settings.evaluate.baseline)
    check_scorable(made.take(made.scored(relative=False)), settings.evaluate)


def _encoders(
    job: TrainJob, corpus: Corpus, settings: TrainSettings, place: RunContext, folds: Engine
) -> Encoders | None:
    """Stage one; None in all processes but the first.

    With a graphics card, folds' encoders learn on it one after the other, unless Ray has other machines for them.
    """
    if given := job.add_head or job.encoder:
        return load_encoder(given, corpus, settings, place) if place.on.is_global_zero else None
    alone = place.on.world_size == 1 and (job.engine != "local" or place.on.device.type == "cpu")
    return train_encoders(corpus, job.pretrain, job.start, settings, place, folds if alone else None)


def run_cell(run: Mapping[str, Any], settings: TrainSettings, folder: Path) -> dict[str, float]:
    """One cell of a sweep: train as a job would, and give the encoder's scores and pretext accuracies.

    ``run`` holds ``dataset``, ``data`` and, if wanted, ``label`` and ``pretrain``, as `training.sweep.plan` reads them.
    Cells share windows and whatever else does not differ between them.

    Raises
    ------
    EcgLiveError
        As `run_training`.
    """
    job = TrainJob(
        run["dataset"],
        Path(run["data"]),
        folder / "model.safetensors",
        tuple(run[name] for name in ("label",) if name in run),
        tuple(Path(each) for each in run.get("pretrain", ())),
        work=folder.parent / "work",
    )
    report = run_training(job, settings, ProgressDisplay())
    assert report is not None, "cells run in one process"  # noqa: S101
    return _encoder_scores(report)


def _encoder_scores(report: TrainingReport) -> dict[str, float]:
    """AUROC of the embedding, alone (which is plotted) and with a baseline, and of its rival; held-out pretext."""
    found: dict[str, float] = {}
    for label in report.labels:
        rows = [row for row in label.rows if row.protocol == report.settings["evaluate"]["protocol"]]
        shown = [row for row in rows if row.features in SWEPT_FEATURES]
        for row in sorted(shown, key=lambda row: (SWEPT_FEATURES.index(row.features), row.baseline)):
            name = f"{label.name} {row.features}{', baseline' if row.baseline else ''}"
            found[name] = row.scores.auroc if row.scores.auroc is not None else math.nan
            if "auroc" in row.interval:
                found[f"{name}_low"], found[f"{name}_high"] = row.interval["auroc"]
    if report.pretext is not None:
        found |= {f"pretext {task}": value for task, value in report.pretext.held_out.items()}
    return found
