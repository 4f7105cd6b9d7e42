"""Encoders between the stages: one safetensors file that says how it was made, and whom the encoder has seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ecg_live.errors import ModelError
from ecg_live.model.bundle import digest
from ecg_live.model.encoder import Encoder, Padding
from ecg_live.whole import write_whole

SCHEMA = 1
META = "ecg_live_encoder"  # of the metadata entry
GIVE = "give an encoder that the first stage wrote"


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """How an encoder was made: ``seen`` are the subjects that it learnt from, by data set.

    ``made`` holds what else is to be known (settings, windows, accuracies) as plain values; ``files`` are the prints
    (`training.whose`) of the recordings that it learnt from, ``scale`` how their windows were scaled.
    """

    padding: Padding
    seen: Mapping[str, tuple[str, ...]]
    made: Mapping[str, Any]
    files: tuple[str, ...] = ()
    scale: str = "streaming"


def save_encoder(encoder: Encoder, card: EncoderCard, path: Path) -> None:
    """Write an encoder at once or not at all.

    Raises
    ------
    ModelError
        If the file cannot be written.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in encoder.state_dict().items()}
    meta = {"schema": SCHEMA, "sha256": digest(tensors), "card": asdict(card)}
    try:
        write_whole(path, save(tensors, {META: json.dumps(meta)}))
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", "choose a place that can be written to, and has room") from error


def read_encoder(path: Path) -> tuple[Encoder, EncoderCard]:
    """Read what `save_encoder` wrote.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or something else.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            meta = json.loads((file.metadata() or {})[META])
        card = EncoderCard(**meta["card"])
        seen = {name: tuple(subjects) for name, subjects in card.seen.items()}
        files = tuple(card.files)
        encoder = Encoder(card.padding)
        encoder.load_state_dict(tensors)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}", GIVE) from error
    except SafetensorError as error:
        raise ModelError(f"{path} is no whole safetensors file: {error}", GIVE) from error
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path} holds no encoder that this version can read", GIVE) from error
    if meta.get("schema") != SCHEMA or card.padding not in get_args(Padding):
        raise ModelError(f"{path} holds no encoder that this version can read", GIVE)
    if digest(tensors) != meta.get("sha256"):
        raise ModelError(f"{path}: the tensors do not match their checksum", "the file is damaged; make it again")
    return encoder.eval(), replace(card, seen=seen, files=files)
