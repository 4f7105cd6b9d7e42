"""RR intervals of a recording: those that its session found or its strap sent, or else found in the recorded ECG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from math import inf, isfinite
from pathlib import Path

import numpy as np
import numpy.typing as npt

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import RecordingError
from ecg_live.events import F64, Beats, LeadOff
from ecg_live.recorded.recording_files import following_file, part_number
from ecg_live.recorded.session_file import SessionContents, read_contents
from ecg_live.results import RR_FLAGS, RR_SOURCES, RrFlag, RrInterval, RrSource
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_intervals import NotifiedIntervals, WindowIntervals, intervals_of

RR_STREAMS = ("rr_intervals", "events")  # what `recorded_intervals` needs of a session's file
READ_BLOCK_S = 60.0  # windows are then assessed many at once
MAX_FOUND_LATER_S = 30.0  # after a beat a session has its interval: a window's length, and some
_ARRAYS = ("stop", "rr", "flags", "sources")
_CHANNELS = 4  # of the stream, see `ecg_live.sinks.stream_layout.RR_CHANNELS`


@dataclass(frozen=True, slots=True, eq=False)
class RrSeries:
    """RR intervals in the order of time.

    ``stop`` (n,) is the time in s of the beat that ends each, from the file's first sample; ``rr`` (n,) in s;
    ``flags`` and ``sources`` (n,) are places in `RR_FLAGS` and `RR_SOURCES`. ``recorded``: they were in the file.
    ``error`` is damage of the file that ended them.
    """

    stop: F64
    rr: F64
    flags: npt.NDArray[np.int64]
    sources: npt.NDArray[np.int64]
    recorded: bool = True
    error: RecordingError | None = None

    @property
    def normal(self) -> npt.NDArray[np.bool_]:
        """Mask (n,) of the normal intervals."""
        return np.asarray(self.flags == RR_FLAGS.index("normal"))

    def __len__(self) -> int:
        return len(self.rr)

    def where(self, mask: npt.NDArray[np.bool_]) -> RrSeries:
        """Those of a mask (n,)."""
        return replace(self, **{name: getattr(self, name)[mask] for name in _ARRAYS})

    def main(self) -> RrSeries:
        """Those of the ECG or pulse wave where there are any, else those that the device sent."""
        found = self.sources != RR_SOURCES.index("device")
        return self if found.all() or not found.any() else self.where(np.asarray(found))

    def rows(self) -> Iterator[tuple[float, float, RrFlag, RrSource]]:
        """Time of the beat that ends it, interval, flag, source."""
        columns = (self.stop.tolist(), self.rr.tolist(), self.flags.tolist(), self.sources.tolist())
        for stop, rr, flag, source in zip(*columns, strict=True):
            yield stop, rr, RR_FLAGS[flag], RR_SOURCES[source]


def read_rr_intervals(
    path: Path, options: ReadOptions | None = None, contents: SessionContents | None = None
) -> RrSeries:
    """RR intervals of any recording.

    A session's file gives those that were recorded, with what the next file of its recording has of its end. A file
    without them is read as ``ecg-live run`` reads it, with a window each second, and for itself: the interval from the
    file before it is missing. A file that is damaged is used up to the damage.

    Parameters
    ----------
    path : Path
        The recording.
    options : ReadOptions, optional
        Channel, rate, unit and gain. Another channel than a session's own is searched for beats.
    contents : SessionContents, optional
        Of the file, with the streams `RR_STREAMS`, where it was read already.

    Raises
    ------
    RecordingError
        The file cannot be read.
    ConfigError
        It is ambiguous which channel is the ECG.
    """
    options = options or ReadOptions()
    if contents is None and path.is_file():
        contents = read_contents(path, RR_STREAMS)
    if contents is not None and options.channel is None and (found := _intervals_of_file(contents)) is not None:
        return found
    return _found_intervals(path, options)


def recorded_intervals(contents: SessionContents, *, continued: bool = False) -> RrSeries | None:
    """RR intervals that a session's file holds; None if it must be searched for them.

    Those whose beats lie before its first sample are left out, unless it is the ``continued`` part of a recording: the
    session found them a little later than the file before it ended.
    """
    if "rr_intervals" in contents.streams:
        values = contents.numeric_streams["rr_intervals"].values
        return _series_of_rows(values[:, :_CHANNELS], contents.start_s, -inf if continued else contents.start_s)
    if "ecg" in contents.streams:
        return None
    return _series(_strap_intervals(contents))


def _intervals_of_file(contents: SessionContents) -> RrSeries | None:
    """Intervals that end in a session's file; those near its end are in the files that continue it."""
    own = recorded_intervals(contents, continued=part_number(contents.file_header.get("part", "")) > 1)
    rate = contents.streams["ecg"].rate if "ecg" in contents.streams else 0.0
    if own is None or rate <= 0:
        return own
    end = contents.stop_index / rate
    later = list(_later_intervals(contents, end))
    series = join_series([own, *later])
    return series.where((series.stop >= 0) & (series.stop < (end - contents.start_s if later else inf)))


def _later_intervals(contents: SessionContents, end: float) -> Iterator[RrSeries]:
    """Intervals of the files after one that ends at a raw time, on its axis, as far as they may be its own."""
    path, begin = following_file(contents.path), end
    while path is not None and begin < end + MAX_FOUND_LATER_S:
        after = read_contents(path, RR_STREAMS)
        found = None if after is None else recorded_intervals(after, continued=True)
        if after is None or found is None:
            return
        yield replace(found, stop=found.stop + after.start_s - contents.start_s)
        path, begin = following_file(path), after.start_s


def _series_of_rows(values: F64, start_s: float, since: float) -> RrSeries:
    """Intervals of a stream's rows (n, 4) from a raw time on; rows that no session writes are left out."""
    rr, flags, sources, beats = values.T
    known = np.isfinite(values).all(axis=1) & (rr > 0) & (beats - rr >= since)
    known &= np.isin(flags, range(len(RR_FLAGS))) & np.isin(sources, range(len(RR_SOURCES)))
    kept = values[known]
    return RrSeries(kept[:, 3] - start_s, kept[:, 0], kept[:, 1].astype(np.int64), kept[:, 2].astype(np.int64))


def _strap_intervals(contents: SessionContents) -> Iterator[RrInterval]:
    """Intervals of a strap's notifications, as an older session recorded them: among its events only."""
    notified = NotifiedIntervals()
    origin: float | None = None
    for stamp, event in contents.events():
        if event.get("type") == "beats" and all(isinstance(each, float | int) for each in event.get("rr") or [""]):
            time = float(event["time"]) if isinstance(event.get("time"), float | int) else stamp
            origin = time if origin is None else origin
            yield from notified.push(Beats(time, 0.0, tuple(map(float, event["rr"]))), origin)
        elif event.get("type") == "lead_off":
            yield from notified.push(LeadOff(0, bool(event.get("off"))), origin)
    yield from notified.end_run()


def _found_intervals(path: Path, options: ReadOptions) -> RrSeries:
    """Intervals between the beats of the recorded ECG."""
    found: list[RrInterval] = []
    error: RecordingError | None = None
    with closing(open_recording(path, options)) as recording:
        items = recording.chunks(max(1, round(READ_BLOCK_S * recording.info.rate)))
        tracker = WindowIntervals(recording.info.signal)
        signal = SignalPath(recording.info)
        try:
            for item in items:
                found += intervals_of(signal.push(item), tracker)
        except RecordingError as damage:
            error = damage
        found += intervals_of(signal.flush(), tracker)
        found += tracker.end_segment()
    return replace(_series(found), recorded=False, error=error)


def _series(intervals: Iterable[RrInterval]) -> RrSeries:
    found = [each for each in intervals if each.raw is not None and isfinite(each.raw)]
    return RrSeries(
        np.array([each.raw for each in found], dtype=np.float64),
        np.array([each.rr for each in found], dtype=np.float64),
        np.array([RR_FLAGS.index(each.flag) for each in found], dtype=np.int64),
        np.array([RR_SOURCES.index(each.source) for each in found], dtype=np.int64),
    )


def join_series(parts: Sequence[RrSeries]) -> RrSeries:
    """Series one after the other, whose times are on one axis."""
    if not parts:
        return NO_INTERVALS
    fields = {name: np.concatenate([getattr(each, name) for each in parts]) for name in _ARRAYS}
    errors = [each.error for each in parts if each.error is not None]
    return RrSeries(**fields, recorded=all(each.recorded for each in parts), error=errors[0] if errors else None)


NO_INTERVALS = _series(())
