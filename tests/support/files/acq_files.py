"""AcqKnowledge files for tests, written field by field after BIOPAC's Application Note 156 and what is public since."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Written(NamedTuple):
    """A channel: its samples as they are stored (int16 or float64), one every ``divider`` ticks."""

    samples: npt.NDArray[np.int16] | npt.NDArray[np.float64]
    name: str = "ECG - ECG100C"
    unit: str = "mV"
    divider: int = 1
    scale: float = 0.001
    offset: float = 0.0

    def stored(self, order: str) -> list[bytes]:
        """Bytes of each sample."""
        form = order + ("h" if self.samples.dtype.itemsize == 2 else "d")
        return [struct.pack(form, value) for value in self.samples.tolist()]


def write(
    path: Path,
    channels: Sequence[Written],
    *,
    revision: int = 38,
    order: str = "<",
    tick: float = 1.0,  # ms
    markers: Sequence[tuple[int, str]] = (),
    compressed: bool = False,
    foreign: bytes = b"\0" * 10,
) -> Path:
    """Write a file; versions from 4 on (61) have other headers than those before."""
    late = revision >= 61
    head = bytearray(2400 if late else 1944)
    struct.pack_into(order + "hiihhh", head, 0, 0, revision, len(head), len(channels), 0, 0)
    struct.pack_into(order + "d", head, 16, tick)
    if revision >= 41:
        struct.pack_into(order + "i", head, 972 if late else 1936, int(compressed))
    out = bytes(head) if revision >= 36 else bytes(head[:200])
    if revision < 36:
        out = out[:6] + struct.pack(order + "i", 200) + out[10:]
    for channel in channels:
        out += _channel(channel, revision, order)
    out += struct.pack(order + ("i" if late else "hh"), 4 + len(foreign), *(() if late else (100,))) + foreign
    for channel in channels:
        wide = channel.samples.dtype.itemsize
        out += struct.pack(order + "hh", wide, 2 if wide == 2 else 1)
    if not compressed:
        out += _interleaved(channels, order)
    out += _markers(markers, revision, order)
    if compressed:
        out += _packed(channels, revision, order)
    path.write_bytes(out)
    return path


def _channel(channel: Written, revision: int, order: str) -> bytes:
    size = 154 if revision >= 61 else 252 if revision >= 38 else 112
    raw = bytearray(size)
    struct.pack_into(order + "ih40s", raw, 0, size, 0, channel.name.encode("latin-1"))
    struct.pack_into(order + "20sidd", raw, 68, channel.unit.encode("latin-1"), len(channel.samples), channel.scale,
                     channel.offset)  # fmt: skip
    if size > 112:
        struct.pack_into(order + "h", raw, size - 2, channel.divider)
    return bytes(raw)


def _interleaved(channels: Sequence[Written], order: str) -> bytes:
    parts: list[bytes] = []
    done = [0] * len(channels)
    stored = [channel.stored(order) for channel in channels]
    for at in range(max(len(channel.samples) * channel.divider for channel in channels)):
        for i, channel in enumerate(channels):
            if at % channel.divider == 0 and done[i] < len(channel.samples):
                parts.append(stored[i][done[i]])
                done[i] += 1
    return b"".join(parts)


def _markers(markers: Sequence[tuple[int, str]], revision: int, order: str) -> bytes:
    items = b""
    for at, text in markers:
        raw = text.encode("utf-8" if revision >= 61 else "latin-1") + b"\0"
        if revision >= 61:
            style = b"apnd" if text.startswith("Segment") else b"flag"
            items += struct.pack(order + "iih4s", at, 0, -1, style)
            items += b"\0" * (8 * (revision >= 121) + 8 * (revision >= 128)) + struct.pack(order + "h", len(raw)) + raw
        elif revision >= 36:
            items += struct.pack(order + "ihhhh", at, 0, 0, 0, len(raw) - 1) + raw
        else:
            items += struct.pack(order + "ihhh", at, 0, 0, len(raw)) + raw
    if revision < 61:
        return struct.pack(order + "ii", len(items), len(markers)) + items
    rest = b"\0" * (13 + 8 * (revision >= 121) + 8 * (revision >= 128))
    return struct.pack(order + "iii", 12 + len(rest) + len(items), len(markers) + 1, 0) + rest + items


def _packed(channels: Sequence[Written], revision: int, order: str) -> bytes:
    if revision >= 61:  # an empty journal, and a header for all
        out = struct.pack(order + "i", 4) + b"\0" * 24 + struct.pack(order + "ii", 3, 2)
        out += b"\0" * (26 if revision >= 108 else 20) + b"abcde"
    else:  # what is known of no marker, a journal of two letters
        out = (
            struct.pack(order + "ii", 0, 0) + b"\0" * 76 + b"\x44\x33\x22\x11" + struct.pack(order + "hi", 0, 2) + b"hi"
        )
        out += b"\0" * 34 + struct.pack(order + "i", 4) + b"text"
    for channel in channels:
        data = b"".join(channel.stored("<"))
        packed = zlib.compress(data)
        out += b"\0" * 44 + struct.pack(order + "4i", 3, 2, len(data), len(packed)) + b"ECGmV" + packed
    return out
