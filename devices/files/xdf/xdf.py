"""Open XDF files of LabRecorder and our own recorder: choose the ECG stream and channel, and its rate.

Not pyxdf: it loads whole files, and its dejittering smears gaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from devices.files import channels, timestamps
from devices.files.recording import FileRecording, SampleRun
from devices.files.xdf.damage import intact_chunks
from devices.files.xdf.runs import StreamTiming, fill_omitted_timestamps, stamped_runs
from devices.files.xdf.session import counted_runs
from devices.files.xdf.streams import XdfTrack, join_tracks, read_tracks
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import F64, Marker, State, StreamInfo
from ecg_live.xdf.decode import ChunkLocation, StreamHeader, read_samples
from ecg_live.xdf.encode import SAMPLES_TAG
from ecg_live.xdf.wearer_streams import several_wearers_error, wearers_of

_MAX_STEADY_STEP_S = 1.0  # a longer step of the timestamps does not count for the rate
_MIN_RATE_SPAN_S = 5.0  # of timestamps that show a rate


def open_xdf(path: Path, options: ReadOptions) -> FileRecording:
    """Open an XDF file.

    Raises
    ------
    FormatError
        It is damaged at its start, or has no stream of numbers.
    TruncatedError
        The chosen stream has no samples.
    ConfigError
        The ECG channel is ambiguous, or no rate is known.
    """
    tracks = read_tracks(path)
    if wearers := wearers_of(track.stream for track in tracks):
        raise several_wearers_error(path.name, wearers)
    if ours := [track for track in tracks if track.stream.own.get("key")]:
        return _own_recording(path, ours, options)
    signals = join_tracks(path, tracks)
    if not signals:
        raise FormatError(f"{path.name}: found no stream of numbers", "choose another file")
    places = [(parts, column) for parts in signals for column in range(len(parts[0].stream.labels))]
    offered = [_offered_channel(parts[0].stream, column, alone=len(signals) == 1) for parts, column in places]
    at = channels.choose_channel(offered, options, path.name)
    parts, column = places[at]
    stream = parts[0].stream
    factor = channels.millivolt_factor(stream.units[column], options, path.name)
    _check_samples(path, parts[0])
    first = _first_timestamps(path, stream)
    timing, remark = _fit_timing(
        path, first, channels.resolve_rate(stream.rate or _fitted_rate(first), options, path.name)
    )
    info = StreamInfo(
        timing.rate, (offered[at].name,), None, stream.name or path.name, stream.source_id or path.name,
        unit_assumed=channels.is_unit_assumed(stream.units[column], options),
    )  # fmt: skip
    marker_tracks = [track for track in tracks if track.is_marker_stream]

    def runs() -> Iterator[SampleRun | State | Marker]:
        yield from remark
        yield from stamped_runs(path, parts, marker_tracks, column, factor, timing)

    return FileRecording(info, runs)


def _own_recording(path: Path, tracks: list[XdfTrack], options: ReadOptions) -> FileRecording:
    """Open a recording of our own: its ECG stream, by default the channel that the session used."""
    ecg = [track for track in tracks if track.stream.own["key"] == "ecg"]
    if len(ecg) != 1:
        raise FormatError(f"{path.name}: a recording of a session without ECG", "choose another file")
    stream = ecg[0].stream
    offered = [_offered_channel(stream, column, alone=True) for column in range(len(stream.labels))]
    used = options.channel or stream.own.get("ecg")
    at = channels.choose_channel(offered, replace(options, channel=used), path.name)
    rate = channels.resolve_rate(stream.rate, options, path.name)
    _check_samples(path, ecg[0])
    info = StreamInfo(rate, (offered[at].name,), _full_scale(stream), stream.name, stream.source_id or path.name)
    factor = channels.millivolt_factor(stream.units[at], options, path.name)
    return FileRecording(info, lambda: counted_runs(path, stream, rate, at, factor))


def _full_scale(stream: StreamHeader) -> tuple[float, float] | None:
    try:
        return float(stream.own["lowest"]), float(stream.own["highest"])
    except (KeyError, ValueError):
        return None


def _offered_channel(stream: StreamHeader, column: int, *, alone: bool) -> channels.OfferedChannel:
    """Return the channel, named by its label, or by stream and label if there are several streams."""
    label = stream.labels[column] or (stream.name if len(stream.labels) == 1 else f"{stream.name} {column + 1}")
    name = label if alone or label == stream.name or label.startswith(stream.name) else f"{stream.name}/{label}"
    own = stream.kinds[column]
    return channels.describe_channel(
        name, stream.labels[column], own, stream.kind, stream.name, kind=own or stream.kind
    )


def _check_samples(path: Path, track: XdfTrack) -> None:
    if track.first is None:
        raise TruncatedError(f"{path.name}: stream {track.stream.name!r} has no samples", "record it again")


def _first_timestamps(path: Path, stream: StreamHeader) -> F64:
    """Read the timestamps of the first samples, NaN where one is omitted."""
    found: list[F64] = []
    try:
        for file, chunk in intact_chunks(path):
            if isinstance(chunk, ChunkLocation) and (chunk.tag, chunk.stream) == (SAMPLES_TAG, stream.number):
                found.append(read_samples(path, stream, file.read(chunk.size))[0])
            if sum(map(len, found)) >= timestamps.MAX_FIT_TIMESTAMPS:
                break
    except FormatError:
        if not sum(map(len, found)):
            raise
    return np.concatenate([np.empty(0), *found])


def _fitted_rate(first: F64) -> float | None:
    """Return the rate of a stream that states none (0 in XDF means irregular)."""
    interval = timestamps.fit_interval(first)
    return None if interval is None else channels.snap_to_nominal(1 / interval)


def _fit_timing(path: Path, first: F64, rate: float) -> tuple[StreamTiming, list[State]]:
    """Fit rate and interval to the timestamps, with a warning if the header states another rate."""
    times = fill_omitted_timestamps(first, float("nan"), 1 / rate)
    interval = timestamps.fit_interval(times) or 1 / rate
    channels.check_rate(1 / interval, path.name)
    step = np.diff(times)
    arrival = bool((step < interval / 2).any())
    steady = step[np.abs(step) < _MAX_STEADY_STEP_S]
    real = len(steady) / float(steady.sum()) if steady.sum() > _MIN_RATE_SPAN_S else rate  # lower if samples are lost
    off = abs(interval * rate - 1)
    if off > channels.NOMINAL_RATE_TOLERANCE and abs(interval * real - 1) < off / 4:
        measured = channels.snap_to_nominal(1 / interval)
        what = f"the header states {rate:g} Hz, the time stamps show {measured:.6g} Hz, which is used"
        return StreamTiming(measured, interval, arrival), [State("warning", f"{path.name}: {what}")]
    return StreamTiming(rate, interval, arrival), []
