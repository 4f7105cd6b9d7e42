"""From recordings to a bundle and its report: what ``ecg-live train`` does, from top to bottom."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ecg_live.errors import ConfigError, DatasetError
from ecg_live.model.bundle import load_bundle, save_bundle
from ecg_live.tables import check_replaceable, check_table_path
from training.data.copies import refuse_copied_files, refuse_copied_windows
from training.data.corpus import Corpus
from training.data.kept_back import split_subjects
from training.data.near_copies import check_copies
from training.datasets import open_dataset, open_unlabelled
from training.datasets.class_order import choose_labels
from training.datasets.dataset import Dataset
from training.datasets.last_seconds import label_last
from training.evaluation.prediction_table import PLACE_COLUMNS, NamedPredictions, NamedRatings, write_predictions
from training.fine_tuned_encoders import FINE_TUNED_FOLDER, check_fine_tuning, fine_tuned_encoders
from training.learnable_labels import check_labels, make_scorable_windows, refuse_replaced_heads
from training.outcome import make_bundle, make_report
from training.parallel import Engine, open_engine
from training.preregistration import register, registration_remark
from training.pretext.leakage import find_leakage
from training.pretext.pretrained import read_initial
from training.pretext.stage import Encoders, load_encoder, train_encoders
from training.pretext.train_step import launch_fabric
from training.progress import ProgressDisplay
from training.report import write_report
from training.report.rating_scores import CONSTANT_ROW
from training.report.score_tables import training_tables
from training.report.text_tables import check_text_path, write_text_tables
from training.results import LabelResult, TrainingReport
from training.run_context import RunContext
from training.settings import PretextSettings, TrainSettings, as_dict
from training.stage_two import KeptBack, train_label
from training.stage_two_rating import train_rating

__all__ = ["TrainJob", "run_cell", "run_training"]

SWEPT_FEATURES = ("embedding", "random encoder")  # a sweep is about encoders
HEAD_SWEPT_FEATURES = ("embedding", "both", "hrv", "random encoder")  # or, over a finished one, about heads


@dataclass(frozen=True, slots=True)
class TrainJob:
    """What to train.

    Parameters
    ----------
    dataset, data
        Name and folder of the labelled data set.
    out : Path
        Bundle to write; the report is written beside it (``.html``, ``.json``).
    labels : tuple of str
        Which of the data set's, as in ``arousal`` or ``arousal[low,high]``; its first without them.
    pretrain : tuple of Path
        Folders of recordings that the encoder learns from; the labelled ones without them.
    encoder : Path, optional
        A trained encoder, or a bundle that holds one; none is trained.
    start : Path, optional
        An encoder, or a bundle, whose weights training starts from.
    add_head : Path, optional
        A bundle whose encoder is used and whose heads are kept beside the new ones.
    name : str
        Name of the model, for its card.
    engine : str
        Where folds run: ``local`` or ``ray``.
    processes : int, optional
        How many run at a time; as many as there are cores without it.
    work : Path, optional
        Where windows, checkpoints and folds are kept; ``OUT.work`` without it.
    fresh : bool
        Start over: checkpoints and folds of earlier runs are removed.
    predictions : Path, optional
        Table of the predictions for every window that scores were made from; ``OUT.predictions.parquet`` without it.
    tables : tuple of Path
        Where scores and confusion by subject are written as text, ``.md`` or ``.tex``.
    score_kept_back : bool
        Whether the heads are scored on the subjects that were kept back. Cells of a sweep are not: a group that many
        settings are scored on is one that a choice has looked at.
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
    score_kept_back: bool = True
    predictions: Path | None = None
    tables: tuple[Path, ...] = ()

    @property
    def predictions_path(self) -> Path:
        """Where the predictions are written to."""
        return self.predictions or self.out.with_suffix(".predictions.parquet")

    @property
    def loaded_encoder(self) -> Path | None:
        """The file that the encoder is loaded from; None if it is trained."""
        return self.add_head or self.encoder


def run_training(job: TrainJob, settings: TrainSettings, display: ProgressDisplay) -> TrainingReport | None:
    """Train, score, and write bundle and report; None in all processes but the first.

    Raises
    ------
    EcgLiveError
        If settings, data or disk do not allow it; what was made by then is kept for the next run.
    """
    began = time.monotonic()
    _check_job(job)
    previous = load_bundle(job.add_head) if job.add_head else None
    engine = open_engine(job.engine, job.processes)
    opened = label_last(open_dataset(job.dataset, job.data), settings.corpus.last)
    dataset, asked = _select_labels(job, opened)
    if previous:
        refuse_replaced_heads(job.add_head, asked, previous.card.heads)
    check_fine_tuning(asked, dataset, job.add_head, settings)
    refuse_copied_files(dataset)
    left_out: list[str] = []
    names = check_labels(asked, dataset, settings, display, left_out)
    context = _open_context(job, settings.pretext, display, engine)
    corpus = context.build_corpus(dataset, settings.corpus, settings.corpus.hop, "windows")
    refuse_copied_windows(corpus)
    split = split_subjects(dataset, settings.evaluate.kept_back)
    windows = make_scorable_windows(names, corpus, settings, split.kept_back, display, left_out)
    encoders = _encoders(job, corpus, settings, context, split.kept_back)
    if encoders is None:
        return None
    if settings.head.fine_tune:
        own = windows[0].take_subjects(split.kept_back, inside=False)
        encoders = fine_tuned_encoders(encoders, own, corpus, context, settings)
    digests = register(context.folder, dataset.name, [each.name for each in windows], settings, split)
    group = KeptBack(split.kept_back, score=job.score_kept_back)
    copies = check_copies(corpus)
    labels = {
        each.name: (train_label if each.table.value is None else train_rating)(
            each, corpus, encoders, context, settings, group, copies
        )
        for each in windows
    }
    labels = {name: each.with_digests(digests) for name, each in labels.items()}
    bundle = make_bundle(job.name, corpus, encoders, labels, previous)
    seconds = time.monotonic() - began
    report = make_report(job.name, job.loaded_encoder, corpus, encoders, labels, as_dict(settings), seconds)
    remarks = (*report.remarks, registration_remark(context.folder, digests), *left_out)
    report = replace(report, remarks=remarks, digests=digests)
    write_report(report, job.out.with_suffix(".html"), job.out.with_suffix(".json"))
    save_bundle(bundle, job.out)
    parts = [
        NamedPredictions(job.out.name, dataset.name, name, windows)
        for name, label in labels.items()
        for windows in label.predictions
    ]
    ratings = [
        NamedRatings(job.out.name, dataset.name, name, windows)
        for name, label in labels.items()
        for windows in label.ratings
    ]
    write_predictions(job.predictions_path, [*parts, *ratings])
    for path in job.tables:
        write_text_tables(path, training_tables(report.labels, parts))
    return report


def _check_job(job: TrainJob) -> None:
    """Refuse options that contradict each other, before anything is read."""
    if job.out.suffix != ".safetensors":
        raise ConfigError(f"--out {job.out}: a bundle's name ends in .safetensors", "rename it")
    if not job.out.parent.is_dir():
        raise ConfigError(f"--out {job.out}: there is no folder {job.out.parent}", "make it, or choose another")
    for path in (job.out, job.out.with_suffix(".html"), job.out.with_suffix(".json")):
        if path.is_dir():
            raise ConfigError(f"--out {job.out}: {path} is a folder", "rename it, or choose another")
    check_table_path(job.predictions_path, "--predictions")
    check_replaceable(job.predictions_path, PLACE_COLUMNS)
    for path in job.tables:
        check_text_path(path)
    if job.add_head and (job.encoder or job.pretrain or job.start):
        raise ConfigError("--add-head takes the bundle's encoder", "leave --encoder, --pretrain and --start out")
    if job.encoder and (job.pretrain or job.start):
        raise ConfigError("--encoder is not trained any more", "leave it out, or --pretrain and --start")


def _open_context(job: TrainJob, settings: PretextSettings, display: ProgressDisplay, engine: Engine) -> RunContext:
    """The run's folder and devices.

    With a graphics card, encoders are trained on it one after the other, unless Ray has other machines for them.
    """
    folder = job.work or job.out.with_suffix(".work")
    fabric = launch_fabric(settings)
    if job.fresh and fabric.is_global_zero:
        for kind in ("pretext", FINE_TUNED_FOLDER, "folds"):
            shutil.rmtree(folder / kind, ignore_errors=True)
    fabric.barrier()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "give another folder with --work") from error
    parallel = fabric.world_size == 1 and (job.engine != "local" or fabric.device.type == "cpu")
    return RunContext(folder, fabric, display, engine, parallel)


def _select_labels(job: TrainJob, dataset: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """The data set with classes in the order that the job states, and the labels to learn, all of which it has."""
    if not dataset.labels:
        raise ConfigError(
            f"{dataset.name} has no labels, so that there is nothing for heads to learn",
            f"give labelled data as --dataset, and {job.data} as --pretrain",
        )
    return choose_labels(dataset, job.labels or tuple(dataset.labels)[:1])


def _encoders(
    job: TrainJob, corpus: Corpus, settings: TrainSettings, context: RunContext, kept_back: Sequence[str]
) -> Encoders | None:
    """Stage one; None in all processes but the first."""
    unseen_only = settings.evaluate.unseen_encoders
    if job.loaded_encoder:
        first = context.fabric.is_global_zero
        return load_encoder(job.loaded_encoder, corpus, context, unseen_only=unseen_only) if first else None
    padding, kind = settings.pretext.padding, settings.encoder.kind
    initial = read_initial(job.start, corpus, padding, kind, unseen_only=unseen_only) if job.start else None
    datasets = [open_unlabelled(folder) for folder in job.pretrain] or [corpus.dataset]
    hop = settings.corpus.pretext_hop
    corpora = [context.build_corpus(each, settings.corpus, hop, "pretext windows") for each in datasets]
    data = find_leakage(corpora, corpus.dataset, unseen_only=unseen_only, kept_back=kept_back)
    if data.held_out and settings.evaluate.protocol == "groupkfold":
        raise ConfigError(
            f"the encoder would learn from {len(data.held_out)} of the subjects who are left out in groups",
            "give --pretrain with other subjects, --encoder, or --transductive; or --protocol loso",
        )
    return train_encoders(data, corpus, initial, settings.pretext, context, kind)


def run_cell(run: Mapping[str, Any], settings: TrainSettings, folder: Path) -> dict[str, float]:
    """Train one cell of a sweep; the encoder's scores and pretext accuracies.

    Cells share windows and whatever else does not differ between them.

    Parameters
    ----------
    run : mapping
        ``dataset``, ``data`` and, optionally, ``label``, ``pretrain`` and ``encoder``, as `training.sweep.plan` reads
        them.
    settings : TrainSettings
        The cell's.
    folder : Path
        The cell's; the sweep's is its parent.

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
        encoder=Path(run["encoder"]) if "encoder" in run else None,
        work=folder.parent / "work",
        score_kept_back=False,
    )
    report = run_training(job, settings, ProgressDisplay())
    assert report is not None, "cells run in one process"  # noqa: S101
    return _encoder_scores(report)


def _encoder_scores(report: TrainingReport) -> dict[str, float]:
    """AUROC of the embedding (plotted), in the adaptive set, with a baseline, and of an untrained encoder.

    Held-out accuracies of the pretext task stand beside them; of a finished encoder there are none, and AUROC of all
    features that a head may have. A label that is a number has concordance CCC and root mean squared error in the place
    of AUROC, and the error of always the mean rating.
    """
    found: dict[str, float] = {}
    features = HEAD_SWEPT_FEATURES if report.pretext is None else SWEPT_FEATURES
    for label in report.labels:
        rows = [row for row in label.rows if row.protocol == report.settings["evaluate"]["protocol"]]
        shown = [row for row in rows if row.features in features]
        for row in sorted(shown, key=lambda row: (features.index(row.features), row.baseline)):
            kind = ", adaptive set" if row.set == "adaptive" else ", baseline" if row.baseline else ""
            name = f"{label.name} {row.features}{kind}"
            found[name] = row.scores.auroc if row.scores.auroc is not None else math.nan
            if "auroc" in row.interval:
                found[f"{name}_low"], found[f"{name}_high"] = row.interval["auroc"]
        found |= _rating_scores(label, report.settings["evaluate"]["protocol"], features)
    if report.pretext is not None:
        found |= {f"pretext {task}": value for task, value in report.pretext.held_out.items()}
    return found


def _rating_scores(label: LabelResult, protocol: str, features: Sequence[str]) -> dict[str, float]:
    """CCC and error, with their intervals, of a label that is a number; none of one that has classes."""
    found: dict[str, float] = {}
    order = (*features, CONSTANT_ROW)
    rows = [row for row in label.regression if row.protocol == protocol and row.features in order]
    for row in sorted(rows, key=lambda row: (order.index(row.features), row.baseline)):
        kind = f"{'constant' if row.features == CONSTANT_ROW else row.features}{', baseline' if row.baseline else ''}"
        for score in ("rmse",) if row.features == CONSTANT_ROW else ("ccc", "rmse"):
            value, name = getattr(row.scores, score), f"{label.name} {kind}, {score.upper()}"
            found[name] = math.nan if value is None else value
            if score in row.interval:
                found[f"{name}_low"], found[f"{name}_high"] = row.interval[score]
    return found
