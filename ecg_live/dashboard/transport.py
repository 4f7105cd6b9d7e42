"""The controls below the trace: pause, live, scroll bar, speed and gain; and how many markers are set."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.ecg_grid import PAPER_GAINS, PAPER_SPEEDS_MM_S, PaperScale
from ecg_live.dashboard.widgets import text_label

AUTO_TEXT = "Auto gain"


class TransportBar(QtWidgets.QWidget):
    """Signals what the user requests. Positions are display indices after the last sample of a page."""

    pause_requested = QtCore.pyqtSignal()
    live_requested = QtCore.pyqtSignal()
    moved = QtCore.pyqtSignal(int)
    speed_chosen = QtCore.pyqtSignal(float)
    gain_chosen = QtCore.pyqtSignal(float)  # 0: automatic

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Trace controls")
        self.pause = QtWidgets.QPushButton("Pause")
        self.live = QtWidgets.QPushButton("Now")
        self.bar = QtWidgets.QScrollBar(QtCore.Qt.Orientation.Horizontal)
        self.count = text_label("Markers so far", 9, muted=True)
        self.speed = _combo_box(
            "Paper speed", [f"{speed:g} mm/s" for speed in PAPER_SPEEDS_MM_S], PAPER_SPEEDS_MM_S.index(25.0)
        )
        self.gain = _combo_box("Gain", [AUTO_TEXT, *(f"{10 * gain:g} mm/mV" for gain in PAPER_GAINS)], 0)
        self.gain.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.live.setObjectName("live")
        self.pause.setAccessibleName("Pause the trace")
        self.live.setAccessibleName("Back to the newest of the trace")
        self.bar.setAccessibleName("Scroll back through the last ten minutes")
        self.bar.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        self.pause.setToolTip("Space")
        self.live.setToolTip("L")
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 6)
        row.setSpacing(8)
        for widget in (self.pause, self.live, self.bar, self.count, self.speed, self.gain):
            row.addWidget(widget, 1 if widget is self.bar else 0)
        for button in (self.pause, self.live):
            button.setAutoDefault(True)  # Enter presses the button with the focus, as Space does
        self.pause.clicked.connect(self.pause_requested)
        self.live.clicked.connect(self.live_requested)
        self.bar.valueChanged.connect(self.moved)
        self.speed.currentIndexChanged.connect(lambda place: self.speed_chosen.emit(PAPER_SPEEDS_MM_S[place]))
        self.gain.currentIndexChanged.connect(lambda place: self.gain_chosen.emit((0.0, *PAPER_GAINS)[place]))
        self.show_paused(paused=False)
        self.show_markers(0, 0)

    @property
    def automatic(self) -> bool:
        """Whether the gain is automatic."""
        return self.gain.currentIndex() == 0

    def choose(self, scale: PaperScale, *, automatic: bool) -> None:
        """Set both boxes."""
        self.speed.setCurrentIndex(PAPER_SPEEDS_MM_S.index(scale.speed))
        self.gain.setCurrentIndex(0 if automatic else 1 + PAPER_GAINS.index(scale.gain))

    def step_speed(self, steps: int) -> None:
        """Select a faster or a slower paper speed."""
        self.speed.setCurrentIndex(min(max(0, self.speed.currentIndex() + steps), self.speed.count() - 1))

    def step_gain(self, steps: int, gain: float) -> None:
        """Select a larger or smaller gain than ``gain``; it is fixed from then on."""
        self.gain.setCurrentIndex(1 + min(max(0, PAPER_GAINS.index(gain) + steps), len(PAPER_GAINS) - 1))

    def show_gain(self, gain: float) -> None:
        """Show what the automatic gain is."""
        self.gain.setItemText(0, f"Auto {10 * gain:g} mm/mV")

    def show_paused(self, *, paused: bool) -> None:
        """Enable the controls that apply while paused, or while live."""
        self.live.setEnabled(paused)
        self.bar.setEnabled(paused)
        self.pause.setText("Resume" if paused else "Pause")

    def show_markers(self, count: int, pending: int) -> None:
        """Show how many markers are confirmed, and how many are pending."""
        self.count.setText(f"Markers: {count} set" + (f", {pending} pending" if pending else ""))

    def show_range(self, start: int, stop: int, span: int) -> None:
        """Set the range of the scroll bar: history ``start .. stop``, of which a page shows ``span`` samples."""
        self.bar.setSingleStep(MODEL_RATE_HZ)
        self.bar.setPageStep(span)
        self.bar.setRange(min(start + span, stop), stop)

    def show_position(self, stop: int) -> None:
        """Move the handle without a signal."""
        blocked = self.bar.blockSignals(True)
        self.bar.setValue(stop)
        self.bar.blockSignals(blocked)


def _combo_box(name: str, items: list[str], chosen: int) -> QtWidgets.QComboBox:
    box = QtWidgets.QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.addItems(items)
    box.setCurrentIndex(chosen)
    return box
