"""Where the parts of the main window lie: affect and vital signs first, then the session, then the trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.head_panel import HeadPanel, head_grid
from ecg_live.dashboard.header import SessionHeader, StatusBanner
from ecg_live.dashboard.plane import PlanePanel
from ecg_live.dashboard.status_row import StatusRow
from ecg_live.dashboard.study_panel import StudyPanel
from ecg_live.dashboard.timeline.panel import TimelinePanel
from ecg_live.dashboard.trace_panel import TracePanel
from ecg_live.dashboard.vitals import VitalsPanel
from ecg_live.dashboard.widgets import ScrollableBody

SPACING_PX, TIGHT_SPACING_PX = 7, 3
MARGINS_PX, TIGHT_MARGINS_PX = (10, 8, 10, 2), (10, 3, 10, 0)
PLANE_FROM_PX = 1260  # width of a window with room for three or more heads and the plane
SHARES = (340, 320, 340)  # of the height: affect with vital signs, the timeline, and the trace


class WindowParts(Protocol):
    """The parts that a main window has."""

    header: SessionHeader
    study_panel: StudyPanel
    failure_banner: StatusBanner
    status_banner: StatusBanner
    panels: list[HeadPanel]
    plane: PlanePanel | None
    vitals: VitalsPanel
    timeline: TimelinePanel
    trace: TracePanel
    status_row: StatusRow


class WindowBody:
    """Lays out the parts of a main window; the user moves the borders between them."""

    def __init__(self, parts: WindowParts) -> None:
        self._parts = parts
        self.splitter = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        self.splitter.setAccessibleName("Affect, session and trace")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(SPACING_PX)
        for part, share in zip((self._top(), parts.timeline, parts.trace), SHARES, strict=True):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, share)
        self._moved = False  # by the user
        self.splitter.splitterMoved.connect(self._keep_borders)
        body = QtWidgets.QWidget()
        body.setAccessibleName("Dashboard")
        self._column = QtWidgets.QVBoxLayout(body)
        self._column.setContentsMargins(*MARGINS_PX)
        self._column.setSpacing(SPACING_PX)
        for part in (parts.study_panel, parts.failure_banner):
            part.hide()
        for line in (parts.header, parts.study_panel, parts.failure_banner, parts.status_banner):
            self._column.addWidget(line)
        self._column.addWidget(self.splitter, 1)
        self.scroll_area = ScrollableBody(body)

    def _top(self) -> QtWidgets.QWidget:
        top = QtWidgets.QWidget()
        top.setAccessibleName("Affect and vital signs")
        row = QtWidgets.QHBoxLayout(top)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING_PX)
        beside_plane = self._parts.plane is not None and len(self._parts.panels) <= 2
        row.addLayout(head_grid(self._parts.panels, columns=1 if beside_plane else 2), 1)
        if self._parts.plane is not None:
            row.addWidget(self._parts.plane)
        row.addWidget(self._parts.vitals)
        return top

    def fit_plane(self, width: int, *, compact: bool) -> None:
        """Show the plane where panels beside it keep their room, in a window of this width (px)."""
        if self._parts.plane is not None:
            needed = PLANE_FROM_PX if len(self._parts.panels) > 2 else 0
            self._parts.plane.setVisible(not compact and width >= needed)

    def share_height(self) -> None:
        """Share the height among the parts, unless the user has moved a border."""
        if not self._moved:
            self.splitter.setSizes(SHARES)

    def _keep_borders(self) -> None:
        self._moved = True

    def set_size_class(self, *, compact: bool, tight: bool) -> None:
        """Lay out the parts for the size of the window.

        Parameters
        ----------
        compact : bool
            The window is small: parts are closer together, and there is no timeline.
        tight : bool
            A study's panel takes height that the others need: lines and what is between them are lower.
        """
        self._parts.timeline.setVisible(not compact)
        sized: Sequence[VitalsPanel | StatusRow | HeadPanel] = (
            self._parts.vitals,
            self._parts.status_row,
            *self._parts.panels,
        )
        for part in sized:
            part.set_compact(compact=compact)
        self._parts.header.set_size_class(compact=compact, tight=tight)
        self._parts.trace.set_compact(compact=compact or tight)
        self._parts.study_panel.set_tight(tight=tight)
        self._column.setContentsMargins(*(TIGHT_MARGINS_PX if tight else MARGINS_PX))
        self._column.setSpacing(TIGHT_SPACING_PX if tight else SPACING_PX)
        self.splitter.setHandleWidth(TIGHT_SPACING_PX if tight else SPACING_PX)
