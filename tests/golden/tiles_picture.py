"""The manual's picture of the window of several wearers: ``python -m tests.golden.tiles_picture``."""

from __future__ import annotations

import math
import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PyQt6 import QtWidgets  # the platform is chosen when Qt loads

from ecg_live.dashboard.theme import LIGHT
from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.events import State
from tests.support.simulated_view import CHEST, LOAD, SimulatedView, abstained, answer, synthetic_ecg
from tests.support.tiles_windows import draw

PICTURE = Path(__file__).parents[2] / "docs" / "pages" / "images" / "wearers.png"
SECONDS = 30
GAINS = (1, 0.4, 2, 0.8, 1, 1.3, -1, 0.6, 1.1)  # mV of an R wave, about
AWAY, UNUSABLE, POOR = 4, 5, 2  # wearers whose device is gone, and whose signal is unusable or poor


def main(out: Path = PICTURE) -> None:
    """Nine wearers after half a minute."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    QtWidgets.QApplication.setStyle("Fusion")
    views = [SimulatedView((LOAD,), CHEST) for _ in GAINS]
    names = [f"P{number:02d}" for number in range(1, len(GAINS) + 1)]
    window = TilesWindow(
        list(zip(names, views, strict=True)), title="9 wearers  ·  S1", model="mental_load", clock=views[0].clock
    )
    window.resize(1280, 800)
    window.appearance.set_theme(LIGHT)
    window.show()
    for second in range(SECONDS):
        for place, view in enumerate(views):
            _feed(view, place, second)
        window.refresh()
    draw(window)
    app.processEvents()
    window.grab().save(str(out))


def _feed(view: SimulatedView, place: int, second: int) -> None:
    """A second of one wearer."""
    if place == AWAY and second > SECONDS // 2:
        view.wait(1)
        view.state = State("lost", "the strap is out of reach")
        return
    flat = place == UNUSABLE and second > SECONDS // 2
    view.feed(synthetic_ecg(view.fed, view.fed + 256) * np.float32(0 if flat else GAINS[place]))
    if second == 2 and place not in (AWAY, UNUSABLE):
        view.record(True)
    if second == SECONDS - 4:
        view.mark("film 2")
    if second >= 10:
        result = answer(LOAD, (place + second // 40) % 2, 0.56 + 0.04 * place)
        rate = 64 + 4 * place + 3 * math.sin(second / 9 + place)
        if place == UNUSABLE:
            view.predict(abstained("unusable signal: flat line"), grade="unusable", rate=None)
        else:
            view.predict(result, grade="poor" if place == POOR else "good", rate=rate)


if __name__ == "__main__":
    main()
