"""Choice of a study: none, a recent one, a file, or a new one; its editor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.widgets import text_label
from ecg_live.errors import ConfigError

NO_STUDY_TEXT, OPEN_TEXT, NEW_TEXT = "No study", "Open a study file ...", "New study ..."
STUDY_FILES = "Studies (*.toml)"


class StudyRow(QtWidgets.QWidget):
    """A list of studies by name, and a button to edit the chosen one.

    Parameters
    ----------
    recent : sequence of str
        Paths of study files.
    """

    chosen = QtCore.pyqtSignal(str)  # path; empty for none

    def __init__(self, recent: Sequence[str]) -> None:
        super().__init__()
        self.setAccessibleName("Study")
        self.list = QtWidgets.QComboBox()
        self.edit = QtWidgets.QPushButton("Edit ...")
        self._path = ""
        for text, kind in ((NO_STUDY_TEXT, ""), (OPEN_TEXT, None), (NEW_TEXT, None)):
            self.list.addItem(text, kind)
        for path in reversed(recent):
            self._add(path)
        self._lay_out()
        self.list.activated.connect(self._on_activated)
        self.edit.clicked.connect(lambda: self.open_editor(self._path))

    @property
    def path(self) -> str:
        """Path of the chosen study; empty without one."""
        return self._path

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of all studies in the list."""
        return tuple(data for row in range(self.list.count()) if (data := self.list.itemData(row)))

    def choose(self, path: str) -> None:
        """Choose a study by its path, or none; a file that is not in the list is added."""
        if path and self.list.findData(path) < 0:
            self._add(path)
        self._path = path
        self.list.setCurrentIndex(self.list.findData(path))
        self.edit.setEnabled(bool(path))
        self.chosen.emit(path)

    def show_name(self, path: str, name: str) -> None:
        """Show a study by the name that its file gives."""
        if name and (row := self.list.findData(path)) >= 0:
            self.list.setItemText(row, name)

    def open_editor(self, path: str) -> None:
        """Edit a study; once it is saved, it is the chosen one, and read again."""
        from ecg_live.dashboard.study_editor.dialog import StudyEditor  # noqa: PLC0415 - it reads TOML, which takes time

        try:
            editor = StudyEditor(Path(path), self)
        except ConfigError:
            self.choose(path)  # who reads it says what is wrong with it
            return
        editor.saved.connect(lambda saved: self.choose(str(saved)))
        editor.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        editor.open()

    def _add(self, path: str) -> None:
        self.list.insertItem(1, Path(path).stem if Path(path).name != "study.toml" else Path(path).parent.name, path)
        self.list.setItemData(1, path, QtCore.Qt.ItemDataRole.ToolTipRole)

    def _on_activated(self, row: int) -> None:
        if (path := self.list.itemData(row)) is not None:
            self.choose(path)
            return
        new = self.list.itemText(row) == NEW_TEXT
        ask = QtWidgets.QFileDialog.getSaveFileName if new else QtWidgets.QFileDialog.getOpenFileName
        found, _ = ask(self, self.list.itemText(row), "study.toml" if new else "", STUDY_FILES)
        self.list.setCurrentIndex(self.list.findData(self._path))
        if new and found and not os.path.exists(found):  # noqa: PTH110 - where a share is gone, Path.exists raises
            self.open_editor(found)  # which may be closed without a study
        elif found:
            self.choose(found)

    def _lay_out(self) -> None:
        label = text_label("Label of Study", 9, muted=True)
        label.setText("Study")
        label.setBuddy(self.list)
        self.list.setAccessibleName("Study")
        self.list.setMinimumHeight(30)
        self.edit.setAccessibleName("Edit the study")
        self.edit.setEnabled(False)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(label)
        row.addWidget(self.list, 1)
        row.addWidget(self.edit)
