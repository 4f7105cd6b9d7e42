"""The keys of the dashboard: one table, from which the window's actions and the list of keys are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.appearance import Appearance
from ecg_live.dashboard.controller import SessionController
from ecg_live.dashboard.timeline.view import TimelineView
from ecg_live.dashboard.trace_panel import TracePanel
from ecg_live.dashboard.widgets import text_label
from ecg_live.presentation.markers import QUICK_MARKERS

_Key = QtCore.Qt.Key
_ARROWS = {_Key.Key_Left, _Key.Key_Right, _Key.Key_Up, _Key.Key_Down}
_PAGING = {_Key.Key_PageUp, _Key.Key_PageDown, _Key.Key_Home, _Key.Key_End}
_TEXT_FIELDS = (QtWidgets.QLineEdit, QtWidgets.QTextEdit, QtWidgets.QPlainTextEdit, QtWidgets.QAbstractSpinBox)
# keys that a control with the focus handles itself
_CONTROL_KEYS: dict[type[QtWidgets.QWidget], set[_Key]] = {
    QtWidgets.QAbstractButton: {_Key.Key_Space, *_ARROWS},
    QtWidgets.QComboBox: {_Key.Key_Space, _Key.Key_Up, _Key.Key_Down, *_PAGING},
    QtWidgets.QAbstractSlider: {*_ARROWS, *_PAGING},
    QtWidgets.QAbstractItemView: {*_ARROWS, *_PAGING, _Key.Key_Space},
    TimelineView: {*_ARROWS, *_PAGING, _Key.Key_Plus, _Key.Key_Equal, _Key.Key_Minus},
}
_MAX_SCROLL_S = 86400  # beyond any history


class KeyTarget(Protocol):
    """What keys command: the main window."""

    controller: SessionController
    trace: TracePanel
    appearance: Appearance

    def toggle_sound(self) -> None:
        """Mute the alerts, or let them sound."""

    def request_next_block(self) -> None:
        """Ask the study for its next block."""

    def request_participant_window(self) -> None:
        """Ask the study for the participant's window."""

    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""

    def leave_full_screen(self) -> None:
        """Leave full screen."""

    def show_help(self) -> None:
        """List the keys."""

    def close(self) -> bool:
        """Close the window."""


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """A command and the keys (as `QKeySequence` names them) that trigger it; ``once`` however long a key is held.

    The action of one with a ``name`` has a button.
    """

    keys: tuple[str, ...]
    command: Callable[[KeyTarget], object]
    once: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class KeyHelp:
    """A line of the list of keys: the keys, what they do, and their bindings."""

    keys: str
    text: str
    bindings: tuple[KeyBinding, ...] = ()


def _set_marker(text: str) -> Callable[[KeyTarget], object]:
    return lambda window: window.controller.mark_quick(text)


KEYS = (
    KeyHelp(
        "Space",
        "Pause the trace, or go on; samples and numbers never stop",
        (KeyBinding(("Space",), lambda window: window.trace.toggle_pause()),),
    ),
    KeyHelp("L", "Back to the newest of the trace", (KeyBinding(("L",), lambda window: window.trace.go_live()),)),
    KeyHelp(
        "M",
        "Marker at this moment: write its text, Enter marks, Escape cancels",
        (KeyBinding(("M",), lambda window: window.controller.mark(), once=True, name="marker"),),
    ),
    KeyHelp(
        "1 to 9",
        "Marker with that number as its text, or as the study names the key; the start and stop of an interval",
        tuple(KeyBinding((text,), _set_marker(text), once=True) for text in QUICK_MARKERS),
    ),
    KeyHelp(
        "Ctrl+Z",
        "Take the newest marker back; it stays in the file, and another says that it does not count",
        (KeyBinding(("Ctrl+Z",), lambda window: window.controller.undo_marker(), once=True),),
    ),
    KeyHelp(
        "B",
        "Begin a resting baseline; asks if one is running",
        (KeyBinding(("B",), lambda window: window.controller.begin_baseline(), once=True, name="baseline"),),
    ),
    KeyHelp(
        "R",
        "Record, or stop recording; stopping asks",
        (KeyBinding(("R",), lambda window: window.controller.toggle_recording(), once=True, name="record"),),
    ),
    KeyHelp(
        "N",
        "Next block of a study, or begin the one that waits",
        (KeyBinding(("N",), lambda window: window.request_next_block(), once=True),),
    ),
    KeyHelp(
        "P",
        "Participant's window of a study: show it, or close it",
        (KeyBinding(("P",), lambda window: window.request_participant_window(), once=True),),
    ),
    KeyHelp(
        "S",
        "Sound of the alerts: off, or on",
        (KeyBinding(("S",), lambda window: window.toggle_sound(), once=True, name="sound"),),
    ),
    KeyHelp(
        "Left, Right",
        "While paused: one second back, forward (also mouse wheel)",
        (
            KeyBinding(("Left",), lambda window: window.trace.scroll_seconds(-1)),
            KeyBinding(("Right",), lambda window: window.trace.scroll_seconds(1)),
        ),
    ),
    KeyHelp(
        "Page Up, Page Down",
        "While paused: one page back, forward",
        (
            KeyBinding(("PgUp",), lambda window: window.trace.scroll_pages(-1)),
            KeyBinding(("PgDown",), lambda window: window.trace.scroll_pages(1)),
        ),
    ),
    KeyHelp(
        "Home, End",
        "While paused: oldest, newest",
        (
            KeyBinding(("Home",), lambda window: window.trace.scroll_seconds(-_MAX_SCROLL_S)),
            KeyBinding(("End",), lambda window: window.trace.scroll_seconds(_MAX_SCROLL_S)),
        ),
    ),
    KeyHelp(
        "+, -  or  Up, Down",
        "Gain",
        (
            KeyBinding(("+", "=", "Up"), lambda window: window.trace.step_gain(1)),
            KeyBinding(("-", "Down"), lambda window: window.trace.step_gain(-1)),
        ),
    ),
    KeyHelp(
        "], [",
        "Paper speed",
        (
            KeyBinding(("]",), lambda window: window.trace.step_speed(1)),
            KeyBinding(("[",), lambda window: window.trace.step_speed(-1)),
        ),
    ),
    KeyHelp("T", "Light or dark", (KeyBinding(("T",), lambda window: window.appearance.toggle_theme()),)),
    KeyHelp("H", "High contrast", (KeyBinding(("H",), lambda window: window.appearance.toggle_contrast()),)),
    KeyHelp(
        "Ctrl +, Ctrl -, Ctrl 0",
        "Larger letters, smaller ones, those of the beginning",
        (
            KeyBinding(("Ctrl++", "Ctrl+="), lambda window: window.appearance.step_scale(1)),
            KeyBinding(("Ctrl+-",), lambda window: window.appearance.step_scale(-1)),
            KeyBinding(("Ctrl+0",), lambda window: window.appearance.step_scale(0)),
        ),
    ),
    KeyHelp(
        "F, F11",
        "Full screen; Escape leaves it",
        (
            KeyBinding(("F", "F11"), lambda window: window.toggle_full_screen()),
            KeyBinding(("Esc",), lambda window: window.leave_full_screen()),
        ),
    ),
    KeyHelp("Tab, Enter", "Next control; press it"),
    KeyHelp("?, F1", "This list", (KeyBinding(("?", "F1"), lambda window: window.show_help()),)),
    KeyHelp("Q, Ctrl+W", "Quit", (KeyBinding(("Q", "Ctrl+W"), lambda window: window.close()),)),
)


def add_key_actions(window: QtWidgets.QWidget, target: KeyTarget) -> dict[str, QtGui.QAction]:
    """Make the actions of all keys and add them to a window, which triggers them while it is active.

    Returns
    -------
    dict of str to QAction
        The actions with a name.
    """
    named: dict[str, QtGui.QAction] = {}
    for line in KEYS:
        for binding in line.bindings:
            action = QtGui.QAction(line.text, window)
            action.setShortcuts([sequence for key in binding.keys for sequence in _sequences(key)])
            action.setAutoRepeat(not binding.once)
            action.triggered.connect(lambda _checked, command=binding.command: command(target))
            window.addAction(action)
            if binding.name:
                named[binding.name] = action
    return named


def _sequences(key: str) -> list[QtGui.QKeySequence]:
    """Return a key alone and with Shift, which means nothing save where it types another character."""
    typed = len(key) == 1 and not key.isalpha()
    return [QtGui.QKeySequence(key)] if typed else [QtGui.QKeySequence(key), QtGui.QKeySequence(f"Shift+{key}")]


def focus_keeps_key(focus: QtWidgets.QWidget | None, event: QtGui.QKeyEvent) -> bool:
    """Return whether the control with the focus handles a key itself: a text field all but Ctrl+W."""
    modifiers = event.modifiers() & ~QtCore.Qt.KeyboardModifier.ShiftModifier
    if isinstance(focus, _TEXT_FIELDS) or (isinstance(focus, QtWidgets.QComboBox) and focus.isEditable()):
        return event.key() != _Key.Key_W or modifiers != QtCore.Qt.KeyboardModifier.ControlModifier
    return any(isinstance(focus, kind) and event.key() in keys for kind, keys in _CONTROL_KEYS.items())


class HelpDialog(QtWidgets.QDialog):
    """Lists the keys; Escape closes it."""

    def __init__(self, parent: QtWidgets.QWidget, lines: Sequence[KeyHelp] = KEYS) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAccessibleName("Keys")
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(20, 16, 20, 16)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(7)
        for row, line in enumerate(lines):
            for column, text in enumerate((line.keys, line.text)):
                label = text_label(text, 10, bold=column == 0)
                label.setText(text)
                grid.addWidget(label, row, column)
        close = QtWidgets.QPushButton("Close")
        close.setAccessibleName("Close")
        close.clicked.connect(self.accept)
        grid.addWidget(close, len(lines), 1, QtCore.Qt.AlignmentFlag.AlignRight)
