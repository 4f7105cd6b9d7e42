"""Chunks of XDF, as bytes. Layout: XDF specification, github.com/sccn/xdf/wiki; habits: LabRecorder's.

Two tags are ours. Readers skip what they do not know: pyxdf's ``load_xdf`` and EEGLAB's ``load_xdf.m`` both read past
the length of a chunk whose tag is none of 1 to 6.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from ecg_live.events import F32, F64

MAGIC = b"XDF:"
FILE, HEADER, SAMPLES, OFFSET, BOUNDARY, FOOTER = 1, 2, 3, 4, 5, 6
DIGEST = 0xEC01  # SHA-256 over the digest before and all bytes of the file since
PLACE = 0xEC02  # raw counter of the next sample of a stream: u32 stream, u64 counter
OF_STREAMS = (HEADER, SAMPLES, OFFSET, FOOTER, PLACE)  # tags whose content starts with the number of a stream
OURS = "ecg_live"  # element below a stream's desc that holds what other software has no word for
UUID = bytes.fromhex("43A546DCCBF5410FB30ED5467383CBE4")  # content of a boundary
FORMATS = {"float32": "<f4", "double64": "<f8", "int8": "i1", "int16": "<i2", "int32": "<i4", "int64": "<i8"}


def varlen(number: int) -> bytes:
    """A number behind the count of its bytes: 1, 4 or 8."""
    width = 1 if number < 1 << 8 else 4 if number < 1 << 32 else 8
    return bytes([width]) + number.to_bytes(width, "little")


def chunk(tag: int, content: bytes, stream: int | None = None) -> bytes:
    """A whole chunk; ``stream`` for those that belong to one."""
    body = struct.pack("<H", tag) + (b"" if stream is None else struct.pack("<I", stream)) + content
    return varlen(len(body)) + body


def numbers(stream: int, form: str, stamp: float, values: F64 | F32) -> bytes:
    """Samples ``values`` (n, channels) in a row; the first has its time stamp, the others follow at the rate."""
    kind = np.dtype(FORMATS[form])
    rows = np.zeros(len(values), np.dtype([("n", "u1"), ("v", kind, (values.shape[1],))]))
    rows["v"] = values
    count = b"\x04" + struct.pack("<I", len(values))
    return chunk(SAMPLES, count + b"\x08" + struct.pack("<d", stamp) + rows.tobytes()[1:], stream)


def texts(stream: int, stamp: float, rows: Sequence[Sequence[str]]) -> bytes:
    """Samples of text, all at one time."""
    parts = [b"\x04" + struct.pack("<I", len(rows))]
    for row in rows:
        parts.append(b"\x08" + struct.pack("<d", stamp))
        for text in row:
            raw = text.encode("utf-8", "replace")
            parts.append(varlen(len(raw)) + raw)
    return chunk(SAMPLES, b"".join(parts), stream)


def offset(stream: int, time: float, value: float = 0.0) -> bytes:
    """How far the clock that stamps a stream was behind ours at ``time``."""
    return chunk(OFFSET, struct.pack("<dd", time, value), stream)


def place(stream: int, counter: int) -> bytes:
    """Which raw sample comes next."""
    return chunk(PLACE, struct.pack("<Q", counter), stream)
