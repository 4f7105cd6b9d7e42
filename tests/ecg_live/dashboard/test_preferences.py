"""What the window remembers, and that it fits the screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtTest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.ecg_grid import PaperScale
from ecg_live.dashboard.preferences import DEFAULT_SIZE_PX, Preferences, PreferenceStore, fit_to_screen
from ecg_live.dashboard.theme import DARK, LIGHT, Palette
from ecg_live.dashboard.window import MainWindow
from tests.support.simulated_view import SimulatedView

Key = QtCore.Qt.Key


def window(qtbot: QtBot, path: Path) -> MainWindow:
    view = SimulatedView()
    made = MainWindow(view, title="", model="", clock=view.clock, memory=PreferenceStore(path))
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.mark.parametrize(("theme", "key"), [(LIGHT, Key.Key_T), (DARK, Key.Key_T)], ids=["dark", "light"])
def test_size_colours_gain_and_speed_are_as_they_were_left(
    qtbot: QtBot, tmp_path: Path, theme: Palette, key: QtCore.Qt.Key
) -> None:
    first = window(qtbot, tmp_path / "new" / "dashboard.ini")
    first.set_theme(theme)
    first.resize(700, 500)
    for pressed in (key, Key.Key_Plus, Key.Key_BracketLeft):
        QtTest.QTest.keyClick(first.trace.sweep, pressed)
    first.close()
    again = window(qtbot, tmp_path / "new" / "dashboard.ini")
    assert again.size() == QtCore.QSize(700, 500)
    assert again.theme is (DARK if theme is LIGHT else LIGHT)
    assert again.trace.sweep.scale == PaperScale(12.5, 2.0)
    assert again.trace.transport.gain.currentText() == "20 mm/mV"
    assert not again.trace.transport.automatic


def test_full_screen_leaves_the_size_as_it_was(qtbot: QtBot, tmp_path: Path) -> None:
    first = window(qtbot, tmp_path / "dashboard.ini")
    first.resize(700, 500)
    QtTest.QTest.keyClick(first.trace.sweep, Key.Key_F)
    first.close()
    again = window(qtbot, tmp_path / "dashboard.ini")
    assert (again.size(), again.isFullScreen()) == (QtCore.QSize(700, 500), False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no INI file \0",
        "[window]\nwidth=nan\nheight=1e99\ntheme=pink\nmaximised=7\n[trace]\nspeed=26\ngain=inf\n",
        "[window]\nwidth=0\nheight=-5\n[trace]\nspeed=@Variant(\\0)\n",
        "[window]\nwidth=1, 2\nheight=600\n[trace]\nspeed=\n",
    ],
)
def test_what_cannot_be_is_as_usual(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dashboard.ini"
    path.write_text(text, encoding="utf-8")
    assert PreferenceStore(path).read() == PreferenceStore().read() == Preferences()


def test_a_place_that_cannot_be_written_to_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = PreferenceStore(tmp_path / "file" / "dashboard.ini")
    memory.write(Preferences())
    assert memory.read().size == DEFAULT_SIZE_PX


def test_a_window_is_no_larger_than_its_screen() -> None:
    assert fit_to_screen(DEFAULT_SIZE_PX, QtCore.QSize(1920, 1040)) == DEFAULT_SIZE_PX
    assert fit_to_screen(DEFAULT_SIZE_PX, QtCore.QSize(911, 480)) == QtCore.QSize(903, 440)


LOOK = """
import sys
from PyQt6 import sip
from pyqtgraph.Qt import QtWidgets
app = QtWidgets.QApplication(sys.argv[:1])
app.setStyle("Fusion")
from ecg_live.dashboard.window import MainWindow
from tests.support.simulated_view import FOUR, LOAD, SimulatedView, answer
heads = (LOAD, FOUR)[: int(sys.argv[1])]
view = SimulatedView(heads)
window = MainWindow(view, title="ecg-live demo", model="test", clock=view.clock)
window.show()
view.feed_ecg(12)
view.predict(*[answer(head, 1, 0.8) for head in heads])
window.refresh()
app.processEvents()
room, body, shelf = window.screen().availableGeometry(), window.centralWidget().widget(), window.centralWidget()
assert room.contains(window.rect()), (room, window.size())
for bar in (shelf.horizontalScrollBar(), shelf.verticalScrollBar()):
    assert bar.maximum() == 0, (bar.maximum(), body.minimumSizeHint(), window.size())
for label in window.findChildren(QtWidgets.QLabel):
    if label.isVisible() and label.text() and not label.wordWrap() and type(label) is QtWidgets.QLabel:
        assert label.width() >= label.fontMetrics().horizontalAdvance(label.text()), label.text()
sip.delete(window)
"""


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize(("width", "height", "scale"), [(1366, 768, "1.5"), (1366, 768, "1"), (1920, 1080, "2")])
def test_everything_is_seen_on_a_small_screen(tmp_path: Path, heads: int, width: int, height: int, scale: str) -> None:
    ratio = float(scale)
    screen = {"name": "one", "x": 0, "y": 0, "width": int(width / ratio), "height": int(height / ratio) - 32, "dpr": 1}
    (tmp_path / "screens.json").write_text(json.dumps({"screens": [screen]}))
    environ = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={tmp_path / 'screens.json'}"}
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(heads)],
        env=environ,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
