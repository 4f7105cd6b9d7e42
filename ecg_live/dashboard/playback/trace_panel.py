"""The trace of a recorded session: pausing and scrolling move the place in the recording."""

from __future__ import annotations

from PyQt6 import QtWidgets

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.trace_panel import TracePanel
from ecg_live.presentation.markers import MarkerLog
from ecg_live.protocols import PlaybackView


class PlaybackTracePanel(TracePanel):
    """Shows the trace at the place of a recording; the keys that scroll a live trace move the place.

    Parameters
    ----------
    palette, markers, note
        As those of `TracePanel`.
    view : PlaybackView
    """

    def __init__(self, palette: Palette, markers: MarkerLog, note: str, view: PlaybackView) -> None:
        super().__init__(palette, markers, note)
        self._view = view
        for control in (self.transport.pause, self.transport.live, self.transport.bar):
            control.hide()  # the bar above the charts has them
        row = self.transport.layout()
        if isinstance(row, QtWidgets.QHBoxLayout):
            row.insertStretch(row.indexOf(self.transport.speed), 1)

    @property
    def paused(self) -> bool:
        """Whether the place stands still."""
        return not self._view.playing

    def toggle_pause(self) -> None:
        """Stand still, or go on."""
        self._view.play(not self._view.playing)
        self.pause_changed.emit()

    def go_live(self) -> None:
        """Go on."""
        self._view.play(True)
        self.pause_changed.emit()

    def scroll_by(self, samples: int) -> None:
        """Move the place by so many samples of the trace."""
        self._view.seek(self._view.position + samples / MODEL_RATE_HZ)
