"""Texts of a study's markers: made and parsed, spans between them, markers that were taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.study.marker_texts import (
    Span,
    SpanMarker,
    block_text,
    interval_text,
    parse_span_marker,
    spans,
    undo_text,
    undone_text,
    without_undone,
)

NAMES = st.text(st.sampled_from("ab /"), min_size=1, max_size=6)


@given(st.sampled_from(["block", "interval"]), NAMES, st.sampled_from(["start", "stop"]))
def test_a_text_is_parsed_into_what_it_was_made_of(kind: str, name: str, note: str) -> None:
    text = f"{kind}/{name}/{note}"
    assert parse_span_marker(text) == SpanMarker(kind, name, note)  # type: ignore[arg-type]
    assert SpanMarker(kind, name, note).text == text  # type: ignore[arg-type]
    assert undone_text(undo_text(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "block", "block/", "block//start", "block/start", "block/a/began", "interval/a/skip", "undo/", "x/a/stop"],
)
def test_another_text_is_neither_a_span_nor_an_undo(text: str) -> None:
    assert parse_span_marker(text) is None
    assert undone_text(text) is None


def test_blocks_and_intervals_become_spans() -> None:
    markers = [
        (1.0, block_text("rest", "start")),
        (5.0, "a marker of another kind"),
        (6.0, interval_text("cold", "start")),
        (9.0, block_text("rest", "stop")),
        (11.0, interval_text("cold", "stop")),
        (12.0, block_text("talk", "skip")),
        (13.0, block_text("task", "start")),
    ]
    assert spans(markers) == (
        Span("block", "rest", 1.0, 9.0),
        Span("interval", "cold", 6.0, 11.0),
        Span("block", "task", 13.0),
    )
    assert [span.complete for span in spans(markers)] == [True, True, False]


def test_a_block_that_ran_again_has_a_span_for_each_run() -> None:
    markers = [
        (1.0, block_text("task", "start")),
        (2.0, block_text("task", "abort")),
        (2.0, block_text("task", "stop")),
        (3.0, block_text("task", "repeat")),
        (4.0, block_text("task", "start")),
        (9.0, block_text("task", "stop")),
    ]
    broken, whole = spans(markers)
    assert (broken.number, broken.aborted, broken.complete) == (1, True, False)
    assert (whole.number, whole.start, whole.stop, whole.complete) == (2, 4.0, 9.0, True)
    markers[1], markers[2] = markers[2], markers[1]  # of the same time: either may stand first in a file
    assert spans(markers) == (broken, whole)


def test_a_run_that_was_cut_stays_open_beside_the_next() -> None:
    starts = [(1.0, block_text("task", "start")), (7.0, block_text("task", "start")), (9.0, block_text("task", "stop"))]
    assert spans(starts) == (Span("block", "task", 1.0), Span("block", "task", 7.0, 9.0, number=2))


def test_a_stop_without_a_start_is_no_span() -> None:
    assert spans([(1.0, block_text("rest", "stop")), (2.0, interval_text("cold", "stop"))]) == ()


def test_undo_takes_the_newest_marker_of_its_text_back() -> None:
    markers = [(1.0, "a"), (2.0, "b"), (3.0, "a"), (4.0, undo_text("a")), (5.0, undo_text("c"))]
    assert without_undone(markers) == [(1.0, "a"), (2.0, "b")]
    assert without_undone([*markers, (6.0, undo_text("a")), (7.0, undo_text("a"))]) == [(2.0, "b")]


def test_an_undone_stop_leaves_the_interval_open() -> None:
    stop = interval_text("cold", "stop")
    markers = [(1.0, interval_text("cold", "start")), (2.0, stop), (3.0, undo_text(stop))]
    assert spans(markers) == (Span("interval", "cold", 1.0),)
    assert spans([*markers, (4.0, stop)]) == (Span("interval", "cold", 1.0, 4.0),)


@given(st.lists(st.tuples(st.floats(0, 9), st.sampled_from(["a", "b", "undo/a", "undo/b", "undo/undo/a"]))))
def test_what_counts_was_noted_and_is_no_undo(markers: list[tuple[float, str]]) -> None:
    counted = without_undone(markers)
    assert all(marker in markers and undone_text(marker[1]) is None for marker in counted)
    for text in "ab":
        noted, undone = (sum(each == wanted for _, each in markers) for wanted in (text, undo_text(text)))
        assert sum(each == text for _, each in counted) >= noted - undone
