"""How far a session has come, from the markers of its recordings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ecg_live.study.marker_texts import TimedText, parse_span_marker, without_undone
from ecg_live.study.plan import Block


def first_unfinished(blocks: Sequence[Block], markers: Iterable[TimedText]) -> int:
    """Index of the block that a session goes on with; the number of blocks if it is complete.

    Parameters
    ----------
    blocks : sequence of Block
        In the order for this participant.
    markers : iterable of (float, str)
        Of all recordings of the session, in the order in which they were noted.

    Notes
    -----
    A block that was begun and not stopped was cut, and comes again. So does one that was broken off with no other
    after it: a session that ends, such as with a device that is lost, breaks its block off. One that was left out, or
    broken off before another began, does not: the experimenter had gone on.
    """
    places = {block.name: place for place, block in enumerate(blocks)}
    index, broken_off = 0, ""
    for _, text in without_undone(markers):
        marker = parse_span_marker(text)
        if marker is None or marker.kind != "block" or marker.name not in places:
            continue
        if marker.note == "abort":
            broken_off = marker.name  # its stop follows
        elif marker.note in {"start", "repeat"} or marker.name == broken_off:
            index, broken_off = places[marker.name], ""
        else:  # it stopped, or was left out
            index = places[marker.name] + 1
    return index


def unanswered(blocks: Sequence[Block], markers: Sequence[TimedText], answered: Collection[str]) -> tuple[str, ...]:
    """Self-reports of the newest block that were still to be asked when the session was cut.

    Parameters
    ----------
    blocks, markers
        As for `first_unfinished`.
    answered : collection of str
        Names of the self-reports that were answered, or declined, since that block's newest start.
    """
    newest: dict[str, list[str]] = {}
    last = ""
    for _, text in without_undone(markers):
        marker = parse_span_marker(text)
        if marker is not None and marker.kind == "block":
            newest[marker.name] = [] if marker.note == "start" else newest.get(marker.name, [])
            newest[marker.name].append(marker.note)
            last = marker.name
    ended_well = newest.get(last) == ["start", "stop"]
    asked = next((block.self_reports for block in blocks if block.name == last), ()) if ended_well else ()
    return tuple(name for name in asked if name not in answered)
