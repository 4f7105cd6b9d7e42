"""What BIDS tells beside a table of samples: markers in ``_events.tsv``, and the gaps that our own export lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from devices.files.recording import SampleRun
from devices.files.timestamps import MAX_TIME_SPAN_S
from ecg_live.events import Marker, State
from ecg_live.parse_number import parse_number

_TEXT_COLUMNS = ("trial_type", "value", "event_type")  # the first that is there names the marker
_MAX_EVENTS_BYTES = 1 << 26
_OF_ONE_SIGNAL = ("recording-", "physio")  # parts of a name that its events do not have


class ListedGap(NamedTuple):
    """Rows ``start .. stop`` of a table stand for lost samples."""

    start: int
    stop: int
    cause: str


def listed_gaps(sidecar: Mapping[str, Any]) -> list[ListedGap]:
    """Return the gaps that our export lists in a sidecar, in order; none if ``Gaps`` is what others call so."""
    try:
        gaps = [
            ListedGap(int(start), int(start) + int(lost), str(cause)) for start, lost, cause in sidecar.get("Gaps", [])
        ]
    except (TypeError, ValueError, OverflowError):
        return []
    in_order = all(a.stop <= b.start for a, b in pairwise(gaps)) and all(0 <= gap.start < gap.stop for gap in gaps)
    return gaps if in_order else []


def leave_out_gaps(
    runs: Iterable[SampleRun | State | Marker], gaps: Iterable[ListedGap]
) -> Iterator[SampleRun | State | Marker]:
    """Leave out the rows of gaps, where they hold nothing."""
    left = iter(gaps)
    gap = next(left, None)
    cause = ""
    for item in runs:
        if not isinstance(item, SampleRun):
            yield item
            continue
        run = item
        while gap is not None and gap.start < run.start + len(run.samples):
            head, inside = max(0, gap.start - run.start), gap.stop - run.start
            if head:
                yield SampleRun(run.start, run.samples[:head], cause)
            if not np.isnan(run.samples[head:inside]).all():
                yield SampleRun(run.start + head, run.samples[head:inside], cause)
            cause = gap.cause
            run = SampleRun(run.start + max(head, inside), run.samples[max(0, inside) :])
            if not len(run.samples):
                break
            gap = next(left, None)
        if len(run.samples):
            yield SampleRun(run.start, run.samples, cause)


def read_events(path: Path, start_s: float) -> list[Marker | State]:
    """Read the markers of the ``_events.tsv`` beside a table of samples, in order; none if there is no such file.

    A file that cannot be read is a warning, for the samples can be.

    Parameters
    ----------
    path : Path
        The samples.
    start_s : float
        Their ``StartTime``, in s on the time of the onsets.
    """
    parts = path.name.removesuffix(".gz").removesuffix(".tsv").split("_")
    events = path.with_name("_".join([*(each for each in parts if not each.startswith(_OF_ONE_SIGNAL)), "events.tsv"]))
    if "physio" not in parts or not events.is_file():
        return []
    try:
        if (size := events.stat().st_size) > _MAX_EVENTS_BYTES:
            return [_warning(events, f"has {size >> 20} MB, expected up to {_MAX_EVENTS_BYTES >> 20} MB")]
        lines = events.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        return [_warning(events, f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError as error:
        return [_warning(events, f"is not UTF-8: {error.reason}")]
    header, *rows = [line.split("\t") for line in lines] or [[]]
    if "onset" not in header:
        return [_warning(events, "has no column 'onset'")]
    found = [_marker(dict(zip(header, row, strict=False)), start_s) for row in rows]
    return [*sorted((marker for marker in found if marker is not None), key=lambda marker: marker.time)]


def _warning(events: Path, what: str) -> State:
    return State("warning", f"{events.name}: {what}; its markers are left out")


def _marker(row: Mapping[str, str], start_s: float) -> Marker | None:
    """The marker of a row; None if its onset is not known."""
    try:
        onset = parse_number(row.get("onset", ""))
    except ValueError:
        return None
    text = next((row[column] for column in _TEXT_COLUMNS if column in row), "event")
    return Marker(onset - start_s, text) if abs(onset) <= MAX_TIME_SPAN_S else None  # also NaN is none
