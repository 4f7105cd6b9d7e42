"""Bundles with random weights, for all who need a model and no training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.model.bundle import Bundle, HeadCard, ModelCard
from ecg_live.model.calibrated_head import HEAD_SETS, CalibratedHead
from ecg_live.model.chance import CONSTANT_RATING, FEATURE_TEXTS, LOSO_TEXT
from ecg_live.model.encoder_layout import LEAKY_SLOPE, Padding, encoder_tensors
from ecg_live.model.features import FeatureKind
from ecg_live.model.imported.card import GRAPH, ImportedCard
from ecg_live.model.tensor_file import Array, TensorSpec

LOAD, EMOTION = ("rest", "load"), ("neutral", "stress", "amusement", "meditation")


def random_bundle(
    padding: Padding = "valid",
    limit: float = 1e9,
    personal: Mapping[str, FeatureKind] | None = None,
    adaptive: Mapping[str, FeatureKind] | None = None,
    imported: tuple[bytes, ImportedCard] | None = None,
) -> Bundle:
    """Two heads on the embedding; others name those with further sets. Training ranges end at ``limit``.

    The encoder is an ``imported`` one, or has random weights.
    """
    embedding = imported[1].size if imported else EMBEDDING_SIZE
    rng = np.random.default_rng(0)
    more = {"adaptive": adaptive or {}, "personal": personal or {}}
    kinds = {"mental_load": (LOAD, ()), "emotion": (EMOTION, (512, 512))}
    cards = {
        name: _card(classes, hidden, {which: of[name] for which, of in more.items() if name in of})
        for name, (classes, hidden) in kinds.items()
    }
    heads = {
        name: {
            which: random_head(
                len(card.classes), which, card.inputs[which], card.hidden, limit=limit, rng=rng, embedding=embedding
            )
            for which in card.sets
        }
        for name, card in cards.items()
    }
    if imported:
        card = ModelCard("random", padding, cards, encoder=imported[1].entry())
        return Bundle(card, {GRAPH: np.frombuffer(imported[0], np.uint8)}, heads)
    return Bundle(ModelCard("random", padding, cards), random_weights(rng), heads)


def random_weights(rng: np.random.Generator) -> dict[str, Array]:
    """Weights of an encoder that has learnt nothing: as Kaiming He draws them."""
    return {name: _drawn(name, spec, 2 / (1 + LEAKY_SLOPE**2), rng) for name, spec in encoder_tensors().items()}


def random_head(
    classes: int,
    which: str = "population",
    inputs: FeatureKind = "embedding",
    hidden: Sequence[int] = (),
    dropout: float = 0.0,
    *,
    limit: float = 1e9,
    rng: np.random.Generator | None = None,
    embedding: int = EMBEDDING_SIZE,
) -> CalibratedHead:
    """A head of a set, of features that are as standardised; its training range ends at ``limit``."""
    rng = rng or np.random.default_rng(0)
    kind = HEAD_SETS[which]
    arrays = {}
    for name, spec in kind.tensors(classes, inputs, hidden, dropout, embedding).items():
        if name.startswith("net."):
            arrays[name] = _drawn(name, spec, 1 / 3, rng)
        elif name == "whiten":
            arrays[name] = np.eye(*spec.shape, dtype=spec.dtype)
        else:
            arrays[name] = np.full(spec.shape, {"mean": 0.0, "limit": limit}.get(name, 1.0), spec.dtype)
    return kind.from_arrays(inputs, arrays)


def _drawn(name: str, spec: TensorSpec, gain: float, rng: np.random.Generator) -> Array:
    """Normal weights whose variance is ``gain`` over the number of inputs; biases are 0."""
    if name.endswith("bias"):
        return np.zeros(spec.shape, spec.dtype)
    return (rng.standard_normal(spec.shape) * (gain / np.prod(spec.shape[1:])) ** 0.5).astype(spec.dtype)


def scores_above_chance() -> dict[str, Any]:
    """Scores of a card whose sets, on whatever features, are all shown to beat chance."""
    rows = [
        {"features": features, "baseline": baseline, "set": which, "auroc": 0.9, "interval": [0.8, 0.95], "brier": 0.1}
        for features in FEATURE_TEXTS.values()
        for which, baseline in (("population", "no"), ("adaptive", "no"), ("personal", "60 s"))
    ]
    return {"protocol": LOSO_TEXT, "rows": rows}


def _card(classes: tuple[str, ...], hidden: tuple[int, ...], more: Mapping[str, FeatureKind]) -> HeadCard:
    inputs: dict[str, FeatureKind] = {"population": "embedding", **more}
    baseline = 60.0 if "personal" in more else 0.0
    return HeadCard(classes, hidden, sets=tuple(inputs), inputs=inputs, baseline=baseline, scores=scores_above_chance())


def add_rating_head(bundle: Bundle, name: str = "stress", limit: float = 1e9, **card: Any) -> Bundle:
    """The bundle with one more head, which gives a number from 0 to 10 by both sets."""
    rng = np.random.default_rng(1)
    sets = {which: random_head(1, which, "hrv", limit=limit, rng=rng) for which in ("population", "personal")}
    fields: dict[str, Any] = {
        "classes": (),
        "sets": tuple(sets),
        "inputs": dict.fromkeys(sets, "hrv"),
        "baseline": 60.0,
        "scores": rating_scores(-0.2),
        "split": "none",
        "scale": (0.0, 10.0),
        "margins": {"population": 2.5, "personal": 1.5},
    }
    cards = dict(bundle.card.heads) | {name: HeadCard(**(fields | card))}
    return Bundle(replace(bundle.card, heads=cards), bundle.encoder, dict(bundle.heads) | {name: sets})


def rating_scores(high: float) -> dict[str, Any]:
    """Scores of a card whose sets err less than a constant, up to ``high``, which is above 0 if they may not."""
    against = {"difference": high - 0.1, "interval": [high - 0.2, high], "p": 0.01}
    rows = [
        {"features": features, "baseline": baseline, "rmse": rmse, "versus": {CONSTANT_RATING: against}}
        for features in FEATURE_TEXTS.values()
        for baseline, rmse in (("no", 2.0), ("60 s", 1.8))
    ]
    return {"protocol": LOSO_TEXT, "rows": rows}
