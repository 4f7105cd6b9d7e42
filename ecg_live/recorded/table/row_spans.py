"""What the rows of a group table are about: blocks, intervals, stretches between markers, or whole sessions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

from ecg_live.annotations.current import SessionAnnotation
from ecg_live.errors import ConfigError
from ecg_live.study.marker_texts import TimedText, parse_span_marker, spans, without_undone

RowKind = Literal["block", "interval", "marker", "session"]
ROW_KINDS: tuple[RowKind, ...] = get_args(RowKind)


class RowSpan(NamedTuple):
    """Time of a row, ``start`` to ``stop`` in s; ``complete`` if it was neither broken off nor cut."""

    name: str
    start: float
    stop: float
    complete: bool = True
    kind: RowKind = "session"


def check_row_kind(text: str) -> RowKind:
    """Return the kind that a text names.

    Raises
    ------
    ConfigError
        It is none.
    """
    for kind in ROW_KINDS:
        if text == kind:
            return kind
    raise ConfigError(f"--by is {text!r}; it is {', '.join(ROW_KINDS[:-1])} or {ROW_KINDS[-1]}", "choose one of them")


def row_spans(
    markers: Sequence[TimedText], duration: float, kind: RowKind, annotated: Sequence[SessionAnnotation] = ()
) -> list[RowSpan]:
    """Spans of a session's rows, by their beginning.

    Parameters
    ----------
    markers : sequence of (float, str)
        Times (s) and texts, in the order in which they were noted.
    duration : float
        Of the session, s. What is still open then ends there, and is not complete.
    kind : str
        ``block`` or ``interval``: as a study's markers state them. ``marker``: from each marker to the next, named
        after the first. A session without any is one row, as for ``session``.
    annotated : sequence of SessionAnnotation
        Intervals that were noted after the session, rows of ``interval`` as well.
    """
    found: list[RowSpan] = []
    if kind == "marker":
        found = _between_markers(without_undone(markers), duration)
    elif kind != "session":
        found = [
            RowSpan(span.name, span.start, duration if span.stop is None else span.stop, span.complete, span.kind)
            for span in spans(markers)
            if span.kind == kind
        ]
    if kind == "interval":
        found += [RowSpan(each.text, each.onset, each.stop, kind="interval") for each in annotated]
    return sorted(found, key=lambda span: span.start) or [RowSpan("", 0.0, duration)]


def _between_markers(markers: Sequence[TimedText], duration: float) -> list[RowSpan]:
    """From each marker to the next or to the session's end; what notes a block or interval is none of them."""
    notes = sorted(note for note in markers if parse_span_marker(note[1]) is None and 0 <= note[0] <= duration)
    edges = [*notes, (duration, "")]
    return [RowSpan(text, start, stop, kind="marker") for (start, text), (stop, _) in pairwise(edges)]
