"""Imported encoders in files of their own: the graph and its card, sealed by a digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from ecg_live.errors import ConfigError, ModelError
from ecg_live.model.imported.card import GRAPH, ImportedCard, parse_imported
from ecg_live.model.tensor_file import MAX_BUNDLE_BYTES, Array, TensorFile, TensorSpec

SUFFIX = ".safetensors"
REMEDY = "give an encoder that ecg-live encoder import wrote"
IMPORTED_FORMAT = TensorFile("ecg_live_imported_encoder", "imported encoder", ModelError, REMEDY, MAX_BUNDLE_BYTES)


def save_imported(graph: bytes, card: ImportedCard, path: Path) -> None:
    """Write an imported encoder atomically.

    Raises
    ------
    ConfigError
        The name does not end in .safetensors.
    ModelError
        The file cannot be written.
    """
    if path.suffix.lower() != SUFFIX:
        raise ConfigError(f"{path} is no name for an encoder's file", f"end it in {SUFFIX}")
    tensors: Mapping[str, Array] = {GRAPH: np.frombuffer(graph, np.uint8)}
    try:
        IMPORTED_FORMAT.write(path, tensors, {"card": card.entry()["config"]})
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", "choose a place that can be written to, and has room") from error


def holds_imported(path: Path) -> bool:
    """Whether a file is an imported encoder's, be it whole or not."""
    try:
        with safe_open(path, framework="np") as file:
            return IMPORTED_FORMAT.key in (file.metadata() or {})
    except (SafetensorError, OSError):
        return False


def read_imported(path: Path) -> tuple[bytes, ImportedCard]:
    """Graph and card of an imported encoder; nothing is executed.

    Raises
    ------
    ModelError
        The file is missing, damaged or something else.
    """
    tensors, meta = IMPORTED_FORMAT.read(path)
    raw: Any = meta.get("card")
    try:
        card = parse_imported(raw if isinstance(raw, dict) else {})
    except ValueError as error:
        raise ModelError(f"{path}: {error}", REMEDY) from error
    wanted = {GRAPH: TensorSpec((card.bytes,), np.dtype(np.uint8))}
    return IMPORTED_FORMAT.take(wanted, "", tensors, path)[GRAPH].tobytes(), card
