"""Faults of a signal, each with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6 import QtWidgets

from ecg_live.dashboard.widgets import Badge, text_label
from ecg_live.presentation.signal_check import fault_line, fault_remedy
from ecg_live.preview_items import SignalFault

SHOWN_FAULTS = 3  # at once; the others follow once these are mended


class FaultList(QtWidgets.QWidget):
    """A line for each fault, and one below it with the remedy; rows keep their place."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Faults")
        self._rows = [_FaultRow() for _ in range(SHOWN_FAULTS)]
        self.calm = text_label("No fault", 11)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(self.calm)
        for row in self._rows:
            column.addWidget(row)
        column.addStretch(1)

    def show_faults(self, faults: Sequence[SignalFault], calm: str) -> None:
        """Show faults; without any, a ``calm`` text."""
        self.calm.setText(calm)
        self.calm.setVisible(not faults)
        for place, row in enumerate(self._rows):
            row.show_fault(faults[place] if place < len(faults) else None)

    @property
    def texts(self) -> tuple[str, ...]:
        """Lines of the faults shown."""
        return tuple(row.finding.text() for row in self._rows if not row.isHidden())


class _FaultRow(QtWidgets.QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Fault")
        self.badge = Badge("State of the fault")
        self.badge.show_state("warn", "NO-GO")
        self.finding = text_label("Fault in words", 11, bold=True)
        self.remedy = text_label("What to do", 10, muted=True)
        for label in (self.finding, self.remedy):
            label.setWordWrap(True)
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        grid.addWidget(self.badge, 0, 0)
        grid.addWidget(self.finding, 0, 1)
        grid.addWidget(self.remedy, 1, 1)
        grid.setColumnStretch(1, 1)

    def show_fault(self, fault: SignalFault | None) -> None:
        """Show a fault, or hide the row."""
        self.setVisible(fault is not None)
        if fault is not None:
            self.finding.setText(fault_line(fault))
            self.remedy.setText(fault_remedy(fault))
