import sys
from collections.abc import Callable, Iterator

import pytest
from pyqtgraph.Qt import QtCore, QtWidgets
from pytestqt.logging import _QtMessageCapture
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.app import DrawingError, request_quit, run_dashboard
from ecg_live.dashboard.curve import CurvePoint
from ecg_live.dashboard.window import MainWindow
from ecg_live.results import Poll, Snapshot
from tests.support.simulated_view import LOAD, SimulatedView, answer


class OddView(SimulatedView):
    """A session of which some frames cannot be read: those that ``bad`` says."""

    def __init__(self, bad: Callable[[int], bool]) -> None:
        super().__init__()
        self.bad = bad

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        if self.bad(self.polls):
            self.polls += 1
            raise ValueError("no such sample")
        return super().poll(since)


class BrokenView(SimulatedView):
    """A session that cannot be read after a few frames."""

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        if self.polls == 3:
            raise KeyboardInterrupt
        return super().poll(since)


def close_windows() -> None:
    for window in QtWidgets.QApplication.topLevelWidgets():
        window.close()


def shown_window() -> MainWindow:
    """Give the one window that is on the screen."""
    every = QtWidgets.QApplication.topLevelWidgets()
    [window] = [each for each in every if isinstance(each, MainWindow) and each.isVisible()]
    return window


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


@pytest.fixture
def ends(qapp: QtWidgets.QApplication) -> Iterator[None]:
    """End a loop that a failing test would leave running: what a slot raises only costs a frame."""
    timer = QtCore.QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(lambda: qapp.exit(99))
    timer.start(10_000)
    yield
    timer.stop()


@pytest.mark.usefixtures("ends")
def test_frames_that_cannot_be_drawn_are_left_out_and_reported() -> None:
    view, shown = OddView(lambda poll: poll in {2, 3, 9}), []

    def look() -> None:
        if view.polls < 40:
            QtCore.QTimer.singleShot(20, look)
            return
        window = shown_window()
        view.feed_ecg(0.5)
        window.refresh()
        shown.append((window.status_banner.line.word, window.status_banner.line.text))
        window.close()

    assert run_dashboard(view, title="", model="", clock=view.clock, on_first_frame=look) == 0
    assert shown == [
        ("WARNING", "A frame could not be drawn and was left out: ValueError: no such sample  ·  Estimate in 10 s")
    ]


@pytest.mark.usefixtures("ends")
def test_a_window_that_cannot_draw_any_more_goes_and_leaves_the_session() -> None:
    view, hook = OddView(lambda poll: poll > 4), sys.excepthook
    with pytest.raises(
        DrawingError, match="30 frames of the dashboard could not be drawn: ValueError: no such"
    ) as caught:
        run_dashboard(view, title="", model="", clock=view.clock)
    assert not view.stopped
    assert "in poll" in caught.value.__notes__[0]
    assert sys.excepthook is hook
    assert not any(window.isVisible() for window in QtWidgets.QApplication.topLevelWidgets())


@pytest.mark.usefixtures("ends")
def test_a_part_that_fails_to_paint_closes_its_painter_and_hinders_no_other(qtlog: _QtMessageCapture) -> None:
    """A painter left open takes the process down when the window goes."""
    view, warnings = SimulatedView(), []
    view.feed_ecg(12)
    view.predict(answer(LOAD, 1, 0.8))

    def spoil() -> None:
        window = shown_window()
        window.panels[0].curve.points.append(CurvePoint(12.0, "valid", ()))  # has no class, which no answer can be
        QtCore.QTimer.singleShot(800, end)

    def end() -> None:
        window = shown_window()
        view.feed_ecg(1)
        window.refresh()
        warnings.append((window.status_banner.line.text.split("  ·")[0], window.trace.sweep.drawn == view.fed))
        window.close()

    assert run_dashboard(view, title="", model="", clock=view.clock, on_first_frame=spoil) == 0
    assert warnings == [("A frame could not be drawn and was left out: IndexError: tuple index out of range", True)]
    assert [record.message for record in qtlog.records if "aint" in record.message] == []
