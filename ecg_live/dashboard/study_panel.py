"""The experimenter's panel of a study: the block, its countdown, what comes next, buttons, and the named keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.text_scale import scale_texts, text_scale
from ecg_live.dashboard.theme import TONE_COLOURS
from ecg_live.dashboard.widgets import ElidedLabel, text_label, tooltip_html
from ecg_live.presentation.formatting import capitalise
from ecg_live.study.key_markers import NamedKeyStatus
from ecg_live.study.run import StudyStatus
from ecg_live.study.wording import (
    advance_text,
    block_name,
    coming_text,
    countdown_text,
    loss_text,
    place_text,
    state_text,
)
from ecg_live.text import sanitize

NEXT_KEY, UNDO_KEY, PARTICIPANT_KEY = "N", "Ctrl+Z", "P"
MAX_NAME_CHARACTERS = 32  # of a block
LEGEND_CHARACTERS = 80  # of the names of all keys, within the narrowest window that is not compact
PROGRESS_STEPS = 1000
ROOM_PX: dict[bool, tuple[tuple[int, int, int, int], int, int]] = {  # margins, spacing, height of the progress
    False: ((12, 6, 12, 6), 5, 6),
    True: ((12, 2, 12, 2), 2, 4),
}


class StudyPanel(QtWidgets.QFrame):
    """Two rows: the block with its buttons, and the named keys.

    Attributes
    ----------
    advance_asked, repeat_asked, skip_asked, abort_asked, undo_asked, participant_asked : signals
        A button was pressed.
    key_asked : signal of str
        The button of a named key was pressed.
    """

    advance_asked = QtCore.pyqtSignal()
    repeat_asked = QtCore.pyqtSignal()
    skip_asked = QtCore.pyqtSignal()
    abort_asked = QtCore.pyqtSignal()
    undo_asked = QtCore.pyqtSignal()
    participant_asked = QtCore.pyqtSignal()
    key_asked = QtCore.pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("Study")
        self.place = text_label("Place of the block", 10, muted=True)
        self.block = text_label("Block", 13, bold=True)
        self.time = text_label("Time of the block", 13, bold=True)
        self.coming = ElidedLabel("What comes next", 10)
        self.note = ElidedLabel("Loss in this block", 10)
        self.progress = QtWidgets.QProgressBar()
        self.advance = self._button("Next block", self.advance_asked.emit, f"Next block ({NEXT_KEY})")
        self.repeat = self._button("Repeat", self.repeat_asked.emit, "Have the block run again; it waits for the key")
        self.skip = self._button("Skip", self.skip_asked.emit, "Leave the block out, and go on")
        self.stop = self._button("Stop block", self.abort_asked.emit, "Break the block off; the next one waits")
        self.undo = self._button("Undo", self.undo_asked.emit, f"Take the newest marker back ({UNDO_KEY})")
        self.participant = self._button(
            f"Participant's window  ({PARTICIPANT_KEY})", self.participant_asked.emit, "Show it, or close it"
        )
        self.participant.setCheckable(True)
        self.keys: dict[str, QtWidgets.QPushButton] = {}
        self._legend = QtWidgets.QHBoxLayout()
        self._column = QtWidgets.QVBoxLayout(self)
        self._tight = False
        self._lay_out()

    def set_tight(self, *, tight: bool) -> None:
        """Take less height, or the usual."""
        self._tight = tight
        margins, spacing, progress = ROOM_PX[tight]
        self._column.setContentsMargins(*margins)
        self._column.setSpacing(spacing)
        self.progress.setFixedHeight(progress)
        for button in self.findChildren(QtWidgets.QPushButton):
            self._size_button(button)

    def _size_button(self, button: QtWidgets.QPushButton) -> None:
        """Make a button as high as there is room."""
        button.setObjectName("small" if self._tight else "")
        if (style := button.style()) is not None:
            style.polish(button)

    def show_status(self, status: StudyStatus, *, participant: bool = False) -> None:
        """Show where the study is; ``participant``: the participant's window is open."""
        self.participant.setChecked(participant)
        course = status.course
        self.place.setText("" if course.block is None else f"Block {place_text(course)}")
        name = sanitize(block_name(course))
        name = _cut(name, MAX_NAME_CHARACTERS)
        self.block.setText(capitalise(name) if course.block is None else name)
        instruction = course.block.instruction if course.block is not None else ""
        self.block.setToolTip(tooltip_html(*instruction.splitlines()))
        left = course.seconds_left
        self.time.setText(state_text(status) if left is None else countdown_text(left))
        self.coming.show_text(coming_text(course))
        self.note.show_text(loss_text(status))
        self._show_progress(status)
        self._show_buttons(status)
        for key in status.keys:
            self._show_key(key, LEGEND_CHARACTERS // len(status.keys))

    def _show_progress(self, status: StudyStatus) -> None:
        course = status.course
        total = course.block.seconds if course.block is not None and course.phase == "running" else None
        self.progress.setVisible(total is not None)
        if total is not None:
            self.progress.setValue(round(PROGRESS_STEPS * min(1.0, course.elapsed / total)))

    def _show_buttons(self, status: StudyStatus) -> None:
        course = status.course
        able = status.started and course.phase != "finished"
        text = _cut(sanitize(advance_text(course)) or "Next block", MAX_NAME_CHARACTERS)
        if self.advance.accessibleName() != text:
            self.advance.setText(f"{text}  ({NEXT_KEY})".replace("&", "&&"))
            self.advance.setAccessibleName(text)
        self.advance.setEnabled(able)
        self.skip.setEnabled(able and course.phase == "waiting")
        self.stop.setEnabled(able and course.phase == "running")
        self.repeat.setEnabled(status.started and (course.number > 1 or course.phase != "waiting"))

    def _show_key(self, key: NamedKeyStatus, room: int) -> None:
        """Show a key; its name in so many characters, with the rest in its tool tip."""
        button = self.keys.get(key.key)
        if button is None:
            button = self._button(key.name, partial(self.key_asked.emit, key.key), tooltip_html(key.name))
            self.keys[key.key] = button
            self._legend.insertWidget(len(self.keys) - 1, button)
            button.setCheckable(key.interval)
            self._size_button(button)
            scale_texts(button, text_scale(self))
        runs = " ●" if key.open else ""
        times = f" · {key.count}" if key.count else ""
        text = f"{key.key}{runs}  {_middle_cut(sanitize(key.name), room)}{times}".replace("&", "&&")
        if button.text() != text:
            button.setText(text)
            button.setAccessibleDescription(f"key {key.key}, {key.count} times{', runs' if key.open else ''}")
        button.setChecked(key.open)

    @staticmethod
    def _button(name: str, then: Callable[[], object], tip: str) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(name.replace("&", "&&"))
        button.setAccessibleName(name)
        button.setToolTip(tip)
        button.setAutoDefault(True)  # Enter presses the button with the focus, as Space does
        button.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _checked: then())
        return button

    def _lay_out(self) -> None:
        self.progress.setRange(0, PROGRESS_STEPS)
        self.progress.setTextVisible(False)
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing moves when a block begins
        self.progress.setSizePolicy(policy)
        chosen = TONE_COLOURS["info"]
        self.setStyleSheet(f"QPushButton:checked {{ background: {chosen[0]}; color: {chosen[1]}; }}")
        self.progress.setAccessibleName("Progress of the block")
        self.coming.setProperty("muted", True)
        top = QtWidgets.QHBoxLayout()
        top.setSpacing(12)
        for label in (self.place, self.block, self.time):
            top.addWidget(label)
        top.addWidget(self.coming, 1)
        buttons = QtWidgets.QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.advance, self.repeat, self.skip, self.stop):
            buttons.addWidget(button)
        top.addLayout(buttons)
        bottom = QtWidgets.QHBoxLayout()
        bottom.setSpacing(6)
        bottom.addLayout(self._legend)
        bottom.addWidget(self.undo)
        bottom.addWidget(self.note, 1)
        bottom.addWidget(self.participant)
        self._column.addLayout(top)
        self._column.addWidget(self.progress)
        self._column.addLayout(bottom)
        self.set_tight(tight=False)


def _cut(text: str, longest: int) -> str:
    """A text of no more than so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _middle_cut(text: str, longest: int) -> str:
    """A text of no more than so many characters, with its end, which tells numbered names apart."""
    tail = longest // 2 - 1
    return text if len(text) <= longest else f"{text[: longest - tail - 1]}…{text[len(text) - tail :]}"
