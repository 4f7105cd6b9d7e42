"""Sizes of texts, and of parts whose size goes by their text: each is stated once, and scaled by the window's factor.

The factor is the user's, times that of the window: a large window has larger texts.
"""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

USER_SCALES = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
DESIGN_SIZE_PX = QtCore.QSize(1280, 800)  # of the window for which sizes are stated
MAX_WINDOW_SCALE = 1.4
_FACTOR_STEP = 0.1  # of the window's factor, so that a drag at its edge lays it out anew a few times only
_CONTROLS = (QtWidgets.QAbstractButton, QtWidgets.QComboBox)  # have the usual size unless they state another
_SCALE, _POINTS, _WIDTH, _HEIGHT = "textScale", "basePoints", "baseWidth", "baseHeight"  # properties of a widget


def style_text(widget: QtWidgets.QWidget, size: int, *, bold: bool = False) -> None:
    """Set a widget's font size (points, before it is scaled) and weight."""
    widget.setProperty(_POINTS, size)
    font = widget.font()
    font.setPointSizeF(size * text_scale(widget))
    font.setBold(bold)
    widget.setFont(font)


def fix_width(widget: QtWidgets.QWidget, width: int) -> None:
    """Give a widget a width (px, before it is scaled)."""
    widget.setProperty(_WIDTH, width)
    widget.setFixedWidth(round(width * text_scale(widget)))


def fix_height(widget: QtWidgets.QWidget, height: int) -> None:
    """Give a widget a height (px, before it is scaled)."""
    widget.setProperty(_HEIGHT, height)
    widget.setFixedHeight(round(height * text_scale(widget)))


def text_scale(widget: QtWidgets.QWidget) -> float:
    """Return the factor of a widget's texts."""
    scale = widget.property(_SCALE)
    return scale if isinstance(scale, float) else 1.0


def scale_texts(root: QtWidgets.QWidget, factor: float) -> None:
    """Scale the texts of a widget and of all its parts by a factor of their stated sizes."""
    usual = round(QtWidgets.QApplication.font().pointSizeF())
    for widget in (root, *root.findChildren(QtWidgets.QWidget)):
        widget.setProperty(_SCALE, float(factor))
        points, width, height = (widget.property(name) for name in (_POINTS, _WIDTH, _HEIGHT))
        if isinstance(points, int) or isinstance(widget, _CONTROLS):
            style_text(widget, points if isinstance(points, int) else usual, bold=widget.font().bold())
        if isinstance(width, int):
            fix_width(widget, width)
        if isinstance(height, int):
            fix_height(widget, height)


def window_scale(size: QtCore.QSize) -> float:
    """Return the factor by which a window of this size enlarges its texts."""
    share = min(size.width() / DESIGN_SIZE_PX.width(), size.height() / DESIGN_SIZE_PX.height())
    return min(MAX_WINDOW_SCALE, max(1.0, int(share / _FACTOR_STEP + 1e-9) * _FACTOR_STEP))


def next_scale(scale: float, steps: int) -> float:
    """Return the next larger or smaller factor of the user's."""
    nearest = min(range(len(USER_SCALES)), key=lambda place: abs(USER_SCALES[place] - scale))
    return USER_SCALES[min(max(0, nearest + steps), len(USER_SCALES) - 1)]
