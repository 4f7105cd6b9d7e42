"""The window of several wearers: a tile for each; draws traces at every frame, and values four times a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.appearance import Appearance
from ecg_live.dashboard.keys import HelpDialog
from ecg_live.dashboard.preferences import DEFAULT_SIZE_PX, PreferenceStore, fit_to_screen
from ecg_live.dashboard.session_window import SessionWindow
from ecg_live.dashboard.status_row import RESEARCH_USE_TEXT
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.tiles.controller import WearersController
from ecg_live.dashboard.tiles.grid import TileGrid
from ecg_live.dashboard.tiles.keys import HELP_OF_TILES, add_tile_actions
from ecg_live.dashboard.tiles.synchrony_panel import SynchronyPanel
from ecg_live.dashboard.tiles.tile import Tile
from ecg_live.dashboard.tiles.wearer_window import WearerWindow
from ecg_live.dashboard.widgets import ElidedLabel, text_label
from ecg_live.events import Clock
from ecg_live.presentation.tiles import summary_text
from ecg_live.protocols import SynchronyView, View

VALUES_EVERY_FRAMES = 8  # a tile's values are redrawn at each eighth frame, the tiles by turns
MIN_SIZE_PX = QtCore.QSize(900, 600)


class TilesWindow(SessionWindow):
    """The dashboard of several sessions.

    Parameters
    ----------
    wearers : sequence of (str, View)
        Name and session of each. Closing the window stops all sessions.
    title, model : str
        Names of the sessions and of their model.
    synchrony : SynchronyView, optional
        Without it there is no page of synchrony.
    clock : callable
        The sessions' clock (monotonic, s).
    memory : Path, optional
        File that remembers the colours, shared with the window of one wearer.
    """

    def __init__(
        self,
        wearers: Sequence[tuple[str, View]],
        *,
        title: str,
        model: str,
        synchrony: SynchronyView | None = None,
        clock: Clock = time.monotonic,
        memory: Path | None = None,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._model = model
        self._memory = PreferenceStore(memory)
        self._frame = 0
        preferences = self._memory.read()
        self.appearance = Appearance(self, preferences.theme, preferences.text_scale)
        self.appearance.followers.append(self._share_theme)
        theme = self.appearance.theme
        self.tiles = [Tile(name, view, theme) for name, view in wearers]
        self.grid = TileGrid(self.tiles)
        self.pages = QtWidgets.QStackedWidget()
        self.pages.setAccessibleName("Tiles or synchrony")
        self.controller = WearersController(self.tiles, clock, self.pages, self._focus_tile)
        self.synchrony = SynchronyPanel(synchrony, theme) if synchrony and len(wearers) > 1 else None
        self.full_views: dict[Tile, WearerWindow] = {}
        self._summary = ElidedLabel("State of all wearers", 11)
        self._event = ElidedLabel("Last event", 9)
        self.buttons: dict[str, QtWidgets.QPushButton] = {}
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setMinimumSize(MIN_SIZE_PX)
        self._lay_out(title)
        add_tile_actions(self, self)
        self.appearance.apply([*self.tiles, *([self.synchrony] if self.synchrony is not None else [])])
        screen, wanted = self.screen(), DEFAULT_SIZE_PX
        self.resize(wanted if screen is None else fit_to_screen(wanted, screen.availableGeometry().size()))
        self.grid.focus(0)

    @property
    def first_painted(self) -> QtCore.pyqtBoundSignal:
        """Emitted once the first frame is on the screen."""
        return self.tiles[0].sweep.first_painted

    @property
    def theme(self) -> Palette:
        """The colours in use."""
        return self.appearance.theme

    @property
    def summary(self) -> str:
        """All wearers in one line."""
        return self._summary.text()

    def refresh(self) -> None:
        """Poll all sessions and draw one frame, of the full views as well."""
        now, shown = self._clock(), self.pages.currentWidget() is self.grid
        for place, tile in enumerate(self.tiles):
            tile.poll(now)
            self.controller.update(tile, now)
            if shown:
                tile.sweep.advance()
            if (self._frame + place) % VALUES_EVERY_FRAMES == 0 or tile.status is None:
                tile.show_values(now, self.controller.overdue(tile, now))
        if self._frame % VALUES_EVERY_FRAMES == 0:
            self._show_summary()
        if self.synchrony is not None and not shown:
            self.synchrony.refresh(now)
        self._frame += 1
        for window in list(self.full_views.values()):
            window.refresh()

    def _show_summary(self) -> None:
        statuses = [tile.status for tile in self.tiles if tile.status is not None]
        self._summary.show_text(summary_text(statuses))
        self._event.show_text(self.controller.event)
        stopping = bool(self.controller.running) and len(self.controller.recorded) == len(self.controller.running)
        self.buttons["record"].setText("Stop all recordings" if stopping else "Record all")

    def open_full_view(self, place: int) -> None:
        """Open the full view of a wearer, or bring it to the front."""
        tile = self.tiles[place]
        window = self.full_views.get(tile)
        if window is None:
            window = WearerWindow(tile.view, title=tile.name, model=self._model, clock=self._clock, memory=self._memory)
            window.set_theme(self.theme)
            window.appearance.followers.append(self._share_theme)
            window.closed.connect(lambda: self._forget_full_view(tile))
            self.full_views[tile] = window
            window.refresh()
            window.show()
        window.raise_()
        window.activateWindow()

    def _forget_full_view(self, tile: Tile) -> None:
        window = self.full_views.pop(tile, None)
        if window is not None:
            QtCore.QTimer.singleShot(0, lambda: window.deleteLater())  # noqa: PLW0108 - holds it until its close is over
            self.appearance.set_theme(window.theme)  # the palette belongs to the application: all have the same

    def toggle_synchrony(self) -> None:
        """Show the synchrony in place of the tiles, or the tiles again."""
        if self.synchrony is None:
            self.controller.show("warn", "Synchrony needs two wearers")
            return
        showing = self.pages.currentWidget() is self.grid
        self.pages.setCurrentWidget(self.synchrony if showing else self.grid)
        self.buttons["synchrony"].setText("Back to the tiles" if showing else "Synchrony")
        if showing:
            self.synchrony.heat_map.setFocus()
        else:
            self._focus_tile()

    def toggle_theme(self) -> None:
        """Change light for dark colours, or dark for light, of the full views as well."""
        self.appearance.toggle_theme()

    def toggle_contrast(self) -> None:
        """Enter high contrast, or return, with the full views."""
        self.appearance.toggle_contrast()

    def _share_theme(self, theme: Palette) -> None:
        """Have all windows in the colours that one of them was given."""
        windows: list[TilesWindow | WearerWindow] = [self, *self.full_views.values()]
        for window in windows:
            if window.appearance.theme is not theme:
                window.appearance.set_theme(theme)

    def step_letters(self, steps: int) -> None:
        """Choose the next larger or smaller letters; 0 steps: those of the beginning."""
        self.appearance.step_scale(steps)
        self._fit_tiles()

    def _fit_tiles(self) -> None:
        for tile in self.tiles:
            tile.fit_texts()

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Have larger letters in a large window."""
        super().resizeEvent(event)
        self.appearance.fit_texts()
        self._fit_tiles()

    def leave_full_screen(self) -> None:
        """Leave the page of synchrony, or full screen."""
        if self.pages.currentWidget() is not self.grid:
            self.toggle_synchrony()
        elif self.isFullScreen():
            self.toggle_full_screen()

    def show_help(self) -> None:
        """List the keys."""
        dialog = HelpDialog(self, HELP_OF_TILES)
        dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def warn(self, text: str) -> None:
        """Show a warning about the window itself."""
        self.controller.show("warn", text)

    def show_menu(self, place: int, at: QtCore.QPoint) -> QtWidgets.QMenu:
        """Open the menu of a tile at a point of it."""
        tile = self.tiles[place]
        menu = QtWidgets.QMenu(tile)
        menu.setAccessibleName(f"Menu of {tile.name}")
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        recorded = tile in self.controller.recorded
        entries: tuple[tuple[str, Callable[[], object]], ...] = (
            ("Full view\tEnter", lambda: self.open_full_view(place)),
            ("Marker\tCtrl+M", lambda: self.controller.mark([tile])),
            (f"{'Stop recording' if recorded else 'Record'}\tCtrl+R", lambda: self.controller.toggle_recording([tile])),
            ("Resting baseline\tCtrl+B", lambda: self.controller.begin_baseline([tile])),
        )
        for text, command in entries:
            action = menu.addAction(text)
            if action is not None:
                action.triggered.connect(lambda _checked, command=command: command())
        menu.popup(tile.mapToGlobal(at))
        return menu

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Stop all sessions; during a recording ask the user first."""
        if not self._closing and event is not None and not self.controller.may_close(self.end):
            event.ignore()
            return
        self._close_full_views()
        self._memory.write(replace(self._memory.read(), theme=self.appearance.chosen, text_scale=self.appearance.scale))
        for tile in self.tiles:
            tile.view.stop()
        super().closeEvent(event)

    def _close_full_views(self) -> None:
        for window in list(self.full_views.values()):
            window.close()

    def _focus_tile(self) -> None:
        self.grid.focus(self.grid.focused)

    def _lay_out(self, title: str) -> None:
        for place, tile in enumerate(self.tiles):
            tile.opened.connect(lambda place=place: self.open_full_view(place))
            tile.menu_requested.connect(lambda at, place=place: self.show_menu(place, at))
        self.grid.opened.connect(self.open_full_view)
        self.pages.addWidget(self.grid)
        if self.synchrony is not None:
            self.pages.addWidget(self.synchrony)
        body = QtWidgets.QWidget()
        body.setAccessibleName("Dashboard")
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(10, 8, 10, 2)
        column.setSpacing(8)
        column.addLayout(self._header(title))
        column.addWidget(self.pages, 1)
        column.addLayout(self._footer())
        self.setCentralWidget(body)

    def _header(self, title: str) -> QtWidgets.QHBoxLayout:
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(16)
        name = text_label("Title", 14, bold=True)
        name.setText(title)
        row.addWidget(name)
        row.addWidget(self._summary, 1)
        commands: tuple[tuple[str, str, Callable[[], object]], ...] = (
            ("marker", "Marker for all", self.controller.mark),
            ("record", "Record all", self.controller.toggle_recording),
            ("synchrony", "Synchrony", self.toggle_synchrony),
        )
        for key, text, command in commands[: 3 if self.synchrony is not None else 2]:
            button = QtWidgets.QPushButton(text)
            button.setAccessibleName(text)
            button.clicked.connect(lambda _checked, command=command: command())
            self.buttons[key] = button
            row.addWidget(button)
        return row

    def _footer(self) -> QtWidgets.QHBoxLayout:
        row = QtWidgets.QHBoxLayout()
        row.setContentsMargins(2, 0, 2, 4)
        hint = text_label("Hint", 9, muted=True)
        keys = ("Enter full view", "M marker", "R record", "S synchrony", "? keys")
        hint.setText("   \N{MIDDLE DOT}   ".join((RESEARCH_USE_TEXT, *keys)))
        row.addWidget(self._event, 1)
        row.addWidget(hint)
        return row
