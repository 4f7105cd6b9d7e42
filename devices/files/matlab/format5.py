"""Read chosen variables of MATLAB 5 files as lists, dictionaries and arrays (MathWorks, "MAT-File Format").

Not scipy.io.loadmat: a damaged file can crash the process there, and it loads whole variables, while DREAMER is one
variable, mostly EEG. Here a variable is decompressed from front to back, and unused fields are skipped.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from devices.files.unreadable import DECODE_ERRORS, damaged_file_error
from ecg_live.errors import FormatError

MATLAB5_MAGIC, MATLAB73_MAGIC = b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file"
_HEADER_BYTES = 128
_READ_BYTES = 1 << 16
_NUMBER_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX_ELEMENT, _COMPRESSED_ELEMENT = 14, 15
_CELL_CLASS, _STRUCT_CLASS, _NUMBER_CLASSES = 1, 2, range(6, 16)
_COMPLEX_FLAG = 0x0800  # of the array flags
_MIN_ARRAY_BYTES = 8  # of an array within another: its tag
MAX_COMPRESSION_RATIO = 100  # zlib compresses ECG and EEG less than tenfold
MAX_SMALL_VARIABLE_BYTES = 1 << 24  # that any variable may decompress to, however small it is in the file

MatArray = np.ndarray[Any, Any]
# An array of numbers; cells or structs (dictionaries) in column-major order; None for others, such as text.
MatValue = MatArray | list[Any] | dict[str, Any] | None


class _ArrayHead(NamedTuple):
    """The header of an array."""

    kind: int
    shape: tuple[int, ...]
    name: str


def read_variables(path: Path, names: Collection[str], skip: Collection[str] = ()) -> dict[str, MatValue]:
    """Read those of the named variables that a file holds; struct fields named in ``skip`` are None.

    Raises
    ------
    FormatError
        The file is of another version, damaged, or holds none of the variables.
    """
    found: dict[str, MatValue] = {}
    others: list[str] = []
    try:
        with path.open("rb") as file:
            order = _byte_order(path, file.read(_HEADER_BYTES))
            while tag := file.read(8):
                kind, size = struct.unpack(order + "II", tag)
                start = file.tell()
                if kind not in (_MATRIX_ELEMENT, _COMPRESSED_ELEMENT):
                    raise ValueError(f"element of type {kind} at byte {start - 8}")
                reader = _VariableReader(_VariableBytes(file, size, packed=kind == _COMPRESSED_ELEMENT), order, skip)
                name, value = reader.variable(size if kind == _MATRIX_ELEMENT else None, names)
                if name in names:
                    found[name] = value
                else:
                    others.append(name)
                file.seek(start + size)
    except (*DECODE_ERRORS, zlib.error) as error:
        raise damaged_file_error(path.name, error) from error
    if not found:
        there, wanted = ", ".join(others[:8]) or "nothing", ", ".join(names)
        raise FormatError(f"{path.name}: found {there}, expected one of {wanted}", "export its signal as CSV or EDF")
    return found


def _byte_order(path: Path, header: bytes) -> str:
    """Return the byte order, ``<`` or ``>``."""
    if header.startswith(MATLAB73_MAGIC):
        raise FormatError(f"{path.name}: found MATLAB 7.3, expected MATLAB 5", "save it with -v7 in MATLAB")
    orders = {b"IM": "<", b"MI": ">"}
    if header[126:128] not in orders:
        raise ValueError(f"byte order {header[126:128]!r}, expected b'IM' or b'MI'")
    return orders[header[126:128]]


class _VariableBytes:
    """Decompresses one variable from front to back; ``at`` is the number of bytes read so far."""

    def __init__(self, file: BinaryIO, size: int, *, packed: bool) -> None:
        self._file = file
        self._left = size
        self.most = (
            max(MAX_SMALL_VARIABLE_BYTES, size * MAX_COMPRESSION_RATIO) if packed else size
        )  # bytes that may be read
        self._unpack = zlib.decompressobj() if packed else None
        self._held = memoryview(b"")
        self.at = 0

    def read(self, count: int) -> bytes:
        if self.at + count > self.most:
            raise ValueError(f"{self.at + count} bytes of data, at most {self.most} can be in a variable of this size")
        parts: list[memoryview] = []
        while count:
            while not self._held:
                self._held = memoryview(self._more())
            parts.append(self._held[:count])
            self._held = self._held[count:]
            self.at += len(parts[-1])
            count -= len(parts[-1])
        return b"".join(parts)

    def skip(self, count: int) -> None:
        for at in range(0, count, _READ_BYTES):
            self.read(min(_READ_BYTES, count - at))

    def end(self) -> None:
        """Read to the end, where zlib compares the checksum."""
        while self._unpack is not None and not self._unpack.eof:
            self._more()

    def _more(self) -> bytes:
        raw = self._unpack.unconsumed_tail if self._unpack is not None else b""
        if not raw:
            raw = self._file.read(min(_READ_BYTES, self._left))
            self._left -= len(raw)
        if not raw:
            raise EOFError(f"the data end after {self.at} bytes")
        return raw if self._unpack is None else self._unpack.decompress(raw, _READ_BYTES)


class _VariableReader:
    """Decodes one variable."""

    def __init__(self, stream: _VariableBytes, order: str, skip: Collection[str]) -> None:
        self._stream = stream
        self._order = order
        self._skip = skip

    def variable(self, size: int | None, names: Collection[str]) -> tuple[str, MatValue]:
        """Read name and value; the value is None for a name not in ``names``. ``size`` in bytes, None if compressed."""
        if size is None:
            kind, size = struct.unpack(self._order + "II", self._stream.read(8))
            if kind != _MATRIX_ELEMENT:
                raise ValueError(f"element of type {kind}, expected an array")
        stop = self._stream.at + size
        if stop > self._stream.most:
            raise ValueError(f"a variable of {size} bytes, at most {self._stream.most} can be packed in this place")
        head = self._head()
        if head.name not in names:
            return head.name, None
        value = self._content(head, stop)
        self._stream.end()
        return head.name, value

    def _head(self) -> _ArrayHead:
        flags, shape, name = self._array(), self._array(), self._array()
        kind = int(flags[0]) & (0xFF | _COMPLEX_FLAG)
        return _ArrayHead(kind, tuple(shape.tolist()), _text(name))

    def _content(self, head: _ArrayHead, stop: int) -> MatValue:
        """Read the content of an array that ends at byte ``stop``, after its header."""
        count = int(np.prod(head.shape, dtype=object))
        if min(head.shape, default=-1) < 0:
            raise ValueError(f"shape {head.shape}")
        value: MatValue = None
        if head.kind in (_CELL_CLASS, _STRUCT_CLASS) and count > (stop - self._stream.at) // _MIN_ARRAY_BYTES:
            raise ValueError(f"{count} cells or structs in {stop - self._stream.at} bytes")
        if head.kind == _CELL_CLASS:
            value = [self._matrix(stop) for _ in range(count)]
        elif head.kind == _STRUCT_CLASS:
            value = self._structs(count, stop)
        elif head.kind in _NUMBER_CLASSES:
            value = self._array().reshape(head.shape, order="F")
        if self._stream.at > stop:
            raise ValueError(f"an array's content ends {self._stream.at - stop} bytes after the array")
        self._stream.skip(stop - self._stream.at)
        return value

    def _structs(self, count: int, stop: int) -> list[dict[str, MatValue]]:
        width, letters = self._array(), self._array()
        names = [_text(name) for name in letters.reshape(-1, int(width[0]))] if len(letters) else []
        if not names:
            return []
        if count * len(names) > (stop - self._stream.at) // _MIN_ARRAY_BYTES:
            raise ValueError(f"{count} structs of {len(names)} fields in {stop - self._stream.at} bytes")
        return [{name: self._matrix(stop, wanted=name not in self._skip) for name in names} for _ in range(count)]

    def _matrix(self, stop: int, *, wanted: bool = True) -> MatValue:
        """Read an array within another that ends at byte ``stop``; skip it unless ``wanted``."""
        kind, size = struct.unpack(self._order + "II", self._stream.read(8))
        own = self._stream.at + size
        if kind != _MATRIX_ELEMENT or own > stop:
            raise ValueError(f"element of type {kind} and {size} bytes, expected an array")
        if wanted and size:
            return self._content(self._head(), own)
        self._stream.skip(size)
        return np.empty((0, 0)) if wanted else None  # an empty cell has no content

    def _array(self) -> MatArray:
        """Read numbers, or text as bytes, flat."""
        tag = self._stream.read(8)
        (word,) = struct.unpack(self._order + "I", tag[:4])
        if word >> 16:  # the short form: size, type, and up to four bytes
            kind, data = word & 0xFFFF, tag[4 : 4 + (word >> 16)]
        else:
            (size,) = struct.unpack(self._order + "I", tag[4:])
            kind, data = word, self._stream.read(size)
            self._stream.skip(-size % 8)
        return np.frombuffer(data, np.dtype(self._order + _NUMBER_TYPES.get(kind, "u1")))


def _text(letters: MatArray) -> str:
    return letters.tobytes().split(b"\0")[0].decode("latin-1")
