"""What the participant sees: a block's instruction, countdown and biofeedback where asked for, and self-reports."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.participant.biofeedback import BiofeedbackRing, shown_share
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.widgets import text_label
from ecg_live.presentation.formatting import title_text
from ecg_live.results import Prediction
from ecg_live.study.plan import Block
from ecg_live.study.run import StudyStatus
from ecg_live.study.wording import countdown_text
from ecg_live.text import sanitize

WAITING_TEXT = "Please wait."
FINISHED_TEXT = "Thank you. All parts are done."
INSTRUCTION_PT = (30, 27, 24, 21, 18, 16, 14, 12)  # the largest that fits
COUNTDOWN_PT, LABEL_PT = 40, 22
SIDE_PX, TOP_PX, SPACING_PX = 48, 36, 24
RATING_HEIGHT_PX = 300  # that a rating below the instruction keeps
START_SIZE = QtCore.QSize(900, 640)  # of a window that has no screen of its own
TEXT_WIDTH_PX = 1100  # longer lines are hard to read


class ParticipantWindow(QtWidgets.QWidget):
    """One page for blocks, and one for a self-report.

    Parameters
    ----------
    palette : Palette
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setWindowTitle("Participant")
        self.setAccessibleName("Participant's window")
        self.resize(START_SIZE)
        self.instruction = text_label("Instruction", INSTRUCTION_PT[0])
        self.countdown = text_label("Time that is left", COUNTDOWN_PT)
        self.label = text_label("Label", LABEL_PT)
        self.ring = BiofeedbackRing(palette)
        self.pages = QtWidgets.QStackedWidget()
        self.form: QtWidgets.QWidget | None = None
        self.rating: QtWidgets.QWidget | None = None  # below the instruction, during a block
        self._rating_place = QtWidgets.QVBoxLayout()
        self._fitted: tuple[str, int, int] | None = None  # instruction, and the room (px) that it was fitted to
        self._block: Block | None = None  # whose biofeedback is shown
        self._lay_out()
        self.restyle(palette)

    def restyle(self, palette: Palette) -> None:
        """Change the colours."""
        self.setStyleSheet(
            f"ParticipantWindow, QStackedWidget, QWidget#page {{ background: {palette.window}; }}"
            f"QLabel {{ color: {palette.text}; background: transparent; }}"
        )
        self.ring.restyle(palette)

    def show_status(self, status: StudyStatus, last: Prediction | None, now: float) -> None:
        """Show where the study is.

        Parameters
        ----------
        status : StudyStatus
        last : Prediction, optional
            The newest one, if it is young enough to be shown.
        now : float
            Session clock (s).
        """
        course = status.course
        running = course.phase == "running"
        left = course.seconds_left if running and course.block is not None and course.block.countdown else None
        self.countdown.setText("" if left is None else countdown_text(left))
        self.countdown.setVisible(left is not None)
        self._show_biofeedback(course.block if running else None, last, now)
        self._show_instruction(self._instruction(status))

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Fit the instruction again."""
        super().resizeEvent(event)
        self._show_instruction(self.instruction.text())

    def _show_instruction(self, text: str) -> None:
        """Show a text in the largest letters with which all of it is seen."""
        below = [part for part in (self.countdown, self.label, self.ring) if not part.isHidden()]
        taken = sum(part.minimumSizeHint().expandedTo(part.minimumSize()).height() + SPACING_PX for part in below)
        taken += RATING_HEIGHT_PX if self.rating is not None else 0
        room = QtCore.QRect(
            0, 0, min(TEXT_WIDTH_PX, self.width() - 2 * SIDE_PX), self.height() - 2 * TOP_PX - SPACING_PX - taken
        )
        key = (text, room.width(), room.height())
        if key == self._fitted:
            return
        self._fitted = key
        wrapped = QtCore.Qt.TextFlag.TextWordWrap | QtCore.Qt.AlignmentFlag.AlignHCenter
        for size in INSTRUCTION_PT:
            style_text(self.instruction, size)
            needed = self.instruction.fontMetrics().boundingRect(room, wrapped, text)
            if needed.height() <= room.height():
                break
        self.instruction.setFixedWidth(max(1, room.width()))
        self.instruction.setText(text)

    @staticmethod
    def _instruction(status: StudyStatus) -> str:
        course = status.course
        if course.phase == "finished":
            return FINISHED_TEXT
        text = course.block.instruction if course.block is not None and course.phase != "self_report" else ""
        return "\n".join(map(sanitize, text.splitlines())) or (WAITING_TEXT if course.phase != "running" else "")

    def _show_biofeedback(self, block: Block | None, last: Prediction | None, now: float) -> None:
        what = block.biofeedback if block is not None else None
        if block is not self._block:
            self._block = block
            self.ring.clear()
        self.ring.setVisible(what is not None)
        self.label.setVisible(what is not None and block is not None and block.labels)
        if what is None or block is None:
            return
        self.ring.show_share(None if last is None else shown_share(last, what), now)
        head = last.heads.get(what) if last is not None else None
        self.label.setText(title_text(head.label) if block.labels and head is not None and head.label else "")

    def ask(self, form: QtWidgets.QWidget) -> None:
        """Show a self-report in place of the block."""
        self.take_form()
        self.form = form
        self.pages.addWidget(form)
        self.pages.setCurrentWidget(form)

    def take_form(self) -> QtWidgets.QWidget | None:
        """Show the block again; return the self-report that was shown, with what was answered by now."""
        form, self.form = self.form, None
        if form is not None:
            self.pages.removeWidget(form)
            form.setParent(None)
        return form

    def show_rating(self, rating: QtWidgets.QWidget | None) -> None:
        """Show a continuous rating below the instruction, or none."""
        before, self.rating = self.rating, rating
        if before is not None:
            before.hide()
            before.deleteLater()
        if rating is not None:
            self._rating_place.addWidget(rating)
            rating.show()

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Take no key: those of the experimenter do nothing here."""
        if event is not None:
            event.accept()

    def _lay_out(self) -> None:
        page = QtWidgets.QWidget()
        page.setObjectName("page")
        page.setAccessibleName("Block")
        column = QtWidgets.QVBoxLayout(page)
        column.setContentsMargins(SIDE_PX, TOP_PX, SIDE_PX, TOP_PX)
        column.setSpacing(SPACING_PX)
        centre = QtCore.Qt.AlignmentFlag.AlignCenter
        self.instruction.setWordWrap(True)
        column.addStretch(1)
        for label in (self.instruction, self.countdown, self.label):
            label.setAlignment(centre)
        row = QtWidgets.QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.instruction, 8)
        row.addStretch(1)
        column.addLayout(row)
        column.addLayout(self._rating_place, 20)
        column.addWidget(self.ring, 6)
        column.addWidget(self.label)
        column.addWidget(self.countdown)
        column.addStretch(1)
        self.pages.addWidget(page)
        around = QtWidgets.QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.pages)
