"""Encoders that were fine-tuned with labels: one for each fold, from its training windows alone, and one to ship."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live.errors import ConfigError, ModelError
from ecg_live.events import F64
from ecg_live.model.tensor_file import tensors_sha256
from ecg_live.model.torch_weights import module_arrays
from training.data.corpus import Corpus
from training.data.feature_table import Mask
from training.data.fingerprints import fingerprints
from training.data.labelled_windows import LabelledWindows
from training.data.subset import WindowSubset
from training.datasets.dataset import Dataset, Rating
from training.encoders import kind_of, padding_of
from training.networks import FrozenEncoder, TrainableEncoder
from training.pretext.embedding import cached_embedding
from training.pretext.encoder_file import EncoderCard, read_encoder, save_encoder
from training.pretext.fine_tune import BATCH, ENCODER_RATE, LAYER_RATE, fine_tune
from training.pretext.stage import Encoders
from training.run_context import RunContext
from training.settings import TrainSettings

FINE_TUNED_FOLDER = "fine_tuned"  # in the run's: encoders that are finished


def check_fine_tuning(names: Sequence[str], dataset: Dataset, add_head: Path | None, settings: TrainSettings) -> None:
    """Refuse to fine-tune one encoder for several heads, or for a number, before anything is computed.

    Raises
    ------
    ConfigError
        If that is asked for.
    """
    if not settings.head.fine_tune:
        return
    asked, remedy = f"head.fine_tune is {settings.head.fine_tune}", "leave head.fine_tune at 0"
    if add_head:
        raise ConfigError(f"{asked}: the encoder of {add_head} serves its other heads as it is", remedy)
    if len(names) > 1:
        raise ConfigError(
            f"{asked} with {len(names)} labels ({', '.join(names)}), which cannot share one fine-tuned encoder",
            f"give one --label, or {remedy}",
        )
    if settings.head.split == "none" and isinstance(dataset.labels[names[0]], Rating):
        raise ConfigError(f"{asked}: {names[0]} is a number, and an encoder is fine-tuned with classes", remedy)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FineTunedEncoders(Encoders):
    """What stage one gave, fine-tuned; ``embeddings`` are by the encoder to ship.

    Parameters
    ----------
    before : Encoders
        What it was before.
    windows : LabelledWindows
        What it may learn from: subjects that were kept back are not among them.
    corpus : Corpus
        All windows.
    context : RunContext
        Keeps encoders and embeddings.
    epochs, seed : int
        How it learns.
    """

    before: Encoders
    windows: LabelledWindows
    corpus: Corpus
    context: RunContext
    epochs: int
    seed: int

    @property
    def frozen(self) -> Encoders:
        """Those that learnt no labels."""
        return self.before

    @property
    def remarks(self) -> tuple[str, ...]:
        """For the report: which rows are of which encoder."""
        text = (
            f"fine-tuned: the encoder of the rows with an embedding learnt labels, too ({self.epochs} epochs), in each "
            "fold from its training windows alone; where segments are mixed beside another protocol, it did not. "
            "Features and calibration go by training subjects whose labels it has seen: both trust it too much, which "
            "the scores show"
        )
        return (text,)

    def fold_embedding(self, subject: str | None, test: Mask) -> F64:
        """Features (n, 128) by an encoder that learnt from the windows without those of the fold."""
        start = self.before.encoder_without(subject)
        tuned = _tuned(start, self.windows, test, self.corpus, self.context, self.epochs, self.seed)
        return cached_embedding(tuned, self.corpus, self.context)


def fine_tuned_encoders(
    encoders: Encoders, windows: LabelledWindows, corpus: Corpus, context: RunContext, settings: TrainSettings
) -> FineTunedEncoders:
    """Fine-tune the encoder to ship with all windows of a label; those of folds are made when they are asked for.

    Parameters
    ----------
    encoders : Encoders
        What stage one gave; it stays as it is.
    windows : LabelledWindows
        What it learns from, without subjects that were kept back.
    corpus, context, settings
        As of `training.stage_two.train_label`.

    Raises
    ------
    ConfigError
        If the encoder is an imported one.
    ModelError
        If it diverges, or cannot be kept.
    """
    no_test, epochs, seed = np.zeros(len(windows.index), np.bool_), settings.head.fine_tune, settings.seed
    tuned = _tuned(encoders.encoder, windows, no_test, corpus, context, epochs, seed)
    same: dict[str, Any] = {field.name: getattr(encoders, field.name) for field in fields(Encoders)}
    changed = {
        "encoder": tuned,
        "card": _card(encoders.card, windows, corpus, epochs),
        "embeddings": {None: cached_embedding(tuned, corpus, context)},
    }
    return FineTunedEncoders(
        **{**same, **changed},
        before=encoders,
        windows=windows,
        corpus=corpus,
        context=context,
        epochs=epochs,
        seed=seed,
    )


def _tuned(
    start: FrozenEncoder,
    windows: LabelledWindows,
    test: Mask,
    corpus: Corpus,
    context: RunContext,
    epochs: int,
    seed: int,
) -> TrainableEncoder:
    """The encoder that learnt from the labelled windows (m,) that are not in ``test``; one made before is read."""
    if not isinstance(start, TrainableEncoder):
        raise ConfigError(
            f"head.fine_tune is {epochs}: an imported encoder cannot be trained on", "leave head.fine_tune at 0"
        )
    learnt = windows.table.scored(relative=False) & ~test
    rows, label = windows.index[learnt], windows.table.label[learnt]
    sha = hashlib.sha256(json.dumps([corpus.key, epochs, seed, ENCODER_RATE, LAYER_RATE, BATCH]).encode())
    for part in (tensors_sha256(module_arrays(start)).encode(), rows.tobytes(), label.tobytes()):
        sha.update(part)
    path = context.folder / FINE_TUNED_FOLDER / f"{sha.hexdigest()[:16]}.safetensors"
    if not path.exists():
        name = f"{windows.name}: fine-tuning{f', {int(test.sum())} windows left out' if test.any() else ''}"

        def report(epoch: int) -> None:
            context.display.progress(name, epoch, epochs)

        subset = WindowSubset([(corpus, rows)])
        tuned = fine_tune(start, subset, label, epochs, seed, context.fabric.device, report)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelError(f"{path}: {error.strerror}", "give another folder with --work") from error
        save_encoder(tuned, EncoderCard(padding_of(tuned), {}, {}, kind=kind_of(tuned)), path)
    return read_encoder(path)[0]


def _card(card: EncoderCard, windows: LabelledWindows, corpus: Corpus, epochs: int) -> EncoderCard:
    """The card with the subjects whose labels were learnt, who count as seen."""
    data, subjects = corpus.dataset, windows.table.subjects
    prints = fingerprints(data)
    files = {*card.files}.union(*(prints[subject] for subject in subjects))
    seen: Mapping[str, tuple[str, ...]] = {
        **card.seen,
        data.name: tuple(sorted({*card.seen.get(data.name, ()), *subjects})),
    }
    made = {"label": windows.name, "data": data.name, "subjects": list(subjects), "epochs": epochs}
    made |= {"rate": ENCODER_RATE, "batch": BATCH}
    return replace(card, seen=seen, made={**card.made, "fine_tuned": made}, files=tuple(sorted(files)))
