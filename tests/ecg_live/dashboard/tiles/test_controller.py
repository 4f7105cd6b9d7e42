"""Markers, recordings and baselines of all wearers or one: real keys on simulated sessions."""

from __future__ import annotations

from PyQt6 import QtCore
from pyqtgraph.Qt import QtTest

from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.events import State
from tests.support.tiles_windows import OpenTiles, draw, feed_all

Key = QtCore.Qt.Key
CTRL = QtCore.Qt.KeyboardModifier.ControlModifier


def counts(window: TilesWindow) -> list[int]:
    return [tile.markers.count for tile in window.tiles]


def test_a_digit_marks_all_at_one_time(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_3)
    draw(window)
    assert counts(window) == [1, 1, 1]
    assert window.controller.toast.text == "Marker 1: 3 for all 3, not saved: nothing is recorded"
    assert [tile.markers.placed[0].text for tile in window.tiles] == ["3"] * 3


def test_with_ctrl_it_marks_the_wearer_with_the_focus(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    draw(window)
    window.grid.focus(1)
    QtTest.QTest.keyClick(window.tiles[1], Key.Key_5, CTRL)
    draw(window)
    assert counts(window) == [0, 1, 0]
    assert window.controller.toast.text.startswith("Marker 1: 5 for bob")


def test_the_time_is_that_of_the_key_and_the_text_comes_later(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(2)
    for view in views:
        view.slow = True
    feed_all(views)
    draw(window)
    pressed = views[0].clock()
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_M)
    field = window.controller.field
    assert field.isVisible()
    feed_all(views, 2)
    QtTest.QTest.keyClicks(field.line, "noise 1")
    QtTest.QTest.keyClick(field.line, Key.Key_Return)
    assert [view.asked[0].time for view in views] == [pressed, pressed]
    assert [view.asked[0].text for view in views] == ["noise 1", "noise 1"]
    assert window.tiles[0].hasFocus()


def test_the_button_does_the_same_and_escape_marks_nothing(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(2)
    feed_all(views)
    draw(window)
    QtTest.QTest.mouseClick(window.buttons["marker"], QtCore.Qt.MouseButton.LeftButton)
    QtTest.QTest.keyClick(window.controller.field.line, Key.Key_Escape)
    draw(window)
    assert counts(window) == [0, 0]
    assert not window.controller.field.isVisible()


def test_a_wearer_that_does_not_confirm_is_named(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    views[1].slow = True
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_1)
    draw(window)
    assert window.controller.toast.text == "Marker 1 for all 3: pending"
    for view in views:
        view.feed_ecg(3)
    draw(window)
    words = [tile.status.stream.text for tile in window.tiles if tile.status]
    assert "Marker 1 is not confirmed for 3 s." in words[1]
    assert not any("confirmed" in text for text in (words[0], words[2]))
    views[1].confirm()
    draw(window)
    assert window.controller.toast.text.startswith("Marker 1: 1 for all 3")


def test_record_all_then_stop_all_asks(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    views[1].record(True)
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_R)
    draw(window)
    assert all(view.recording for view in views)
    assert window.buttons["record"].text() == "Stop all recordings"
    assert window.controller.toast.text == "3 of 3 wearers are recorded"
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_R)
    question = window.controller.question
    assert question is not None
    assert question.accessibleName() == "Stop the recordings of all 3?"
    assert all(view.recording for view in views)
    question.accept()
    draw(window)
    assert not any(view.recording for view in views)
    assert window.buttons["record"].text() == "Record all"


def test_record_one(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    draw(window)
    window.grid.focus(2)
    QtTest.QTest.keyClick(window.tiles[2], Key.Key_R, CTRL)
    draw(window)
    assert [view.recording is not None for view in views] == [False, False, True]


def test_a_marker_in_some_recordings_says_whose_it_is_not_in(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    views[0].record(True)
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_1)
    draw(window)
    assert window.controller.toast.text == "Marker 1: 1 for all 3, not saved for bob, eve: nothing is recorded"


def test_a_baseline_of_all_asks_before_it_begins_again(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(2)
    feed_all(views)
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_B)
    assert [view.baselines for view in views] == [1, 1]
    views[1].send(State("baseline", "30 s", seconds_left=30.0))
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_B)
    assert [view.baselines for view in views] == [1, 1]
    assert window.controller.question is not None
    window.controller.question.accept()
    assert [view.baselines for view in views] == [2, 2]


def test_those_that_ended_are_left_out_of_what_all_do(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(2)
    feed_all(views)
    views[0].ended = True
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_1)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_R)
    draw(window)
    assert counts(window) == [0, 1]
    assert [view.recording is not None for view in views] == [False, True]
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_1, CTRL)
    assert window.controller.toast.text == "The session of ann has ended"
    views[1].ended = True
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_1)
    assert window.controller.toast.text == "All sessions have ended"


def test_a_recording_that_cannot_be(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(2)
    for view in views:
        view.can_record = False
    feed_all(views)
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_R)
    assert "without a place to record to" in window.controller.toast.text
    views[0].send(State("recording_failed", "the disk is full"))
    draw(window)
    assert window.controller.toast.text == "ann: the disk is full"
