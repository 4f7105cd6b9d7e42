"""Parse WFDB headers (``.hea``): a record's signals, or its segments. Layout: PhysioNet, header(5).

Not the wfdb package: it brings 125 MB of other packages, and refuses headers for faults that do not matter to the
signal, such as a date that is only a year.
"""

from __future__ import annotations

import math
import os
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from devices.files.units import decode_text
from ecg_live.errors import FormatError, RecordingError

_MAX_HEADER_BYTES = 1 << 24  # a header of a thousand segments has 30,000
_MAX_FRAME_SAMPLES = 1 << 20
# Defaults of header(5), where the header states none.
_DEFAULT_RATE_HZ = 250.0
_DEFAULT_GAIN = 200.0  # counts per mV
_DEFAULT_UNIT = "mV"
_MAX_BITS = 32  # of a sample
_FORMAT_PATTERN = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?")
_GAIN_PATTERN = re.compile(r"([^(/]*)(?:\(([^)]*)\))?(?:/(.*))?")
_REMEDY = "download the record again, or mend the header"


class WfdbSignal(NamedTuple):
    """A signal: ``per_frame`` samples a frame in a file, count = mV x ``gain`` / ``unit`` + ``baseline``."""

    file: Path
    group: int  # the same for all signals of a file
    form: int
    per_frame: int
    skew: int  # frames by which it is late in the file
    prolog: int  # bytes before the first sample
    gain: float
    stated: bool  # whether the header states the gain
    baseline: float
    unit: str
    bits: int  # of the converter; 0 where the header does not state them
    zero: int  # count in the middle of the converter's range
    initial: int  # first count, of format 8
    name: str


class WfdbSegment(NamedTuple):
    """A segment of a record: its header, None where nothing was recorded, and its length in frames."""

    header: Path | None
    frames: int


class WfdbHeader(NamedTuple):
    """A record: ``rate`` of frames in Hz, number of ``frames`` or None, and either signals or segments."""

    rate: float
    frames: int | None
    signals: tuple[WfdbSignal, ...]
    segments: tuple[WfdbSegment, ...] = ()


def read_wfdb_header(path: Path) -> WfdbHeader:
    """Read a record's header.

    Raises
    ------
    FormatError
        It is not a WFDB header, or a number in it is invalid.
    """
    with path.open("rb") as file:
        data = file.read(_MAX_HEADER_BYTES + 1)
    if len(data) > _MAX_HEADER_BYTES:
        raise FormatError(f"{path.name}: more than {_MAX_HEADER_BYTES >> 20} MiB, no WFDB header has that", _REMEDY)
    lines = [line.split() for line in data.splitlines() if line.strip() and not line.lstrip().startswith(b"#")]
    if not lines or len(lines[0]) < 2:
        raise FormatError(f"{path.name}: no WFDB header: it has no line of a name and a number of signals", _REMEDY)
    first = [decode_text(field) for field in lines[0]]
    _, _, segments = first[0].partition("/")
    count = _parse_whole(path, "number of signals", first[1])
    rate = _parse_number(path, "sampling rate", re.split(r"[/(]", first[2])[0]) if len(first) > 2 else _DEFAULT_RATE_HZ
    frames = _parse_whole(path, "number of samples", first[3]) or None if len(first) > 3 else None
    wanted = _parse_whole(path, "number of segments", segments) if segments else count
    if len(lines) - 1 < wanted or not wanted:
        what = "segments" if segments else "signals"
        raise FormatError(f"{path.name}: {len(lines) - 1} of {wanted} {what} are described", _REMEDY)
    if segments:
        return WfdbHeader(rate, frames, (), tuple(_parse_segment(path, line) for line in lines[1 : wanted + 1]))
    return WfdbHeader(rate, frames, _parse_signals(path, lines[1 : count + 1]))


def _parse_segment(path: Path, line: list[bytes]) -> WfdbSegment:
    if len(line) < 2:
        raise FormatError(f"{path.name}: segment {decode_text(line[0])!r} has no length", _REMEDY)
    frames = _parse_whole(path, "length of a segment", decode_text(line[1]))
    return WfdbSegment(None if line[0] == b"~" else _beside(path, line[0] + b".hea"), frames)


def _parse_signals(path: Path, lines: list[list[bytes]]) -> tuple[WfdbSignal, ...]:
    found: list[WfdbSignal] = []
    last, group = b"", -1
    for line in lines:
        group += line[0] != last or not found
        last = line[0]
        found.append(_parse_signal(path, line, group))
    for one in range(group + 1):
        mine = [signal for signal in found if signal.group == one]
        if len({signal.form for signal in mine}) > 1 or sum(signal.per_frame for signal in mine) > _MAX_FRAME_SAMPLES:
            raise FormatError(
                f"{path.name}: {mine[0].file.name}: two formats in one file, or a frame too long", _REMEDY
            )
    return tuple(found)


def _parse_signal(path: Path, line: list[bytes], group: int) -> WfdbSignal:
    fields = [decode_text(field) for field in line]
    fields += [""] * (8 - len(fields))
    kind = _FORMAT_PATTERN.fullmatch(fields[1])
    if kind is None:
        raise FormatError(f"{path.name}: signal format {fields[1]!r}, expected a number such as 16", _REMEDY)
    per_frame = int(kind[2] or 1)
    if not 1 <= per_frame <= _MAX_FRAME_SAMPLES:
        raise FormatError(f"{path.name}: {per_frame} samples a frame, expected 1 to {_MAX_FRAME_SAMPLES}", _REMEDY)
    gains = _GAIN_PATTERN.fullmatch(fields[2])
    gain = _parse_number(path, "gain", gains[1]) if gains and gains[1] else 0.0
    zero = _parse_whole(path, "zero of the converter", fields[4] or "0", signed=True)
    baseline = _parse_number(path, "baseline", gains[2]) if gains and gains[2] else float(zero)
    bits = _parse_whole(path, "resolution", fields[3] or "0", signed=True)
    if not 0 <= bits <= _MAX_BITS:
        raise FormatError(f"{path.name}: a resolution of {bits} bits, expected 0 to {_MAX_BITS}", _REMEDY)
    initial = _parse_whole(path, "initial value", fields[5] or str(zero), signed=True)
    return WfdbSignal(
        _beside(path, line[0]), group, int(kind[1]), per_frame, int(kind[3] or 0), int(kind[4] or 0),
        gain or _DEFAULT_GAIN, bool(gain), baseline, (gains[3] if gains else "") or _DEFAULT_UNIT, bits, zero, initial,
        " ".join(fields[8:]),
    )  # fmt: skip


def _beside(path: Path, raw: bytes) -> Path:
    """Find a file in the header's folder, in any encoding of its name there and here."""
    name = decode_text(raw)
    ways = dict.fromkeys((os.fsdecode(raw), name, raw.decode("latin-1")))
    spelled = [unicodedata.normalize(form, way) for way in ways for form in ("NFC", "NFD")]
    for way in dict.fromkeys((*ways, *spelled)):
        if Path(way).is_absolute() or ".." in Path(way).parts or "\0" in way:
            raise RecordingError(f"{path.name}: {name!r} would lie outside its folder", "copy it beside the header")
        if (path.parent / way).exists():
            return path.parent / way
    return path.parent / name


def _parse_number(path: Path, what: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"{path.name}: no WFDB header: the {what} is {text!r}, expected a number", _REMEDY)
    return value


def _parse_whole(path: Path, what: str, text: str, *, signed: bool = False) -> int:
    value = _parse_number(path, what, text)
    if value != int(value) or (value < 0 and not signed) or abs(value) > 1 << 53:
        raise FormatError(f"{path.name}: no WFDB header: the {what} is {text!r}, expected a whole number", _REMEDY)
    return int(value)
