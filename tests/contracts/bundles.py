"""Bundles with random weights, for all who need a model and no training."""

from __future__ import annotations

import torch

from ecg_live.model.bundle import Bundle, Card, HeadCard
from ecg_live.model.encoder import Encoder, Padding
from ecg_live.model.head import Head

LOAD, EMOTION = ("rest", "load"), ("neutral", "stress", "amusement", "meditation")


def random_bundle(padding: Padding = "valid", limit: float = 1e9) -> Bundle:
    """Two heads; their training range ends at ``limit``."""
    torch.manual_seed(0)
    cards = {"mental_load": HeadCard(LOAD), "emotion": HeadCard(EMOTION, hidden=(512, 512))}
    heads = {name: Head(len(card.classes), card.hidden, card.dropout) for name, card in cards.items()}
    for head in heads.values():
        head.limit.fill_(limit)
    return Bundle(Card("random", padding, cards), Encoder(padding).eval(), heads)
