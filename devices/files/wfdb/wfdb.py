"""Read WFDB records (PhysioNet): a ``.hea`` header, and the signal files or segments that it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files import channels
from devices.files.recording import FileRecording, SampleRun, with_markers
from devices.files.wfdb.annotations import read_wfdb_annotations
from devices.files.wfdb.formats import DIFFERENCE_FORMAT, WFDB_FORMATS
from devices.files.wfdb.header import WfdbHeader, WfdbSignal, read_wfdb_header
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError, RecordingError, TruncatedError
from ecg_live.events import F64, Marker, State, StreamInfo

_BLOCK_SAMPLES = 1 << 17  # of all signals of a file, decoded at once
_GROUP_FRAMES = 6  # that fill whole groups of any format


class _ChannelExtent(NamedTuple):
    """Frames from ``start`` on in which the channel is ``signal``, one of the ``mates`` in one file.

    ``frames`` is None where the header does not state their number.
    """

    start: int
    frames: int | None
    signal: WfdbSignal
    mates: tuple[WfdbSignal, ...]

    @property
    def per_frame(self) -> int:
        """Samples of all signals of the file in a frame."""
        return sum(signal.per_frame for signal in self.mates)

    def count_frames(self, path: Path) -> int:
        """Return the frames that the file holds, at most those of the header.

        Raises
        ------
        FormatError
            The signal format is unknown.
        RecordingError
            The signal file is missing.
        TruncatedError
            It holds no samples.
        """
        form = WFDB_FORMATS.get(self.signal.form)
        if form is None:
            known = ", ".join(map(str, WFDB_FORMATS))
            raise FormatError(
                f"{path.name}: {self.signal.name}: signal format {self.signal.form}, expected one of {known}",
                "convert the record with xform of the WFDB software",
            )
        if not self.signal.file.is_file():
            raise RecordingError(
                f"{path.name}: its signal file {self.signal.file.name} is missing", "copy it beside the header"
            )
        body = max(0, self.signal.file.stat().st_size - self.mates[0].prolog)
        frames = form.count(body) // self.per_frame
        if not frames:
            raise TruncatedError(f"{path.name}: {self.signal.file.name} holds no samples", "copy it again")
        return frames if self.frames is None else min(frames, self.frames)


def open_wfdb(path: Path, options: ReadOptions) -> FileRecording:
    """Open a WFDB record by its header.

    A record of several segments is one recording, with a gap where no segment holds the channel.
    ``options.annotations`` names the annotation file (``atr`` for ``NAME.atr``) for markers.

    Raises
    ------
    FormatError
        The header is malformed.
    RecordingError
        A signal file is missing.
    TruncatedError
        A signal file holds no samples.
    ConfigError
        The ECG signal is ambiguous, or there are no such annotations.
    """
    header = read_wfdb_header(path)
    signals = _offered_signals(path, header)
    offered = [channels.describe_channel(signal.name, signal.name) for signal in signals]
    index = channels.choose_channel(offered, options, path.name)
    name, per_frame = signals[index].name, signals[index].per_frame
    rate = channels.resolve_rate(header.rate * per_frame, options, path.name)
    first = next(
        (each for each in _channel_extents(path, header, index, name) if isinstance(each, _ChannelExtent)), None
    )
    if first is None:
        raise FormatError(f"{path.name}: no segment holds {name}", "choose another channel")
    present = first.count_frames(path)
    factor = channels.millivolt_factor(first.signal.unit, options, path.name)
    frames = (header.frames or sum(each.frames for each in header.segments)) if header.segments else present
    length = (frames - first.start) * per_frame / rate
    info = StreamInfo(
        rate, (name,), _full_scale(first.signal, factor), path.name, f"{path.stem}/{name}", length,
        unit_assumed=not first.signal.stated or channels.is_unit_assumed(first.signal.unit, options),
    )  # fmt: skip
    markers: list[Marker] = []
    if options.annotations is not None:
        annotations = read_wfdb_annotations(path, options.annotations, header.rate)
        markers = [Marker(time - first.start / header.rate, text) for time, text in annotations]

    def decoded() -> Iterator[SampleRun | State]:
        if not first.signal.stated:
            what = f"{first.signal.gain:g} a {first.signal.unit} is taken, as header(5) says"
            yield State("warning", f"{path.name}: the header states no gain; {what}")
        cause = ""
        for extent in _channel_extents(path, header, index, name):
            if isinstance(extent, State):
                cause = "a segment is missing"
                yield extent
                continue
            if extent.signal.per_frame != per_frame:
                raise FormatError(
                    f"{path.name}: {extent.signal.file.name}: {extent.signal.per_frame} samples a frame, "
                    f"the segments before have {per_frame}",
                    "open the segment by itself",
                )
            yield from _extent_runs(path, extent, options, first.start, cause or f"no segment holds {name}")
            cause = ""

    return FileRecording(info, lambda: with_markers(decoded(), markers, rate))


def read_signal(path: Path, name: str) -> tuple[F64, float]:
    """Samples (n,) of a signal beside the ECG, in its own unit, and its rate in Hz, however slow.

    Raises
    ------
    FormatError
        The header is malformed, or the record has no such signal, or one in segments.
    RecordingError
        A signal file is missing or empty.
    """
    header = read_wfdb_header(path)
    found = next((i for i, signal in enumerate(header.signals) if signal.name == name), None)
    if found is None:
        known = ", ".join(signal.name for signal in header.signals) or "none that stands in the header"
        raise FormatError(f"{path.name}: its signals are {known}, expected {name}", "copy the record again")
    extent, signal = _make_extent(0, header.frames, header.signals, found), header.signals[found]
    counts = np.concatenate(list(_counts(path, extent, extent.count_frames(path))))
    return (counts - signal.baseline) / signal.gain, header.rate * signal.per_frame


def _offered_signals(path: Path, header: WfdbHeader) -> tuple[WfdbSignal, ...]:
    """Return all signals of a record; of one in segments, those of the first (variable layout: without samples)."""
    if not header.segments:
        return header.signals
    named = next((segment.header for segment in header.segments if segment.header is not None), None)
    if named is None:
        raise FormatError(f"{path.name}: all of its segments are empty", "choose another record")
    if not named.is_file():
        raise RecordingError(f"{path.name}: its segment {named.name} is missing", "copy it beside the header")
    return _segment_header(path, named).signals


def _segment_header(path: Path, segment: Path) -> WfdbHeader:
    """Read the header of a segment, which must not have segments."""
    found = read_wfdb_header(segment)
    if found.segments:
        raise FormatError(f"{path.name}: its segment {segment.name} has segments itself", "open that record")
    return found


def _channel_extents(path: Path, header: WfdbHeader, index: int, name: str) -> Iterator[_ChannelExtent | State]:
    """Find the extents of the channel, in order; a warning for a segment that is missing."""
    if not header.segments:
        yield _make_extent(0, header.frames, header.signals, index)
        return
    fixed = header.segments[0].frames > 0
    start = 0
    for segment in header.segments:
        if segment.header is None or not segment.frames:
            start += segment.frames
            continue
        if segment.header.is_file():
            signals = _segment_header(path, segment.header).signals
            places = [i for i, signal in enumerate(signals) if signal.name == name]
            if fixed and not places and index < len(signals):
                places = [index]
            if places:
                yield _make_extent(start, segment.frames, signals, places[0])
        else:
            yield State("warning", f"{path.name}: its segment {segment.header.name} is missing: a gap")
        start += segment.frames


def _make_extent(start: int, frames: int | None, signals: tuple[WfdbSignal, ...], index: int) -> _ChannelExtent:
    signal = signals[index]
    return _ChannelExtent(start, frames, signal, tuple(each for each in signals if each.group == signal.group))


def _extent_runs(
    path: Path, extent: _ChannelExtent, options: ReadOptions, origin: int, cause: str
) -> Iterator[SampleRun | State]:
    """Read the samples of one extent in mV; sample index 0 is at frame ``origin``."""
    signal = extent.signal
    factor = channels.millivolt_factor(signal.unit, options, path.name)
    try:
        present = extent.count_frames(path)
    except RecordingError as error:
        if not extent.start:
            raise
        yield State("warning", f"{error.message}: a gap")
        return
    at = (extent.start - origin) * signal.per_frame
    skipped = signal.skew * signal.per_frame  # by which the signal is late in the file
    for counts in _counts(path, extent, present):
        kept = counts[skipped:]
        skipped -= len(counts) - len(kept)
        yield SampleRun(at, (kept - signal.baseline) / signal.gain * factor, cause)
        at += len(kept)
    if extent.frames is not None and present < extent.frames:
        what = f"{present} of {extent.frames} samples are there"
        yield State("warning", f"{path.name}: {signal.file.name} is cut short: {what}")


def _counts(path: Path, extent: _ChannelExtent, frames: int) -> Iterator[F64]:
    """Read the channel's counts, NaN for a missing sample."""
    signal, form = extent.signal, WFDB_FORMATS[extent.signal.form]
    wide = extent.per_frame
    first = sum(mate.per_frame for mate in extent.mates[: extent.mates.index(signal)])
    step = max(1, _BLOCK_SAMPLES // wide // _GROUP_FRAMES) * _GROUP_FRAMES
    last = signal.initial
    with signal.file.open("rb") as file:
        file.seek(extent.mates[0].prolog)
        for at in range(0, frames, step):
            samples = min(step, frames - at) * wide
            size = form.size_of(samples)
            data = file.read(size)
            if form.count(len(data)) < samples:
                raise TruncatedError(f"{path.name}: cut while it was read, at byte {file.tell()}", "copy it again")
            own = form.decode(data)[:samples].reshape(-1, wide)[:, first : first + signal.per_frame].ravel()
            if signal.form == DIFFERENCE_FORMAT:
                own = np.cumsum(own) + last
                last = int(own[-1])
            yield np.where(own == form.missing, np.nan, own) if form.marks_missing else own.astype(np.float64)


def _full_scale(signal: WfdbSignal, factor: float) -> tuple[float, float]:
    """Return the converter's range in mV: its bits around its zero, or else the range of the format."""
    half = 1 << ((signal.bits or WFDB_FORMATS[signal.form].bits) - 1)
    ends = [(signal.zero + end - signal.baseline) / signal.gain * factor for end in (-half, half - 1)]
    return min(ends), max(ends)
