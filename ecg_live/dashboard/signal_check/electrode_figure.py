"""A drawing of a torso, with the electrodes where they sit."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.theme import TONE_COLOURS, Palette
from ecg_live.presentation.electrodes import ElectrodeLayout

ELECTRODE_RADIUS = 15.0
# Right half of the outline (the viewer's), in shares of a field 1 wide and 1.25 high: from the neck over the
# shoulder, down the arm's edge and the flank to the hip.
OUTLINE = (
    ("move", (0.57, -0.16)),
    ("curve", (0.575, -0.08), (0.60, -0.04), (0.66, -0.02)),
    ("curve", (0.80, 0.02), (0.94, 0.02), (0.97, 0.22)),
    ("curve", (0.99, 0.34), (1.00, 0.42), (1.01, 0.54)),
    ("move", (0.875, 0.54)),
    ("curve", (0.87, 0.42), (0.865, 0.36), (0.845, 0.28)),
    ("move", (0.845, 0.28)),
    ("curve", (0.85, 0.50), (0.80, 0.66), (0.80, 0.82)),
    ("curve", (0.80, 0.92), (0.83, 0.98), (0.84, 1.06)),
)


class ElectrodeFigure(QtWidgets.QWidget):
    """Draws an `ElectrodeLayout`; electrodes that are off are marked, in colour and in a word."""

    def __init__(self, palette: Palette, layout: ElectrodeLayout) -> None:
        super().__init__()
        self._palette = palette
        self._layout = layout
        self._off: tuple[str, ...] = ()
        self.setMinimumSize(240, 300)
        self.show_layout(layout)

    def show_layout(self, layout: ElectrodeLayout) -> None:
        """Show the electrodes of another device."""
        self._layout = layout
        self.setAccessibleName(f"Drawing of the electrodes: {layout.title}")
        self.setAccessibleDescription("; ".join(f"{each.label} {each.place}" for each in layout.electrodes))
        self.update()

    def show_off(self, electrodes: tuple[str, ...]) -> None:
        """Mark the electrodes that are off."""
        if electrodes != self._off:
            self._off = electrodes
            self.update()

    def restyle(self, palette: Palette) -> None:
        """Change the colours."""
        self._palette = palette
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw torso, strap and electrodes."""
        with painter_on(self) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            field = self._field()
            self._draw_torso(painter, field)
            self._draw_sides(painter, field)
            if self._layout.strap:
                self._draw_strap(painter, field)
            for electrode in self._layout.electrodes:
                centre = self._at(field, electrode.x, electrode.y)
                self._draw_electrode(painter, centre, electrode.label, off=electrode.label in self._off)

    def _field(self) -> QtCore.QRectF:
        """The field of the torso: as large as fits, with the neck above it."""
        height = min(self.height() / 1.32, self.width() * 0.98)
        left = (self.width() - height) / 2
        return QtCore.QRectF(left, height * 0.18, height, height)

    @staticmethod
    def _at(field: QtCore.QRectF, x: float, y: float) -> QtCore.QPointF:
        return QtCore.QPointF(field.left() + x * field.width(), field.top() + y * field.height())

    def _draw_torso(self, painter: QtGui.QPainter, field: QtCore.QRectF) -> None:
        pen = QtGui.QPen(QtGui.QColor(self._palette.muted), 2)
        pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
        for mirrored in (False, True):
            painter.drawPath(self._half(field, mirrored=mirrored))
        faint = QtGui.QPen(QtGui.QColor(self._palette.border), 2)
        painter.setPen(faint)
        for sign in (-1, 1):  # collarbones and the lower edge of the ribs
            bone = QtGui.QPainterPath(self._at(field, 0.5 + sign * 0.04, 0.06))
            bone.quadTo(self._at(field, 0.5 + sign * 0.18, 0.03), self._at(field, 0.5 + sign * 0.32, 0.05))
            painter.drawPath(bone)
            ribs = QtGui.QPainterPath(self._at(field, 0.5, 0.60))
            ribs.quadTo(self._at(field, 0.5 + sign * 0.14, 0.66), self._at(field, 0.5 + sign * 0.24, 0.84))
            painter.drawPath(ribs)
        painter.drawLine(self._at(field, 0.5, 0.10), self._at(field, 0.5, 0.58))

    def _half(self, field: QtCore.QRectF, *, mirrored: bool) -> QtGui.QPainterPath:
        path = QtGui.QPainterPath()
        for kind, *points in OUTLINE:
            ends = [self._at(field, 1 - x if mirrored else x, y) for x, y in points]
            if kind == "move":
                path.moveTo(ends[0])
            else:
                path.cubicTo(*ends)
        return path

    def _draw_sides(self, painter: QtGui.QPainter, field: QtCore.QRectF) -> None:
        font = painter.font()
        font.setPointSize(9)
        painter.setFont(font)
        painter.setPen(QtGui.QColor(self._palette.muted))
        for x, text in ((0.06, "wearer's\nright"), (0.94, "wearer's\nleft")):
            place = self._at(field, x, 0.72)
            box = QtCore.QRectF(place.x() - 45, place.y(), 90, 34)
            painter.drawText(box, QtCore.Qt.AlignmentFlag.AlignHCenter.value, text)

    def _draw_strap(self, painter: QtGui.QPainter, field: QtCore.QRectF) -> None:
        left, right = self._at(field, 0.165, 0.47), self._at(field, 0.835, 0.57)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(self._palette.border))
        painter.drawRoundedRect(QtCore.QRectF(left, right), 6, 6)
        painter.setBrush(QtGui.QColor(self._palette.muted))
        middle = self._at(field, 0.5, 0.52)
        painter.drawRoundedRect(QtCore.QRectF(middle.x() - 24, middle.y() - 15, 48, 30), 10, 10)

    def _draw_electrode(self, painter: QtGui.QPainter, centre: QtCore.QPointF, label: str, *, off: bool) -> None:
        back, text = TONE_COLOURS["fault" if off else "info"]
        font = painter.font()
        font.setPointSize(9)
        font.setBold(True)
        painter.setFont(font)
        wide = max(2 * ELECTRODE_RADIUS, painter.fontMetrics().horizontalAdvance(label) + 16.0)
        box = QtCore.QRectF(centre.x() - wide / 2, centre.y() - ELECTRODE_RADIUS, wide, 2 * ELECTRODE_RADIUS)
        painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.card), 2))
        painter.setBrush(QtGui.QColor(back))
        painter.drawRoundedRect(box, ELECTRODE_RADIUS, ELECTRODE_RADIUS)
        painter.setPen(QtGui.QColor(text))
        painter.drawText(box, QtCore.Qt.AlignmentFlag.AlignCenter.value, label)
        if off:
            painter.setPen(QtGui.QColor(back))
            below = box.translated(0, 2 * ELECTRODE_RADIUS - 4)
            painter.drawText(below, QtCore.Qt.AlignmentFlag.AlignCenter.value, "off")
