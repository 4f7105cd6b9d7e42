"""The texts of a tile: a line above the trace, and the numbers below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.text_scale import fix_width, style_text, text_scale
from ecg_live.dashboard.theme import QUIET_TONE, set_style_property
from ecg_live.dashboard.widgets import Badge, ElidedLabel, text_label, tooltip_html
from ecg_live.presentation.formatting import capitalise, title_text
from ecg_live.presentation.status import HeadStatus
from ecg_live.presentation.tiles import TileStatus, head_line
from ecg_live.results import HeadInfo

HEAD_WIDTH_PX = 118  # of the answer of one head
NUMBERS_WIDTH_PX = 190  # of heart rate and quality, beside the heads
SEVERAL_LESS_PT = 3  # by which the answers of several heads are smaller than that of one
MIN_ANSWER_PT = 10
PILL_PADDING_PX = 7  # of a badge, as in the style sheet: texts below one end where its text does
RATE_GAPS_PX = 14  # between the heart rate, its unit and the answers


class SizeClass(NamedTuple):
    """Point sizes of a tile from a height (px) on, and whether a head's note is shown."""

    height: int
    name: int
    rate: int
    answer: int
    caption: int
    note: bool


SIZE_CLASSES = (
    SizeClass(320, 15, 34, 17, 10, note=True),
    SizeClass(215, 12, 25, 13, 9, note=True),
    SizeClass(0, 10, 17, 10, 8, note=False),
)


class TileHeader(QtWidgets.QWidget):
    """Name of the wearer, and the states of recording and device."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(f"{name} header")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._name = ElidedLabel(f"{name} name", 11, bold=True)
        self._name.show_text(name)
        self._recording = Badge(f"{name} recording")
        self._state = Badge(f"{name} device")
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(9, 4, 8, 3)
        row.setSpacing(6)
        row.addWidget(self._name, 1)
        row.addWidget(self._recording)
        row.addWidget(self._state)
        self._recording.hide()

    def show_status(self, status: TileStatus) -> None:
        """Show the states."""
        _show_badge(self._state, status.stream.tone if status.fault else QUIET_TONE, status.stream.word)
        recording = status.recording
        self._recording.setVisible(bool(recording.word))
        _show_badge(self._recording, recording.tone, recording.word)

    def set_size(self, size: SizeClass) -> None:
        """Set the sizes of the texts."""
        self._name.set_size(size.name)
        for badge in (self._recording, self._state):
            style_text(badge, size.caption, bold=True)


class TileNumbers(QtWidgets.QWidget):
    """Heart rate, the heads' answers, quality and losses."""

    def __init__(self, name: str, heads: Sequence[HeadInfo]) -> None:
        super().__init__()
        self.setAccessibleName(f"{name} numbers")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._rate = text_label(f"{name} heart rate", 17, bold=True)
        self._unit = text_label(f"{name} heart rate unit", 8, muted=True)
        self._unit.setText("bpm")
        self._heads = [HeadAnswer(name, head) for head in heads]
        self._more = text_label(f"{name} further heads", 8, muted=True)
        self._quality = Badge(f"{name} quality")
        self._lost = text_label(f"{name} samples lost", 8, muted=True)
        self._lost.setContentsMargins(0, 0, PILL_PADDING_PX, 0)
        self._size = SIZE_CLASSES[-1]
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Fixed)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(9, 3, 8, 1)
        row.setSpacing(5)
        self._place = QtWidgets.QWidget()  # of constant width, so that the answers beside it stand still
        self._place.setAccessibleName(f"{name} heart rate and unit")
        rate = QtWidgets.QHBoxLayout(self._place)
        rate.setContentsMargins(0, 0, 0, 0)
        rate.setSpacing(5)
        rate.addWidget(self._rate, 0, QtCore.Qt.AlignmentFlag.AlignBaseline)
        rate.addWidget(self._unit, 1, QtCore.Qt.AlignmentFlag.AlignBaseline)
        row.addWidget(self._place)
        for answer in self._heads:
            row.addWidget(answer, 1)
        row.addWidget(self._more)
        side = QtWidgets.QVBoxLayout()
        side.setSpacing(2)
        side.addStretch(1)
        side.addWidget(self._quality, 0, QtCore.Qt.AlignmentFlag.AlignRight)
        side.addWidget(self._lost, 0, QtCore.Qt.AlignmentFlag.AlignRight)
        side.addStretch(1)
        row.addLayout(side)

    def show_status(self, status: TileStatus) -> None:
        """Show the values."""
        _set_text(self._rate, status.heart_rate)
        set_style_property(self._rate, "muted", status.heart_rate_dim)
        for answer, head in zip(self._heads, status.heads, strict=True):
            answer.show_status(head)
        quiet = status.quality_tone in ("live", "neutral")
        _show_badge(self._quality, QUIET_TONE if quiet else status.quality_tone, status.quality)
        _set_text(self._lost, status.lost)

    def set_size(self, size: SizeClass) -> None:
        """Set the sizes of the texts."""
        style_text(self._rate, size.rate, bold=True)
        for label in (self._unit, self._more, self._lost):
            style_text(label, size.caption)
        style_text(self._quality, size.caption, bold=True)
        fix_width(self._place, _text_width("888", size.rate) + _text_width("bpm", size.caption) + RATE_GAPS_PX)
        self._size = size
        self._size_answers()

    def _size_answers(self) -> None:
        several = sum(not answer.isHidden() for answer in self._heads) > 1
        for answer in self._heads:
            answer.set_size(self._size, max(MIN_ANSWER_PT, self._size.answer - SEVERAL_LESS_PT * several))

    def fit_width(self, width: int) -> None:
        """Show as many heads as there is room for, and how many more there are."""
        shown = max(1, int((width / text_scale(self) - NUMBERS_WIDTH_PX) / HEAD_WIDTH_PX))
        for place, answer in enumerate(self._heads):
            answer.setVisible(place < shown)
        hidden = max(0, len(self._heads) - shown)
        self._more.setVisible(hidden > 0)
        _set_text(self._more, f"+{hidden}")
        self._size_answers()


class HeadAnswer(QtWidgets.QWidget):
    """A head's name and its answer, or the state in its place; in a larger tile the reason as well."""

    def __init__(self, wearer: str, head: HeadInfo) -> None:
        super().__init__()
        self.setAccessibleName(f"{wearer} {head.name}")
        self._status = HeadStatus("waiting")
        self._name = ElidedLabel(f"{wearer} {head.name} name", 8)
        self._name.setProperty("muted", True)
        self._name.show_text(title_text(head.name))
        self._answer = ElidedLabel(f"{wearer} {head.name} answer", 10, bold=True)
        self._note = ElidedLabel(f"{wearer} {head.name} note", 8)
        self._note.setProperty("muted", True)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for label in (self._name, self._answer, self._note):
            column.addWidget(label)

    def show_status(self, status: HeadStatus) -> None:
        """Show the state of the head."""
        self._status = status
        self._fit_answer()
        if status.note != self._note.text():
            self._note.show_text(status.note)
        set_style_property(self._answer, "muted", status.dim)

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Show as much of the answer as there is room for."""
        super().resizeEvent(event)
        self._fit_answer()

    def _fit_answer(self) -> None:
        """Show label and probability, or the label alone: half a number would be read as another."""
        line = head_line(self._status)
        if self._status.percent and self._answer.fontMetrics().horizontalAdvance(line) > self.width():
            line = self._status.label
        if line != self._answer.text():
            self._answer.show_text(line)

    def set_size(self, size: SizeClass, answer: int) -> None:
        """Set the sizes of the texts; ``answer`` is that of the answer."""
        self._name.set_size(size.caption)
        self._answer.set_size(answer)
        self._note.set_size(size.caption)
        self._note.setVisible(size.note)


def status_tooltip(status: TileStatus) -> str:
    """What the words of a tile mean now, for its tool tip."""
    notes = (head.note for head in status.heads)
    return tooltip_html(status.stream.text, *notes, status.reasons, status.recording.text)


def _text_width(text: str, size: int) -> int:
    """Width (px) of a bold text of so many points."""
    font = QtGui.QFont(QtWidgets.QApplication.font())
    font.setPointSize(size)
    font.setBold(True)
    return QtGui.QFontMetrics(font).horizontalAdvance(text)


def _show_badge(badge: Badge, tone: str, word: str) -> None:
    """Show a state in a badge, or as plain muted text in the quiet tone."""
    quiet = tone == QUIET_TONE
    badge.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
    _set_text(badge, capitalise(word.casefold()) if quiet else word)
    set_style_property(badge, "muted", quiet)
    set_style_property(badge, "tone", tone)


def _set_text(label: QtWidgets.QLabel, text: str) -> None:
    """Set a text if it is another: the same one again would lay out the tile again."""
    if label.text() != text:
        label.setText(text)
