"""Every window of a recording: when it was, how good, its heart rate, and what each head said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ecg_live.errors import FormatError
from ecg_live.events import F64
from ecg_live.recorded.report.recording_parts import RecordingFile
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.session_file import SessionContents

TextArray = npt.NDArray[np.object_]  # of str
Mask = npt.NDArray[np.bool_]
STAMP_TOLERANCE_S = 1e-6  # s by which stamps of one moment may differ
MAX_OUTSIDE_S = 60.0  # s by which a window may lie outside of the recording: it may have begun before
DECISION_FIELDS = ("label", "abstain", "set")  # of a head's decision


@dataclass(frozen=True, slots=True, eq=False)
class HeadPredictions:
    """What a head said: probabilities (n, classes), NaN where it abstained; words (n,), empty where there is none."""

    name: str
    classes: tuple[str, ...]
    probs: F64
    label: TextArray
    abstain: TextArray
    set: TextArray

    @property
    def answered(self) -> Mask:
        """Windows that it did not abstain from."""
        return np.asarray(self.label != "", dtype=np.bool_)

    def where(self, mask: Mask) -> Self:
        """Of some windows only."""
        chosen = {name: getattr(self, name)[mask] for name in ("probs", *DECISION_FIELDS)}
        return replace(self, **chosen)


@dataclass(frozen=True, slots=True, eq=False)
class RecordedWindows:
    """Windows, one below the other: ``start`` and ``stop`` in s of the report's axis, heart rate in bpm, RMSSD in ms.

    NaN is a number that there was none of, ``stray`` how many windows were left out because they lie elsewhere.
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
        """Some of them."""
        names = ("start", "stop", "latency", "grade", "reasons", "heart_rate", "rmssd")
        heads = tuple(head.where(mask) for head in self.heads)
        return replace(self, heads=heads, **{name: getattr(self, name)[mask] for name in names})

    @property
    def usable(self) -> Mask:
        """Those that are good or poor."""
        return np.asarray((self.grade == "good") | (self.grade == "poor"), dtype=np.bool_)


def read_windows(parts: Sequence[RecordingFile], times: TimeAxis, duration: float) -> RecordedWindows:
    """Put together what the parts hold of windows; ``duration`` of the recording in s.

    Raises
    ------
    FormatError
        The parts are of different models.
    """
    each = [_windows(part.contents, times) for part in parts]
    heads = tuple(_concatenate([one.heads[k] for one in each]) for k in range(min(len(one.heads) for one in each)))
    names = ("start", "stop", "latency", "grade", "reasons", "heart_rate", "rmssd")
    joined: dict[str, Any] = {name: np.concatenate([getattr(one, name) for one in each]) for name in names}
    whole = RecordedWindows(**joined, heads=heads)
    inside = (whole.start >= -MAX_OUTSIDE_S) & (whole.stop <= duration + MAX_OUTSIDE_S) & (whole.stop >= whole.start)
    return replace(whole.where(np.asarray(inside)), stray=int((~inside).sum()))


def _concatenate(heads: Sequence[HeadPredictions]) -> HeadPredictions:
    if len({(head.name, head.classes) for head in heads}) > 1:
        raise FormatError(f"the files' models differ: head {heads[0].name!r} answers others", "make a report of each")
    parts: dict[str, Any] = {
        name: np.concatenate([getattr(head, name) for head in heads]) for name in ("probs", *DECISION_FIELDS)
    }
    return replace(heads[0], **parts)


def _windows(contents: SessionContents, times: TimeAxis) -> RecordedWindows:
    numbers, rates = _stream_values(contents, "predictions", 3), _rhythm_values(contents)
    decisions, quality = (
        contents.text_streams[key].values if key in contents.text_streams else () for key in ("decisions", "quality")
    )
    count = min(len(numbers), len(decisions), len(quality), len(rates))  # of a file that was cut the last may lack some
    labels = [contents.streams[key].labels if key in contents.streams else () for key in ("predictions", "decisions")]
    words = _text_array(decisions[:count], len(labels[1]))
    names = list(dict.fromkeys(label.rpartition("/")[0] for label in labels[1] if label.endswith("/label")))
    judged = _text_array([(*row, "", "")[:2] for row in quality[:count]], 2)
    return RecordedWindows(
        start=numbers[:count, 0] - times.zero,
        stop=numbers[:count, 1] - times.zero,
        latency=numbers[:count, 2],
        grade=judged[:, 0],
        reasons=judged[:, 1],
        heart_rate=rates[:count, 0],
        rmssd=rates[:count, 1],
        heads=tuple(_head_predictions(name, labels[0], labels[1], numbers[:count], words) for name in names),
    )


def _head_predictions(
    name: str, columns: Sequence[str], fields: Sequence[str], numbers: F64, words: TextArray
) -> HeadPredictions:
    mine = [k for k, label in enumerate(columns) if label.startswith(f"{name}/")]
    empty = np.full(len(words), "", dtype=object)
    said = {
        field: words[:, fields.index(f"{name}/{field}")] if f"{name}/{field}" in fields else empty
        for field in DECISION_FIELDS
    }
    classes = tuple(columns[k].removeprefix(f"{name}/") for k in mine)
    return HeadPredictions(name, classes, numbers[:, mine], said["label"], said["abstain"], said["set"])


def _rows(contents: SessionContents, key: str) -> Sequence[tuple[str, ...]]:
    """Texts of a stream."""
    return contents.text_streams[key].values if key in contents.text_streams else ()


def _stream_values(contents: SessionContents, key: str, width: int) -> F64:
    """Numbers (n, at least ``width``) of a stream."""
    found = contents.numeric_streams.get(key)
    return found.values if found is not None and found.values.shape[1] >= width else np.empty((0, width))


def _rhythm_values(contents: SessionContents) -> F64:
    """Heart rate and RMSSD (n, 2) of each window: of a strap, whose own words lie between, the last at its stamp."""
    rows, answers = _stream_values(contents, "heart_rate", 2), contents.numeric_streams.get("predictions")
    if "ecg" in contents.streams or answers is None or not len(rows):
        return rows
    stamps = contents.numeric_streams["heart_rate"].stamps
    at = np.searchsorted(stamps, answers.stamps + STAMP_TOLERANCE_S, side="right") - 1
    return np.where((at >= 0)[:, None], rows[np.maximum(at, 0), :2], np.nan)


def _text_array(rows: Sequence[Sequence[str]], width: int) -> TextArray:
    """Texts (n, width)."""
    made = np.empty((len(rows), width), dtype=object)
    for k, row in enumerate(rows):
        made[k] = row
    return made
