"""What all fields for an answer share: their look, what was given, and which items are unanswered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.theme import Palette
from ecg_live.study.asking import SKIPPED, GivenAnswer
from ecg_live.study.plan import SelfReport

QUESTION_PT, TEXT_PT, NUMERAL_PT = 24, 17, 15  # legible from 1 m


@dataclass(frozen=True, slots=True)
class Look:
    """Colours, and by how much all text is enlarged."""

    palette: Palette
    font_scale: float = 1.0

    def font(self, points: int, *, bold: bool = False) -> QtGui.QFont:
        """Return the font of a size (points) before it is enlarged."""
        font = QtWidgets.QApplication.font()
        font.setPointSizeF(points * self.font_scale)
        font.setBold(bold)
        return font

    @property
    def accent(self) -> QtGui.QColor:
        """The one colour that marks what is chosen and what has the focus."""
        return QtGui.QColor(self.palette.classes[0])

    @property
    def on_accent(self) -> QtGui.QColor:
        """The colour of text on the accent: black or white, whichever is easier to read."""
        return QtGui.QColor("#000000" if _luminance(self.accent) > MIDDLE_LUMINANCE else "#ffffff")


MIDDLE_LUMINANCE = 0.179  # above it black has more contrast than white (WCAG 2.1, relative luminance)


class AnswerField(QtWidgets.QWidget):
    """A field for the answer to one self-report, without its question and buttons.

    Attributes
    ----------
    changed : signal
        An answer was given or changed.
    """

    changed = QtCore.pyqtSignal()

    def __init__(self, report: SelfReport, look: Look) -> None:
        super().__init__()
        self.report = report
        self.look = look
        self.setAccessibleName(f"Answer to {report.name}")

    def values(self) -> tuple[tuple[str, float | None], ...]:
        """Return the value of each item, None for one without an answer."""
        raise NotImplementedError

    def given(self) -> GivenAnswer:
        """Return what was given by now; what is unanswered is left out by the participant."""
        return GivenAnswer(self.values(), missing=SKIPPED if self.unanswered() else "")

    def skipped(self) -> GivenAnswer:
        """Return what stays if the participant leaves the rest out."""
        return self.given()

    def unanswered(self) -> tuple[str, ...]:
        """Return the items without an answer."""
        return tuple(item for item, value in self.values() if value is None)

    def begin(self) -> None:
        """Give the keyboard to what is to be answered first."""
        self.setFocus()

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        self.look = look
        self.update()


class AnswerRow(QtWidgets.QWidget):
    """A widget for the answer to one item; it has the keyboard once it has the focus.

    Parameters
    ----------
    item : str
        What is asked.
    ends : (str, str)
        Words for both ends.
    look : Look

    Attributes
    ----------
    answered : signal
        The answer was given or changed.
    """

    answered = QtCore.pyqtSignal()
    value: float | None  # None before there is an answer

    def __init__(self, item: str, ends: tuple[str, str], look: Look) -> None:
        super().__init__()
        self.item = item
        self.ends = ends
        self.look = look
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(item)

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        self.look = look
        self.updateGeometry()
        self.update()


RowType = TypeVar("RowType", bound=AnswerRow)


class RowsField(AnswerField, Generic[RowType]):
    """A row for each item; a subclass lays them out.

    Parameters
    ----------
    report : SelfReport
    look : Look
    rows : sequence of AnswerRow
    """

    def __init__(self, report: SelfReport, look: Look, rows: Sequence[RowType]) -> None:
        super().__init__(report, look)
        self.rows = rows
        for row in rows:
            row.answered.connect(self.changed)

    def values(self) -> tuple[tuple[str, float | None], ...]:
        """Return the answer to each item."""
        return tuple((row.item, None if row.value is None else float(row.value)) for row in self.rows)

    def begin(self) -> None:
        """Give the keyboard to the first row."""
        self.rows[0].setFocus()

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        super().show_look(look)
        for row in self.rows:
            row.show_look(look)


def _luminance(colour: QtGui.QColor) -> float:
    """Relative luminance of a colour, 0 to 1 (WCAG 2.1)."""
    parts = [colour.redF(), colour.greenF(), colour.blueF()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
