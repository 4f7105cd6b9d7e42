"""Checkpoints of a run: one safetensors file with JSON metadata, whole or not there at all. No pickle is ever read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ecg_live.errors import ModelError
from ecg_live.model.bundle import digest
from ecg_live.whole import write_whole

SCHEMA = 1
META = "ecg_live_checkpoint"  # of the metadata entry
AFRESH = "delete it to start afresh, or give another folder"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run after ``step`` steps: its tensors by name, and what it wrote down as plain values."""

    step: int
    tensors: Mapping[str, Tensor]
    log: Mapping[str, Any]


def save_checkpoint(path: Path, key: Mapping[str, Any], checkpoint: Checkpoint) -> None:
    """Replace a run's checkpoint; ``key``, plain values, says which run it is of.

    Raises
    ------
    ModelError
        If the disk does not take it; the one before stays whole.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in checkpoint.tensors.items()}
    meta = {"schema": SCHEMA, "sha256": digest(tensors), "step": checkpoint.step, "key": key, "log": checkpoint.log}
    try:
        write_whole(path, save(tensors, {META: json.dumps(meta)}))
    except OSError as error:
        raise ModelError(
            f"{path}: step {checkpoint.step} was not saved: {error.strerror}; {_safe(path)}",
            "make room and run the same command again: it goes on from there",
        ) from error


def read_checkpoint(path: Path, key: Mapping[str, Any]) -> Checkpoint | None:
    """Read a run's checkpoint, None if there is none yet.

    Raises
    ------
    ModelError
        If it is damaged, or of a run with another key.
    """
    if not path.exists():
        return None
    meta = _meta(path)
    try:
        theirs, step, log, sha = meta["key"], int(meta["step"]), meta["log"], meta["sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is no whole checkpoint: it lacks or garbles {error}", AFRESH) from error
    _check_key(path, theirs, json.loads(json.dumps(key)))
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    if digest(tensors) != sha:
        raise ModelError(f"{path}: the tensors do not match their checksum", AFRESH)
    return Checkpoint(step, tensors, log)


def _meta(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt") as file:
            meta = json.loads((file.metadata() or {})[META])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"{path} is no whole checkpoint: {error}", AFRESH) from error
    if not isinstance(meta, dict) or meta.get("schema") != SCHEMA:
        raise ModelError(f"{path} is no checkpoint of schema {SCHEMA}", AFRESH)
    return meta


def _check_key(path: Path, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            raise ModelError(
                f"{path} is of a run with {name} {theirs.get(name)}; this one has {ours.get(name)}", AFRESH
            )


def _safe(path: Path) -> str:
    """What is left when a write failed."""
    try:
        return f"the checkpoint of step {_meta(path)['step']} is safe"
    except ModelError:
        return "there is no earlier one"
