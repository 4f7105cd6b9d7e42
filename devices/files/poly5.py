"""Poly5 (``.S00``, ``.Poly5``): TMSi's recordings, of which SWELL is made.

Layout, little-endian: a header, two descriptors a channel, then blocks of float samples, each with a header of its own.
Source of the layout: TMSi's Poly5 description, as two independent public readers agree on it.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from devices.files import channels
from devices.files.recording import FileRecording, SampleRun
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError, TruncatedError
from ecg_live.events import F64, Marker, State, StreamInfo

POLY5_SIGNATURE = b"POLY SAMPLE FILEversion 2.0"
_IDENTIFIER_BYTES = {b"3": 31, b"4": 32}  # bytes of it, by the version's last digit
# version, rates, signals, periods, start, blocks, periods and bytes a block
_FIXED_HEADER = struct.Struct("<h81x2hxhi4x7hiHH2x64x")
_SIGNAL_DESCRIPTOR = struct.Struct("<41s4x11s4f4x60x")  # name, unit, unit low and high, ADC low and high
_BLOCK_HEADER_BYTES = 86  # bytes of header before each block's samples
_SAMPLE_BYTES = 4  # bytes of a sample: float32
_READ_BYTES = 1 << 18  # bytes read at once, or one block
_HALF_PREFIX = re.compile(
    r"\((?:lo|hi)\) ", re.IGNORECASE
)  # a name says which 16 bits of a channel its descriptor is for


class Poly5Signal(NamedTuple):
    """A channel: ``unit`` as the file has it, value = sample * ``slope`` + ``offset`` in it."""

    name: str
    unit: str
    slope: float
    offset: float


class Poly5Header(NamedTuple):
    """What a file says of itself, and what its size says of that."""

    rates: tuple[int, int]  # Hz: sampling, storage
    signals: tuple[Poly5Signal, ...]
    started: datetime | None  # on the recorder's clock
    samples: int  # of each channel that are there
    periods: int  # samples of each channel in a block
    data: int  # byte at which the first block begins
    remark: str

    @property
    def kinds(self) -> list[channels.OfferedChannel]:
        """The channels as `channels.choose` wants them."""
        return [channels.describe_channel(signal.name, signal.name) for signal in self.signals]


def open_poly5(path: Path, opening: ReadOptions) -> FileRecording:
    """Open a Poly5 file of version 2.03 or 2.04 with 32-bit samples.

    Raises
    ------
    FormatError
        The header is not what it should be, or samples are stored in 16 bits.
    TruncatedError
        Not one sample is whole.
    ConfigError
        It is not plain which channel is the ECG, what its unit is, or which of two rates holds.
    """
    header = read_poly5_header(path)
    index = channels.choose_channel(header.kinds, opening, path.name)
    rate = channels.resolve_rate(_stored_rate(path, header, opening), opening, path.name)
    signal = header.signals[index]
    if not (signal.slope and math.isfinite(signal.slope) and math.isfinite(signal.offset)):
        raise FormatError(f"{path.name}: {signal.name}: a range of no width, or no number", "export the file again")
    factor = channels.millivolt_factor(signal.unit, opening, path.name)
    slope, offset = signal.slope * factor, signal.offset * factor
    info = StreamInfo(
        rate, (signal.name,), None, path.name, f"{path.name}/{signal.name}", header.samples / rate,
        unit_assumed=channels.is_unit_assumed(signal.unit, opening),
    )  # fmt: skip

    def runs() -> Iterator[SampleRun | State | Marker]:
        at = 0
        for values in _channel_values(path, header, index):
            yield SampleRun(at, values * slope + offset)
            at += len(values)
        if header.remark:
            yield State("warning", f"{path.name}: {header.remark}")

    return FileRecording(info, runs)


def read_poly5_header(path: Path) -> Poly5Header:
    """Read what a file says of itself.

    Raises
    ------
    FormatError
        It is no such file, or its numbers do not fit each other.
    TruncatedError
        Not one sample is whole.
    """
    with path.open("rb") as file:
        identifier = file.read(len(POLY5_SIGNATURE) + 1)
        length = _IDENTIFIER_BYTES.get(identifier[-1:]) if identifier.startswith(POLY5_SIGNATURE) else None
        if length is None:
            raise FormatError(f"{path.name}: found {identifier!r}, expected Poly5 2.03 or 2.04", "export it again")
        file.seek(length)
        _, sampling, storage, count, stated, *start, _, periods, size = _read_struct(path, file, _FIXED_HEADER)
        channels.check_rate(sampling, path.name)
        if count < 2 or count % 2:
            raise FormatError(f"{path.name}: {count} descriptors, expected two a channel", "export the file again")
        signals = tuple(_make_signal(*_read_struct(path, file, _SIGNAL_DESCRIPTOR)) for _ in range(count))[::2]
        data = file.tell()
    _check_block(path, len(signals), periods, size)
    there = _count_samples(path.stat().st_size - data, periods, size, len(signals))
    if there < 1:
        raise TruncatedError(f"{path.name}: not one sample is whole", "record it again")
    samples, remark = _reconcile_counts(stated, there, periods)
    return Poly5Header((sampling, storage), signals, _start_time(start), samples, periods, data, remark)


def _read_struct(path: Path, file: BinaryIO, layout: struct.Struct) -> tuple[Any, ...]:
    data = file.read(layout.size)
    if len(data) < layout.size:
        raise FormatError(f"{path.name}: the header is cut at byte {file.tell()}", "copy the file again")
    return layout.unpack(data)


def _make_signal(name: bytes, unit: bytes, bottom: float, top: float, least: float, most: float) -> Poly5Signal:
    slope = (top - bottom) / (most - least) if most != least else math.nan
    return Poly5Signal(_HALF_PREFIX.sub("", _text(name), count=1), _text(unit), slope, bottom - least * slope)


def _text(field: bytes) -> str:
    """A Pascal string: its length, then as many characters."""
    return field[1 : 1 + field[0]].decode("latin-1").strip("\0 ")


def _start_time(fields: list[int]) -> datetime | None:
    """Year, month, day, weekday, hour, minute, second; none where they are no time."""
    try:
        year, month, day, _, hour, minute, second = fields
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the recorder knows no zone
    except ValueError:
        return None


def _check_block(path: Path, count: int, periods: int, size: int) -> None:
    wanted = periods * _SAMPLE_BYTES * count
    if periods > 0 and size == wanted:
        return
    if periods > 0 and size * 2 == wanted:
        raise FormatError(f"{path.name}: samples are stored in 16 bits, expected 32", "export it with 32-bit samples")
    raise FormatError(
        f"{path.name}: a block has {size} bytes, expected {wanted}: {periods} samples of {count} channels",
        "export the file again",
    )


def _count_samples(data: int, periods: int, size: int, count: int) -> int:
    """How many samples of each channel the file has room for."""
    blocks, rest = divmod(data, _BLOCK_HEADER_BYTES + size)
    return blocks * periods + max(0, rest - _BLOCK_HEADER_BYTES) // (_SAMPLE_BYTES * count)


def _reconcile_counts(stated: int, there: int, periods: int) -> tuple[int, str]:
    """How many samples count, and what to say about it: the last block may be padded, and a crash leaves old counts."""
    if stated <= 0 or there - stated >= periods:
        why = f"the header counts {stated} samples, the file holds {there}"
        return there, f"{why}; the recorder did not close it, all are used"
    if there < stated:
        return there, f"cut short: {there} of {stated} samples are there"
    return stated, ""


def _stored_rate(path: Path, header: Poly5Header, opening: ReadOptions) -> float:
    sampling, storage = header.rates
    if storage in (0, sampling):
        return float(sampling)
    if opening.rate in header.rates:
        return float(opening.rate)
    raise ConfigError(
        f"{path.name}: sampled at {sampling} Hz, stored at {storage} Hz", f"say which it is, as in --rate {storage}"
    )


def _channel_values(path: Path, header: Poly5Header, index: int) -> Iterator[F64]:
    """A channel's samples, some blocks at a time."""
    count, left = len(header.signals), header.samples
    block = _BLOCK_HEADER_BYTES + header.periods * _SAMPLE_BYTES * count
    at_once = max(1, _READ_BYTES // block)
    with path.open("rb") as file:
        file.seek(header.data)
        while left:
            part = min(left, at_once * header.periods)
            whole, rest = divmod(part, header.periods)
            size = whole * block + (_BLOCK_HEADER_BYTES + rest * _SAMPLE_BYTES * count if rest else 0)
            data = file.read(size)
            if len(data) < size:
                raise TruncatedError(f"{path.name}: cut while it was read, at byte {file.tell()}", "copy it again")
            blocks = np.frombuffer(data[: whole * block], np.uint8).reshape(whole, block)[:, _BLOCK_HEADER_BYTES:]
            samples = np.concatenate(
                [blocks.ravel(), np.frombuffer(data[whole * block :], np.uint8)[_BLOCK_HEADER_BYTES:]]
            )
            yield samples.view("<f4").reshape(part, count)[:, index].astype(np.float64)
            left -= part
