"""Tensors and JSON metadata in one safetensors file, sealed by a digest over both: bundles, encoders, checkpoints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ecg_live.atomic_write import write_whole
from ecg_live.config import within_depth
from ecg_live.errors import ModelError

TENSOR_FILE_SCHEMA = 2  # since 2 the digest covers the metadata
TENSORS_ONLY_SCHEMA = 1  # the schema whose digest covers the tensors alone; still read
MAX_METADATA_DEPTH = 32  # levels of nesting; a card has 6
MAX_BUNDLE_BYTES = 64 * 2**20  # the bundled model has 1.5 MB
PICKLE_MAGIC = {b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}  # first bytes of torch's files


@dataclass(frozen=True, slots=True)
class TensorFile:
    """One kind of tensor file.

    Parameters
    ----------
    key : str
        Name of the safetensors metadata entry that holds the JSON.
    noun : str
        What messages call it.
    error : type of ModelError
        Raised where a file is missing, damaged or of another kind.
    remedy : str
        What to do about a file of another kind.
    max_bytes : int, optional
        Largest size that is opened.
    """

    key: str
    noun: str
    error: type[ModelError]
    remedy: str
    max_bytes: int | None = None

    def write(self, path: Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
        """Write ``tensors`` and ``meta`` (plain values) atomically.

        Raises
        ------
        OSError
            If the disk does not take it; an earlier file stays whole.
        """
        own = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        plain = json.loads(json.dumps({"schema": TENSOR_FILE_SCHEMA, **meta}))  # as it will be read: names are text
        write_whole(path, save(own, {self.key: json.dumps({**plain, "sha256": content_sha256(own, plain)})}))

    def read(self, path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Read tensors and metadata; nothing in the file is ever executed.

        Raises
        ------
        ModelError
            As `error`, in one line: missing, cut, damaged, changed, of another schema, or another kind of file.
        """
        self._check_file(path)
        try:
            with safe_open(path, framework="pt") as file:
                header = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (SafetensorError, OSError) as error:
            raise self.error(
                f"{path} is not a complete safetensors file: {error}", "it may be cut; copy it again"
            ) from error
        if self.key not in header:
            raise self.error(f"{path} is a safetensors file, but holds no {self.noun}", self.remedy)
        meta = self._parse(path, header[self.key])
        sealed = meta.pop("sha256", None)
        if sealed != (
            tensors_sha256(tensors) if meta["schema"] == TENSORS_ONLY_SCHEMA else content_sha256(tensors, meta)
        ):
            raise self.error(f"{path}: its content does not match its checksum", "the file is damaged; copy it again")
        return tensors, meta

    def fill(self, module: nn.Module, prefix: str, tensors: Mapping[str, Tensor], path: Path) -> None:
        """Load the tensors whose names start with ``prefix`` into a module.

        Parameters
        ----------
        module : Module
            Its parameters and buffers are set.
        prefix : str
            Of the tensors' names, before the names within the module.
        tensors : mapping of str to Tensor
        path : Path
            Of the file, for messages.

        Raises
        ------
        ModelError
            As `error`, by name: a tensor is missing, of another shape or type, or not finite.
        """
        own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        wanted = module.state_dict()
        for name, value in wanted.items():
            if name not in own or (own[name].shape, own[name].dtype) != (value.shape, value.dtype):
                found = _described(own[name]) if name in own else "nothing"
                raise self.error(
                    f"{path}: {prefix}{name} should be {_described(value)}, found {found}", "train it again"
                )
            if not torch.isfinite(own[name]).all():
                raise self.error(f"{path}: {prefix}{name} holds values that are not finite", "train it again")
        module.load_state_dict({name: own[name] for name in wanted})

    def _check_file(self, path: Path) -> None:
        if path.exists() and not path.is_file():
            raise self.error(f"{path} is not a regular file", self.remedy)
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(2)
        except OSError as error:
            raise self.error(f"{path}: {error.strerror}", self.remedy) from error
        if head in PICKLE_MAGIC:
            raise self.error(f"{path} is a pickle; pickles can run code and are never loaded", self.remedy)
        if self.max_bytes is not None and size > self.max_bytes:
            most = f"{self.max_bytes / 2**20:.0f}"
            raise self.error(f"{path} has {size / 2**20:.0f} MiB; a {self.noun} has at most {most}", self.remedy)

    def _parse(self, path: Path, text: str) -> dict[str, Any]:
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.error(
                f"{path}: its metadata is not JSON: {error}", "the file is damaged; copy it again"
            ) from error
        found = parsed.get("schema") if isinstance(parsed, dict) else type(parsed).__name__
        if (
            not isinstance(parsed, dict)
            or type(found) is not int
            or found not in (TENSORS_ONLY_SCHEMA, TENSOR_FILE_SCHEMA)
        ):
            known = f"{TENSORS_ONLY_SCHEMA} and {TENSOR_FILE_SCHEMA}"
            raise self.error(
                f"{path} is a {self.noun} of schema {str(found)[:20]}; this version reads {known}",
                "make it again with this version",
            )
        if not within_depth(parsed, MAX_METADATA_DEPTH):
            raise self.error(f"{path}: its metadata is nested more than {MAX_METADATA_DEPTH} levels deep", self.remedy)
        return parsed


def tensors_sha256(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values, in the order of names."""
    sha = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().contiguous()
        sha.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        sha.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())  # numpy lacks some of torch's types
    return sha.hexdigest()


def content_sha256(tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> str:
    """SHA-256 over tensors and metadata, whatever the order of the metadata's keys."""
    return hashlib.sha256(f"{tensors_sha256(tensors)} {json.dumps(meta, sort_keys=True)}".encode()).hexdigest()


def _described(value: Tensor) -> str:
    return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
