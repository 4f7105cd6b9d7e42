"""Bundles with random weights, for all who need a model and no training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ecg_live.model.bundle import Bundle, HeadCard, ModelCard
from ecg_live.model.calibrated_head import HEAD_SETS
from ecg_live.model.chance import FEATURE_TEXTS, LOSO_TEXT
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


def scores_above_chance() -> dict[str, Any]:
    """Scores of a card whose sets, on whatever features, are all shown to beat chance."""
    rows = [
        {"features": features, "baseline": baseline, "auroc": 0.9, "interval": [0.8, 0.95], "brier": 0.1}
        for features in FEATURE_TEXTS.values()
        for baseline in ("no", "60 s")
    ]
    return {"protocol": LOSO_TEXT, "rows": rows}


def _card(classes: tuple[str, ...], hidden: tuple[int, ...], personal: FeatureKind | None) -> HeadCard:
    if personal is None:
        return HeadCard(classes, hidden, scores=scores_above_chance())
    inputs: dict[str, FeatureKind] = {"population": "embedding", "personal": personal}
    sets = ("population", "personal")
    return HeadCard(classes, hidden, sets=sets, inputs=inputs, baseline=60.0, scores=scores_above_chance())
