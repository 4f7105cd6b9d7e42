"""Windows on simulated sessions."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from ecg_live.dashboard.window import MainWindow
from ecg_live.results import HeadInfo
from tests.support.simulated_view import LOAD, SimulatedView, answer

Open = Callable[..., tuple[SimulatedView, MainWindow]]


def opener(qtbot: QtBot) -> Open:
    """Give what opens a window on a new session with these heads (one if none is named)."""

    def open_window(*heads: HeadInfo) -> tuple[SimulatedView, MainWindow]:
        view = SimulatedView(heads or (LOAD,))
        window = MainWindow(view, title="ecg-live demo", model="test", clock=view.clock)
        qtbot.addWidget(window)
        window.resize(1280, 800)
        with qtbot.waitExposed(window):
            window.show()
        return view, window

    return open_window


def live(opened: Open, *heads: HeadInfo) -> tuple[SimulatedView, MainWindow]:
    """A window on a session whose heads (one if none is named) have just given an answer."""
    view, window = opened(*heads)
    view.feed_ecg(12)
    view.predict(*[answer(head, 1, 0.83) for head in heads or (LOAD,)])
    window.refresh()
    return view, window
