"""The page between choice and session: go or no-go for the signal, with the electrodes' places."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.desk.preview_panel import PreviewPanel
from ecg_live.dashboard.signal_check.electrode_figure import ElectrodeFigure
from ecg_live.dashboard.signal_check.fault_list import FaultList
from ecg_live.dashboard.signal_check.progress_ring import ProgressRing
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.widgets import Panel, text_label
from ecg_live.presentation.electrodes import LAYOUTS, electrode_layout
from ecg_live.presentation.signal_check import check_note, fault_names, progress_line, with_silence
from ecg_live.presentation.status import Tone
from ecg_live.preview_items import NEEDED_GOOD_S, SignalVerdict
from ecg_live.protocols import Preview

GO_TEXT = "The signal is good. Start the session."
WAITING_TEXT = "No fault so far. The wearer sits still for a few seconds."
CONNECTING_TEXT = "The source is being opened."


class SignalCheckPage(QtWidgets.QWidget):
    """Shows the verdict on a preview; the experimenter may go on with a fault, which is noted.

    Parameters
    ----------
    palette : Palette
    """

    left = QtCore.pyqtSignal()
    started = QtCore.pyqtSignal(str)  # the note for the recording

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setAccessibleName("Signal check")
        self.panel = PreviewPanel(palette, "Signal", judged=True)
        self.ring = ProgressRing(palette)
        self.faults = FaultList()
        self.figure = ElectrodeFigure(palette, LAYOUTS["generic"])
        self.figure_title = text_label("Kind of electrodes", 12, bold=True)
        self.advice = text_label("Advice on the electrodes", 10, muted=True)
        self.places = text_label("Places of the electrodes", 9, muted=True)
        self.back = QtWidgets.QPushButton("Back")
        self.anyway = QtWidgets.QPushButton("Start anyway")
        self.start = QtWidgets.QPushButton("Start session")
        self._lay_out()
        self.back.clicked.connect(self.left)
        self.anyway.clicked.connect(lambda: self.started.emit(check_note(self.verdict)))
        self.start.clicked.connect(lambda: self.started.emit(check_note(self.verdict)))

    @property
    def verdict(self) -> SignalVerdict | None:
        """The verdict by now; None while the source is not open."""
        verdict = self.panel.verdict
        return None if verdict is None else with_silence(verdict, self.panel.age)

    def follow(self, preview: Preview | None, source: str, name: str) -> None:
        """Check another source."""
        self.panel.follow(preview, name)
        layout = electrode_layout(source, name)
        self.figure.show_layout(layout)
        self.figure_title.setText(layout.title)
        self.advice.setText(layout.advice)
        self.places.setText("\n".join(f"{each.label}: {each.place}" for each in layout.electrodes))
        self.show_status()

    def show_status(self) -> None:
        """Show the verdict by now."""
        self.panel.show_status()
        verdict = self.verdict
        go = verdict is not None and verdict.go
        self.start.setEnabled(go)
        self.start.setDefault(go)
        self.anyway.setVisible(not go)
        if verdict is None:
            self.ring.show_progress(0.0, "info", "--", "not open")
            self.faults.show_faults((), CONNECTING_TEXT)
            return
        tone: Tone = "live" if go else "warn" if verdict.faults else "info"
        word = "GO" if go else "NO-GO" if verdict.faults else f"{verdict.good:.0f} s"
        line = "good signal" if go else "fault" if verdict.faults else f"of {NEEDED_GOOD_S:.0f} s good"
        self.ring.show_progress(verdict.good / NEEDED_GOOD_S, tone, word, line)
        self.faults.show_faults(verdict.faults, GO_TEXT if go else WAITING_TEXT)
        self.figure.show_off(tuple(name for fault in verdict.faults for name in fault.electrodes))
        self.anyway.setToolTip(f"Noted in the recording: {fault_names(verdict.faults) or progress_line(verdict)}")

    def restyle(self, palette: Palette) -> None:
        """Change the colours."""
        for part in (self.panel, self.ring, self.figure):
            part.restyle(palette)

    def _lay_out(self) -> None:
        verdict = Panel("Verdict")
        row = QtWidgets.QHBoxLayout(verdict)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(20)
        row.addWidget(self.ring)
        row.addWidget(self.faults, 1)
        verdict.setMinimumHeight(170)
        figure = Panel("Electrodes")
        column = QtWidgets.QVBoxLayout(figure)
        column.setContentsMargins(16, 14, 16, 14)
        for label in (self.advice, self.places):
            label.setWordWrap(True)
        column.addWidget(self.figure_title)
        column.addWidget(self.figure, 1)
        column.addWidget(self.places)
        column.addWidget(self.advice)
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(10)
        grid.addWidget(verdict, 0, 0)
        grid.addWidget(self.panel, 1, 0)
        grid.addWidget(figure, 0, 1, 2, 1)
        grid.addLayout(self._buttons(), 2, 0, 1, 2)
        grid.setRowStretch(1, 1)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 3)

    def _buttons(self) -> QtWidgets.QHBoxLayout:
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(10)
        self.start.setObjectName("primary")
        for button in (self.back, self.anyway, self.start):
            button.setAccessibleName(button.text())
            button.setMinimumHeight(38)
        row.addWidget(self.back)
        row.addStretch(1)
        row.addWidget(self.anyway)
        row.addWidget(self.start)
        return row
