"""The tiles in rows and columns, which follow the size of the window; arrows move the focus."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.tiles.tile import Tile
from ecg_live.presentation.tiles import grid_shape

SPACING_PX = 8
_Key = QtCore.Qt.Key
_MOVES = {_Key.Key_Left: (0, -1), _Key.Key_Right: (0, 1), _Key.Key_Up: (-1, 0), _Key.Key_Down: (1, 0)}


class TileGrid(QtWidgets.QWidget):
    """Lays out tiles.

    Parameters
    ----------
    tiles : sequence of Tile
    """

    opened = QtCore.pyqtSignal(int)  # Enter on a tile

    def __init__(self, tiles: Sequence[Tile]) -> None:
        super().__init__()
        self.setAccessibleName("Wearers")
        self.tiles = tuple(tiles)
        self.shape = (0, 0)
        self.focused = 0  # the tile that had the focus last
        self._grid = QtWidgets.QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING_PX)
        for tile in self.tiles:
            tile.focus_came.connect(lambda tile=tile: self._note_focus(tile))
        self._arrange(grid_shape(len(self.tiles), self.width(), self.height()))

    @property
    def focused_tile(self) -> Tile:
        """The tile that has the focus, or had it last."""
        return self.tiles[self.focused]

    def focus(self, place: int) -> None:
        """Give a tile the focus."""
        self.focused = min(max(0, place), len(self.tiles) - 1)
        self.tiles[self.focused].setFocus(QtCore.Qt.FocusReason.OtherFocusReason)

    def move_focus(self, down: int, right: int) -> None:
        """Move the focus by so many rows and columns, as far as there are tiles."""
        rows, columns = self.shape
        row, column = divmod(self.focused, columns)
        row, column = min(max(0, row + down), rows - 1), min(max(0, column + right), columns - 1)
        self.focus(row * columns + column)

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Move the focus, or open the full view; a tile leaves its keys to the grid."""
        if event is None or not self._press(_Key(event.key()), event.modifiers()):
            super().keyPressEvent(event)

    def _press(self, key: QtCore.Qt.Key, modifiers: QtCore.Qt.KeyboardModifier) -> bool:
        """Handle a key; False for one that the window has."""
        if modifiers & ~QtCore.Qt.KeyboardModifier.KeypadModifier != QtCore.Qt.KeyboardModifier.NoModifier:
            return False
        if key in _MOVES:
            self.move_focus(*_MOVES[key])
        elif key in (_Key.Key_Home, _Key.Key_End):
            self.focus(0 if key == _Key.Key_Home else len(self.tiles) - 1)
        elif key in (_Key.Key_Return, _Key.Key_Enter):
            self.opened.emit(self.focused)
        else:
            return False
        return True

    def _note_focus(self, tile: Tile) -> None:
        self.focused = self.tiles.index(tile)

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Choose rows and columns for the new size."""
        super().resizeEvent(event)
        shape = grid_shape(len(self.tiles), self.width(), self.height())
        if shape != self.shape:
            self._arrange(shape)

    def _arrange(self, shape: tuple[int, int]) -> None:
        for row in range(max(self.shape[0], shape[0])):
            self._grid.setRowStretch(row, int(row < shape[0]))
        for column in range(max(self.shape[1], shape[1])):
            self._grid.setColumnStretch(column, int(column < shape[1]))
        self.shape = shape
        for place, tile in enumerate(self.tiles):
            self._grid.removeWidget(tile)
            self._grid.addWidget(tile, *divmod(place, shape[1]))
