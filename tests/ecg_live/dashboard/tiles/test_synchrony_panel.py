"""The page of synchrony: values, choice of a pair by key and click, and words about what it does not show."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6 import QtCore, QtWidgets
from pyqtgraph.Qt import QtTest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.theme import DARK, LIGHT
from ecg_live.dashboard.tiles.heat_map import HeatMap
from ecg_live.presentation.synchrony import CAUTION_TEXT
from ecg_live.results import SynchronyCourse, SynchronyMatrix
from tests.support.tiles_windows import NAMES, OpenTiles, draw, feed_all

Key = QtCore.Qt.Key


class FixedSynchrony:
    """Synchrony with these values; ``asked`` lists the measures and pairs whose course was asked for."""

    def __init__(self, count: int, longest: int = 180) -> None:
        self.names = NAMES[:count]
        self.measures = ("heart rate", "mental_load: load")
        self.width, self.needed = 180, 120
        self.asked: list[tuple[int, tuple[int, int]]] = []
        self._longest = longest
        self._r = np.full((count, count), np.nan)
        for place in range(1, count):
            self._r[0, place] = self._r[place, 0] = 0.9 / place

    def matrix(self, measure: int) -> SynchronyMatrix:
        return SynchronyMatrix(self._r * (1 - 2 * measure), np.full_like(self._r, 0.5), self._longest)

    def course(self, measure: int, pair: tuple[int, int]) -> SynchronyCourse:
        self.asked.append((measure, pair))
        return SynchronyCourse(np.arange(-120.0, 1, 10), np.linspace(-0.9, 0.9, 13), np.full(13, 0.5))


def texts(window: QtWidgets.QWidget) -> str:
    return "\n".join(label.text() for label in window.findChildren(QtWidgets.QLabel) if label.isVisible())


def test_s_shows_the_synchrony_and_back(opened_tiles: OpenTiles) -> None:
    views, window = opened_tiles(4, synchrony=FixedSynchrony(4))
    feed_all(views)
    draw(window)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_S)
    draw(window)
    assert window.synchrony is not None
    assert window.synchrony.isVisible()
    assert "ann and bob: r = 0.90, beyond chance (±0.50)" in texts(window)
    assert CAUTION_TEXT in texts(window)
    assert window.summary.startswith("4 of 4 live")  # a fault is seen on this page as well
    feed_all(views, 5)
    draw(window)
    QtTest.QTest.keyClick(window.synchrony.heat_map, Key.Key_Escape)
    draw(window)
    assert window.tiles[0].isVisible()
    assert window.tiles[0].drawn == views[0].fed


def test_another_measure(opened_tiles: OpenTiles) -> None:
    _, window = opened_tiles(3, synchrony=FixedSynchrony(3))
    window.toggle_synchrony()
    assert window.synchrony is not None
    window.synchrony.measure.setFocus()
    QtTest.QTest.keyClick(window.synchrony.measure, Key.Key_Down)
    assert window.synchrony.measure.currentText() == "Mental load: load"
    assert "r = -0.90" in texts(window)


def test_arrows_and_clicks_choose_a_pair(opened_tiles: OpenTiles) -> None:
    synchrony = FixedSynchrony(4)
    _, window = opened_tiles(4, synchrony=synchrony)
    window.toggle_synchrony()
    assert window.synchrony is not None
    heat_map = window.synchrony.heat_map
    for key, pair in (
        (Key.Key_Down, (0, 2)),
        (Key.Key_Right, (1, 2)),
        (Key.Key_Up, (0, 1)),
        (Key.Key_Left, (0, 1)),
        (Key.Key_Right, (1, 2)),
        (Key.Key_Right, (2, 3)),
        (Key.Key_Right, (2, 3)),
        (Key.Key_Down, (2, 3)),
    ):
        QtTest.QTest.keyClick(heat_map, key)
        assert heat_map.pair == pair
    assert synchrony.asked[-1] == (0, (2, 3))
    QtTest.QTest.mouseClick(heat_map, QtCore.Qt.MouseButton.LeftButton, pos=heat_map.cell((0, 3)).center().toPoint())
    assert heat_map.pair == (0, 3)
    assert "ann and kim: r = 0.30, within chance" in heat_map.accessibleDescription()


def test_what_is_missing_for_a_first_value(opened_tiles: OpenTiles) -> None:
    _, window = opened_tiles(2, synchrony=FixedSynchrony(2, longest=50))
    window.toggle_synchrony()
    assert "needs 120 s that two wearers have in common; 50 s are there" in texts(window)


def test_one_wearer_has_no_synchrony(opened_tiles: OpenTiles) -> None:
    _, window = opened_tiles(1)
    QtTest.QTest.keyClick(window.tiles[0], Key.Key_S)
    assert window.tiles[0].isVisible()
    assert window.controller.toast.text == "Synchrony needs two wearers"


@pytest.mark.parametrize("count", [2, 16])
def test_cells_neither_overlap_nor_leave_the_widget(qtbot: QtBot, count: int) -> None:
    heat_map = HeatMap(tuple(f"wearer with a long name {n}" for n in range(count)), LIGHT)
    qtbot.addWidget(heat_map)
    heat_map.resize(640, 520)
    cells = [heat_map.cell((a, b)) for b in range(1, count) for a in range(b)]
    assert all(heat_map.rect().toRectF().contains(cell) for cell in cells)
    assert not any(one.intersects(other) for one in cells for other in cells if one is not other)
    r = np.full((count, count), 0.97)
    heat_map.show_matrix(SynchronyMatrix(r, np.full_like(r, 0.5)))
    for theme in (LIGHT, DARK):
        heat_map.restyle(theme)
        colour = heat_map.grab().toImage().pixelColor(heat_map.cell((0, 1)).topLeft().toPoint() + QtCore.QPoint(7, 4))
        assert colour.red() > colour.blue() + 60  # amber
