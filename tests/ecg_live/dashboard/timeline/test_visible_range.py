"""Which part of the session is seen: it follows until it is moved, and never leaves the session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.dashboard.timeline.visible_range import FIRST_SPAN_S, MIN_SPAN_S, TICKS_S, VisibleRange, tick_step


def shown(now: float) -> VisibleRange:
    visible = VisibleRange()
    visible.advance(now)
    return visible


def test_at_first_it_shows_the_whole_session_and_goes_on_to_do_so() -> None:
    visible = shown(5.0)
    assert visible.limits == (0.0, FIRST_SPAN_S)
    visible.advance(3600.0)
    assert visible.limits == (0.0, 3600.0)


def test_zoomed_at_its_end_it_follows() -> None:
    visible = shown(1000.0)
    visible.zoom(0.1)
    assert visible.limits == (900.0, 1000.0)
    visible.advance(1010.0)
    assert visible.limits == (910.0, 1010.0)
    assert visible.following


def test_zoomed_about_a_time_that_time_keeps_its_place_and_nothing_moves_any_more() -> None:
    visible = shown(1000.0)
    visible.zoom(0.5, 200.0)
    assert visible.limits == (100.0, 600.0)
    visible.advance(2000.0)
    assert visible.limits == (100.0, 600.0)
    visible.follow()
    assert visible.limits == (1500.0, 2000.0)
    visible.show_all()
    assert visible.limits == (0.0, 2000.0)


def test_moved_to_its_end_it_follows_again() -> None:
    visible = shown(1000.0)
    visible.zoom(0.1)
    visible.pan(-300.0)
    assert (visible.limits, visible.following) == ((600.0, 700.0), False)
    visible.pan(1e9)
    assert (visible.limits, visible.following) == ((900.0, 1000.0), True)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("zoom"), st.floats(0.01, 100), st.one_of(st.none(), st.floats(-1e4, 1e5))),
            st.tuples(st.just("pan"), st.floats(-1e6, 1e6), st.none()),
            st.tuples(st.just("advance"), st.floats(0, 1e5), st.none()),
        ),
        max_size=30,
    )
)
def test_it_never_leaves_the_session(steps: list[tuple[str, float, float | None]]) -> None:
    visible, now = shown(100.0), 100.0
    for what, number, at in steps:
        if what == "zoom":
            visible.zoom(number, at)
        elif what == "pan":
            visible.pan(number)
        else:
            now += number
            visible.advance(now)
        start, stop = visible.limits
        assert -1e-6 <= start < stop <= max(now, FIRST_SPAN_S) + 1e-6
        assert stop - start >= MIN_SPAN_S - 1e-6


@pytest.mark.parametrize("span", [20.0, 60.0, 3600.0, 14400.0, 1e6])
def test_ticks_are_round_and_have_room(span: float) -> None:
    step = tick_step(span, 8)
    assert step in TICKS_S
    assert span / step <= 8 or step == TICKS_S[-1]
