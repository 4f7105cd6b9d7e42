"""How the window looks: its colours, and the size of its letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PyQt6 import QtWidgets

from ecg_live.dashboard.text_scale import next_scale, scale_texts, window_scale
from ecg_live.dashboard.theme import CONTRAST, DARK, LIGHT, Palette, style_sheet, system_theme, widget_palette


class Restyled(Protocol):
    """A part that draws itself in the colours of a palette."""

    def restyle(self, palette: Palette) -> None:
        """Change colours."""


class Appearance:
    """Colours and sizes of a window and its parts.

    Parameters
    ----------
    window : QMainWindow
    theme : Palette, optional
        Colours chosen before; None: those of the desktop.
    scale : float
        Factor of the letters chosen before.
    """

    def __init__(self, window: QtWidgets.QMainWindow, theme: Palette | None, scale: float) -> None:
        self._window = window
        self._parts: Sequence[Restyled] = ()
        self._chosen = theme is not None
        self.theme = theme or system_theme()
        self._plain = LIGHT if self.theme is CONTRAST else self.theme  # to return to from high contrast
        self.scale = scale
        self._applied = 0.0
        self.followers: list[Callable[[Palette], object]] = []  # called when the user has changed the colours

    @property
    def chosen(self) -> Palette | None:
        """The colours to remember; None while they are the desktop's."""
        return self.theme if self._chosen or self.theme is not system_theme() else None

    def apply(self, parts: Sequence[Restyled]) -> None:
        """Style the window and these parts, and those alone from now on."""
        self._parts = parts
        self.set_theme(self.theme)
        self.fit_texts()

    def set_theme(self, theme: Palette) -> None:
        """Change the colours."""
        self.theme = theme
        self._plain = self._plain if theme is CONTRAST else theme
        QtWidgets.QApplication.setPalette(widget_palette(theme))  # a style sheet stops that of the window alone
        self._window.setStyleSheet(style_sheet(theme))
        for part in self._parts:
            part.restyle(theme)

    def toggle_theme(self) -> None:
        """Change light for dark colours, or any other for light."""
        self._change_theme(DARK if self.theme is LIGHT else LIGHT)

    def toggle_contrast(self) -> None:
        """Enter high contrast, or return to the colours before."""
        self._change_theme(self._plain if self.theme is CONTRAST else CONTRAST)

    def _change_theme(self, theme: Palette) -> None:
        self.set_theme(theme)
        for follow in self.followers:
            follow(theme)

    def step_scale(self, steps: int) -> None:
        """Choose the next larger or smaller letters; 0 steps: those of the beginning."""
        self.scale = next_scale(self.scale, steps) if steps else 1.0
        self.fit_texts()

    def fit_texts(self) -> None:
        """Scale the letters to the user's factor and the size of the window."""
        factor = self.scale * window_scale(self._window.size())
        if factor != self._applied:
            self._applied = factor
            scale_texts(self._window, factor)
