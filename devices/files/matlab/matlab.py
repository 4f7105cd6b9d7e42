"""DREAMER and AMIGOS in MATLAB 5 files: one person's trials in order as one recording, with gaps between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files import channels
from devices.files.matlab.layouts import SubjectTrials, TrialFile, read_trial_file
from devices.files.recording import FileRecording, SampleRun
from devices.files.unreadable import DECODE_ERRORS, damaged_file_error
from devices.read_options import ReadOptions
from ecg_live.constants import PART_GAP_S
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.events import F64, Marker, State, StreamInfo
from ecg_live.signal.unit_check import MAX_MEDIAN_SPAN_MV

_MAX_COUNT = 4095.0  # a 12-bit converter's highest
_MIN_MEDIAN_COUNT = 500.0  # a median above is no ECG in mV: electrodes alone give at most 300 mV (IEC 60601-2-25)
# mV = (counts - 2060) * 3000 / 175 / 4095 for a Shimmer 2R, which recorded both data sets: its maker's drivers
_ZERO_COUNT, _MV_PER_COUNT = 2060.0, 3000.0 / 175 / 4095


class Trial(NamedTuple):
    """A trial on its person's stream: seconds ``start`` to ``stop``, and the ratings that it was given."""

    kind: str
    number: int
    start: float
    stop: float
    ratings: Mapping[str, float]

    @property
    def name(self) -> str:
        """As in "film 3", and in the marker at its start."""
        return f"{self.kind} {self.number}"


class Course(NamedTuple):
    """One person's trials in order.

    ``layout`` is ``DREAMER``, ``AMIGOS, preprocessed`` or ``AMIGOS, original``; ``part`` opens them (`ReadOptions`);
    ``remarks`` say what was left out.
    """

    layout: str
    part: str
    trials: tuple[Trial, ...]
    remarks: tuple[str, ...]


class _MatScale(NamedTuple):
    """From a file's values to mV, and why so where the file does not say."""

    slope: float
    offset: float = 0.0
    full_scale: tuple[float, float] | None = None
    remark: str = ""


def open_mat(path: Path, opening: ReadOptions) -> FileRecording:
    """Open one person's trials in a file of DREAMER or AMIGOS; without a channel's name, the first ECG channel.

    Raises
    ------
    FormatError
        The file is damaged, of another layout or MATLAB version, or nothing of that person is left.
    ConfigError
        It holds several people and none was chosen, or there is no such person, channel or unit.
    """
    contents = read_trial_file(path)
    index = _choose_subject(path, contents, opening)
    person = contents.people[index]
    offered = [channels.OfferedChannel(name, channels.ECG) for name in contents.channels]
    column = 0 if opening.channel is None else channels.choose_channel(offered, opening, path.name)
    name = path.name if len(contents.people) == 1 else f"{path.name}#{index + 1}"
    if not person.segments:
        why = "; ".join(person.remarks) or "none at all"
        raise FormatError(f"{name}: no trial with an ECG: {why}", "choose another person")
    rate = channels.resolve_rate(contents.rate, opening, path.name)
    starts = _trial_starts(person, rate)
    scale = _guess_scale([segment.samples[:, column] for segment in person.segments], rate, opening)
    length = (starts[-1] + len(person.segments[-1].samples)) / rate
    channel = contents.channels[column]
    info = StreamInfo(rate, (channel,), scale.full_scale, name, f"{name}/{channel}", length)

    def runs() -> Iterator[SampleRun | State | Marker]:
        for remark in (*contents.remarks, scale.remark, *person.remarks):
            if remark:
                yield State("warning", f"{name}: {remark}")
        for start, segment in zip(starts, person.segments, strict=True):
            values = segment.samples[:, column] * scale.slope + scale.offset
            yield SampleRun(start, values[:1], f"next {segment.kind}")
            yield Marker(start / rate, segment.name)  # behind the first sample: before it comes the gap
            yield SampleRun(start + 1, values[1:])

    return FileRecording(info, runs)


def list_trials(path: Path) -> tuple[Course, ...]:
    """All people's trials in a file of DREAMER or AMIGOS, as they lie on the streams that `open_mat` gives.

    Raises
    ------
    RecordingError
        The file cannot be read; `FormatError` where it is damaged, or of another layout or MATLAB version.
    """
    try:
        contents = read_trial_file(path)
    except OSError as error:
        raise RecordingError(f"{path.name}: cannot be read: {error.strerror or error}", "check the file") from error
    except DECODE_ERRORS as error:
        raise damaged_file_error(path.name, error) from error
    return tuple(
        Course(contents.layout, str(i), _place_trials(person, contents.rate), contents.remarks + person.remarks)
        for i, person in enumerate(contents.people, 1)
    )


def _place_trials(person: SubjectTrials, rate: float) -> tuple[Trial, ...]:
    return tuple(
        Trial(segment.kind, segment.number, start / rate, (start + len(segment.samples)) / rate, segment.ratings)
        for start, segment in zip(_trial_starts(person, rate), person.segments, strict=True)
    )


def _trial_starts(person: SubjectTrials, rate: float) -> list[int]:
    """Counter of each trial's first sample."""
    starts, at = [], 0
    for segment in person.segments:
        starts.append(at)
        at += len(segment.samples) + round(PART_GAP_S * rate)
    return starts


def _choose_subject(path: Path, contents: TrialFile, opening: ReadOptions) -> int:
    """Index of the person to open."""
    count = len(contents.people)
    choice = f"{path.name}#1" if count == 1 else f"{path.name}#1 to {path.name}#{count}"
    people = "1 person" if count == 1 else f"{count} people"
    if opening.part is None:
        if count == 1:
            return 0
        raise ConfigError(f"{path.name}: holds {people}, and none is chosen", f"choose one: {choice}")
    if not (opening.part.strip().isdecimal() and 1 <= int(opening.part) <= count):
        raise ConfigError(f"{path.name}: there is no part {opening.part!r}; it holds {people}", f"choose: {choice}")
    return int(opening.part) - 1


def _guess_scale(parts: list[F64], rate: float, opening: ReadOptions) -> _MatScale:
    """Weigh what a channel's values look like, as neither data set's files state a unit; ``--unit`` goes before."""
    if opening.unit is not None:
        return _MatScale(channels.millivolt_factor("", opening, "--unit"))
    values = np.concatenate([part[np.isfinite(part)] for part in parts])
    if not len(values):
        return _MatScale(1.0)
    if values.min() >= 0 and values.max() <= _MAX_COUNT and np.median(values) > _MIN_MEDIAN_COUNT:
        ends = (-_ZERO_COUNT * _MV_PER_COUNT, (_MAX_COUNT - _ZERO_COUNT) * _MV_PER_COUNT)
        return _MatScale(
            _MV_PER_COUNT, ends[0], ends, "states no unit; taken for counts of a Shimmer 2R's 12-bit converter"
        )
    second = max(1, round(rate))
    whole = values[: len(values) // second * second].reshape(-1, second)
    spans = np.ptp(whole, axis=1) if len(whole) else np.ptp(values, keepdims=True)
    if np.median(spans) > MAX_MEDIAN_SPAN_MV:
        return _MatScale(1e-3, remark="states no unit; taken for microvolt")
    return _MatScale(1.0, remark="states no unit; taken for mV")
