"""Colours of the light and the dark theme, and the style sheet made of them.

Signal and class colours are those of Okabe & Ito, "Color Universal Design" (2008), darkened below text. Vermillion, the
red of that set, is reserved for faults and an unusable signal, which is brighter and under black letters; a recording
has a crimson of its own, so that it is not mistaken for a fault.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.presentation.status import Tone

TONE_COLOURS: dict[Tone, tuple[str, str]] = {  # background, text: contrast 4.5 or better
    "live": ("#00795a", "#ffffff"),
    "info": ("#0068a3", "#ffffff"),
    "warn": ("#e69f00", "#000000"),
    "paused": ("#8fcdf2", "#000000"),
    "unusable": ("#f4642a", "#000000"),
    "fault": ("#c25200", "#ffffff"),
    "rec": ("#9c0028", "#ffffff"),
    "neutral": ("#59636d", "#ffffff"),
}
QUIET_TONE = "quiet"  # of a badge whose state draws no attention
LINE_STYLES = (  # class lines differ in style as well as in colour
    QtCore.Qt.PenStyle.SolidLine,
    QtCore.Qt.PenStyle.DashLine,
    QtCore.Qt.PenStyle.DotLine,
    QtCore.Qt.PenStyle.DashDotLine,
    QtCore.Qt.PenStyle.DashDotDotLine,
)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours (``#rrggbb``) of a theme; ``classes`` has one for each class of a head."""

    name: str
    window: str
    card: str
    border: str
    text: str
    muted: str
    paper: str
    minor: str
    major: str
    trace: str
    marker: str
    shade: str
    hatch: str
    classes: tuple[str, ...]


LIGHT = Palette(
    name="light",
    window="#eceff1",
    card="#ffffff",
    border="#cfd6db",
    text="#15191c",
    muted="#5a656e",
    paper="#fffdfa",
    minor="#f1e7df",
    major="#dfc9ba",
    trace="#101418",
    marker="#a8528b",
    shade="#d9dee2",
    hatch="#98a3ab",
    classes=("#0072b2", "#b86e00", "#009e73", "#a8528b", "#56b4e9"),
)
DARK = Palette(
    name="dark",
    window="#101316",
    card="#191e22",
    border="#323a41",
    text="#eceff1",
    muted="#9dabb5",
    paper="#12171a",
    minor="#1c2326",
    major="#2f3a3f",
    trace="#6fd6b3",
    marker="#cc79a7",
    shade="#343d44",
    hatch="#66727b",
    classes=("#56b4e9", "#e69f00", "#2fc495", "#cc79a7", "#f0e442"),
)
CONTRAST = Palette(
    name="contrast",
    window="#000000",
    card="#000000",
    border="#ffffff",
    text="#ffffff",
    muted="#e6e6e6",
    paper="#000000",
    minor="#141414",
    major="#383838",
    trace="#ffff66",
    marker="#ff9ad5",
    shade="#4d4d4d",
    hatch="#b3b3b3",
    classes=("#7cc8ff", "#ffc233", "#5ff0bd", "#ff9ad5", "#ffff66"),
)
PALETTES = {palette.name: palette for palette in (LIGHT, DARK, CONTRAST)}


def class_pen(palette: Palette, which: int, *, alone: bool, width: float = 2) -> QtGui.QPen:
    """Return the pen of a class's line; a repeated colour has another style, one ``alone`` is solid."""
    colour = QtGui.QColor(palette.classes[which % len(palette.classes)])
    style = which + which // len(palette.classes)
    pen = QtGui.QPen(colour, width, LINE_STYLES[0] if alone else LINE_STYLES[style % len(LINE_STYLES)])
    pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
    return pen


def system_theme() -> Palette:
    """Return the theme that the desktop prefers."""
    hints = QtGui.QGuiApplication.styleHints()
    dark = hints is not None and hints.colorScheme() == QtCore.Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def style_sheet(palette: Palette) -> str:
    """Return the style sheet: rules for panels, captions, tags and dimmed text."""
    tones = "".join(
        f'QFrame[tone="{tone}"] {{ background: {back}; border-radius: 4px; }}'
        f'QLabel[tone="{tone}"], QFrame[tone="{tone}"] QLabel {{ color: {text}; }}'
        for tone, (back, text) in TONE_COLOURS.items()
    )
    return (
        f"QMainWindow, QDialog {{ background: {palette.window}; }}"
        f"QLabel {{ color: {palette.text}; background: transparent; }}"
        f'QLabel[muted="true"] {{ color: {palette.muted}; }}'
        f"QFrame#card {{ background: {palette.card}; border: 1px solid {palette.border}; border-radius: 6px; }}"
        f"QLabel#pill {{ border-radius: 4px; padding: 1px 7px; }}"
        f"QPushButton#live:enabled {{ background: {TONE_COLOURS['live'][0]}; color: {TONE_COLOURS['live'][1]}; "
        f"border: 1px solid {palette.border}; border-radius: 3px; font-weight: bold; }}"
        f"QPushButton#live {{ min-width: 76px; min-height: 20px; }}"
        f"QPushButton#small {{ padding: 1px 8px; }}"
        f"{_button_rules(palette)}{_tile_rules(palette)}"
        f"QStatusBar {{ background: {palette.window}; }} QStatusBar::item {{ border: none; }}" + tones
    )


def _button_rules(palette: Palette) -> str:
    """Return the rules for buttons: an edge that is seen, and a wider one at the focus, where contrast is asked for."""
    if palette is not CONTRAST:
        return ""
    return (
        f"QPushButton {{ background: {palette.card}; color: {palette.text}; border: 1px solid {palette.border}; "
        f"border-radius: 3px; padding: 3px 10px; }}"
        f"QPushButton:focus {{ border: 3px solid {palette.trace}; padding: 1px 8px; }}"
        f"QPushButton:disabled {{ color: {palette.hatch}; border-color: {palette.shade}; }}"
    )


def _tile_rules(palette: Palette) -> str:
    """Return the rules for tiles of wearers: that with the focus has a frame in the accent colour."""
    accent = palette.trace if palette is CONTRAST else TONE_COLOURS["info"][0]
    return (
        f"QFrame#tile {{ background: {palette.card}; border: 2px solid {palette.border}; border-radius: 6px; }}"
        f'QFrame#tile[focused="true"] {{ border-color: {accent}; }}'
    )


def widget_palette(palette: Palette) -> QtGui.QPalette:
    """Return the colours with which the Fusion style draws buttons, boxes and scroll bars."""
    role = QtGui.QPalette.ColorRole
    colours = {
        role.Window: palette.window,
        role.Base: palette.card,
        role.Button: palette.card,
        role.WindowText: palette.text,
        role.Text: palette.text,
        role.ButtonText: palette.text,
        role.ToolTipBase: palette.card,
        role.ToolTipText: palette.text,
        role.Highlight: TONE_COLOURS["info"][0],
        role.HighlightedText: TONE_COLOURS["info"][1],
        role.PlaceholderText: palette.muted,
    }
    result = QtGui.QPalette()
    for which, colour in colours.items():
        result.setColor(which, QtGui.QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QtGui.QPalette.ColorGroup.Disabled, which, QtGui.QColor(palette.muted))
    return result


def set_style_property(widget: QtWidgets.QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects by, and restyle the widget and its children if it changed."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    for part in (widget, *widget.findChildren(QtWidgets.QWidget)):
        if style is not None:
            style.unpolish(part)
            style.polish(part)
