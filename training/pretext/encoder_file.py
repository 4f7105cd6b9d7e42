"""Encoders between the stages: one safetensors file with a card, which names the subjects that the encoder has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from ecg_live.errors import ModelError
from ecg_live.model.encoder_layout import Padding
from ecg_live.model.tensor_file import TensorFile
from ecg_live.model.torch_weights import load_arrays, module_arrays, module_tensors
from training.encoders import new_encoder
from training.networks import TrainableEncoder
from training.settings import EncoderKind

ENCODER_REMEDY = "give an encoder that the first stage wrote"
_KINDS: dict[str, EncoderKind] = {name: name for name in get_args(EncoderKind)}
_PADDINGS: dict[str, Padding] = {name: name for name in get_args(Padding)}
ENCODER_FORMAT = TensorFile("ecg_live_encoder", "encoder", ModelError, ENCODER_REMEDY)


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """How an encoder was made.

    Parameters
    ----------
    padding : str
        Of its convolutions.
    seen : mapping
        Subjects that it learnt from, by data set.
    made : mapping
        Settings, data, licences and log as plain values.
    files : tuple of str
        Fingerprints (`training.data.fingerprints`) of the recordings that it learnt from.
    scale : str
        How their windows were normalised.
    kind : str
        The setting ``encoder.kind``.
    """

    padding: Padding
    seen: Mapping[str, tuple[str, ...]]
    made: Mapping[str, Any]
    files: tuple[str, ...] = ()
    scale: str = "streaming"
    kind: EncoderKind = "cnn"


def save_encoder(encoder: TrainableEncoder, card: EncoderCard, path: Path) -> None:
    """Write an encoder atomically.

    Raises
    ------
    ModelError
        If the file cannot be written.
    """
    try:
        ENCODER_FORMAT.write(path, module_arrays(encoder), {"card": asdict(card)})
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", "choose a place that can be written to, and has room") from error


def read_encoder(path: Path) -> tuple[TrainableEncoder, EncoderCard]:
    """Read what `save_encoder` wrote.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or something else.
    """
    tensors, meta = ENCODER_FORMAT.read(path)
    try:
        card = EncoderCard(**meta["card"])
        seen = {name: tuple(subjects) for name, subjects in card.seen.items()}
        encoder = new_encoder(_KINDS[card.kind], _PADDINGS[card.padding])
        files = tuple(card.files)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} holds no encoder that this version can read", ENCODER_REMEDY) from error
    load_arrays(encoder, ENCODER_FORMAT.take(module_tensors(encoder), "", tensors, path))
    return encoder.eval(), replace(card, seen=seen, files=files)
