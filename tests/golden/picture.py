"""Make the manual's and README's picture of the dashboard: ``python -m tests.golden.picture [FILE]``.

The bundled recording runs through the bundled model at its own pace for 75 s, off screen, and is recorded;
markers are set by keys; then the window is grabbed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pyqtgraph.Qt import QtCore, QtTest, QtWidgets

from devices.read_options import ReadOptions
from devices.uri import open_source
from ecg_live.cli.recording import RecorderFactory
from ecg_live.config import LiveSettings
from ecg_live.dashboard.window import MainWindow
from ecg_live.model.bundle import load_bundle
from ecg_live.model.predictor import Predictor
from ecg_live.resources import DEFAULT_MODEL, demo_recording
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath

SPEED, SECONDS = 1.0, 75.0  # at its own pace, which a busy machine keeps as well
KEYS = {72.0: QtCore.Qt.Key.Key_1, 73.5: QtCore.Qt.Key.Key_2}  # pressed after so many seconds
PRECISE = QtCore.Qt.TimerType.PreciseTimer
PICTURE = Path(__file__).parents[2] / "docs" / "pages" / "images" / "dashboard.png"


def main(out: Path = PICTURE) -> None:
    """Run, grab, write."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    QtWidgets.QApplication.setStyle("Fusion")
    bundle = load_bundle(DEFAULT_MODEL)
    source = open_source(str(demo_recording()), ReadOptions(speed=SPEED))
    predictor = Predictor(bundle)
    folder = tempfile.TemporaryDirectory()
    settings = LiveSettings(participant="P01", session="S1", record=str(Path(folder.name) / "P01_S1.xdf"))
    recordings = RecorderFactory(settings, "demo", source.info, bundle, time.monotonic)
    session = Session(
        source,
        SignalPath(source.info),
        predictor,
        bundle.head_infos,
        [],
        time.monotonic,
        recordings=recordings,
        record=True,
    )
    window = MainWindow(session, title="P01 · S1", model=DEFAULT_MODEL.stem)
    window.resize(1280, 800)  # whatever the screen
    window.show()
    session.start()
    timer = QtCore.QTimer()
    timer.timeout.connect(window.refresh)
    timer.start(33)
    for after, key in KEYS.items():
        QtCore.QTimer.singleShot(round(after * 1000), PRECISE, partial(QtTest.QTest.keyClick, window, key))
    QtCore.QTimer.singleShot(round(SECONDS * 1000), PRECISE, app.exit)
    app.exec()
    window.grab().save(str(out))
    session.stop()
    while not session.wait(0.1):
        pass
    folder.cleanup()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
