"""Bundles with random weights, for all who need a model and no training."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ecg_live.model.bundle import Bundle, HeadCard, ModelCard
from ecg_live.model.calibrated_head import HEAD_SETS
from ecg_live.model.encoder import ConvEncoder, Padding
from ecg_live.model.features import FeatureKind

LOAD, EMOTION = ("rest", "load"), ("neutral", "stress", "amusement", "meditation")


def random_bundle(
    padding: Padding = "valid", limit: float = 1e9, personal: Mapping[str, FeatureKind] | None = None
) -> Bundle:
    """Two heads on the embedding; ``personal`` names those with such a set. Training ranges end at ``limit``."""
    torch.manual_seed(0)
    personal = personal or {}
    cards = {
        "mental_load": _card(LOAD, (), personal.get("mental_load")),
        "emotion": _card(EMOTION, (512, 512), personal.get("emotion")),
    }
    heads = {
        name: {
            which: HEAD_SETS[which](len(card.classes), card.inputs[which], card.hidden, card.dropout)
            for which in card.sets
        }
        for name, card in cards.items()
    }
    for head in (head for sets in heads.values() for head in sets.values()):
        head.limit.fill_(limit)
    return Bundle(ModelCard("random", padding, cards), ConvEncoder(padding).eval(), heads)


def _card(classes: tuple[str, ...], hidden: tuple[int, ...], personal: FeatureKind | None) -> HeadCard:
    if personal is None:
        return HeadCard(classes, hidden)
    inputs: dict[str, FeatureKind] = {"population": "embedding", "personal": personal}
    return HeadCard(classes, hidden, sets=("population", "personal"), inputs=inputs, baseline=60.0)
