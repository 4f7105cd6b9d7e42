"""Parse headers of EDF, EDF+ and BDF files, malformed ones as well. Layout: Kemp & Olivan 2003; BioSemi's BDF page.

Not edfio: it refuses faults that do not matter for reading, such as invalid dates and decimal commas.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from devices.files.units import decode_text
from ecg_live.errors import FormatError

_BDF_MAGIC = b"\xffBIOSEMI"
_HEADER_BYTES = 256  # of the fixed header, and of each signal's part
_FIELD_BYTES = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)  # of a signal's fields, in their order
_ANNOTATION_LABELS = ("EDF Annotations", "BDF Annotations")


class EdfSignal(NamedTuple):
    """A signal's part of the header; limits are unparsed text, as only those of the chosen signal matter."""

    label: str
    transducer: str
    unit: str
    physical: tuple[str, str]
    digital: tuple[str, str]
    samples: int  # in a data record

    @property
    def is_annotation(self) -> bool:
        """Whether it holds annotations instead of samples."""
        return self.label in _ANNOTATION_LABELS


class EdfHeader(NamedTuple):
    """Header of an EDF or BDF file.

    ``records`` is -1 if the writer stopped before it stored their number, ``record_s`` is the duration of a record;
    ``may_have_gaps`` is true for EDF+D.
    """

    header_bytes: int
    sample_bytes: int
    records: int
    record_s: float
    may_have_gaps: bool
    signals: tuple[EdfSignal, ...]

    @property
    def record_bytes(self) -> int:
        """Bytes of a data record."""
        return sum(signal.samples for signal in self.signals) * self.sample_bytes

    def offset(self, index: int) -> int:
        """Byte within a record at which a signal begins."""
        return sum(signal.samples for signal in self.signals[:index]) * self.sample_bytes


def read_edf_header(path: Path) -> EdfHeader:
    """Read the header of an EDF or BDF file.

    Raises
    ------
    FormatError
        It is cut, or a number in it is invalid.
    """
    with path.open("rb") as file:
        fixed = file.read(_HEADER_BYTES)
        if len(fixed) < _HEADER_BYTES:
            raise FormatError(f"{path.name}: the EDF header is cut at byte {len(fixed)}", "copy the file again")
        count = _parse_whole(path, "number of signals", fixed[252:256], 1)
        length = _parse_whole(path, "size of the header", fixed[184:192], 0)
        if length != _HEADER_BYTES * (count + 1):
            raise FormatError(
                f"{path.name}: the header has {length} bytes by its own words, {count} signals need "
                f"{_HEADER_BYTES * (count + 1)}",
                "export the file again",
            )
        rest = file.read(_HEADER_BYTES * count)
    if len(rest) < _HEADER_BYTES * count:
        raise FormatError(
            f"{path.name}: the EDF header is cut at byte {_HEADER_BYTES + len(rest)}", "copy the file again"
        )
    wide = 3 if fixed.startswith(_BDF_MAGIC) else 2
    records = _parse_whole(path, "number of data records", fixed[236:244], -1)
    seconds = parse_number(path, "duration of a data record", _text(fixed[244:252]))
    apart = _text(fixed[192:236])[3:5] == "+D"
    return EdfHeader(length, wide, records, seconds, apart, _parse_signals(path, rest, count))


def parse_number(path: Path, what: str, text: str) -> float:
    """Parse a number of a header; its decimal sign may be a comma.

    Raises
    ------
    FormatError
        It is not a finite number.
    """
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"{path.name}: the {what} is {text!r}, expected a number", "export the file again")
    return value


def _parse_signals(path: Path, data: bytes, count: int) -> tuple[EdfSignal, ...]:
    """Parse all signals; the header stores them field by field, not signal by signal."""
    columns: list[list[str]] = []
    at = 0
    for width in _FIELD_BYTES:
        columns.append([_text(data[i : i + width]) for i in range(at, at + width * count, width)])
        at += width * count
    found: list[EdfSignal] = []
    for label, transducer, unit, bottom, top, low, high, _, samples, _ in zip(*columns, strict=True):
        size = _parse_whole(path, f"number of samples of {label!r}", samples.encode(), 0)
        found.append(EdfSignal(label, transducer, unit, (bottom, top), (low, high), size))
    return tuple(found)


def _parse_whole(path: Path, what: str, field: bytes, least: int) -> int:
    text = _text(field)
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise FormatError(
            f"{path.name}: the {what} is {text!r}, expected a whole number of {least} or more", "export the file again"
        )
    return value


def _text(field: bytes) -> str:
    return decode_text(field).strip(" \0")
