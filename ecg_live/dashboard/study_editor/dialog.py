"""The study editor: pages for the parts of a study file, checked at every change as `run --study` checks it."""

from __future__ import annotations

from pathlib import Path

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.study_editor.pages import BlocksPage, EditorPage, KeysPage, ReportsPage, StudyPage
from ecg_live.dashboard.theme import set_style_property
from ecg_live.dashboard.widgets import text_label
from ecg_live.errors import ConfigError
from ecg_live.presentation.status import Tone
from ecg_live.study.document import NEW_STUDY, StudyDocument
from ecg_live.study.file import StudyFault, read_study_text
from ecg_live.study.plan import Study
from ecg_live.text import duration_text, sanitize

FILE_FILTER = "Study files (*.toml)"
START_SIZE = QtCore.QSize(980, 640)
UNSAVED_TEXT = "There are changes that are not saved."
CHANGED_TEXT = "was changed on the disk meanwhile. Save again to replace it, or save under another name."


class StudyEditor(QtWidgets.QDialog):
    """Edits a study file.

    Parameters
    ----------
    path : Path, optional
        File; a new study without it, or where there is none yet.
    parent : QWidget, optional

    Attributes
    ----------
    saved : signal of Path
        The file was written.

    Raises
    ------
    ConfigError
        The file cannot be read, or is not TOML.
    """

    saved = QtCore.pyqtSignal(Path)

    def __init__(self, path: Path | None = None, parent: QtWidgets.QWidget | None = None) -> None:
        text = None if path is None else _text_there(path)
        name = path or Path("study.toml")
        document = StudyDocument(NEW_STUDY if text is None else text, name)  # first: no half of a window is left
        super().__init__(parent)
        self.path = path
        self._document = document
        self._written = text  # as this editor read or wrote the file; None without one
        self._asked = False  # about changes that are not saved
        self._warned: str | None = None  # text of the file that another program wrote
        self._fault: StudyFault | None = None
        self.study: Study | None = None  # None while there is a fault
        self.file_text = QtWidgets.QPlainTextEdit()
        self.pages = QtWidgets.QTabWidget()
        self.study_page, self.blocks_page = StudyPage(), BlocksPage()
        self.keys_page, self.reports_page = KeysPage(), ReportsPage()
        self._pages: tuple[EditorPage, ...] = (
            self.study_page, self.blocks_page, self.keys_page, self.reports_page,
        )  # fmt: skip
        self.message = text_label("What the check says", 10)
        self.go_to_fault = QtWidgets.QPushButton("Show")
        self.save_button = QtWidgets.QPushButton("Save")
        self.save_as_button = QtWidgets.QPushButton("Save as…")
        self.close_button = QtWidgets.QPushButton("Close")
        self._lay_out()
        for page in self._pages:
            page.fill(self._document.values())
        for part in (self.study_page, self.blocks_page, self.keys_page, self.reports_page):
            part.edited.connect(self._check)
        self._check()

    @property
    def unsaved(self) -> bool:
        """Whether there are changes that are not in the file."""
        return self._document.text != self._written

    def save(self) -> bool:
        """Write the file; return whether it was."""
        return self.save_as() if self.path is None else self._write(self.path)

    def save_as(self) -> bool:
        """Ask for a name and write the file; return whether it was."""
        start = str(self.path or Path("study.toml"))
        chosen, _ = QtWidgets.QFileDialog.getSaveFileName(self, "Save the study", start, FILE_FILTER)
        return bool(chosen) and self._write(Path(chosen if chosen.endswith(".toml") else chosen + ".toml"))

    def show_fault(self) -> None:
        """Go to the value that cannot be."""
        if self._fault is None:
            return
        for k, page in enumerate(self._pages):
            if page.go_to(self._fault.key):
                self.pages.setCurrentIndex(k)
                page.go_to(self._fault.key)  # once the page is shown it takes the focus
                return

    def reject(self) -> None:
        """Close; changes that are not saved are asked about once."""
        if self.unsaved and not self._asked:
            self._asked = True
            self._show_message("warn", f"{UNSAVED_TEXT} Save them, or close again to leave them.")
            return
        super().reject()

    def _write(self, path: Path) -> bool:
        if self.study is None:
            self.show_fault()
            return False
        try:
            if path == self.path and self._changed_elsewhere(path):
                self._show_message("warn", f"{path.name} {CHANGED_TEXT}")
                return False
            self._document.save(path)
        except ConfigError as error:
            self._show_message("fault", str(error))
            return False
        self.path, self._written = path, self._document.text
        self._show_title()
        self._show_message("live", f"Saved: {path}")
        self.saved.emit(path)
        return True

    def _changed_elsewhere(self, path: Path) -> bool:
        """Whether another program has changed the file since it was read; each change is asked about once."""
        there = _text_there(path)
        if there in {None, self._written, self._warned}:
            return False
        self._warned = there
        return True

    def _check(self) -> None:
        """Take the pages' values, and check them as a study file."""
        values = self._document.values()
        for page in self._pages:
            page.put_into(values)
        self._document.change(values)
        self._asked = False
        self._fault, self.study = None, None
        try:
            self.study = self._document.check()
        except ConfigError as error:
            self._fault = error if isinstance(error, StudyFault) else None
            prefix = f"{self.path or 'study.toml'}, "
            self._show_message("fault", f"{error.message.removeprefix(prefix)} ({error.remedy})")
        else:
            self._show_message(None, _summary(self.study))
        self.go_to_fault.setVisible(self._fault is not None)
        self.save_button.setEnabled(self.study is not None)
        self.save_as_button.setEnabled(self.study is not None)
        self._show_file()
        self._show_title()

    def _show_message(self, tone: Tone | None, text: str) -> None:
        self.message.setText(sanitize(text))
        set_style_property(self.bar, "tone", tone)

    def _show_file(self) -> None:
        """Show the text, with the line of a fault marked."""
        if self.file_text.toPlainText() != self._document.text:
            self.file_text.setPlainText(self._document.text)
        marks = []
        document = self.file_text.document()
        if self._fault is not None and document is not None:
            mark = QtWidgets.QTextEdit.ExtraSelection()
            mark.cursor = QtGui.QTextCursor(document.findBlockByNumber(self._fault.line - 1))
            mark.format.setBackground(self.palette().highlight())
            mark.format.setForeground(self.palette().highlightedText())
            mark.format.setProperty(QtGui.QTextFormat.Property.FullWidthSelection, True)
            marks = [mark]
        self.file_text.setExtraSelections(marks)

    def _show_title(self) -> None:
        name = self.path.name if self.path is not None else "new study"
        self.setWindowTitle(f"{'• ' if self.unsaved else ''}{name} · study editor")

    def _lay_out(self) -> None:
        self.setAccessibleName("Study editor")
        self.resize(START_SIZE)
        self.file_text.setReadOnly(True)
        self.file_text.setAccessibleName("Text of the file")
        self.file_text.setFont(QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont))
        self.pages.setAccessibleName("Parts of the study")
        for page, title in (
            (self.study_page, "&Study"), (self.blocks_page, "&Blocks"), (self.keys_page, "&Keys"),
            (self.reports_page, "Self-&reports"), (self.file_text, "&File"),
        ):  # fmt: skip
            self.pages.addTab(page, title)
        self.bar = QtWidgets.QFrame()
        self.bar.setAccessibleName("Check")
        line = QtWidgets.QHBoxLayout(self.bar)
        line.setContentsMargins(12, 6, 12, 6)
        line.addWidget(self.message, 1)
        line.addWidget(self.go_to_fault)
        self.message.setWordWrap(True)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addStretch(1)
        for button, act in (
            (self.save_button, self.save), (self.save_as_button, self.save_as), (self.close_button, self.reject),
            (self.go_to_fault, self.show_fault),
        ):  # fmt: skip
            button.setAccessibleName(button.text())
            button.setAutoDefault(False)  # Enter in a field ends the edit, and presses nothing
            button.clicked.connect(lambda _checked, act=act: act())
            if button is not self.go_to_fault:
                buttons.addWidget(button)
        self.save_button.setShortcut(QtGui.QKeySequence.StandardKey.Save)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.pages, 1)
        column.addWidget(self.bar)
        column.addLayout(buttons)


def _text_there(path: Path) -> str | None:
    """Text of a study file; None where there is none yet. Errors are those of `read_study_text`."""
    try:
        there = path.exists()
    except OSError as error:  # the server of a share is away
        raise ConfigError(f"{path}: {error.strerror}", "check the path") from error
    return read_study_text(path) if there else None


def _summary(study: Study) -> str:
    """What a study holds, in a line."""
    timed = [block.seconds for block in study.blocks if block.seconds is not None]
    length = f", {duration_text(sum(timed))}" if timed else ""
    more = " and what ends by a key or marker" if len(timed) < len(study.blocks) else ""
    wearers = f"{len(study.participants)} participants" if study.participants else "any participant"
    return f"No fault: {len(study.blocks)} blocks{length}{more}; {wearers}; {study.order} order."
