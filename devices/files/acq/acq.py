"""Read BIOPAC AcqKnowledge files (``.acq``): one channel and the event markers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from devices.files import channels
from devices.files.acq.data import count_samples, read_compressed, read_interleaved
from devices.files.acq.header import AcqChannel, AcqHeader, AcqMarker, read_acq_header, read_acq_markers
from devices.files.recording import FileRecording, SampleRun, with_markers
from devices.read_options import ReadOptions
from ecg_live.constants import MAX_BRIDGED_GAP_S
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import Marker, State, StreamInfo

_PAUSE_CAUSE = "recording was paused; how long is not in the file"
_COUNT_RANGE = -32768, 32767


def open_acq(path: Path, options: ReadOptions) -> FileRecording:
    """Open an AcqKnowledge file.

    A pause of the recording ("Segment 2") is a gap of a length that the file does not state: the shortest gap that ends
    a segment is counted.

    Raises
    ------
    FormatError
        Its headers contradict each other.
    TruncatedError
        It holds no samples of the channel.
    ConfigError
        The ECG channel or its unit is ambiguous.
    """
    header = read_acq_header(path)
    offered = [channels.describe_channel(channel.name, channel.name) for channel in header.channels]
    index = channels.choose_channel(offered, options, path.name)
    channel = header.channels[index]
    rate = channels.resolve_rate(1 / header.tick / channel.divider, options, path.name)
    slope, offset = _scale(path, channel, options)
    count = channel.samples if header.compressed or not channel.samples else count_samples(path, header, index)
    if not count:
        raise TruncatedError(f"{path.name}: {channel.name} has no samples", "record it again")
    event_markers, place, remark = _markers(path, header)
    pauses = sorted({marker.tick // channel.divider for marker in event_markers if marker.segment and marker.tick})
    lost = int(MAX_BRIDGED_GAP_S * rate) + 1
    length = (count + lost * len(pauses)) / rate
    full = None
    if channel.kind == "i2":
        least, most = sorted(count * slope + offset for count in _COUNT_RANGE)
        full = least, most
    info = StreamInfo(
        rate, (channel.name,), full, path.name, f"{path.name}/{channel.name}", length,
        unit_assumed=channels.is_unit_assumed(channel.unit, options),
    )  # fmt: skip

    def decoded() -> Iterator[SampleRun | State]:
        parts = (
            read_compressed(path, header, index, place)
            if header.compressed
            else read_interleaved(path, header, index, count)
        )
        yield from _runs(parts, pauses, lost, slope, offset)
        yield from _length_warnings(path, header, index, count, remark)

    def at(tick: int) -> float:
        shift = lost * sum(pause * channel.divider <= tick for pause in pauses)
        return tick * header.tick + shift / rate

    markers = [Marker(at(marker.tick), marker.text) for marker in event_markers if marker.text]
    return FileRecording(info, lambda: with_markers(decoded(), markers, rate))


def _markers(path: Path, header: AcqHeader) -> tuple[list[AcqMarker], int, str]:
    """Return event markers, the offset after them, and a remark; uncompressed samples can be read without them."""
    try:
        return *read_acq_markers(path, header), ""
    except FormatError as error:
        if header.compressed:
            raise
        return [], 0, f"event markers cannot be read: {error.message.removeprefix(f'{path.name}: ')}"


def _length_warnings(path: Path, header: AcqHeader, index: int, count: int, remark: str) -> Iterator[State]:
    """Warn of missing samples and unreadable markers."""
    channel = header.channels[index]
    missing = 0 if header.compressed else header.length - (path.stat().st_size - header.data)
    if missing > 0:
        what = f"{count} of {channel.samples} samples are there, {missing} bytes are missing"
        yield State("warning", f"{path.name}: cut short: {what}")
        return
    if left := channel.samples - count:
        what = f"the last {left * channel.divider * header.tick:.3g} s are left out"
        yield State("warning", f"{path.name}: {what}: another channel ends before, and how they are stored differs")
    if remark:
        yield State("warning", f"{path.name}: {remark}")


def _scale(path: Path, channel: AcqChannel, options: ReadOptions) -> tuple[float, float]:
    """Return slope and offset from samples to mV; floating-point samples are in the unit already."""
    factor = channels.millivolt_factor(channel.unit, options, path.name)
    if channel.kind != "i2":
        return factor, 0.0
    if not (channel.scale and math.isfinite(channel.scale) and math.isfinite(channel.offset)):
        raise FormatError(
            f"{path.name}: {channel.name}: a scale of {channel.scale:g} with offset {channel.offset:g}",
            "export it from AcqKnowledge as EDF",
        )
    return channel.scale * factor, channel.offset * factor


def _runs(
    parts: Iterator[npt.NDArray[Any]], pauses: list[int], lost: int, slope: float, offset: float
) -> Iterator[SampleRun]:
    """Convert samples to mV; each pause is a gap of ``lost`` samples."""
    at = 0
    for part in parts:
        samples = part.astype(np.float64) * slope + offset
        edges = [pause - at for pause in pauses if at < pause < at + len(samples)]
        for low, high in zip([0, *edges], [*edges, len(samples)], strict=True):
            shift = lost * sum(pause <= at + low for pause in pauses)
            yield SampleRun(at + low + shift, samples[low:high], _PAUSE_CAUSE)
        at += len(samples)
