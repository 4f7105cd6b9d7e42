"""Style sheet of the desk: that of the dashboard, and rules for buttons, fields and the list of sources."""

from __future__ import annotations

from ecg_live.dashboard.theme import CONTRAST, TONE_COLOURS, Palette, style_sheet


def desk_style_sheet(palette: Palette) -> str:
    """Return the style sheet."""
    accent, on_accent = TONE_COLOURS["info"]
    return (
        style_sheet(palette)
        + _field_rules(palette)
        + (
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
    )


def _field_rules(palette: Palette) -> str:
    """Return the rules for fields and check boxes, whose edge is not seen in high contrast; a checked box is filled."""
    if palette is not CONTRAST:
        return ""
    accent, on_accent = TONE_COLOURS["info"]
    return (
        f"QLineEdit, QComboBox {{ background: {palette.card}; color: {palette.text}; "
        f"border: 1px solid {palette.muted}; border-radius: 4px; padding: 2px 7px; }}"
        f"QLineEdit:focus, QComboBox:focus {{ border: 3px solid {palette.trace}; padding: 0 5px; }}"
        f"QComboBox QLineEdit {{ border: none; padding: 0; }}"
        f"QComboBox QAbstractItemView {{ background: {palette.card}; color: {palette.text}; "
        f"selection-background-color: {accent}; selection-color: {on_accent}; }}"
        f"QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {palette.text}; }}"
        f"QCheckBox::indicator:checked {{ background: {palette.text}; }}"
    )
