"""Make the README's picture of the dashboard: ``python -m tests.golden.picture [FILE]``.

The bundled recording runs through the bundled model at 10 times real time for 24 s, off screen; then the window is
grabbed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pyqtgraph.Qt import QtCore, QtWidgets

from devices.uri import open_source
from ecg_live.bundled import DEFAULT_MODEL, demo_recording
from ecg_live.dashboard.window import MainWindow
from ecg_live.model.bundle import load_bundle
from ecg_live.model.predictor import Predictor
from ecg_live.session import Session
from ecg_live.signal.path import SignalPath
from ecg_live.types import Opening

SPEED, SECONDS = 10.0, 24.0
PICTURE = Path(__file__).with_name("dashboard.png")


def main(out: Path = PICTURE) -> None:
    """Run, grab, write."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    bundle = load_bundle(DEFAULT_MODEL)
    source = open_source(str(demo_recording()), Opening(speed=SPEED))
    predictor = Predictor(bundle)
    session = Session(source, SignalPath(source.info), predictor, bundle.infos, [], time.monotonic)
    window = MainWindow(session, title="ecg-live demo", model=DEFAULT_MODEL.stem)
    window.show()
    session.start()
    timer = QtCore.QTimer()
    timer.timeout.connect(window.refresh)
    timer.start(33)
    QtCore.QTimer.singleShot(round(SECONDS * 1000), app.quit)
    app.exec()
    window.grab().save(str(out))
    session.stop()
    while not session.wait(0.1):
        pass


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
