"""From recordings to a bundle and its report: what ``ecg-live train`` does, from top to bottom."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live import __version__
from ecg_live.errors import ConfigError, DatasetError
from ecg_live.model.bundle import Bundle, Card, digest, load_bundle, save_bundle
from training.corpus import Corpus, build_corpus
from training.datasets import open_dataset
from training.datasets.dataset import Dataset
from training.engines import engine
from training.report import write_report
from training.results import Report
from training.settings import TrainSettings, as_dict
from training.show import Show
from training.stage_one import Encoders, Workplace, given_encoder, trained_encoder
from training.stage_two import Learnt, learn_label
from training.step import fabric
from training.summary import embedding_map, examples, summarise

LICENCE = "GPL-3.0-or-later; data: "
SHOWN = ("embedding", "random encoder")  # of a sweep, which is about encoders


@dataclass(frozen=True, slots=True)
class Job:
    """What to train.

    Parameters
    ----------
    dataset, data
        Name and folder of the labelled data set.
    out : Path
        Bundle to write; the report goes beside it (``.html``, ``.json``).
    labels : tuple of str
        Which of the data set's; its first without them.
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


def run_job(job: Job, settings: TrainSettings, show: Show) -> Report | None:
    """Train, score, and write bundle and report; None in all processes but the first.

    Raises
    ------
    EcgLiveError
        If settings, data or disk do not allow it; what was made by then is kept for the next time.
    """
    began = time.monotonic()
    _check(job)
    before = load_bundle(job.add_head) if job.add_head else None
    folds = engine(job.engine, job.processes)
    place = _workplace(job, settings, show)
    data = open_dataset(job.dataset, job.data)
    corpus = _corpus(data, settings, place)
    given = job.add_head or job.encoder
    encoders = (
        given_encoder(given, corpus, settings, place)
        if given
        else trained_encoder(corpus, job.pretrain, job.start, settings, place)
    )
    if encoders is None:
        return None
    wanted = job.labels or tuple(data.labels)[:1]
    learnt = {name: learn_label(name, corpus, encoders, settings, place, folds) for name in wanted}
    bundle = _bundle(job, corpus, encoders, learnt, before)
    report = _report(job, corpus, encoders, learnt, settings, time.monotonic() - began)
    write_report(report, job.out.with_suffix(".html"), job.out.with_suffix(".json"))
    save_bundle(bundle, job.out)
    return report


def _check(job: Job) -> None:
    """What cannot be, before anything is read."""
    if job.out.suffix != ".safetensors":
        raise ConfigError(f"--out {job.out}: a bundle's name ends in .safetensors", "rename it")
    if not job.out.parent.is_dir():
        raise ConfigError(f"--out {job.out}: there is no folder {job.out.parent}", "make it, or choose another")
    if job.add_head and (job.encoder or job.pretrain or job.start):
        raise ConfigError("--add-head takes the bundle's encoder", "leave --encoder, --pretrain and --start out")
    if job.encoder and (job.pretrain or job.start):
        raise ConfigError("--encoder is not trained any more", "leave it out, or --pretrain and --start")


def _workplace(job: Job, settings: TrainSettings, show: Show) -> Workplace:
    folder = job.work or job.out.with_suffix(".work")
    on = fabric(settings.pretext)
    if job.fresh and on.is_global_zero:
        for kind in ("pretext", "folds"):
            shutil.rmtree(folder / kind, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "give another folder with --work") from error
    return Workplace(folder, on, show, job.processes)


def _corpus(data: Dataset, settings: TrainSettings, place: Workplace) -> Corpus:
    def report(done: int, total: int, windows: int) -> None:
        place.show.progress(f"windows of {data.title}", done, total, f"{windows} windows")

    return build_corpus(data, settings.corpus, settings.corpus.hop, place.folder / "corpus", report, place.processes)


def _bundle(
    job: Job, corpus: Corpus, encoders: Encoders, learnt: Mapping[str, Learnt], before: Bundle | None
) -> Bundle:
    """New heads beside those of ``before``, if any; a head of the same name is replaced."""
    data = corpus.dataset
    cards = {**(before.card.heads if before else {}), **{name: each.card for name, each in learnt.items()}}
    heads = {**(before.heads if before else {}), **{name: each.heads for name, each in learnt.items()}}
    pretext = {name: value for name, value in encoders.card.made.items() if name != "log"}
    if encoders.log is not None:
        pretext |= {"held_out_accuracy": dict(encoders.log.held_out), "windows": encoders.log.windows}
    pretext["seen"] = {name: list(people) for name, people in encoders.card.seen.items()}
    card = Card(
        name=job.name or (before.card.name if before else f"{', '.join(cards)} from ECG"),
        padding=encoders.encoder.padding,
        heads=cards,
        data="; ".join(dict.fromkeys([*([before.card.data] if before else []), data.title])),
        licence=before.card.licence if before else LICENCE + data.licence,
        pretext=pretext,
        created=datetime.now(UTC).date().isoformat(),
        software=f"ecg-live {__version__}",
    )
    return Bundle(card, encoders.encoder, heads)


def _report(
    job: Job,
    corpus: Corpus,
    encoders: Encoders,
    learnt: Mapping[str, Learnt],
    settings: TrainSettings,
    seconds: float,
) -> Report:
    counts = {name: _counts(each) for name, each in learnt.items()}
    names = next(iter(learnt.values())).names
    shown = np.flatnonzero(names != "")
    subjects = np.array([sitting.subject for sitting in corpus.dataset.sittings])[corpus.rows["sitting"]]
    return Report(
        name=job.name or ", ".join(learnt),
        settings=as_dict(settings),
        data=(summarise(corpus, counts),),
        pretext=encoders.log,
        labels=tuple(each.result for each in learnt.values()),
        embedding_map=embedding_map(encoders.embedding(None)[shown], subjects[shown], names[shown]),
        examples=examples(corpus, names),
        created=datetime.now(UTC).date().isoformat(),
        software=f"ecg-live {__version__}",
        seconds=round(seconds, 1),
        remarks=_remarks(job, encoders),
    )


def _counts(learnt: Learnt) -> dict[str, int]:
    """Windows by class, and those that have none."""
    found = {name: int((learnt.names == name).sum()) for name in learnt.card.classes}
    return found | {"(no label)": int((learnt.names == "").sum())} if (learnt.names == "").any() else found


def _remarks(job: Job, encoders: Encoders) -> tuple[str, ...]:
    """How the encoder was come by, where it did not learn here."""
    given = job.add_head or job.encoder
    if given is None:
        return ()
    whom = "; ".join(f"{len(people)} of {name}" for name, people in encoders.card.seen.items())
    said = f"which has seen people: {whom}" if whom else "which does not say whom it has seen"
    return (f"The encoder is that of {given.name} ({digest(encoders.encoder.state_dict())[:12]}), {said}.",)


def run_cell(run: Mapping[str, Any], settings: TrainSettings, folder: Path) -> dict[str, float]:
    """One cell of a sweep: train as a job would, and give the encoder's scores and pretext accuracies.

    ``run`` holds ``dataset``, ``data`` and, if wanted, ``label`` and ``pretrain``, as `training.sweep.plan` reads them.
    Cells share windows and whatever else does not differ between them.

    Raises
    ------
    EcgLiveError
        As `run_job`.
    """
    job = Job(
        run["dataset"],
        Path(run["data"]),
        folder / "model.safetensors",
        tuple(run[name] for name in ("label",) if name in run),
        tuple(Path(each) for each in run.get("pretrain", ())),
        work=folder.parent / "work",
    )
    report = run_job(job, settings, Show())
    assert report is not None, "cells run in one process"  # noqa: S101
    return _figures(report)


def _figures(report: Report) -> dict[str, float]:
    """AUROC of the embedding, alone and with a baseline, and of its rival; held-out pretext accuracies."""
    found: dict[str, float] = {}
    for label in report.labels:
        for row in label.rows:
            if row.protocol != report.settings["evaluate"]["protocol"] or row.features not in SHOWN:
                continue
            name = f"{label.name} {row.features}{', baseline' if row.baseline else ''}"
            found[name] = row.scores.auroc if row.scores.auroc is not None else math.nan
            if "auroc" in row.interval:
                found[f"{name}_low"], found[f"{name}_high"] = row.interval["auroc"]
    if report.pretext is not None:
        found |= {f"pretext {task}": value for task, value in report.pretext.held_out.items()}
    return found
