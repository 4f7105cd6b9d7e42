"""The panel of the trace: the sweep, the labels of its markers, and the controls; pausing and scrolling."""

from __future__ import annotations

from dataclasses import replace

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.auto_gain import CHECK_SAMPLES, LOOK_BACK_SAMPLES, fitted_scale, typical_range
from ecg_live.dashboard.ecg_grid import PaperScale, painter_on
from ecg_live.dashboard.ecg_trace import SweepView
from ecg_live.dashboard.text_scale import fix_height, style_text
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.timeline.annotations import place_texts
from ecg_live.dashboard.transport import TransportBar
from ecg_live.dashboard.widgets import Panel, tooltip_html
from ecg_live.presentation.markers import MarkerLog
from ecg_live.presentation.trace_history import TraceHistory
from ecg_live.text import sanitize

MIN_TRACE_HEIGHT_PX, COMPACT_TRACE_HEIGHT_PX = 100, 84
LABEL_HEIGHT_PX = 18

LabelPositions = tuple[tuple[float, str], ...]
_ALIGN_VCENTER = QtCore.Qt.AlignmentFlag.AlignVCenter.value


class TracePanel(Panel):
    """Shows the trace; the user pauses, scrolls and scales it.

    Parameters
    ----------
    palette : Palette
    markers : MarkerLog
    note : str
        Text instead of the trace, for a device without ECG.
    """

    pause_changed = QtCore.pyqtSignal()

    def __init__(self, palette: Palette, markers: MarkerLog, note: str = "") -> None:
        super().__init__("ECG")
        self.history = TraceHistory()
        self._looked = -CHECK_SAMPLES  # newest sample when the automatic gain was last fitted
        self.sweep = SweepView(self.history, palette, markers, note)
        self.sweep.setMinimumHeight(MIN_TRACE_HEIGHT_PX)
        self.labels = MarkerLabels(palette)
        self.transport = TransportBar()
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.sweep, 1)
        column.addWidget(self.labels)
        column.addWidget(self.transport)
        self.transport.pause_requested.connect(self.toggle_pause)
        self.transport.live_requested.connect(self.go_live)
        self.transport.moved.connect(self.sweep.show_page)
        self.transport.speed_chosen.connect(lambda speed: self._set_scale(replace(self.sweep.scale, speed=speed)))
        self.transport.gain_chosen.connect(self._choose_gain)
        self.sweep.scrolled.connect(lambda notches: self.scroll_seconds(-notches))

    @property
    def paused(self) -> bool:
        """Whether the trace is paused."""
        return self.sweep.page is not None

    def draw_frame(self) -> None:
        """Draw the samples that are new in the history, and the labels."""
        self.sweep.advance()
        self.labels.show_labels(self.sweep.labels())

    def show_range(self) -> None:
        """Set the scroll bar to the page and the history."""
        page = self.sweep.page
        blocked = self.transport.bar.blockSignals(True)  # only the user moves the page
        self.transport.show_range(self.history.start, self.history.stop, self.sweep.span)
        self.transport.show_position(self.history.stop if page is None else page)
        self.transport.bar.blockSignals(blocked)

    def toggle_pause(self) -> None:
        """Pause or resume the trace. Nothing else stops."""
        if self.paused:
            self.go_live()
        else:
            self.sweep.show_page(self.history.stop)
            self._show_pause()

    def go_live(self) -> None:
        """Resume the trace from the newest sample."""
        self.sweep.resume()
        self._show_pause()

    def _show_pause(self) -> None:
        self.transport.show_paused(paused=self.paused)
        self.sweep.setFocus()
        self.show_range()
        self.pause_changed.emit()

    def scroll_by(self, samples: int) -> None:
        """While paused, move the page by so many samples, within the history."""
        if self.sweep.page is not None:
            self.show_range()
            self.transport.bar.setValue(self.sweep.page + samples)

    def scroll_seconds(self, seconds: int) -> None:
        """While paused, move the page by so many seconds, within the history."""
        self.scroll_by(seconds * MODEL_RATE_HZ)

    def scroll_pages(self, pages: int) -> None:
        """While paused, move the page by its own width, within the history."""
        self.scroll_by(pages * self.sweep.span)

    def step_gain(self, steps: int) -> None:
        """Choose the next larger or smaller gain."""
        self.transport.step_gain(steps, self.sweep.scale.gain)

    def step_speed(self, steps: int) -> None:
        """Choose the next faster or slower paper speed."""
        self.transport.step_speed(steps)

    def restore_scale(self, scale: PaperScale, *, automatic: bool) -> None:
        """Return to a scale that was chosen before."""
        self._set_scale(scale)
        self.transport.choose(scale, automatic=automatic)

    def _choose_gain(self, gain: float) -> None:
        """Fix the gain, with 0 mV in the middle, or let it be automatic (0)."""
        if gain:
            self._set_scale(replace(self.sweep.scale, gain=gain, shift=0))
        self._looked = -CHECK_SAMPLES

    def fit_gain(self, *, usable: bool) -> None:
        """Fit an automatic gain to what has come, if it is a while ago that this was done and the signal is usable."""
        stop = self.history.stop
        if self.paused or not (usable and self.transport.automatic and stop - self._looked >= CHECK_SAMPLES):
            return
        samples = self.history.read(max(self.history.start, stop - LOOK_BACK_SAMPLES), stop)
        self._looked = stop if typical_range(samples) else self._looked
        self._set_scale(fitted_scale(self.sweep.scale, samples, self.sweep.height()))
        self.transport.show_gain(self.sweep.scale.gain)

    def _set_scale(self, scale: PaperScale) -> None:
        if scale != self.sweep.scale:
            self.sweep.restyle(scale=scale)
            self.show_range()

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self.sweep.restyle(palette=palette)
        self.labels.restyle(palette)

    def set_compact(self, *, compact: bool) -> None:
        """Let the trace be lower, or as high as usual."""
        self.sweep.setMinimumHeight(COMPACT_TRACE_HEIGHT_PX if compact else MIN_TRACE_HEIGHT_PX)


class MarkerLabels(QtWidgets.QWidget):
    """Texts of the markers below their lines; painted only when they change."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self.labels: LabelPositions = ()
        fix_height(self, LABEL_HEIGHT_PX)
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
        """Draw the end of each line, and its text at the side with room."""
        with painter_on(self) as painter:
            painter.fillRect(self.rect(), QtGui.QColor(self._palette.paper))
            painter.setPen(QtGui.QColor(self._palette.muted))
            painter.drawText(QtCore.QRect(6, 0, self.width(), self.height()), _ALIGN_VCENTER, "Markers")
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.marker), 1))
            for x, _ in self.labels:
                painter.drawLine(QtCore.QLineF(x, 0, x, self.height()))
            painter.setPen(QtGui.QColor(self._palette.text))
            for left, text in self.texts():
                room = QtCore.QRectF(left, 0, self.width(), self.height())
                painter.drawText(room, _ALIGN_VCENTER, text)

    def texts(self) -> list[tuple[float, str]]:
        """Return left edge and text of the labels as they are drawn."""
        first = self.fontMetrics().horizontalAdvance("Markers") + 12
        return place_texts(self.fontMetrics(), self.labels, first, self.width())
