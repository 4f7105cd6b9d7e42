"""One encoder learns, or what an earlier run left of it is taken: here, or in a process of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock
from lightning_fabric import Fabric

from ecg_live.errors import ModelError
from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.tensor_file import tensors_sha256
from training.data.corpus import Corpus
from training.data.fingerprints import fingerprints
from training.data.subset import WindowSubset, train_validation_split
from training.pretext.embedding import pretext_accuracy
from training.pretext.encoder_file import EncoderCard, read_encoder, save_encoder
from training.pretext.loop import PretextProgress, pretrain
from training.pretext.train_step import launch_fabric
from training.results import PretextLog
from training.settings import PretextSettings, TrainSettings

ENCODER_NAME = "encoder.safetensors"  # in a task's folder, once it is done
LogValues = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class EncoderJob:
    """What an encoder learns from, what is kept back to measure it, and what to begin with.

    ``name`` is for people; ``card`` what is to be said of the encoder, save how it went; ``folder`` holds those of all
    tasks.
    """

    name: str
    learnt: WindowSubset
    kept: WindowSubset
    start: ConvEncoder | None
    settings: PretextSettings
    card: EncoderCard
    folder: Path

    @property
    def own(self) -> Path:
        """The task's own folder, named after all that decides what comes out."""
        before = tensors_sha256(self.start.state_dict()) if self.start else ""
        key = json.dumps([self.learnt.key, asdict(self.settings), before], sort_keys=True)
        return self.folder / hashlib.sha256(key.encode()).hexdigest()[:16]

    @property
    def done(self) -> bool:
        """Whether the encoder is there."""
        return (self.own / ENCODER_NAME).exists()


def plan_encoder(
    corpora: Sequence[Corpus],
    whose: Sequence[Mapping[str, frozenset[str]]],
    person: str | None,
    first: tuple[ConvEncoder, EncoderCard] | None,
    settings: TrainSettings,
    folder: Path,
) -> EncoderJob:
    """Learn from all but one ``person`` of those scored; ``whose`` says who each corpus's people are.

    Raises
    ------
    DatasetError
        If a recording cannot be read any more.
    """
    without = [{who for who, people in each.items() if person in people} for each in whose]
    learnt, kept = train_validation_split(zip(corpora, without, strict=True))
    card = first[1] if first else EncoderCard(settings.pretext.padding, {}, {})
    seen, files = dict(card.seen), set(card.files)
    for corpus, left_out in zip(corpora, without, strict=True):
        own = {who: each for who, each in fingerprints(corpus.dataset).items() if who not in left_out}
        seen[corpus.dataset.name] = tuple(sorted({*seen.get(corpus.dataset.name, ()), *own}))
        files.update(*own.values())
    licences = [*card.made.get("licences", ()), *(corpus.dataset.licence for corpus in corpora)]
    made: dict[str, Any] = {
        "settings": asdict(settings.pretext),
        "data": [corpus.dataset.title for corpus in corpora],
        "licences": list(dict.fromkeys(licences)),
    }
    if first:
        made["started_from"] = {name: value for name, value in card.made.items() if name != "log"}
    return EncoderJob(
        "pretext" if person is None else f"pretext without {person}",
        learnt,
        kept,
        first[0] if first else None,
        settings.pretext,
        EncoderCard(settings.pretext.padding, seen, made, tuple(sorted(files)), settings.corpus.scale),
        folder.absolute() / "pretext",
    )


def train_or_load(
    task: EncoderJob, on: Fabric, report: Callable[[PretextProgress], None]
) -> tuple[ConvEncoder, LogValues]:
    """The encoder, and how it went as plain values; of runs that share the folder one learns, and the others wait.

    Raises
    ------
    DatasetError, ConfigError, ModelError
        As `pretrain`, or if an earlier run's encoder is damaged.
    """
    with _run_lock(task.own) if on.world_size == 1 else contextlib.nullcontext():
        if not task.done:
            return _train(task, on, report)
    encoder, card = read_encoder(task.own / ENCODER_NAME)
    return encoder, card.made["log"]


def train_in_subprocess(task: EncoderJob) -> str:
    """Learn in a process of its own, and leave the encoder in the task's folder; the task's name."""

    def watch(_at: PretextProgress) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            raise SystemExit(1)

    train_or_load(task, launch_fabric(task.settings), watch)
    return task.name


def parse_log(made: LogValues, people: str) -> PretextLog:
    """A log from what JSON made of it, with whom of the people scored the encoder has seen."""
    accuracy = {name: tuple(values) for name, values in made["accuracy"].items()}
    plain = {**made, "steps": tuple(made["steps"]), "loss": tuple(made["loss"]), "accuracy": accuracy}
    return PretextLog(**{**plain, "people_seen": people})


def _train(task: EncoderJob, on: Fabric, report: Callable[[PretextProgress], None]) -> tuple[ConvEncoder, LogValues]:
    found = pretrain(task.learnt, task.settings, task.own, report, corpus=task.learnt.key, start=task.start, on=on)
    log: LogValues = {
        "steps": found.curve.steps,
        "loss": found.curve.loss,
        "accuracy": found.curve.accuracy,
        "held_out": pretext_accuracy(found.net, task.kept, 0, task.settings) if len(task.kept) else {},
        "windows": len(task.learnt),
        "seconds": found.seconds,
    }
    if on.is_global_zero:
        card = replace(task.card, made={**task.card.made, "log": log})
        save_encoder(found.net.encoder, card, task.own / ENCODER_NAME)
    return found.net.encoder, log


def _run_lock(folder: Path) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder}: {error.strerror}", "give another folder with --work") from error
    return FileLock(folder / "lock")
