"""A continuous rating has a sample every 50 ms while the button is down, and only then."""

from __future__ import annotations

import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.self_report.field import Look
from ecg_live.dashboard.self_report.plane import ContinuousRating
from ecg_live.dashboard.theme import LIGHT
from ecg_live.study.plan import SelfReport

LEFT = QtCore.Qt.MouseButton.LeftButton


@pytest.fixture
def rating(qtbot: QtBot) -> ContinuousRating:
    made = ContinuousRating(SelfReport("where", "grid"), Look(LIGHT))
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    return made


def samples(rating: ContinuousRating) -> list[tuple[float, float]]:
    got: list[tuple[float, float]] = []
    rating.rated.connect(lambda valence, arousal: got.append((valence, arousal)))
    return got


def test_samples_follow_the_mouse_while_the_button_is_down(qtbot: QtBot, rating: ContinuousRating) -> None:
    got = samples(rating)
    square = rating.plane.square()
    QtTest.QTest.mousePress(rating.plane, LEFT, pos=square.center().toPoint())
    assert got == [pytest.approx((0.0, 0.0), abs=0.02)]
    assert rating._timer.interval() == 50
    qtbot.waitUntil(lambda: len(got) >= 3)
    drag = QtGui.QMouseEvent(
        QtCore.QEvent.Type.MouseMove, square.topLeft(), LEFT, LEFT, QtCore.Qt.KeyboardModifier.NoModifier
    )
    QtWidgets.QApplication.sendEvent(rating.plane, drag)
    qtbot.waitUntil(lambda: got[-1] == pytest.approx((-1.0, 1.0), abs=0.02))
    QtTest.QTest.mouseRelease(rating.plane, LEFT, pos=square.topLeft().toPoint())
    assert not rating.rating


def test_keys_rate_as_well(rating: ContinuousRating) -> None:
    got = samples(rating)
    rating.plane.setFocus()
    for key in (QtCore.Qt.Key.Key_Right, QtCore.Qt.Key.Key_Up):
        QtTest.QTest.keyClick(rating.plane, key)
    assert got == [(0.05, 0.0), (0.05, 0.05)]


def test_a_block_that_ends_ends_the_rating(rating: ContinuousRating) -> None:
    QtTest.QTest.mousePress(rating.plane, LEFT, pos=rating.plane.square().center().toPoint())
    assert rating.rating
    rating.hide()
    assert not rating.rating
