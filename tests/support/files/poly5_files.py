"""Poly5 files, byte by byte from the description of the layout; shares nothing with the reader."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecg_live.events import F64

Range = tuple[float, float, float, float]  # unit low and high, ADC low and high
PLAIN: Range = (-1000.0, 1000.0, -1000.0, 1000.0)


def pascal(text: bytes, room: int) -> bytes:
    return bytes([len(text)]) + text.ljust(room - 1, b"\0")


def head(
    count: int, periods: int, blocks: int, each: int, *, version: int, rate: int, storage: int | None,
    start: Sequence[int],
) -> bytes:  # fmt: skip
    """The header, of 217 or 218 bytes."""
    identifier = {203: b"POLY SAMPLE FILEversion 2.03\r\n\x1a", 204: b"POLY SAMPLE FILEversion 2.04\r\n\x1a\0"}[version]
    made = identifier + struct.pack("<h", version) + pascal(b"measurement", 81)
    made += struct.pack("<hh", rate, rate if storage is None else storage) + b"\0" + struct.pack("<hi", count, periods)
    made += b"\0" * 4 + struct.pack("<7h", *start) + struct.pack("<i", blocks)
    made += struct.pack("<HH", each, each * 4 * count // 2) + struct.pack("<h", 0) + b"\0" * 64
    assert len(made) == (217 if version == 203 else 218)
    return made


def describe(name: bytes, unit: bytes, span: Range = PLAIN, prefix: bytes = b"(Lo) ") -> bytes:
    """One of a channel's two descriptors."""
    made = pascal(prefix + name, 41) + b"\0" * 4 + pascal(unit, 11) + struct.pack("<4f", *span)
    made += struct.pack("<hh", 1, 0) + b"\0" * 60
    assert len(made) == 136
    return made


def poly5(
    path: Path, names: Sequence[str], samples: F64, *, unit: str = "mVolt", span: Range = PLAIN, each: int = 16,
    version: int = 203, rate: int = 2048, storage: int | None = None, periods: int | None = None, padded: bool = False,
    start: Sequence[int] = (2012, 9, 18, 2, 13, 15, 0),
) -> Path:  # fmt: skip
    """A file of ``samples`` (n, channels), ``each`` a block; the last block is cut short unless ``padded``."""
    n, channels = samples.shape
    assert channels == len(names)
    blocks = -(-n // each)
    made = head(
        2 * channels, n if periods is None else periods, blocks, each, version=version, rate=rate, start=start,
        storage=storage,
    )  # fmt: skip
    for name in names:
        made += describe(name.encode("latin-1"), unit.encode("latin-1"), span)
        made += describe(name.encode("latin-1"), unit.encode("latin-1"), span, b"(Hi) ")
    for block in range(blocks):
        part = samples[block * each : (block + 1) * each].astype("<f4").tobytes()
        if padded:
            part = part.ljust(each * 4 * channels, b"\x7f")
        made += struct.pack("<i", block * each) + b"\0" * 4 + struct.pack("<7h", *start) + b"\0" * 64 + part
    path.write_bytes(made)
    return path


def counted(n: int, channels: int = 3, ecg: int = 1) -> F64:
    """The ECG's samples are their own index; the other channels hold what no index is."""
    samples = np.full((n, channels), -7.0)
    samples[:, ecg] = np.arange(n)
    return samples
