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
from ecg_live.model.encoder import Encoder
from ecg_live.model.tensor_file import digest
from training.data.corpus import Corpus, build_corpus
from training.data.fingerprints import known, owners
from training.datasets import open_unlabelled
from training.datasets.dataset import Dataset
from training.parallel import Engine
from training.pretext.embedding import embed
from training.pretext.encoder_file import EncoderCard
from training.pretext.loop import Progress
from training.pretext.pretrained import read_given, read_start
from training.pretext.task import Log, Task, learn, learn_apart, make_task, read_log
from training.progress import Show
from training.results import PretextLog
from training.settings import TrainSettings

APART, TOGETHER = "never those who are scored", "those who are scored, too (transductive)"


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a run keeps what it makes, on what it computes, and who is told.

    ``processes`` share what does not need a graphics card.
    """

    folder: Path
    on: Fabric
    show: Show
    processes: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Encoders:
    """The encoder to ship, how it was made, and how that went (None where it was given).

    ``embedding`` gives features (n, 128) of all labelled windows, by an encoder that has never seen the wearer named.
    ``people`` says whom of those scored the encoders have seen, ``corpora`` are what was given them to learn from.
    """

    encoder: Encoder
    card: EncoderCard
    log: PretextLog | None
    embedding: Callable[[str | None], F64]
    people: str
    corpora: tuple[Corpus, ...] = ()


def given_encoder(path: Path, labelled: Corpus, settings: TrainSettings, place: Workplace) -> Encoders:
    """An encoder from a file of its own or from a bundle.

    Raises
    ------
    ModelError
        If it holds none.
    ConfigError
        If it has seen people who are to be scored as strangers, or windows of another scale.
    """
    encoder, card = read_given(path, labelled, settings)
    features = cached(encoder, labelled, place)
    return Encoders(encoder, card, None, lambda _person: features, _people(card, labelled))


def trained_encoder(
    labelled: Corpus,
    folders: Sequence[Path],
    start: Path | None,
    settings: TrainSettings,
    place: Workplace,
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
    first = read_start(start, labelled, settings) if start else None
    datasets = [open_unlabelled(folder) for folder in folders] or [labelled.dataset]
    whose = [owners(dataset, labelled.dataset) for dataset in datasets]
    apart = settings.evaluate.protocol == "loso" and not settings.evaluate.transductive
    alone = sorted(frozenset().union(*(people for each in whose for people in each.values()))) if apart else []
    corpora = [_corpus(dataset, settings, place) for dataset in datasets]
    task, *others = [make_task(corpora, whose, person, first, settings, place.folder) for person in (None, *alone)]
    encoder, log = _learn(task, place)
    made = dict(zip(alone, _learn_all(others, place, engine), strict=True))
    if not place.on.is_global_zero:
        return None
    features: dict[str | None, F64] = {None: cached(encoder, labelled, place)}
    features |= {person: cached(other, labelled, place) for person, other in made.items()}
    people = _people(task.card, labelled, alone)
    card = replace(task.card, made={**task.card.made, "log": log})
    return Encoders(
        encoder,
        card,
        read_log(log, people),
        lambda person: features.get(person, features[None]),
        people,
        tuple(corpora) if folders else (),
    )


def cached(encoder: Encoder, corpus: Corpus, place: Workplace) -> F64:
    """Features (n, 128) of a corpus, computed once for every encoder.

    Raises
    ------
    DatasetError
        If the disk does not take them.
    """
    name = hashlib.sha256((digest(encoder.state_dict()) + corpus.key).encode()).hexdigest()[:16]
    path = place.folder / "features" / f"{name}.npy"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if (kept := _kept(path, len(corpus.windows))) is not None:
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


def _kept(path: Path, windows: int) -> F64 | None:
    """Features that are kept; None if there are none, or not all of them, or something else."""
    try:
        found = np.load(path, allow_pickle=False)
    except (FileNotFoundError, EOFError, ValueError):
        return None
    whole = isinstance(found, np.ndarray) and found.shape == (windows, EMBEDDING_SIZE) and found.dtype == np.float64
    return found if whole else None


def _corpus(dataset: Dataset, settings: TrainSettings, place: Workplace) -> Corpus:
    def report(done: int, total: int, windows: int) -> None:
        place.show.progress(f"pretext windows of {dataset.title}", done, total, f"{windows} windows")

    hop = settings.corpus.pretext_hop
    return build_corpus(dataset, settings.corpus, hop, place.folder / "corpus", report, place.processes)


def _learn(task: Task, place: Workplace) -> tuple[Encoder, Log]:
    def report(at: Progress) -> None:
        accuracy = " ".join(f"{name} {value:.2f}" for name, value in at.accuracy.items())
        place.show.progress(task.name, at.step, at.steps, f"loss {at.loss:.4f}; {accuracy}")

    return learn(task, place.on, report)


def _learn_all(tasks: Sequence[Task], place: Workplace, engine: Engine | None) -> list[Encoder]:
    """The encoders of tasks, several at a time over an engine; each is kept when it is done."""
    missing = [task for task in tasks if not task.done] if engine else []
    if engine and missing:
        stage, done = "pretext without one person each", len(tasks) - len(missing)
        place.show.progress(stage, done, len(tasks))
        with closing(engine.map(learn_apart, missing)) as names:
            for number, name in enumerate(names, done + 1):
                place.show.progress(stage, number, len(tasks), name)
    return [_learn(task, place)[0] for task in tasks]


def _people(card: EncoderCard, labelled: Corpus, alone: Sequence[str] = ()) -> str:
    """Whether an encoder has seen people whom it scores, which it does not where they have one ``alone``."""
    return TOGETHER if set(known(labelled.dataset, card.seen, card.files)) - set(alone) else APART
