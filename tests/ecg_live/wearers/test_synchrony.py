"""Synchrony of wearers that run together: what is correlated, when, and that delivery changes nothing."""

from __future__ import annotations

import math
from itertools import zip_longest

import numpy as np
import pytest

from ecg_live.results import HeadInfo, HeadResult, Prediction, Quality, Synchrony
from ecg_live.signal.synchrony import correlate_rows
from ecg_live.wearers.synchrony import SynchronySink, SynchronyTracker, measures_of

LOAD = HeadInfo("mental_load", ("rest", "load"))
HEADS = (LOAD, HeadInfo("emotion", ("neutral", "stress", "joy")), HeadInfo("arousal", (), (1.0, 9.0)))
PHASES = (0.2, 0.9, 0.5)  # of each wearer's windows within a second


def prediction(wearer: int, second: int, rate: float | None, load: float | None) -> Prediction:
    result = HeadResult(None, None, "poor") if load is None else HeadResult({"rest": 1 - load, "load": load}, "load")
    stop = 10.0 + second
    return Prediction(
        stop - 10, stop, 500 + PHASES[wearer] + stop - 10, {"mental_load": result}, rate, None, Quality("good")
    )


def common(second: float) -> float:
    return 70 + 5 * math.sin(second / 11) + 3 * math.sin(second / 4.3)


def series(wearer: int, seconds: int) -> list[Prediction]:
    """Wearers 0 and 1 share their heart rate, and abstain together for a while; wearer 2 goes the other way."""
    sign = -1 if wearer == 2 else 1
    return [
        prediction(
            wearer,
            second,
            70 + sign * (common(second + PHASES[wearer]) - 70),
            None if 20 <= second < 30 else 0.5 + 0.3 * math.sin(second / (7 + wearer)),
        )
        for second in range(seconds)
    ]


def fed(tracker: SynchronyTracker, many: list[list[Prediction]], ahead: int = 0) -> None:
    """Feed predictions in turn; those of the last wearer come so many seconds late."""
    late = [[None] * ahead + items if place == len(many) - 1 else items for place, items in enumerate(many)]
    for row in zip_longest(*late):
        for wearer, item in enumerate(row):
            if item is not None:
                tracker.add(wearer, item)


def test_what_is_correlated() -> None:
    labels = [label for label, _, _ in measures_of(HEADS)]
    assert labels == [
        "heart rate", "mental_load: load", "emotion: neutral", "emotion: stress", "emotion: joy", "arousal",
    ]  # fmt: skip


def test_pairs_that_go_together_and_against() -> None:
    tracker = SynchronyTracker(("ann", "bob", "eve"), (LOAD,), 60)
    fed(tracker, [series(wearer, 120) for wearer in range(3)])
    matrix = tracker.matrix(0)
    assert matrix.r[0, 1] == matrix.r[1, 0] == pytest.approx(1, abs=0.01)
    assert matrix.r[0, 2] == pytest.approx(-1, abs=0.01)
    assert np.isnan(np.diag(matrix.r)).all()
    assert matrix.longest == 60
    course = tracker.course(0, (0, 1))
    assert course.times[-1] == 0
    assert np.nanmin(course.r) > 0.95


def test_before_there_is_enough_it_says_how_much_there_is() -> None:
    tracker = SynchronyTracker(("ann", "bob"), (LOAD,), 60)
    assert tracker.matrix(0).longest == 0
    fed(tracker, [series(wearer, 30) for wearer in range(2)])
    matrix = tracker.matrix(0)
    assert np.isnan(matrix.r).all()
    assert matrix.longest == 29
    assert np.isnan(tracker.course(0, (0, 1)).r).all()
    assert tracker.needed == 40


def test_an_abstention_is_no_value() -> None:
    tracker = SynchronyTracker(("ann", "bob"), (LOAD,), 60)
    fed(tracker, [series(wearer, 60) for wearer in range(2)])
    assert tracker.matrix(1).longest == pytest.approx(60 - 11, abs=2)


@pytest.mark.parametrize("ahead", [3, 11])
def test_reports_do_not_depend_on_who_comes_first(ahead: int) -> None:
    reports: list[list[Synchrony]] = []
    for late in (0, ahead):
        reports.append([])
        tracker = SynchronyTracker(("ann", "bob", "eve"), (LOAD,), 60, on_report=reports[-1].extend)
        fed(tracker, [series(wearer, 100) for wearer in range(3)], late)
    assert reports[0] == reports[1]
    assert {value.measure for value in reports[0]} == {"heart rate", "mental_load: load"}
    assert {value.wearers for value in reports[0]} == {("ann", "bob"), ("ann", "eve"), ("bob", "eve")}
    assert all(value.time % 10 == 0 and value.seconds == 60 and value.overlap >= 40 for value in reports[0])


def test_one_who_falls_silent_is_not_waited_for() -> None:
    reports: list[Synchrony] = []
    tracker = SynchronyTracker(("ann", "bob", "eve"), (LOAD,), 60, on_report=reports.extend)
    fed(tracker, [series(0, 200), series(1, 200), series(2, 70)])
    late = [value for value in reports if value.time > 500 + 10 + 140]
    assert {value.wearers for value in late} == {("ann", "bob")}


def test_of_recordings_the_slower_one_is_waited_for_until_it_ends() -> None:
    reports: list[Synchrony] = []
    tracker = SynchronyTracker(("ann", "bob"), (LOAD,), 60, replay=True, on_report=reports.extend)
    for item in series(0, 200):
        tracker.add(0, item)
    assert not reports
    for item in series(1, 90):
        tracker.add(1, item)
    newest = max(value.time for value in reports)
    assert newest == 100  # raw time: the last value is that of second 99
    sink = SynchronySink()
    sink.feed(tracker, 1)
    sink.close()
    assert max(value.time for value in reports) > newest


def test_a_report_is_the_correlation_of_its_window() -> None:
    reports: list[Synchrony] = []
    tracker = SynchronyTracker(("ann", "bob"), (LOAD,), 60, replay=True, on_report=reports.extend)
    many = [series(0, 90), series(1, 90)]
    fed(tracker, many)
    value = next(value for value in reports if value.time == 80 and value.measure == "heart rate")
    x, y = (np.array([item.heart_rate for item in items if 20 <= item.stop < 80]) for items in many)
    assert value.r == pytest.approx(correlate_rows(x[None], y[None])[0][0], abs=1e-12)
