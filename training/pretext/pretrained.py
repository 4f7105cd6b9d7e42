"""Read an encoder that was trained before, from its own file or from a bundle, and check that it fits the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ecg_live.errors import BundleError, ConfigError, IncompatibleBundle, ModelError
from ecg_live.model.bundle import ModelCard, load_bundle
from ecg_live.model.encoder_kinds import torch_encoder
from ecg_live.model.imported.encoder_file import holds_imported, read_imported
from ecg_live.model.imported.module import ImportedEncoder
from training.data.corpus import Corpus
from training.encoders import kind_of
from training.networks import FrozenEncoder, TrainableEncoder
from training.pretext.encoder_file import EncoderCard, read_encoder
from training.pretext.leakage import refuse_seen
from training.settings import EncoderKind

LICENCE_PREFIX = "GPL-3.0-or-later; data: "  # of a bundle, before its data's own


def read_pretrained(path: Path, scored: Corpus, *, unseen_only: bool) -> tuple[FrozenEncoder, EncoderCard]:
    """An encoder and its card.

    Parameters
    ----------
    path : Path
        An encoder's file, trained here or imported, or a bundle.
    scored : Corpus
        The labelled windows.
    unseen_only : bool
        Whether to refuse an encoder that has seen scored subjects.

    Raises
    ------
    ModelError
        If the file holds no encoder.
    ConfigError
        If it has seen scored subjects, or windows of another scale.
    """
    encoder: FrozenEncoder
    try:
        encoder, card = _read_imported(path) if holds_imported(path) else read_encoder(path)
    except ModelError as error:
        try:
            bundle = load_bundle(path)
        except IncompatibleBundle:
            raise
        except BundleError:
            raise error from None
        found = torch_encoder(bundle)
        if not isinstance(found, FrozenEncoder):
            kind = bundle.card.encoder["kind"]
            raise ConfigError(
                f"{path} has an encoder of kind {kind!r}, which cannot be trained on", "give another"
            ) from None
        encoder, card = found, replace(_encoder_card(bundle.card), kind=kind_of(found))
    if card.scale != scored.scale:
        raise ConfigError(
            f"{path} learnt from windows of scale {card.scale}; the settings say {scored.scale}",
            f"give --set corpus.scale={card.scale}, or another encoder",
        )
    if unseen_only:
        refuse_seen(path, card, scored.dataset)
    if "fine_tuned" in card.made:
        refuse_seen(path, card, scored.dataset, "give one that learnt from them without labels")
    return encoder, card


def read_initial(
    path: Path, scored: Corpus, padding: str, kind: EncoderKind = "cnn", *, unseen_only: bool
) -> tuple[TrainableEncoder, EncoderCard]:
    """An encoder for training to start from.

    Parameters
    ----------
    path, scored, unseen_only
        As for `read_pretrained`.
    padding, kind : str
        The padding and the kind that it must have.

    Raises
    ------
    ModelError, ConfigError
        As `read_pretrained`, or if its kind or padding differs.
    """
    encoder, card = read_pretrained(path, scored, unseen_only=unseen_only)
    if isinstance(encoder, ImportedEncoder):
        raise ConfigError(
            f"{path} holds an imported encoder, which cannot be trained on", "give it with --encoder: heads stand on it"
        )
    if card.kind != kind:
        raise ConfigError(
            f"{path} holds an encoder of kind {card.kind}; the settings say {kind}",
            f"give --set encoder.kind={card.kind}",
        )
    if kind == "cnn" and card.padding != padding:
        raise ConfigError(
            f"{path} has padding {card.padding}; the settings say {padding}",
            f"give --set pretext.padding={card.padding}",
        )
    return encoder, card


def _read_imported(path: Path) -> tuple[ImportedEncoder, EncoderCard]:
    """An imported encoder; which subjects it has seen, nobody knows."""
    graph, card = read_imported(path)
    made = {"data": [f"{card.name} (imported)"], "licences": [f"{card.licence} ({card.name})"]}
    return ImportedEncoder(card, graph).eval(), EncoderCard("valid", {}, made)


def _encoder_card(bundle: ModelCard) -> EncoderCard:
    """The encoder's part of a bundle's card; early bundles do not separate its data's licence from their heads'."""
    made = {"licences": [bundle.licence.removeprefix(LICENCE_PREFIX)], **bundle.pretext}
    seen = {name: tuple(subjects) for name, subjects in made.pop("seen", {}).items()}
    return EncoderCard(bundle.padding, seen, made, tuple(made.pop("files", ())))
