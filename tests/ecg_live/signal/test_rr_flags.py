"""Which RR intervals are normal, which lie beside an ectopic beat, and which are artefacts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.results import RrInterval
from ecg_live.signal.rr_flags import LOOK_AHEAD, BeatInterval, RrFlagger

EVEN = [0.8, 0.82, 0.79, 0.81, 0.8, 0.78, 0.8, 0.81]


def flagged(intervals: list[float], flagger: RrFlagger | None = None, *, ends: bool = True) -> list[RrInterval]:
    flagger, found, stop = flagger or RrFlagger("ecg"), list[RrInterval](), 0.0
    for rr in intervals:
        stop += rr
        found += flagger.push(BeatInterval(100 + stop, stop, rr))
    return [*found, *(flagger.end_run() if ends else ())]


def flags(intervals: list[float]) -> str:
    """One letter each."""
    return "".join(each.flag[0] for each in flagged(intervals))


@pytest.mark.parametrize(
    ("middle", "expected"),
    [
        ([], ""),
        ([0.5, 1.1], "ee"),  # an early beat with its pause
        ([0.5, 0.8], "ee"),  # an early beat of the atria; the interval after it does not begin with a normal one
        ([0.4, 0.41], "aa"),  # a beat that is none
        ([1.6], "a"),  # a missed beat
        ([2.6], "a"),
        ([0.2, 0.6], "aa"),
        ([1.05, 0.55], "aa"),  # a beat that was seen late
        ([0.7, 0.9, 0.72, 0.88], "nnnn"),  # breathing
        ([0.9, 1.08, 0.85], "nnn"),  # deep breathing
    ],
)
def test_each_kind_among_even_beats(middle: list[float], expected: str) -> None:
    assert flags([*EVEN, *middle, *EVEN]) == f"{'n' * 8}{expected}{'n' * 8}"


def test_a_flag_is_known_two_beats_later_and_the_first_after_five() -> None:
    found = flagged(EVEN, ends=False)
    assert len(found) == len(EVEN) - LOOK_AHEAD
    assert flagged(EVEN[:4], ends=False) == []
    assert [each.rr for each in flagged(EVEN)] == EVEN  # the end gives the rest
    assert [each.time - 100 for each in found] == pytest.approx([each.raw for each in found])


def test_few_intervals_are_judged_by_what_was_usual_before() -> None:
    flagger = RrFlagger("device")
    flagged(EVEN, flagger)
    found = flagged([0.8, 1.6], flagger)
    assert [(each.flag, each.source) for each in found] == [("normal", "device"), ("artefact", "device")]


@given(st.lists(st.floats(0.2, 3.0), max_size=40), st.lists(st.integers(0, 39), max_size=3))
def test_every_interval_comes_once_in_order_whatever_it_is(intervals: list[float], ends: list[int]) -> None:
    flagger, found, stop = RrFlagger("ecg"), list[RrInterval](), 0.0
    for k, rr in enumerate(intervals):
        stop += rr
        found += flagger.push(BeatInterval(stop, stop, rr))
        found += flagger.end_run() if k in ends else ()
    found += flagger.end_run()
    assert [each.rr for each in found] == intervals
    assert all(np.diff([each.time for each in found]) > 0)
    assert {each.flag for each in found if not 60 / 220 <= each.rr <= 2} <= {"artefact"}
