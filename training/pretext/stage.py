"""The encoder: one that was given, or one that learns from recordings without labels; and whom it has seen."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from filelock import FileLock
from lightning_fabric import Fabric

from ecg_live.atomic_write import write_whole
from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.tensor_file import tensors_sha256
from training.data.corpus import Corpus, build_corpus
from training.data.fingerprints import match_subjects, seen_subjects
from training.datasets import open_unlabelled
from training.datasets.dataset import Dataset
from training.parallel import Engine
from training.pretext.embedding import embed
from training.pretext.encoder_file import EncoderCard
from training.pretext.loop import PretextProgress
from training.pretext.pretrained import read_initial, read_pretrained
from training.pretext.task import EncoderJob, LogValues, parse_log, plan_encoder, train_in_subprocess, train_or_load
from training.progress import ProgressDisplay
from training.results import PretextLog
from training.settings import TrainSettings

UNSEEN_ONLY, SEEN_TOO = "never those who are scored", "those who are scored, too (transductive)"


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where a run keeps what it makes, on what it computes, and who is told.

    ``processes`` share what does not need a graphics card.
    """

    folder: Path
    on: Fabric
    show: ProgressDisplay
    processes: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Encoders:
    """The encoder to ship, how it was made, and how that went (None where it was given).

    ``embedding`` gives features (n, 128) of all labelled windows, by an encoder that has never seen the wearer named.
    ``people`` says whom of those scored the encoders have seen, ``corpora`` are what was given them to learn from.
    """

    encoder: ConvEncoder
    card: EncoderCard
    log: PretextLog | None
    embedding: Callable[[str | None], F64]
    people: str
    corpora: tuple[Corpus, ...] = ()


def load_encoder(path: Path, labelled: Corpus, settings: TrainSettings, place: RunContext) -> Encoders:
    """An encoder from a file of its own or from a bundle.

    Raises
    ------
    ModelError
        If it holds none.
    ConfigError
        If it has seen people who are to be scored as strangers, or windows of another scale.
    """
    encoder, card = read_pretrained(path, labelled, settings)
    features = cached_embedding(encoder, labelled, place)
    return Encoders(encoder, card, None, lambda _person: features, _people(card, labelled))


def train_encoders(
    labelled: Corpus,
    folders: Sequence[Path],
    start: Path | None,
    settings: TrainSettings,
    place: RunContext,
    engine: Engine | None = None,
) -> Encoders | None:
    """An encoder that learns from folders of recordings, or from the labelled data set's own if there are none.

    It begins with the weights of ``start``, if given, and has then seen whom that one has. When people are left out,
    those of them who are in it, by name or by what their files hold, get an encoder each that has never seen them,
    unless ``transductive``; these learn over ``engine``, or here one after the other. None in all processes but the
    first.

    Raises
    ------
    DatasetError, ConfigError, ModelError
        If windows or settings do not allow it, or training fails.
    """
    first = read_initial(start, labelled, settings) if start else None
    datasets = [open_unlabelled(folder) for folder in folders] or [labelled.dataset]
    whose = [match_subjects(dataset, labelled.dataset) for dataset in datasets]
    apart = settings.evaluate.protocol == "loso" and not settings.evaluate.transductive
    alone = sorted(frozenset().union(*(people for each in whose for people in each.values()))) if apart else []
    corpora = [_corpus(dataset, settings, place) for dataset in datasets]
    task, *others = [plan_encoder(corpora, whose, person, first, settings, place.folder) for person in (None, *alone)]
    encoder, log = _train_encoder(task, place)
    made = dict(zip(alone, _train_all(others, place, engine), strict=True))
    if not place.on.is_global_zero:
        return None
    features: dict[str | None, F64] = {None: cached_embedding(encoder, labelled, place)}
    features |= {person: cached_embedding(other, labelled, place) for person, other in made.items()}
    people = _people(task.card, labelled, alone)
    card = replace(task.card, made={**task.card.made, "log": log})
    return Encoders(
        encoder,
        card,
        parse_log(log, people),
        lambda person: features.get(person, features[None]),
        people,
        tuple(corpora) if folders else (),
    )


def cached_embedding(encoder: ConvEncoder, corpus: Corpus, place: RunContext) -> F64:
    """Features (n, 128) of a corpus, computed once for every encoder.

    Raises
    ------
    DatasetError
        If the disk does not take them.
    """
    name = hashlib.sha256((tensors_sha256(encoder.state_dict()) + corpus.key).encode()).hexdigest()[:16]
    path = place.folder / "features" / f"{name}.npy"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if (kept := _read_embedding(path, len(corpus.windows))) is not None:
                return kept
            place.show.progress("features", 0, len(corpus.windows))
            made = embed(encoder.to(place.on.device), corpus.windows)
            encoder.cpu()
            content = io.BytesIO()
            np.save(content, made)
            write_whole(path, content.getvalue())
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "free some space, and give the same command again") from error
    place.show.progress("features", len(made), len(made))
    return made


def _read_embedding(path: Path, windows: int) -> F64 | None:
    """Features that are kept; None if there are none, or not all of them, or something else."""
    try:
        found = np.load(path, allow_pickle=False)
    except (FileNotFoundError, EOFError, ValueError):
        return None
    whole = isinstance(found, np.ndarray) and found.shape == (windows, EMBEDDING_SIZE) and found.dtype == np.float64
    return found if whole else None


def _corpus(dataset: Dataset, settings: TrainSettings, place: RunContext) -> Corpus:
    def report(done: int, total: int, windows: int) -> None:
        place.show.progress(f"pretext windows of {dataset.title}", done, total, f"{windows} windows")

    hop = settings.corpus.pretext_hop
    return build_corpus(dataset, settings.corpus, hop, place.folder / "corpus", report, place.processes)


def _train_encoder(task: EncoderJob, place: RunContext) -> tuple[ConvEncoder, LogValues]:
    def report(at: PretextProgress) -> None:
        accuracy = " ".join(f"{name} {value:.2f}" for name, value in at.accuracy.items())
        place.show.progress(task.name, at.step, at.steps, f"loss {at.loss:.4f}; {accuracy}")

    return train_or_load(task, place.on, report)


def _train_all(tasks: Sequence[EncoderJob], place: RunContext, engine: Engine | None) -> list[ConvEncoder]:
    """The encoders of tasks, several at a time over an engine; each is kept when it is done."""
    missing = [task for task in tasks if not task.done] if engine else []
    if engine and missing:
        stage, done = "pretext without one person each", len(tasks) - len(missing)
        place.show.progress(stage, done, len(tasks))
        with closing(engine.map(train_in_subprocess, missing)) as names:
            for number, name in enumerate(names, done + 1):
                place.show.progress(stage, number, len(tasks), name)
    return [_train_encoder(task, place)[0] for task in tasks]


def _people(card: EncoderCard, labelled: Corpus, alone: Sequence[str] = ()) -> str:
    """Whether an encoder has seen people whom it scores, which it does not where they have one ``alone``."""
    return SEEN_TOO if set(seen_subjects(labelled.dataset, card.seen, card.files)) - set(alone) else UNSEEN_ONLY
