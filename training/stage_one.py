"""The encoder: one that was given, or one that learns from recordings without labels; and whom it has seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lightning_fabric import Fabric

from ecg_live.errors import BundleError, ConfigError, DatasetError, ModelError
from ecg_live.model.bundle import digest, load_bundle
from ecg_live.model.encoder import Encoder
from ecg_live.types import F64
from training.choice import learnt_and_held_back
from training.corpus import Corpus, build_corpus
from training.datasets import open_unlabelled
from training.datasets.dataset import Dataset
from training.encoders import EncoderCard, read_encoder, save_encoder
from training.features import embed, pretext_accuracy
from training.pretext import Progress, pretrain
from training.results import PretextLog
from training.settings import TrainSettings
from training.show import Show

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
    """

    encoder: Encoder
    card: EncoderCard
    log: PretextLog | None
    embedding: Callable[[str | None], F64]


def given_encoder(path: Path, labelled: Corpus, settings: TrainSettings, place: Workplace) -> Encoders:
    """An encoder from a file of its own or from a bundle.

    Raises
    ------
    ModelError
        If it holds none.
    ConfigError
        If it has seen people who are to be scored as strangers.
    """
    encoder, card = _read(path, labelled, settings)
    features = cached(encoder, labelled, place)
    return Encoders(encoder, card, None, lambda _person: features)


def trained_encoder(
    labelled: Corpus, folders: Sequence[Path], start: Path | None, settings: TrainSettings, place: Workplace
) -> Encoders | None:
    """An encoder that learns from folders of recordings, or from the labelled data set's own if there are none.

    It begins with the weights of ``start``, if given, and has then seen whom that one has. When people are left out,
    those of them who are in it get an encoder each that has never seen them, unless ``transductive``.
    None in all processes but the first.

    Raises
    ------
    DatasetError, ConfigError, ModelError
        If windows or settings do not allow it, or training fails.
    """
    first = _start(start, labelled, settings) if start else None
    datasets = [open_unlabelled(folder) for folder in folders] or [labelled.dataset]
    corpora = [_corpus(dataset, settings, place) for dataset in datasets]
    shared = {subject for dataset in datasets if dataset.name == labelled.dataset.name for subject in dataset.subjects}
    apart = settings.evaluate.protocol == "loso" and not settings.evaluate.transductive
    alone = sorted(shared & set(labelled.dataset.subjects)) if apart else []
    encoder, card, log = _learn(corpora, None, first, bool(shared) and not apart, settings, place)
    others = {person: _learn(corpora, person, first, False, settings, place)[0] for person in alone}
    if not place.on.is_global_zero:
        return None
    features: dict[str | None, F64] = {None: cached(encoder, labelled, place)}
    features |= {person: cached(other, labelled, place) for person, other in others.items()}
    return Encoders(encoder, card, log, lambda person: features.get(person, features[None]))


def cached(encoder: Encoder, corpus: Corpus, place: Workplace) -> F64:
    """Features (n, 128) of a corpus, computed once for every encoder.

    Raises
    ------
    DatasetError
        If the disk does not take them.
    """
    name = hashlib.sha256((digest(encoder.state_dict()) + corpus.key).encode()).hexdigest()[:16]
    path = place.folder / "features" / f"{name}.npy"
    if path.exists():
        return np.asarray(np.load(path), np.float64)
    place.show.progress("features", 0, len(corpus.windows))
    made = embed(encoder.to(place.on.device), corpus.windows)
    encoder.cpu()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npy")
        np.save(part, made)
        part.replace(path)
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "free some space, and give the same command again") from error
    place.show.progress("features", len(made), len(made))
    return made


def _read(path: Path, labelled: Corpus, settings: TrainSettings) -> tuple[Encoder, EncoderCard]:
    """An encoder file or a bundle; the latter's card says whom its encoder has seen."""
    try:
        encoder, card = read_encoder(path)
    except ModelError as error:
        try:
            bundle = load_bundle(path)
        except BundleError:
            raise error from None
        pretext = dict(bundle.card.pretext)
        seen = {name: tuple(people) for name, people in pretext.pop("seen", {}).items()}
        encoder, card = bundle.encoder, EncoderCard(bundle.card.padding, seen, pretext)
    known = sorted(set(card.seen.get(labelled.dataset.name, ())) & set(labelled.dataset.subjects))
    if known and settings.evaluate.protocol == "loso" and not settings.evaluate.transductive:
        raise ConfigError(
            f"{path} has seen {len(known)} of the people who would be left out, {known[0]} among them",
            "give --transductive, and the report will say so, or an encoder that was trained without them",
        )
    return encoder, card


def _start(path: Path, labelled: Corpus, settings: TrainSettings) -> tuple[Encoder, EncoderCard]:
    """An encoder whose weights fit what is to be trained."""
    encoder, card = _read(path, labelled, settings)
    if card.padding != settings.pretext.padding:
        raise ConfigError(
            f"{path} has padding {card.padding}; the settings say {settings.pretext.padding}",
            f"give --set pretext.padding={card.padding}",
        )
    return encoder, card


def _corpus(dataset: Dataset, settings: TrainSettings, place: Workplace) -> Corpus:
    def report(done: int, total: int, windows: int) -> None:
        place.show.progress(f"pretext windows of {dataset.title}", done, total, f"{windows} windows")

    hop = settings.corpus.pretext_hop
    return build_corpus(dataset, settings.corpus, hop, place.folder / "corpus", report, place.processes)


def _learn(
    corpora: Sequence[Corpus],
    without: str | None,
    first: tuple[Encoder, EncoderCard] | None,
    transductive: bool,
    settings: TrainSettings,
    place: Workplace,
) -> tuple[Encoder, EncoderCard, PretextLog]:
    """Stage one on all but one wearer, or what an earlier run left of it."""
    learnt, kept = learnt_and_held_back(corpora, without)
    start = first[0] if first else None
    before = digest(start.state_dict()) if start else ""
    key = json.dumps([learnt.key, asdict(settings.pretext), before], sort_keys=True)
    folder = place.folder / "pretext" / hashlib.sha256(key.encode()).hexdigest()[:16]
    if (folder / "encoder.safetensors").exists():
        encoder, card = read_encoder(folder / "encoder.safetensors")
        return encoder, card, read_log(card.made["log"])
    stage = "pretext" if without is None else f"pretext without {without}"

    def report(at: Progress) -> None:
        accuracy = " ".join(f"{name} {value:.2f}" for name, value in at.accuracy.items())
        place.show.progress(stage, at.step, at.steps, f"loss {at.loss:.4f}; {accuracy}")

    found = pretrain(learnt, settings.pretext, folder, report, corpus=learnt.key, start=start, on=place.on)
    held_out = pretext_accuracy(found.net, kept, 0, settings.pretext) if len(kept) else {}
    people = TOGETHER if transductive else APART
    log = PretextLog(
        tuple(found.curve.steps), found.curve.loss, found.curve.accuracy, held_out, len(learnt), found.seconds, people
    )
    seen = {corpus.dataset.name: tuple(s for s in corpus.dataset.subjects if s != without) for corpus in corpora}
    titles = [corpus.dataset.title for corpus in corpora]
    made: dict[str, Any] = {"settings": asdict(settings.pretext), "data": titles, "log": asdict(log)}
    if first:
        seen = {name: first[1].seen.get(name, ()) + seen.get(name, ()) for name in {**first[1].seen, **seen}}
        made["started_from"] = {name: value for name, value in first[1].made.items() if name != "log"}
    card = EncoderCard(settings.pretext.padding, seen, made)
    if place.on.is_global_zero:
        save_encoder(found.net.encoder, card, folder / "encoder.safetensors")
    return found.net.encoder, card, log


def read_log(made: dict[str, Any]) -> PretextLog:
    """A log from what JSON made of it."""
    accuracy = {name: tuple(values) for name, values in made["accuracy"].items()}
    return PretextLog(**{**made, "steps": tuple(made["steps"]), "loss": tuple(made["loss"]), "accuracy": accuracy})
