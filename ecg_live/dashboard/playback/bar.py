"""The bar with which a recording is played: play and pause, the place, and the speed."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.widgets import text_label
from ecg_live.presentation.formatting import clock_text

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
STEPS_PER_S = 10  # of the slider
SMALL_STEP_S, LARGE_STEP_S = 1, 10


class PlaybackBar(QtWidgets.QWidget):
    """Signals what the user requests; `show_place` follows the recording.

    Parameters
    ----------
    duration : float
        Of the recording, s.
    """

    play_requested = QtCore.pyqtSignal()
    place_chosen = QtCore.pyqtSignal(float)  # s from the first sample
    speed_chosen = QtCore.pyqtSignal(float)

    def __init__(self, duration: float) -> None:
        super().__init__()
        self.setAccessibleName("Playback")
        self.play = QtWidgets.QPushButton("Pause  (Space)")
        self.play.setAccessibleName("Play or pause")
        self.play.setAutoDefault(True)
        self.play.setMinimumWidth(112)
        self.place = text_label("Place in the recording", 11, bold=True)
        self.length = text_label("Length of the recording", 10, muted=True)
        self.length.setText(f"/ {clock_text(duration)}")
        self.slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Place in the recording")
        self.slider.setRange(0, max(1, round(duration * STEPS_PER_S)))
        self.slider.setSingleStep(SMALL_STEP_S * STEPS_PER_S)
        self.slider.setPageStep(LARGE_STEP_S * STEPS_PER_S)
        self.slider.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        self.speed = QtWidgets.QComboBox()
        self.speed.setAccessibleName("Playback speed")
        self.speed.setToolTip("Playback speed")
        self.speed.addItems([f"{each:g} \N{MULTIPLICATION SIGN}" for each in SPEEDS])
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(10)
        for widget in (self.play, self.slider, self.place, self.length, self.speed):
            row.addWidget(widget, 1 if widget is self.slider else 0)
        self.play.clicked.connect(self.play_requested)
        self.slider.valueChanged.connect(lambda value: self.place_chosen.emit(value / STEPS_PER_S))
        self.speed.currentIndexChanged.connect(lambda index: self.speed_chosen.emit(SPEEDS[index]))
        self.show_place(0.0, playing=True)

    def add_button(self, button: QtWidgets.QPushButton) -> None:
        """Add a button at the right."""
        row = self.layout()
        if row is not None:
            row.addWidget(button)

    def show_place(self, at: float, *, playing: bool) -> None:
        """Show the place (s from the first sample), and whether it moves."""
        text = "Pause  (Space)" if playing else "Play  (Space)"
        if self.play.text() != text:
            self.play.setText(text)
        self.place.setText(clock_text(at))
        if not self.slider.isSliderDown():
            blocked = self.slider.blockSignals(True)  # only the user moves the place
            self.slider.setValue(round(at * STEPS_PER_S))
            self.slider.blockSignals(blocked)
