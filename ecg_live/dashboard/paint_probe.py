"""For the latency test: when the trace was painted, and a square that flashes."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.ecg_trace import SweepView
from ecg_live.events import Clock

FLASH_MS = 250
DARK_MS = (1100, 1370, 1230, 1490, 1170)  # in turn: no multiple of a frame or of a sample
SQUARE_PX = 260


class PaintProbe(QtCore.QObject):
    """Notes the end of each paint of a trace, and the newest sample in it.

    Parameters
    ----------
    sweep : SweepView
    clock : Clock
        The session's.
    """

    def __init__(self, sweep: SweepView, clock: Clock) -> None:
        super().__init__()
        self._sweep = sweep
        self._clock = clock
        self.paints: list[tuple[float, int]] = []
        sweep.paint_ended.connect(self._note)

    def _note(self) -> None:
        self.paints.append((self._clock(), self._sweep.drawn))


class FlashSquare(QtWidgets.QWidget):
    """A black square that turns white now and then; a photodiode is held on it.

    Parameters
    ----------
    clock : Clock
        The session's.
    window : QWidget, optional
        It is closed with that window, and keeps no program running.
    """

    def __init__(self, clock: Clock, window: QtWidgets.QWidget | None = None) -> None:
        super().__init__(window, QtCore.Qt.WindowType.Tool | QtCore.Qt.WindowType.WindowStaysOnTopHint)
        self._clock = clock
        self._white = False
        self._unnoted = False  # a flash was begun whose paint has not been noted
        self._turn = 0
        self.flashes: list[float] = []  # session clock at the end of the paint that turned it white
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._step)
        self.setWindowTitle("Hold the photodiode here")
        self.setAccessibleName("Square for the photodiode")
        self.setFixedSize(SQUARE_PX, SQUARE_PX)
        self._timer.start(DARK_MS[0])

    def _step(self) -> None:
        self._white = not self._white
        self._unnoted = self._white
        if not self._white:
            self._turn += 1
        self._timer.start(FLASH_MS if self._white else DARK_MS[self._turn % len(DARK_MS)])
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Paint the square, and note when it has turned white."""
        with painter_on(self) as painter:
            painter.fillRect(self.rect(), QtGui.QColor("#ffffff" if self._white else "#000000"))
        if self._unnoted:
            self._unnoted = False
            self.flashes.append(self._clock())
