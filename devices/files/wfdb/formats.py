"""Decode WFDB signal formats: bytes to counts. Layout: PhysioNet, signal(5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]


class WfdbFormat(NamedTuple):
    """A storage format: groups of ``samples`` in ``size`` bytes, each of ``bits``.

    With ``marks_missing``, the lowest count marks a missing sample. ``parts`` are the bytes of a cut group that its
    first, second, ... samples need.
    """

    samples: int
    size: int
    bits: int
    decode: Callable[[bytes], I64]
    marks_missing: bool = True
    parts: tuple[int, ...] = ()

    @property
    def missing(self) -> int | None:
        """Count that marks a missing sample; None if the format has no such mark."""
        return -(1 << (self.bits - 1)) if self.marks_missing else None

    def count(self, size: int) -> int:
        """Return the number of whole samples in so many bytes."""
        groups, rest = divmod(size, self.size)
        return groups * self.samples + sum(rest >= least for least in self.parts)

    def size_of(self, samples: int) -> int:
        """Return the bytes of the groups for so many samples."""
        return -(-samples // self.samples) * self.size


def _plain_decoder(kind: str, offset: int = 0) -> Callable[[bytes], I64]:
    def decode(data: bytes) -> I64:
        return np.frombuffer(data, kind).astype(np.int64) - offset

    return decode


def _decode_24(data: bytes) -> I64:
    wide = np.zeros((len(data) // 3, 4), np.uint8)  # the 24 bits on top, which keeps the sign
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return (wide.view("<i4")[:, 0] >> 8).astype(np.int64)


def _sign_extend(values: I64, bits: int) -> I64:
    half = 1 << (bits - 1)
    return ((values & (2 * half - 1)) ^ half) - half


def _decode_212(data: bytes) -> I64:
    """212: the low bytes of two samples, their upper four bits between them."""
    triple = np.frombuffer(_pad_last_group(data, 3), np.uint8).reshape(-1, 3).astype(np.int64)
    first = triple[:, 0] | (triple[:, 1] & 0x0F) << 8
    second = triple[:, 2] | (triple[:, 1] & 0xF0) << 4
    return _sign_extend(np.stack([first, second], axis=1).ravel(), 12)


def _decode_310(data: bytes) -> I64:
    """310: two in the upper bits of a word each, the third in what is left above them."""
    pair = np.frombuffer(_pad_last_group(data, 4), "<u2").reshape(-1, 2).astype(np.int64)
    third = pair[:, 0] >> 11 | pair[:, 1] >> 11 << 5
    return _sign_extend(np.stack([pair[:, 0] >> 1, pair[:, 1] >> 1, third], axis=1).ravel(), 10)


def _decode_311(data: bytes) -> I64:
    """311: three samples in the lower thirty bits."""
    whole = np.frombuffer(_pad_last_group(data, 4), "<u4").astype(np.int64)
    return _sign_extend(np.stack([whole, whole >> 10, whole >> 20], axis=1).ravel(), 10)


def _pad_last_group(data: bytes, size: int) -> bytes:
    """Pad an incomplete last group with zeros."""
    return data + b"\0" * (-len(data) % size)


WFDB_FORMATS = {
    8: WfdbFormat(1, 1, 8, _plain_decoder("i1"), marks_missing=False),  # differences: needs the first count
    16: WfdbFormat(1, 2, 16, _plain_decoder("<i2")),
    24: WfdbFormat(1, 3, 24, _decode_24),
    32: WfdbFormat(1, 4, 32, _plain_decoder("<i4")),
    61: WfdbFormat(1, 2, 16, _plain_decoder(">i2")),
    80: WfdbFormat(1, 1, 8, _plain_decoder("u1", 1 << 7)),
    160: WfdbFormat(1, 2, 16, _plain_decoder("<u2", 1 << 15)),
    212: WfdbFormat(2, 3, 12, _decode_212, parts=(2,)),
    310: WfdbFormat(3, 4, 10, _decode_310, parts=(2,)),
    311: WfdbFormat(3, 4, 10, _decode_311, parts=(2, 3)),
}
DIFFERENCE_FORMAT = 8
