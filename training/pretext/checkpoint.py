"""Checkpoints of a run: one safetensors file with JSON metadata, written atomically. No pickle is ever read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ecg_live.errors import ModelError
from ecg_live.model.tensor_file import TensorFile
from ecg_live.model.torch_weights import as_arrays

RESTART_REMEDY = "delete it to start afresh, or give another folder"
CHECKPOINT_FORMAT = TensorFile("ecg_live_checkpoint", "checkpoint", ModelError, RESTART_REMEDY)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run after ``step`` steps: its tensors by name, and its log as plain values."""

    step: int
    tensors: Mapping[str, Tensor]
    log: Mapping[str, Any]


def save_checkpoint(path: Path, key: Mapping[str, Any], checkpoint: Checkpoint) -> None:
    """Replace a run's checkpoint; ``key``, plain values, identifies the run.

    Raises
    ------
    ModelError
        If it cannot be written; the one before stays.
    """
    try:
        CHECKPOINT_FORMAT.write(
            path, as_arrays(checkpoint.tensors), {"step": checkpoint.step, "key": key, "log": checkpoint.log}
        )
    except OSError as error:
        raise ModelError(
            f"{path}: step {checkpoint.step} was not saved: {error.strerror}; {_last_saved(path)}",
            "make room and run the same command again: it goes on from there",
        ) from error


def read_checkpoint(path: Path, key: Mapping[str, Any]) -> Checkpoint | None:
    """Read a run's checkpoint; None if there is none yet.

    Raises
    ------
    ModelError
        If it is damaged, or of a run with another key.
    """
    if not path.exists():
        return None
    tensors, meta = CHECKPOINT_FORMAT.read(path)
    try:
        theirs, step, log = meta["key"], int(meta["step"]), meta["log"]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is no whole checkpoint: it lacks or garbles {error}", RESTART_REMEDY) from error
    _check_key(path, theirs, json.loads(json.dumps(key)))
    return Checkpoint(step, {name: torch.from_numpy(value.copy()) for name, value in tensors.items()}, log)


def _check_key(path: Path, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            raise ModelError(
                f"{path} is of a run with {name} {theirs.get(name)}; this one has {ours.get(name)}", RESTART_REMEDY
            )


def _last_saved(path: Path) -> str:
    """The checkpoint that is left after a write failed, for the message."""
    try:
        return f"the checkpoint of step {CHECKPOINT_FORMAT.read(path)[1].get('step')} is safe"
    except ModelError:
        return "there is no earlier one"
