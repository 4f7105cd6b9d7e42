"""The keys of the window of several wearers: one table, for its actions and the list of keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from PyQt6 import QtGui, QtWidgets

from ecg_live.dashboard.keys import KeyHelp
from ecg_live.dashboard.tiles.controller import WearersController
from ecg_live.dashboard.tiles.grid import TileGrid
from ecg_live.presentation.markers import QUICK_MARKERS


class TilesTarget(Protocol):
    """What the keys command: the window."""

    controller: WearersController
    grid: TileGrid

    def toggle_synchrony(self) -> None:
        """Show or hide the synchrony."""

    def toggle_theme(self) -> None:
        """Change light for dark."""

    def toggle_contrast(self) -> None:
        """Enter or leave high contrast."""

    def step_letters(self, steps: int) -> None:
        """Choose larger or smaller letters."""

    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""

    def leave_full_screen(self) -> None:
        """Leave full screen."""

    def show_help(self) -> None:
        """List the keys."""

    def close(self) -> bool:
        """Close the window."""


class TilesKey(NamedTuple):
    """Keys (as `QKeySequence` names them) and their command; ``once`` however long a key is held."""

    keys: tuple[str, ...]
    command: Callable[[TilesTarget], object]
    once: bool = True


def _mark_all(text: str) -> Callable[[TilesTarget], object]:
    return lambda window: window.controller.mark_quick(text)


def _mark_one(text: str) -> Callable[[TilesTarget], object]:
    return lambda window: window.controller.mark_quick(text, [window.grid.focused_tile])


KEYS_OF_TILES = (
    TilesKey(("M",), lambda window: window.controller.mark()),
    TilesKey(("Ctrl+M",), lambda window: window.controller.mark([window.grid.focused_tile])),
    *(TilesKey((text,), _mark_all(text)) for text in QUICK_MARKERS),
    *(TilesKey((f"Ctrl+{text}",), _mark_one(text)) for text in QUICK_MARKERS),
    TilesKey(("R",), lambda window: window.controller.toggle_recording()),
    TilesKey(("Ctrl+R",), lambda window: window.controller.toggle_recording([window.grid.focused_tile])),
    TilesKey(("B",), lambda window: window.controller.begin_baseline()),
    TilesKey(("Ctrl+B",), lambda window: window.controller.begin_baseline([window.grid.focused_tile])),
    TilesKey(("S",), lambda window: window.toggle_synchrony()),
    TilesKey(("T",), lambda window: window.toggle_theme()),
    TilesKey(("H",), lambda window: window.toggle_contrast()),
    TilesKey(("Ctrl++", "Ctrl+="), lambda window: window.step_letters(1), once=False),
    TilesKey(("Ctrl+-",), lambda window: window.step_letters(-1), once=False),
    TilesKey(("Ctrl+0",), lambda window: window.step_letters(0)),
    TilesKey(("F", "F11"), lambda window: window.toggle_full_screen()),
    TilesKey(("Esc",), lambda window: window.leave_full_screen()),
    TilesKey(("?", "F1"), lambda window: window.show_help()),
    TilesKey(("Q", "Ctrl+W"), lambda window: window.close()),
)
HELP_OF_TILES = (
    KeyHelp("Arrows, Home, End", "Move the focus from tile to tile"),
    KeyHelp("Enter, or a click", "Full view of the wearer; closing it ends nothing"),
    KeyHelp("M", "Marker at this moment for all wearers: write its text, Enter marks, Escape cancels"),
    KeyHelp("1 to 9", "Marker with that number as its text, for all wearers"),
    KeyHelp("R", "Record all wearers; if all are recorded, stop all (asks)"),
    KeyHelp("B", "Begin a resting baseline of all wearers; asks if one is running"),
    KeyHelp("Ctrl + M, 1 to 9, R, B", "The same for the wearer with the focus only"),
    KeyHelp("S", "Synchrony of all pairs, or back"),
    KeyHelp("T, H", "Light or dark; high contrast"),
    KeyHelp("Ctrl +, Ctrl -, Ctrl 0", "Larger letters, smaller ones, those of the beginning"),
    KeyHelp("F, F11", "Full screen; Escape leaves it"),
    KeyHelp("?, F1", "This list"),
    KeyHelp("Q, Ctrl+W", "Quit: ends all sessions"),
)


def add_tile_actions(window: QtWidgets.QWidget, target: TilesTarget) -> None:
    """Make the actions of all keys and add them to a window, which triggers them while it is active."""
    for line in KEYS_OF_TILES:
        action = QtGui.QAction(line.keys[0], window)
        action.setShortcuts([QtGui.QKeySequence(key) for key in line.keys])
        action.setAutoRepeat(not line.once)
        action.triggered.connect(lambda _checked, command=line.command: command(target))
        window.addAction(action)
