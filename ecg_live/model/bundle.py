"""A trained model in one file: safetensors with JSON metadata. It rebuilds its network and proves its integrity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ecg_live.errors import BundleError, IncompatibleBundle
from ecg_live.model.card import Card, HeadCard, parse_card
from ecg_live.model.encoder import Encoder
from ecg_live.model.head import SETS, Head, PersonalHead
from ecg_live.signal.path import PREPROCESSING
from ecg_live.types import HeadInfo
from ecg_live.whole import write_whole

__all__ = ["Bundle", "Card", "HeadCard", "digest", "load_bundle", "save_bundle"]

SCHEMA = 1
KEY = "ecg_live"  # of the metadata entry
GIVE = "give the path of a .safetensors bundle"
LARGEST = 64 * 2**20  # bytes; the bundled model has 1.5 MB


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Encoder, heads by name and set, and their card."""

    card: Card
    encoder: Encoder
    heads: Mapping[str, Mapping[str, Head]]

    @property
    def infos(self) -> tuple[HeadInfo, ...]:
        """The heads, as a screen needs them."""
        return tuple(HeadInfo(name, head.classes) for name, head in self.card.heads.items())


def save_bundle(bundle: Bundle, path: Path) -> None:
    """Write a bundle at once or not at all.

    Raises
    ------
    BundleError
        If the file cannot be written.
    """
    tensors = _tensors(bundle)
    meta = {"schema": SCHEMA, "sha256": digest(tensors), "card": asdict(bundle.card)}
    try:
        write_whole(path, save(tensors, {KEY: json.dumps(meta)}))
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}", "choose a place that can be written to") from error


def load_bundle(path: Path) -> Bundle:
    """Read a bundle; nothing in it is ever executed.

    Raises
    ------
    BundleError
        If the file is missing, cut, damaged, of another schema, or no bundle.
    IncompatibleBundle
        If it was made for another signal path than this version's.
    """
    tensors, meta = _read(path)
    card = _card(meta, path)
    if digest(tensors) != meta.get("sha256"):
        raise BundleError(f"{path}: the tensors do not match their checksum", "the file is damaged; copy it again")
    _check_preprocessing(card, path)
    encoder = Encoder(card.padding)
    _fill(encoder, "encoder.", tensors, path)
    heads = {name: _sets(name, head, tensors, path) for name, head in card.heads.items()}
    return Bundle(card, encoder.eval(), heads)


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values, in the order of names."""
    sha = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().contiguous()
        sha.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        sha.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())  # numpy lacks some of torch's types
    return sha.hexdigest()


def _tensors(bundle: Bundle) -> dict[str, Tensor]:
    parts: dict[str, nn.Module] = {"encoder.": bundle.encoder}
    for name, sets in bundle.heads.items():
        parts |= {_prefix(name, which): head for which, head in sets.items()}
    return {
        prefix + name: value.contiguous() for prefix, part in parts.items() for name, value in part.state_dict().items()
    }


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if path.exists() and not path.is_file():
        raise BundleError(f"{path} is no regular file", GIVE)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}", GIVE) from error
    if head[:2] in {b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}:
        raise BundleError(
            f"{path} is a pickle; pickles can run code and are never loaded", "give a .safetensors bundle"
        )
    if size > LARGEST:
        raise BundleError(f"{path} has {size / 2**20:.0f} MiB; a bundle has at most 64", "give a .safetensors bundle")
    try:
        with safe_open(path, framework="pt") as file:
            meta = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise BundleError(f"{path} is no whole safetensors file: {error}", "it may be cut; copy it again") from error
    if KEY not in meta:
        raise BundleError(f"{path} is a safetensors file, but no ecg-live bundle", "make one with the training script")
    try:
        parsed = json.loads(meta[KEY])
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path}: its metadata is no JSON: {error}", "the file is damaged; copy it again") from error
    if not isinstance(parsed, dict) or parsed.get("schema") != SCHEMA:
        found = parsed.get("schema") if isinstance(parsed, dict) else parsed
        raise BundleError(f"{path} is a bundle of schema {found}; this version reads {SCHEMA}", "train it again")
    return tensors, parsed


def _card(meta: Mapping[str, Any], path: Path) -> Card:
    try:
        return parse_card(meta["card"])
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path}: its card lacks or garbles {error}", "copy it again, or train it again") from error


def _check_preprocessing(card: Card, path: Path) -> None:
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


def _sets(name: str, card: HeadCard, tensors: Mapping[str, Tensor], path: Path) -> dict[str, Head]:
    """All sets of one head."""
    sets = {}
    for which in card.sets:
        sets[which] = head = SETS[which](len(card.classes), card.inputs[which], card.hidden, card.dropout)
        _fill(head, _prefix(name, which), tensors, path)
        spread = float(head.spread.min()) if isinstance(head, PersonalHead) else 0.0
        if float(head.temperature) <= 0 or float(head.sd.min()) <= 0 or spread < 0:
            raise BundleError(
                f"{path}: head {name} divides by a temperature or deviation of 0 or less", "train it again"
            )
    return sets


def _fill(module: nn.Module, prefix: str, tensors: Mapping[str, Tensor], path: Path) -> None:
    own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    wanted = module.state_dict()
    for name, value in wanted.items():
        if name not in own or own[name].shape != value.shape:
            found = tuple(own[name].shape) if name in own else "nothing"
            raise BundleError(f"{path}: {prefix}{name} should be {tuple(value.shape)}, found {found}", "train it again")
        if not torch.isfinite(own[name]).all():
            raise BundleError(f"{path}: {prefix}{name} holds values that are not finite", "train it again")
    module.load_state_dict({name: own[name] for name in wanted})
