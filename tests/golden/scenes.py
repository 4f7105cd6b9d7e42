"""Scenes of the windows whose pictures are kept: ``python -m tests.golden.scenes`` draws those pictures anew.

Every scene has a clock that stands still, made-up signals and one size, so that it is the same picture wherever Qt, its
Fusion style and the DejaVu fonts are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6 import QtGui, QtWidgets, sip

from ecg_live.dashboard.self_report.field import Look
from ecg_live.dashboard.self_report.form import SelfReportForm
from ecg_live.dashboard.theme import CONTRAST, DARK, LIGHT, Palette, widget_palette
from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.dashboard.window import MainWindow
from ecg_live.events import State
from ecg_live.results import HeadInfo, HeadResult
from ecg_live.study.plan import ReportKind, SelfReport
from tests.support.simulated_view import LOAD, SimulatedView, abstained, answer
from tests.support.tiles_windows import draw

PICTURES = Path(__file__).parent / "pictures"
SIZE = 1280, 800
VALENCE, AROUSAL = HeadInfo("valence", ("low", "high")), HeadInfo("arousal", ("low", "high"))
Scene = Callable[[], QtWidgets.QWidget]


def live(theme: Palette = LIGHT, *heads: HeadInfo) -> tuple[SimulatedView, MainWindow]:
    """A session of forty seconds with a block, a marker and a recording."""
    view = SimulatedView(heads or (LOAD,))
    window = MainWindow(view, title="P01 · S1", model="mental_load", clock=view.clock)
    window.resize(*SIZE)
    window.appearance.set_theme(theme)
    window.show()
    view.record(True)
    for second in range(40):
        view.feed_ecg(1)
        if second == 12:
            view.mark("block/rest/start")
        if second == 30:
            view.mark("2")
        if second >= 10:
            view.predict(*(answer(head, 1, 0.55 + 0.008 * second) for head in view.heads), rate=66 + second / 10)
        window.refresh()
    return view, window


def shown(view: SimulatedView, window: MainWindow) -> QtWidgets.QWidget:
    """The window once it has drawn what came last, and its messages are gone."""
    view.wait(0.5)
    window.refresh()
    return window


def disconnected() -> QtWidgets.QWidget:
    view, window = live()
    view.state = State("lost", "the strap is out of reach", view.clock())
    view.send(view.state)
    view.wait(20)
    return shown(view, window)


def unusable() -> QtWidgets.QWidget:
    view, window = live()
    for _ in range(5):
        view.feed_ecg(1)
        view.predict(abstained("unusable signal: baseline wanders"), grade="unusable", rate=None)
        window.refresh()
    return shown(view, window)


def paused() -> QtWidgets.QWidget:
    view, window = live()
    window.trace.toggle_pause()
    return shown(view, window)


def large_letters() -> QtWidgets.QWidget:
    view, window = live(CONTRAST)
    for _ in range(4):
        window.appearance.step_scale(1)
    return shown(view, window)


def number() -> QtWidgets.QWidget:
    rating = HeadInfo("stress", (), (0.0, 10.0))
    view = SimulatedView((rating,))
    window = MainWindow(view, title="P01 · S1", model="stress", clock=view.clock)
    window.resize(*SIZE)
    window.appearance.set_theme(LIGHT)
    window.show()
    for second in range(30):
        view.feed_ecg(1)
        if second >= 10:
            value = 3 + second / 10
            view.predict(HeadResult(None, None, value=value, interval=(value - 2, value + 2), scale=(0.0, 10.0)))
        window.refresh()
    return shown(view, window)


def question(kind: ReportKind, *items: str) -> QtWidgets.QWidget:
    """A self-report on the participant's screen."""
    QtWidgets.QApplication.setPalette(widget_palette(LIGHT))
    form = SelfReportForm(
        SelfReport("mood", kind, "How do you feel now?", items, 7, ("not at all", "very")), Look(LIGHT)
    )
    palette = form.palette()
    palette.setColor(QtGui.QPalette.ColorRole.Window, QtGui.QColor(LIGHT.window))
    form.setPalette(palette)
    form.setAutoFillBackground(True)
    form.resize(*SIZE)
    form.show()
    form.begin()
    return form


def tiles() -> QtWidgets.QWidget:
    views = [SimulatedView((LOAD,)) for _ in range(5)]
    names = [f"P{number:02d}" for number in range(1, 6)]
    window = TilesWindow(
        list(zip(names, views, strict=True)), title="5 wearers", model="mental_load", clock=views[0].clock
    )
    window.resize(*SIZE)
    window.appearance.set_theme(LIGHT)
    window.show()
    for place, view in enumerate(views):
        view.feed_ecg(12)
        view.predict(answer(LOAD, place % 2, 0.6 + 0.05 * place), rate=60.0 + place)
    draw(window)
    return window


SCENES: Mapping[str, Scene] = {
    "live": lambda: shown(*live()),
    "dark": lambda: shown(*live(DARK)),
    "plane": lambda: shown(*live(LIGHT, VALENCE, AROUSAL)),
    "large_letters": large_letters,
    "disconnected": disconnected,
    "unusable": unusable,
    "paused": paused,
    "number": number,
    "manikins": lambda: question("sam", "valence", "arousal", "dominance"),
    "grid": lambda: question("grid"),
    "likert": lambda: question("likert", "tense", "calm", "tired"),
    "tiles": tiles,
}


def picture(name: str) -> QtGui.QImage:
    """What a scene looks like."""
    QtWidgets.QApplication.setStyle("Fusion")
    widget = SCENES[name]()
    QtWidgets.QApplication.processEvents()
    image = widget.grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB888)
    sip.delete(widget)  # a window that is only collected some time later may go while Qt still calls it
    return image


def main() -> None:
    """Draw all."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    PICTURES.mkdir(exist_ok=True)
    for name in SCENES:
        picture(name).save(str(PICTURES / f"{name}.png"), quality=0)
    app.processEvents()


if __name__ == "__main__":
    main()
