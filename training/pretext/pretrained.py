"""An encoder that somebody gives: whether it may score these people, and goes with these settings."""

from __future__ import annotations

from pathlib import Path

from ecg_live.errors import BundleError, ConfigError, IncompatibleBundle, ModelError
from ecg_live.model.bundle import ModelCard, load_bundle
from ecg_live.model.encoder import ConvEncoder
from training.data.corpus import Corpus
from training.data.fingerprints import seen_subjects
from training.pretext.encoder_file import EncoderCard, read_encoder
from training.settings import TrainSettings

LICENCE_PREFIX = "GPL-3.0-or-later; data: "  # of a bundle, before its data's own


def read_pretrained(path: Path, labelled: Corpus, settings: TrainSettings) -> tuple[ConvEncoder, EncoderCard]:
    """An encoder from a file of its own or from a bundle, whose card says whom its encoder has seen.

    Raises
    ------
    ModelError
        If it holds none.
    ConfigError
        If it has seen people who are to be scored as strangers, or windows of another scale.
    """
    try:
        encoder, card = read_encoder(path)
    except ModelError as error:
        try:
            bundle = load_bundle(path)
        except IncompatibleBundle:
            raise
        except BundleError:
            raise error from None
        encoder, card = bundle.encoder, _encoder_card(bundle.card)
    if card.scale != settings.corpus.scale:
        raise ConfigError(
            f"{path} learnt from windows of scale {card.scale}; the settings say {settings.corpus.scale}",
            f"give --set corpus.scale={card.scale}, or another encoder",
        )
    seen = seen_subjects(labelled.dataset, card.seen, card.files)
    if seen and settings.evaluate.protocol == "loso" and not settings.evaluate.transductive:
        raise ConfigError(
            f"{path} has seen {len(seen)} of the people who would be left out, {seen[0]} among them",
            "give --transductive, and the report will say so, or an encoder that was trained without them",
        )
    return encoder, card


def read_initial(path: Path, labelled: Corpus, settings: TrainSettings) -> tuple[ConvEncoder, EncoderCard]:
    """An encoder whose weights fit what is to be trained.

    Raises
    ------
    ModelError, ConfigError
        As `read_pretrained`, or if its padding is another.
    """
    encoder, card = read_pretrained(path, labelled, settings)
    if card.padding != settings.pretext.padding:
        raise ConfigError(
            f"{path} has padding {card.padding}; the settings say {settings.pretext.padding}",
            f"give --set pretext.padding={card.padding}",
        )
    return encoder, card


def _encoder_card(bundle: ModelCard) -> EncoderCard:
    """What a bundle says of its encoder; the first ones do not tell its data's licence from their heads'."""
    made = {"licences": [bundle.licence.removeprefix(LICENCE_PREFIX)], **bundle.pretext}
    seen = {name: tuple(people) for name, people in made.pop("seen", {}).items()}
    return EncoderCard(bundle.padding, seen, made, tuple(made.pop("files", ())))
