import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.keys import KEYS
from ecg_live.dashboard.theme import DARK, LIGHT
from tests.support.dashboard_windows import Open, live
from tests.support.simulated_view import LOAD, answer

Key = QtCore.Qt.Key


def test_pause_stops_the_display_only(opened: Open) -> None:
    view, window = live(opened)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_Space)
    page = window.trace.sweep.page
    assert window.trace.paused
    assert page == view.fed
    view.feed_ecg(20)
    view.predict(answer(LOAD, 0, 0.9))
    window.refresh()
    assert window.status_banner.line.word == "PAUSED"
    assert window.trace.sweep.page == page
    assert window.trace.history.stop == view.fed
    assert window.panels[0].status.label == "Rest"
    QtTest.QTest.mouseClick(window.trace.transport.live, QtCore.Qt.MouseButton.LeftButton)
    assert not window.trace.paused
    assert window.trace.sweep.drawn == view.fed
    assert not window.trace.transport.live.isEnabled()


def test_scrolling_back_reaches_ten_minutes_and_no_further(opened: Open) -> None:
    view, window = live(opened)
    view.feed_ecg(700)
    window.refresh()
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_Left)
    assert window.trace.sweep.page is None
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_Space)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_Left)
    assert window.trace.sweep.page == view.fed - MODEL_RATE_HZ
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_PageUp)
    assert window.trace.sweep.page == view.fed - MODEL_RATE_HZ - window.trace.sweep.span
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_Home)
    assert window.trace.sweep.page == view.fed - 600 * MODEL_RATE_HZ + window.trace.sweep.span
    window.trace.sweep.scrolled.emit(-1)
    assert window.trace.sweep.page == view.fed - 599 * MODEL_RATE_HZ + window.trace.sweep.span
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_End)
    assert window.trace.sweep.page == view.fed


def test_a_page_stays_where_it_is_while_the_bar_grows(opened: Open) -> None:
    view, window = live(opened)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_Space)
    page = window.trace.sweep.page
    for _ in range(4):
        view.feed_ecg(200)
        window.refresh()
    assert window.trace.sweep.page == page
    assert window.trace.transport.bar.maximum() == view.fed


def test_keys_change_scale_theme_and_screen(opened: Open) -> None:
    _, window = live(opened)
    for key in (Key.Key_Plus, Key.Key_Up, Key.Key_Up, Key.Key_BracketRight):
        QtTest.QTest.keyClick(window.trace.sweep, key)
    assert (window.trace.sweep.scale.gain, window.trace.sweep.scale.speed) == (8.0, 50.0)
    for key in (Key.Key_Minus, Key.Key_Down, Key.Key_BracketLeft, Key.Key_BracketLeft, Key.Key_BracketLeft):
        QtTest.QTest.keyClick(window.trace.sweep, key)
    assert (window.trace.sweep.scale.gain, window.trace.sweep.scale.speed) == (2.0, 6.25)
    window.set_theme(LIGHT)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_T)
    assert window.theme is DARK
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_F)
    assert window.isFullScreen()
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_Escape)
    assert not window.isFullScreen()


def test_a_text_field_keeps_its_keys(opened: Open, qtbot: QtBot) -> None:
    _, window = live(opened)
    field = QtWidgets.QLineEdit(window.centralWidget())
    field.show()
    window.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    QtTest.QTest.keyClicks(field, "q f?t l")
    QtTest.QTest.keyClick(field, Key.Key_F11)
    QtTest.QTest.keyClick(field, Key.Key_PageUp)
    assert field.text() == "q f?t l"
    assert not window.trace.paused
    assert not window.isFullScreen()
    assert window.isVisible()


def test_a_control_with_the_focus_keeps_its_own_keys_and_leaves_the_others(opened: Open, qtbot: QtBot) -> None:
    _, window = live(opened)
    box = window.trace.transport.speed
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    QtTest.QTest.keyClick(box, Key.Key_Up)
    assert (window.trace.sweep.scale.gain, window.trace.sweep.scale.speed) == (1.0, 12.5)
    QtTest.QTest.keyClick(box, Key.Key_5)
    window.refresh()
    assert window.controller.markers.count == 1
    assert window.trace.sweep.scale.speed == 12.5


def test_keys_that_ask_the_session_do_so_once_however_long_they_are_held(opened: Open) -> None:
    _, window = live(opened)
    once = {action.shortcut().toString() for action in window.actions() if not action.autoRepeat()}
    assert once == {"M", "B", "R", "N", "P", "S", "Ctrl+Z", *"123456789"}


def test_shift_changes_no_letter(opened: Open) -> None:
    view, window = live(opened)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_B, QtCore.Qt.KeyboardModifier.ShiftModifier)
    assert view.baselines == 1


def test_every_key_has_one_action_with_a_text() -> None:
    keys = [key for line in KEYS for binding in line.bindings for key in binding.keys]
    assert len(keys) == len(set(keys))
    assert all(not QtGui.QKeySequence(key).isEmpty() for key in keys)


def test_ctrl_w_closes_from_a_text_field_as_well(opened: Open, qtbot: QtBot) -> None:
    view, window = live(opened)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_M)
    field = window.controller.field.line
    qtbot.waitUntil(field.hasFocus)
    QtTest.QTest.keyClick(field, Key.Key_W)
    assert (field.text(), view.stopped) == ("w", False)
    QtTest.QTest.keyClick(field, Key.Key_W, QtCore.Qt.KeyboardModifier.ControlModifier)
    assert view.stopped


@pytest.mark.parametrize("key", [Key.Key_M, Key.Key_B, Key.Key_R, Key.Key_1, Key.Key_9, Key.Key_Space])
def test_keys_with_a_held_modifier_do_nothing(opened: Open, key: QtCore.Qt.Key) -> None:
    view, window = live(opened)
    QtTest.QTest.keyClick(window.trace.sweep, key, QtCore.Qt.KeyboardModifier.ControlModifier)
    window.refresh()
    assert not window.trace.paused
    assert (view.recording, view.baselines, window.controller.markers.count) == (None, 0, 0)
    assert not window.controller.field.isVisible()
    assert window.isVisible()


@pytest.mark.parametrize(("key", "control"), [(Key.Key_Q, False), (Key.Key_W, True)], ids=["q", "ctrl-w"])
def test_quitting_asks_the_session_to_stop(opened: Open, key: QtCore.Qt.Key, control: bool) -> None:
    view, window = live(opened)
    modifier = QtCore.Qt.KeyboardModifier
    QtTest.QTest.keyClick(window.trace.sweep, key, modifier.ControlModifier if control else modifier.NoModifier)
    assert view.stopped
    assert not window.isVisible()


def test_help_lists_the_keys(opened: Open) -> None:
    _, window = live(opened)
    QtTest.QTest.keyClick(window.trace.sweep, Key.Key_Question)
    dialog = window.findChild(QtWidgets.QDialog)
    assert dialog is not None
    assert "Space" in [label.text() for label in dialog.findChildren(QtWidgets.QLabel)]
    dialog.accept()
