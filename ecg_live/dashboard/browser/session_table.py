"""The table of recorded sessions: its columns, how they sort, and what a filter keeps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from PyQt6 import QtCore

from ecg_live.presentation.session_list import SessionEntry
from ecg_live.text import sanitize

SORT_ROLE = QtCore.Qt.ItemDataRole.UserRole
_Index = QtCore.QModelIndex


class SessionColumn(NamedTuple):
    """A column: its title, its text of an entry, and what it sorts by."""

    title: str
    text: Callable[[SessionEntry], str]
    order: Callable[[SessionEntry], str | float]
    number: bool = False


def _last_if_unknown(value: float) -> float:
    return -1.0 if math.isnan(value) else value


COLUMNS = (
    SessionColumn("Participant", lambda each: each.participant, lambda each: each.participant.casefold()),
    SessionColumn("Session", lambda each: each.session, lambda each: each.session.casefold()),
    SessionColumn("Recorded", lambda each: each.date_text, lambda each: each.began.timestamp() if each.began else -1.0),
    SessionColumn("Length", lambda each: each.length_text, lambda each: _last_if_unknown(each.duration), True),
    SessionColumn("Study", lambda each: each.study, lambda each: each.study.casefold()),
    SessionColumn("Usable", lambda each: each.usable_text, lambda each: _last_if_unknown(each.usable), True),
    SessionColumn("Lost samples", lambda each: each.lost_text, lambda each: float(each.lost), True),
    SessionColumn("Annotations", lambda each: str(each.annotations or ""), lambda each: float(each.annotations), True),
    SessionColumn("File", lambda each: each.path.name, lambda each: each.path.name.casefold()),
    SessionColumn("Remark", lambda each: each.remark, lambda each: each.remark.casefold()),
)


class SessionModel(QtCore.QAbstractTableModel):
    """Sessions as they are found."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[SessionEntry] = []

    def clear(self) -> None:
        """Forget all sessions."""
        self.beginResetModel()
        self.entries.clear()
        self.endResetModel()

    def add(self, entries: Sequence[SessionEntry]) -> None:
        """Add sessions at the end."""
        if entries:
            first = len(self.entries)
            self.beginInsertRows(_Index(), first, first + len(entries) - 1)
            self.entries += entries
            self.endInsertRows()

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Number of sessions."""
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Number of columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def data(self, index: QtCore.QModelIndex, role: int = QtCore.Qt.ItemDataRole.DisplayRole) -> object:
        """Text, order, alignment or tool tip of a cell."""
        entry, column = self.entries[index.row()], COLUMNS[index.column()]
        if role == QtCore.Qt.ItemDataRole.DisplayRole:
            return sanitize(column.text(entry))
        if role == SORT_ROLE:
            return column.order(entry)
        if role == QtCore.Qt.ItemDataRole.ToolTipRole:
            return sanitize(entry.remark or str(entry.path))
        if role == QtCore.Qt.ItemDataRole.TextAlignmentRole and column.number:
            return QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self, section: int, orientation: QtCore.Qt.Orientation, role: int = QtCore.Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Title of a column."""
        if role == QtCore.Qt.ItemDataRole.DisplayRole and orientation == QtCore.Qt.Orientation.Horizontal:
            return COLUMNS[section].title
        return None


class SessionFilter(QtCore.QSortFilterProxyModel):
    """Sessions in which each word of the filter stands somewhere, sorted by a column."""

    def __init__(self, model: SessionModel) -> None:
        super().__init__()
        self._model = model
        self._words: tuple[str, ...] = ()
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)

    def show_words(self, text: str) -> None:
        """Keep the sessions with these words."""
        self._words = tuple(text.casefold().split())
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, _parent: QtCore.QModelIndex) -> bool:
        """Whether a session is shown."""
        entry = self._model.entries[row]
        texts = " ".join(column.text(entry) for column in COLUMNS).casefold()
        return all(word in texts for word in self._words)

    def entry(self, index: QtCore.QModelIndex) -> SessionEntry:
        """The session of a row that is shown."""
        return self._model.entries[self.mapToSource(index).row()]
