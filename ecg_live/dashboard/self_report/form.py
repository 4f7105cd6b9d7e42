"""A self-report as the participant sees it: the question, the field for its answer, Done and Skip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.self_report.field import QUESTION_PT, TEXT_PT, AnswerField, Look
from ecg_live.dashboard.self_report.free_text import TextField
from ecg_live.dashboard.self_report.likert import LikertField
from ecg_live.dashboard.self_report.plane import PlaneField
from ecg_live.dashboard.self_report.sam import SamField
from ecg_live.dashboard.self_report.slider import SliderField
from ecg_live.dashboard.widgets import text_label
from ecg_live.study.asking import SCALE_ENDS, scale_ends
from ecg_live.study.plan import ReportKind, SelfReport
from ecg_live.text import sanitize

FIELDS: Mapping[ReportKind, Callable[[SelfReport, Look], AnswerField]] = {
    "sam": SamField,
    "slider": SliderField,
    "grid": PlaneField,
    "likert": LikertField,
    "text": TextField,
}
MAX_WIDTH_PX = 1500  # wider, a row cannot be taken in at a glance
MAX_NAMED_ITEMS = 2  # of those that are unanswered
_MARGIN_PX = 40
_ENTER = {QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter}


class SelfReportForm(QtWidgets.QWidget):
    """Asks one self-report. Enter is Done, which names what is unanswered; Skip leaves that out.

    Parameters
    ----------
    report : SelfReport
    look : Look

    Attributes
    ----------
    answered : signal of GivenAnswer
        The participant is done. It comes once.
    """

    answered = QtCore.pyqtSignal(object)

    def __init__(self, report: SelfReport, look: Look) -> None:
        super().__init__()
        self.report = report
        self.field = FIELDS[report.kind](report, look)
        self.question = text_label("Question", QUESTION_PT, bold=True)
        self.message = text_label("What is unanswered", TEXT_PT)
        self.done = QtWidgets.QPushButton("Done")
        self.skip = QtWidgets.QPushButton("Skip")
        self._over = False
        self.setAccessibleName(report.question or report.name)
        self._fill_labels()
        self._lay_out()
        self.field.changed.connect(lambda: self.message.setText(""))
        self.done.clicked.connect(self._finish)
        self.skip.clicked.connect(self._leave_out)
        self.show_look(look)

    def begin(self) -> None:
        """Give the keyboard to the field, once the form is shown."""
        self.field.begin()

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        palette = look.palette
        self.field.show_look(look)
        self.question.setFont(look.font(QUESTION_PT, bold=True))
        self.message.setFont(look.font(TEXT_PT))
        base = f"border-radius: 8px; padding: 10px 34px; font-size: {TEXT_PT * look.font_scale:g}pt;"
        self.setStyleSheet(f"QLabel {{ color: {palette.text}; background: transparent; }}")
        self.done.setStyleSheet(
            f"QPushButton {{ {base} background: {look.accent.name()}; color: {look.on_accent.name()};"
            f" border: 3px solid {look.accent.name()}; font-weight: bold; }}"
            f"QPushButton:focus {{ border-color: {palette.text}; }}"
        )
        self.skip.setStyleSheet(
            f"QPushButton {{ {base} background: {palette.card}; color: {palette.text};"
            f" border: 2px solid {palette.muted}; }} QPushButton:focus {{ border: 3px solid {look.accent.name()}; }}"
        )

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Enter presses the button with the focus, or else Done; pass other keys on."""
        if event is None:
            return
        if event.key() in _ENTER:
            (self.skip if self.focusWidget() is self.skip else self.done).click()
        else:
            event.ignore()

    def _fill_labels(self) -> None:
        lines = map(sanitize, (self.report.question or self.report.name).splitlines())
        self.question.setText("\n".join(lines))
        self.question.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        for label in (self.question, self.message):
            label.setWordWrap(True)
        self.done.setAccessibleName("Done")
        self.skip.setAccessibleName("Skip what is unanswered")

    def _lay_out(self) -> None:
        buttons = QtWidgets.QHBoxLayout()
        buttons.setSpacing(20)
        buttons.addWidget(self.message, 1)
        buttons.addWidget(self.skip)
        buttons.addWidget(self.done)
        inside = QtWidgets.QWidget()
        inside.setAccessibleName("Question and answer")
        inside.setMaximumWidth(MAX_WIDTH_PX)
        column = QtWidgets.QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.question)
        column.addWidget(self.field, 1)
        column.addLayout(buttons)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(_MARGIN_PX, _MARGIN_PX // 2, _MARGIN_PX, _MARGIN_PX // 2)
        row.addWidget(inside)
        QtWidgets.QWidget.setTabOrder(self.done, self.skip)

    def _finish(self) -> None:
        if unanswered := self.field.unanswered():
            what = (
                "Nothing is written yet"
                if self.report.kind == "text"
                else f"Not answered yet: {self._named(unanswered)}"
            )
            self.message.setText(f"{what}. Answer, or choose Skip.")
            return
        self._send(self.field.given())

    def _leave_out(self) -> None:
        self._send(self.field.skipped())

    def _send(self, given: object) -> None:
        if not self._over:
            self._over = True
            self.answered.emit(given)

    def _named(self, items: Sequence[str]) -> str:
        """Items as the participant knows them, of many only the first."""
        named = ", ".join(_known_as(self.report, item) for item in items[:MAX_NAMED_ITEMS])
        return f"{named} and {len(items) - MAX_NAMED_ITEMS} more" if len(items) > MAX_NAMED_ITEMS else named


def _known_as(report: SelfReport, item: str) -> str:
    """An item's text; a dimension of affect by its ends, which are all that is shown of it."""
    shown = report.kind == "likert" or item not in SCALE_ENDS
    return sanitize(item if shown else " to ".join(scale_ends(report, item)))
