"""The panel of annotations: what stands, a form to add and change it, and the history."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6 import QtCore, QtWidgets

from ecg_live.annotations.editor import AnnotationEditor, AnnotationRow
from ecg_live.dashboard.annotations.form import KIND_NAMES, AnnotationForm
from ecg_live.dashboard.widgets import ElidedLabel, text_label
from ecg_live.errors import EcgLiveError
from ecg_live.text import sanitize

COLUMNS = ("Time", "Kind", "Text")
PANEL_WIDTH_PX = 310
ROW_MARGIN_PX = 8  # of a row's height beyond its letters
SAME_TIME_S = 0.0005  # half of what the form's fields show


class AnnotationPanel(QtWidgets.QWidget):
    """Lists and edits the annotations of a recording; each change is on the disk when its button returns.

    Parameters
    ----------
    editor : AnnotationEditor
    """

    changed = QtCore.pyqtSignal()
    place_chosen = QtCore.pyqtSignal(float)  # s from the first sample

    def __init__(self, editor: AnnotationEditor, place: Callable[[], float]) -> None:
        super().__init__()
        self.setAccessibleName("Annotations")
        self.setMinimumWidth(PANEL_WIDTH_PX)
        self._editor = editor
        self._place = place
        self._rows: tuple[AnnotationRow, ...] = ()
        self.table = self._make_table()
        self.form = AnnotationForm(editor.duration)
        self.message = ElidedLabel("Annotations: message", 9)
        self.add = self._button("Add", self._add)
        self.change = self._button("Change", self._change)
        self.delete = self._button("Delete", self._delete)
        self.history = self._button("History", self._show_history)
        buttons = QtWidgets.QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.add, self.change, self.delete, self.history):
            buttons.addWidget(button)
        about = text_label("About annotations", 9, muted=True)
        about.setText("Kept beside the recording, which stays as it is.")
        about.setWordWrap(True)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(7)
        column.addWidget(self.table, 1)
        column.addWidget(self.form)
        column.addLayout(buttons)
        column.addWidget(self.message)
        column.addWidget(about)
        self.form.place_requested.connect(lambda field: field.setValue(self._place()))
        self.form.text.returnPressed.connect(self.add.click)
        self.table.itemSelectionChanged.connect(self._select)
        self.table.itemActivated.connect(self._go_to_selected)
        self.show_rows()

    def begin_here(self) -> None:
        """Let the form begin at the place that is shown, unless a row is chosen."""
        if self.selected is None:
            self.form.onset.setValue(self._place())

    def _make_table(self) -> QtWidgets.QTableWidget:
        table = QtWidgets.QTableWidget(0, len(COLUMNS))
        table.setAccessibleName("List of annotations")
        table.setHorizontalHeaderLabels(COLUMNS)
        table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        if (head := table.horizontalHeader()) is not None:
            head.setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
            head.setSectionResizeMode(COLUMNS.index("Text"), QtWidgets.QHeaderView.ResizeMode.Stretch)
            head.setHighlightSections(False)
        if (side := table.verticalHeader()) is not None:
            side.hide()
            side.setDefaultSectionSize(table.fontMetrics().height() + ROW_MARGIN_PX)
        return table

    @staticmethod
    def _button(text: str, command: Callable[[], object]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)
        button.setAccessibleName(f"{text} annotation" if text != "History" else "History of annotations")
        button.setAutoDefault(True)
        button.clicked.connect(command)
        return button

    @property
    def selected(self) -> AnnotationRow | None:
        """The row that is chosen."""
        chosen = self.table.selectionModel()
        rows = chosen.selectedRows() if chosen is not None else []
        return self._rows[rows[0].row()] if rows else None

    def show_rows(self, select: str | None = None) -> None:
        """Read the annotations again, also those of another program; ``select`` one by its name, or keep the choice."""
        before = self.selected
        try:
            self._rows = self._editor.rows()
        except EcgLiveError as error:
            self.message.show_text(str(error))
            return
        chosen = select or (before.name if before is not None else None)
        blocked = self.table.blockSignals(True)
        self.table.setRowCount(len(self._rows))
        for number, row in enumerate(self._rows):
            self._fill_row(number, row)
        self.table.clearSelection()
        names = [row.name for row in self._rows]
        if chosen in names:
            self.table.selectRow(names.index(chosen))
        self.table.blockSignals(blocked)
        self._enable()

    def _fill_row(self, number: int, row: AnnotationRow) -> None:
        now = row.now
        times = f"{now.onset:.1f}" + (f" \N{EN DASH} {now.stop:.1f}" if now.duration else "")
        kind = "Deleted" if now.deleted else KIND_NAMES[now.kind]
        for column, text in enumerate((times, kind, now.text)):
            item = QtWidgets.QTableWidgetItem(sanitize(text))
            font = item.font()
            font.setStrikeOut(now.deleted)
            item.setFont(font)
            item.setToolTip(sanitize(f"{now.text}  ({now.author}, {now.time[:19]})" if row.edited else now.text))
            self.table.setItem(number, column, item)

    def _select(self) -> None:
        """Show the chosen row in the form."""
        self._enable()
        if (row := self.selected) is not None:
            self.form.show_annotation(row.now)

    def _enable(self) -> None:
        """Enable what the chosen row allows."""
        row = self.selected
        self.change.setEnabled(row is not None and not row.now.deleted)
        self.delete.setEnabled(row is not None)
        self.delete.setText("Restore" if row is not None and row.now.deleted else "Delete")

    def _go_to_selected(self) -> None:
        if (row := self.selected) is not None:
            self.place_chosen.emit(row.now.onset)

    def _add(self) -> None:
        values = self.form.values
        self._do(lambda: self._editor.add(values.kind, values.onset, values.stop, values.text, reason=values.reason))

    def _change(self) -> None:
        """Move what has other times, and edit what has another text."""
        row, values = self.selected, self.form.values
        if row is None:
            return
        now = row.now
        ends = values.stop is not None and abs(values.stop - now.stop) > SAME_TIME_S
        if values.kind != now.kind:
            self.message.show_text("The kind cannot be changed: delete it, and add another")
        elif ends or abs(values.onset - now.onset) > SAME_TIME_S:
            self._do(lambda: self._editor.move(row.name, values.onset, values.stop, reason=values.reason), row.name)
        if values.kind == now.kind and values.text != now.text:
            self._do(lambda: self._editor.edit(row.name, values.text, reason=values.reason), row.name)

    def _delete(self) -> None:
        """Delete the chosen row, or take its deletion back."""
        if (row := self.selected) is not None:
            command = self._editor.restore if row.now.deleted else self._editor.delete
            reason = self.form.values.reason
            self._do(lambda: command(row.name, reason=reason), row.name)

    def _do(self, command: Callable[[], str | None], select: str | None = None) -> None:
        """Make a change, and show it, or why it cannot be made."""
        try:
            made = command()
        except EcgLiveError as error:
            self.message.show_text(str(error))
            return
        self.message.show_text("Written")
        self.show_rows(made or select)
        self.changed.emit()

    def _show_history(self) -> None:
        """List all changes."""
        try:
            changes = self._editor.read().changes
        except EcgLiveError as error:
            self.message.show_text(str(error))
            return
        dialog = QtWidgets.QDialog(self.window())
        dialog.setWindowTitle("History of annotations")
        dialog.setAccessibleName("History of annotations")
        dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        text = QtWidgets.QPlainTextEdit("\n".join(sanitize(each.summary) for each in changes) or "Nothing was changed.")
        text.setReadOnly(True)
        text.setAccessibleName("All changes, oldest first")
        close = QtWidgets.QPushButton("Close")
        close.clicked.connect(dialog.accept)
        column = QtWidgets.QVBoxLayout(dialog)
        column.addWidget(text)
        column.addWidget(close, 0, QtCore.Qt.AlignmentFlag.AlignRight)
        dialog.resize(640, 320)
        dialog.open()
