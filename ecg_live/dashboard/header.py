"""Header of the window: who is measured, from what, and the buttons; and the banner that shows a state in a line."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.action_bar import ActionBar
from ecg_live.dashboard.theme import set_style_property
from ecg_live.dashboard.widgets import ElidedLabel, text_label
from ecg_live.events import StreamInfo
from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.status import StatusLine

TITLE_PT, COMPACT_TITLE_PT = 17, 13
ONE_LINE_SPACING_PX = 14


class SessionHeader(QtWidgets.QWidget):
    """Participant and session as the title, source and model below, buttons, and the state of the recording.

    Parameters
    ----------
    title : str
        Participant and session.
    source, model : str
        Names of what is shown and of the session's model.
    info : StreamInfo
    actions : ActionBar
    """

    def __init__(self, title: str, source: str, model: str, info: StreamInfo, actions: ActionBar) -> None:
        super().__init__()
        self.setAccessibleName("Title")
        self.title = ElidedLabel("Participant and session", TITLE_PT, bold=True)
        self.title.show_text(title)
        self.about = ElidedLabel("Source and model", 10)
        self.about.setProperty("muted", True)
        signal = (", ".join(info.channels), f"{info.rate:g} Hz") if info.channels else (capitalise(NO_ECG),)
        names = dict.fromkeys((source, info.name))  # one name twice is no news
        parts = (*names, *signal, f"model {model}" if model else "")
        self.about.show_text("   ·   ".join(part for part in parts if part))
        self.recording = StatusBanner("Recording", grow=False)
        self.recording.show_line(StatusLine("neutral", "NOT RECORDING", ""))
        self._words = QtWidgets.QBoxLayout(QtWidgets.QBoxLayout.Direction.TopToBottom)
        self._words.setSpacing(0)
        self._words.addWidget(self.title)
        self._words.addWidget(self.about, 1)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(12)
        row.addLayout(self._words, 1)
        row.addWidget(actions, 0, QtCore.Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.recording, 0, QtCore.Qt.AlignmentFlag.AlignVCenter)

    def set_size_class(self, *, compact: bool, tight: bool) -> None:
        """Show the title alone where the window is small, and all in one line where it lacks height."""
        self.about.setVisible(not compact)
        self.title.set_size(COMPACT_TITLE_PT if compact or tight else TITLE_PT)
        directions = QtWidgets.QBoxLayout.Direction
        self._words.setDirection(directions.LeftToRight if tight else directions.TopToBottom)
        self._words.setSpacing(ONE_LINE_SPACING_PX if tight else 0)


class StatusBanner(QtWidgets.QFrame):
    """A `StatusLine` on the colour of its tone, of constant height, so that a message moves nothing.

    Parameters
    ----------
    name : str
        Accessible name.
    grow : bool
        Whether the banner takes all the width there is, or that of its text.
    """

    def __init__(self, name: str, *, grow: bool = True) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.line = StatusLine("neutral", "", "")
        self._word = text_label(f"{name}: state", 11, bold=True)
        self._text = ElidedLabel(f"{name}: in words", 10)
        fixed = QtWidgets.QSizePolicy.Policy.Fixed
        self.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Preferred if grow else QtWidgets.QSizePolicy.Policy.Maximum, fixed
        )
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(14)
        row.addWidget(self._word)
        row.addWidget(self._text, 1)

    def show_line(self, line: StatusLine) -> None:
        """Show a state."""
        if line == self.line:
            return
        self.line = line
        self._word.setText(line.word)
        self._text.show_text(line.text)
        self._text.setVisible(bool(line.text))
        set_style_property(self, "tone", line.tone)
        self.setAccessibleDescription(f"{line.word}: {line.text}")
