"""Somebody who presses keys and clicks anywhere, by a seed: a sleeve on the keyboard, a cat, a hurry."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from pyqtgraph.Qt import QtCore, QtTest, QtWidgets

_Key = QtCore.Qt.Key
_NONE, _SHIFT, _CTRL = (
    QtCore.Qt.KeyboardModifier.NoModifier,
    QtCore.Qt.KeyboardModifier.ShiftModifier,
    QtCore.Qt.KeyboardModifier.ControlModifier,
)
KEYS: tuple[_Key, ...] = (  # no Q and W: what ends a window has tests of its own
    *map(_Key, range(_Key.Key_A, _Key.Key_P + 1)),
    *(_Key.Key_R, _Key.Key_S, _Key.Key_T, _Key.Key_U, _Key.Key_V, _Key.Key_X, _Key.Key_Y, _Key.Key_Z),
    *map(_Key, range(_Key.Key_0, _Key.Key_9 + 1)),
    *(_Key.Key_Space, _Key.Key_Return, _Key.Key_Escape, _Key.Key_Tab, _Key.Key_Backtab, _Key.Key_Backspace),
    *(_Key.Key_Left, _Key.Key_Right, _Key.Key_Up, _Key.Key_Down, _Key.Key_Home, _Key.Key_End),
    *(_Key.Key_PageUp, _Key.Key_PageDown, _Key.Key_Plus, _Key.Key_Minus, _Key.Key_Question, _Key.Key_F11),
)
SHARE_OF_KEYS = 0.6
SHARE_OF_ESCAPE = 0.2  # of keys where something lies over the window, which would take most actions otherwise


class Monkey:
    """Acts on whatever lies on top: a popup, a dialog, or the window.

    Parameters
    ----------
    window : QWidget
    seed : int
    """

    def __init__(self, window: QtWidgets.QWidget, seed: int) -> None:
        self._window = window
        self._random = Random(seed)  # noqa: S311 - no secret
        self.last = ""  # what was done, for a test that fails

    def act(self, times: int, between: Callable[[int], object] = lambda _: None) -> None:
        """Press or click ``times``; call ``between`` with the number of each before it."""
        for number in range(times):
            between(number)
            top = self._top()
            if not top.isActiveWindow():  # off screen no window manager gives the focus back
                top.activateWindow()
            if self._random.random() < SHARE_OF_KEYS:
                self._press(top)
            else:
                self._click(top)
            QtWidgets.QApplication.processEvents()

    def _top(self) -> QtWidgets.QWidget:
        return QtWidgets.QApplication.activePopupWidget() or QtWidgets.QApplication.activeModalWidget() or self._window

    def _press(self, top: QtWidgets.QWidget) -> None:
        over = top is not self._window and self._random.random() < SHARE_OF_ESCAPE
        key, held = (
            _Key.Key_Escape if over else self._random.choice(KEYS),
            self._random.choice((_NONE, _NONE, _NONE, _SHIFT, _CTRL)),
        )
        self.last = f"{key.name} with {held.name}"
        QtTest.QTest.keyClick(top.focusWidget() or top, key, held)

    def _click(self, top: QtWidgets.QWidget) -> None:
        place = QtCore.QPoint(self._random.randrange(max(1, top.width())), self._random.randrange(max(1, top.height())))
        widget = top.childAt(place) or top
        self.last = f"click on {type(widget).__name__} {widget.accessibleName()!r}"
        QtTest.QTest.mouseClick(widget, QtCore.Qt.MouseButton.LeftButton, pos=widget.mapFrom(top, place))
