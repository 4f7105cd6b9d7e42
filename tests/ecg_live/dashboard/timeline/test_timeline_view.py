"""The timeline on the screen: real keys, wheel and clicks; what is drawn, and when it is not."""

from __future__ import annotations

import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.theme import DARK, LIGHT
from ecg_live.dashboard.timeline.panel import TimelinePanel
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.events import Marker, SelfReportAnswer, SetChange, State
from ecg_live.results import Poll
from tests.support.dashboard_windows import Open, live
from tests.support.simulated_view import FOUR, LOAD, SimulatedView, abstained, answer

Key = QtCore.Qt.Key
MINUTES = 10


@pytest.fixture
def panel(qtbot: QtBot) -> TimelinePanel:
    """A panel on ten minutes of a session: half of it with an answer, a baseline, a block, a marker and a report."""
    view = SimulatedView((LOAD, FOUR))
    timeline, cursor = SessionTimeline(view.heads), Poll()
    for second in range(60 * MINUTES):
        view.feed_ecg(1)
        if second % 2 == 0:
            known = second < 300
            view.predict(
                *(answer(head, 1, 0.9) if known else abstained("flat") for head in view.heads),
                grade="good" if known else "unusable",
                rate=70.0 + second / 60 if known else None,
            )
        snapshot, cursor = view.poll(cursor)
        timeline.update(snapshot, snapshot.now, 2.0)
    for event in (
        State("baseline", "rest", seconds_left=10.0),
        Marker(0.0, "tone", 100.0),
        Marker(0.0, "block/stress/start", 200.0),
        Marker(0.0, "block/stress/stop", 250.0),
        SetChange(0.0, 151.0, "mental_load", "population", "personal"),
        SelfReportAnswer("SAM", "sam", 0.0, 0.0, (("valence", 7.0),), raw=260.0),
    ):
        view.send(event)
    snapshot, cursor = view.poll(cursor)
    timeline.update(snapshot, snapshot.now, 2.0)
    made = TimelinePanel(timeline, LIGHT)
    qtbot.addWidget(made)
    made.resize(900, 260)
    with qtbot.waitExposed(made):
        made.show()
    made.show_new()
    return made


def lane(panel: TimelinePanel, name: str) -> QtCore.QRect:
    return next(area.toAlignedRect() for each, area in panel.view.lanes() if each.name == name)


def pixel(panel: TimelinePanel, at: float) -> int:
    start, stop = panel.view.visible.limits
    return round(panel.view.plot.left() + (at - start) / (stop - start) * panel.view.plot.width())


def colours(panel: TimelinePanel, name: str, at: float) -> set[str]:
    """Colours of a column of pixels in a lane, at a stream time (s)."""
    image, area = panel.view.grab().toImage(), lane(panel, name)
    ratio = image.devicePixelRatio()
    x = int(pixel(panel, at) * ratio)
    rows = range(int((area.top() + 1) * ratio), int((area.bottom() - 1) * ratio))
    return {image.pixelColor(x, y).name() for y in rows}


def test_every_lane_shows_what_there_was(panel: TimelinePanel) -> None:
    names = [each.name for each, _ in panel.view.lanes()]
    assert names == ["Mental load", "Emotion", "Heart rate", "Quality", "Blocks", "Markers", "Reports"]
    areas = [area for _, area in panel.view.lanes()]
    assert not any(one.intersects(other) for place, one in enumerate(areas) for other in areas[:place])
    assert areas[-1].bottom() <= panel.view.plot.bottom() + 1
    assert QtGui.QColor(LIGHT.shade).name() in colours(panel, "Mental load", 400.0)
    assert QtGui.QColor(LIGHT.shade).name() not in colours(panel, "Mental load", 60.0)
    assert len(colours(panel, "Heart rate", 60.0)) > len(colours(panel, "Heart rate", 400.0))
    assert colours(panel, "Quality", 60.0) != colours(panel, "Quality", 400.0)
    assert colours(panel, "Blocks", 225.0) != colours(panel, "Blocks", 60.0)
    for name in ("Mental load", "Heart rate", "Markers"):  # the line of a marker crosses all
        assert QtGui.QColor(LIGHT.marker).name() in colours(panel, name, 100.0)
    assert QtGui.QColor(LIGHT.marker).name() in colours(panel, "Reports", 260.0)


def test_no_line_joins_the_answers_of_two_sets(panel: TimelinePanel) -> None:
    panel.view.zoom(0.05, 150.0)
    drawn = [len(colours(panel, "Mental load", at)) > 1 for at in (143.0, 148.6, 150.5, 152.4, 157.0)]
    assert drawn == [True, True, False, True, True]


def test_wheel_keys_and_buttons_zoom_move_and_follow(panel: TimelinePanel) -> None:
    view = panel.view
    wheel(view, 120, pixel(panel, 100.0))
    start, stop = view.visible.limits
    assert stop - start == pytest.approx(480.0)
    assert view.time_at(pixel(panel, 100.0)) == pytest.approx(100.0, abs=1)
    assert not panel.newest.isChecked()
    view.setFocus()
    QtTest.QTest.keyClick(view, Key.Key_Right)
    assert view.visible.limits[0] == pytest.approx(start + 48.0)
    QtTest.QTest.keyClick(view, Key.Key_Home)
    assert view.visible.limits[0] == 0.0
    QtTest.QTest.keyClick(view, Key.Key_Plus)
    assert view.visible.limits[1] - view.visible.limits[0] == pytest.approx(384.0)
    QtTest.QTest.keyClick(view, Key.Key_End)
    assert view.visible.following
    assert panel.newest.isChecked()
    wheel(view, 120, 300, QtCore.Qt.KeyboardModifier.ShiftModifier)
    assert not view.visible.following
    QtTest.QTest.mouseDClick(view, QtCore.Qt.MouseButton.LeftButton, pos=QtCore.QPoint(300, 40))
    assert view.visible.following
    panel.whole.click()
    assert view.visible.limits == (0.0, 600.0)
    assert not panel.whole.isEnabled()
    panel.larger.click()
    panel.newest.click()
    assert panel.newest.isChecked()
    assert view.visible.limits[1] == 600.0


def wheel(
    view: QtWidgets.QWidget,
    delta: int,
    x: int,
    modifier: QtCore.Qt.KeyboardModifier = QtCore.Qt.KeyboardModifier.NoModifier,
) -> None:
    at = QtCore.QPointF(x, 50)
    event = QtGui.QWheelEvent(
        at,
        QtCore.QPointF(view.mapToGlobal(at.toPoint())),
        QtCore.QPoint(),
        QtCore.QPoint(0, delta),
        QtCore.Qt.MouseButton.NoButton,
        modifier,
        QtCore.Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QtWidgets.QApplication.sendEvent(view, event)


def mouse(view: QtWidgets.QWidget, kind: QtCore.QEvent.Type, x: int) -> None:
    at, left = QtCore.QPointF(x, 50), QtCore.Qt.MouseButton.LeftButton
    event = QtGui.QMouseEvent(kind, at, view.mapToGlobal(at), left, left, QtCore.Qt.KeyboardModifier.NoModifier)
    QtWidgets.QApplication.sendEvent(view, event)


def test_the_mouse_drags_the_session(panel: TimelinePanel) -> None:
    view, kind = panel.view, QtCore.QEvent.Type
    view.zoom(0.2)
    before = view.visible.limits
    mouse(view, kind.MouseButtonPress, 400)
    mouse(view, kind.MouseMove, 500)
    mouse(view, kind.MouseButtonRelease, 500)
    assert before[0] - view.visible.limits[0] == pytest.approx(100 / view.plot.width() * 120.0, rel=0.02)
    after = view.visible.limits
    mouse(view, kind.MouseMove, 300)
    assert view.visible.limits == after


def test_it_is_drawn_anew_only_when_something_new_is_to_be_seen(panel: TimelinePanel) -> None:
    view = panel.view
    view.grab()
    drawn = view.redraws
    for _ in range(5):
        panel.show_new()
        view.grab()
    assert view.redraws == drawn
    panel.restyle(DARK)
    view.grab()
    assert view.redraws == drawn + 1
    view.pan(-300.0)
    view.grab()
    assert view.redraws == drawn + 2


def test_the_window_has_one_and_its_keys_reach_it_with_the_focus(opened: Open, qtbot: QtBot) -> None:
    view, window = live(opened)
    view.feed_ecg(300)
    window.refresh()
    timeline, gain = window.timeline.view, window.trace.sweep.scale.gain
    timeline.setFocus()
    qtbot.waitUntil(timeline.hasFocus)
    QtTest.QTest.keyClick(timeline, Key.Key_Plus)
    assert timeline.visible.limits[1] - timeline.visible.limits[0] < 300
    assert window.trace.sweep.scale.gain == gain
    QtTest.QTest.keyClick(timeline, Key.Key_1)
    view.wait(1)
    window.refresh()
    assert [marker.text for marker in window.session_timeline.markers] == ["1"]
    timeline.grab()
    assert timeline.accessibleDescription() == "0:01:03 to 0:05:13, 1 markers, following"
