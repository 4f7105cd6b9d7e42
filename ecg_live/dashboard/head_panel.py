"""The panel of a head: its state in words, probability, confidence or reason, and the probability over time."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.curve import ProbabilityCurve
from ecg_live.dashboard.text_scale import fix_width, style_text
from ecg_live.dashboard.theme import Palette, set_style_property
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.dashboard.widgets import PANEL_MARGINS_PX, Badge, ElidedLabel, Panel, text_label
from ecg_live.presentation.formatting import title_text
from ecg_live.presentation.status import STATE_BADGES, HeadStatus
from ecg_live.results import HeadInfo, Prediction

WORDS_WIDTH_PX, CROWDED_WORDS_WIDTH_PX, COMPACT_WORDS_WIDTH_PX = 236, 182, 164  # left of the curve
LABEL_PT, CROWDED_LABEL_PT = 26, 17
PERCENT_PT, CROWDED_PERCENT_PT = 20, 12


def head_grid(panels: Sequence[HeadPanel], *, columns: int = 2) -> QtWidgets.QGridLayout:
    """Lay out panels in columns; an odd last one spans both."""
    grid = QtWidgets.QGridLayout()
    grid.setSpacing(8)
    columns = min(columns, len(panels)) or 1
    for index, panel in enumerate(panels):
        wide = index == len(panels) - 1 and index % columns == 0
        grid.addWidget(panel, index // columns, index % columns, 1, columns if wide else 1)
    return grid


class HeadPanel(Panel):
    """Shows one head: `add` each prediction, `show_status` a few times a second.

    Parameters
    ----------
    head : HeadInfo
    palette : Palette
    timeline : SessionTimeline, optional
        Gives the curve markers and baselines.
    crowded : bool
        There are other panels beside or above this one: letters are smaller.
    """

    def __init__(
        self, head: HeadInfo, palette: Palette, timeline: SessionTimeline | None = None, *, crowded: bool = False
    ) -> None:
        super().__init__(f"Head {head.name}")
        self.head = head
        self.status = HeadStatus("waiting")
        self._crowded = crowded
        self.curve = ProbabilityCurve(head, palette, timeline)
        self._words = QtWidgets.QWidget()
        self._name = ElidedLabel(f"{head.name} name", 10)
        self._name.show_text(title_text(head.name))
        self._label = ElidedLabel(f"{head.name} label", LABEL_PT, bold=True)
        self._percent = text_label(f"{head.name} probability", PERCENT_PT)
        self._badge = Badge(f"{head.name} state")
        self._note = text_label(f"{head.name} note", 9, muted=True)
        self._note.setWordWrap(True)
        self._note.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        self._lay_out()
        self.set_compact(compact=False)

    def _lay_out(self) -> None:
        self._words.setAccessibleName(f"{self.head.name} words")
        column = QtWidgets.QVBoxLayout(self._words)
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
        row.addWidget(self._words)
        row.addWidget(self.curve, 1)

    def set_compact(self, *, compact: bool) -> None:
        """Leave less room for the words."""
        small = compact or self._crowded
        fix_width(
            self._words, COMPACT_WORDS_WIDTH_PX if compact else CROWDED_WORDS_WIDTH_PX if small else WORDS_WIDTH_PX
        )
        self._label.set_size(CROWDED_LABEL_PT if small else LABEL_PT)
        style_text(self._percent, CROWDED_PERCENT_PT if small else PERCENT_PT)

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
