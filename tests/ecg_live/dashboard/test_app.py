import sys

import pytest
from pyqtgraph.Qt import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.app import request_quit, run_dashboard
from ecg_live.types import Poll, Snapshot
from tests.ecg_live.dashboard.simulated import SimulatedView


class BrokenView(SimulatedView):
    """A session that cannot be read after a few frames."""

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        if self.polls == 3:
            raise KeyboardInterrupt
        return super().poll(since)


def close_windows() -> None:
    for window in QtWidgets.QApplication.topLevelWidgets():
        window.close()


@pytest.mark.usefixtures("qapp")
def test_shows_frames_until_the_window_is_closed() -> None:
    view = SimulatedView()
    view.feed_ecg(3)
    frames: list[int] = []

    def first() -> None:
        frames.append(view.polls)
        QtCore.QTimer.singleShot(200, close_windows)

    assert run_dashboard(view, title="ecg-live demo", model="test", on_first_frame=first) == 0
    assert len(frames) == 1
    assert view.polls > 2
    assert view.stopped


@pytest.mark.usefixtures("qapp")
def test_quits_with_a_code_from_outside() -> None:
    view = SimulatedView()
    assert run_dashboard(view, title="", model="", on_first_frame=lambda: request_quit(130)) == 130
    assert view.stopped


@pytest.mark.usefixtures("qapp")
def test_what_goes_wrong_while_drawing_comes_out_and_the_session_stops(qtbot: QtBot) -> None:
    view, hook = BrokenView(), sys.excepthook
    with pytest.raises(KeyboardInterrupt):
        run_dashboard(view, title="", model="")
    assert view.stopped
    assert sys.excepthook is hook
