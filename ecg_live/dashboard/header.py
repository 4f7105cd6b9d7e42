"""Header and footer of the window, and the banner that shows a state in a line."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.theme import set_style_property
from ecg_live.dashboard.widgets import ElidedLabel, text_label
from ecg_live.events import StreamInfo
from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.status import StatusLine

RESEARCH_USE_TEXT = "Research use only"


class SessionHeader(QtWidgets.QWidget):
    """Title, source, model, state of the recording, and intended use.

    Parameters
    ----------
    title, model : str
        Names of the session and of its model.
    info : StreamInfo
    """

    def __init__(self, title: str, model: str, info: StreamInfo) -> None:
        super().__init__()
        self.setAccessibleName("Title")
        name = text_label("Session title", 14, bold=True)
        name.setText(title)
        about = ElidedLabel("Source and model", 10)
        about.setProperty("muted", True)
        signal = (", ".join(info.channels), f"{info.rate:g} Hz") if info.channels else (capitalise(NO_ECG),)
        parts = (info.name, *signal, f"model {model}" if model else "")
        about.show_text("   ·   ".join(part for part in parts if part))
        self.recording = StatusBanner("Recording", grow=False)
        self.tag = text_label(RESEARCH_USE_TEXT, 9, bold=True)
        self.tag.setObjectName("tag")
        self.tag.setText(RESEARCH_USE_TEXT)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(16)
        row.addWidget(name)
        row.addWidget(about, 1, QtCore.Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.recording)
        row.addWidget(self.tag)


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
        self.setFixedHeight(30)
        self.line = StatusLine("neutral", "", "")
        self._word = text_label(f"{name}: state", 10, bold=True)
        self._text = ElidedLabel(f"{name}: in words", 10)
        if not grow:
            self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Maximum, QtWidgets.QSizePolicy.Policy.Fixed)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
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


class SessionFooter(QtWidgets.QStatusBar):
    """Last event, drift of the device's clock, the main keys and the intended use."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Status")
        self.setSizeGripEnabled(False)
        self.setContentsMargins(10, 0, 10, 4)
        self.event_line = ElidedLabel("Last event", 9)
        self.clock_line = ElidedLabel("Device clock", 9)
        self.clock_line.setProperty("muted", True)
        hint = text_label("Hint", 9, muted=True)
        hint.setText(f"{RESEARCH_USE_TEXT}   ·   Space pause   ·   M marker   ·   R record   ·   ? keys")
        self.addWidget(self.event_line, 2)
        self.addWidget(self.clock_line, 1)
        self.addPermanentWidget(hint)
