"""Tensors and JSON metadata in one safetensors file, sealed by a digest over both: bundles, encoders, checkpoints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ecg_live.atomic_write import write_whole
from ecg_live.config import within_depth
from ecg_live.errors import ModelError

TENSOR_FILE_SCHEMA = 2  # since 2 the digest covers the metadata
TENSORS_ONLY_SCHEMA = 1  # the schema whose digest covers the tensors alone; still read
MAX_METADATA_DEPTH = 32  # levels of nesting; a card has 6
MAX_BUNDLE_BYTES = 64 * 2**20  # the bundled model has 1.5 MB
PICKLE_MAGIC = {b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}  # first bytes of torch's files
STORED_TYPES = {"BOOL", "U8", "I8", "I16", "I32", "I64", "F16", "F32", "F64"}  # of safetensors, that NumPy has, too

Array = npt.NDArray[Any]


class TensorSpec(NamedTuple):
    """Shape and type that a tensor must have."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


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

    def write(self, path: Path, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> None:
        """Write ``tensors`` and ``meta`` (plain values) atomically.

        Raises
        ------
        OSError
            If the disk does not take it; an earlier file stays whole.
        """
        own = {name: np.asarray(value, order="C") for name, value in tensors.items()}
        plain = json.loads(json.dumps({"schema": TENSOR_FILE_SCHEMA, **meta}))  # as it will be read: names are text
        write_whole(path, save(own, {self.key: json.dumps({**plain, "sha256": content_sha256(own, plain)})}))

    def read(self, path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
        """Read tensors and metadata; nothing in the file is ever executed.

        Raises
        ------
        ModelError
            As `error`, in one line: missing, cut, damaged, changed, of another schema, or another kind of file.
        """
        self._check_file(path)
        try:
            with safe_open(path, framework="np") as file:
                header = file.metadata() or {}
                if self.key not in header:
                    raise self.error(f"{path} is a safetensors file, but holds no {self.noun}", self.remedy)
                meta = self._parse(path, header[self.key])
                tensors = {name: self._tensor(file, name, path) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (SafetensorError, OSError) as error:
            raise self.error(
                f"{path} is not a complete safetensors file: {error}", "it may be cut; copy it again"
            ) from error
        sealed = meta.pop("sha256", None)
        if sealed != (
            tensors_sha256(tensors) if meta["schema"] == TENSORS_ONLY_SCHEMA else content_sha256(tensors, meta)
        ):
            raise self.error(f"{path}: its content does not match its checksum", "the file is damaged; copy it again")
        return tensors, meta

    def take(
        self, wanted: Mapping[str, TensorSpec], prefix: str, tensors: Mapping[str, Array], path: Path
    ) -> dict[str, Array]:
        """Tensors whose names start with ``prefix``, which is cut off.

        Parameters
        ----------
        wanted : mapping of str to TensorSpec
            All that there must be, by the name without the prefix; any other is left out.
        prefix : str
        tensors : mapping of str to ndarray
            All tensors of the file.
        path : Path
            Of the file, for messages.

        Raises
        ------
        ModelError
            As `error`, by name: a tensor is missing, of another shape or type, or not finite.
        """
        found = {}
        for name, spec in wanted.items():
            value = tensors.get(prefix + name)
            if value is None or (value.shape, value.dtype) != spec:
                has = "nothing" if value is None else str(TensorSpec(value.shape, value.dtype))
                raise self.error(f"{path}: {prefix}{name} should be {spec}, found {has}", "train it again")
            if not np.isfinite(value).all():
                raise self.error(f"{path}: {prefix}{name} holds values that are not finite", "train it again")
            found[name] = value
        return found

    def _tensor(self, file: Any, name: str, path: Path) -> Array:
        kind = file.get_slice(name).get_dtype()
        if kind not in STORED_TYPES:
            found = "bfloat16" if kind == "BF16" else kind
            raise self.error(
                f"{path}: {name} should be of a type that {self.noun}s have, found {found}", "train it again"
            )
        return np.asarray(file.get_tensor(name))

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


def tensors_sha256(tensors: Mapping[str, Array]) -> str:
    """SHA-256 over names, types, shapes and values, in the order of names."""
    sha = hashlib.sha256()
    for name in sorted(tensors):
        value = np.asarray(tensors[name], order="C")
        sha.update(f"{name} torch.{value.dtype} {value.shape}\n".encode())  # the words of the first files
        sha.update(value.tobytes())
    return sha.hexdigest()


def content_sha256(tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> str:
    """SHA-256 over tensors and metadata, whatever the order of the metadata's keys."""
    return hashlib.sha256(f"{tensors_sha256(tensors)} {json.dumps(meta, sort_keys=True)}".encode()).hexdigest()
