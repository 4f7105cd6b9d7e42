"""What a run leaves: the bundle, and all that its report shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ecg_live import __version__
from ecg_live.model.bundle import Bundle, ModelCard
from ecg_live.model.tensor_file import tensors_sha256
from ecg_live.signal.pipeline import PREPROCESSING
from training.data.corpus import Corpus
from training.pretext.pretrained import LICENCE_PREFIX
from training.pretext.stage import Encoders
from training.report.data_summary import embedding_map, example_windows, summarise
from training.results import TrainingReport
from training.settings import TrainSettings, as_dict
from training.stage_two import TrainedLabel


def make_bundle(
    name: str, corpus: Corpus, encoders: Encoders, learnt: Mapping[str, TrainedLabel], before: Bundle | None, scale: str
) -> Bundle:
    """New heads beside those of ``before``, if any; a head of the same name is replaced.

    One of another ``scale`` than the live path's says so, and is refused by it.
    """
    data = corpus.dataset
    cards = {**(before.card.heads if before else {}), **{name: each.card for name, each in learnt.items()}}
    heads = {**(before.heads if before else {}), **{name: each.heads for name, each in learnt.items()}}
    pretext = {name: value for name, value in encoders.card.made.items() if name != "log"}
    if encoders.log is not None:
        pretext |= {"held_out_accuracy": dict(encoders.log.held_out), "windows": encoders.log.windows}
    pretext["seen"] = {each: list(people) for each, people in encoders.card.seen.items()}
    pretext["files"] = list(encoders.card.files)
    card = ModelCard(
        name=name or (before.card.name if before else f"{', '.join(cards)} from ECG"),
        padding=encoders.encoder.padding,
        heads=cards,
        data="; ".join(dict.fromkeys([*([before.card.data] if before else []), data.title])),
        licence=_licence(before, encoders, data.licence),
        pretext=pretext,
        preprocessing=PREPROCESSING if scale == "streaming" else {**PREPROCESSING, "zscore": scale},
        created=datetime.now(UTC).date().isoformat(),
        software=f"ecg-live {__version__}",
    )
    return Bundle(card, encoders.encoder, heads)


def _licence(before: Bundle | None, encoders: Encoders, own: str) -> str:
    """The project's, and all of the data that encoder and heads, old and new, were made from."""
    found = before.card.licence if before else LICENCE_PREFIX
    for licence in (*encoders.card.made.get("licences", ()), own):
        if licence not in found:
            found += licence if found.endswith(" ") else f"; {licence}"
    return found


def make_report(
    name: str,
    given: Path | None,
    corpus: Corpus,
    encoders: Encoders,
    learnt: Mapping[str, TrainedLabel],
    settings: TrainSettings,
    seconds: float,
) -> TrainingReport:
    """All that is to be shown; ``given`` is the file that the encoder came from, if it did not learn here."""
    counts = {label: _class_counts(each) for label, each in learnt.items()}
    names = next(iter(learnt.values())).names
    shown = np.flatnonzero(names != "")
    subjects = np.array([sitting.subject for sitting in corpus.dataset.sessions])[corpus.rows["sitting"]]
    return TrainingReport(
        name=name or ", ".join(learnt),
        settings=as_dict(settings),
        data=(summarise(corpus, counts), *(summarise(each, {}) for each in encoders.corpora)),
        pretext=encoders.log,
        labels=tuple(each.result for each in learnt.values()),
        embedding_map=embedding_map(encoders.embedding(None)[shown], subjects[shown], names[shown]),
        examples=example_windows(corpus, names),
        created=datetime.now(UTC).date().isoformat(),
        software=f"ecg-live {__version__}",
        seconds=round(seconds, 1),
        remarks=_encoder_remarks(given, encoders),
    )


def _class_counts(learnt: TrainedLabel) -> dict[str, int]:
    """Windows by class, and those that have none."""
    found = {name: int((learnt.names == name).sum()) for name in learnt.card.classes}
    return found | {"(no label)": int((learnt.names == "").sum())} if (learnt.names == "").any() else found


def _encoder_remarks(given: Path | None, encoders: Encoders) -> tuple[str, ...]:
    """How the encoder was come by, where it did not learn here."""
    if given is None:
        return ()
    whom = "; ".join(f"{len(people)} of {name}" for name, people in encoders.card.seen.items())
    said = f"which has seen people: {whom}: {encoders.people}" if whom else "which does not say whom it has seen"
    return (f"The encoder is that of {given.name} ({tensors_sha256(encoders.encoder.state_dict())[:12]}), {said}.",)
