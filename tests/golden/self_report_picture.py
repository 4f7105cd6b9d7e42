"""Make the manual's picture of a self-report: ``python -m tests.golden.self_report_picture [FILE]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pyqtgraph.Qt import QtGui, QtWidgets

from ecg_live.dashboard.self_report.field import Look
from ecg_live.dashboard.self_report.form import SelfReportForm
from ecg_live.dashboard.self_report.sam import SamField
from ecg_live.dashboard.theme import LIGHT, widget_palette
from ecg_live.study.plan import SelfReport

PICTURE = Path(__file__).parents[2] / "docs" / "pages" / "images" / "self_report.png"
REPORT = SelfReport("mood", "sam", "How do you feel now?", ("valence", "arousal", "dominance"))
CHOSEN = (7, 3)  # the last row is still to be answered


def main(out: Path = PICTURE) -> None:
    """Show, choose, grab, write."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    QtWidgets.QApplication.setPalette(widget_palette(LIGHT))
    form = SelfReportForm(REPORT, Look(LIGHT))
    palette = form.palette()
    palette.setColor(QtGui.QPalette.ColorRole.Window, QtGui.QColor(LIGHT.window))
    form.setPalette(palette)
    form.setAutoFillBackground(True)
    form.resize(1280, 720)
    form.show()
    form.begin()
    assert isinstance(form.field, SamField)
    for row, value in zip(form.field.rows, CHOSEN, strict=False):
        row.choose(value)
    form.field.rows[-1].setFocus()
    form.done.click()  # names what is unanswered
    app.processEvents()
    form.grab().save(str(out))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
