"""List of sources: devices and streams in reach, and recordings; each row has a name, and a line about it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.text_scale import text_scale
from ecg_live.dashboard.theme import TONE_COLOURS, Palette
from ecg_live.presentation.desk import signal_bars, source_line
from ecg_live.preview_items import FoundSource
from ecg_live.text import sanitize

ROW_HEIGHT_PX = 50
HEADING_HEIGHT_PX = 28
SOURCE_ROLE = QtCore.Qt.ItemDataRole.UserRole
GONE_ROLE = QtCore.Qt.ItemDataRole.UserRole + 1
BAR_WIDTH_PX, BAR_STEP_PX = 4, 6
BARS = 4


class SourceList(QtWidgets.QListWidget):
    """Sections of sources under headings; a row that is chosen stays, even once its source is out of reach."""

    chosen = QtCore.pyqtSignal(str)  # URI
    opened = QtCore.pyqtSignal(str)  # by Enter or a double click

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setAccessibleName("Sources")
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(False)
        self.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setMouseTracking(True)
        self._delegate = SourceDelegate(palette, self)
        self.setItemDelegate(self._delegate)
        self._shown: tuple[tuple[str, tuple[FoundSource, ...]], ...] = ()
        self._gone: frozenset[str] = frozenset()
        self.itemSelectionChanged.connect(self._report_chosen)
        self.itemActivated.connect(self._open)

    @property
    def source(self) -> FoundSource | None:
        """The chosen source; of several, that with the focus, or the first."""
        item = self.currentItem()
        focused = item.data(SOURCE_ROLE) if item is not None and item.isSelected() else None
        return focused or next(iter(self.chosen_sources), None)

    @property
    def chosen_sources(self) -> tuple[FoundSource, ...]:
        """All chosen sources, in the order of the list."""
        items = (self.item(row) for row in range(self.count()))
        found = (item.data(SOURCE_ROLE) for item in items if item is not None and item.isSelected())
        return tuple(source for source in found if isinstance(source, FoundSource))

    @property
    def sources(self) -> tuple[FoundSource, ...]:
        """All sources shown, in order."""
        return tuple(source for _, sources in self._shown for source in sources)

    def show_sections(
        self, sections: Sequence[tuple[str, Sequence[FoundSource]]], gone: frozenset[str] = frozenset()
    ) -> None:
        """Show sections, each a heading and its sources; those that are ``gone`` (URIs) are dimmed."""
        wanted = tuple((heading, tuple(sources)) for heading, sources in sections)
        if (wanted, gone) == (self._shown, self._gone):
            return
        before = self.source.source if self.source else ""
        others = {source.source for source in self.chosen_sources}
        self._shown, self._gone = wanted, gone
        bar = self.verticalScrollBar()
        scrolled = 0 if bar is None else bar.value()
        with QtCore.QSignalBlocker(self):
            self.clear()
            for heading, sources in wanted:
                self._add_heading(heading)
                for source in sources:
                    self._add_source(source, gone=source.source in gone)
            self._select(before)
            self._select_too(others)
        self.executeDelayedItemsLayout()
        if bar is not None:  # a scan changes a line of the list now and then, and the user looks at another
            bar.setValue(scrolled)

    def choose(self, uri: str) -> bool:
        """Choose a source by its URI; whether it is shown."""
        if self.source is not None and self.source.source == uri:
            return True
        return self._select(uri)

    def restyle(self, palette: Palette) -> None:
        """Change the colours."""
        self._delegate.colours = palette
        if (inside := self.viewport()) is not None:
            inside.update()

    def rescale(self) -> None:
        """Fit the rows to the size of the letters."""
        factor = text_scale(self)
        if factor == self._delegate.factor:
            return
        self._delegate.factor = factor
        for row in range(self.count()):
            if (item := self.item(row)) is not None:
                item.setSizeHint(self._row_size(item.data(SOURCE_ROLE) is not None))
        if (inside := self.viewport()) is not None:
            inside.update()

    def _row_size(self, has_source: bool) -> QtCore.QSize:
        height = ROW_HEIGHT_PX if has_source else HEADING_HEIGHT_PX
        return QtCore.QSize(0, round(height * self._delegate.factor))

    def _select(self, uri: str) -> bool:
        for row in range(self.count()):
            item = self.item(row)
            found = None if item is None else item.data(SOURCE_ROLE)
            if isinstance(found, FoundSource) and found.source == uri:
                self.setCurrentRow(row)
                return True
        return False

    def _select_too(self, uris: set[str]) -> None:
        for row in range(self.count()):
            item = self.item(row)
            found = None if item is None else item.data(SOURCE_ROLE)
            if item is not None and isinstance(found, FoundSource) and found.source in uris:
                item.setSelected(True)

    def _add_heading(self, text: str) -> None:
        item = QtWidgets.QListWidgetItem(text, self)
        item.setFlags(QtCore.Qt.ItemFlag.NoItemFlags)
        item.setSizeHint(self._row_size(has_source=False))

    def _add_source(self, source: FoundSource, *, gone: bool) -> None:
        about = source_line(source) + (", out of reach" if gone else "")
        item = QtWidgets.QListWidgetItem(sanitize(f"{source.name}, {about}"), self)
        item.setData(SOURCE_ROLE, source)
        item.setData(GONE_ROLE, gone)
        item.setSizeHint(self._row_size(has_source=True))
        item.setToolTip(sanitize(source.source))

    def _report_chosen(self) -> None:
        if self.source is not None:
            self.chosen.emit(self.source.source)

    def _open(self, item: QtWidgets.QListWidgetItem) -> None:
        if isinstance(found := item.data(SOURCE_ROLE), FoundSource):
            self.opened.emit(found.source)


class SourceDelegate(QtWidgets.QStyledItemDelegate):
    """Paints headings and sources."""

    def __init__(self, palette: Palette, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self.colours = palette
        self.factor = 1.0  # of the letters

    def paint(
        self,
        painter: QtGui.QPainter | None,
        option: QtWidgets.QStyleOptionViewItem,
        index: QtCore.QModelIndex,
    ) -> None:
        """Paint a row."""
        if painter is None:
            return
        painter.save()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        source = index.data(SOURCE_ROLE)
        if isinstance(source, FoundSource):
            self._paint_source(painter, option, source, gone=bool(index.data(GONE_ROLE)))
        else:
            self._write(
                painter, option.rect.adjusted(12, 8, -8, 0), str(index.data()), 9, self.colours.muted, bold=True
            )
        painter.restore()

    def _paint_source(
        self, painter: QtGui.QPainter, option: QtWidgets.QStyleOptionViewItem, source: FoundSource, *, gone: bool
    ) -> None:
        rect = option.rect
        state = QtWidgets.QStyle.StateFlag
        selected = bool(option.state & state.State_Selected)
        if selected or option.state & state.State_MouseOver:
            colour = QtGui.QColor(TONE_COLOURS["info"][0])
            colour.setAlpha(60 if selected else 22)
            painter.setPen(QtCore.Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(rect.adjusted(4, 2, -4, -2), 5, 5)
        if selected:
            painter.setBrush(QtGui.QColor(TONE_COLOURS["info"][0]))
            painter.drawRoundedRect(QtCore.QRect(rect.left() + 4, rect.top() + 8, 4, rect.height() - 16), 2, 2)
        text = rect.adjusted(18, 6, -16, -6)
        if source.rssi is not None:
            text = text.adjusted(0, 0, -round(60 * self.factor), 0)
            self._paint_bars(painter, rect, source.rssi)
        name = sanitize(source.name) or source.source
        colour_name = self.colours.muted if gone else self.colours.text
        self._write(painter, text, name, 11, colour_name, bold=True)
        about = "out of reach" if gone else source_line(source)
        self._write(painter, text.adjusted(0, round(20 * self.factor), 0, 0), about, 9, self.colours.muted)

    def _paint_bars(self, painter: QtGui.QPainter, rect: QtCore.QRect, rssi: int) -> None:
        """Paint the strength of a radio signal as bars, with its figure below."""
        strength, left, bottom = signal_bars(rssi), rect.right() - 14 - BARS * BAR_STEP_PX, rect.top() + 24
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        for bar in range(BARS):
            height = 5 + 4 * bar
            painter.setBrush(QtGui.QColor(self.colours.text if bar < strength else self.colours.border))
            painter.drawRect(left + bar * BAR_STEP_PX, bottom - height, BAR_WIDTH_PX, height)
        where = QtCore.QRect(rect.right() - 114, rect.top() + 26, 100, round(18 * self.factor))
        self._write(painter, where, f"{rssi} dBm", 8, self.colours.muted, right=True)

    def _write(
        self,
        painter: QtGui.QPainter,
        rect: QtCore.QRect,
        text: str,
        size: int,
        colour: str,
        *,
        bold: bool = False,
        right: bool = False,
    ) -> None:
        font = painter.font()
        font.setPointSizeF(size * self.factor)
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(QtGui.QColor(colour))
        flags = QtCore.Qt.AlignmentFlag.AlignRight if right else QtCore.Qt.AlignmentFlag.AlignLeft
        shown = painter.fontMetrics().elidedText(sanitize(text), QtCore.Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, (flags | QtCore.Qt.AlignmentFlag.AlignTop).value, shown)
