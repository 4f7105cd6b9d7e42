"""One encoder to train, here or in a process of its own; an encoder that an earlier run trained is loaded instead."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock
from lightning_fabric import Fabric

from ecg_live.errors import ModelError
from ecg_live.model.tensor_file import tensors_sha256
from ecg_live.model.torch_weights import module_arrays
from training.data.fingerprints import fingerprints
from training.data.subset import WindowSubset, train_validation_split
from training.networks import TrainableEncoder
from training.pretext.embedding import pretext_accuracy
from training.pretext.encoder_file import EncoderCard, read_encoder, save_encoder
from training.pretext.leakage import TrainingData
from training.pretext.loop import PretextProgress, pretrain
from training.pretext.train_step import launch_fabric
from training.results import PretextLog
from training.settings import EncoderKind, PretextSettings

ENCODER_NAME = "encoder.safetensors"  # in a job's folder, once it is done
LogValues = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class EncoderJob:
    """What an encoder learns from.

    Parameters
    ----------
    name : str
        For progress.
    train, validation : WindowSubset
        Windows to learn from, and to measure what was learnt.
    start : encoder, optional
        One whose weights training starts from; random ones without it.
    settings : PretextSettings
        How it learns.
    card : EncoderCard
        The encoder's card, without the log.
    root : Path
        Holds the folders of all jobs.
    kind : str
        Of the encoder.
    """

    name: str
    train: WindowSubset
    validation: WindowSubset
    start: TrainableEncoder | None
    settings: PretextSettings
    card: EncoderCard
    root: Path
    kind: EncoderKind = "cnn"

    @property
    def folder(self) -> Path:
        """The job's own folder, named after all that decides its result."""
        start = tensors_sha256(module_arrays(self.start)) if self.start else ""
        key = json.dumps([self.train.key, self.kind, asdict(self.settings), start], sort_keys=True)
        return self.root / hashlib.sha256(key.encode()).hexdigest()[:16]

    @property
    def is_done(self) -> bool:
        """Whether the encoder is there."""
        return (self.folder / ENCODER_NAME).exists()


def plan_encoder(
    data: TrainingData,
    subject: str | None,
    initial: tuple[TrainableEncoder, EncoderCard] | None,
    settings: PretextSettings,
    folder: Path,
    kind: EncoderKind = "cnn",
) -> EncoderJob:
    """Plan an encoder that learns from all subjects but one.

    Parameters
    ----------
    data : TrainingData
        What it may learn from.
    subject : str, optional
        The scored subject who is left out.
    initial : TrainableEncoder and EncoderCard, optional
        An encoder to start from.
    settings : PretextSettings
        How it learns.
    folder : Path
        The run's.
    kind : str
        Of the encoder.

    Raises
    ------
    DatasetError
        If a recording cannot be read.
    """
    excluded = data.excluded(subject)
    train, validation = train_validation_split(zip(data.corpora, excluded, strict=True))
    return EncoderJob(
        "pretext" if subject is None else f"pretext without {subject}",
        train,
        validation,
        initial[0] if initial else None,
        settings,
        replace(_plan_card(data, excluded, initial[1] if initial else None, settings), kind=kind),
        folder.absolute() / "pretext",
        kind,
    )


def _plan_card(
    data: TrainingData, excluded: list[set[str]], initial: EncoderCard | None, settings: PretextSettings
) -> EncoderCard:
    """What the encoder will have seen, what ``initial`` has seen included."""
    seen = dict(initial.seen) if initial else {}
    files = set(initial.files) if initial else set()
    for corpus, left_out in zip(data.corpora, excluded, strict=True):
        own = {name: each for name, each in fingerprints(corpus.dataset).items() if name not in left_out}
        seen[corpus.dataset.name] = tuple(sorted({*seen.get(corpus.dataset.name, ()), *own}))
        files.update(*own.values())
    licences = [
        *(initial.made.get("licences", ()) if initial else ()),
        *(corpus.dataset.licence for corpus in data.corpora),
    ]
    made: dict[str, Any] = {
        "settings": asdict(settings),
        "data": [corpus.dataset.title for corpus in data.corpora],
        "licences": list(dict.fromkeys(licences)),
    }
    if initial:
        made["started_from"] = {name: value for name, value in initial.made.items() if name != "log"}
    return EncoderCard(settings.padding, seen, made, tuple(sorted(files)), data.corpora[0].scale)


def train_or_load(
    job: EncoderJob, fabric: Fabric, report: Callable[[PretextProgress], None]
) -> tuple[TrainableEncoder, LogValues]:
    """The encoder, and the log of its training; of runs that share the folder one trains, and the others wait.

    Raises
    ------
    DatasetError, ConfigError, ModelError
        As `pretrain`, or if an earlier run's encoder is damaged.
    """
    with _run_lock(job.folder) if fabric.world_size == 1 else contextlib.nullcontext():
        if not job.is_done:
            return _train(job, fabric, report)
    encoder, card = read_encoder(job.folder / ENCODER_NAME)
    return encoder, card.made["log"]


def train_in_subprocess(job: EncoderJob) -> str:
    """Train in this process, which its parent started, and leave the encoder in the job's folder; the job's name."""

    def end_with_parent(_progress: PretextProgress) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            raise SystemExit(1)

    train_or_load(job, launch_fabric(job.settings), end_with_parent)
    return job.name


def parse_log(made: LogValues, seen_note: str) -> PretextLog:
    """A log from its JSON values, with the note on the scored subjects that the encoder has seen."""
    accuracy = {name: tuple(values) for name, values in made["accuracy"].items()}
    plain = {**made, "steps": tuple(made["steps"]), "loss": tuple(made["loss"]), "accuracy": accuracy}
    return PretextLog(**{**plain, "people_seen": seen_note})


def _train(
    job: EncoderJob, fabric: Fabric, report: Callable[[PretextProgress], None]
) -> tuple[TrainableEncoder, LogValues]:
    found = pretrain(
        job.train,
        job.settings,
        job.folder,
        report,
        corpus=job.train.key,
        kind=job.kind,
        start=job.start,
        fabric=fabric,
    )
    log: LogValues = {
        "steps": found.curve.steps,
        "loss": found.curve.loss,
        "accuracy": found.curve.accuracy,
        "held_out": pretext_accuracy(found.net, job.validation, 0, job.settings) if len(job.validation) else {},
        "windows": len(job.train),
        "seconds": found.seconds,
    }
    if fabric.is_global_zero:
        card = replace(job.card, made={**job.card.made, "log": log})
        save_encoder(found.net.encoder, card, job.folder / ENCODER_NAME)
    return found.net.encoder, log


def _run_lock(folder: Path) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder}: {error.strerror}", "give another folder with --work") from error
    return FileLock(folder / "lock")
