"""A table whose rows are TOML tables: texts, numbers, switches and choices by column."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from PyQt6 import QtCore, QtWidgets

from ecg_live.parse_number import parse_number

_BASE = QtCore.Qt.ItemDataRole.UserRole  # of a row's first cell: values that no column has
_SELECTABLE = QtCore.Qt.ItemFlag.ItemIsEnabled | QtCore.Qt.ItemFlag.ItemIsSelectable


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the key of its values, its title, and what they are.

    ``texts`` is a list, written as `list_line` has it. A ``switch`` stands for ``on`` and is left out when it is off.
    ``choices`` are those of a ``choice``.
    """

    key: str
    title: str
    kind: Literal["text", "number", "texts", "switch", "choice"] = "text"
    on: object = True
    choices: tuple[str, ...] = ()
    tip: str = ""


class ValueTable(QtWidgets.QTableWidget):
    """Rows of values.

    Attributes
    ----------
    edited : signal
        A value was changed by the user.
    """

    edited = QtCore.pyqtSignal()

    def __init__(self, name: str, columns: Sequence[Column]) -> None:
        super().__init__(0, len(columns))
        self.columns = tuple(columns)
        self._filling = False
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels([column.title for column in columns])
        for k, column in enumerate(columns):
            header = self.horizontalHeaderItem(k)
            if header is not None:
                header.setToolTip(column.tip)
        self.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)  # Tab leaves the table, arrows move in it
        self.itemChanged.connect(lambda _item: self._changed())

    def fill(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show these rows."""
        self._filling = True
        self.setRowCount(0)
        for values in rows:
            self._insert(self.rowCount(), values)
        self._filling = False
        self._fit()

    def values(self) -> list[dict[str, Any]]:
        """Return the rows; a value that is empty, or off, is left out."""
        return [self._row(row) for row in range(self.rowCount())]

    def add(self, values: Mapping[str, Any]) -> None:
        """Add a row after the current one, and edit its first cell."""
        at = self.currentRow() + 1 if self.currentRow() >= 0 else self.rowCount()
        self._filling = True
        self._insert(at, values)
        self._filling = False
        self.setCurrentCell(at, 0)
        self._changed()

    def remove(self) -> None:
        """Remove the current row."""
        if self.currentRow() >= 0:
            self.removeRow(self.currentRow())
            self._changed()

    def move_row(self, step: int) -> None:
        """Move the current row up (-1) or down (1)."""
        at, column = self.currentRow(), self.currentColumn()
        if at < 0 or not 0 <= at + step < self.rowCount():
            return
        rows = self.values()
        rows[at], rows[at + step] = rows[at + step], rows[at]
        self.fill(rows)
        self.setCurrentCell(at + step, column)
        self._changed()

    def base(self, row: int) -> dict[str, Any]:
        """Return the values of a row that no column has."""
        item = self.item(row, 0)
        return dict(item.data(_BASE) or {}) if item is not None else {}

    def set_base(self, row: int, values: Mapping[str, Any]) -> None:
        """Change them."""
        item = self.item(row, 0)
        if item is not None and item.data(_BASE) != dict(values):
            item.setData(_BASE, dict(values))

    def select_cell(self, row: int, key: str) -> None:
        """Go to the cell of a value, to correct it."""
        column = next((k for k, each in enumerate(self.columns) if each.key == key), 0)
        self.setCurrentCell(row, column)
        self.setFocus()

    def _changed(self) -> None:
        if not self._filling:
            self.edited.emit()

    def _fit(self) -> None:
        self.resizeColumnsToContents()
        for k, column in enumerate(self.columns):
            if column.kind in {"text", "texts"}:
                self.setColumnWidth(k, min(220, max(110, self.columnWidth(k))))

    def _insert(self, row: int, values: Mapping[str, Any]) -> None:
        self.insertRow(row)
        known = {column.key for column in self.columns}
        for k, column in enumerate(self.columns):
            self.setItem(row, k, QtWidgets.QTableWidgetItem())
            self._show_value(row, k, column, values.get(column.key))
        self.set_base(row, {key: value for key, value in values.items() if key not in known})

    def _show_value(self, row: int, k: int, column: Column, value: Any) -> None:
        item = self.item(row, k)
        assert item is not None  # noqa: S101 - it was made just now
        if column.kind == "switch":
            item.setFlags(_SELECTABLE | QtCore.Qt.ItemFlag.ItemIsUserCheckable)
            checked, off = QtCore.Qt.CheckState.Checked, QtCore.Qt.CheckState.Unchecked
            item.setCheckState(checked if value == column.on else off)
        elif column.kind == "choice":
            box = QtWidgets.QComboBox()
            box.setAccessibleName(column.title)
            box.addItems(column.choices)
            box.setCurrentText(str(value) if value in column.choices else column.choices[0])
            box.currentTextChanged.connect(lambda _text: self._changed())
            self.setCellWidget(row, k, box)
        elif column.kind == "texts":
            item.setText(list_line(value))
        else:
            item.setText("" if value is None else f"{value:.15g}" if isinstance(value, int | float) else str(value))

    def _row(self, row: int) -> dict[str, Any]:
        found = {column.key: self._value(row, k, column) for k, column in enumerate(self.columns)}
        return {key: value for key, value in found.items() if value not in (None, "", [])} | self.base(row)

    def _value(self, row: int, k: int, column: Column) -> Any:
        item, box = self.item(row, k), self.cellWidget(row, k)
        if isinstance(box, QtWidgets.QComboBox):
            return box.currentText()
        text = item.text().strip() if item is not None else ""
        if column.kind == "switch":
            on = item is not None and item.checkState() == QtCore.Qt.CheckState.Checked
            return column.on if on else None
        if column.kind == "texts":
            return line_list(text)
        return number_or_text(text) if column.kind == "number" else text


def list_line(value: Any) -> str:
    """A list in one line, with commas; a part that has a comma itself is put in quotation marks."""
    parts = [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)] if value else []
    return ", ".join('"' + part.replace('"', '""') + '"' if set(part) & set(',"\r\n') else part for part in parts)


def line_list(text: str) -> list[str]:
    """The list that a line of `list_line` is; empty parts are left out."""
    try:
        parts = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error:  # a line break that is not within quotation marks
        parts = text.split(",")
    return [part.strip() for part in parts if part.strip()]


def number_or_text(text: str) -> int | float | str:
    """Return the number that a text is; one that is none stays, so that the check names it."""
    with suppress(ValueError):
        number = parse_number(text)
        return int(number) if float(number).is_integer() else float(number)
    return text
