"""Open one subject of a DREAMER or AMIGOS file: its trials in order as one recording, with gaps between them."""

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
from ecg_live.events import F64, PAUSE_CAUSE, Marker, State, StreamInfo
from ecg_live.signal.unit_check import MAX_MEDIAN_SPAN_MV

_MAX_COUNT = 4095.0  # of a 12-bit converter
_MIN_MEDIAN_COUNT = 500.0  # a higher median is not in mV: electrode offsets are at most 300 mV (IEC 60601-2-25)
# mV = (counts - 2060) * 3000 / 175 / 4095 for a Shimmer 2R, which recorded both data sets (its maker's drivers)
_ZERO_COUNT = 2060.0
_MV_PER_COUNT = 3000.0 / 175 / 4095


class Trial(NamedTuple):
    """A trial on its subject's stream: ``start`` to ``stop`` in s, and its ratings."""

    kind: str
    number: int
    start: float
    stop: float
    ratings: Mapping[str, float]

    @property
    def name(self) -> str:
        """Such as "film 3", as in the marker at its start."""
        return f"{self.kind} {self.number}"


class Course(NamedTuple):
    """One subject's trials in order.

    ``layout`` is ``DREAMER``, ``AMIGOS, preprocessed`` or ``AMIGOS, original``; ``part`` opens them (`ReadOptions`);
    ``remarks`` list what was left out.
    """

    layout: str
    part: str
    trials: tuple[Trial, ...]
    remarks: tuple[str, ...]


class _MatScale(NamedTuple):
    """Conversion of a file's values to mV, and a remark if it had to be guessed."""

    slope: float
    offset: float = 0.0
    full_scale: tuple[float, float] | None = None
    remark: str = ""


def open_mat(path: Path, options: ReadOptions) -> FileRecording:
    """Open one subject's trials in a file of DREAMER or AMIGOS; by default the first ECG channel.

    Raises
    ------
    FormatError
        The file is damaged, of another layout or MATLAB version, or the subject has no trial with an ECG.
    ConfigError
        It holds several subjects and none was chosen, or there is no such subject, channel or unit.
    """
    contents = read_trial_file(path)
    index = _choose_subject(path, contents, options)
    subject = contents.subjects[index]
    kind = channels.ECG if contents.signal == "ecg" else "PPG"
    offered = [channels.OfferedChannel(name, kind) for name in contents.channels]
    column = 0 if options.channel is None else channels.choose_channel(offered, options, path.name)
    name = path.name if len(contents.subjects) == 1 else f"{path.name}#{index + 1}"
    if not subject.trials:
        why = "; ".join(subject.remarks) or "none at all"
        raise FormatError(f"{name}: no trial with an ECG: {why}", "choose another subject")
    rate = channels.resolve_rate(contents.rate, options, path.name)
    starts = _trial_starts(subject, rate)
    scale = _guess_scale([trial.samples[:, column] for trial in subject.trials], rate, options)
    length = (starts[-1] + len(subject.trials[-1].samples)) / rate
    channel = contents.channels[column]
    info = StreamInfo(rate, (channel,), scale.full_scale, name, f"{name}/{channel}", length, signal=contents.signal)

    def runs() -> Iterator[SampleRun | State | Marker]:
        for remark in (*contents.remarks, scale.remark, *subject.remarks):
            if remark:
                yield State("warning", f"{name}: {remark}")
        for start, trial in zip(starts, subject.trials, strict=True):
            values = trial.samples[:, column] * scale.slope + scale.offset
            yield SampleRun(start, values[:1], f"{PAUSE_CAUSE}, next {trial.kind}")
            yield Marker(start / rate, trial.name)  # after the first sample, which the gap precedes
            yield SampleRun(start + 1, values[1:])

    return FileRecording(info, runs)


def list_trials(path: Path) -> tuple[Course, ...]:
    """List all subjects' trials in a file of DREAMER or AMIGOS, with their times in the recordings of `open_mat`.

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
        Course(contents.layout, str(i), _place_trials(subject, contents.rate), contents.remarks + subject.remarks)
        for i, subject in enumerate(contents.subjects, 1)
    )


def _place_trials(subject: SubjectTrials, rate: float) -> tuple[Trial, ...]:
    return tuple(
        Trial(trial.kind, trial.number, start / rate, (start + len(trial.samples)) / rate, trial.ratings)
        for start, trial in zip(_trial_starts(subject, rate), subject.trials, strict=True)
    )


def _trial_starts(subject: SubjectTrials, rate: float) -> list[int]:
    """Return the sample index of each trial's first sample."""
    starts, at = [], 0
    for trial in subject.trials:
        starts.append(at)
        at += len(trial.samples) + round(PART_GAP_S * rate)
    return starts


def _choose_subject(path: Path, contents: TrialFile, options: ReadOptions) -> int:
    """Return the index of the subject to open."""
    count = len(contents.subjects)
    choice = f"{path.name}#1" if count == 1 else f"{path.name}#1 to {path.name}#{count}"
    held = "1 subject" if count == 1 else f"{count} subjects"
    if options.part is None:
        if count == 1:
            return 0
        raise ConfigError(f"{path.name}: holds {held}, and none is chosen", f"choose one: {choice}")
    if not (options.part.strip().isdecimal() and 1 <= int(options.part) <= count):
        raise ConfigError(f"{path.name}: there is no part {options.part!r}; it holds {held}", f"choose: {choice}")
    return int(options.part) - 1


def _guess_scale(parts: list[F64], rate: float, options: ReadOptions) -> _MatScale:
    """Guess the unit by a channel's values, as the files of both data sets state none; ``--unit`` outranks it."""
    if options.unit is not None:
        return _MatScale(channels.millivolt_factor("", options, "--unit"))
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
