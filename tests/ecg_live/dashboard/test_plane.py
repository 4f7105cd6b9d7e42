"""The valence-arousal plane: there with both heads only; its point, ellipse and trail are those of the answers."""

from __future__ import annotations

import math

import pytest
from pyqtgraph.Qt import QtGui
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.plane import TRAIL_S, ValenceArousalPlane, place_of, plane_heads
from ecg_live.dashboard.theme import LIGHT
from ecg_live.results import HeadInfo, HeadResult, Prediction, Quality
from tests.support.dashboard_windows import Open
from tests.support.simulated_view import FOUR, LOAD, abstained, answer

VALENCE, AROUSAL = HeadInfo("valence", ("low", "high")), HeadInfo("arousal", ("low", "high"))
RATED = HeadInfo("valence", (), (1.0, 9.0))


@pytest.mark.parametrize(
    ("heads", "there"),
    [
        ((LOAD, AROUSAL, VALENCE), True),
        ((RATED, HeadInfo("Arousal", ("low", "high"))), True),
        ((VALENCE,), False),
        ((LOAD, FOUR), False),
        ((VALENCE, HeadInfo("arousal", ("low", "middle", "high"))), False),
    ],
)
def test_it_takes_both_heads(heads: tuple[HeadInfo, ...], there: bool) -> None:
    found = plane_heads(heads)
    assert (found is not None) is there
    assert found is None or [head.name.casefold() for head in found] == ["valence", "arousal"]


def test_an_ellipse_is_as_wide_as_the_answer_is_unsure() -> None:
    assert place_of(VALENCE, answer(VALENCE, 1, 0.5)) == (0.5, 0.5)
    assert place_of(VALENCE, answer(VALENCE, 1, 0.9)) == pytest.approx((0.9, 0.3))
    assert place_of(VALENCE, answer(VALENCE, 0, 0.9)) == pytest.approx((0.1, 0.3))
    rating = HeadResult(None, None, value=7.0, interval=(5.0, 9.0), scale=RATED.scale)
    assert place_of(RATED, rating) == (0.75, 0.25)
    assert all(math.isnan(number) for number in place_of(VALENCE, abstained("flat line")))


def predicted(at: float, valence: HeadResult, arousal: HeadResult) -> Prediction:
    return Prediction(at - 10, at, at - 10, {"valence": valence, "arousal": arousal}, 70.0, 40.0, Quality("good"))


@pytest.fixture
def plane(qtbot: QtBot) -> ValenceArousalPlane:
    made = ValenceArousalPlane((VALENCE, AROUSAL), LIGHT)
    qtbot.addWidget(made)
    made.resize(240, 240)
    return made


def ink(plane: ValenceArousalPlane, x: float, y: float) -> float:
    """How far a pixel of the plane is from the card's white, 0 to 255; ``x`` and ``y`` from 0 to 1."""
    image, plot = plane.grab().toImage(), plane.plot
    ratio = image.devicePixelRatio()
    at = int((plot.left() + x * plot.width()) * ratio), int((plot.bottom() - y * plot.height()) * ratio)
    return 255 - QtGui.QColor(image.pixelColor(*at)).lightness()


def test_the_trail_fades_and_is_a_minute_long(plane: ValenceArousalPlane) -> None:
    for second in range(100):
        share = 0.2 + 0.6 * second / 99
        plane.add(predicted(float(second), answer(VALENCE, 1, share), answer(AROUSAL, 1, 0.25)))
    plane.show_at(99.0, dim=False)
    assert plane.points[0].at >= 99.0 - TRAIL_S
    newest = plane.newest
    assert newest is not None
    assert (newest.x, newest.y) == pytest.approx((0.8, 0.25))
    assert ink(plane, 0.77, 0.25) > ink(plane, 0.6, 0.25) > ink(plane, 0.47, 0.25) > ink(plane, 0.3, 0.25)
    assert plane.accessibleDescription() == "valence 0.80, arousal 0.25, of 0 to 1"
    assert ink(plane, 0.8, 0.5) > ink(plane, 0.1, 0.8)  # the ellipse, against the empty corner


def test_an_abstention_and_a_new_set_break_the_trail(plane: ValenceArousalPlane) -> None:
    sure = answer(VALENCE, 1, 0.9), answer(AROUSAL, 1, 0.9)
    plane.add(predicted(1.0, *sure))
    plane.add(predicted(2.0, abstained("flat line"), sure[1]))
    plane.show_at(2.0, dim=False)
    assert plane.newest is None
    assert plane.accessibleDescription() == "no estimate"
    plane.grab()
    plane.add(predicted(3.0, *sure))
    other = HeadResult({"low": 0.9, "high": 0.1}, "low", set="personal")
    plane.add(predicted(4.0, other, sure[1]))
    assert [math.isnan(point.x) for point in plane.points] == [False, True, False, True, False]
    plane.show_at(4.0, dim=True)
    assert ink(plane, 0.5, 0.88) < 10 + ink(plane, 0.5, 0.96)  # nothing joins .9 and .1


def test_the_window_has_it_for_a_model_with_both_heads(opened: Open) -> None:
    view, window = opened(VALENCE, AROUSAL)
    for _ in range(12):
        view.feed_ecg(1)
        view.predict(answer(VALENCE, 1, 0.7), answer(AROUSAL, 0, 0.8))
        window.refresh()
    assert window.plane is not None
    assert window.plane.isVisible()
    newest = window.plane.plane.newest
    assert newest is not None
    assert (newest.x, newest.y) == pytest.approx((0.7, 0.2))
    assert len(window.plane.plane.points) == 12
    boxes = [panel.geometry() for panel in window.panels]
    assert boxes[0].bottom() < boxes[1].top()
    window.resize(900, 500)
    assert not window.plane.isVisible()
    view.wait(30)
    window.refresh()
    assert window.plane.plane.dim
