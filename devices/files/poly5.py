"""Poly5 (``.S00``, ``.Poly5``), the format of TMSi's recorders and of the SWELL data set.

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
_IDENTIFIER_BYTES = {b"3": 31, b"4": 32}  # length of the identifier, by the last digit of the version
# Version, rates, signals, periods, start, blocks, periods and bytes a block.
_FIXED_HEADER = struct.Struct("<h81x2hxhi4x7hiHH2x64x")
_SIGNAL_DESCRIPTOR = struct.Struct("<41s4x11s4f4x60x")  # name, unit, unit low and high, ADC low and high
_BLOCK_HEADER_BYTES = 86  # before each block's samples
_SAMPLE_BYTES = 4  # float32
_READ_BYTES = 1 << 18  # or one block, if that is larger
# A name starts with the half of the channel's 32 bits that its descriptor is for.
_HALF_PREFIX = re.compile(r"\((?:lo|hi)\) ", re.IGNORECASE)


class Poly5Signal(NamedTuple):
    """A channel: ``unit`` as the file has it, value = sample * ``slope`` + ``offset`` in it."""

    name: str
    unit: str
    slope: float
    offset: float


class Poly5Header(NamedTuple):
    """Header of a Poly5 file, with the sample count checked against the size of the file."""

    rates: tuple[int, int]  # Hz: sampling, storage
    signals: tuple[Poly5Signal, ...]
    started: datetime | None  # on the recorder's clock
    samples: int  # of each channel that the file holds
    periods: int  # samples of each channel in a block
    data: int  # offset of the first block in bytes
    remark: str

    @property
    def kinds(self) -> list[channels.OfferedChannel]:
        """The channels, for `channels.choose_channel`."""
        return [channels.describe_channel(signal.name, signal.name) for signal in self.signals]


def open_poly5(path: Path, options: ReadOptions) -> FileRecording:
    """Open a Poly5 file of version 2.03 or 2.04 with 32-bit samples.

    Raises
    ------
    FormatError
        The header is malformed, or samples are stored in 16 bits.
    TruncatedError
        The file ends before the first sample.
    ConfigError
        The ECG channel, its unit, or the rate (of two that the file states) is ambiguous.
    """
    header = read_poly5_header(path)
    index = channels.choose_channel(header.kinds, options, path.name)
    rate = channels.resolve_rate(_stored_rate(path, header, options), options, path.name)
    signal = header.signals[index]
    if not (signal.slope and math.isfinite(signal.slope) and math.isfinite(signal.offset)):
        raise FormatError(f"{path.name}: {signal.name}: a range of no width, or no number", "export the file again")
    factor = channels.millivolt_factor(signal.unit, options, path.name)
    slope, offset = signal.slope * factor, signal.offset * factor
    info = StreamInfo(
        rate, (signal.name,), None, path.name, f"{path.name}/{signal.name}", header.samples / rate,
        unit_assumed=channels.is_unit_assumed(signal.unit, options),
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
    """Read the header of a Poly5 file.

    Raises
    ------
    FormatError
        It is not a Poly5 file, or its fields contradict each other.
    TruncatedError
        The file ends before the first sample.
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
    present = _count_samples(path.stat().st_size - data, periods, size, len(signals))
    if present < 1:
        raise TruncatedError(f"{path.name}: not one sample is whole", "record it again")
    samples, remark = _reconcile_counts(stated, present, periods)
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
    """Decode a Pascal string: a length byte, then the characters."""
    return field[1 : 1 + field[0]].decode("latin-1").strip("\0 ")


def _start_time(fields: list[int]) -> datetime | None:
    """Decode year, month, day, weekday, hour, minute, second; None for an invalid time."""
    try:
        year, month, day, _, hour, minute, second = fields
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the recorder stores no time zone
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
    """Count the samples of each channel that fit into ``data`` bytes."""
    blocks, rest = divmod(data, _BLOCK_HEADER_BYTES + size)
    return blocks * periods + max(0, rest - _BLOCK_HEADER_BYTES) // (_SAMPLE_BYTES * count)


def _reconcile_counts(stated: int, present: int, periods: int) -> tuple[int, str]:
    """Return the samples to use, and a remark: the last block may be padded, and a crash leaves an old count."""
    if stated <= 0 or present - stated >= periods:
        why = f"the header counts {stated} samples, the file holds {present}"
        return present, f"{why}; the recorder did not close it, all are used"
    if present < stated:
        return present, f"cut short: {present} of {stated} samples are there"
    return stated, ""


def _stored_rate(path: Path, header: Poly5Header, options: ReadOptions) -> float:
    sampling, storage = header.rates
    if storage in (0, sampling):
        return float(sampling)
    if options.rate in header.rates:
        return float(options.rate)
    raise ConfigError(
        f"{path.name}: sampled at {sampling} Hz, stored at {storage} Hz", f"say which it is, as in --rate {storage}"
    )


def _channel_values(path: Path, header: Poly5Header, index: int) -> Iterator[F64]:
    """Read a channel's samples, several blocks at a time."""
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
