"""Style sheet of the desk: that of the dashboard, and rules for buttons, fields and the list of sources."""

from __future__ import annotations

from ecg_live.dashboard.theme import TONE_COLOURS, Palette, style_sheet


def desk_style_sheet(palette: Palette) -> str:
    """Return the style sheet."""
    accent, on_accent = TONE_COLOURS["info"]
    return style_sheet(palette) + (
        f"QListWidget {{ background: {palette.card}; border: none; outline: none; }}"
        f"QPushButton {{ padding: 5px 14px; border: 1px solid {palette.border}; border-radius: 5px; "
        f"background: {palette.card}; color: {palette.text}; }}"
        f"QPushButton:hover {{ border-color: {accent}; }}"
        f"QPushButton:focus {{ border: 2px solid {accent}; padding: 4px 13px; }}"
        f"QPushButton:disabled {{ color: {palette.muted}; }}"
        f"QPushButton:flat {{ border: none; background: transparent; color: {palette.muted}; }}"
        f"QPushButton#primary:enabled {{ background: {accent}; color: {on_accent}; border-color: {accent}; "
        f"font-weight: bold; min-width: 150px; }}"
        f"QPushButton#primary:focus {{ border: 2px solid {palette.text}; }}"
        f"QPushButton#primary:disabled {{ min-width: 150px; }}"
        f"QProgressBar {{ border: none; background: transparent; }}"
        f"QProgressBar::chunk {{ background: {accent}; border-radius: 1px; }}"
    )
