"""OpenSignals (PLUX biosignalsplux, RespiBAN, hub; BITalino): header fields, and counts to mV.

Layout: files that OpenSignals (r)evolution wrote, as text and as HDF5.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from devices.files import channels
from devices.files.opensignals.sequence import SequenceCounter
from devices.files.recording import FileRecording, SampleRun
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError
from ecg_live.events import F64, Marker, State, StreamInfo

MAX_SEQUENCE_NUMBER = 1 << 48  # more than a century of samples
OPENSIGNALS_SIGNATURE = "# OpenSignals Text File Format"
PLUX_VCC_V = 3.0  # biosignalsplux ECG sensor data sheet
BITALINO_VCC_V = 3.3  # BITalino ECG sensor data sheet
BITALINO_GAIN = 1100.0  # V/V, likewise
# Width of converters that the header does not state; the slow ones are BITalino's A5 and A6.
PLUX_BITS = 16
BITALINO_BITS = 10
BITALINO_SLOW_BITS = 6
PLUX_WRAPS = (1 << 15, 1 << 16)  # of sequence numbers, by firmware
BITALINO_WRAPS = (16,)


@dataclass(frozen=True, slots=True)
class OpenSignalsChannel:
    """One analogue channel of a device: ``key`` finds its data in the file."""

    device: str
    key: int | str
    name: str
    sensor: str
    bits: int
    rate: float | None
    bitalino: bool
    converted: bool
    guessed: bool

    def offered(self) -> channels.OfferedChannel:
        """The channel, for `channels.choose_channel`: its sensor is more specific than its label."""
        return channels.describe_channel(self.name, self.sensor, self.name, kind=self.sensor)


class OpenSignalsBlock(NamedTuple):
    """A block of a file: sequence numbers (n,) or None, and values (n,); ``first`` is a line or sample, by ``unit``."""

    unit: str
    first: int
    numbers: F64 | None
    values: F64


def attribute_text(value: object) -> str:
    """Return text from JSON or from an HDF5 attribute."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def header_number(header: Mapping[str, Any], key: str, where: str) -> float | None:
    """Return a number of the header, or None if it states none.

    Raises
    ------
    FormatError
        The value is not a number.
    """
    value = header.get(key)
    try:
        return None if value is None or attribute_text(value).strip() == "" else float(value)
    except (TypeError, ValueError, OverflowError):
        raise FormatError(
            f"{where}: header: {key!r} is {value!r}, expected a number", "export the file again"
        ) from None


def is_bitalino(header: Mapping[str, Any]) -> bool:
    """Whether the header is that of a BITalino."""
    return "bitalino" in attribute_text(header.get("device", "")).casefold()


def converter_bits(header: Mapping[str, Any], at: int, count: int, name: str, where: str) -> tuple[int, bool]:
    """Return the width of a converter, and whether it had to be guessed.

    ``resolution`` covers every column on BITalino and the channels alone on PLUX: the last ``count`` entries are those
    of the channels either way; a single entry is that of all.

    Parameters
    ----------
    header : mapping
        The device's part of the header.
    at, count : int
        Index of the channel, and number of channels.
    name : str
        Of the column.
    where : str
        The file's name, for messages.

    Raises
    ------
    FormatError
        The stated width is impossible.
    """
    stated = _whole_numbers(header.get("resolution", ()))
    if len(stated) == 1:
        stated *= count
    if len(stated) >= count:
        width = stated[len(stated) - count + at]
        if not 1 <= width <= 32:
            raise FormatError(
                f"{where}: header: a resolution of {width} bits, expected 1 to 32", "export the file again"
            )
        return width, False
    if is_bitalino(header):
        return (BITALINO_SLOW_BITS if name in ("A5", "A6") else BITALINO_BITS), True
    return PLUX_BITS, True


def _whole_numbers(value: object) -> list[int]:
    """Return one or several whole numbers from JSON or an HDF5 attribute; empty for anything else."""
    try:
        return [int(each) for each in np.atleast_1d(np.asarray(value)).tolist()]
    except (TypeError, ValueError, OverflowError):
        return []


def choose_opensignals_channel(
    all_channels: Sequence[OpenSignalsChannel], options: ReadOptions, where: str
) -> OpenSignalsChannel:
    """Choose the ECG among all devices' channels; with several devices, names are ``DEVICE/NAME``."""
    devices = {channel.device for channel in all_channels}
    offered = [channel.offered() for channel in all_channels]
    if len(devices) > 1:
        offered = [c._replace(name=f"{p.device}/{c.name}") for c, p in zip(offered, all_channels, strict=True)]
    return all_channels[channels.choose_channel(offered, options, where)]


def make_recording(
    path: Path,
    channel: OpenSignalsChannel,
    options: ReadOptions,
    rows: Callable[[], Iterator[OpenSignalsBlock | State]],
    *,
    samples: int | None = None,
    saturates: bool = False,
) -> FileRecording:
    """Make a recording of a format's blocks.

    Parameters
    ----------
    path : Path
    channel : OpenSignalsChannel
    options : ReadOptions
    rows : callable
        Reads the blocks from the start of the file.
    samples : int, optional
        Number of samples, if it is known beforehand.
    saturates : bool
        Whether sequence numbers stay at their highest value (see `SequenceCounter`).

    Raises
    ------
    ConfigError
        No rate is known, or ``--unit`` or the gain does not apply.
    """
    rate = channels.resolve_rate(channel.rate, options, path.name)
    if options.unit is not None and not channel.converted:
        raise ConfigError(f"{path.name}: holds converter counts, which its header turns into mV", "leave --unit out")
    slope, offset = _scale(channel, options, path.name)
    full_scale = None if channel.converted else (offset, slope * (2**channel.bits - 1) + offset)
    info = StreamInfo(
        rate,
        (channel.name,),
        full_scale,
        f"{path.name} {channel.device}",
        f"{channel.device}/{channel.key}",
        None if samples is None else samples / rate,
    )

    def runs() -> Iterator[SampleRun | State | Marker]:
        wraps = BITALINO_WRAPS if channel.bitalino else PLUX_WRAPS
        counter = SequenceCounter(wraps, rate, saturates=saturates, highest=lambda: _highest_sequence_number(rows()))
        position = 0  # sample index, of files without sequence numbers
        yield from _conversion_warnings(path, channel)
        for item in rows():
            if isinstance(item, State):
                yield item
                continue
            values = item.values * slope + offset
            if item.numbers is None:
                yield SampleRun(position, values)
                position += len(values)
                continue
            wrong = np.flatnonzero(~_is_sequence_number(item.numbers))
            good = int(wrong[0]) if len(wrong) else len(values)
            where = f"{path.name}, from {item.unit} {item.first}"
            yield from counter.push(item.numbers[:good], values[:good], where)
            if good < len(values):
                raise _sequence_number_error(f"{path.name}, {item.unit} {item.first + good}", item.numbers[good])

    return FileRecording(info, runs)


def _is_sequence_number(numbers: F64) -> npt.NDArray[np.bool_]:
    return (numbers >= 0) & (numbers <= MAX_SEQUENCE_NUMBER)


def _highest_sequence_number(items: Iterator[OpenSignalsBlock | State]) -> int:
    """Return the highest sequence number, as far as the file can be read."""
    top = 0
    with contextlib.suppress(FormatError):  # raised again when the rows before it have been used
        for item in items:
            if isinstance(item, OpenSignalsBlock) and item.numbers is not None:
                top = max(top, int(item.numbers[_is_sequence_number(item.numbers)].max(initial=0)))
    return top


def _sequence_number_error(where: str, found: float) -> FormatError:
    return FormatError(f"{where}: nSeq is {found:g}, expected 0 to 2^48", "mend or remove it, or export it again")


def _scale(channel: OpenSignalsChannel, options: ReadOptions, where: str) -> tuple[float, float]:
    """Return slope and offset from values to mV: (raw / 2^n - 1/2) Vcc / gain, both makers' data sheets."""
    if channel.converted:
        return channels.millivolt_factor("mV", options, where), 0.0
    if not (math.isfinite(options.gain) and options.gain > 0):
        raise ConfigError(f"the gain is {options.gain:g}, expected more than 0", "1000 is the data sheet's")
    span = 1000.0 * (BITALINO_VCC_V / BITALINO_GAIN if channel.bitalino else PLUX_VCC_V / options.gain)
    return span / 2**channel.bits, -span / 2


def _conversion_warnings(path: Path, channel: OpenSignalsChannel) -> Iterator[State]:
    if channel.guessed and not channel.converted:
        yield State("warning", f"{path.name}: the header states no resolution; {channel.bits} bits are assumed")
    kind = channel.offered().kind
    if kind not in ("", channels.ECG) and not channel.converted:
        yield State("warning", f"{path.name}: {channel.name} is {kind}; its values are converted as an ECG sensor's")
