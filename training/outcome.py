"""What a training run writes: the bundle, and the values of its report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live import __version__
from ecg_live.model.bundle import Bundle, ModelCard
from ecg_live.model.imported.module import ImportedEncoder
from ecg_live.model.tensor_file import tensors_sha256
from ecg_live.model.torch_weights import module_arrays
from ecg_live.signal.pipeline import PREPROCESSING
from training.data.corpus import Corpus
from training.encoders import card_entry, padding_of
from training.pretext.pretrained import LICENCE_PREFIX
from training.pretext.stage import Encoders
from training.report.data_summary import embedding_map, example_windows, summarise
from training.results import TrainingReport
from training.stage_two import TrainedLabel


def make_bundle(
    name: str, corpus: Corpus, encoders: Encoders, labels: Mapping[str, TrainedLabel], previous: Bundle | None
) -> Bundle:
    """A bundle of the new heads and those of ``previous``, which have other names.

    A bundle whose windows were normalised otherwise than on the live path has a card that states it; the live path
    refuses it.

    Parameters
    ----------
    name : str
        Of the model; empty for that of ``previous``, or one made of the labels.
    corpus : Corpus
        The labelled windows.
    encoders : Encoders
        What stage one gave.
    labels : mapping
        What stage two made, by label.
    previous : Bundle, optional
        A bundle with the same encoder.
    """
    data = corpus.dataset
    cards = {**(previous.card.heads if previous else {}), **{name: each.card for name, each in labels.items()}}
    heads = {**(previous.heads if previous else {}), **{name: each.heads for name, each in labels.items()}}
    pretext = {name: value for name, value in encoders.card.made.items() if name != "log"}
    if encoders.log is not None:
        pretext |= {"held_out_accuracy": dict(encoders.log.held_out), "windows": encoders.log.windows}
    pretext["seen"] = {each: list(subjects) for each, subjects in encoders.card.seen.items()}
    pretext["files"] = list(encoders.card.files)
    card = ModelCard(
        name=name or (previous.card.name if previous else f"{', '.join(cards)} from ECG"),
        padding=padding_of(encoders.encoder),
        encoder=card_entry(encoders.encoder),
        heads=cards,
        data="; ".join(dict.fromkeys([*([previous.card.data] if previous else []), data.title])),
        licence=_licence(previous, encoders, data.licence),
        pretext=pretext,
        preprocessing=PREPROCESSING if corpus.scale == "streaming" else {**PREPROCESSING, "zscore": corpus.scale},
        created=datetime.now(UTC).date().isoformat(),
        software=f"ecg-live {__version__}",
        signal=data.signal,
    )
    return Bundle(card, module_arrays(encoders.encoder), heads)


def _licence(previous: Bundle | None, encoders: Encoders, own: str) -> str:
    """The project's licence, and those of all data that encoder and heads, old and new, were made from."""
    found = previous.card.licence if previous else LICENCE_PREFIX
    for licence in (*encoders.card.made.get("licences", ()), own):
        if licence not in found:
            found += licence if found.endswith(" ") else f"; {licence}"
    return found


def make_report(
    name: str,
    loaded_from: Path | None,
    corpus: Corpus,
    encoders: Encoders,
    labels: Mapping[str, TrainedLabel],
    settings: Mapping[str, Any],
    seconds: float,
) -> TrainingReport:
    """The values of a run's report.

    Parameters
    ----------
    name : str
        Of the model; empty for the names of its labels.
    loaded_from : Path, optional
        The file that the encoder was loaded from; None if it was trained.
    corpus : Corpus
        The labelled windows.
    encoders : Encoders
        What stage one gave.
    labels : mapping
        What stage two made, by label.
    settings : mapping
        All settings as plain values.
    seconds : float
        How long the run took.
    """
    counts = {label: _class_counts(each) for label, each in labels.items()}
    class_names = next(iter(labels.values())).class_names
    labelled = np.flatnonzero(class_names != "")
    points = embedding_map(encoders.embedding()[labelled], corpus.subjects[labelled], class_names[labelled])
    return TrainingReport(
        name=name or ", ".join(labels),
        settings=settings,
        data=(summarise(corpus, counts), *(summarise(each, {}) for each in encoders.corpora)),
        pretext=encoders.log,
        labels=tuple(each.result for each in labels.values()),
        embedding_map=points,
        examples=example_windows(corpus, class_names),
        created=datetime.now(UTC).date().isoformat(),
        software=f"ecg-live {__version__}",
        seconds=round(seconds, 1),
        remarks=_encoder_remarks(loaded_from, encoders.frozen),
    )


def _class_counts(label: TrainedLabel) -> dict[str, int]:
    """Windows by class, and those without one."""
    names = label.card.classes or (label.result.name,)
    counts = {name: int((label.class_names == name).sum()) for name in names}
    unlabelled = int((label.class_names == "").sum())
    return counts | {"(no label)": unlabelled} if unlabelled else counts


def _encoder_remarks(loaded_from: Path | None, encoders: Encoders) -> tuple[str, ...]:
    """Where an encoder that was loaded comes from."""
    if loaded_from is None:
        return ()
    subjects = "; ".join(f"{len(each)} of {name}" for name, each in encoders.card.seen.items())
    seen = f"which has seen subjects: {subjects}: {encoders.seen_note}" if subjects else "which names no subjects"
    return (
        f"The encoder is that of {loaded_from.name} ({tensors_sha256(module_arrays(encoders.encoder))[:12]}), {seen}.",
        *_import_remarks(encoders),
    )


def _import_remarks(encoders: Encoders) -> tuple[str, ...]:
    """What an imported encoder is, and what it is compared with."""
    if not isinstance(encoders.encoder, ImportedEncoder):
        return ()
    card = encoders.encoder.card
    what = f"{card.name}, licence {card.licence}, {card.window:g} s at {card.rate:g} Hz, embedding of {card.size}"
    return (f"It was imported: {what}. The random encoder beside it is the convolutional one: its graph has no twin.",)
