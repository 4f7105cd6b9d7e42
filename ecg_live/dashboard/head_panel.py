"""The panel of a head: label, probability, state with its reason, and the probability over time."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.curve import ProbabilityCurve
from ecg_live.dashboard.theme import Palette, set_style_property
from ecg_live.dashboard.widgets import PANEL_MARGINS_PX, Badge, ElidedLabel, Panel, text_label
from ecg_live.presentation.formatting import title_text
from ecg_live.presentation.status import STATE_BADGES, HeadStatus
from ecg_live.results import HeadInfo, Prediction

TEXT_WIDTH_PX, COMPACT_TEXT_WIDTH_PX = 182, 164  # of the text, left of the curve


def head_grid(panels: Sequence[HeadPanel]) -> QtWidgets.QGridLayout:
    """Lay out panels in two columns; an odd last one spans both."""
    grid = QtWidgets.QGridLayout()
    grid.setSpacing(8)
    columns = min(2, len(panels))
    for index, panel in enumerate(panels):
        wide = index == len(panels) - 1 and index % 2 == 0
        grid.addWidget(panel, index // 2, index % 2, 1, columns if wide else 1)
    return grid


class HeadPanel(Panel):
    """Shows one head: `add` each prediction, `show_status` a few times a second."""

    def __init__(self, head: HeadInfo, palette: Palette) -> None:
        super().__init__(f"Head {head.name}")
        self.head = head
        self.status = HeadStatus("waiting")
        self.curve = ProbabilityCurve(head, palette)
        self._text = QtWidgets.QWidget()
        self._name = ElidedLabel(f"{head.name} name", 10)
        self._name.show_text(title_text(head.name))
        self._label = ElidedLabel(f"{head.name} label", 17, bold=True)
        self._percent = text_label(f"{head.name} probability", 12)
        self._badge = Badge(f"{head.name} state")
        self._note = text_label(f"{head.name} note", 9, muted=True)
        self._note.setWordWrap(True)
        self._note.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        self._lay_out()

    def _lay_out(self) -> None:
        self._text.setAccessibleName(f"{self.head.name} words")
        self._text.setFixedWidth(TEXT_WIDTH_PX)
        column = QtWidgets.QVBoxLayout(self._text)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        answer = QtWidgets.QHBoxLayout()
        answer.setSpacing(8)
        answer.addWidget(self._percent)
        answer.addWidget(self._badge)
        answer.addStretch(1)
        column.addWidget(self._name)
        column.addWidget(self._label)
        column.addLayout(answer)
        column.addWidget(self._note, 1)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(*PANEL_MARGINS_PX)
        row.setSpacing(10)
        row.addWidget(self._text)
        row.addWidget(self.curve, 1)

    def set_compact(self, *, compact: bool) -> None:
        """Leave less room for the text."""
        self._text.setFixedWidth(COMPACT_TEXT_WIDTH_PX if compact else TEXT_WIDTH_PX)

    def add(self, prediction: Prediction) -> None:
        """Add a prediction to the curve."""
        if self.head.name in prediction.heads:
            self.curve.add(prediction.stop, prediction.heads[self.head.name])

    def show_status(self, status: HeadStatus, now: float, hop: float) -> None:
        """Show the state of the head.

        Parameters
        ----------
        status : HeadStatus
        now : float
            Stream time, s; it continues without samples.
        hop : float
            Interval between predictions, s.
        """
        self.status = status
        self._label.show_text(status.label)
        self._percent.setText(status.percent)
        self._percent.setVisible(bool(status.percent))
        self._note.setText(status.note)
        self._note.setToolTip(status.note)
        for part in (self._label, self._percent):
            set_style_property(part, "muted", status.dim)
        self._badge.show_state(*STATE_BADGES[status.kind])
        self.setAccessibleDescription(
            f"{STATE_BADGES[status.kind][1]}: {status.label} {status.percent} {status.note}".strip()
        )
        self.curve.show_at(now, hop, end_label="end" if status.kind in ("ended", "error") else "now")
