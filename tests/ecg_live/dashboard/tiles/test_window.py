"""The window of several wearers: real keys and clicks on simulated sessions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6 import QtCore, QtGui, QtWidgets
from pyqtgraph.Qt import QtTest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.theme import CONTRAST, DARK, LIGHT
from ecg_live.dashboard.tiles.tile import Tile
from ecg_live.dashboard.tiles.wearer_window import WearerWindow
from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.events import State
from tests.support.simulated_view import CHEST, LOAD, STRAP, SimulatedView, answer
from tests.support.tiles_windows import OpenTiles, draw, feed_all

Key = QtCore.Qt.Key
CTRL = QtCore.Qt.KeyboardModifier.ControlModifier


def words(tile: Tile) -> set[str]:
    return {label.text() for label in tile.findChildren(QtWidgets.QLabel) if not label.isHidden()}


def focused(window: TilesWindow) -> str:
    return window.grid.focused_tile.name


def test_each_tile_shows_its_wearer_and_no_sample_is_left_out(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    views[1].predict(answer(LOAD, 0, 0.7), grade="poor", rate=91)
    draw(window)
    assert {"ann", "72", "bpm", "Load 83 %", "Good", "lost 0", "Live"} <= words(window.tiles[0])
    assert {"bob", "91", "Rest 70 %", "Poor"} <= words(window.tiles[1])
    assert [tile.drawn for tile in window.tiles] == [view.fed for view in views]
    assert window.summary == "3 of 3 live   ·   not recording"
    assert "heart rate 72" in window.tiles[0].accessibleDescription()


def test_frames_that_are_left_out_lose_no_sample(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(2)
    draw(window)
    for _ in range(40):  # no frame for 40 s
        feed_all(views, 1)
    draw(window)
    assert [tile.drawn for tile in window.tiles] == [view.fed for view in views] == [40 * 256] * 2


def test_wearers_of_other_rates_channels_and_devices(opened_tiles: OpenTiles) -> None:
    many = replace(CHEST, rate=130.0, channels=tuple(f"CH{n}" for n in range(64)), ecg=63)
    views, window = opened_tiles(infos=[CHEST, many, STRAP])
    feed_all(views[:2])
    for _ in range(3):
        views[2].beat(64)
    draw(window)
    assert "72" in words(window.tiles[1])
    assert {"64", "No estimate"} <= words(window.tiles[2])
    assert window.tiles[2].sweep.accessibleName() == "No ECG on this device"


def test_one_who_is_gone_leaves_the_others(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    views[1].state = State("lost", "out of reach")
    views[1].wait(4)
    feed_all([views[0], views[2]], 1)
    draw(window)
    assert [tile.status.stream.word for tile in window.tiles if tile.status] == ["LIVE", "DISCONNECTED", "LIVE"]
    assert "DISCONNECTED" in words(window.tiles[1])
    assert window.tiles[1].sweep.dim
    assert not window.tiles[0].sweep.dim
    assert "1 disconnected" in window.summary
    assert not any(view.stopped for view in views)


def test_arrows_move_the_focus_and_enter_opens_the_full_view(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(5)
    feed_all(views)
    draw(window)
    assert window.grid.shape == (3, 2)
    steps = (Key.Key_Right, "bob"), (Key.Key_Down, "kim"), (Key.Key_Down, "lea"), (Key.Key_Left, "lea")
    for key, name in (*steps, (Key.Key_Home, "ann"), (Key.Key_Up, "ann"), (Key.Key_Down, "eve")):
        QtTest.QTest.keyClick(window.grid.focused_tile, key)
        assert focused(window) == name
    assert window.tiles[2].property("focused")
    assert not window.tiles[0].property("focused")
    QtTest.QTest.keyClick(window.grid.focused_tile, Key.Key_Return)
    full = window.full_views[window.tiles[2]]
    window.refresh()
    assert full.trace.history.stop == views[2].fed
    QtTest.QTest.keyClick(window.tiles[2], Key.Key_Return)
    assert list(window.full_views) == [window.tiles[2]]  # the same again


def test_closing_a_full_view_ends_nothing_even_while_it_is_recorded(opened_tiles: OpenTiles, qtbot: QtBot) -> None:
    views, window = opened_tiles(2)
    feed_all(views)
    views[0].record(True)
    draw(window)
    QtTest.QTest.mouseClick(window.tiles[0], QtCore.Qt.MouseButton.LeftButton)
    full = window.full_views[window.tiles[0]]
    full.refresh()
    qtbot.waitUntil(full.isActiveWindow)
    QtTest.QTest.keyClick(full, Key.Key_Q)
    assert not window.full_views
    assert not views[0].stopped
    assert window.isVisible()
    feed_all(views, 1)
    draw(window)
    assert window.tiles[0].drawn == views[0].fed


def test_a_full_view_marks_and_records_its_wearer_alone(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(2)
    feed_all(views)
    draw(window)
    window.open_full_view(1)
    full = window.full_views[window.tiles[1]]
    assert isinstance(full, WearerWindow)
    full.refresh()
    full.controller.mark_quick("7")
    full.controller.toggle_recording()
    feed_all(views, 1)
    draw(window)
    assert [tile.markers.count for tile in window.tiles] == [0, 1]
    assert [view.recording is not None for view in views] == [False, True]
    assert full.header.recording.line.word.endswith("REC")


def test_colours_and_letters_are_those_of_all_windows(opened_tiles: OpenTiles, qtbot: QtBot) -> None:
    _, window = opened_tiles(2)
    window.appearance.set_theme(LIGHT)
    window.open_full_view(0)
    window.open_full_view(1)
    full, other = window.full_views.values()
    window.toggle_theme()
    assert window.theme is full.theme is other.theme is DARK
    QtTest.QTest.keyClick(full.trace.sweep, Key.Key_T)
    assert window.theme is full.theme is other.theme is LIGHT
    colours = window.styleSheet(), other.styleSheet()
    QtTest.QTest.keyClick(full.trace.sweep, Key.Key_T)
    assert not {window.styleSheet(), other.styleSheet()} & set(colours)
    full.appearance.toggle_contrast()
    full.close()
    assert window.theme is other.theme is CONTRAST
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_H)
    assert window.theme is DARK
    before = window.tiles[0].findChildren(QtWidgets.QLabel)[0].font().pointSizeF()
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_Plus, CTRL)
    assert window.tiles[0].findChildren(QtWidgets.QLabel)[0].font().pointSizeF() > before


def test_a_tile_is_scaled_to_its_signal(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    for view, gain in zip(views, (0.3, 1, -20), strict=True):
        view.feed_ecg(6)
        scaled = view.poll_trace() * np.float32(gain)
        view.feed(scaled)
    draw(window)
    heights = [tile.sweep.scale.height for tile in window.tiles]
    assert heights[0] > heights[1] > heights[2]
    for tile, gain in zip(window.tiles, (0.3, 1, 20), strict=True):
        assert 0.2 * tile.sweep.height() < 1.2 * gain * tile.sweep.scale.height < tile.sweep.height()
    assert window.tiles[2].sweep.zero_px < window.tiles[1].sweep.zero_px  # upside down


def test_the_menu_of_a_tile_has_what_the_keys_do(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(2)
    feed_all(views)
    draw(window)
    menu = window.show_menu(1, QtCore.QPoint(5, 5))
    actions = {action.text().split("\t")[0]: action for action in menu.actions()}
    assert list(actions) == ["Full view", "Marker", "Record", "Resting baseline"]
    actions["Record"].trigger()
    actions["Resting baseline"].trigger()
    menu.close()
    assert [view.recording is not None for view in views] == [False, True]
    assert [view.baselines for view in views] == [0, 1]


def test_keys_are_listed(opened_tiles: OpenTiles) -> None:
    _, window = opened_tiles(2)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_F1)
    (dialog,) = window.findChildren(QtWidgets.QDialog)
    assert "Ctrl + M, 1 to 9, R, B" in {label.text() for label in dialog.findChildren(QtWidgets.QLabel)}
    dialog.close()


def test_closing_stops_all_sessions_and_asks_during_a_recording(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(3)
    feed_all(views)
    views[2].record(True)
    draw(window)
    window.open_full_view(0)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_Q)
    assert window.isVisible()
    assert not any(view.stopped for view in views)
    question = window.controller.question
    assert question is not None
    assert "recording is running" in question.accessibleName()
    question.accept()
    assert not window.isVisible()
    assert not window.full_views
    assert all(view.stopped for view in views)


def test_every_part_has_a_name_for_those_who_cannot_see_it(opened_tiles: OpenTiles) -> None:
    _, window = opened_tiles(2)
    nameless = [
        part
        for part in window.findChildren(QtWidgets.QWidget)
        if not part.accessibleName()
        and not isinstance(part, QtWidgets.QStatusBar)
        and not part.objectName().startswith("qt_")
    ]
    assert nameless == []


@pytest.mark.parametrize("size", [(900, 600), (1280, 720), (1920, 1080)])
def test_nothing_is_cut_off(opened_tiles: OpenTiles, size: tuple[int, int]) -> None:
    views, window = opened_tiles(5)
    feed_all(views)
    window.resize(*size)
    draw(window)
    QtWidgets.QApplication.processEvents()
    for tile in window.tiles:
        assert window.grid.rect().contains(tile.geometry())
        for label in tile.findChildren(QtWidgets.QLabel):
            if label.isVisible():
                corner = label.mapTo(tile, QtCore.QPoint(0, 0))
                assert tile.rect().contains(QtCore.QRect(corner, label.size())), label.text()


def test_a_window_is_drawn_in_both_themes(opened_tiles: OpenTiles) -> None:
    """The trace is there: some of its colour, in each theme."""
    views, window = opened_tiles(2)
    feed_all(views)
    for theme in (LIGHT, DARK):
        window.appearance.set_theme(theme)
        draw(window)
        image = window.tiles[0].sweep.grab().toImage()
        colours = {image.pixelColor(x, y).name() for x in range(60, image.width(), 3) for y in range(image.height())}
        assert QtGui.QColor(theme.trace).name() in colours


def test_values_take_turns(opened_tiles: OpenTiles) -> None:
    """Traces are drawn at each frame; values of a tile at each eighth, so that no frame draws those of all."""
    views, window = opened_tiles(3)
    feed_all(views)
    draw(window)
    before = [tile.status for tile in window.tiles]
    for view in views:
        view.predict(answer(LOAD, 0, 0.9), rate=99)
    changed = []
    for _ in range(8):
        window.refresh()
        changed.append(sum(tile.status is not old for tile, old in zip(window.tiles, before, strict=True)))
    assert max(np.diff([0, *changed])) == 1
    assert changed[-1] == 3


def test_a_view_that_ended_is_shown_so(opened_tiles: OpenTiles) -> None:
    views: list[SimulatedView]
    views, window = opened_tiles(2)
    feed_all(views)
    views[0].ended = True
    draw(window)
    assert "ENDED" in words(window.tiles[0])
    assert "1 of 2 live" in window.summary


def test_a_probability_that_does_not_fit_is_left_out_whole(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(5)
    window.resize(900, 600)
    feed_all(views)
    draw(window)
    assert "Load 83 %" in words(window.tiles[0])
    for _ in range(5):
        window.step_letters(1)
    window.resize(901, 600)
    QtWidgets.QApplication.processEvents()
    draw(window)
    shown = next(text for text in words(window.tiles[0]) if text.startswith("Load"))
    assert shown in {"Load", "Load 83 %"}
    answer_label = next(label for label in window.tiles[0].findChildren(QtWidgets.QLabel) if label.text() == shown)
    assert shown == "Load" or answer_label.fontMetrics().horizontalAdvance(shown) <= answer_label.width()
