"""Encoders that can be trained here, by their kind."""

from __future__ import annotations

from typing import Any

from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.encoder_kinds import S4D_KIND
from ecg_live.model.encoder_layout import Padding
from ecg_live.model.imported.module import ImportedEncoder
from ecg_live.model.s4d import S4DEncoder
from training.networks import FrozenEncoder, TrainableEncoder
from training.settings import EncoderKind


def new_encoder(kind: EncoderKind, padding: Padding = "valid") -> TrainableEncoder:
    """An encoder with random weights; ``padding`` is the convolutional one's."""
    return S4DEncoder() if kind == S4D_KIND else ConvEncoder(padding)


def kind_of(encoder: FrozenEncoder) -> EncoderKind:
    """The setting that makes such an encoder; for an imported one, which has no untrained twin, that of its rival."""
    return "s4d" if isinstance(encoder, S4DEncoder) else "cnn"


def padding_of(encoder: FrozenEncoder) -> Padding:
    """Padding of its convolutions; ``valid`` for one that has none."""
    return encoder.padding if isinstance(encoder, ConvEncoder) else "valid"


def card_entry(encoder: FrozenEncoder) -> dict[str, Any]:
    """How a bundle's card describes it: nothing for the convolutional one."""
    if isinstance(encoder, ImportedEncoder):
        return encoder.card.entry()
    return {"kind": S4D_KIND, "config": {"blocks": len(encoder.blocks)}} if isinstance(encoder, S4DEncoder) else {}
