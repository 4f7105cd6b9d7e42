"""Write signals as ``_physio.tsv.gz``: a row a sample, ``n/a`` for lost samples, so that the row number is time."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import numpy as np

from ecg_live.errors import FormatError
from ecg_live.events import F64
from ecg_live.recorded.auxiliary_samples import AuxiliaryBlock
from ecg_live.recorded.export.bids.tsv import NOT_AVAILABLE, text_cell

MAX_GAP_S = 24 * 3600.0  # of rows that say nothing; 24 h at 1 kHz are 90 MB before they are packed
_ROWS_AT_ONCE = 1 << 16
_LOST_STEP = 1.5  # intervals between two samples, from which on samples are missing


class PackedFile(Protocol):
    """A gzip file that is written."""

    def write(self, data: bytes) -> int:
        """Write bytes."""
        ...


def before_silence(times: F64) -> int:
    """How many of rising times (s) come before a silence that is too long for rows, as of a damaged number."""
    return int(np.argmax(np.append(np.diff(times, prepend=0.0) > MAX_GAP_S, True)))


@contextlib.contextmanager
def packed_file(path: Path) -> Iterator[PackedFile]:
    """Open a gzip file for writing; it tells neither a time nor a name, as BIDS wants it."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, cast("BinaryIO", raw), mtime=0) as packed:
        yield packed


class PhysioTable:
    """Rows of one signal.

    Parameters
    ----------
    file : PackedFile
    width : int
        Number of columns.
    rate : float
        Hz.
    """

    def __init__(self, file: PackedFile, width: int, rate: float) -> None:
        self.rows = 0
        self.gaps: list[tuple[int, int, str]] = []  # first row, number of rows, cause
        self._file = file
        self._rate = rate
        self._missing = ("\t".join([NOT_AVAILABLE] * width) + "\n").encode()

    def add(self, samples: Sequence[Sequence[float]]) -> None:
        """Write samples with all their digits."""
        lines = ("\t".join([repr(x) if isfinite(x) else NOT_AVAILABLE for x in row]) for row in samples)
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self.rows += len(samples)

    def skip(self, lost: int, cause: str) -> None:
        """Write rows for lost samples.

        Raises
        ------
        FormatError
            They are too many.
        """
        if lost / self._rate > MAX_GAP_S:
            hours = lost / self._rate / 3600
            raise FormatError(f"a gap of {hours:.1f} h is too long for BIDS, which has a row a sample", "export to CSV")
        self.gaps.append((self.rows, lost, text_cell(cause)))
        for begin in range(0, lost, _ROWS_AT_ONCE):
            self._file.write(self._missing * min(_ROWS_AT_ONCE, lost - begin))
        self.rows += lost


class AuxiliaryTable:
    """Rows of a stream beside the ECG, at a regular rate.

    Parameters
    ----------
    file : PackedFile
    width : int
        Number of columns.
    rate : float
        Nominal rate in Hz.
    """

    def __init__(self, file: PackedFile, width: int, rate: float) -> None:
        self.table = PhysioTable(file, width, rate)
        self._rate = rate
        self._stamp: float | None = None  # session clock of the newest sample
        self._first = 0.0  # s from the first ECG sample
        self._stated = (0, 0.0)  # row and time (s) of the newest sample whose time the file states

    @property
    def start(self) -> float:
        """Time of the first row, in s from the first ECG sample."""
        return self._first

    @property
    def rate(self) -> float:
        """Rate (Hz) at which the row number gives the time of the last chunk to less than a sample."""
        steps, span = self._stated[0], self._stated[1] - self._first
        if steps <= 0 or span <= 0 or abs(steps / self._rate - span) < 0.5 / self._rate:
            return self._rate
        return steps / span

    def add(self, block: AuxiliaryBlock) -> None:
        """Write samples, and rows for those that are missing before or among them."""
        rows = cast("Sequence[Sequence[float]]", block.rows)
        if self._stamp is None and len(rows):
            self._first = float(block.times[0])
        begin = 0
        for k, stamp in enumerate(block.stamps.tolist()):
            steps = 1.0 if self._stamp is None else (stamp - self._stamp) * self._rate
            if steps > _LOST_STEP:
                self.table.add(rows[begin:k])
                self.table.skip(round(steps) - 1, "missing in the recording")
                begin = k
            self._stamp = stamp
            if k == 0:
                self._stated = self.table.rows, float(block.times[0])
        self.table.add(rows[begin:])
