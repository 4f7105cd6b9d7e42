"""What BIDS tells beside a table of samples: markers in ``_events.tsv``, and the gaps that our own export lists."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from devices.files.recording import SampleRun
from ecg_live.errors import FormatError
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


def listed_gaps(sidecar: Mapping[str, Any], where: str) -> list[ListedGap]:
    """Return the gaps that our export lists in a sidecar, in order; none in those of others.

    Raises
    ------
    FormatError
        The list is not one of rows.
    """
    found = sidecar.get("Gaps", [])
    try:
        gaps = [ListedGap(int(start), int(start) + int(lost), str(cause)) for start, lost, cause in found]
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"{where}: 'Gaps' is not a list of first row, number of rows, cause", "mend it") from error
    if any(a.stop > b.start for a, b in pairwise(gaps)) or any(each.stop <= each.start for each in gaps):
        raise FormatError(f"{where}: the rows of 'Gaps' are not in order", "mend it")
    return gaps


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


def read_events(path: Path, start_s: float) -> list[Marker]:
    """Read the markers of the ``_events.tsv`` beside a table of samples, in order; none if there is no such file.

    Parameters
    ----------
    path : Path
        The samples.
    start_s : float
        Their ``StartTime``, from which onsets count.

    Raises
    ------
    FormatError
        It is no table of events.
    """
    parts = path.name.removesuffix(".gz").removesuffix(".tsv").split("_")
    events = path.with_name("_".join([*(each for each in parts if not each.startswith(_OF_ONE_SIGNAL)), "events.tsv"]))
    if "physio" not in parts or not events.is_file():
        return []
    if events.stat().st_size > _MAX_EVENTS_BYTES:
        raise FormatError(f"{events.name}: has more than {_MAX_EVENTS_BYTES >> 20} MB", "cut it, or move it away")
    try:
        lines = events.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"{events.name}: is not UTF-8: {error.reason}", "save it as UTF-8") from error
    rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    header = next(rows, [])
    if "onset" not in header:
        raise FormatError(f"{events.name}: has no column 'onset'", "mend it, or move it away")
    found = [_marker(dict(zip(header, row, strict=False)), start_s) for row in rows if row]
    return sorted((marker for marker in found if marker is not None), key=lambda marker: marker.time)


def _marker(row: Mapping[str, str], start_s: float) -> Marker | None:
    """The marker of a row; None if its onset is not known."""
    try:
        onset = parse_number(row.get("onset", ""))
    except ValueError:
        return None
    text = next((row[column] for column in _TEXT_COLUMNS if column in row), "event")
    return Marker(onset - start_s, text) if isfinite(onset) else None
