"""Which key does what."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from ecg_live.presentation.markers import QUICK_MARKERS

if TYPE_CHECKING:
    from ecg_live.dashboard.window import MainWindow

Action = Callable[["MainWindow"], object]
_Key = QtCore.Qt.Key
_FAR = 1 << 30  # samples: further than any history

_TEXT = (QtWidgets.QLineEdit, QtWidgets.QTextEdit, QtWidgets.QPlainTextEdit, QtWidgets.QAbstractSpinBox)


def _second(by: int) -> Action:
    return lambda window: window.scroll_by(by * window.transport.bar.singleStep())


def _page(by: int) -> Action:
    return lambda window: window.scroll_by(by * window.sweep.span)


def _gain(by: int) -> Action:
    return lambda window: window.transport.step(window.transport.gain, by)


def _speed(by: int) -> Action:
    return lambda window: window.transport.step(window.transport.speed, by)


def _quick(text: str) -> Action:
    return lambda window: window.controller.mark_quick(text)


def _leave_full_screen(window: MainWindow) -> None:
    if window.isFullScreen():
        window.toggle_full_screen()


ASKS: dict[int, Action] = {  # of the session; once however long the key is held
    _Key.Key_M: lambda window: window.controller.mark(),
    _Key.Key_B: lambda window: window.controller.begin_baseline(),
    _Key.Key_R: lambda window: window.controller.toggle_recording(),
    **{_Key.Key_1 + place: _quick(text) for place, text in enumerate(QUICK_MARKERS)},
}
ACTIONS: dict[int, Action] = ASKS | {
    _Key.Key_Space: lambda window: window.toggle_pause(),
    _Key.Key_L: lambda window: window.go_live(),
    _Key.Key_Left: _second(-1),
    _Key.Key_Right: _second(1),
    _Key.Key_PageUp: _page(-1),
    _Key.Key_PageDown: _page(1),
    _Key.Key_Home: lambda window: window.scroll_by(-_FAR),
    _Key.Key_End: lambda window: window.scroll_by(_FAR),
    _Key.Key_Plus: _gain(1),
    _Key.Key_Equal: _gain(1),
    _Key.Key_Up: _gain(1),
    _Key.Key_Minus: _gain(-1),
    _Key.Key_Down: _gain(-1),
    _Key.Key_BracketRight: _speed(1),
    _Key.Key_BracketLeft: _speed(-1),
    _Key.Key_T: lambda window: window.toggle_theme(),
    _Key.Key_F: lambda window: window.toggle_full_screen(),
    _Key.Key_F11: lambda window: window.toggle_full_screen(),
    _Key.Key_Escape: _leave_full_screen,
    _Key.Key_Question: lambda window: window.show_help(),
    _Key.Key_F1: lambda window: window.show_help(),
    _Key.Key_Q: lambda window: window.close(),
}


def action_for(event: QtGui.QKeyEvent | None, focus: QtWidgets.QWidget | None) -> Action | None:
    """Give what a key asks for; None when it has no meaning here or the focus is in a text field."""
    if event is None:
        return None
    modifier = QtCore.Qt.KeyboardModifier
    held = event.modifiers() & (modifier.ControlModifier | modifier.AltModifier | modifier.MetaModifier)
    if held == modifier.ControlModifier and event.key() == _Key.Key_W:
        return lambda window: window.close()
    writing = isinstance(focus, _TEXT) or (isinstance(focus, QtWidgets.QComboBox) and focus.isEditable())
    if writing or held != modifier.NoModifier or (event.isAutoRepeat() and event.key() in ASKS):
        return None
    return ACTIONS.get(event.key())
