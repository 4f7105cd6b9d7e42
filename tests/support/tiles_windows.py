"""Windows of several wearers on simulated sessions that share a clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytestqt.qtbot import QtBot

from ecg_live.dashboard.tiles.window import VALUES_EVERY_FRAMES as TURN
from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.events import StreamInfo
from ecg_live.protocols import SynchronyView
from tests.support.simulated_view import CHEST, LOAD, SimulatedView, answer

NAMES = ("ann", "bob", "eve", "kim", "lea")
OpenTiles = Callable[..., tuple[list[SimulatedView], TilesWindow]]


def tiles_opener(qtbot: QtBot, kept: list[TilesWindow]) -> OpenTiles:
    """Give what opens a window on sessions of so many wearers; ``kept`` holds it while Qt has events for it."""

    def open_window(
        count: int = 3, infos: Sequence[StreamInfo] = (), synchrony: SynchronyView | None = None
    ) -> tuple[list[SimulatedView], TilesWindow]:
        views = [SimulatedView((LOAD,), info) for info in (infos or [CHEST] * count)]
        window = TilesWindow(
            list(zip(NAMES, views, strict=False)),
            title="wearers",
            model="test",
            synchrony=synchrony,
            clock=views[0].clock,
        )
        kept.append(window)
        qtbot.addWidget(window)
        window.resize(1280, 800)
        with qtbot.waitExposed(window):
            window.show()
        return views, window

    return open_window


def feed_all(views: Sequence[SimulatedView], seconds: float = 12) -> None:
    """So many seconds of ECG come from each wearer, and a prediction."""
    for view in views:
        view.feed_ecg(seconds)
        view.predict(answer(LOAD, 1, 0.83))


def draw(window: TilesWindow) -> None:
    """Draw frames until each tile has had its turn."""
    for _ in range(TURN):
        window.refresh()
