"""XDF (LabRecorder, and our own recorder): which of its streams is the ECG, and how fast it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from devices.files import channels, timestamps
from devices.files.recording import FileRecording, Run
from devices.files.xdf.damage import sound_chunks
from devices.files.xdf.runs import Pace, deduced, stamped_runs
from devices.files.xdf.session import counted_runs
from devices.files.xdf.streams import Track, joined, read_tracks
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import F64, Marker, State, StreamInfo
from ecg_live.xdf.decode import ChunkLocation, StreamHeader, read_samples
from ecg_live.xdf.encode import SAMPLES_TAG

_PAUSE = 1.0  # s; a longer step of the stamps is no sign of the rate
_SHOWS = 5.0  # s of stamps that a rate can be told from


def open_xdf(path: Path, opening: ReadOptions) -> FileRecording:
    """Open an XDF file.

    Raises
    ------
    FormatError
        It is damaged at its start, or has no stream of numbers.
    TruncatedError
        The chosen stream has no samples.
    ConfigError
        It is not plain which channel is the ECG, or no rate is known.
    """
    tracks = read_tracks(path)
    if ours := [track for track in tracks if track.stream.own.get("key")]:
        return _own_recording(path, ours, opening)
    signals = joined(path, tracks)
    if not signals:
        raise FormatError(f"{path.name}: found no stream of numbers", "choose another file")
    places = [(parts, column) for parts in signals for column in range(len(parts[0].stream.labels))]
    offered = [_channel(parts[0].stream, column, alone=len(signals) == 1) for parts, column in places]
    at = channels.choose(offered, opening, path.name)
    parts, column = places[at]
    stream = parts[0].stream
    factor = channels.millivolts(stream.units[column], opening, path.name)
    _check_samples(path, parts[0])
    first = _first(path, stream)
    pace, remark = _pace(path, first, channels.settle_rate(stream.rate or _fitted(first), opening, path.name))
    info = StreamInfo(
        pace.rate, (offered[at].name,), None, stream.name or path.name, stream.source_id or path.name,
        unit_assumed=channels.is_assumed(stream.units[column], opening),
    )  # fmt: skip
    marks = [track for track in tracks if track.marks]

    def runs() -> Iterator[Run | State | Marker]:
        yield from remark
        yield from stamped_runs(path, parts, marks, column, factor, pace)

    return FileRecording(info, runs)


def _own_recording(path: Path, tracks: list[Track], opening: ReadOptions) -> FileRecording:
    """Of what our recorder wrote only the ECG can be replayed; of its channels the one that was judged then."""
    ecg = [track for track in tracks if track.stream.own["key"] == "ecg"]
    if len(ecg) != 1:
        raise FormatError(f"{path.name}: a recording of a session without ECG", "choose another file")
    stream = ecg[0].stream
    offered = [_channel(stream, column, alone=True) for column in range(len(stream.labels))]
    judged = opening.channel or stream.own.get("ecg")
    at = channels.choose(offered, replace(opening, channel=judged), path.name)
    rate = channels.settle_rate(stream.rate, opening, path.name)
    _check_samples(path, ecg[0])
    info = StreamInfo(rate, (offered[at].name,), _full_scale(stream), stream.name, stream.source_id or path.name)
    factor = channels.millivolts(stream.units[at], opening, path.name)
    return FileRecording(info, lambda: counted_runs(path, stream, rate, at, factor))


def _full_scale(stream: StreamHeader) -> tuple[float, float] | None:
    try:
        return float(stream.own["lowest"]), float(stream.own["highest"])
    except (KeyError, ValueError):
        return None


def _channel(stream: StreamHeader, column: int, *, alone: bool) -> channels.Channel:
    """Named by its label; where streams could be mixed up, by stream and label."""
    label = stream.labels[column] or (stream.name if len(stream.labels) == 1 else f"{stream.name} {column + 1}")
    name = label if alone or label == stream.name or label.startswith(stream.name) else f"{stream.name}/{label}"
    own = stream.kinds[column]
    return channels.describe(name, stream.labels[column], own, stream.kind, stream.name, kind=own or stream.kind)


def _check_samples(path: Path, track: Track) -> None:
    if track.first is None:
        raise TruncatedError(f"{path.name}: stream {track.stream.name!r} has no samples", "record it again")


def _first(path: Path, stream: StreamHeader) -> F64:
    """Stamps of the first samples, NaN where there is none."""
    found: list[F64] = []
    try:
        for file, chunk in sound_chunks(path):
            if isinstance(chunk, ChunkLocation) and (chunk.tag, chunk.stream) == (SAMPLES_TAG, stream.number):
                found.append(read_samples(path, stream, file.read(chunk.size))[0])
            if sum(map(len, found)) >= timestamps.ENOUGH:
                break
    except FormatError:
        if not sum(map(len, found)):
            raise
    return np.concatenate([np.empty(0), *found])


def _fitted(first: F64) -> float | None:
    """The rate of a stream that states none (0 in XDF means irregular)."""
    interval = timestamps.fit(first)
    return None if interval is None else channels.nominal(1 / interval)


def _pace(path: Path, first: F64, rate: float) -> tuple[Pace, list[State]]:
    """How fast samples follow each other, by their stamps; and a remark where the header states another rate."""
    times = deduced(first, float("nan"), 1 / rate)
    interval = timestamps.fit(times) or 1 / rate
    channels.check_rate(1 / interval, path.name)
    step = np.diff(times)
    arrival = bool((step < interval / 2).any())
    steady = step[np.abs(step) < _PAUSE]
    real = len(steady) / float(steady.sum()) if steady.sum() > _SHOWS else rate  # less where samples are lost
    off = abs(interval * rate - 1)
    if off > channels.NOMINAL and abs(interval * real - 1) < off / 4:
        measured = channels.nominal(1 / interval)
        what = f"the header states {rate:g} Hz, the time stamps show {measured:.6g} Hz, which is used"
        return Pace(measured, interval, arrival), [State("warning", f"{path.name}: {what}")]
    return Pace(rate, interval, arrival), []
