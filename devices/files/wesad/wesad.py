"""Read WESAD's ``SX.pkl``: the chest ECG, and the conditions over time. Source of the layout: WESAD's readme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files import channels
from devices.files.recording import FileRecording, SampleRun
from devices.files.unreadable import DECODE_ERRORS, damaged_file_error
from devices.files.wesad.pickle_reader import PICKLE_SIGNATURES, read_pickle
from devices.files.wesad.pickled_arrays import PickledArray, kind_of
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import Marker, State, StreamInfo

WESAD_RATE_HZ = 700.0  # of the chest device and the labels
WESAD_CONDITIONS = {0: "transient", 1: "baseline", 2: "stress", 3: "amusement", 4: "meditation"}
_ECG_KEYS = ("signal", "chest", "ECG")
_LABEL_KEYS = ("label",)
_HALF_RANGE_MV = 1.5  # 16 bits: (raw / 2^16 - 1/2) 3 mV
_MAX_LABEL_RUNS = 10_000  # a file has about fifteen


class LabelRun(NamedTuple):
    """``start`` to ``stop`` of the recording in s, in which its label is ``code``."""

    start: float
    stop: float
    code: int

    @property
    def name(self) -> str:
        """The condition; WESAD's readme says to ignore codes from 5 on."""
        return WESAD_CONDITIONS.get(self.code, f"label {self.code}")


def is_wesad(head: bytes) -> bool:
    """Whether a file's first bytes are those of a pickle with names of WESAD."""
    return head.startswith(PICKLE_SIGNATURES) and any(name in head for name in (b"signal", b"label", b"subject"))


def open_wesad(path: Path, options: ReadOptions) -> FileRecording:
    """Open the ECG of a WESAD pickle; each change of the condition is a marker.

    Raises
    ------
    FormatError
        It holds anything but numpy's arrays of numbers, or lacks the ECG or the labels.
    TruncatedError
        It is cut.
    ConfigError
        There is no such channel, rate or unit.
    """
    content = read_pickle(path)
    ecg, labels = _find_column(path, content, _ECG_KEYS), _find_column(path, content, _LABEL_KEYS)
    channels.choose_channel([channels.OfferedChannel("ECG", channels.ECG)], options, path.name)
    rate = channels.resolve_rate(WESAD_RATE_HZ, options, path.name)
    factor = channels.millivolt_factor("mV", options, path.name)
    ends = (-_HALF_RANGE_MV * factor, _HALF_RANGE_MV * (1 - 2**-15) * factor)
    count = ecg.shape[0]
    info = StreamInfo(rate, ("ECG",), ends, path.name, f"{path.name}/ECG", count / rate)
    marks = _find_label_runs(path, labels)

    def runs() -> Iterator[SampleRun | State | Marker]:
        if labels.shape[0] != count:
            yield State("warning", f"{path.name}: {count} samples of ECG and {labels.shape[0]} labels")
        at, ahead = 0, [(round(run.start * WESAD_RATE_HZ), run.name) for run in marks]
        for values in ecg.numbers(path):
            done = 0
            while ahead and ahead[0][0] < at + len(values):
                change, name = ahead.pop(0)
                yield SampleRun(at + done, values[done : change - at] * factor)
                yield Marker(change / rate, name)
                done = change - at
            yield SampleRun(at + done, values[done:] * factor)
            at += len(values)

    return FileRecording(info, runs)


def label_runs(path: Path) -> tuple[LabelRun, ...]:
    """Return the conditions of a WESAD pickle over time, from its first sample to its last.

    Raises
    ------
    RecordingError
        The file cannot be read; `FormatError` and `TruncatedError` as `open_wesad`.
    """
    try:
        return tuple(_find_label_runs(path, _find_column(path, read_pickle(path), _LABEL_KEYS)))
    except OSError as error:
        raise RecordingError(f"{path.name}: cannot be read: {error.strerror or error}", "check the file") from error
    except DECODE_ERRORS as error:
        raise damaged_file_error(path.name, error) from error


def _find_column(path: Path, content: object, keys: tuple[str, ...]) -> PickledArray:
    """Return the array (n,) or (n, 1) under these names; FormatError for anything else."""
    for key in keys:
        if not isinstance(content, dict) or key not in content:
            found = ", ".join(sorted(content)[:9]) if isinstance(content, dict) else kind_of(content)
            raise FormatError(
                f"{path.name}: there is no {'/'.join(keys)}; in place of {key} found {found or 'nothing'}",
                "choose a pickle of WESAD, such as S2/S2.pkl",
            )
        content = content[key]
    if not (
        isinstance(content, PickledArray) and content.shape[1:] in ((), (1,)) and content.shape and content.shape[0]
    ):
        found = f"an array of shape {content.shape}" if isinstance(content, PickledArray) else kind_of(content)
        raise FormatError(f"{path.name}: {'/'.join(keys)} is {found}, expected one column", "copy the file again")
    return content


def _find_label_runs(path: Path, labels: PickledArray) -> list[LabelRun]:
    found: list[LabelRun] = []
    at, begin, code = 0, 0, np.nan
    for values in labels.numbers(path):
        changes = np.flatnonzero(values != np.append(code, values)[:-1])
        if len(found) + len(changes) > _MAX_LABEL_RUNS:
            raise FormatError(
                f"{path.name}: the label changes more than {_MAX_LABEL_RUNS} times", "copy the file again"
            )
        for change in changes.tolist():
            if at + change:
                found.append(LabelRun(begin / WESAD_RATE_HZ, (at + change) / WESAD_RATE_HZ, _label_code(path, code)))
            begin, code = at + change, values[change]
        at += len(values)
    found.append(LabelRun(begin / WESAD_RATE_HZ, at / WESAD_RATE_HZ, _label_code(path, code)))
    return found


def _label_code(path: Path, value: float) -> int:
    if not float(value).is_integer():
        raise FormatError(f"{path.name}: a label is {value:g}, expected a whole number", "copy the file again")
    return int(value)
