"""Annotations on the screen: what is clicked and typed is in the file, and what is in the file is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.annotations.editor import AnnotationEditor
from ecg_live.annotations.log_file import AnnotationLog, RecordingIdentity
from ecg_live.dashboard.annotations.panel import AnnotationPanel

MARKERS = [(15.5, "rest"), (35.5, "load")]
LEFT = QtCore.Qt.MouseButton.LeftButton


@pytest.fixture
def editor(tmp_path: Path) -> AnnotationEditor:
    log = AnnotationLog(tmp_path / "s.annotations.jsonl", RecordingIdentity("r", "d"), "lee")
    return AnnotationEditor(log, MARKERS, 60.0)


@pytest.fixture
def panel(qtbot: QtBot, editor: AnnotationEditor) -> AnnotationPanel:
    made = AnnotationPanel(editor, lambda: 22.25)
    qtbot.addWidget(made)
    made.show()
    return made


def listed(panel: AnnotationPanel) -> list[tuple[str, ...]]:
    table = panel.table
    return [
        tuple(item.text() for column in range(3) if (item := table.item(row, column)) is not None)
        for row in range(table.rowCount())
    ]


def click(button: QtWidgets.QPushButton) -> None:
    QtTest.QTest.mouseClick(button, LEFT)


def here(panel: AnnotationPanel, name: str) -> QtWidgets.QPushButton:
    (button,) = [
        each for each in panel.form.findChildren(QtWidgets.QPushButton) if each.accessibleName().startswith(name)
    ]
    return button


def test_a_stretch_is_excluded_from_the_place_that_is_shown(panel: AnnotationPanel, editor: AnnotationEditor) -> None:
    assert listed(panel) == [("15.5", "Marker", "rest"), ("35.5", "Marker", "load")]
    changes: list[None] = []
    panel.changed.connect(lambda: changes.append(None))
    form = panel.form
    assert not form.stop.isEnabled()
    form.kind.setCurrentIndex(form.kind.findText("Excluded stretch"))
    click(here(panel, "Beginning"))
    form.stop.setValue(30.0)
    QtTest.QTest.keyClicks(form.text, "electrode loose")
    QtTest.QTest.keyClick(form.text, QtCore.Qt.Key.Key_Return)
    assert listed(panel)[1] == ("22.2 \N{EN DASH} 30.0", "Excluded stretch", "electrode loose")
    (noted,) = editor.read().excluded
    assert (noted.onset, noted.stop, noted.text, noted.author) == (22.25, 30.0, "electrode loose", "lee")
    assert len(changes) == 1


def test_a_marker_is_moved_renamed_deleted_and_restored(panel: AnnotationPanel, editor: AnnotationEditor) -> None:
    panel.table.selectRow(1)
    assert (panel.form.onset.value(), panel.form.text.text()) == (35.5, "load")
    panel.form.onset.setValue(34.0)
    panel.form.text.setText("task")
    panel.form.reason.setText("late key")
    click(panel.change)
    assert editor.markers() == [(15.5, "rest"), (34.0, "task")]
    assert [(change.action, change.reason) for change in editor.read().changes] == [
        ("move", "late key"), ("edit", "late key")
    ]  # fmt: skip
    assert panel.selected is not None
    assert panel.selected.name == "m2"
    click(panel.delete)
    assert editor.markers() == [(15.5, "rest")]
    assert listed(panel)[1] == ("34.0", "Deleted", "task")
    assert panel.delete.text() == "Restore"
    click(panel.delete)
    assert editor.markers() == [(15.5, "rest"), (34.0, "task")]


def test_what_cannot_be_is_said_and_changes_nothing(panel: AnnotationPanel, editor: AnnotationEditor) -> None:
    click(panel.add)
    assert "the text is empty" in panel.message.text()
    panel.form.kind.setCurrentIndex(panel.form.kind.findText("Interval"))
    panel.form.onset.setValue(10.0)
    panel.form.stop.setValue(5.0)
    panel.form.text.setText("x")
    click(panel.add)
    assert "is not after the beginning" in panel.message.text()
    assert not editor.log.path.exists()
    assert not panel.change.isEnabled()


def test_what_is_typed_stays_while_another_program_adds(panel: AnnotationPanel, editor: AnnotationEditor) -> None:
    panel.table.selectRow(0)
    panel.form.text.setText("half a")
    AnnotationLog(editor.log.path, RecordingIdentity("r", "d"), "kim").add("note", 1.0, text="other desk")
    panel.show_rows()
    assert listed(panel)[0] == ("1.0", "Note", "other desk")
    assert panel.form.text.text() == "half a"
    assert panel.selected is not None
    assert panel.selected.name == "m1"


def test_the_history_lists_all_changes(panel: AnnotationPanel, editor: AnnotationEditor) -> None:
    editor.delete("m1", reason="twice")
    click(panel.history)
    (dialog,) = panel.findChildren(QtWidgets.QDialog)
    (text,) = dialog.findChildren(QtWidgets.QPlainTextEdit)
    assert "delete" in text.toPlainText()
    assert "twice" in text.toPlainText()


def test_enter_on_a_row_goes_to_its_place(panel: AnnotationPanel, qtbot: QtBot) -> None:
    panel.table.selectRow(1)
    panel.table.setCurrentCell(1, 0)
    with qtbot.waitSignal(panel.place_chosen) as chosen:
        QtTest.QTest.keyClick(panel.table, QtCore.Qt.Key.Key_Return)
    assert chosen.args == [35.5]
