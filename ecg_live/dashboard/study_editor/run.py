"""Show the study editor alone, for ``ecg-live study FILE --edit``."""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6 import QtWidgets

from ecg_live.dashboard.study_editor.dialog import StudyEditor
from ecg_live.dashboard.theme import style_sheet, system_theme, widget_palette


def run_editor(path: Path) -> None:
    """Edit a study file until the editor is closed.

    Raises
    ------
    ConfigError
        The file cannot be read, or is not TOML.
    """
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    editor = StudyEditor(path)
    QtWidgets.QApplication.setPalette(widget_palette(system_theme()))
    editor.setStyleSheet(style_sheet(system_theme()))
    editor.exec()
    del app
