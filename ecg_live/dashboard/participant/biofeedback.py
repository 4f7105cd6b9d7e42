"""A slow ring for the participant: the heart rate, or how likely a head's class is. No number stands beside it."""

from __future__ import annotations

import math

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.theme import Palette
from ecg_live.results import Prediction
from ecg_live.study.plan import HEART_RATE

TIME_CONSTANT_S = 5.0  # slower than a breath (about 4 s), so that the ring follows the state and not each breath
HEART_RATE_RANGE_BPM = (40.0, 120.0)  # of a wearer who sits
GONE_AFTER_S = 3.0  # without a value the ring is empty: an old one must not look live
RING_WIDTH = 0.09  # of its size
START_ANGLE, FULL_TURN = 90 * 16, 360 * 16  # Qt counts sixteenths of a degree, from 3 o'clock


class SlowShare:
    """A share between 0 and 1 that follows what it is given by and by."""

    def __init__(self) -> None:
        self._share: float | None = None
        self._at = -math.inf  # of the newest value
        self._moved = -math.inf

    def give(self, share: float, now: float) -> None:
        """Take a new value."""
        if self._share is None or now - self._at > GONE_AFTER_S:
            self._share = share
        else:
            weight = 1 - math.exp(-(now - self._moved) / TIME_CONSTANT_S)
            self._share += weight * (share - self._share)
        self._at = self._moved = now

    def at(self, now: float) -> float | None:
        """Return the share; None where there is none that is young enough."""
        return None if now - self._at > GONE_AFTER_S else self._share


def shown_share(prediction: Prediction, what: str) -> float | None:
    """Return what a ring shows of a prediction, from 0 to 1; None without it.

    Parameters
    ----------
    prediction : Prediction
    what : str
        ``heart_rate``, or a head: the probability of its last class, or where its number lies on the scale.
    """
    if what == HEART_RATE:
        if prediction.heart_rate is None:
            return None
        low, high = HEART_RATE_RANGE_BPM
        return min(1.0, max(0.0, (prediction.heart_rate - low) / (high - low)))
    head = prediction.heads.get(what)
    if head is None or head.abstain is not None:
        return None
    if head.scale is not None and head.value is not None:
        low, high = head.scale
        return min(1.0, max(0.0, (head.value - low) / (high - low)))
    return list(head.probs.values())[-1] if head.probs else None


class BiofeedbackRing(QtWidgets.QWidget):
    """Draws the ring."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setAccessibleName("Biofeedback")
        self._palette = palette
        self._share = SlowShare()
        self._shown: float | None = None
        self.setMinimumSize(160, 160)

    @property
    def shown(self) -> float | None:
        """The share that is drawn; None for an empty ring."""
        return self._shown

    def restyle(self, palette: Palette) -> None:
        """Change the colours."""
        self._palette = palette
        self.update()

    def clear(self) -> None:
        """Forget what was shown: another block begins."""
        self._share, self._shown = SlowShare(), None
        self.update()

    def show_share(self, share: float | None, now: float) -> None:
        """Move towards a value; None: there is no new one."""
        if share is not None:
            self._share.give(share, now)
        self._shown = self._share.at(now)
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw the ring, filled from the top clockwise."""
        size = min(self.width(), self.height())
        width = max(8.0, size * RING_WIDTH)
        left, top = (self.width() - size + width) / 2, (self.height() - size + width) / 2
        box = QtCore.QRectF(left, top, size - width, size - width)
        with painter_on(self) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            pen = QtGui.QPen(QtGui.QColor(self._palette.shade), width)
            painter.setPen(pen)
            painter.drawEllipse(box)
            if self._shown is not None:
                pen.setColor(QtGui.QColor(self._palette.classes[0]))
                pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
                painter.setPen(pen)
                painter.drawArc(box, START_ANGLE, -round(FULL_TURN * self._shown))
