"""The window with the recorded sessions of a folder: filter, open, compare, and one table of many."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.appearance import Appearance
from ecg_live.dashboard.browser.session_table import COLUMNS, SessionFilter, SessionModel
from ecg_live.dashboard.preferences import PreferenceStore
from ecg_live.dashboard.widgets import ElidedLabel, text_label
from ecg_live.presentation.session_list import SessionEntry, SessionLibrary

FIRST_SIZE = QtCore.QSize(1180, 720)
ROW_MARGIN_PX = 10  # of a row's height beyond its letters
COLUMN_MARGIN_PX = 8
CELL_STYLE = "QTableView::item { padding: 0 7px; }"
TABLE_FILES = "Table (*.csv);;Parquet (*.parquet)"
NOTHING_TEXT = "No recording (.xdf) here: ecg-live run SOURCE --record FILE makes one"


class BrowserWindow(QtWidgets.QMainWindow):
    """Lists the sessions of a library; what is found appears as it is read.

    Parameters
    ----------
    library : SessionLibrary
    memory : PreferenceStore, optional
        Gives the colours.
    """

    def __init__(self, library: SessionLibrary, memory: PreferenceStore | None = None) -> None:
        super().__init__()
        self._library = library
        self._nothing = ""  # why there is nothing to show
        preferences = (memory or PreferenceStore()).read()
        self.model = SessionModel()
        self.shown = SessionFilter(self.model)
        self.folder = ElidedLabel("Folder", 15, bold=True)
        self.folder.show_text(str(library.folder))
        self.words = self._make_filter()
        self.table = self._make_table()
        self.status = ElidedLabel("Sessions found", 10)
        self.open = self._button("Open", "Enter", self._open)
        self.compare = self._button("Compare two", "", self._compare)
        self.export = self._button("Group table\N{HORIZONTAL ELLIPSIS}", "", self._ask_for_table)
        self.rescan = self._button("Read again", "F5", self.restart)
        self.setWindowTitle(f"Sessions \N{MIDDLE DOT} {library.folder.name}")
        self.setAccessibleName("Recorded sessions")
        self._lay_out()
        self._add_keys()
        self.appearance = Appearance(self, preferences.theme, preferences.text_scale)
        self.appearance.apply(())
        self.resize(FIRST_SIZE)
        self._enable()
        self.restart()
        self.words.setFocus()

    def _make_filter(self) -> QtWidgets.QLineEdit:
        words = QtWidgets.QLineEdit()
        words.setAccessibleName("Filter")
        words.setPlaceholderText("Filter: participant, study, date, \N{HORIZONTAL ELLIPSIS}  (Ctrl+F)")
        words.setClearButtonEnabled(True)
        words.setMinimumWidth(300)
        words.textChanged.connect(self._filter)
        return words

    def _make_table(self) -> QtWidgets.QTableView:
        table = QtWidgets.QTableView()
        table.setAccessibleName("Recorded sessions")
        table.setModel(self.shown)
        table.setSortingEnabled(True)
        table.sortByColumn(-1, QtCore.Qt.SortOrder.AscendingOrder)  # as they are found: the newest first
        table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setAlternatingRowColors(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setStyleSheet(CELL_STYLE)
        if (head := table.horizontalHeader()) is not None:
            head.setStretchLastSection(True)
            head.setHighlightSections(False)
            head.setSectionsMovable(True)
        if (side := table.verticalHeader()) is not None:
            side.hide()
            side.setDefaultSectionSize(table.fontMetrics().height() + ROW_MARGIN_PX)
        chosen = table.selectionModel()
        if chosen is not None:
            chosen.selectionChanged.connect(self._enable)
        table.doubleClicked.connect(self._open)
        return table

    @staticmethod
    def _button(text: str, key: str, command: Callable[[], object]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(f"{text}  ({key})" if key else text)
        button.setAccessibleName(text)
        button.setAutoDefault(True)
        button.clicked.connect(command)
        return button

    def _lay_out(self) -> None:
        top = QtWidgets.QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.folder, 1)
        top.addWidget(self.words)
        below = QtWidgets.QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.status, 1)
        for button in (self.open, self.compare, self.export, self.rescan):
            below.addWidget(button)
        about = text_label("Intended use", 9, muted=True)
        about.setText("Research use only. Nothing is written into this folder but annotations.")
        body = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.table, 1)
        column.addLayout(below)
        column.addWidget(about)
        self.setCentralWidget(body)

    def _add_keys(self) -> None:
        commands: dict[str, Callable[[], object]] = {
            "Return": self._open,
            "F5": self.restart,
            "Ctrl+F": self.words.setFocus,
            "Ctrl+W": self.close,
        }
        for key, command in commands.items():
            action = QtGui.QAction(key, self)
            action.setShortcut(QtGui.QKeySequence(key))
            action.triggered.connect(lambda _checked, command=command: command())
            self.addAction(action)

    @property
    def chosen(self) -> list[SessionEntry]:
        """The sessions that are chosen, in the order in which they are shown."""
        model = self.table.selectionModel()
        rows = model.selectedRows() if model is not None else []
        return [self.shown.entry(index) for index in sorted(rows, key=lambda index: index.row())]

    def restart(self) -> None:
        """Read the folder again; sessions that have not changed are not read twice."""
        self.model.clear()
        folder = self._library.folder
        gone = f"{folder} is not there any more: connect its disk or share, then read again"
        there = os.path.isdir(folder)  # noqa: PTH112 - a share that is gone raises there: False here
        self._nothing = NOTHING_TEXT if there else gone
        self._library.rescan()
        self.refresh()

    def refresh(self) -> None:
        """Show what was found since the last call."""
        entries, done, total, over = self._library.poll()
        first = not self.model.entries
        self.model.add(entries)
        if first and entries:
            self._fit_columns()
        if message := self._library.message():
            self.status.show_text(message)
        elif entries or not over:
            self._show_count(done, total, over=over)
        elif not self.model.entries:
            self.status.show_text(self._nothing)

    def _show_count(self, done: int, total: int, *, over: bool) -> None:
        shown = self.shown.rowCount()
        every = len(self.model.entries)
        noun = "session" if every == 1 else "sessions"
        count = f"{shown} of {every} {noun}" if self.words.text() else f"{shown} {noun}"
        self.status.show_text(count if over else f"{count}, reading {done} of {total}")

    def _fit_columns(self) -> None:
        self.table.resizeColumnsToContents()
        for number in range(len(COLUMNS) - 1):  # the last takes the rest
            self.table.setColumnWidth(number, self.table.columnWidth(number) + COLUMN_MARGIN_PX)

    def _filter(self, text: str) -> None:
        self.shown.show_words(text)
        self._show_count(len(self.model.entries), len(self.model.entries), over=True)

    def _enable(self) -> None:
        """Enable what the choice allows."""
        chosen = self.chosen
        good = [entry for entry in chosen if entry.windows or not entry.problem]
        self.open.setEnabled(len(good) == 1)
        self.compare.setEnabled(len(good) == 2)
        self.export.setEnabled(bool(self.model.entries) or bool(chosen))

    def _open(self) -> None:
        chosen = self.chosen
        if not chosen and self.shown.rowCount():  # Enter in the filter opens the first
            chosen = [self.shown.entry(self.shown.index(0, 0))]
        if len(chosen) == 1:
            self._library.open((chosen[0].path,))

    def _compare(self) -> None:
        chosen = self.chosen
        if len(chosen) == 2:
            self._library.open(tuple(entry.path for entry in chosen))

    def _ask_for_table(self) -> None:
        """Ask where the table of the chosen sessions goes, or of all that are shown."""
        name, kind = QtWidgets.QFileDialog.getSaveFileName(self, "Group table", "group.csv", TABLE_FILES)
        if name:
            path = Path(name)
            self.write_table(path if path.suffix else path.with_suffix(".parquet" if "Parquet" in kind else ".csv"))

    def write_table(self, path: Path) -> None:
        """Write the table of the chosen sessions, or of all that are shown; the file dialog asked about replacing."""
        rows = range(self.shown.rowCount())
        entries = self.chosen if len(self.chosen) > 1 else [self.shown.entry(self.shown.index(row, 0)) for row in rows]
        self._library.write_table(tuple(entry.path for entry in entries), path)
        self.refresh()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """End the reading."""
        self._library.stop()
        super().closeEvent(event)
