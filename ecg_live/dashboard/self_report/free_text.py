"""A field for free text."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.self_report.field import NUMERAL_PT, TEXT_PT, AnswerField, Look
from ecg_live.dashboard.widgets import text_label
from ecg_live.study.asking import MAX_TEXT_CHARACTERS, SKIPPED, TEXT_ITEM, GivenAnswer
from ecg_live.study.plan import SelfReport

_NEAR_LIMIT = 200  # characters that are left, from which on their number is shown


class TextBox(QtWidgets.QPlainTextEdit):
    """A box for text that is no longer than it can be stored; Tab leaves it, Ctrl+Enter is passed on."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setAccessibleName("Answer in your own words")
        self.setPlaceholderText("Your own words; Ctrl+Enter when done")
        self.textChanged.connect(self._shorten)

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Write; leave Ctrl+Enter to the form."""
        enter = event is not None and event.key() in {QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter}
        if event is not None and enter and event.modifiers() & QtCore.Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _shorten(self) -> None:
        """Cut off what is too long, which can come from the clipboard at once."""
        text = self.toPlainText()
        if len(text) > MAX_TEXT_CHARACTERS:
            self.setPlainText(text[:MAX_TEXT_CHARACTERS])
            self.moveCursor(QtGui.QTextCursor.MoveOperation.End)


class TextField(AnswerField):
    """A box for text, and how many characters are left near its limit."""

    def __init__(self, report: SelfReport, look: Look) -> None:
        super().__init__(report, look)
        self.box = TextBox()
        self._left = text_label("Characters left", NUMERAL_PT, muted=True)
        self._left.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.box)
        column.addWidget(self._left)
        self.box.textChanged.connect(self._changed)
        self.show_look(look)

    def values(self) -> tuple[tuple[str, float | None], ...]:
        """Return no values."""
        return ()

    def given(self) -> GivenAnswer:
        """Return the text."""
        text = self.box.toPlainText().strip()
        return GivenAnswer(text=text, missing="" if text else SKIPPED)

    def skipped(self) -> GivenAnswer:
        """Return no text: who leaves the question out has taken it back."""
        return GivenAnswer(missing=SKIPPED)

    def unanswered(self) -> tuple[str, ...]:
        """Return the text itself if nothing is written."""
        return () if self.box.toPlainText().strip() else (TEXT_ITEM,)

    def begin(self) -> None:
        """Give the keyboard to the box."""
        self.box.setFocus()

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        super().show_look(look)
        self.box.setFont(look.font(TEXT_PT))
        self._left.setFont(look.font(NUMERAL_PT))
        self.box.setStyleSheet(
            f"QPlainTextEdit {{ background: {look.palette.card}; color: {look.palette.text};"
            f" border: 2px solid {look.palette.muted}; border-radius: 8px; padding: 10px; }}"
            f"QPlainTextEdit:focus {{ border-color: {look.accent.name()}; }}"
        )

    def _changed(self) -> None:
        left = MAX_TEXT_CHARACTERS - len(self.box.toPlainText())
        self._left.setText(f"{left} characters left" if left <= _NEAR_LIMIT else "")
        self.changed.emit()
