"""The windows of a recording: times, quality, heart rate and the predictions of each head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ecg_live.errors import FormatError
from ecg_live.events import F64
from ecg_live.recorded.report.recording_parts import RecordedFile
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.session_file import SessionContents
from ecg_live.xdf.stream_spec import RATING_FIELDS, SCALE_SEPARATOR

TextArray = npt.NDArray[np.object_]  # of str
Mask = npt.NDArray[np.bool_]
STAMP_TOLERANCE_S = 1e-6  # by which timestamps of one moment may differ
MAX_OUTSIDE_S = 60.0  # by which a window may begin before the recording, or end after it
DECISION_FIELDS = ("label", "abstain", "set")
WINDOW_FIELDS = ("start", "stop", "latency", "grade", "reasons", "heart_rate", "rmssd")


@dataclass(frozen=True, slots=True, eq=False)
class HeadPredictions:
    """The predictions of a head for n windows.

    Attributes
    ----------
    name : str
    classes : tuple of str
    probs : ndarray (n, classes)
        Probabilities; NaN where it abstained. Of a head that gives a number, the number and both ends of its interval
        (n, 3).
    label, abstain, set : ndarray (n,) of str
        Label, reason for abstaining, and set; empty where there is none.
    scale : tuple of float, optional
        The least and the largest number that a head gives; such a head has no classes.
    """

    name: str
    classes: tuple[str, ...]
    probs: F64
    label: TextArray
    abstain: TextArray
    set: TextArray
    scale: tuple[float, float] | None = None

    @property
    def answered(self) -> Mask:
        """Whether the head answered, shape (n,); it abstained from the others."""
        if self.scale is not None:
            return np.asarray(np.isfinite(self.probs[:, 0]))
        return np.asarray(self.label != "", dtype=np.bool_)

    def where(self, mask: Mask) -> Self:
        """Return the predictions of some windows."""
        chosen = {name: getattr(self, name)[mask] for name in ("probs", *DECISION_FIELDS)}
        return replace(self, **chosen)


@dataclass(frozen=True, slots=True, eq=False)
class RecordedWindows:
    """The n windows of a recording; missing values are NaN.

    Attributes
    ----------
    start, stop : ndarray (n,)
        Times on the axis of the report, s.
    latency : ndarray (n,)
        s.
    grade, reasons : ndarray (n,) of str
        Signal quality.
    heart_rate : ndarray (n,)
        bpm.
    rmssd : ndarray (n,)
        ms.
    heads : tuple of HeadPredictions
    stray : int
        Windows that are left out because they lie outside of the recording.
    """

    start: F64
    stop: F64
    latency: F64
    grade: TextArray
    reasons: TextArray
    heart_rate: F64
    rmssd: F64
    heads: tuple[HeadPredictions, ...]
    stray: int = 0

    def __len__(self) -> int:
        return len(self.stop)

    def where(self, mask: Mask) -> Self:
        """Return some of the windows."""
        heads = tuple(head.where(mask) for head in self.heads)
        return replace(self, heads=heads, **{name: getattr(self, name)[mask] for name in WINDOW_FIELDS})

    @property
    def usable(self) -> Mask:
        """Whether a window is good or poor, shape (n,)."""
        return np.asarray((self.grade == "good") | (self.grade == "poor"), dtype=np.bool_)


def read_windows(files: Sequence[RecordedFile], times: TimeAxis, duration: float) -> RecordedWindows:
    """Read the windows of all files; ``duration`` of the recording in s.

    Raises
    ------
    FormatError
        The files have different models.
    """
    by_file = [_windows_of(file.contents, times) for file in files]
    head_count = min(len(windows.heads) for windows in by_file)
    heads = tuple(_concatenate([windows.heads[k] for windows in by_file]) for k in range(head_count))
    fields: dict[str, Any] = {
        name: np.concatenate([getattr(windows, name) for windows in by_file]) for name in WINDOW_FIELDS
    }
    found = RecordedWindows(**fields, heads=heads)
    inside = (found.start >= -MAX_OUTSIDE_S) & (found.stop <= duration + MAX_OUTSIDE_S) & (found.stop >= found.start)
    return replace(found.where(np.asarray(inside)), stray=int((~inside).sum()))


def _concatenate(heads: Sequence[HeadPredictions]) -> HeadPredictions:
    if len({(head.name, head.classes, head.scale) for head in heads}) > 1:
        raise FormatError(f"the files' models differ in head {heads[0].name!r}", "make a report of each")
    fields: dict[str, Any] = {
        name: np.concatenate([getattr(head, name) for head in heads]) for name in ("probs", *DECISION_FIELDS)
    }
    return replace(heads[0], **fields)


def _windows_of(contents: SessionContents, times: TimeAxis) -> RecordedWindows:
    values, rhythm = _stream_values(contents, "predictions", 3), rhythm_values(contents)
    decisions, quality = _stream_texts(contents, "decisions"), _stream_texts(contents, "quality")
    count = min(len(values), len(decisions), len(quality), len(rhythm))  # in a truncated file some lack the last
    columns, fields = _labels(contents, "predictions"), _labels(contents, "decisions")
    texts = _text_array(decisions[:count], len(fields))
    names = list(dict.fromkeys(label.rpartition("/")[0] for label in fields if label.endswith("/label")))
    grades = _text_array([(*row, "", "")[:2] for row in quality[:count]], 2)
    return RecordedWindows(
        start=values[:count, 0] - times.zero,
        stop=values[:count, 1] - times.zero,
        latency=values[:count, 2],
        grade=grades[:, 0],
        reasons=grades[:, 1],
        heart_rate=rhythm[:count, 0],
        rmssd=rhythm[:count, 1],
        heads=tuple(
            _head_predictions(name, columns, fields, values[:count], texts, _scale(contents, name)) for name in names
        ),
    )


def _head_predictions(
    name: str,
    columns: Sequence[str],
    fields: Sequence[str],
    values: F64,
    texts: TextArray,
    scale: tuple[float, float] | None,
) -> HeadPredictions:
    """Return the predictions of a head.

    Parameters
    ----------
    name : str
        Name of the head.
    columns, fields : sequence of str
        Names of the columns of ``values`` and of ``texts``.
    values : ndarray (n, len(columns))
        Stream of predictions.
    texts : ndarray (n, len(fields))
        Stream of decisions.
    scale : tuple of float, optional
        Of the number that the head gives.
    """
    own = [k for k, label in enumerate(columns) if label.startswith(f"{name}/")]
    empty = np.full(len(texts), "", dtype=object)
    decision = {
        field: texts[:, fields.index(f"{name}/{field}")] if f"{name}/{field}" in fields else empty
        for field in DECISION_FIELDS
    }
    classes = () if scale else tuple(columns[k].removeprefix(f"{name}/") for k in own)
    return HeadPredictions(name, classes, values[:, own], scale=scale, **decision)


def _scale(contents: SessionContents, name: str) -> tuple[float, float] | None:
    """Least and largest number that a head gives, from the unit of its channels; None for a head with classes."""
    stream = contents.streams.get("predictions")
    own = [k for k, label in enumerate(stream.labels) if label.startswith(f"{name}/")] if stream else []
    if stream is None or tuple(stream.labels[k].removeprefix(f"{name}/") for k in own) != RATING_FIELDS:
        return None
    low, _, high = stream.units[own[0]].partition(SCALE_SEPARATOR)
    try:
        return float(low), float(high)
    except ValueError as error:
        raise FormatError(
            f"head {name!r} has the scale {stream.units[own[0]]!r}, expected one such as 0{SCALE_SEPARATOR}10",
            "record it again",
        ) from error


def _labels(contents: SessionContents, key: str) -> Sequence[str]:
    return contents.streams[key].labels if key in contents.streams else ()


def _stream_texts(contents: SessionContents, key: str) -> Sequence[tuple[str, ...]]:
    return contents.text_streams[key].values if key in contents.text_streams else ()


def _stream_values(contents: SessionContents, key: str, width: int) -> F64:
    """Return the values (n, at least ``width``) of a stream; (0, width) if it is missing."""
    stream = contents.numeric_streams.get(key)
    return stream.values if stream is not None and stream.values.shape[1] >= width else np.empty((0, width))


def rhythm_values(contents: SessionContents) -> F64:
    """Return heart rate and RMSSD (n, 2) of the windows; of a strap, its last values before each window's timestamp."""
    values, predictions = _stream_values(contents, "heart_rate", 2), contents.numeric_streams.get("predictions")
    if "ecg" in contents.streams or predictions is None or not len(values):
        return values
    stamps = contents.numeric_streams["heart_rate"].stamps
    at = np.searchsorted(stamps, predictions.stamps + STAMP_TOLERANCE_S, side="right") - 1
    return np.where((at >= 0)[:, None], values[np.maximum(at, 0), :2], np.nan)


def _text_array(rows: Sequence[Sequence[str]], width: int) -> TextArray:
    """Return texts as an array (n, width)."""
    texts = np.empty((len(rows), width), dtype=object)
    for k, row in enumerate(rows):
        texts[k] = row
    return texts
