"""The preview of a source: its trace on ECG paper, its state in words, and its name, rate and battery."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.desk.notice import Notice
from ecg_live.dashboard.ecg_grid import PAPER_GAINS, PaperScale
from ecg_live.dashboard.ecg_trace import SweepView
from ecg_live.dashboard.header import StatusBanner
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.widgets import ElidedLabel, Panel
from ecg_live.presentation.desk import preview_line
from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.markers import MarkerLog
from ecg_live.presentation.status import TEXT_SEPARATOR
from ecg_live.presentation.trace_history import TraceHistory
from ecg_live.preview_items import PreviewStatus, SignalVerdict
from ecg_live.protocols import Preview
from ecg_live.results import Poll

PREVIEW_SPEED_MM_S = 12.5  # half of the usual: a preview is narrow
QRS_SHARE_OF_HEIGHT = 0.5  # that a QRS complex may fill
LABEL_ROOM_PX = 24  # above the calibration pulse


class PreviewPanel(Panel):
    """Draws one preview at a time; `follow` changes it.

    Parameters
    ----------
    palette : Palette
    name : str
        Accessible name.
    judged : bool
        The verdict on the signal is shown elsewhere: the panel has no line for it.
    """

    retried = QtCore.pyqtSignal()

    def __init__(self, palette: Palette, name: str = "Preview", *, judged: bool = False) -> None:
        super().__init__(name)
        self._palette = palette
        self._preview: Preview | None = None
        self._cursor = Poll()
        self.age = 0.0  # s since the newest sample
        self.title = ElidedLabel("Name of the source", 12, bold=True)
        self.about = ElidedLabel("Stream of the source", 10)
        self.about.setProperty("muted", True)
        self.banner = StatusBanner("State of the source")
        self.failure = Notice("Failed source", "Retry")
        self.failure.triggered.connect(self.retried)
        self._judged = judged
        self.history = TraceHistory()
        self.sweep = self._new_sweep("")
        self._column = QtWidgets.QVBoxLayout(self)
        self._lay_out()
        self.follow(None, "")

    @property
    def status(self) -> PreviewStatus | None:
        """What is known of the source; None without one."""
        return self._preview.status if self._preview else None

    @property
    def verdict(self) -> SignalVerdict | None:
        """Verdict on the signal; None while the source is not open."""
        status = self.status
        return status.verdict if status is not None and status.info is not None else None

    def follow(self, preview: Preview | None, name: str) -> None:
        """Show another preview, or none."""
        self._preview, self._cursor, self.age = preview, Poll(), 0.0
        self.title.show_text(name or "Preview")
        self._replace_sweep("" if preview else "Choose a source on the left: its signal appears here")
        self.show_status()

    def draw(self) -> None:
        """Poll the preview and draw its new samples."""
        polled = self._preview.poll(self._cursor) if self._preview else None
        if polled is None:
            return
        snapshot, self._cursor = polled
        self.age = snapshot.age
        self.history.append(snapshot.trace_start, snapshot.trace)
        self.sweep.advance()

    def show_status(self) -> None:
        """Show state, stream and battery."""
        status = self.status
        self.banner.show_line(preview_line(status, self.age))
        failed = status is not None and bool(status.error)
        self.failure.show_text(self.banner.line.text if failed else "")
        self.banner.setHidden(failed or (self._judged and self.verdict is not None))
        self.about.show_text(_stream_text(status))
        if status is None or status.info is None:
            return
        if not status.info.channels and self.sweep.accessibleName() != capitalise(NO_ECG):
            self._replace_sweep(capitalise(NO_ECG))
        if (gain := self._fitting_gain(status.verdict.amplitude)) not in (None, self.sweep.scale.gain):
            self.sweep.restyle(PaperScale(PREVIEW_SPEED_MM_S, gain or 1.0))

    def restyle(self, palette: Palette) -> None:
        """Change the colours."""
        self._palette = palette
        self.sweep.restyle(palette=palette)

    def _fitting_gain(self, amplitude: float | None) -> float | None:
        """The largest gain at which the QRS complex fits; None where it is unknown."""
        if not amplitude:
            return None
        room, above = QRS_SHARE_OF_HEIGHT * self.sweep.height(), self.sweep.height() / 2 - LABEL_ROOM_PX
        heights = {gain: PaperScale(gain=gain).height for gain in PAPER_GAINS}  # of 1 mV, as the calibration pulse
        fitting = [gain for gain, height in heights.items() if amplitude * height <= room and height <= above]
        return max(fitting, default=min(PAPER_GAINS))

    def _new_sweep(self, note: str) -> SweepView:
        sweep = SweepView(self.history, self._palette, MarkerLog(), note)
        sweep.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        sweep.restyle(PaperScale(PREVIEW_SPEED_MM_S))
        return sweep

    def _replace_sweep(self, note: str) -> None:
        """Begin with empty paper."""
        self.history = TraceHistory()
        before, self.sweep = self.sweep, self._new_sweep(note)
        self._column.replaceWidget(before, self.sweep)
        before.setParent(None)
        before.deleteLater()

    def _lay_out(self) -> None:
        self._column.setContentsMargins(14, 12, 14, 14)
        self._column.setSpacing(8)
        for part in (self.title, self.about, self.banner, self.failure):
            self._column.addWidget(part)
        self._column.addWidget(self.sweep, 1)


def _stream_text(status: PreviewStatus | None) -> str:
    """Channel, rate and battery."""
    if status is None or status.info is None:
        return ""
    info = status.info
    signal = (info.channels[info.ecg], f"{info.rate:g} Hz") if info.channels else (capitalise(NO_ECG),)
    others = f"{len(info.channels)} channels" if len(info.channels) > 1 else ""
    battery = "" if status.battery is None else f"battery {status.battery:.0%}"
    return TEXT_SEPARATOR.join(part for part in (*signal, others, battery) if part)
