"""The labels of the markers, in a row below the trace."""

from __future__ import annotations

from itertools import pairwise

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import PULSE_MARGIN_PX, painter_on
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.widgets import style_text, tooltip_html
from ecg_live.text import sanitize

LABEL_HEIGHT_PX = 18
LABEL_PADDING_PX = 4  # between a marker's line and its text
MIN_LABEL_WIDTH_PX = 12  # with less room only the line is drawn

LabelPositions = tuple[tuple[float, str], ...]


class MarkerLabels(QtWidgets.QWidget):
    """Texts of the markers below their lines; painted only when they change."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self.labels: LabelPositions = ()
        self.setFixedHeight(LABEL_HEIGHT_PX)
        self.setAccessibleName("Markers on the trace")
        style_text(self, 8)

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self._palette = palette
        self.update()

    def show_labels(self, labels: LabelPositions) -> None:
        """Show texts at the x positions (pixels) of their lines, from left to right."""
        labels = tuple((x, sanitize(text)) for x, text in labels)
        if labels == self.labels:
            return
        self.labels = labels
        texts = [text for _, text in self.labels]
        self.setToolTip(tooltip_html(*texts))
        self.setAccessibleDescription(", ".join(texts))
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw the end of each line, and its text elided to the room before the next."""
        with painter_on(self) as painter:
            painter.fillRect(self.rect(), QtGui.QColor(self._palette.paper))
            painter.setPen(QtGui.QColor(self._palette.muted))
            painter.drawText(QtCore.QRect(6, 0, PULSE_MARGIN_PX, LABEL_HEIGHT_PX), _ALIGN_VCENTER, "Markers")
            for (x, text), (following, _) in pairwise((*self.labels, (float(self.width()), ""))):
                painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.marker), 1))
                painter.drawLine(QtCore.QLineF(x, 0, x, LABEL_HEIGHT_PX))
                room = int(following - x) - LABEL_PADDING_PX
                if room >= MIN_LABEL_WIDTH_PX:
                    painter.setPen(QtGui.QColor(self._palette.text))
                    short = self.fontMetrics().elidedText(text, QtCore.Qt.TextElideMode.ElideRight, room)
                    painter.drawText(
                        QtCore.QRectF(x + LABEL_PADDING_PX, 0, room, LABEL_HEIGHT_PX), _ALIGN_VCENTER, short
                    )


_ALIGN_VCENTER = QtCore.Qt.AlignmentFlag.AlignVCenter.value
