"""Letters and colours: larger by key and in a large window, remembered, in high contrast; who is measured on top."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.preferences import PreferenceStore
from ecg_live.dashboard.text_scale import USER_SCALES, next_scale, window_scale
from ecg_live.dashboard.theme import CONTRAST, DARK, LIGHT, PALETTES, Palette
from ecg_live.dashboard.window import MainWindow
from ecg_live.presentation.formatting import session_title
from tests.support.dashboard_windows import Open, live
from tests.support.simulated_view import SimulatedView

Key, Modifier = QtCore.Qt.Key, QtCore.Qt.KeyboardModifier


def letters(window: MainWindow) -> list[float]:
    """Sizes of letters of a label, a button and three charts."""
    parts: list[QtWidgets.QWidget] = [
        window.header.title,
        window.action_bar.record,
        window.panels[0].curve,
        window.timeline.view,
        window.trace.sweep,
    ]
    return [part.font().pointSizeF() for part in parts]


def test_letters_grow_and_shrink_by_key_and_are_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    def window() -> MainWindow:
        view = SimulatedView()
        store = PreferenceStore(tmp_path / "dashboard.ini")
        made = MainWindow(view, title="P01", model="", clock=view.clock, memory=store)
        qtbot.addWidget(made)
        with qtbot.waitExposed(made):
            made.show()
        return made

    first = window()
    before = letters(first)
    for _ in range(2):
        QtTest.QTest.keyClick(first.trace.sweep, Key.Key_Plus, Modifier.ControlModifier)
    larger = letters(first)
    assert all(now == pytest.approx(1.3 * then, rel=0.1) for now, then in zip(larger, before, strict=True))
    QtTest.QTest.keyClick(first.trace.sweep, Key.Key_S)
    QtTest.QTest.keyClick(first.trace.sweep, Key.Key_H)
    first.close()
    again = window()
    assert letters(again) == larger
    assert (again.sounds.muted, again.theme) == (True, CONTRAST)
    QtTest.QTest.keyClick(again.trace.sweep, Key.Key_0, Modifier.ControlModifier)
    assert letters(again) == before
    QtTest.QTest.keyClick(again.trace.sweep, Key.Key_Minus, Modifier.ControlModifier)
    assert letters(again)[0] < before[0]


def test_a_large_window_has_larger_letters(opened: Open) -> None:
    _, window = live(opened)
    before = letters(window)
    window.resize(1920, 1200)
    assert all(now > 1.2 * then for now, then in zip(letters(window), before, strict=True))
    assert window_scale(QtCore.QSize(1280, 800)) == window_scale(QtCore.QSize(640, 480)) == 1.0
    assert window_scale(QtCore.QSize(9000, 9000)) == pytest.approx(1.4)
    assert next_scale(1.0, 99) == USER_SCALES[-1]


def test_high_contrast_is_entered_and_left(opened: Open) -> None:
    _, window = live(opened)
    window.set_theme(DARK)
    for wanted in (CONTRAST, DARK):
        QtTest.QTest.keyClick(window.trace.sweep, Key.Key_H)
        assert window.theme is wanted
    window.set_theme(LIGHT)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_T)
    assert window.theme is DARK


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_texts_can_be_read(palette: Palette) -> None:
    least = 7.0 if palette is CONTRAST else 4.5  # WCAG 2.1, 1.4.6 and 1.4.3
    for text in (palette.text, palette.muted):
        for back in (palette.window, palette.card, palette.paper):
            high, low = sorted((luminance(text), luminance(back)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= least


def test_who_is_measured_is_the_title(qtbot: QtBot) -> None:
    assert session_title("P01", "S1") == "P01 · S1"
    assert session_title(None, None) == "No participant named"
    view = SimulatedView()
    window = MainWindow(view, title="P01 · S1", source="supine_1min.txt", model="load", clock=view.clock)
    qtbot.addWidget(window)
    assert window.windowTitle() == "P01 · S1 · supine_1min.txt"
    assert window.header.title.text() == "P01 · S1"
    assert window.header.about.text() == "supine_1min.txt   ·   ECG   ·   1000 Hz   ·   model load"


def test_a_message_stays_in_the_middle_of_a_window_that_changes_its_size(opened: Open) -> None:
    _, window = live(opened)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_1)
    toast = window.controller.toast
    window.resize(1000, 700)
    QtWidgets.QApplication.processEvents()
    host = toast.parentWidget()
    assert toast.isVisible()
    assert host is not None
    assert abs(toast.geometry().center().x() - host.width() / 2) <= 2
