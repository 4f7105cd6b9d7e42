"""One wearer's tile: name, trace, heart rate, affect, quality, losses, and the states of recording and device."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.text_scale import window_scale
from ecg_live.dashboard.theme import Palette, set_style_property
from ecg_live.dashboard.tiles.sweep import TileSweep
from ecg_live.dashboard.tiles.texts import SIZE_CLASSES, SizeClass, TileHeader, TileNumbers, status_tooltip
from ecg_live.dashboard.widgets import Panel
from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.markers import MarkerLog
from ecg_live.presentation.tiles import TileStatus, head_line, tile_status
from ecg_live.presentation.trace_history import TraceHistory
from ecg_live.protocols import View
from ecg_live.results import Poll, Snapshot

HISTORY_SAMPLES = 256 * 60  # of the trace: a tile shows seconds, the full view has minutes of its own


class Tile(Panel):
    """Shows one wearer; with the focus it has a frame in the accent colour.

    Parameters
    ----------
    name : str
        The wearer.
    view : View
        The wearer's session.
    palette : Palette
    """

    opened = QtCore.pyqtSignal()
    focus_came = QtCore.pyqtSignal()
    menu_requested = QtCore.pyqtSignal(QtCore.QPoint)

    def __init__(self, name: str, view: View, palette: Palette) -> None:
        super().__init__(name)
        self.setObjectName("tile")
        self.name = name
        self.view = view
        self.live_values = LiveValues(view.info)
        self.markers = MarkerLog()
        self.snapshot: Snapshot | None = None
        self.status: TileStatus | None = None
        self._cursor = Poll()
        self._history = TraceHistory(HISTORY_SAMPLES)
        note = "" if view.info.channels else capitalise(NO_ECG)
        self.sweep = TileSweep(self._history, palette, self.markers, note)
        self._header = TileHeader(name)
        self._numbers = TileNumbers(name, view.heads)
        self._size_class: SizeClass | None = None
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Ignored)
        self.setMinimumSize(200, 120)
        self.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self.menu_requested)
        self.setCursor(QtCore.Qt.CursorShape.PointingHandCursor)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 4)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(self.sweep, 1)
        column.addWidget(self._numbers)

    @property
    def drawn(self) -> int:
        """Index after the last sample drawn."""
        return self.sweep.drawn

    def poll(self, now: float) -> Snapshot:
        """Take what is new of the session."""
        snapshot, self._cursor = self.view.poll(self._cursor)
        self._history.append(snapshot.trace_start, snapshot.trace)
        self.live_values.update(snapshot, now)
        self.snapshot = self.live_values.count_beats_as_samples(snapshot, now)
        self.markers.drop_before(self._history.start)
        return self.snapshot

    def show_values(self, now: float, warning: str = "") -> None:
        """Show numbers and states; ``warning`` is more important than those of the stream."""
        if self.snapshot is None:
            return
        status = tile_status(self.snapshot, self.live_values, self.view.heads, now, warning)
        self.sweep.fit_gain()
        if status == self.status:
            return
        self.status = status
        self.sweep.show_dim(dim=status.veiled)
        self._header.show_status(status)
        self._numbers.show_status(status)
        parts = [f"{status.stream.word}: {status.stream.text}", f"heart rate {status.heart_rate}"]
        parts += [head_line(head) for head in status.heads]
        parts += [f"quality {status.quality}", status.lost, status.recording.text]
        self.setAccessibleDescription("; ".join(part for part in parts if part))
        self.setToolTip(status_tooltip(status))

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self.sweep.restyle(palette=palette)

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Choose sizes for the room there is."""
        super().resizeEvent(event)
        self.fit_texts()

    def fit_texts(self) -> None:
        """Choose sizes for the room there is; the user's factor of the letters comes on top of them."""
        height = self.height() / window_scale((self.window() or self).size())
        chosen = next(each for each in SIZE_CLASSES if height >= each.height)
        self._numbers.fit_width(self.width())
        if chosen != self._size_class:
            self._size_class = chosen
            self._header.set_size(chosen)
            self._numbers.set_size(chosen)

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Open the full view on a click."""
        inside = event is not None and self.rect().contains(event.position().toPoint())
        if event is not None and event.button() == QtCore.Qt.MouseButton.LeftButton and inside:
            self.opened.emit()
        super().mouseReleaseEvent(event)

    def focusInEvent(self, event: QtGui.QFocusEvent | None) -> None:
        """Draw the frame of the focus."""
        set_style_property(self, "focused", value=True)
        self.focus_came.emit()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QtGui.QFocusEvent | None) -> None:
        """Draw the usual frame, unless a menu of the tile has the focus."""
        if event is None or event.reason() != QtCore.Qt.FocusReason.PopupFocusReason:
            set_style_property(self, "focused", value=False)
        super().focusOutEvent(event)
