"""Encode XDF chunks. Layout: XDF specification, github.com/sccn/xdf/wiki; habits: LabRecorder's.

Two tags are ours. Readers skip what they do not know: pyxdf's ``load_xdf`` and EEGLAB's ``load_xdf.m`` both read past
the length of a chunk with a tag other than 1 to 6.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from ecg_live.events import F32, F64

MAGIC = b"XDF:"
FILE_HEADER_TAG, STREAM_HEADER_TAG, SAMPLES_TAG, CLOCK_OFFSET_TAG, BOUNDARY_TAG, STREAM_FOOTER_TAG = 1, 2, 3, 4, 5, 6
DIGEST_TAG = 0xEC01  # SHA-256 over the digest before and all bytes of the file since
SAMPLE_INDEX_TAG = 0xEC02  # raw counter of the next sample of a stream: u32 stream, u64 counter
# The content of these chunks starts with the number of a stream.
STREAM_TAGS = (STREAM_HEADER_TAG, SAMPLES_TAG, CLOCK_OFFSET_TAG, STREAM_FOOTER_TAG, SAMPLE_INDEX_TAG)
ECG_LIVE_ELEMENT = "ecg_live"  # element below a stream's desc with our own fields
BOUNDARY_UUID = bytes.fromhex("43A546DCCBF5410FB30ED5467383CBE4")  # content of a boundary
SAMPLE_FORMATS = {"float32": "<f4", "double64": "<f8", "int8": "i1", "int16": "<i2", "int32": "<i4", "int64": "<i8"}


def varlen(number: int) -> bytes:
    """Encode a length: the count of its bytes (1, 4 or 8), then the number."""
    width = 1 if number < 1 << 8 else 4 if number < 1 << 32 else 8
    return bytes([width]) + number.to_bytes(width, "little")


def chunk(tag: int, content: bytes, stream: int | None = None) -> bytes:
    """A whole chunk; ``stream`` for those that belong to one."""
    body = struct.pack("<H", tag) + (b"" if stream is None else struct.pack("<I", stream)) + content
    return varlen(len(body)) + body


def numeric_samples_chunk(stream: int, form: str, stamp: float, values: F64 | F32) -> bytes:
    """Consecutive samples; the first has a timestamp, the others follow at the nominal rate.

    Parameters
    ----------
    stream : int
        Number of the stream.
    form : str
        Sample format, a key of `SAMPLE_FORMATS`.
    stamp : float
        Timestamp of the first sample in s.
    values : ndarray (n, channels)
    """
    kind = np.dtype(SAMPLE_FORMATS[form])
    rows = np.zeros(len(values), np.dtype([("n", "u1"), ("v", kind, (values.shape[1],))]))
    rows["v"] = values
    count = b"\x04" + struct.pack("<I", len(values))
    # Each sample begins with the byte count of its timestamp; the first one's, 0, is replaced by 8 and a timestamp.
    return chunk(SAMPLES_TAG, count + b"\x08" + struct.pack("<d", stamp) + rows.tobytes()[1:], stream)


def stamped_samples_chunk(stream: int, form: str, stamps: F64, values: F64 | F32) -> bytes:
    """Samples, each with its own timestamp.

    Parameters
    ----------
    stream : int
        Number of the stream.
    form : str
        Sample format, a key of `SAMPLE_FORMATS`.
    stamps : ndarray (n,)
        Timestamps in s.
    values : ndarray (n, channels)
    """
    row_type = np.dtype([("stamp_bytes", "u1"), ("stamp", "<f8"), ("values", SAMPLE_FORMATS[form], (values.shape[1],))])
    rows = np.empty(len(values), row_type)
    rows["stamp_bytes"], rows["stamp"], rows["values"] = 8, stamps, values
    return chunk(SAMPLES_TAG, b"\x04" + struct.pack("<I", len(values)) + rows.tobytes(), stream)


def text_samples_chunk(stream: int, stamp: float, rows: Sequence[Sequence[str]]) -> bytes:
    """Samples of text, all at one time."""
    parts = [b"\x04" + struct.pack("<I", len(rows))]
    for row in rows:
        parts.append(b"\x08" + struct.pack("<d", stamp))
        for text in row:
            raw = text.encode("utf-8", "replace")
            parts.append(varlen(len(raw)) + raw)
    return chunk(SAMPLES_TAG, b"".join(parts), stream)


def clock_offset_chunk(stream: int, time: float, value: float = 0.0) -> bytes:
    """Clock offset: session clock minus the clock of a stream's timestamps, at ``time``."""
    return chunk(CLOCK_OFFSET_TAG, struct.pack("<dd", time, value), stream)


def sample_index_chunk(stream: int, counter: int) -> bytes:
    """Raw sample index of a stream's next sample."""
    return chunk(SAMPLE_INDEX_TAG, struct.pack("<Q", counter), stream)
