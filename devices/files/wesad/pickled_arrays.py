"""Arrays of a pickle that stay on disk, and stand-ins for the functions that the pickle names.

Source of numpy's part: the results of ``ndarray.__reduce__``, ``ndarray.__reduce_ex__`` and ``dtype.__reduce__``.
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import F64

_NUMPY_CORES = ("numpy.core", "numpy._core")
_ALLOWED_CALLS = {
    "numpy.ndarray": "ndarray",
    "numpy.dtype": "dtype",
    "_codecs.encode": "encode",
    **{f"{module}.multiarray._reconstruct": "array" for module in _NUMPY_CORES},
    **{f"{module}.numeric._frombuffer": "buffer" for module in _NUMPY_CORES},
}
_NUMBER_CODES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
_MAX_NAME_BYTES = 256  # of any name
_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class PickledText:
    """Bytes ``at`` to ``at + size`` of the file; with a ``codec``, they encode Latin-1 text."""

    at: int
    size: int
    codec: str = ""


@dataclass(frozen=True, slots=True)
class AllowedCall:
    """Stand-in for a function that a pickle may name."""

    what: str


@dataclass(slots=True)
class PickledType:
    """Stand-in for a dtype: its code, and the byte order, which is set later."""

    code: str
    order: str = "<"


@dataclass(slots=True)
class PickledArray:
    """Stand-in for an array; it is one of numbers once it has ``data``."""

    kind: PickledType | None = None
    shape: tuple[int, ...] = ()
    data: PickledText | None = None

    def fill(self, shape: object, kind: object, data: object) -> bool:
        """Set shape, type and data; false if they do not make an array of numbers, or sizes contradict each other."""
        if not (isinstance(kind, PickledType) and isinstance(data, PickledText) and isinstance(shape, tuple)):
            return False
        if not all(isinstance(length, int) and length >= 0 for length in shape):
            return False
        self.kind = kind
        self.shape = shape
        self.data = data
        size = math.prod(shape) * int(kind.code[1])
        return size <= data.size if data.codec else size == data.size

    def numbers(self, path: Path) -> Iterator[F64]:
        """Read all numbers in the file's order, a block at a time.

        Raises
        ------
        FormatError
            Their number differs from the array's shape.
        TruncatedError
            The file became shorter.
        """
        if self.kind is None or self.data is None:
            raise FormatError(f"{path.name}: an array has no numbers", "copy the file again")
        dtype = np.dtype(self.kind.order + self.kind.code)
        left, rest = math.prod(self.shape) * dtype.itemsize, b""
        for part in read_text_bytes(path, self.data):
            left -= len(part)
            if left < 0:
                break
            rest += part
            whole = len(rest) - len(rest) % dtype.itemsize
            with np.errstate(invalid="ignore"):  # signalling NaN
                yield np.frombuffer(rest[:whole], dtype).astype(np.float64)
            rest = rest[whole:]
        if left:
            raise FormatError(f"{path.name}: an array's bytes do not fit its shape {self.shape}", "copy the file again")


def read_text_bytes(path: Path, text: PickledText) -> Iterator[bytes]:
    """Read the bytes of a text, a block at a time.

    Raises
    ------
    TruncatedError
        The file became shorter.
    """
    decoder = codecs.getincrementaldecoder(text.codec)() if text.codec else None
    left = text.size
    with path.open("rb") as file:
        file.seek(text.at)
        while left:
            data = file.read(min(left, _BLOCK_BYTES))
            if not data:
                raise TruncatedError(f"{path.name}: cut while it was read, at byte {file.tell()}", "copy it again")
            left -= len(data)
            yield decoder.decode(data, not left).encode("latin-1") if decoder else data


def kind_of(value: object) -> str:
    """Name the kind of a pickle's value, for messages."""
    match value:
        case PickledArray():
            return "an array"
        case PickledText():
            return "a text"
        case PickledType() | AllowedCall():
            return "a part of an array"
        case None:
            return "nothing"
    return type(value).__name__


def read_name(path: Path, text: object) -> str:
    """Read a name.

    Raises
    ------
    FormatError
        It is not a text, or too long for a name.
    """
    if not isinstance(text, PickledText) or text.size > _MAX_NAME_BYTES:
        found = "a long text" if isinstance(text, PickledText) else kind_of(text)
        raise FormatError(f"{path.name}: found {found} in place of a name", "choose another file")
    return b"".join(read_text_bytes(path, text)).decode("latin-1")


def forbidden_content(path: Path, found: str) -> FormatError:
    """Return the error for content that a pickle of arrays must not hold."""
    return FormatError(f"{path.name}: found {found}, expected named arrays of numbers", "do not use this file")


def allow_call(path: Path, name: str) -> AllowedCall:
    """Return the stand-in for a function by its name.

    Raises
    ------
    FormatError
        The function does not make arrays.
    """
    if name not in _ALLOWED_CALLS:
        raise forbidden_content(path, f"a call of {name!r}")
    return AllowedCall(_ALLOWED_CALLS[name])


def apply_call(path: Path, function: object, args: object) -> PickledArray | PickledType | PickledText:
    """Return the result of calling a stand-in.

    Raises
    ------
    FormatError
        The call does not make an array of numbers or a part of one.
    """
    match (function, args):
        case (AllowedCall("array"), (AllowedCall("ndarray"), *_)):
            return PickledArray()
        case (AllowedCall("dtype"), (PickledText() as code, *_)):
            kind = read_name(path, code)
            if kind in _NUMBER_CODES:
                return PickledType(kind)
            raise forbidden_content(path, f"an array of {kind!r}")
        case (AllowedCall("encode"), (PickledText() as text, PickledText() as target)) if (
            read_name(path, target) == "latin1"
        ):
            return text
        case (AllowedCall("buffer"), (data, kind, shape, _)) if (array := PickledArray()).fill(shape, kind, data):
            return array
    raise forbidden_content(
        path, f"a call of {function.what!r} with other values" if isinstance(function, AllowedCall) else "a call"
    )


def apply_state(path: Path, target: object, state: object) -> PickledArray | PickledType:
    """Fill an array that was made empty, or set the byte order of a type.

    Raises
    ------
    FormatError
        The result is not an array of numbers.
    """
    match (target, state):
        case (PickledArray(), (_, shape, kind, _, data)) if target.fill(shape, kind, data):
            return target
        case (PickledType(), (_, PickledText() as order, None, None, None, *_)) if read_name(path, order) in (
            "<",
            ">",
            "|",
        ):
            target.order = read_name(path, order)
            return target
    raise forbidden_content(path, "an array that is not a plain one of numbers")
