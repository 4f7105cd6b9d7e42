"""A trained model in one file: safetensors with JSON metadata. It rebuilds its network and proves its integrity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live.errors import BundleError, IncompatibleBundle
from ecg_live.model.calibrated_head import HEAD_SETS, CalibratedHead, PersonalHead
from ecg_live.model.card import HeadCard, ModelCard, parse_card
from ecg_live.model.encoder_layout import encoder_tensors
from ecg_live.model.imported.card import GRAPH
from ecg_live.model.tensor_file import MAX_BUNDLE_BYTES, Array, TensorFile, TensorSpec
from ecg_live.results import HeadInfo
from ecg_live.signal.pipeline import PREPROCESSING

__all__ = ["Bundle", "HeadCard", "ModelCard", "load_bundle", "save_bundle"]

BUNDLE_FILE = TensorFile("ecg_live", "bundle", BundleError, "give the path of a .safetensors bundle", MAX_BUNDLE_BYTES)


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """The encoder's weights by name, heads by name and set, and their card."""

    card: ModelCard
    encoder: Mapping[str, Array]
    heads: Mapping[str, Mapping[str, CalibratedHead]]

    @property
    def head_infos(self) -> tuple[HeadInfo, ...]:
        """The heads, as a screen needs them."""
        return tuple(HeadInfo(name, head.classes, head.limits) for name, head in self.card.heads.items())


def save_bundle(bundle: Bundle, path: Path) -> None:
    """Write a bundle atomically.

    Raises
    ------
    BundleError
        If the file cannot be written.
    """
    try:
        BUNDLE_FILE.write(path, _tensors(bundle), {"card": _fields(bundle.card)})
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}", "choose a place that can be written to") from error


def load_bundle(path: Path) -> Bundle:
    """Read a bundle; nothing in it is ever executed.

    Raises
    ------
    BundleError
        If the file is missing, cut, damaged, of another schema, not a bundle, or its encoder is of a kind that no
        installed plug-in provides.
    IncompatibleBundle
        If it was made for another signal path than this version's.
    ConfigError
        If the plug-in that builds its encoder fails.
    """
    tensors, meta = BUNDLE_FILE.read(path)
    card = _card(meta, path)
    _check_preprocessing(card, path)
    encoder = BUNDLE_FILE.take(_encoder_tensors(card, path), "encoder.", tensors, path)
    heads = {name: _sets(name, head, card.embedding_size, tensors, path) for name, head in card.heads.items()}
    return Bundle(card, encoder, heads)


def _fields(card: ModelCard) -> dict[str, Any]:
    """Fields of a card; the built-in encoder and ECG go without a description of their own, as in the first bundles."""
    usual: dict[str, Any] = {"encoder": {}, "signal": "ecg"}
    return {name: value for name, value in asdict(card).items() if name not in usual or value != usual[name]}


def _encoder_tensors(card: ModelCard, path: Path) -> Mapping[str, TensorSpec]:
    """What the weights of the encoder must be."""
    if not card.encoder:
        return encoder_tensors()
    if card.imported:
        return {GRAPH: TensorSpec((card.imported.bytes,), np.dtype(np.uint8))}
    from ecg_live.model.encoder_kinds import encoder_of  # noqa: PLC0415 - PyTorch takes seconds to load
    from ecg_live.model.torch_weights import module_tensors  # noqa: PLC0415 - likewise

    try:
        return module_tensors(encoder_of(card))
    except BundleError as error:
        raise BundleError(f"{path}: {error.message}", error.remedy) from error


def _tensors(bundle: Bundle) -> dict[str, Array]:
    parts = {"encoder.": bundle.encoder}
    for name, sets in bundle.heads.items():
        parts |= {_prefix(name, which): head.arrays() for which, head in sets.items()}
    return {prefix + name: value for prefix, part in parts.items() for name, value in part.items()}


def _card(meta: Mapping[str, Any], path: Path) -> ModelCard:
    try:
        return parse_card(meta["card"])
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path}: its card lacks or garbles {error}", "copy it again, or train it again") from error


def _check_preprocessing(card: ModelCard, path: Path) -> None:
    ours: dict[str, Any] = json.loads(json.dumps(PREPROCESSING))
    for key in sorted(ours.keys() | card.preprocessing.keys()):
        if ours.get(key) != card.preprocessing.get(key):
            raise IncompatibleBundle(
                f"{path} was made for {key} {card.preprocessing.get(key)}; this signal path has {ours.get(key)}",
                "use a bundle that this version trained",
            )


def _prefix(name: str, which: str) -> str:
    """How the names of the tensors of one set of a head start."""
    return f"heads.{name}.{which}."


def _sets(
    name: str, card: HeadCard, embedding: int, tensors: Mapping[str, Array], path: Path
) -> dict[str, CalibratedHead]:
    """All sets of one head."""
    sets = {}
    for which in card.sets:
        kind, inputs = HEAD_SETS[which], card.inputs[which]
        wanted = kind.tensors(card.outputs, inputs, card.hidden, card.dropout, embedding)
        sets[which] = head = kind.from_arrays(inputs, BUNDLE_FILE.take(wanted, _prefix(name, which), tensors, path))
        spread = float(head.spread.min()) if isinstance(head, PersonalHead) else 0.0
        if float(head.temperature) <= 0 or float(head.sd.min()) <= 0 or spread < 0:
            raise BundleError(
                f"{path}: head {name} divides by a temperature or deviation of 0 or less", "train it again"
            )
    return sets
