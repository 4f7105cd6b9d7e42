"""The pages of the study editor: each shows a part of the file's values, and gives them back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol, get_args

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.study_editor.value_table import Column, ValueTable, line_list, list_line
from ecg_live.dashboard.widgets import text_label
from ecg_live.study.file import KEYS
from ecg_live.study.plan import DEFAULT_RECORD, HEART_RATE, Order, ReportKind

QUOTED_TIP = 'each that has a comma in quotation marks ("tense, or nervous")'
BLOCK_COLUMNS = (
    Column("name", "Name"),
    Column("seconds", "Seconds", "number", tip="Empty for a block that ends by the key or a marker"),
    Column("until", "Until", tip="key, or marker:TEXT"),
    Column("baseline", "Baseline", "switch", tip="Begins the resting baseline"),
    Column("self_reports", "Self-reports after it", "texts", tip="Names, with commas"),
    Column("rating", "Rated during it", tip="Name of a self-report of kind grid, rated by hand all through the block"),
    Column("sound", "Sound", "switch", tip="Its end is heard"),
    Column("begin", "By key", "switch", on="key", tip="Begins by the experimenter's key, not by itself"),
    Column("in_place", "In place", "switch", tip="Counterbalancing does not move it"),
    Column("countdown", "Countdown", "switch", tip="The participant sees the time that is left"),
    Column("biofeedback", "Biofeedback", tip=f"{HEART_RATE}, or the name of a head"),
    Column("labels", "Labels", "switch", tip="The participant sees that head's label in words"),
)
REPORT_COLUMNS = (
    Column("name", "Name"),
    Column("kind", "Kind", "choice", choices=get_args(ReportKind)),
    Column("question", "Question"),
    Column(
        "items",
        "Items",
        "texts",
        tip=f"Of a SAM: valence, arousal, dominance; of a Likert scale: its statements, {QUOTED_TIP}",
    ),
    Column("points", "Points", "number", tip="Of a Likert scale"),
    Column("anchors", "Ends", "texts", tip=f"Words at both ends, with a comma between them; {QUOTED_TIP}"),
)
TEXT_FIELDS = (  # key, label, and what an empty field means
    ("name", "Name", ""),
    ("source", "Source", "named when a session starts; for example polar: or lsl:ECG"),
    ("model", "Model", "the bundled mental_load"),
    ("record", "Recording", DEFAULT_RECORD),
    ("markers", "Marker stream", "none; the name of an LSL stream, or all"),
)
LIST_FIELDS = (
    ("participants", "Participants", "any; with commas"),
    ("required_streams", "Required streams", "none; names of LSL streams, with commas"),
    ("also", "Also recorded", "nothing; live sources, with commas"),
)


class EditorPage(Protocol):
    """A page of the editor."""

    def fill(self, values: Mapping[str, Any]) -> None:
        """Show the file's values."""
        ...

    def put_into(self, values: dict[str, Any]) -> None:
        """Put the page's values into those of the file."""
        ...

    def go_to(self, key: tuple[str | int, ...]) -> bool:
        """Go to the field of a key; False if it is not on this page."""
        ...


class StudyPage(QtWidgets.QWidget):
    """Name, source, model, recording, participants and order."""

    edited = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Study")
        self.fields: dict[str, QtWidgets.QLineEdit] = {}
        self.order = QtWidgets.QComboBox()
        self.order.addItems(get_args(Order))
        self.order.setAccessibleName("Order of the blocks")
        form = QtWidgets.QFormLayout(self)
        form.setContentsMargins(16, 16, 16, 16)
        form.setSpacing(10)
        for key, label, empty in (*TEXT_FIELDS, *LIST_FIELDS):
            field = QtWidgets.QLineEdit()
            field.setAccessibleName(label)
            field.setPlaceholderText(empty)
            field.textEdited.connect(lambda _text: self.edited.emit())
            form.addRow(label, field)
            self.fields[key] = field
        form.addRow("Order", self.order)
        self.order.currentTextChanged.connect(lambda _text: self.edited.emit())

    def fill(self, values: Mapping[str, Any]) -> None:
        """As `EditorPage.fill`."""
        for key, _, _ in TEXT_FIELDS:
            self.fields[key].setText(str(values.get(key, "")))
        for key, _, _ in LIST_FIELDS:
            self.fields[key].setText(list_line(values.get(key)))
        self.order.setCurrentText(str(values.get("order", "fixed")))

    def put_into(self, values: dict[str, Any]) -> None:
        """As `EditorPage.put_into`."""
        for key, _, _ in TEXT_FIELDS:
            _put(values, key, self.fields[key].text().strip())
        for key, _, _ in LIST_FIELDS:
            _put(values, key, line_list(self.fields[key].text()))
        order = self.order.currentText()
        _put(values, "order", order if order != "fixed" or "order" in values else "")

    def go_to(self, key: tuple[str | int, ...]) -> bool:
        """As `EditorPage.go_to`."""
        field = self.order if key[0] == "order" else self.fields.get(str(key[0]))
        if field is not None:
            field.setFocus()
        return field is not None


class RowsPage(QtWidgets.QWidget):
    """A table with buttons beside it."""

    edited = QtCore.pyqtSignal()

    def __init__(self, table: ValueTable, new: Mapping[str, Any]) -> None:
        super().__init__()
        self.table = table
        self.setAccessibleName(table.accessibleName())
        table.edited.connect(self.edited)
        buttons = QtWidgets.QHBoxLayout()
        for text, act in (
            ("Add", lambda: table.add(self._named(new))),
            ("Remove", table.remove),
            ("Up", lambda: table.move_row(-1)),
            ("Down", lambda: table.move_row(1)),
        ):
            button = QtWidgets.QPushButton(text)
            button.setAccessibleName(f"{text}, {table.accessibleName()}")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked, act=act: act())
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.column = QtWidgets.QVBoxLayout(self)
        self.column.setContentsMargins(16, 16, 16, 16)
        self.column.addWidget(table, 3)
        self.column.addLayout(buttons)

    def _named(self, new: Mapping[str, Any]) -> dict[str, Any]:
        """A new row, whose name no other has."""
        taken = {row.get("name") for row in self.table.values()}
        name = next(name for k in range(1, 10_000) if (name := f"{new['name']} {k}") not in taken)
        return {**new, "name": name}


class BlocksPage(RowsPage):
    """The blocks in their order, and the instruction of the selected one."""

    def __init__(self) -> None:
        super().__init__(ValueTable("Blocks", BLOCK_COLUMNS), {"name": "block", "seconds": 60})
        self.instruction = QtWidgets.QPlainTextEdit()
        self.instruction.setAccessibleName("Instruction of the selected block")
        self.instruction.setTabChangesFocus(True)
        self.instruction.setMaximumHeight(96)
        self.caption = text_label("Caption of the instruction", 10, muted=True)
        self.column.addWidget(self.caption)
        self.column.addWidget(self.instruction, 1)
        self.table.currentCellChanged.connect(lambda *_: self._show_instruction())
        self.instruction.textChanged.connect(self._take_instruction)
        self._show_instruction()

    def fill(self, values: Mapping[str, Any]) -> None:
        """As `EditorPage.fill`."""
        blocks = values.get("blocks")
        self.table.fill([block for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else [])
        if self.table.rowCount():
            self.table.setCurrentCell(0, 0)
        self._show_instruction()

    def put_into(self, values: dict[str, Any]) -> None:
        """As `EditorPage.put_into`."""
        _put(values, "blocks", self.table.values())

    def go_to(self, key: tuple[str | int, ...]) -> bool:
        """As `EditorPage.go_to`."""
        if key[0] != "blocks":
            return False
        row = key[1] if len(key) > 1 and isinstance(key[1], int) else 0
        self.table.select_cell(row, str(key[-1]))
        if key[-1] == "instruction":
            self.instruction.setFocus()
        return True

    def _show_instruction(self) -> None:
        row = self.table.currentRow()
        name = self.table.item(row, 0) if row >= 0 else None
        self.caption.setText(f"Instruction of {name.text()}" if name is not None else "No block is selected")
        text = str(self.table.base(row).get("instruction", "")) if row >= 0 else ""
        if self.instruction.toPlainText() != text:
            self.instruction.setPlainText(text)
        self.instruction.setEnabled(row >= 0)

    def _take_instruction(self) -> None:
        row = self.table.currentRow()
        if row < 0:
            return
        base = self.table.base(row)
        _put(base, "instruction", self.instruction.toPlainText().rstrip())
        self.table.set_base(row, base)


class ReportsPage(RowsPage):
    """The self-reports by name."""

    def __init__(self) -> None:
        super().__init__(ValueTable("Self-reports", REPORT_COLUMNS), {"name": "report", "kind": "sam"})

    def fill(self, values: Mapping[str, Any]) -> None:
        """As `EditorPage.fill`."""
        reports = values.get("self_reports")
        named = reports.items() if isinstance(reports, dict) else ()
        self.table.fill([{"name": name, **report} for name, report in named if isinstance(report, dict)])

    def put_into(self, values: dict[str, Any]) -> None:
        """As `EditorPage.put_into`."""
        found: dict[str, Any] = {}
        for row in self.table.values():
            name = str(row.pop("name", ""))
            while name in found:  # none may take another's place in the file
                name += " (2)"
            found[name] = row
        _put(values, "self_reports", found)

    def go_to(self, key: tuple[str | int, ...]) -> bool:
        """As `EditorPage.go_to`."""
        if key[0] != "self_reports":
            return False
        names = [row.get("name") for row in self.table.values()]
        with suppress(ValueError):
            self.table.select_cell(names.index(key[1] if len(key) > 1 else None), str(key[-1]))
        return True


class KeysPage(QtWidgets.QWidget):
    """What the keys 1 to 9 note."""

    edited = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Keys")
        self.texts: dict[str, QtWidgets.QLineEdit] = {}
        self.intervals: dict[str, QtWidgets.QCheckBox] = {}
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(16, 16, 16, 16)
        grid.setVerticalSpacing(8)
        for row, key in enumerate(KEYS):
            text, interval = QtWidgets.QLineEdit(), QtWidgets.QCheckBox("Interval: first press starts, second stops")
            text.setAccessibleName(f"Marker of key {key}")
            text.setPlaceholderText("no name")
            interval.setAccessibleName(f"Key {key} marks an interval")
            text.textEdited.connect(lambda _text: self.edited.emit())
            interval.toggled.connect(lambda _on: self.edited.emit())
            self.texts[key], self.intervals[key] = text, interval
            grid.addWidget(QtWidgets.QLabel(key), row, 0)
            grid.addWidget(text, row, 1)
            grid.addWidget(interval, row, 2)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(len(KEYS), 1)

    def fill(self, values: Mapping[str, Any]) -> None:
        """As `EditorPage.fill`."""
        keys = values.get("keys")
        for key in KEYS:
            value = keys.get(key, "") if isinstance(keys, dict) else ""
            interval = isinstance(value, dict)
            self.texts[key].setText(str(value.get("interval", "")) if isinstance(value, dict) else str(value))
            self.intervals[key].setChecked(interval)

    def put_into(self, values: dict[str, Any]) -> None:
        """As `EditorPage.put_into`."""
        found: dict[str, Any] = {}
        for key in KEYS:
            if text := self.texts[key].text().strip():
                found[key] = {"interval": text} if self.intervals[key].isChecked() else text
        _put(values, "keys", found)

    def go_to(self, key: tuple[str | int, ...]) -> bool:
        """As `EditorPage.go_to`."""
        if key[0] != "keys":
            return False
        if len(key) > 1 and str(key[1]) in self.texts:
            self.texts[str(key[1])].setFocus()
        return True


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    """Set a value; an empty one is left out."""
    if value or value == 0:
        values[key] = value
    else:
        values.pop(key, None)
