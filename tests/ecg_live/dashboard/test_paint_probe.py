"""When the trace was painted, and when the square turned white."""

from __future__ import annotations

import numpy as np
from PyQt6 import QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.paint_probe import FLASH_MS, FlashSquare, PaintProbe
from ecg_live.signal.edges import edge_delays
from tests.support.dashboard_windows import Open
from tests.support.simulated_view import LOAD, answer


def test_each_paint_is_noted_with_its_newest_sample(opened: Open) -> None:
    view, window = opened()
    probe = PaintProbe(window.trace.sweep, view.clock)
    for _ in range(5):
        view.feed_ecg(0.05)
        view.predict(answer(LOAD, 1, 0.8))
        window.refresh()
        QtWidgets.QApplication.processEvents()
    drawn = [count for _, count in probe.paints]
    assert drawn[-1] == view.fed
    assert drawn == sorted(drawn)
    assert len(set(drawn)) == 5
    stamps = [stamp for stamp, _ in probe.paints]
    assert stamps[-1] == view.clock()


def test_a_flash_is_noted_when_it_is_painted_and_found_in_a_photodiodes_channel(qtbot: QtBot) -> None:
    ticks = iter(np.arange(0.0, 100.0, 1.5))
    square = FlashSquare(lambda: float(next(ticks)))
    qtbot.addWidget(square)
    with qtbot.waitExposed(square):
        square.show()
    colours = []
    for _ in range(4):  # by hand: the timer is tried in the test of the command
        square._step()
        colours.append(square.grab().toImage().pixelColor(5, 5).lightness())
    square._timer.stop()
    assert colours == [255, 0, 255, 0]
    assert square.flashes == [0.0, 1.5]
    times = np.arange(-1.0, 4.0, 1 / 500)
    diode = sum(((times >= at + 0.042) & (times < at + 0.042 + FLASH_MS / 1000)).astype(float) for at in square.flashes)
    np.testing.assert_allclose(
        edge_delays(times, np.asarray(diode), np.array(square.flashes), 0.0, 0.6), 0.042, atol=0.003
    )
