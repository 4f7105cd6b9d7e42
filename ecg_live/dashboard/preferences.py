"""Preferences that the window remembers between sessions, and its size on a screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PyQt6 import QtCore

from ecg_live.dashboard.ecg_grid import PAPER_GAINS, PAPER_SPEEDS_MM_S, PaperScale
from ecg_live.dashboard.text_scale import USER_SCALES
from ecg_live.dashboard.theme import PALETTES, Palette

DEFAULT_SIZE_PX = QtCore.QSize(1280, 800)
WINDOW_FRAME_PX = QtCore.QSize(8, 40)  # estimate: the real frame is known only once the window is shown
MIN_SIDE_PX = 200  # a smaller size was not chosen by the user


@dataclass(frozen=True, slots=True)
class Preferences:
    """Size of the normal window (not maximised, not full screen), colours (None: the desktop's), scale of the trace.

    ``text_scale`` is the factor of the letters; ``muted``: alerts make no sound.
    """

    size: QtCore.QSize = DEFAULT_SIZE_PX
    maximised: bool = False
    theme: Palette | None = None
    scale: PaperScale = PaperScale()  # noqa: RUF009 - frozen
    automatic_gain: bool = True
    text_scale: float = 1.0
    muted: bool = False


class PreferenceStore:
    """Keeps preferences in an INI file.

    Missing or invalid values become defaults; a file that cannot be written is ignored.

    Parameters
    ----------
    path : Path, optional
        Without it nothing is remembered.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._file = None if path is None else QtCore.QSettings(str(path), QtCore.QSettings.Format.IniFormat)

    def read(self) -> Preferences:
        """Return the preferences of the file."""
        width, height = self._number("window/width"), self._number("window/height")
        speed, gain = self._number("trace/speed"), self._number("trace/gain")
        letters = self._number("window/letters")
        valid = min(width, height) >= MIN_SIDE_PX and max(width, height) < 1 << 15
        return Preferences(
            size=QtCore.QSize(int(width), int(height)) if valid else DEFAULT_SIZE_PX,
            maximised=self._text("window/maximised") == "true",
            theme=PALETTES.get(self._text("window/theme")),
            scale=PaperScale(
                speed if speed in PAPER_SPEEDS_MM_S else PaperScale().speed,
                gain if gain in PAPER_GAINS else PaperScale().gain,
            ),
            automatic_gain=gain not in PAPER_GAINS,
            text_scale=letters if letters in USER_SCALES else 1.0,
            muted=self._text("window/muted") == "true",
        )

    def write(self, preferences: Preferences) -> None:
        """Write the preferences to the file."""
        if self._file is None:
            return
        values = {
            "window/width": preferences.size.width(),
            "window/height": preferences.size.height(),
            "window/maximised": "true" if preferences.maximised else "false",
            "window/theme": preferences.theme.name if preferences.theme else "",
            "window/letters": preferences.text_scale,
            "window/muted": "true" if preferences.muted else "false",
            "trace/speed": preferences.scale.speed,
            "trace/gain": "auto" if preferences.automatic_gain else preferences.scale.gain,
        }
        for name, value in values.items():
            self._file.setValue(name, value)
        self._file.sync()

    def _text(self, name: str) -> str:
        value = None if self._file is None else self._file.value(name)
        return value if isinstance(value, str) else "" if value is None else str(value)

    def _number(self, name: str) -> float:
        """Return a number of the file; -1 if it is missing or invalid."""
        try:
            return float(self._text(name))
        except ValueError:
            return -1.0


def fit_to_screen(wanted: QtCore.QSize, available: QtCore.QSize) -> QtCore.QSize:
    """Return the size of a window, limited so that it fits the screen with its frame."""
    return wanted.boundedTo(available - WINDOW_FRAME_PX)
