"""WFDB records (PhysioNet): a ``.hea`` header, and the signal files or segments that it names."""

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

_BLOCK_SAMPLES = 1 << 17  # samples, of all signals of a file, that are decoded at once
_GROUP_FRAMES = 6  # frames that fill whole groups of any format


class _ChannelExtent(NamedTuple):
    """Frames from ``start`` on in which the channel is ``signal``, one of ``mates`` in a file.

    ``frames`` is None where only the file says how many they are.
    """

    start: int
    frames: int | None
    signal: WfdbSignal
    mates: tuple[WfdbSignal, ...]

    @property
    def per_frame(self) -> int:
        """Samples of all signals of the file in a frame."""
        return sum(signal.per_frame for signal in self.mates)

    def there(self, path: Path) -> int:
        """Frames that the file holds, and the header counts.

        Raises
        ------
        FormatError
            The format is none that is known.
        RecordingError
            There is no such file.
        TruncatedError
            It holds nothing.
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


def open_wfdb(path: Path, opening: ReadOptions) -> FileRecording:
    """Open a WFDB record by its header.

    A record of several segments is one recording; where none of them holds the channel there is a gap.
    ``opening.annotations`` names annotations beside it (``atr`` for ``NAME.atr``) that become markers.

    Raises
    ------
    FormatError
        The header is not what it should be.
    RecordingError
        A signal file is missing.
    TruncatedError
        A signal file holds nothing.
    ConfigError
        It is not plain which signal is the ECG, or there are no such annotations.
    """
    header = read_wfdb_header(path)
    signals = _offered_signals(path, header)
    offered = [channels.describe_channel(signal.name, signal.name) for signal in signals]
    index = channels.choose_channel(offered, opening, path.name)
    name, per_frame = signals[index].name, signals[index].per_frame
    rate = channels.resolve_rate(header.rate * per_frame, opening, path.name)
    first = next(
        (each for each in _channel_extents(path, header, index, name) if isinstance(each, _ChannelExtent)), None
    )
    if first is None:
        raise FormatError(f"{path.name}: no segment holds {name}", "choose another channel")
    there = first.there(path)
    factor = channels.millivolt_factor(first.signal.unit, opening, path.name)
    frames = (header.frames or sum(each.frames for each in header.segments)) if header.segments else there
    length = (frames - first.start) * per_frame / rate
    info = StreamInfo(
        rate, (name,), _full_scale(first.signal, factor), path.name, f"{path.stem}/{name}", length,
        unit_assumed=not first.signal.stated or channels.is_unit_assumed(first.signal.unit, opening),
    )  # fmt: skip
    markers: list[Marker] = []
    if opening.annotations is not None:
        notes = read_wfdb_annotations(path, opening.annotations, header.rate)
        markers = [Marker(time - first.start / header.rate, text) for time, text in notes]

    def decoded() -> Iterator[SampleRun | State]:
        if not first.signal.stated:
            what = f"{first.signal.gain:g} a {first.signal.unit} is taken, as header(5) says"
            yield State("warning", f"{path.name}: the header states no gain; {what}")
        cause = ""
        for stretch in _channel_extents(path, header, index, name):
            if isinstance(stretch, State):
                cause = "a segment is missing"
                yield stretch
                continue
            if stretch.signal.per_frame != per_frame:
                raise FormatError(
                    f"{path.name}: {stretch.signal.file.name}: {stretch.signal.per_frame} samples a frame, "
                    f"the segments before have {per_frame}",
                    "open the segment by itself",
                )
            yield from _extent_runs(path, stretch, opening, first.start, cause or f"no segment holds {name}")
            cause = ""

    return FileRecording(info, lambda: with_markers(decoded(), markers, rate))


def _offered_signals(path: Path, header: WfdbHeader) -> tuple[WfdbSignal, ...]:
    """All signals on offer; the first segment says so of a record in segments (variable layout: it has no samples)."""
    if not header.segments:
        return header.signals
    named = next((segment.header for segment in header.segments if segment.header is not None), None)
    if named is None:
        raise FormatError(f"{path.name}: all of its segments are empty", "choose another record")
    if not named.is_file():
        raise RecordingError(f"{path.name}: its segment {named.name} is missing", "copy it beside the header")
    return _segment_header(path, named).signals


def _segment_header(path: Path, segment: Path) -> WfdbHeader:
    """Header of a segment, which has none in turn."""
    found = read_wfdb_header(segment)
    if found.segments:
        raise FormatError(f"{path.name}: its segment {segment.name} has segments itself", "open that record")
    return found


def _channel_extents(path: Path, header: WfdbHeader, index: int, name: str) -> Iterator[_ChannelExtent | State]:
    """Where the channel lies, in order; a remark in place of a segment that is missing."""
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
    path: Path, stretch: _ChannelExtent, opening: ReadOptions, origin: int, cause: str
) -> Iterator[SampleRun | State]:
    """The channel's samples in mV, counted from frame ``origin``."""
    signal = stretch.signal
    factor = channels.millivolt_factor(signal.unit, opening, path.name)
    try:
        there = stretch.there(path)
    except RecordingError as error:
        if not stretch.start:
            raise
        yield State("warning", f"{error.message}: a gap")
        return
    at = (stretch.start - origin) * signal.per_frame
    skipped = signal.skew * signal.per_frame  # a signal that lies so far behind the others in the file
    for counts in _counts(path, stretch, there):
        kept = counts[skipped:]
        skipped -= len(counts) - len(kept)
        yield SampleRun(at, (kept - signal.baseline) / signal.gain * factor, cause)
        at += len(kept)
    if stretch.frames is not None and there < stretch.frames:
        what = f"{there} of {stretch.frames} samples are there"
        yield State("warning", f"{path.name}: {signal.file.name} is cut short: {what}")


def _counts(path: Path, stretch: _ChannelExtent, frames: int) -> Iterator[F64]:
    """Counts of the channel, NaN where a sample is missing."""
    signal, form = stretch.signal, WFDB_FORMATS[stretch.signal.form]
    wide = stretch.per_frame
    first = sum(mate.per_frame for mate in stretch.mates[: stretch.mates.index(signal)])
    step = max(1, _BLOCK_SAMPLES // wide // _GROUP_FRAMES) * _GROUP_FRAMES
    last = signal.initial
    with signal.file.open("rb") as file:
        file.seek(stretch.mates[0].prolog)
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
            yield np.where(own == form.missing, np.nan, own) if form.marks else own.astype(np.float64)


def _full_scale(signal: WfdbSignal, factor: float) -> tuple[float, float]:
    """The converter's range in mV: its bits about its zero, or else all that the format holds."""
    half = 1 << ((signal.bits or WFDB_FORMATS[signal.form].bits) - 1)
    ends = [(signal.zero + end - signal.baseline) / signal.gain * factor for end in (-half, half - 1)]
    return min(ends), max(ends)
