"""Check whether a window can be opened, and report why not."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections.abc import Mapping

# Debian's package of each library that Qt needs. Qt's own message names xcb-cursor0 whatever is missing (Qt 6.11).
QT_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
X11_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
HEADLESS_QT_PLATFORMS = ("offscreen", "minimal", "vnc")  # Qt platforms that need no screen


def why_no_display(environ: Mapping[str, str]) -> str | None:
    """Reason why the dashboard cannot open; None if it can."""
    if importlib.util.find_spec("PyQt6") is None:
        return "PyQt6 is not installed"
    if not sys.platform.startswith("linux"):
        return None
    platform = environ.get("QT_QPA_PLATFORM", "")
    if not platform and not environ.get("DISPLAY") and not environ.get("WAYLAND_DISPLAY"):
        return "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    if missing := missing_libraries(x11=platform not in HEADLESS_QT_PLATFORMS and not environ.get("WAYLAND_DISPLAY")):
        return f"Qt needs {', '.join(missing)} (Debian, Ubuntu: apt-get install {' '.join(missing)})"
    return None


def has_screen(environ: Mapping[str, str]) -> bool:
    """Whether a window that opens is seen."""
    return environ.get("QT_QPA_PLATFORM", "") not in HEADLESS_QT_PLATFORMS and why_no_display(environ) is None


def missing_libraries(*, x11: bool) -> list[str]:
    """Debian packages of the system libraries that Qt needs and that do not load."""
    wanted = QT_LIBRARIES | (X11_LIBRARIES if x11 else {})
    return [package for library, package in wanted.items() if not _loads(library)]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
