"""Top and foot of the window: title, source and model, the line that says how the stream is, the last event."""

from __future__ import annotations

from pyqtgraph.Qt import QtCore, QtWidgets

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.theme import set_style_property
from ecg_live.dashboard.widgets import ElidedLabel, text_label
from ecg_live.events import StreamInfo
from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.status import StatusLine

RESEARCH_USE_TEXT = "Research use only"


class SessionHeader(QtWidgets.QWidget):
    """Title, source, model, what is recorded, and what the whole is for."""

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
    """A word and a sentence on the colour of their tone, always as high, so that a message moves nothing.

    One that does not ``grow`` is as wide as its text, where there is room.
    """

    def __init__(self, name: str, *, grow: bool = True) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFixedHeight(30)
        self.strip = StatusLine("neutral", "", "")
        self._word = text_label(f"{name}: state", 10, bold=True)
        self._text = ElidedLabel(f"{name}: in words", 10)
        if not grow:
            self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Maximum, QtWidgets.QSizePolicy.Policy.Fixed)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(14)
        row.addWidget(self._word)
        row.addWidget(self._text, 1)

    def show_strip(self, strip: StatusLine) -> None:
        """Show a state."""
        if strip == self.strip:
            return
        self.strip = strip
        self._word.setText(strip.word)
        self._text.show_text(strip.text)
        self._text.setVisible(bool(strip.text))
        set_style_property(self, "tone", strip.tone)
        self.setAccessibleDescription(f"{strip.word}: {strip.text}")


class SessionFooter(QtWidgets.QStatusBar):
    """The last event, how the device's clock runs, and what everybody should know."""

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
