"""Chunks of samples of which some have a stamp, as other recorders write them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import FormatError
from ecg_live.xdf.decode import StreamHeader, read_samples

PATH = Path("a.xdf")
DTYPES = {"float32": "<f4", "double64": "<f8", "int8": "<i1", "int16": "<i2", "int32": "<i4", "int64": "<i8"}


def header(form: str, channels: int) -> StreamHeader:
    names = ("ECG",) * channels
    return StreamHeader(1, "ECG", "ECG", form, 250.0, names, names, names, "")


def chunk(stamps: list[float | None], rows: list[bytes]) -> bytes:
    marks = [b"\0" if stamp is None else b"\x08" + struct.pack("<d", stamp) for stamp in stamps]
    return b"\x01" + bytes([len(rows)]) + b"".join(mark + row for mark, row in zip(marks, rows, strict=True))


@pytest.mark.parametrize("form", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("stamps", [[0.5, None, None], [None, 0.5, 0.75], [None, None, 1e9], [0.5, None, 0.75]])
def test_every_value_and_stamp_is_read(form: str, channels: int, stamps: list[float | None]) -> None:
    values = np.arange(3 * channels).reshape(3, channels) - 2
    data = chunk(stamps, [row.astype(DTYPES[form]).tobytes() for row in values])
    found, read = read_samples(PATH, header(form, channels), data)
    assert np.array_equal(found, [np.nan if stamp is None else stamp for stamp in stamps], equal_nan=True)
    assert np.array_equal(read, values)
    assert read.dtype == found.dtype == np.float64


@pytest.mark.parametrize("damage", ["cut", "longer", "mark"])
def test_a_damaged_chunk_is_one_line(damage: str) -> None:
    data = chunk([None, 0.5, None, None], [struct.pack("<d", i) for i in range(4)])
    broken = {"cut": data[:-3], "longer": data + b"\0", "mark": data[:11] + b"\x07" + data[12:]}[damage]
    with pytest.raises(FormatError, match="a damaged chunk"):
        read_samples(PATH, header("double64", 1), broken)
